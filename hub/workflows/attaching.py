"""A photo or paper sent with what is said in a conversation that is there already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from auth.roles import PATIENT_SIDE, Participant
from crdt.changes import Append, Change
from hub.live.commands import PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.attachments import ANSWER, CAREGIVER_LOG, FIELD, Attached, appended, noted
from hub.workflows.contents import records, words
from hub.workflows.grants import commanded
from hub.workflows.questions import ALREADY_SENT, QuestionAnswer, QuestionReply
from hub.workflows.team import NewId


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAttach:
    """Somebody says more, or answers, with a photo or paper. Sent again after a lost answer, it is there once."""

    entry: str
    words: str
    attached: Attached
    name: ClassVar[str] = "question.attach"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the words as they would stand without it, and what came with them."""
        entry = commanded(plan, actor, CAREGIVER_LOG, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        for record in records(entry.values, FIELD).values():
            same = words(record, "digest") == self.attached.digest and words(record, "by") == actor.person_id
            if same and not words(record, "hidden"):
                return Refusal("again", ALREADY_SENT, self.entry)
        said = self._saying(actor).changes(plan, actor, now, new_id)
        if isinstance(said, Refusal):
            return said
        turn = next((each.key for each in said if isinstance(each, Append) and each.field == "turns"), ANSWER)
        kept = appended(plan, self.entry, actor, self.attached, turn, now)
        return kept if isinstance(kept, Refusal) else [*said, kept]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return what follows from the words, and the job by which the store notes that the plan names it."""
        home = QuestionReply(entry=self.entry, words=self.words)
        return [*home.follow_ups(plan, changes, now), *noted(changes)]

    def _saying(self, actor: Participant) -> QuestionReply | QuestionAnswer:
        if actor.role in PATIENT_SIDE:
            return QuestionReply(entry=self.entry, words=self.words)
        return QuestionAnswer(entry=self.entry, answer=self.words)
