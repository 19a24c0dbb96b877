"""What is written down about a patient while a huddle talks about them: one decision of the plan, line by line.

The first line makes the decision of this huddle, every further one adds to it, whoever types it: two people who begin
at once write into one decision. A task may be caught before it has its owner or its day: its words wait in the
decision, and until they have become a task there is no next patient (``unfinished``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final

from auth.decisions import EntryFacts, Operation, decide
from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Include, Rewrite
from crdt.fields import MEMBER_CHARACTERS_MAX, Value
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.workflows.arguments import LINE_MAX
from hub.workflows.contents import active, day, headline, members, words
from hub.workflows.entries import made as made_entry
from hub.workflows.grants import commanded
from hub.workflows.huddles import ATTENDEES_MAX, HUDDLES, is_signed
from hub.workflows.steps import joined_by
from hub.workflows.tasks import CLOSED, TASKS
from hub.workflows.team import NewId, joined, next_place

REMARK: Final = Section.STAFF_NOTES
"""Where a remark for the team alone is written; no one of the patient's side reads it."""


BEYOND: Final = "Nothing decided beyond what is to do."
"""What a decision says until a line of deciding comes: a plan takes none without words."""


def decision_of(plan: PlanContent, huddle_id: str) -> EntryContent | None:
    """Return what this huddle wrote down about the plan's patient, ``None`` where it wrote nothing."""
    return next((each for each in active(plan, HUDDLES) if words(each.values, "huddle") == huddle_id), None)


def tasks_in(plan: PlanContent, decision: EntryContent | None) -> list[EntryContent]:
    """Return the tasks of a decision that stand in the plan, in their order."""
    named = frozenset(members(decision.values, "tasks")) if decision is not None else frozenset()
    return [each for each in active(plan, TASKS) if each.id in named]


def lacks(task: EntryContent) -> tuple[str, ...]:
    """Return what a task lacks so that nobody has to wonder: ``owner``, ``day``. What is over lacks nothing."""
    state = words(task.values, "state")
    if state in CLOSED - {"rejected"}:
        return ()
    missing = []
    if not words(task.values, "owner") or state == "rejected":
        missing.append("owner")
    if day(task.values, "due") is None:
        missing.append("day")
    return tuple(missing)


def unfinished(plan: PlanContent, huddle_id: str) -> tuple[str, ...]:
    """Return what this huddle wants done, in words, that lacks an owner or a day."""
    decision = decision_of(plan, huddle_id)
    waiting = members(decision.values, "unassigned") if decision is not None else ()
    return (*waiting, *(headline(TASKS, each) for each in tasks_in(plan, decision) if lacks(each)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HuddleNote:
    """One line of the huddle about this patient: a decision, a task, what to do if; or only who was there."""

    huddle: str
    topic: str
    decision: str = ""
    contingency: str = ""
    task: str = ""
    owner: str = ""
    due: date | None = None
    catch: str = ""
    """A task still without its owner or its day, as it was typed."""
    settles: str = ""
    """Such words from before, which this task takes the place of."""
    attendees: tuple[str, ...] = ()
    name: ClassVar[str] = "huddle.note"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the decision with this line in it; refused for a line that is too long, and once it is signed."""
        for field, line in (("decision", self.decision), ("contingency", self.contingency), ("task", self.task)):
            if len(line) > LINE_MAX:
                return Refusal("form", f"Shorten it to {LINE_MAX} characters.", "", field)
        if len(self.catch) > MEMBER_CHARACTERS_MAX:
            return Refusal("form", f"Shorten it to {MEMBER_CHARACTERS_MAX} characters.", "", "task")
        known = decision_of(plan, self.huddle)
        if known is not None and is_signed(known):
            return Refusal("signed", "This decision is signed. Nothing in it changes.", known.id)
        if self.settles and (known is None or self.settles not in members(known.values, "unassigned")):
            return Refusal("state", "This task has its owner and its day already.", "")
        task = self._task(plan, actor, now, new_id) if self.task.strip() else None
        if isinstance(task, Refusal):
            return task
        made = [] if task is None else [task]
        if known is None:
            written = self._begun(plan, actor, now, new_id, made)
        else:
            written = self._extended(plan, actor, now, known, made)
        if isinstance(written, Refusal):
            return written
        return [*written, *made, *joined_by(plan, actor, new_id, made)]

    def _begun(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId, made: Sequence[Create]
    ) -> list[Change] | Refusal:
        attending = sorted({*self.attendees, actor.person_id})[:ATTENDEES_MAX]
        values: dict[str, Value] = {
            "huddle": self.huddle,
            "topic": self.topic,
            "decision": self.decision.strip() or BEYOND,
            "contingency": self.contingency.strip(),
            "decider": actor.person_id,
            "date": plan.day_of(now).isoformat(),
            "attendees": dict.fromkeys(attending, True),
            "tasks": {task.entry: True for task in made},
            "unassigned": {self.catch: True} if self.catch else {},
            "status": "active",
            "source": "person",
            "position": next_place(plan, HUDDLES),
        }
        facts = EntryFacts(creator=actor.person_id, values=values)
        decision = decide(actor, HUDDLES, Operation.CREATE, entry=facts, now=now)
        if not decision.allowed:
            return Refusal(decision.code, decision.reason)
        return [Create(HUDDLES, new_id(), values)]

    def _extended(
        self, plan: PlanContent, actor: Participant, now: datetime, known: EntryContent, made: Sequence[Create]
    ) -> list[Change] | Refusal:
        entry = commanded(plan, actor, HUDDLES, known.id, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        changed: list[Change] = []
        for field, line in (("decision", self.decision), ("contingency", self.contingency)):
            if line.strip():
                stands = words(entry.values, field)
                stands = "" if stands == BEYOND else stands
                changed.append(Rewrite(HUDDLES, entry.id, field, f"{stands}\n{line.strip()}".strip()))
        changed += [Include(HUDDLES, entry.id, "tasks", task.entry, True) for task in made]
        if self.catch:
            changed.append(Include(HUDDLES, entry.id, "unassigned", self.catch, True))
        if self.settles:
            changed.append(Include(HUDDLES, entry.id, "unassigned", self.settles, False))
        there = members(entry.values, "attendees")
        fresh = sorted({*self.attendees, actor.person_id} - set(there))[: ATTENDEES_MAX - len(there)]
        return changed + [Include(HUDDLES, entry.id, "attendees", person, True) for person in fresh]

    def _task(self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId) -> Create | Refusal:
        if self.due is None:
            return Refusal("form", "Say by when, as in today, fri or 2026-11-21.", "", "task")
        if self.due < plan.day_of(now):
            return Refusal("form", "This day has passed.", "", "task")
        values: dict[str, Value] = {"title": self.task.strip(), "owner": self.owner, "due": self.due.isoformat()}
        return made_entry(plan, actor, now, TASKS, values, new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class HuddleAssign:
    """A task that was caught without an owner or a day, or that its owner turned down, gets them."""

    entry: str
    owner: str = ""
    due: date | None = None
    name: ClassVar[str] = "huddle.assign"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the owner and the day; refused where the task has both, and while either is still missing."""
        task = commanded(plan, actor, TASKS, self.entry, self.name, now)
        if isinstance(task, Refusal):
            return task
        missing = lacks(task)
        if not missing:
            return Refusal("state", "This task has its owner and its day.", self.entry)
        if "owner" in missing and not self.owner:
            return Refusal("form", "Say who, as in @ana or @pharmacist.", self.entry, "owner")
        if "day" in missing and self.due is None:
            return Refusal("form", "Say by when, as in today, fri or 2026-11-21.", self.entry, "due")
        if self.due is not None and self.due < plan.day_of(now):
            return Refusal("form", "This day has passed.", self.entry, "due")
        changed: list[Change] = []
        if "owner" in missing:
            own = self.owner == actor.person_id
            changed.append(Assign(TASKS, self.entry, "owner", self.owner))
            changed.append(Assign(TASKS, self.entry, "state", "accepted" if own else "requested"))
            changed.append(Assign(TASKS, self.entry, "state_reason", ""))
            changed += joined(plan, actor, new_id, words(task.values, "title")) if own else []
        if self.due is not None:
            changed.append(Assign(TASKS, self.entry, "due", self.due.isoformat()))
        return changed
