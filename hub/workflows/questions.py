"""What the people at home ask and tell, and what the team answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Rewrite
from crdt.fields import Form, Value
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.chain import JSON
from hub.record.jobs import Job
from hub.workflows.arguments import LINE_MAX, Asked
from hub.workflows.business_days import business_days_after, is_business_day
from hub.workflows.contents import Values, active, instant, plain_day, stamp, words
from hub.workflows.entries import made
from hub.workflows.grants import commanded, missing
from hub.workflows.red_flags import help_needed
from hub.workflows.team import NewId, joined, steward

CAREGIVER_LOG: Final = Section.CAREGIVER_LOG

ALREADY_SENT: Final = "This has reached the team already."

WANTS_ANSWER: Final = frozenset({"question", "concern", "strain"})
"""An observation may stand without an answer; these may not."""

TELL: Final = "question.tell"
"""The kind of the jobs that tell the steward of what waits past its day."""

SAME_DAY_UNTIL: Final = time(12)
"""A worry written before this on a working day is answered that day."""


def answer_due(plan: PlanContent, kind: str, when: datetime) -> date | None:
    """Return by which day the team answers, ``None`` for what may stand without an answer; the house's rule (2026-11).

    A worry: the same working day where it was written before noon, else the next one. A question: the next working
    day. Strain: two working days. Days are those of the plan's home.
    """
    written = plan.day_of(when)
    if kind == "concern" and is_business_day(written) and when.astimezone(plan.zone).time() < SAME_DAY_UNTIL:
        return written
    return business_days_after(written, 2 if kind == "strain" else 1) if kind in WANTS_ANSWER else None


def answered(values: Values) -> bool:
    """Say whether a note waits no more: somebody answered, or the stay that it tells of was told by the hospital."""
    return bool(words(values, "answered_by") or words(values, "stay"))


def due_of(plan: PlanContent, entry: EntryContent) -> date | None:
    """Return by which day a note is answered, ``None`` where it needs no answer or has one."""
    when = instant(entry.values, "when")
    if when is None or answered(entry.values):
        return None
    return answer_due(plan, words(entry.values, "kind"), when)


def days_late(plan: PlanContent, entry: EntryContent, now: datetime) -> int:
    """Return the days since a note should have been answered, 0 in time."""
    due = due_of(plan, entry)
    return max((plan.day_of(now) - due).days, 0) if due is not None else 0


def unanswered(plan: PlanContent) -> list[EntryContent]:
    """Return what waits for an answer from the team, in the order of the page."""
    return [
        entry
        for entry in active(plan, CAREGIVER_LOG)
        if words(entry.values, "kind") in WANTS_ANSWER and not answered(entry.values)
    ]


def urgent(plan: PlanContent) -> list[EntryContent]:
    """Return the unanswered notes from home, of any kind, whose words may mean an emergency."""
    return [
        entry
        for entry in active(plan, CAREGIVER_LOG)
        if not answered(entry.values)
        and not words(entry.values, "calmed_by")
        and help_needed(words(entry.values, "words"))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """The team answers, in words for everyday life."""

    entry: str
    answer: Annotated[str, Asked("Answer", wide=True, help="In words for everyday life.")]
    name: ClassVar[str] = "question.answer"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer and who gave it; refused where someone answered before, with what they said."""
        empty = missing(self.answer, "answer", "Write the answer.", self.entry)
        return empty or _answered(plan, actor, now, self.entry, self.name, self.answer)


def _answered(
    plan: PlanContent, actor: Participant, now: datetime, entry_id: str, command: str, answer: str
) -> list[Change] | Refusal:
    """Return what ends a note, or what stands against it."""
    entry = commanded(plan, actor, CAREGIVER_LOG, entry_id, command, now)
    if isinstance(entry, Refusal):
        return entry
    if answered(entry.values):
        told = f"A colleague has answered already: {words(entry.values, 'answer')}"
        return Refusal("state", told, entry_id, "answer")
    return [
        Rewrite(CAREGIVER_LOG, entry_id, "answer", answer.strip()),
        Assign(CAREGIVER_LOG, entry_id, "answered_by", actor.person_id),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPhone:
    """The team has called: what was said on the telephone stands as the answer."""

    entry: str
    said: Annotated[str, Asked("What was said", wide=True, help="In words for everyday life; they read it later.")]
    name: ClassVar[str] = "question.phone"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer and who gave it; refused without words, and where someone answered before."""
        empty = missing(self.said, "said", "Write what was said.", self.entry)
        return empty or _answered(plan, actor, now, self.entry, self.name, f"By telephone: {self.said.strip()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionTask:
    """What was asked becomes a task with an owner and a day; whoever asked is told of it as the answer."""

    entry: str
    title: Annotated[str, Asked("Task", help="Whoever asked reads it in the answer.")]
    owner: Annotated[str, Asked("Owner", Form.PERSON)]
    due: Annotated[date, Asked("Due", Form.DATE)]
    name: ClassVar[str] = "question.task"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the task and the answer; refused as a task would be, and where someone answered before."""
        told = f"We do this for you: {self.title.strip()}, by {plain_day(self.due)}."
        answered = _answered(plan, actor, now, self.entry, self.name, told)
        if isinstance(answered, Refusal):
            return answered
        note = plan.entries(CAREGIVER_LOG)[self.entry]
        values: dict[str, Value] = {
            "title": self.title[:LINE_MAX],
            "owner": self.owner,
            "due": self.due.isoformat(),
            "detail": words(note.values, "words"),
            "supports": {self.entry: True},
        }
        task = made(plan, actor, now, Section.TASKS, values, new_id)
        if isinstance(task, Refusal):
            return task
        own = joined(plan, actor, new_id, self.title) if self.owner == actor.person_id else []
        return [*answered, task, *own]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCalm:
    """The team has looked: these words mean no emergency. The note stays, and waits for its answer like others."""

    entry: str
    name: ClassVar[str] = "question.calm"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return who has looked; refused where the note is not marked, or no longer."""
        entry = commanded(plan, actor, CAREGIVER_LOG, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if entry.id not in {each.id for each in urgent(plan)}:
            return Refusal("state", "This is not marked as an emergency any more.", self.entry)
        return [Assign(CAREGIVER_LOG, self.entry, "calmed_by", actor.person_id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeNote:
    """Someone at home asks or tells. Sent again after a lost answer, it is there once."""

    kind: str
    words: str
    when: datetime | None = None
    """When it was written; a page that was cut off sends it later."""
    related: str = ""
    name: ClassVar[str] = "entry.create"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the new entry; refused where the same person wrote the same words at the same time before."""
        when = min(self.when or now, now).replace(microsecond=0)
        for entry in active(plan, CAREGIVER_LOG):
            same = words(entry.values, "words") == self.words.strip() and instant(entry.values, "when") == when
            if same and plan.creator(CAREGIVER_LOG, entry.id) == actor.person_id:
                return Refusal("again", ALREADY_SENT, entry.id)
        values = {"kind": self.kind, "words": self.words, "when": stamp(when)}
        if self.related:
            values["related"] = self.related
        created = made(plan, actor, now, CAREGIVER_LOG, values, new_id)
        return created if isinstance(created, Refusal) else [created]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the job that tells the steward once the day of the answer is over."""
        return told_past_its_day(plan, changes, answer_due(plan, self.kind, min(self.when or now, now)))


def told_past_its_day(plan: PlanContent, changes: Sequence[Change], due: date | None) -> Sequence[Job]:
    """Return the job that tells the steward of the note that these changes make, once its day is over."""
    found = [each for each in changes if isinstance(each, Create) and each.section is CAREGIVER_LOG]
    if not found or due is None:
        return ()
    over = datetime.combine(due + timedelta(days=1), time.min, tzinfo=plan.zone).astimezone(UTC)
    payload: dict[str, JSON] = {
        "plan": plan.plan_id,
        "entry": found[0].entry,
        "after": plan.seq,
        "steward": steward(plan),
    }
    return [Job(kind=TELL, payload=payload, due=over, key=f"{TELL}/{plan.plan_id}/{found[0].entry}")]
