"""The handoff of a stay in I-PASS: written by one house, handed over, read back by the other in its own words.

Illness severity, patient summary, action list, situation awareness and contingency, synthesis by the receiver (Starmer
et al., N Engl J Med 2014;371:1803). It is accepted when the receiver has read it back, and not before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Append, Assign, Change, Rewrite
from crdt.contents import Record
from crdt.fields import Form
from crdt.sections import CALLS, Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.arguments import Asked
from hub.workflows.contents import Values, records, stamp, words
from hub.workflows.grants import commanded, missing
from hub.workflows.hospital_stays import TELL_STAY
from hub.workflows.steps import Step, joined_by, tasks_of
from hub.workflows.team import NewId
from hub.workflows.transitions import SEVERITIES

TRANSITIONS: Final = Section.TRANSITIONS
WRITTEN, HANDED_OVER, ACCEPTED = "written", "handed over", "accepted"

NEEDED: Final[Mapping[str, str]] = {
    "severity": "Say how ill they are.",
    "handoff_summary": "Write the patient summary.",
    "handoff_actions": "Write what is to be done, or that nothing is.",
    "handoff_contingency": "Write what to watch for, and what to do if it happens.",
}
"""Without these nothing is handed over."""


def whole(values: Values) -> bool:
    """Say whether every part is written that the giver writes."""
    return all(words(values, name) for name in NEEDED)


def last_step(values: Values) -> Record | None:
    """Return the last thing that was done with a stay's handoff, ``None`` where nothing was."""
    found = list(records(values, "handoffs").values())
    return found[-1] if found else None


def state_of_handoff(values: Values) -> str:
    """Return ``written``, ``handed over`` or ``accepted``; ``""`` where none was begun."""
    last = last_step(values)
    return words(last, "step") if last is not None else ""


def actions_of(values: Values) -> tuple[str, ...]:
    """Return the lines of the action list, each as it can be a task's title."""
    lines = (each.strip(" -*•\t") for each in words(values, "handoff_actions").splitlines())
    return tuple(each[:200] for each in lines if each)


def _step(entry: str, actor: Participant, now: datetime, new_id: NewId, step: str) -> Append:
    record = {"step": step, "by": actor.person_id, "when": stamp(now)}
    return Append(TRANSITIONS, entry, "handoffs", new_id(), record)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffWrite:
    """Somebody writes the handoff, or mends it; what was handed over before is a draft again."""

    entry: str
    severity: Annotated[str, Asked("Illness severity", Form.CHOICE, choices=SEVERITIES)] = ""
    summary: Annotated[
        str, Asked("Patient summary", wide=True, help="What happened, what was done, where it stands.")
    ] = ""
    actions: Annotated[str, Asked("Action list", wide=True, help="One a line: what, and by when.")] = ""
    contingency: Annotated[
        str, Asked("Situation awareness", wide=True, help="What to watch for, and what to do if it happens.")
    ] = ""
    contingency_call: Annotated[str, Asked("Then", Form.CHOICE, choices=CALLS)] = ""
    name: ClassVar[str] = "handoff.write"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return what differs from what stands there; nothing else is touched."""
        entry = commanded(plan, actor, TRANSITIONS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        typed = {"severity": self.severity, "handoff_summary": self.summary, "handoff_actions": self.actions,
                 "handoff_contingency": self.contingency, "contingency_call": self.contingency_call}  # fmt: skip
        changed = [name for name, value in typed.items() if value.strip() != words(entry.values, name)]
        if not changed:
            return Refusal("state", "Nothing was changed.", self.entry)
        texts = {"handoff_summary", "handoff_actions", "handoff_contingency"}
        return [
            *(
                Rewrite(TRANSITIONS, self.entry, name, typed[name].strip())
                if name in texts
                else Assign(TRANSITIONS, self.entry, name, typed[name])
                for name in changed
            ),
            _step(self.entry, actor, now, new_id, WRITTEN),
        ]

    @staticmethod
    def beginning(plan: PlanContent, entry: EntryContent, now: datetime) -> Mapping[str, str]:
        """Return what stands there now."""
        named = {"severity": "severity", "summary": "handoff_summary", "actions": "handoff_actions",
                 "contingency": "handoff_contingency", "contingency_call": "contingency_call"}  # fmt: skip
        return {name: words(entry.values, field) for name, field in named.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffGive:
    """It is handed over: from now on it waits to be read back."""

    entry: str
    name: ClassVar[str] = "handoff.give"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return who handed it over; refused while a part is missing, naming it, and for what is given already."""
        entry = commanded(plan, actor, TRANSITIONS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if not whole(entry.values):
            told = " ".join(sentence for name, sentence in NEEDED.items() if not words(entry.values, name))
            return Refusal("state", told, self.entry)
        if state_of_handoff(entry.values) in (HANDED_OVER, ACCEPTED):
            return Refusal("state", f"It is {state_of_handoff(entry.values)} already.", self.entry)
        return [_step(self.entry, actor, now, new_id, HANDED_OVER)]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the telling of those who are to read it back."""
        entry = plan.entry(TRANSITIONS, self.entry)
        facility = words(entry.values, "facility") if entry is not None else ""
        return [
            Job(kind=TELL_STAY, payload={"plan": plan.plan_id, "entry": self.entry, "what": "handed-over",
                                         "facility": facility, "setting": "", "message": each.key})
            for each in changes
            if isinstance(each, Append)
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffAccept:
    """The receiver says in their own words what they take over, and which actions become tasks."""

    entry: str
    synthesis: Annotated[
        str, Asked("Read back", wide=True, help="In your own words: what you take over, and what you do.")
    ]
    steps: Annotated[tuple[Step, ...], Asked("Tasks")] = ()
    name: ClassVar[str] = "handoff.accept"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the synthesis, who accepted, and the tasks, all or none; nobody accepts what they handed over."""
        empty = missing(self.synthesis, "synthesis", "Read it back in your own words.", self.entry)
        entry = empty or commanded(plan, actor, TRANSITIONS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        last = last_step(entry.values)
        if last is None or words(last, "step") != HANDED_OVER:
            return Refusal("state", "Nothing is handed over now that could be accepted.", self.entry)
        if words(last, "by") == actor.person_id:
            return Refusal("person", "You handed it over. Who receives it reads it back.", self.entry)
        tasks = tasks_of(plan, actor, now, self.steps, "steps", new_id, supports=self.entry)
        if isinstance(tasks, Refusal):
            return tasks
        return [
            Rewrite(TRANSITIONS, self.entry, "read_back", self.synthesis.strip()),
            _step(self.entry, actor, now, new_id, ACCEPTED),
            *tasks,
            *joined_by(plan, actor, new_id, tasks),
        ]
