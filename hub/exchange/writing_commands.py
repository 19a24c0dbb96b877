"""What another system writes into a plan, as the commands of a page: an entry that is made, and one that is changed.

Whatever an entry's state stands for (an acceptance, a decision, a signature) is never written: it is a command, judged
as one, or it is refused. Nothing that was sent is left out in silence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from auth.decisions import Operation, fields_visible
from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Include, Rewrite
from crdt.fields import Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import Command, PlanContent, Refusal
from hub.workflows import goals, tasks
from hub.workflows.arguments import Despite
from hub.workflows.contents import active, members, retired, words
from hub.workflows.entries import MADE_BY_COMMAND, faults_of, made
from hub.workflows.goals import GoalMove
from hub.workflows.grants import barred
from hub.workflows.tasks import TaskAccept, TaskCancel, TaskComplete, TaskFail, TaskHold, TaskReject, TaskResume
from hub.workflows.team import NewId
from hub.workflows.zones import zone_faults

STALE: Final = "stale"
GONE: Final = frozenset({"gone", "retired"})
KNOWN: Final = "known"
_KEPT_BY_US: Final = frozenset({"status", "retired_reason", "position", "source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryArrive:
    """A new entry of another system under the id ``key``; ``values`` are what it says, command fields included."""

    section: Section
    key: str
    values: Mapping[str, Value]
    despite: Despite = ""
    name: ClassVar[str] = "entry.create"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the entry; where nobody is named who has to be, the plan's steward is."""
        declaration = SECTIONS[self.section]
        if self.section in MADE_BY_COMMAND:
            return Refusal("command", MADE_BY_COMMAND[self.section])
        if plan.entry(self.section, self.key) is not None:
            return Refusal(KNOWN, f"This {declaration.noun_of(self.values)} is there already.", self.key)
        if declaration.single and active(plan, self.section):
            return Refusal("state", f"The plan has its {declaration.noun} already. Change that one.")
        free = {name: value for name, value in self.values.items() if not _of_command(self.section, name)}
        free = {**dict(people_missing(plan, self.section, free)), **free}
        created = made(plan, actor, now, self.section, free, lambda: self.key)
        if isinstance(created, Refusal):
            return created
        told = {name: value for name, value in self.values.items() if _of_command(self.section, name)}
        first = {"lifecycle": "proposed"} if self.section is Section.GOALS else {}
        for name, value in told.items():
            begins = created.values.get(name) or first.get(name)
            if value in (None, "", begins) or name in _KEPT_BY_US or (self.section, name) in _SAYS_WHO:
                continue
            if (self.section, name) == (Section.GOALS, "lifecycle") and str(value) in goals.MACHINE.moves:
                continue
            label = SECTIONS[self.section].field(name)
            assert label is not None, "only declared fields are read"
            new = f"a new {declaration.noun_of(self.values)} begins as {begins or 'nothing'}"
            words_ = f"{label.label}: {new}, not as {value}."
            return Refusal("form", words_, self.key, name)
        moved = {"lifecycle": told["lifecycle"]} if self.section is Section.GOALS and told.get("lifecycle") else {}
        return [Create(self.section, self.key, {**created.values, **moved, "source": "import"})]


_SAYS_WHO: Final = frozenset({(Section.TASKS, "requester"), (Section.REFERRALS, "asker")})
"""Who asked is whoever sends it: the record says so, whatever the resource does."""


def _of_command(section: Section, name: str) -> bool:
    declared = SECTIONS[section].field(name)
    return declared is not None and declared.command


def people_missing(plan: PlanContent, section: Section, values: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Yield the fields that need a person and name none, with the plan's steward."""
    team = active(plan, Section.CARE_TEAM)
    steward = next((words(each.values, "person") for each in team if words(each.values, "steward") == "yes"), "")
    for each in SECTIONS[section].fields:
        if steward and each.required and each.form is Form.PERSON and not words(values, each.name):
            yield each.name, steward


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAmend:
    """New values of an entry's free fields. ``seen`` is how the entry stood when they were compared."""

    section: Section
    entry: str
    values: Mapping[str, Value]
    seen: Mapping[str, Value]
    despite: Despite = ""
    name: ClassVar[str] = "entry.edit"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return a change for each field that differs, or the first fault."""
        standing = plan.entry(self.section, self.entry)
        if standing is None or retired(standing):
            return Refusal("gone", "This is no longer in the plan.", self.entry)
        if standing.values != self.seen:
            return Refusal(STALE, "It was changed meanwhile. Read it again.", self.entry)
        asked = {name: value for name, value in self.values.items() if not _of_command(self.section, name)}
        faults = _faults(self.section, {**standing.values, **asked})
        fault = next(((name, words_) for name, words_ in faults.items() if name in asked), None)
        if fault is not None:
            return Refusal("form", fault[1], self.entry, fault[0])
        found: list[Change] = []
        for name, value in asked.items():
            declared = SECTIONS[self.section].field(name)
            assert declared is not None, "only declared fields are written"
            no = barred(plan, actor, self.section, Operation.WRITE, now=now, entry_id=self.entry, field=name)
            if no is not None:
                return no
            found += _edits(self.section, self.entry, declared, value, standing.values.get(name))
        return found


def _faults(section: Section, values: Mapping[str, Value]) -> dict[str, str]:
    free = {name: value for name, value in values.items() if not _of_command(section, name)}
    logs = {each.name for each in SECTIONS[section].fields if each.kind is Kind.LOG}
    faults = faults_of(section, {name: value for name, value in free.items() if name not in logs})
    return faults | (zone_faults(values) if section is Section.MONITORING else {})


def _edits(section: Section, entry: str, declared: Field, value: Value, was: Value) -> Iterator[Change]:
    name = declared.name
    if declared.kind is Kind.SET:
        wanted, present = set(members({"": value}, "")), set(members({"": was}, ""))
        yield from (Include(section, entry, name, each, each in wanted) for each in sorted(wanted ^ present))
    elif declared.kind is Kind.TEXT:
        yield Rewrite(section, entry, name, str(value or ""))
    elif not isinstance(value, Mapping):
        yield Assign(section, entry, name, "" if value is None else value)


def may_be_written(participant: Participant, section: Section, now: datetime) -> frozenset[str]:
    """Return the fields that this participant sees, and that a resource can therefore say again."""
    return fields_visible(participant, section, now) - _KEPT_BY_US


def move_of(section: Section, entry: str, changed: Mapping[str, Value], was: Mapping[str, Value]) -> Command | Refusal:
    """Return the command that a changed state is; ``changed`` holds what differs, the state among it."""
    if section is Section.GOALS and changed.keys() == {"lifecycle"}:
        return GoalMove(entry=entry, to=words(changed, "lifecycle"))
    if section is Section.TASKS and "state" in changed and changed.keys() <= {"state", "state_reason", "outcome"}:
        return _task_move(entry, words(changed, "state"), changed, was)
    beside = sorted(changed.keys() - {"state", "state_reason", "outcome", "lifecycle"})
    if beside and changed.keys() & {"state", "lifecycle"}:
        return Refusal("form", f"Change the state in a request of its own, without {beside[0]}.", entry, beside[0])
    name = next(iter(sorted(changed)))
    declared = SECTIONS[section].field(name)
    label = declared.label if declared is not None else name
    return Refusal("form", f"{label} is decided in the hub. It can't be written.", entry, name)


def _task_move(entry: str, to: str, changed: Mapping[str, Value], was: Mapping[str, Value]) -> Command | Refusal:
    reason = words({**was, **changed}, "state_reason")
    outcome = words({**was, **changed}, "outcome")
    match to:
        case "accepted":
            return TaskAccept(entry=entry)
        case "in progress" if words(was, "state") == "on hold":
            return TaskResume(entry=entry)
        case "in progress":
            return tasks.TaskStart(entry=entry)
        case "received":
            return tasks.TaskReceive(entry=entry)
        case "on hold":
            return TaskHold(entry=entry, reason=reason)
        case "completed":
            return TaskComplete(entry=entry, outcome=outcome)
        case "failed":
            return TaskFail(entry=entry, reason=reason)
        case "rejected":
            return TaskReject(entry=entry, reason=reason)
        case "cancelled":
            return TaskCancel(entry=entry, reason=reason)
        case _:
            return Refusal("form", "To ask somebody else, use the hub: it asks them first.", entry, "state")
