"""The form of a visit update: its parts as rows with what was typed, and what it would change, in words."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, get_origin

from auth.roles import Participant
from crdt.fields import Form, Kind
from crdt.sections import SECTIONS, Section
from hub.workflows.arguments import ROWS_MAX, Argument
from hub.workflows.contents import active
from hub.workflows.medications import MEDICATIONS
from hub.workflows.previews import PreviewLine
from hub.workflows.registry import arguments
from hub.workflows.waiting import WaitingKind, waiting_on
from web.views.entries import Reader, line_words
from web.views.fields import Choice, FieldAccess, FieldRow, Permission, field_row
from web.views.forms import command_rows, field_of
from web.views.glances import glance_row

Typed = Mapping[str, Sequence[str]]

_PARTS: Final = (
    ("starts", "Start", "Start a medicine", "another medicine to start"),
    ("alters", "Change", "Change a medicine", "another medicine to change"),
    ("stops", "Stop", "Stop a medicine", "another medicine to stop"),
    ("steps", "Next step", "Next steps", "another step"),
)
_WRITE: Final = Permission(FieldAccess.WRITE)


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One row of a part: its controls, and what is not shown but sent along."""

    number: int
    rows: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True)
class VisitPart:
    """One kind of row: medicines to start, next steps."""

    name: str
    noun: str
    title: str
    more: str
    lines: tuple[VisitLine, ...]


@dataclass(frozen=True, slots=True)
class PreviewGroup:
    """What would change in one section."""

    title: str
    lines: tuple[PreviewLine, ...]


def single_rows(
    typed: Typed, faults: Mapping[str, str], reader: Reader, *, deciding: Sequence[Participant] | None
) -> dict[str, FieldRow]:
    """Return the fields that stand once, by name.

    Without a referral these are also why they came and who reads it: one of ``deciding``, the first until another is
    chosen. It is ``None`` where somebody asked.
    """
    names = {"answer", "plain_words"} | (set() if deciding is None else {"cause", "reader"})
    args = [each for each in arguments("visit.publish") if each.name in names]
    chosen = {"reader": [deciding[0].person_id], **typed} if deciding else typed
    rows = command_rows(Section.REFERRALS, "visit", args, chosen, faults, reader.setting)
    may = {each.person_id for each in deciding or ()}
    return {
        row.name: replace(row, required=True, choices=_among(row.choices, may) if row.name == "reader" else row.choices)
        for row in rows
    }


def _among(choices: Sequence[Choice], may: Collection[str]) -> tuple[Choice, ...]:
    return tuple(choice for choice in choices if choice.value in may or choice.chosen)


def parts(typed: Typed, faults: Mapping[str, str], reader: Reader, *, more: str = "") -> tuple[VisitPart, ...]:
    """Return the parts with as many rows as were typed, one more where that was asked for."""
    declared = {each.name: each for each in arguments("visit.publish")}
    medicines = in_use(reader)
    return tuple(
        VisitPart(
            name,
            noun,
            title,
            another,
            tuple(
                _line(declared[name], name, number, typed, faults, reader, medicines)
                for number in _numbers(name, typed, more == name)
            ),
        )
        for name, noun, title, another in _PARTS
    )


def recommendations(typed: Typed, *, more: bool) -> list[str]:
    """Return the recommendations as typed, with an empty line for the first or another one."""
    sent = [each for each in typed.get("recommendations", ()) if each.strip()]
    return [*sent, ""][:ROWS_MAX] if more or not sent else sent


def in_use(reader: Reader) -> list[tuple[str, str, str]]:
    """Return the medicines in use that the reader sees: id, line, dose."""
    found = []
    for entry, it in reader.content.entries(MEDICATIONS).items():
        values = it.values
        standing = values.get("status") != "retired" and values.get("kind") == "medicine"
        if standing and values.get("taking") != "stopped" and reader.sees(MEDICATIONS, entry):
            words = line_words(MEDICATIONS, values, reader.setting.people.name)
            found.append((entry, words, str(values.get("dose") or "")))
    return sorted(found, key=lambda each: each[1])


def with_shown(typed: Typed) -> dict[str, Sequence[str]]:
    """Return the form with the dose that the page showed beside each change of a medicine."""
    shown = {name.removeprefix("shown."): list(sent) for name, sent in typed.items() if name.startswith("shown.")}
    seen = {
        f"{name.removesuffix('.entry')}.seen": shown.get(sent[0], [])
        for name, sent in typed.items()
        if name.startswith("alters.") and name.endswith(".entry") and sent
    }
    return {**typed, **seen}


def grouped(lines: Sequence[PreviewLine]) -> list[PreviewGroup]:
    """Return a preview by section, in the order of the plan."""
    found = []
    for section in dict.fromkeys(line.section for line in lines):
        told = tuple(line for line in lines if line.section is section)
        found.append(PreviewGroup(SECTIONS[section].title, told))
    return found


def fingerprint(lines: Sequence[PreviewLine]) -> str:
    """Return what tells one preview from another: publishing does exactly what was shown, or shows it anew."""
    told = "\x00".join(f"{line.section} {line.suggested} {line.words}" for line in lines)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def referral_words(reader: Reader, entry: str) -> tuple[str, str]:
    """Return who asks, and the question."""
    values = reader.content.entries(Section.REFERRALS)[entry].values
    return reader.setting.people.name(str(values.get("asker") or "")), str(values.get("question") or "")


def taken_up(reader: Reader, typed: Typed, kind: str, entry: str) -> dict[str, Sequence[str]]:
    """Return the form with one more row about this medicine; a new dose starts from the one that stands.

    ``kind`` is ``alters`` or ``stops``. A medicine that stands in a row already, or is not in use, adds none.
    """
    doses = {each: dose for each, _, dose in in_use(reader)}
    named = {sent[0] for name, sent in typed.items() if name.startswith(("alters.", "stops.")) and sent}
    if kind not in ("alters", "stops") or entry not in doses or entry in named:
        return dict(typed)
    number = max(_numbers(kind, typed, another=False), default=-1) + 1
    row = {f"{kind}.{number}.entry": [entry]}
    return {**typed, **row, **({f"{kind}.{number}.dose": [doses[entry]]} if kind == "alters" else {})}


def waiting_referrals(reader: Reader) -> list[tuple[str, str, str]]:
    """Return the referrals that wait for this reader: id, who asks, the question; the longest waiting first."""
    waits = waiting_on(reader.content, reader.participant, reader.now)
    return [(it.entry, *referral_words(reader, it.entry)) for it in waits if it.kind is WaitingKind.REFERRAL_TO_ANSWER]


def lists_beside(reader: Reader) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return what stands beside the form, as (title, entries): medicines, problems, readings the reader sees."""
    told = []
    for section in (MEDICATIONS, Section.CONDITIONS, Section.MONITORING):
        seen = []
        for each in active(reader.content, section):
            row = glance_row(reader, section, each.id) if reader.sees(section, each.id) else None
            if row is not None and not row.line.settled:
                words = [row.line.name, *(part.words for cell in row.line.cells for part in cell.parts)]
                seen.append((each.id, ", ".join(word for word in words if word)))
        if seen:
            told.append((SECTIONS[section].title, tuple(seen)))
    return tuple(told)


def _numbers(name: str, typed: Typed, another: bool) -> list[int]:
    split = (key.split(".") for key in typed)
    some = sorted({int(it[1]) for it in split if len(it) == 3 and it[0] == name and it[1].isdecimal()})[:ROWS_MAX]
    return [*some, max(some, default=-1) + 1] if another and len(some) < ROWS_MAX else some


def _line(
    part: Argument,
    name: str,
    number: int,
    typed: Typed,
    faults: Mapping[str, str],
    reader: Reader,
    medicines: Sequence[tuple[str, str, str]],
) -> VisitLine:
    shown = [each for each in part.row if each.asked is not None and not each.asked.hidden]
    return VisitLine(number, tuple(_row(each, f"{name}.{number}", typed, faults, reader, medicines) for each in shown))


def _row(
    argument: Argument,
    prefix: str,
    typed: Typed,
    faults: Mapping[str, str],
    reader: Reader,
    medicines: Sequence[tuple[str, str, str]],
) -> FieldRow:
    name = f"{prefix}.{argument.name}"
    sent = [each for each in typed.get(name, ()) if each]
    declared = field_of(argument)
    if get_origin(argument.type) is tuple:
        declared = replace(declared, kind=Kind.SET)
    value = dict.fromkeys(sent, True) if declared.kind is Kind.SET else (sent[0] if sent else None)
    row = field_row(SECTIONS[MEDICATIONS], declared, prefix, value, _WRITE, reader.setting)
    if declared.form is Form.ENTRY:
        row = replace(row, choices=tuple(Choice(entry, words, entry in sent) for entry, words, _ in medicines))
    path = f"visit/{prefix.replace('.', '-')}/{argument.name}"
    required = argument.required or argument.name == "due"
    return replace(row, name=name, path=path, fault=faults.get(name, ""), leading=False, required=required)
