"""Reading in an emergency: begun, told to the patient and the privacy officers, reviewed; each with its row."""

from collections.abc import Callable
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from auth.break_glass import BreakGlass, BreakGlassRefusal, Verdict, break_glass, review
from auth.invitations import too_many
from auth.roles import Role
from auth.standings import membership
from hub.access.changes import AccessChanges
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action
from hub.store.attempts import Attempts
from hub.store.break_glass import EmergencyReadings
from hub.store.engine import Engine
from hub.store.notifications import Notifications
from hub.store.participants import Participants
from hub.store.people import People
from hub.store.plans import Plan, Plans

NO_PLAN: Final = BreakGlassRefusal("no-plan", "There is no plan with this address. Check the number and date of birth.")
MEMBER: Final = BreakGlassRefusal("member", "You take part in this plan already. Open it from your patients.")


class Emergencies:
    """Emergency readings; the rules are those of ``auth.break_glass``."""

    def __init__(self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime]) -> None:
        self._changes = changes
        self._now = now
        self._readings = EmergencyReadings(engine)
        self._participants = Participants(engine)
        self._people = People(engine)
        self._plans = Plans(engine)
        self._attempts = Attempts(engine)
        self._notifications = Notifications(engine)

    async def find(self, number: str, born: date | None, person_id: str) -> Plan | None:
        """Return the plan of the patient with exactly this number and date of birth; each try is a row, twenty an hour
        at most."""
        now = self._now()
        tried = await self._attempts.tried("emergency", sha256(person_id.encode()).digest(), now)
        async with self._changes.of_plan(HUB) as turn:
            await turn.append([_sought(person_id)])
        if too_many(tried, now):
            return None
        return await self._plans.by_number(number, born)

    async def begin(
        self, plan_id: str, person_id: str, session_id: str, reason: str, *, reauthenticated: bool
    ) -> BreakGlass | BreakGlassRefusal:
        """Open the plan to a clinician outside the team for an hour, reading only, or say why not."""
        now = self._now()
        person = await self._people.get(person_id)
        assert person is not None, "who is signed in is in the directory"
        glass = break_glass(
            plan_id=plan_id,
            person_id=person_id,
            name=person.name,
            role=person.role,
            profession=person.profession,
            reason=reason,
            reauthenticated=reauthenticated,
            now=now,
        )
        plan = await self._plans.get(plan_id)
        standing = await self._participants.load(plan_id, person_id, now)
        if isinstance(glass, BreakGlass):
            if plan is None:
                return NO_PLAN
            if standing is not None and not membership(standing, now):
                return MEMBER
            patient_side = await self._patient_side(plan_id, plan.patient)
            async with self._changes.of_plan(plan_id) as turn:
                await self._readings.add(turn, glass)
                await turn.append([_begun(glass, session_id)])
                officers = [each.person_id for each in await self._people.active() if each.may_audit]
                await self._notifications.tell(turn, [*patient_side, *officers], plan_id)
        return glass

    async def _patient_side(self, plan_id: str, patient: str | None) -> list[str]:
        """Return the patient, where they sign in, and who acts for them now."""
        now = self._now()
        everyone = await self._participants.of_plan(plan_id, now)
        acting = [each.person_id for each in everyone if each.role is Role.GUARDIAN and not membership(each, now)]
        return [patient or "", *acting]

    async def pending(self) -> list[BreakGlass]:
        """Return the readings that wait for their review, the oldest first."""
        return await self._readings.pending()

    async def of_plan(self, plan_id: str) -> list[BreakGlass]:
        """Return the plan's readings, the oldest first."""
        return await self._readings.of_plan(plan_id)

    async def may_review(self, person_id: str) -> bool:
        """Return whether this person reviews emergency readings: a privacy officer."""
        person = await self._people.get(person_id)
        return person is not None and person.active and person.may_audit

    async def review(
        self,
        plan_id: str,
        person_id: str,
        began: datetime,
        *,
        reviewer: str,
        session_id: str,
        verdict: Verdict,
        words: str,
    ) -> str:
        """Keep a review; ``""`` or why not. The patient and the reader are told."""
        if not await self.may_review(reviewer):
            return "Only the privacy officer reviews emergency readings."
        glass = await self._readings.get(plan_id, person_id, began)
        if glass is None:
            return "There is no such reading."
        reviewed = review(glass, reviewer=reviewer, verdict=verdict, words=words, now=self._now())
        if isinstance(reviewed, BreakGlassRefusal):
            return reviewed.reason
        plan = await self._plans.get(plan_id)
        patient_side = await self._patient_side(plan_id, plan.patient if plan is not None else None)
        async with self._changes.of_plan(plan_id) as turn:
            first = await self._readings.review(turn, reviewed)
            await turn.append([_reviewed(reviewed, session_id, first=first)])
            if first:
                await self._notifications.tell(turn, [*patient_side, person_id], plan_id)
        return "" if first else "This was reviewed already."


def _sought(person_id: str) -> Act:
    return Act(plan=HUB, actor=person_id, action=Action.SEARCH, purpose="emergency", event="break_glass.find")


def _begun(glass: BreakGlass, session_id: str) -> Act:
    words: dict[str, JSON] = {"until": glass.until.isoformat(), "profession": glass.profession}
    return Act(
        plan=glass.plan_id,
        actor=glass.person_id,
        action=Action.BREAK_GLASS,
        role=glass.role,
        session=session_id,
        purpose="emergency",
        reason=glass.reason,
        event="break_glass.begin",
        words=words,
    )


def _reviewed(glass: BreakGlass, session_id: str, *, first: bool) -> Act:
    words: dict[str, JSON] = {
        "person": glass.person_id,
        "began": glass.began.isoformat(),
        "verdict": glass.verdict.value,
    }
    return Act(
        plan=glass.plan_id,
        actor=glass.reviewer,
        action=Action.REVIEW,
        role=Role.AUDITOR,
        session=session_id,
        reason=glass.review_words,
        event="break_glass.review",
        words=words,
        outcome="success" if first else "refused",
    )
