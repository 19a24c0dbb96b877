"""What a recipient recommends and the asker decides, one by one; and whether a community referral met the need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from auth.roles import Participant
from crdt.changes import Append, Assign, Change, Decide
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import LINE_MAX, Asked, Key
from hub.workflows.contents import records, retired, stamp, words
from hub.workflows.grants import commanded, missing
from hub.workflows.referral_states import COMMUNITY_CLOSES_FROM, RECOMMENDED_IN, is_community
from hub.workflows.referrals import REFERRALS
from hub.workflows.team import NewId

RECOMMENDATION_STATES = ("accepted", "declined")
NEED_ANSWERS = ("yes", "partly", "no")


def recommended(entry_id: str, key: str, said: str, by: str, now: datetime) -> Append:
    """Return the record of one recommendation, undecided."""
    undecided = dict.fromkeys(("decision", "decided_by", "decided", "reason"), "")
    record = {"words": said.strip(), "by": by, "made": stamp(now), **undecided}
    return Append(REFERRALS, entry_id, "recommendations", key, record)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRecommend:
    """The recipient recommends one thing."""

    entry: str
    recommendation: Annotated[str, Asked("Recommendation")]
    name: ClassVar[str] = "referral.recommend"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the recommendation, which the asker has to decide."""
        empty = missing(self.recommendation, "recommendation", "Write the recommendation.", self.entry)
        entry = empty or commanded(plan, actor, REFERRALS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        state = words(entry.values, "state")
        if state not in RECOMMENDED_IN:
            return Refusal("state", f"This referral is {state} now; nothing can be recommended on it.", self.entry)
        if len(self.recommendation) > LINE_MAX:
            return Refusal("form", f"Shorten it to {LINE_MAX} characters.", self.entry, "recommendation")
        return [recommended(self.entry, new_id(), self.recommendation, actor.person_id, now)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralDecideRecommendation:
    """The asker accepts or declines one recommendation."""

    entry: str
    key: Key
    decision: Annotated[str, Asked("Decision", choices=RECOMMENDATION_STATES)]
    reason: Annotated[str, Asked("Why", help="Required when you decline.")] = ""
    name: ClassVar[str] = "referral.decide_recommendation"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the decision; refused where it was decided before."""
        entry = commanded(plan, actor, REFERRALS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        record = records(entry.values, "recommendations").get(self.key)
        if record is None:
            return Refusal("gone", "This recommendation is not on the referral.", self.entry)
        if words(record, "decision"):
            return Refusal("state", f"This recommendation was {words(record, 'decision')} already.", self.entry)
        if self.decision not in RECOMMENDATION_STATES:
            return Refusal("form", "Accept or decline it.", self.entry, "decision")
        if self.decision == "declined" and not self.reason.strip():
            return Refusal("form", "Say why you decline it.", self.entry, "reason")
        decided = {
            "decision": self.decision,
            "decided_by": actor.person_id,
            "decided": stamp(now),
            "reason": self.reason.strip(),
        }
        return [
            Decide(REFERRALS, self.entry, "recommendations", self.key, name, value) for name, value in decided.items()
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRecordNeedMet:
    """Whether a community referral met the need; the need itself is told as well."""

    entry: str
    need_met: Annotated[str, Asked("Need met", choices=NEED_ANSWERS)]
    name: ClassVar[str] = "referral.record_need_met"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer on the referral and, where it names one, on the need."""
        entry = commanded(plan, actor, REFERRALS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if not is_community(entry.values):
            return Refusal("state", "Only a community referral ends with the need met.", self.entry, "need_met")
        state = words(entry.values, "state")
        if state not in COMMUNITY_CLOSES_FROM:
            told = f"This referral is {state} now; the need can't be judged yet."
            return Refusal("state", told, self.entry, "need_met")
        if self.need_met not in NEED_ANSWERS:
            return Refusal("form", "Answer yes, partly or no.", self.entry, "need_met")
        changed: list[Change] = [Assign(REFERRALS, self.entry, "need_met", self.need_met)]
        need = plan.entry(Section.SOCIAL_NEEDS, words(entry.values, "need"))
        if need is not None and not retired(need):
            changed.append(Assign(Section.SOCIAL_NEEDS, need.id, "need_met", self.need_met))
        return changed
