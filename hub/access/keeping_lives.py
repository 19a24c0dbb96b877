"""What becomes of patients and plans: offered to another steward and taken, archived; died, moved, one with another."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from auth.registry import Duty
from auth.roles import CLINICIANS
from hub.access.changes import AccessChanges
from hub.access.keeping_plans import PlanKeeping
from hub.access.keeping_rows import STEWARDS, Doer, KeepingError, hub_row, joined_row, part_of, plan_row, require
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Action
from hub.store.engine import Engine
from hub.store.notifications import Notifications
from hub.store.organisations import Organisations
from hub.store.participants import Participants
from hub.store.patients import Patients, RegisteredPatient
from hub.store.people import People
from hub.store.plans import Plans
from hub.store.transfers import PlanOffer, Transfers

WORDS_MIN = 3
"""Letters of a reason."""


class Lives:
    """Turns in the lives of patients and plans; each is a row, in the plan's journal or in the hub's."""

    def __init__(
        self,
        engine: Engine,
        changes: AccessChanges,
        care: PlanKeeping,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._changes, self._care, self._now, self._new_id = changes, care, now, new_id
        self._people, self._plans, self._patients = People(engine), Plans(engine), Patients(engine)
        self._organisations, self._participants = Organisations(engine), Participants(engine)
        self._notifications = Notifications(engine)
        self.offers = Transfers(engine)

    async def offer(self, doer: Doer, plan_id: str, steward_id: str, reason: str) -> None:
        """Offer a plan to another steward; it changes hands when that person accepts.

        Raises:
            KeepingError: not allowed, no reason, an offer is open, or not somebody who can answer for a plan.
        """
        plan = await self._care.mine(doer, plan_id, Duty.CLOSE)
        person = await self._people.get(steward_id)
        if person is None or not person.active or person.role not in STEWARDS or steward_id == plan.steward:
            raise KeepingError("Choose another person who can answer for a plan.", "offered")
        _check_reason(reason)
        if await self.offers.of_plan(plan_id) is not None:
            raise KeepingError("The plan is offered to somebody already. Withdraw that first.", "offered")
        home = person.organisation or (await self._organisations.default()).organisation_id
        offer = PlanOffer(
            offer_id=self._new_id(), plan_id=plan_id, steward=steward_id, organisation=home, offered=self._now(),
            offered_by=doer.person.person_id, reason=reason.strip(),
        )  # fmt: skip
        words: dict[str, JSON] = {"person": steward_id, "organisation": home}
        async with self._changes.of_plan(plan_id) as turn:
            await self.offers.add(turn, offer)
            await turn.append([plan_row(doer, plan_id, Action.ADMIN, "plan.offer", words, reason=offer.reason)])
            await self._notifications.tell(turn, [steward_id], plan_id)

    async def answer(self, doer: Doer, offer: PlanOffer, words: str, *, accepted: bool) -> None:
        """Take over a plan that was offered to oneself, or decline; whoever offered it may withdraw it.

        Raises:
            KeepingError: it was offered to somebody else, it was answered, or no reason to decline.
        """
        me = doer.person.person_id
        if me != offer.steward and (accepted or me != offer.offered_by):
            raise KeepingError("This plan was offered to somebody else.")
        if not accepted and me == offer.steward:
            _check_reason(words)
        plan = await self._plans.get(offer.plan_id)
        if plan is None or (accepted and doer.person.role not in STEWARDS):
            raise KeepingError("This plan can't be taken over.")
        event = "plan.take_over" if accepted else "plan.decline"
        told: dict[str, JSON] = {"before": plan.steward or "", "after": me, "organisation": offer.organisation}
        async with self._changes.of_plan(offer.plan_id) as turn:
            now = self._now()
            if not await self.offers.answer(turn, offer.offer_id, now, accepted=accepted, words=words.strip()):
                raise KeepingError("This offer was answered or withdrawn already.")
            rows = [plan_row(doer, offer.plan_id, Action.ADMIN, event, told, reason=words.strip())]
            if accepted:
                await self._participants.add(turn, part_of(offer.plan_id, doer.person), added_by=offer.offered_by)
                rows.insert(0, joined_row(doer, offer.plan_id, doer.person))
                await self._plans.settle(turn, offer.plan_id, steward=me, closed=plan.closed)
                await self._plans.move(turn, offer.plan_id, offer.organisation)
            await turn.append(rows)
            await self._notifications.tell(turn, {offer.offered_by, plan.steward or ""} - {me}, offer.plan_id)

    async def archive(self, doer: Doer, plan_id: str, reason: str, *, again: bool = False) -> None:
        """Put a closed plan into the archive, where it can only be read and not be opened, or bring it back.

        Raises:
            KeepingError: not allowed, no reason, or the plan is not closed.
        """
        plan = await self._care.mine(doer, plan_id, Duty.CLOSE)
        _check_reason(reason)
        if plan.closed is None:
            raise KeepingError("Close the plan first.", "reason")
        if (plan.archived is None) is again:
            raise KeepingError("The plan is not in the archive." if again else "The plan is in the archive already.")
        event = "plan.unarchive" if again else "plan.archive"
        async with self._changes.of_plan(plan_id) as turn:
            await self._plans.archive(turn, plan_id, None if again else self._now())
            await turn.append([plan_row(doer, plan_id, Action.ADMIN, event, {}, reason=reason.strip())])

    async def died(
        self, doer: Doer, patient: RegisteredPatient, day: str, today: date, *, by_the_plan: bool = False
    ) -> None:
        """Record the day of death, or take it back where ``day`` is empty: tasks, clocks and reminders stop or go on.

        ``by_the_plan``: it was recorded in the plan, by somebody whose part allows that.

        Raises:
            KeepingError: not allowed, or no day up to today.
        """
        if not by_the_plan:
            require(doer, Duty.REGISTER)
        if day:
            try:
                told = date.fromisoformat(day)
            except ValueError:
                raise KeepingError("Enter the day of death as a date.", "deceased") from None
            if told > today:
                raise KeepingError("This day is in the future. Check it.", "deceased")
        words: dict[str, JSON] = {"before": {"deceased": patient.deceased}, "after": {"deceased": day}}
        async with self._changes.of_plan(HUB) as turn:
            await self._patients.change(turn, replace(patient, deceased=day))
            await turn.append([hub_row(doer, "patient.died" if day else "patient.lives", patient.patient_id, words)])
        await self._tell_plans(doer, patient, "patient.died" if day else "patient.lives", {"day": day})

    async def moved(self, doer: Doer, patient: RegisteredPatient, where: str) -> None:
        """Record that a patient moved away, and where to; ``""`` where they are here.

        Raises:
            KeepingError: not allowed.
        """
        require(doer, Duty.REGISTER)
        words: dict[str, JSON] = {"before": {"moved": patient.moved}, "after": {"moved": where}}
        async with self._changes.of_plan(HUB) as turn:
            await self._patients.change(turn, replace(patient, moved=where))
            await turn.append([hub_row(doer, "patient.moved", patient.patient_id, words)])

    async def same(self, doer: Doer, patient: RegisteredPatient, goes_on: RegisteredPatient, reason: str) -> None:
        """Say that two records are of one human being: the second goes on and has the numbers of both.

        Both stewards are asked which plan goes on; the contents are not mixed.

        Raises:
            KeepingError: not allowed, no reason, the same record, one that is linked already, or two who sign in.
        """
        require(doer, Duty.REGISTER)
        _check_reason(reason)
        if patient.patient_id == goes_on.patient_id:
            raise KeepingError("Choose another record than this one.", "other")
        if patient.same_as or goes_on.same_as:
            raise KeepingError("One of the two is linked with another record already.", "other")
        if patient.person and goes_on.person:
            raise KeepingError("Both sign in. End the access of one of them first.", "other")
        kept = replace(goes_on, numbers=(*goes_on.numbers, *patient.numbers), person=goes_on.person or patient.person)
        gone = replace(patient, numbers=(), person=None, same_as=goes_on.patient_id)
        numbers: list[JSON] = [each.value for each in patient.numbers]
        words: dict[str, JSON] = {"goes_on": goes_on.patient_id, "numbers": numbers}
        async with self._changes.of_plan(HUB) as turn:
            await self._patients.change(turn, gone)
            await self._patients.change(turn, kept)
            rows = [
                hub_row(doer, "patient.same", each, words, reason=reason)
                for each in (patient.patient_id, goes_on.patient_id)
            ]
            await turn.append(rows)
        for each in (patient, goes_on):
            await self._tell_plans(doer, each, "patient.same", {"goes_on": goes_on.patient_id})

    async def _tell_plans(self, doer: Doer, patient: RegisteredPatient, event: str, words: dict[str, JSON]) -> None:
        """Write it into the patient's open plans, and tell their stewards."""
        for plan in await self._plans.of_patients([patient.patient_id]):
            if plan.closed is not None:
                continue
            async with self._changes.of_plan(plan.plan_id) as turn:
                await turn.append([plan_row(doer, plan.plan_id, Action.ADMIN, event, words)])
                team = await self._participants.of_plan(plan.plan_id, self._now())
                staff = [each.person_id for each in team if each.role in CLINICIANS and not each.removed]
                told = [plan.steward or ""] if event == "patient.same" else [*staff, plan.steward or ""]
                await self._notifications.tell(turn, set(told) - {doer.person.person_id}, plan.plan_id)


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < WORDS_MIN:
        raise KeepingError("Say why, in a few words.", "reason")
