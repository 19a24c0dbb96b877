"""Referrals: a question to someone, its answer, and a decision on every recommendation before the loop closes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Assign, Change, Rewrite
from crdt.fields import Form
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.workflows.arguments import Asked, Reason
from hub.workflows.contents import day, stamp, words
from hub.workflows.grants import commanded, missing
from hub.workflows.referral_states import (
    COMMUNITY_CLOSES_FROM,
    MACHINE,
    is_community,
    undecided,
)
from hub.workflows.team import NewId

REFERRALS: Final = Section.REFERRALS


def _commanded(
    plan: PlanContent, actor: Participant, now: datetime, entry_id: str, verb: str
) -> EntryContent | Refusal:
    entry = commanded(plan, actor, REFERRALS, entry_id, f"referral.{verb}", now)
    if isinstance(entry, Refusal):
        return entry
    state, why = words(entry.values, "state"), words(entry.values, "state_reason")
    return MACHINE.refusal(verb, state, entry_id, why=why) or entry


def assigned(entry_id: str, state: str, now: datetime, reason: str = "") -> list[Change]:
    """Return the changes that put a referral into a state and start its clock."""
    return [
        Assign(REFERRALS, entry_id, "state", state),
        Assign(REFERRALS, entry_id, "state_since", stamp(now)),
        Assign(REFERRALS, entry_id, "state_reason", reason.strip()),
    ]


def _moved(
    plan: PlanContent, actor: Participant, now: datetime, entry_id: str, verb: str, *, reason: str = ""
) -> list[Change] | Refusal:
    entry = _commanded(plan, actor, now, entry_id, verb)
    if isinstance(entry, Refusal):
        return entry
    return assigned(entry_id, MACHINE.moves[verb].target, now, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralSend:
    """The asker sends it: with a question, and with the day by which an answer is expected."""

    entry: str
    name: ClassVar[str] = "referral.send"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``requested``; whoever sends it is the asker where no one was."""
        entry = _commanded(plan, actor, now, self.entry, "send")
        if isinstance(entry, Refusal):
            return entry
        empty = missing(words(entry.values, "question"), "question", "Write the question first.", self.entry)
        if empty is not None:
            return empty
        expected = day(entry.values, "expected_by")
        if expected is None:
            return Refusal("form", "Say by when you expect an answer.", self.entry, "expected_by")
        if expected < plan.day_of(now):
            return Refusal("form", "The day for the answer has passed. Choose a later one.", self.entry, "expected_by")
        changed = assigned(self.entry, "requested", now)
        if not words(entry.values, "asker"):
            changed.append(Assign(REFERRALS, self.entry, "asker", actor.person_id))
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralReceive:
    """The recipient has it."""

    entry: str
    name: ClassVar[str] = "referral.receive"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``received``."""
        return _moved(plan, actor, now, self.entry, "receive")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAccept:
    """The recipient takes the question on."""

    entry: str
    name: ClassVar[str] = "referral.accept"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``accepted``."""
        return _moved(plan, actor, now, self.entry, "accept")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralReject:
    """The recipient says no, why, and where to turn instead."""

    entry: str
    reason: Annotated[str, Asked("Why, and where to turn instead")]
    name: ClassVar[str] = "referral.reject"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``rejected``; a reason is required."""
        return missing(self.reason, "reason", "Say why, and where to turn instead.", self.entry) or _moved(
            plan, actor, now, self.entry, "reject", reason=self.reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralSchedule:
    """A day is booked, or booked anew."""

    entry: str
    appointment: Annotated[datetime, Asked("Appointment", Form.INSTANT)]
    name: ClassVar[str] = "referral.schedule"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``scheduled`` and the appointment, which lies ahead."""
        if self.appointment <= now:
            return Refusal("form", "The appointment lies in the past. Choose a later time.", self.entry, "appointment")
        moved = _moved(plan, actor, now, self.entry, "schedule")
        if isinstance(moved, Refusal):
            return moved
        return [*moved, Assign(REFERRALS, self.entry, "appointment", stamp(self.appointment))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralSeen:
    """The visit took place."""

    entry: str
    name: ClassVar[str] = "referral.seen"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``seen``."""
        return _moved(plan, actor, now, self.entry, "seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralNoShow:
    """The visit did not take place; someone asks why before anyone blames."""

    entry: str
    reason: Reason = ""
    name: ClassVar[str] = "referral.no_show"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``no-show``."""
        return _moved(plan, actor, now, self.entry, "no_show", reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralReport:
    """The recipient answers the question."""

    entry: str
    answer: Annotated[str, Asked("Answer to the question", wide=True)]
    name: ClassVar[str] = "referral.report"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``reported`` and the answer, which is required."""
        empty = missing(self.answer, "answer", "Answer the question.", self.entry)
        moved = empty or _moved(plan, actor, now, self.entry, "report")
        if isinstance(moved, Refusal):
            return moved
        return [*moved, Rewrite(REFERRALS, self.entry, "answer", self.answer.strip())]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralClose:
    """The asker has read the answer and decided every recommendation: the loop is closed."""

    entry: str
    name: ClassVar[str] = "referral.close"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``closed``; refused while anything is undecided."""
        entry = commanded(plan, actor, REFERRALS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        return self._not_yet(entry) or assigned(self.entry, "closed", now)

    def _not_yet(self, entry: EntryContent) -> Refusal | None:
        state = words(entry.values, "state")
        if not (is_community(entry.values) and state in COMMUNITY_CLOSES_FROM):
            refusal = MACHINE.refusal("close", state, self.entry, why=words(entry.values, "state_reason"))
            if refusal is not None:
                return refusal
        if is_community(entry.values) and not words(entry.values, "need_met"):
            return Refusal("open", "Record first whether the need was met.", self.entry, "need_met")
        waiting = len(undecided(entry.values))
        if waiting:
            counted = "1 recommendation is" if waiting == 1 else f"{waiting} recommendations are"
            return Refusal("open", f"{counted} undecided. Accept or decline each first.", self.entry, "recommendations")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralCancel:
    """The asker no longer needs it."""

    entry: str
    reason: Reason
    name: ClassVar[str] = "referral.cancel"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``cancelled``; a reason is required."""
        return missing(self.reason, "reason", "Say why it is no longer needed.", self.entry) or _moved(
            plan, actor, now, self.entry, "cancel", reason=self.reason
        )
