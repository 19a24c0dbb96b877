"""What the people at home ask and tell, and what the team answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Assign, Change, Rewrite
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.workflows.arguments import Asked
from hub.workflows.contents import active, instant, stamp, words
from hub.workflows.entries import made
from hub.workflows.grants import commanded, missing
from hub.workflows.red_flags import help_needed
from hub.workflows.team import NewId

CAREGIVER_LOG: Final = Section.CAREGIVER_LOG

ALREADY_SENT: Final = "This has reached the team already."

WANTS_ANSWER: Final = frozenset({"question", "concern", "strain"})
"""An observation may stand without an answer; these may not."""


def unanswered(plan: PlanContent) -> list[EntryContent]:
    """Return what waits for an answer from the team, in the order of the page."""
    return [
        entry
        for entry in active(plan, CAREGIVER_LOG)
        if words(entry.values, "kind") in WANTS_ANSWER and not words(entry.values, "answered_by")
    ]


def urgent(plan: PlanContent) -> list[EntryContent]:
    """Return the unanswered notes from home, of any kind, whose words may mean an emergency."""
    return [
        entry
        for entry in active(plan, CAREGIVER_LOG)
        if not words(entry.values, "answered_by")
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
        entry = empty or commanded(plan, actor, CAREGIVER_LOG, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if words(entry.values, "answered_by"):
            told = f"A colleague has answered already: {words(entry.values, 'answer')}"
            return Refusal("state", told, self.entry, "answer")
        return [
            Rewrite(CAREGIVER_LOG, self.entry, "answer", self.answer.strip()),
            Assign(CAREGIVER_LOG, self.entry, "answered_by", actor.person_id),
        ]


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
