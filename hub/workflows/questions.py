"""Questions: asked, answered back and forth, and ended by an answer, a task or a telephone call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, ClassVar, Final

from auth.decisions import EntryFacts, Operation, decide
from auth.roles import PATIENT_SIDE, Participant
from crdt.changes import Append, Assign, Change, Create, Rewrite
from crdt.fields import Form, Value
from crdt.sections import EVERYONE, TEAM_ALONE, TOPICS, Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.chain import JSON
from hub.record.jobs import Job
from hub.workflows.arguments import LINE_MAX, WORDS_MAX, Asked
from hub.workflows.attachments import Attached, appended, noted
from hub.workflows.contents import active, instant, plain_day, plain_instant, stamp, words
from hub.workflows.entries import made
from hub.workflows.grants import commanded, missing
from hub.workflows.question_states import (
    CAREGIVER_LOG,
    WANTS_ANSWER,
    Side,
    asked_by_team,
    is_urgent,
    topic_of,
    turn_of,
    turns,
    within_team,
)
from hub.workflows.red_flags import help_needed
from hub.workflows.team import NewId, joined, steward

ALREADY_SENT: Final = "This has reached the team already."
OVER: Final = "This has ended. Ask anew."

TELL: Final = "question.tell"
"""The kind of the jobs that tell the steward of what waits past its time."""


def may_ask(actor: Participant, now: datetime) -> bool:
    """Say whether somebody may ask in this plan at all."""
    mine = EntryFacts(actor.person_id, values={"asked_from": "home" if actor.role in PATIENT_SIDE else "team"})
    return decide(actor, CAREGIVER_LOG, Operation.CREATE, entry=mine, now=now).allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsk:
    """Somebody asks or tells. Sent again after a lost answer, it is there once.

    Whom the topic leads to is found by the page (``hub.workflows.routing``), which has told it before.
    """

    kind: str
    words: str
    topic: str = ""
    to: str = ""
    readers: str = EVERYONE
    when: datetime | None = None
    """When it was written; a page that was cut off sends it later."""
    related: str = ""
    attached: Attached | None = None
    name: ClassVar[str] = "question.ask"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the new entry; refused where the same person wrote the same words at the same time before."""
        when = min(self.when or now, now).replace(microsecond=0)
        for entry in active(plan, CAREGIVER_LOG):
            same = words(entry.values, "words") == self.words.strip() and instant(entry.values, "when") == when
            if same and plan.creator(CAREGIVER_LOG, entry.id) == actor.person_id:
                return Refusal("again", ALREADY_SENT, entry.id)
        if self.topic and self.topic not in TOPICS:
            return Refusal("form", "Choose what it is about.", "", "topic")
        if self.readers not in (EVERYONE, TEAM_ALONE):
            return Refusal("form", "Choose who reads it.", "", "readers")
        values: dict[str, Value] = {"kind": self.kind, "words": self.words, "when": stamp(when)}
        if self.related:
            values["related"] = self.related
        created = made(plan, actor, now, CAREGIVER_LOG, values, new_id)
        if isinstance(created, Refusal):
            return created
        said: dict[str, Value] = {
            "topic": "worry" if self.kind == "concern" else self.topic,
            "to": self.to,
            "readers": self.readers,
        }
        if self.kind in WANTS_ANSWER:
            said["answer_due"] = stamp(plan.house.promised(topic_of({**values, **said}), now, plan.zone))
        whole: dict[str, Value] = {**created.values, **said}
        decision = decide(
            actor, CAREGIVER_LOG, Operation.CREATE, entry=EntryFacts(actor.person_id, values=whole), now=now
        )
        if not decision.allowed:
            return Refusal(decision.code, decision.reason)
        asked = replace(created, values=whole)
        if self.attached is None:
            return [asked]
        kept = appended(plan, asked.entry, actor, self.attached, "", now)
        return kept if isinstance(kept, Refusal) else [asked, kept]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the job that tells the steward once the time of the answer is over."""
        dues = [instant(each.values, "answer_due") for each in changes if isinstance(each, Create)]
        return [*told_past_its_time(plan, changes, next(iter(dues), None)), *noted(changes)]


def told_past_its_time(plan: PlanContent, changes: Sequence[Change], due: datetime | None) -> Sequence[Job]:
    """Return the job that tells the steward of the note that these changes make, once its time is over."""
    made_now = [each for each in changes if isinstance(each, Create) and each.section is CAREGIVER_LOG]
    return [job for each in made_now for job in _telling(plan, each.entry, due)]


def _telling(plan: PlanContent, entry: str, due: datetime | None) -> Sequence[Job]:
    if due is None:
        return ()
    payload: dict[str, JSON] = {"plan": plan.plan_id, "entry": entry, "after": plan.seq, "steward": steward(plan)}
    return [Job(kind=TELL, payload=payload, due=due, key=f"{TELL}/{plan.plan_id}/{entry}/{plan.seq}")]


def _open(plan: PlanContent, actor: Participant, entry_id: str, command: str, now: datetime) -> EntryContent | Refusal:
    entry = commanded(plan, actor, CAREGIVER_LOG, entry_id, command, now)
    if isinstance(entry, Refusal):
        return entry
    return Refusal("state", OVER, entry_id) if words(entry.values, "ended") else entry


@dataclass(frozen=True, slots=True)
class _Speaker:
    """What one person says now, as changes of an entry."""

    entry: EntryContent
    actor: Participant
    now: datetime

    def by_team(self, plan: PlanContent, said: str, key: str) -> list[Change]:
        """Return the first answer as the entry's own, anything else as one more turn."""
        values, within = self.entry.values, within_team(self.entry.values)
        asks = asked_by_team(values) and (
            not within or self.actor.person_id == plan.creator(CAREGIVER_LOG, self.entry.id)
        )
        if asks or words(values, "answered_by"):
            return self.turn(plan, said, key, Side.ASKER if asks else Side.ASKED)
        return [
            Rewrite(CAREGIVER_LOG, self.entry.id, "answer", said.strip()),
            Assign(CAREGIVER_LOG, self.entry.id, "answered_by", self.actor.person_id),
            Assign(CAREGIVER_LOG, self.entry.id, "answered", stamp(self.now)),
        ]

    def turn(self, plan: PlanContent, said: str, key: str, side: Side) -> list[Change]:
        """Return one more turn; where it asks again, with the time by which that is answered."""
        record = {
            "by": self.actor.person_id, "side": side.value, "words": said.strip(), "when": stamp(self.now),
        }  # fmt: skip
        changes: list[Change] = [Append(CAREGIVER_LOG, self.entry.id, "turns", key, record)]
        if side is Side.ASKER:
            due = plan.house.promised(topic_of(self.entry.values), self.now, plan.zone)
            changes.append(Assign(CAREGIVER_LOG, self.entry.id, "answer_due", stamp(due)))
        return changes


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """Someone of the team answers, or says more, in words for everyday life."""

    entry: str
    answer: Annotated[str, Asked("Answer", wide=True, help="In words for everyday life.")]
    seen: Annotated[str, Asked("What the page showed", hidden=True)] = ""
    """How many turns there were; where a colleague has spoken since, they are heard first."""
    name: ClassVar[str] = "question.answer"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer and who gave it; refused where someone answered meanwhile, with what they said."""
        empty = missing(self.answer, "answer", "Write the answer.", self.entry)
        entry = empty or _open(plan, actor, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        return _answered_meanwhile(entry, actor, self.seen) or _Speaker(entry, actor, now).by_team(
            plan, self.answer, new_id()
        )

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the job that tells the steward, where what was said asks again."""
        return _asked_again(plan, self.entry, changes)


def _answered_meanwhile(entry: EntryContent, actor: Participant, seen: str) -> Refusal | None:
    """Return what a colleague has said meanwhile, ``None`` where nobody has, or the page showed it."""
    all_said = turns(entry.values)
    last = all_said[-1]
    shown = seen.isdecimal() and int(seen) >= len(all_said)
    if shown or len(all_said) == 1 or last.by == actor.person_id or within_team(entry.values):
        return None
    if (last.side is Side.ASKER) is not asked_by_team(entry.values):
        return None  # The last word is from home.
    return Refusal("state", f"A colleague has answered already: {last.words}", entry.id, "answer")


def _asked_again(plan: PlanContent, entry: str, changes: Sequence[Change]) -> Sequence[Job]:
    for each in changes:
        if isinstance(each, Assign) and each.field == "answer_due":
            return _telling(plan, entry, instant({"answer_due": each.value}, "answer_due"))
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionReply:
    """Somebody at home says more, or answers what the team asked. Sent again after a lost answer, it is there once."""

    entry: str
    words: Annotated[str, Asked("In your words", wide=True)]
    when: Annotated[datetime | None, Asked("When", Form.INSTANT, hidden=True)] = None
    name: ClassVar[str] = "question.reply"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the turn; words that may mean an emergency open the note's alarm again."""
        empty = missing(self.words, "words", "Write your answer.", self.entry)
        entry = empty or _open(plan, actor, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if len(self.words) > WORDS_MAX:
            return Refusal("form", f"This is over {WORDS_MAX:,} characters. Split it.", self.entry, "words")
        when = min(self.when or now, now).replace(microsecond=0)
        if any(
            turn.by == actor.person_id and turn.words == self.words.strip() and turn.when == when
            for turn in turns(entry.values)
        ):
            return Refusal("again", ALREADY_SENT, self.entry)
        side = Side.ASKED if asked_by_team(entry.values) else Side.ASKER
        found = _Speaker(entry, actor, when).turn(plan, self.words, new_id(), side)
        if words(entry.values, "calmed_by") and help_needed(self.words):
            found.append(Assign(CAREGIVER_LOG, self.entry, "calmed_by", ""))
        return found

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the job that tells the steward, where what was said asks again."""
        return _asked_again(plan, self.entry, changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAccept:
    """Whoever asked has their answer: it has ended."""

    entry: str
    name: ClassVar[str] = "question.accept"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the end; refused before anybody has answered."""
        entry = _open(plan, actor, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if turn_of(entry.values) is not Side.ASKER:
            return Refusal("state", "Nobody has answered yet.", self.entry)
        return _end(self.entry, actor, "answered")


def _end(entry: str, actor: Participant, how: str) -> list[Change]:
    return [
        Assign(CAREGIVER_LOG, entry, "ended", how),
        Assign(CAREGIVER_LOG, entry, "ended_by", actor.person_id),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPhone:
    """Somebody has called: with whom, when and what was said stands as the answer, and ends the question."""

    entry: str
    said: Annotated[str, Asked("What was said", wide=True, help="In words for everyday life; they read it later.")]
    spoken_with: Annotated[str, Asked("With whom")]
    when: Annotated[datetime | None, Asked("When", Form.INSTANT, help="Now, if nothing stands here.")] = None
    name: ClassVar[str] = "question.phone"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer, who gave it and the end; refused without words, and for a time that lies ahead."""
        empty = missing(self.said, "said", "Write what was said.", self.entry)
        entry = empty or _open(plan, actor, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        when = self.when or now
        if when > now:
            return Refusal("form", "This time lies ahead. When did you speak?", self.entry, "when")
        whom = self.spoken_with.strip()[:LINE_MAX]
        told = f"By telephone with {whom}, {plain_instant(when, plan.zone)}: {self.said.strip()}"
        return [*_Speaker(entry, actor, now).by_team(plan, told, new_id()), *_end(self.entry, actor, "telephone")]


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
        """Return the task, the answer and the end; refused as a task would be."""
        entry = _open(plan, actor, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        values: dict[str, Value] = {
            "title": self.title[:LINE_MAX],
            "owner": self.owner,
            "due": self.due.isoformat(),
            "supports": {self.entry: True},
        }
        if words(entry.values, "readers") != TEAM_ALONE:
            values["detail"] = words(entry.values, "words")  # What was written to the team alone stays where it is.
        task = made(plan, actor, now, Section.TASKS, values, new_id)
        if isinstance(task, Refusal):
            return task
        told = f"We do this for you: {self.title.strip()}, by {plain_day(self.due)}."
        own = joined(plan, actor, new_id, self.title) if self.owner == actor.person_id else []
        said = _Speaker(entry, actor, now).by_team(plan, told, new_id())
        return [*said, *_end(self.entry, actor, "task"), task, *own]


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
        if not is_urgent(entry.values):
            return Refusal("state", "This is not marked as an emergency any more.", self.entry)
        return [Assign(CAREGIVER_LOG, self.entry, "calmed_by", actor.person_id)]
