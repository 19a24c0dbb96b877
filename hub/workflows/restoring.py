"""A field, an entry or a section as it stood at an earlier row, made so again by a new edit with a reason.

Nothing is rewound: who restores writes, under their own name and grant, what stood then. What only commands change (the
state of a task, a signature) and what only grows (readings) stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Assign, Change, Include, Rewrite
from crdt.fields import Field, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import COMMAND_CHANGES_MAX, EntryContent, PlanContent, Refusal
from hub.workflows.arguments import Reason
from hub.workflows.contents import Values, active, members, retired, words
from hub.workflows.entries import unfinished
from hub.workflows.grants import barred, missing
from hub.workflows.team import NewId, next_place

SAME = "It says this already."


def restored(section: Section, entry: str, declared: Field, stands: Value, was: Value) -> list[Change] | Refusal:
    """Return the changes that make a free field what it was, none where it is; refused for what no longer fits."""
    if declared.command or declared.kind is Kind.LOG:
        return []
    if declared.kind is Kind.SET:
        before, now = set(members({"": was}, "")), set(members({"": stands}, ""))
        return [Include(section, entry, declared.name, each, each in before) for each in sorted(before ^ now)]
    if (was or None) == (stands or None) and was is not False and stands is not False:
        return []
    if declared.kind is Kind.TEXT:
        return [Rewrite(section, entry, declared.name, was if isinstance(was, str) else "")]
    fault = declared.fault(was)
    if fault or isinstance(was, Mapping):
        return Refusal("form", fault or "It can't be restored.", entry, declared.name)
    return [Assign(section, entry, declared.name, was)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreField:
    """A field says again what it said at ``version``; ``was`` is what the journal's fold gives for it there."""

    section: Section
    entry: str
    field: str
    was: Value
    version: int
    reason: Reason
    name: ClassVar[str] = "restore.field"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the edit; refused without a reason, where the person may not write, and where nothing differs."""
        empty = missing(self.reason, "reason", "Say why it is restored.", self.entry)
        unseen = barred(plan, actor, self.section, Operation.READ, now=now, entry_id=self.entry, field=self.field)
        declared = SECTIONS[self.section].field(self.field)
        entry = plan.entry(self.section, self.entry)
        if empty or unseen or entry is None or declared is None:
            return empty or unseen or Refusal("gone", "This is not in the plan.", self.entry)
        refusal = _unwritable(plan, actor, self.section, self.entry, declared, now)
        changes = refusal or restored(self.section, self.entry, declared, entry.values.get(self.field), self.was)
        if isinstance(changes, list) and not changes:
            return Refusal("state", SAME, self.entry)
        return changes


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreEntry:
    """An entry stands again as it stood at ``version``, among the living where it was retired since."""

    section: Section
    entry: str
    was: Values
    version: int
    reason: Reason
    name: ClassVar[str] = "restore.entry"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the edits, all or none; refused where one of them is, and where the entry was retired then."""
        empty = missing(self.reason, "reason", "Say why it is restored.", self.entry)
        entry = plan.entry(self.section, self.entry)
        if empty or entry is None:
            return empty or Refusal("gone", "This is not in the plan.", self.entry)
        if words(self.was, "status") != "active":
            return Refusal("state", "It did not stand in the plan then.", self.entry)
        single = SECTIONS[self.section].single and active(plan, self.section)
        if retired(entry) and single:
            return Refusal("state", "The plan has another one now. Retire that one first.", self.entry)
        changes = _entry_as_it_was(plan, actor, now, self.section, entry, self.was, self.name)
        return changes if isinstance(changes, Refusal) or changes else Refusal("state", SAME, self.entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSection:
    """A section's entries stand again as they stood at ``version``; what was added since is retired."""

    section: Section
    was: Mapping[str, Values]
    version: int
    reason: Reason
    name: ClassVar[str] = "restore.section"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the edits, all or none. Tasks and referrals under way stay: they end by their own commands."""
        empty = missing(self.reason, "reason", "Say why it is restored.")
        unseen = barred(plan, actor, self.section, Operation.READ, now=now)
        if empty or unseen:
            return empty or unseen or []
        found: list[Change] = []
        for entry in plan.entries(self.section).values():
            changes = self._of(plan, actor, now, entry)
            if isinstance(changes, Refusal):
                return changes
            found += changes
        if len(found) > COMMAND_CHANGES_MAX:
            return Refusal("size", f"This is {len(found):,} changes at once. Restore entry by entry.")
        return found or Refusal("state", SAME)

    def _of(self, plan: PlanContent, actor: Participant, now: datetime, entry: EntryContent) -> list[Change] | Refusal:
        was = self.was.get(entry.id, {})
        if words(was, "status") == "active":
            return _entry_as_it_was(plan, actor, now, self.section, entry, was, self.name)
        if retired(entry) or unfinished(self.section, words(entry.values, "state")):
            return []
        refusal = barred(plan, actor, self.section, Operation.COMMAND, now=now, entry_id=entry.id, command=self.name)
        return refusal or [
            Assign(self.section, entry.id, "status", "retired"),
            Assign(self.section, entry.id, "retired_reason", self.reason.strip()),
        ]


def _entry_as_it_was(
    plan: PlanContent,
    actor: Participant,
    now: datetime,
    section: Section,
    entry: EntryContent,
    was: Values,
    command: str,
) -> list[Change] | Refusal:
    found: list[Change] = []
    for declared in SECTIONS[section].all_fields:
        changes = restored(section, entry.id, declared, entry.values.get(declared.name), was.get(declared.name))
        if isinstance(changes, Refusal):
            return changes
        refusal = _unwritable(plan, actor, section, entry.id, declared, now) if changes else None
        if refusal is not None:
            return refusal
        found += changes
    if retired(entry):
        found += [
            Assign(section, entry.id, "status", "active"),
            Assign(section, entry.id, "retired_reason", ""),
            Assign(section, entry.id, "position", next_place(plan, section)),
        ]
    commanded = barred(plan, actor, section, Operation.COMMAND, now=now, entry_id=entry.id, command=command)
    return commanded if found and commanded is not None else found


def _unwritable(
    plan: PlanContent, actor: Participant, section: Section, entry: str, declared: Field, now: datetime
) -> Refusal | None:
    """Return why the person may not write the field themselves."""
    if declared.command or declared.kind is Kind.LOG:
        return Refusal("command", f"{declared.label} changes by its own steps only.", entry, declared.name)
    return barred(plan, actor, section, Operation.WRITE, now=now, entry_id=entry, field=declared.name)
