"""Lines of files as the page shows them: what would be new, what would change from what, what is to be filled in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auth.decisions import fields_visible
from crdt.fields import Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.exchange.accepting import may_decide, may_see, whole
from hub.fhir.proposing import LineKind, Proposal, missing_in
from hub.store.arrivals import ArrivalLine
from hub.workflows.contents import headline, members, plainly, records, words
from web.views.entries import Reader
from web.views.fields import FieldRow
from web.views.forms import Typed, missing_rows


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field: what stands there now, and what the file says."""

    label: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class LineView:
    """One line. ``asks`` are the fields that have to be filled in before it can be taken over."""

    line_id: str
    section: Section
    section_title: str
    title: str
    is_new: bool
    source: str
    rows: tuple[ChangeRow, ...]
    asks: tuple[FieldRow, ...]
    may_decide: bool
    original: bool
    fault: str = ""
    danger: bool = False


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why a line was not taken over, and what was typed for it."""

    message: str
    typed: Typed
    fields: Mapping[str, str]
    danger: bool = False


def line_views(
    reader: Reader,
    lines: Sequence[ArrivalLine],
    sources: Mapping[str, str],
    faults: Mapping[str, LineFault],
) -> list[LineView]:
    """Return the lines that the reader may see, in the order of the plan's sections."""
    seen = [each for each in lines if may_see(reader.content, reader.participant, each, reader.now)]
    order = {section: number for number, section in enumerate(Section)}
    seen.sort(key=lambda each: order[each.section])
    titles = {each.entry: _title(reader, each) for each in lines}
    return [_view(reader, each, sources, faults.get(each.line_id), titles) for each in seen]


def asked(line: ArrivalLine) -> tuple[Field, ...]:
    """Return the fields that a line needs and does not say."""
    return missing_in(
        Proposal(
            section=line.section,
            key=line.key,
            entry=line.entry,
            standing=LineKind.NEW if line.is_new else LineKind.CHANGED,
            values=line.values,
            resource="",
        )
    )


def _view(
    reader: Reader,
    line: ArrivalLine,
    sources: Mapping[str, str],
    fault: LineFault | None,
    titles: Mapping[str, str],
) -> LineView:
    told = fault or LineFault("", {}, {})
    return LineView(
        line_id=line.line_id,
        section=line.section,
        section_title=SECTIONS[line.section].title,
        title=titles[line.entry],
        is_new=line.is_new,
        source=sources.get(line.arrival_id, ""),
        rows=tuple(_rows(reader, line, titles)),
        asks=missing_rows(line.section, line.line_id, asked(line), told.typed, told.fields, reader.setting),
        may_decide=may_decide(reader.content, reader.participant, line, reader.now),
        original=whole(reader.participant, line.section, reader.now),
        fault=told.message,
        danger=told.danger,
    )


def _title(reader: Reader, line: ArrivalLine) -> str:
    standing = reader.content.entry(line.section, line.entry)
    if standing is not None:
        return headline(line.section, standing)
    return (
        words(line.values, SECTIONS[line.section].headline) or SECTIONS[line.section].noun_of(line.values).capitalize()
    )


def _rows(reader: Reader, line: ArrivalLine, titles: Mapping[str, str]) -> Iterator[ChangeRow]:
    standing = reader.content.entry(line.section, line.entry)
    visible = fields_visible(reader.participant, line.section, reader.now)
    for name, value in line.values.items():
        declared = SECTIONS[line.section].field(name)
        if declared is None or name not in visible or (standing is None and name == SECTIONS[line.section].headline):
            continue
        was = _words(reader, declared, standing.values.get(name), titles) if standing is not None else ""
        yield ChangeRow(declared.label, was, _words(reader, declared, value, titles))


def _words(reader: Reader, declared: Field, value: Value, titles: Mapping[str, str]) -> str:
    if declared.kind is Kind.LOG:
        told = records({"": value}, "")
        last = max((words(each, "when") for each in told.values()), default="")
        return f"{len(told):,}, the last of {plainly(last, Form.INSTANT, reader.setting.reading.zone)}" if told else ""
    if isinstance(value, Mapping):
        return ", ".join(_one(reader, declared, each, titles) for each in members({"": value}, ""))
    return "" if value is None else _one(reader, declared, value, titles)


def _one(reader: Reader, declared: Field, value: object, titles: Mapping[str, str]) -> str:
    told = str(value)
    if declared.form is Form.PERSON:
        return reader.setting.people.name(told)
    if declared.form is Form.ENTRY:
        return titles.get(told) or next(
            (headline(each, entry) for each in Section if (entry := reader.content.entry(each, told)) is not None),
            "something that is not in the plan",
        )
    return plainly(told, declared.form, reader.setting.reading.zone)
