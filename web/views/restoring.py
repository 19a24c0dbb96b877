"""Whether a line of the history may be taken as what to restore, and what that would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auth.decisions import Operation, decide
from crdt.changes import Assign, Change, Include, Rewrite
from crdt.fields import Kind, Value
from crdt.sections import SECTIONS, Section
from web.views.differences import ComparedWords, difference
from web.views.entries import Reader
from web.views.fields import words_of
from web.views.history import Happening
from web.views.sections import fields_readable


@dataclass(frozen=True, slots=True)
class Restorable:
    """One field that a restoration changes: what it says now, what it would say."""

    headline: str
    label: str
    now: str
    then: str
    parts: tuple[ComparedWords, ...] = ()


def may_restore(reader: Reader, line: Happening) -> str:
    """Return the field that the reader may restore from this line, ``""`` where it is none."""
    if line.section is None or not line.entry or line.refused or len(line.changes) != 1:
        return ""
    declared = SECTIONS[line.section].field(line.changes[0].name)
    if declared is None or declared.command or declared.kind is Kind.LOG:
        return ""
    if not reader.sees(line.section, line.entry):
        return ""
    facts = reader.facts(line.section, line.entry)
    decision = decide(
        reader.participant, line.section, Operation.WRITE, field=declared.name, entry=facts, now=reader.now
    )
    return declared.name if decision.allowed else ""


def restorables(reader: Reader, section: Section, changes: Sequence[Change]) -> tuple[Restorable, ...]:
    """Return what a restoration would change that the reader may see, field by field, in the order of the plan."""
    seen = fields_readable(reader, section)
    values: dict[tuple[str, str], Value] = {}
    for change in changes:
        if isinstance(change, Assign):
            values[change.entry, change.field] = change.value
        elif isinstance(change, Rewrite):
            values[change.entry, change.field] = change.words
        elif isinstance(change, Include):
            path = change.entry, change.field
            stands = values.get(path, reader.content.value(section, *path))
            members = {each: True for each, on in stands.items() if on is True} if isinstance(stands, Mapping) else {}
            values[path] = {**members, change.member: change.present}
    return tuple(
        _restorable(reader, section, entry, name, value)
        for (entry, name), value in values.items()
        if name in seen - {"position"} and reader.sees(section, entry)
    )


def _restorable(reader: Reader, section: Section, entry: str, name: str, value: Value) -> Restorable:
    declared = SECTIONS[section].field(name)
    assert declared is not None, "a restoration changes declared fields"
    now = words_of(declared, reader.content.value(section, entry, name), reader.setting)
    then = words_of(declared, value, reader.setting)
    parts = difference(now, then) if declared.kind is Kind.TEXT else ()
    return Restorable(reader.setting.names(section, entry), declared.label, now, then, parts)
