"""What a command would change, in words, before it is done: the preview of a visit update, the caption of an undo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crdt.changes import Amend, Annotate, Append, Assign, Change, Create, Decide, Include, Rewrite, Root
from crdt.fields import Form, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.contents import headline, words
from hub.workflows.digests import SILENT
from hub.workflows.suggestions import proposed

_BOOKKEEPING = SILENT | {"status", "state_reason", "asker", "requester"}


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One change, as a person reads it, ``suggested`` where it only becomes a suggestion; or a ``danger`` it leaves."""

    section: Section
    entry: str
    words: str
    suggested: bool = False
    danger: bool = False


def preview(plan: PlanContent, changes: Sequence[Change], people: Mapping[str, str]) -> tuple[PreviewLine, ...]:
    """Return the changes in words, in their order; bookkeeping is left out."""
    return tuple(line for change in changes if (line := _line(plan, change, people)) is not None)


def counted(lines: Sequence[PreviewLine]) -> str:
    """Return ``4 changes in 3 sections``."""
    changes = [line for line in lines if not line.danger]
    sections = len({line.section for line in changes})
    edits = f"{len(changes)} change{'s' * (len(changes) != 1)}"
    return f"{edits} in {sections} section{'s' * (sections != 1)}"


def _line(plan: PlanContent, change: Change, people: Mapping[str, str]) -> PreviewLine | None:
    match change:
        case Create(section, entry, values):
            named = headline(section, EntryContent(entry, values, 0))
            dose = words(values, "dose")
            told = f"{named} - {dose} - {words(values, 'frequency')}" if dose else named
            return PreviewLine(section, entry, f"new {SECTIONS[section].noun_of(values)}: {told}")
        case Assign(section, entry, field, value) if field not in _BOOKKEEPING:
            return PreviewLine(section, entry, _assigned(plan, section, entry, field, value, people))
        case Rewrite(section, entry, field, said):
            return PreviewLine(section, entry, f"{_named(plan, section, entry)}{_label(section, field)}: {said}")
        case Append(section, entry, field, _, record):
            told = words(record, "words") or str(record.get("value", ""))
            return PreviewLine(section, entry, f"{_named(plan, section, entry)}{_label(section, field)}: {told}")
        case Annotate(section, Root.SUGGESTIONS, _, record):
            return PreviewLine(section, words(record, "entry"), _suggestion(plan, section, record), suggested=True)
        case Assign() | Annotate() | Include() | Decide() | Amend():
            return None


def _label(section: Section, name: str) -> str:
    field = SECTIONS[section].field(name)
    return field.label if field is not None else name


def _named(plan: PlanContent, section: Section, entry_id: str) -> str:
    entry = plan.entry(section, entry_id)
    return f"{headline(section, entry)}, " if entry is not None else ""


def _assigned(
    plan: PlanContent, section: Section, entry: str, name: str, value: Value, people: Mapping[str, str]
) -> str:
    field = SECTIONS[section].field(name)
    before, after = str(plan.value(section, entry, name) or ""), "" if value is None else str(value)
    if field is not None and field.form is Form.PERSON:
        before, after = people.get(before, before), people.get(after, after)
    change = f"{before} → {after}" if before else after
    return f"{_named(plan, section, entry)}{_label(section, name)}: {change}"


def _suggestion(plan: PlanContent, section: Section, record: Mapping[str, str | int | float | bool | None]) -> str:
    value = proposed(record)
    if isinstance(value, dict):
        return f"suggested new {SECTIONS[section].noun_of(value)}: {words(value, SECTIONS[section].headline)}"
    entry_id, name = words(record, "entry"), words(record, "field")
    return f"suggested: {_assigned(plan, section, entry_id, name, value, {})}"
