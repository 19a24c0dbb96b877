"""Tasks: asked of someone, owned once that person accepts, followed until something came of it.

    requested -> received -> accepted | rejected(reason)
    accepted -> in progress <-> on hold -> completed(outcome) | failed(reason)
    any open state -> cancelled(reason); any open or rejected task may be asked of someone else (reassign)

Accepting implies having received, completing implies having started: a busy person answers once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, ClassVar

from auth.roles import PATIENT_SIDE, Participant
from crdt.changes import Assign, Change, Rewrite
from crdt.fields import Form, Value
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked, Reason
from hub.workflows.contents import Values, day, words
from hub.workflows.grants import commanded, missing
from hub.workflows.states import Machine, move
from hub.workflows.team import NewId, joined

TASKS = Section.TASKS

ASKED = frozenset({"requested", "received"})
OWNED = frozenset({"accepted", "in progress", "on hold"})
OPEN = ASKED | OWNED
CLOSED = frozenset({"completed", "rejected", "cancelled", "failed"})

MACHINE = Machine(
    "task",
    {
        "receive": move(["requested"], "received", "received"),
        "accept": move(ASKED, "accepted", "accepted"),
        "reject": move(ASKED, "rejected", "rejected"),
        "start": move(["accepted"], "in progress", "started"),
        "hold": move(["in progress"], "on hold", "put on hold"),
        "resume": move(["on hold"], "in progress", "resumed"),
        "complete": move(["accepted", "in progress"], "completed", "completed"),
        "fail": move(OWNED, "failed", "given up"),
        "cancel": move(OPEN, "cancelled", "cancelled"),
        "reassign": move(OPEN | {"rejected"}, "requested", "asked of someone else"),
    },
)


def is_open(values: Values) -> bool:
    """Say whether something is still to be done."""
    return words(values, "state") in OPEN


def unowned(values: Values) -> bool:
    """Say whether an open task waits for someone to accept it: a rejected one does too."""
    return words(values, "state") in ASKED | {"rejected"}


def overdue(values: Values, today: date) -> bool:
    """Say whether an open task's day has passed."""
    due = day(values, "due")
    return is_open(values) and due is not None and due < today


def days_late(values: Values, today: date) -> int:
    """Return the days since the task was due, 0 where it is not overdue."""
    due = day(values, "due")
    return (today - due).days if due is not None and overdue(values, today) else 0


def begun(actor: Participant, owner: str) -> dict[str, Value]:
    """Return the command fields of a task that is just asked for; what one asks of oneself is accepted."""
    return {"state": "accepted" if owner == actor.person_id else "requested", "requester": actor.person_id}


def _moved(
    plan: PlanContent, actor: Participant, now: datetime, entry_id: str, verb: str, *, reason: str = ""
) -> list[Change] | Refusal:
    """Return the change of state, or what stands against it. Whose command it is, ``decide`` says."""
    entry = commanded(plan, actor, TASKS, entry_id, f"task.{verb}", now)
    if isinstance(entry, Refusal):
        return entry
    state, why = words(entry.values, "state"), words(entry.values, "state_reason")
    return MACHINE.refusal(verb, state, entry_id, why=why) or _assigned(entry_id, verb, reason)


def _assigned(entry_id: str, verb: str, reason: str) -> list[Change]:
    return [
        Assign(TASKS, entry_id, "state", MACHINE.moves[verb].target),
        Assign(TASKS, entry_id, "state_reason", reason.strip()),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReceive:
    """The owner has seen the task."""

    entry: str
    name: ClassVar[str] = "task.receive"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``received``."""
        return _moved(plan, actor, now, self.entry, "receive")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAccept:
    """The owner takes the task on and is a member of the team from then on; who stands in becomes the owner."""

    entry: str
    name: ClassVar[str] = "task.accept"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``accepted``, the new owner where it was the stand-in, and the place in the team."""
        moved = _moved(plan, actor, now, self.entry, "accept")
        if isinstance(moved, Refusal):
            return moved
        values = plan.entries(TASKS)[self.entry].values
        owner = words(values, "owner")
        if owner != actor.person_id:
            moved += [
                Assign(TASKS, self.entry, "owner", actor.person_id),
                Assign(TASKS, self.entry, "backup", owner),
            ]
        return moved + joined(plan, actor, new_id, words(values, "title"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReject:
    """The owner says no, and why."""

    entry: str
    reason: Reason
    name: ClassVar[str] = "task.reject"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``rejected``; a reason is required."""
        return missing(self.reason, "reason", "Say why you can't take this task.", self.entry) or _moved(
            plan, actor, now, self.entry, "reject", reason=self.reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStart:
    """The owner begins."""

    entry: str
    name: ClassVar[str] = "task.start"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``in progress``."""
        return _moved(plan, actor, now, self.entry, "start")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHold:
    """The owner waits for something, and says for what."""

    entry: str
    reason: Reason
    name: ClassVar[str] = "task.hold"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``on hold``; a reason is required."""
        return missing(self.reason, "reason", "Say what this task waits for.", self.entry) or _moved(
            plan, actor, now, self.entry, "hold", reason=self.reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResume:
    """The owner goes on."""

    entry: str
    name: ClassVar[str] = "task.resume"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move back to ``in progress``."""
        return _moved(plan, actor, now, self.entry, "resume")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskComplete:
    """It is done, and this came of it. Family and patient may leave the outcome out: one tap is enough."""

    entry: str
    outcome: Annotated[str, Asked("What came of it", wide=True)] = ""
    name: ClassVar[str] = "task.complete"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``completed`` and the outcome."""
        if actor.role not in PATIENT_SIDE:
            empty = missing(self.outcome, "outcome", "Say what came of it.", self.entry)
            if empty is not None:
                return empty
        moved = _moved(plan, actor, now, self.entry, "complete")
        if isinstance(moved, Refusal) or not self.outcome.strip():
            return moved
        return [*moved, Rewrite(TASKS, self.entry, "outcome", self.outcome.strip())]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFail:
    """It could not be done, and why."""

    entry: str
    reason: Reason
    name: ClassVar[str] = "task.fail"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``failed``; a reason is required."""
        return missing(self.reason, "reason", "Say why it could not be done.", self.entry) or _moved(
            plan, actor, now, self.entry, "fail", reason=self.reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCancel:
    """Whoever asked for it, or keeps the tasks, no longer wants it."""

    entry: str
    reason: Reason
    name: ClassVar[str] = "task.cancel"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``cancelled``; a reason is required."""
        return missing(self.reason, "reason", "Say why it is no longer needed.", self.entry) or _moved(
            plan, actor, now, self.entry, "cancel", reason=self.reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReassign:
    """The task is asked of someone else, who must accept it anew; what one takes oneself is accepted at once."""

    entry: str
    owner: Annotated[str, Asked("Owner", Form.PERSON)]
    due: Annotated[date | None, Asked("Due", Form.DATE)] = None
    reason: Reason = ""
    name: ClassVar[str] = "task.reassign"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the new owner, state and day."""
        moved = _moved(plan, actor, now, self.entry, "reassign", reason=self.reason)
        if isinstance(moved, Refusal):
            return moved
        entry = plan.entries(TASKS)[self.entry]
        if words(entry.values, "owner") == self.owner and words(entry.values, "state") in OPEN:
            return Refusal("state", "This task is asked of them already.", self.entry, "owner")
        changed = [*moved, Assign(TASKS, self.entry, "owner", self.owner)]
        if words(entry.values, "backup") == self.owner:
            changed.append(Assign(TASKS, self.entry, "backup", ""))
        if self.due is not None:
            changed.append(Assign(TASKS, self.entry, "due", self.due.isoformat()))
        if self.owner == actor.person_id:
            changed[0] = Assign(TASKS, self.entry, "state", "accepted")
            changed += joined(plan, actor, new_id, words(entry.values, "title"))
        return changed
