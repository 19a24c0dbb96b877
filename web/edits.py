"""An edit sent as a form: for pages without scripts, and for people whose page holds no live document.

Only what the person changed is changed: a field whose value is still the one the form was filled with is left alone,
so that an old form never overwrites what others wrote meanwhile in other fields.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Assign, Change, Include, Rewrite
from crdt.fields import Field, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.safety.notations import faults_of_medicine
from hub.workflows.grants import barred
from hub.workflows.suggestions import field_value
from hub.workflows.zones import zone_faults

_ZONE_FIELDS = frozenset(
    {"green", "yellow", "red", "persistence", "trend", "expected_days", "repeat_days", "backup_minutes"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEdit:
    """New values of an entry's fields as they were typed, beside those the form was filled with.

    It asks ``decide`` for each field it changes.
    """

    section: Section
    entry: str
    typed: Mapping[str, Sequence[str]]
    was: Mapping[str, Sequence[str]]
    despite: str = ""
    name: ClassVar[str] = "entry.edit"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: Callable[[], str]
    ) -> Sequence[Change] | Refusal:
        """Return a change for each field that was typed anew, or the first fault."""
        standing = plan.entry(self.section, self.entry)
        if standing is None or standing.values.get("status") == "retired":
            return Refusal("gone", "This is no longer in the plan.", self.entry)
        found: list[Change] = []
        for declared in SECTIONS[self.section].all_fields:
            if declared.command or declared.kind is Kind.LOG or declared.name not in self.was:
                continue
            typed, was = self.typed.get(declared.name, ()), self.was[declared.name]
            if _plain(declared, typed) == _plain(declared, was):
                continue
            refusal = barred(
                plan, actor, self.section, Operation.WRITE, now=now, entry_id=self.entry, field=declared.name
            )
            changes = refusal or self._of_field(declared, typed, standing.values.get(declared.name))
            if isinstance(changes, Refusal):
                return changes
            found += changes
        return self._zones_wrong(standing.values, found) or found

    def _zones_wrong(self, values: Mapping[str, Value], found: Sequence[Change]) -> Refusal | None:
        """Return what the zones would have wrong after the edit, beside a field that it changes."""
        if self.section is not Section.MONITORING:
            return None
        edited = {each.field: each.value for each in found if isinstance(each, Assign)}
        faults = zone_faults({**values, **edited}) if edited else {}
        told = next(((name, words) for name, words in faults.items() if edited.keys() & _ZONE_FIELDS), None)
        return Refusal("form", told[1], self.entry, told[0]) if told is not None else None

    def _of_field(self, declared: Field, typed: Sequence[str], stands: Value) -> list[Change] | Refusal:
        if declared.kind is Kind.SET:
            wanted = _members(declared, typed)
            present = {each for each, on in stands.items() if on is True} if isinstance(stands, Mapping) else set()
            fault = next(filter(None, map(declared.fault, sorted(wanted))), "")
            if fault:
                return Refusal("form", fault, self.entry, declared.name)
            changed = sorted(wanted ^ present)
            return [Include(self.section, self.entry, declared.name, each, each in wanted) for each in changed]
        words = typed[0] if typed else ""
        if declared.required and not words.strip():
            return Refusal("form", f"{declared.label} is needed.", self.entry, declared.name)
        if declared.kind is Kind.TEXT:
            return [Rewrite(self.section, self.entry, declared.name, words.replace("\r\n", "\n"))]
        value = field_value(declared, words)
        fault = declared.fault(value)
        if self.section is Section.MEDICATIONS and declared.name in ("dose", "frequency"):
            told = words if declared.name == "dose" else ""
            fault = fault or faults_of_medicine(told, "" if told else words).get(declared.name, "")
        if fault or isinstance(value, Mapping):
            return Refusal("form", fault or f"{declared.label} takes one value.", self.entry, declared.name)
        return [Assign(self.section, self.entry, declared.name, value)]


def _plain(declared: Field, sent: Sequence[str]) -> object:
    if declared.kind is Kind.SET:
        return _members(declared, sent)
    return (sent[0] if sent else "").replace("\r\n", "\n").strip()


def _members(declared: Field, sent: Sequence[str]) -> set[str]:
    split = not declared.choices and declared.form == "line"
    parts = (part.strip() for each in sent for part in (each.split(",") if split else (each,)))
    return {part for part in parts if part}
