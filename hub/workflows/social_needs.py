"""Social needs: whether one was met, where no referral says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Assign, Change
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked
from hub.workflows.contents import active, words
from hub.workflows.grants import commanded
from hub.workflows.recommendations import NEED_ANSWERS
from hub.workflows.referral_states import OPEN
from hub.workflows.team import NewId

UNDER_WAY: Final = "A referral for this need is under way. Record there whether the need was met."


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialNeedRecordMet:
    """A need was met, in part or not, by whatever helped; with a referral under way, its end says so."""

    entry: str
    need_met: Annotated[str, Asked("Need met", choices=NEED_ANSWERS)]
    name: ClassVar[str] = "social_need.record_met"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer on the need."""
        entry = commanded(plan, actor, Section.SOCIAL_NEEDS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if self.need_met not in NEED_ANSWERS:
            return Refusal("form", "Answer yes, partly or no.", self.entry, "need_met")
        for referral in active(plan, Section.REFERRALS):
            if words(referral.values, "need") == self.entry and words(referral.values, "state") in OPEN:
                return Refusal("state", UNDER_WAY, self.entry, "need_met")
        return [Assign(Section.SOCIAL_NEEDS, self.entry, "need_met", self.need_met)]
