"""Who may see what of a plan: consents recorded, memberships ended and dated, each in one transaction with its row."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from auth.consents import RECORDERS, Consent, ConsentRefusal, How, record
from auth.invitations import ACCESS_LASTS_MAX
from auth.roles import PATIENT_SIDE, Narrowing, Participant, Role
from auth.standings import membership
from crdt.sections import Section
from hub.access.acts import agreed, by_member
from hub.access.changes import AccessChanges
from hub.record.chain import JSON
from hub.record.journal import Action, Turn
from hub.store.break_glass import EmergencyReadings
from hub.store.consents import Consents
from hub.store.engine import Engine
from hub.store.notifications import Notifications
from hub.store.participants import Participants

ENDS_MAX: Final[timedelta] = ACCESS_LASTS_MAX

NOT_HERE: Final = "There is no such person in this plan."


class Sharing:
    """The settings of a plan's sharing, for the patient and for staff who record what the patient agreed to."""

    def __init__(self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime]) -> None:
        self._changes = changes
        self._now = now
        self._participants = Participants(engine)
        self._consents = Consents(engine)
        self._notifications = Notifications(engine)
        self._readings = EmergencyReadings(engine)

    async def consents(self, plan_id: str) -> Mapping[tuple[str, Section], Consent]:
        """Return the latest consent of each person and section, those taken back left out."""
        latest = await self._consents.latest(plan_id)
        return {(each.person_id, each.section): each for each in latest if each.narrowing is not None}

    async def narrow(
        self,
        recorder: Participant,
        person_id: str,
        section: Section,
        narrowing: Narrowing | None,
        *,
        how: How,
        guardian: str = "",
    ) -> str:
        """Record what the patient consents to for a person and section, ``None`` for what the role says; ``""`` or why
        not. ``guardian`` is who agreed in the patient's place."""
        now = self._now()
        subject = await self._participants.load(recorder.plan_id, person_id, now)
        if subject is None:
            return NOT_HERE
        latest = await self.consents(recorder.plan_id)
        if recorder.role is not Role.PATIENT and _opens(latest, subject, section, narrowing, now):
            return "The patient closed this in person, on this page. Only the patient opens it again."
        if guardian and not any(each.person_id == guardian for each in await self.guardians(recorder.plan_id)):
            return "Choose who agreed: the patient, or a guardian who acts for them now."
        consent = record(recorder, subject, section, narrowing, how=how, now=now, guardian=guardian)
        if isinstance(consent, ConsentRefusal):
            return consent.reason
        async with self._changes.of_plan(recorder.plan_id) as turn:
            await self._consents.record(turn, consent)
            await turn.append([agreed(consent)])
            await self._tell_patient(turn, recorder)
        return ""

    async def guardians(self, plan_id: str) -> list[Participant]:
        """Return who acts for the patient now."""
        now = self._now()
        everyone = await self._participants.of_plan(plan_id, now)
        return [each for each in everyone if each.role is Role.GUARDIAN and not membership(each, now)]

    async def end(self, remover: Participant, person_id: str) -> str:
        """End a person's membership now; ``""`` or why not."""
        now = self._now()
        subject = await self._participants.load(remover.plan_id, person_id, now)
        fault = _may_not_end(remover, subject, now)
        if fault or subject is None:
            return fault
        words: dict[str, JSON] = {"person": person_id, "role": subject.role.value}
        async with self._changes.of_plan(remover.plan_id) as turn:
            done = await self._participants.remove(turn, remover.plan_id, person_id, now)
            refused = "" if done else NOT_HERE
            await turn.append([by_member(remover, Action.REVOKE, "participant.remove", words, refused=refused)])
            if done:
                await self._tell_patient(turn, remover)
        return refused

    async def end_reading(self, remover: Participant, person_id: str) -> str:
        """End a person's emergency reading now; ``""`` or why not. The reader is told."""
        now = self._now()
        if not settles(remover, now):
            return "Only the patient, primary care or the care manager ends an emergency reading."
        words: dict[str, JSON] = {"person": person_id}
        async with self._changes.of_plan(remover.plan_id) as turn:
            done = await self._readings.end(turn, remover.plan_id, person_id, now)
            refused = "" if done else "This emergency reading is over already."
            await turn.append([by_member(remover, Action.REVOKE, "break_glass.end", words, refused=refused)])
            if done:
                await self._notifications.tell(turn, [person_id], remover.plan_id)
                await self._tell_patient(turn, remover)
        return refused

    async def end_on(self, changer: Participant, person_id: str, ends: datetime | None) -> str:
        """Let a person's membership end at an instant, within a year; ``None`` for none. ``""`` or why not."""
        now = self._now()
        subject = await self._participants.load(changer.plan_id, person_id, now)
        fault = _may_not_end(changer, subject, now) or _end_fault(subject, ends, now)
        if fault or subject is None:
            return fault
        words: dict[str, JSON] = {
            "person": person_id,
            "before": subject.ends.isoformat() if subject.ends is not None else None,
            "after": ends.isoformat() if ends is not None else None,
        }
        async with self._changes.of_plan(changer.plan_id) as turn:
            done = await self._participants.change(turn, replace(subject, ends=ends))
            refused = "" if done else NOT_HERE
            await turn.append([by_member(changer, Action.GRANT, "participant.end", words, refused=refused)])
            if done:
                await self._tell_patient(turn, changer)
        return refused

    async def _tell_patient(self, turn: Turn, who: Participant) -> None:
        if who.role is not Role.PATIENT:
            await self._notifications.tell(turn, [who.patient_id], who.plan_id)


def settles(participant: Participant, now: datetime) -> bool:
    """Return whether this person may see and change who sees what."""
    current = not membership(participant, now) and participant.broke_glass_until is None
    return current and participant.role in RECORDERS


def _may_not_end(remover: Participant, subject: Participant | None, now: datetime) -> str:
    if not settles(remover, now):
        return "Only the patient, a guardian, primary care or the care manager changes who has access."
    if subject is None or subject.removed:
        return NOT_HERE
    if subject.broke_glass_until is not None:
        return "They are no member: they read in an emergency. End that reading instead."
    if subject.role is Role.PATIENT:
        return "The patient's own access can't be ended."
    if subject.role is Role.GUARDIAN and remover.role in PATIENT_SIDE:
        return "Only the care team ends a guardian's access. Ask them."
    if subject.person_id == remover.person_id:
        return "Nobody ends their own access here: ask the care manager."
    return ""


def _opens(
    latest: Mapping[tuple[str, Section], Consent],
    subject: Participant,
    section: Section,
    narrowing: Narrowing | None,
    now: datetime,
) -> bool:
    """Return whether this would open again what the patient closed by their own hand and keeps closed."""
    kept = latest.get((subject.person_id, section))
    if kept is None or kept.narrowing is None or kept.how is not How.PAGE:
        return False
    over = kept.narrowing.ends is not None and kept.narrowing.ends <= now
    closed = {"none": 0, "read": 1}
    asked = closed.get(narrowing.access, 2) if narrowing is not None else 2
    sooner = narrowing is not None and narrowing.ends is not None and kept.narrowing.ends is None
    return not over and (asked > closed.get(kept.narrowing.access, 2) or sooner)


def _end_fault(subject: Participant | None, ends: datetime | None, now: datetime) -> str:
    if ends is None:
        at_home = subject is not None and subject.role in PATIENT_SIDE
        return "Choose when the access of someone from the family ends." if at_home else ""
    return "" if now < ends <= now + ENDS_MAX else "Choose an end within the next year."
