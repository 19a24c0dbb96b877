"""Keeping plans: opened with a team, joined, closed and opened again; each act is a row of the plan's journal."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from auth.registry import Duty, Keeper, refusal
from auth.roles import PATIENT_SIDE, STAFF_OF_PLANS, Participant, Role
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import (
    FOR_A_TIME,
    STAY_LASTS_MAX,
    STEWARDS,
    Doer,
    KeepingError,
    joined_row,
    part_of,
    plan_row,
    refused_row,
    require,
)
from hub.directory.plan_templates import plan_templates
from hub.record.chain import JSON
from hub.record.journal import Action, Journal
from hub.store.engine import Engine
from hub.store.participants import Participants
from hub.store.patients import RegisteredPatient
from hub.store.people import People
from hub.store.plans import Plan, Plans
from hub.store.units import Units


class PlanKeeping:
    """Changes of plans that are no content: who answers for them, who takes part, whether they are open."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        changes: AccessChanges,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._journal, self._changes = journal, changes
        self._now, self._new_id = now, new_id
        self.people, self.plans = People(engine), Plans(engine)
        self._participants, self._units = Participants(engine), Units(engine)

    async def open_plan(
        self,
        doer: Doer,
        patient: RegisteredPatient,
        steward_id: str,
        team: Sequence[str],
        *,
        unit_id: str = "",
        template: str = "",
    ) -> str:
        """Open a plan for a patient with its steward, the team and everybody of a unit, and return its id.

        ``template`` names what the plan begins with; it is put into the plan by somebody of the team, in their name.

        Raises:
            KeepingError: not allowed, an open plan is there, no such template, or the steward can't be one.
        """
        require(doer, Duty.OPEN)
        if template and template not in plan_templates():
            raise KeepingError("There is no such template any more. Choose another, or nothing.", "template")
        if any(plan.closed is None for plan in await self.plans.of_patients([patient.patient_id])):
            raise KeepingError("This patient has an open plan already.")
        unit = await self._units.get(unit_id) if unit_id else None
        if unit_id and unit is None:
            raise KeepingError("This unit has ended. Choose another, or none.", "unit")
        whole = [steward_id, *team, *(unit.members if unit is not None else ())]
        members = await self.people.among([*dict.fromkeys(whole)])
        steward = members.get(steward_id)
        if steward is None or not steward.active or steward.role not in STEWARDS:
            raise KeepingError("Choose who answers for the plan: primary care or a care manager.", "steward")
        plan = Plan(
            plan_id=self._new_id(), family=patient.family, given=patient.given, born=None, steward=steward_id,
            patient_id=patient.patient_id, organisation=unit.organisation if unit is not None else patient.organisation,
            template=template,
        )  # fmt: skip
        await self._journal.create_plan(plan.plan_id)
        async with self._changes.of_plan(plan.plan_id) as turn:
            await self.plans.add(turn, plan)
            told: dict[str, JSON] = {"steward": steward_id, "unit": unit_id, "template": template}
            acts = [plan_row(doer, plan.plan_id, Action.CREATE, "plan.open", told)]
            for person in members.values():
                if person.active and person.role in STAFF_OF_PLANS - FOR_A_TIME:
                    await self._participants.add(turn, part_of(plan.plan_id, person), added_by=doer.person.person_id)
                    acts.append(joined_row(doer, plan.plan_id, person))
            await turn.append(acts)
        return plan.plan_id

    async def join(
        self,
        doer: Doer,
        plan_id: str,
        person_id: str,
        *,
        steward: bool,
        instead_of: str = "",
        ends: datetime | None = None,
    ) -> None:
        """Add somebody of the staff to a plan's team, as its steward or in the place of another, until ``ends``.

        Raises:
            KeepingError: not allowed, or not somebody who can.
        """
        plan = await self.mine(doer, plan_id, Duty.STAFF)
        person = await self.people.get(person_id)
        if person is None or not person.active or person.role not in STAFF_OF_PLANS:
            raise KeepingError("Choose somebody of the staff.", "person")
        if steward and person.role not in STEWARDS:
            raise KeepingError("Primary care or a care manager answers for a plan.", "person")
        if fault := _fault_of_end(person.role, ends, self._now()):
            raise KeepingError(fault, "until")
        if instead_of == person_id:
            raise KeepingError("Choose two people: who comes, and who goes.", "instead_of")
        if instead_of == plan.steward and instead_of and not steward:
            raise KeepingError("Name another steward first: this person answers for the plan.", "instead_of")
        async with self._changes.of_plan(plan_id) as turn:
            await self._participants.add(turn, part_of(plan_id, person, ends), added_by=doer.person.person_id)
            acts = [joined_row(doer, plan_id, person, ends)]
            if steward:
                await self.plans.settle(turn, plan_id, steward=person_id, closed=plan.closed)
                words: dict[str, JSON] = {"before": plan.steward or "", "after": person_id}
                acts.append(plan_row(doer, plan_id, Action.GRANT, "plan.steward", words))
            if instead_of and await self._participants.remove(turn, plan_id, instead_of, self._now()):
                acts.append(plan_row(doer, plan_id, Action.REVOKE, "participant.replace", {"person": instead_of}))
            await turn.append(acts)

    async def close(self, doer: Doer, plan_id: str, reason: str, *, again: bool = False) -> None:
        """Close a plan, so that it can only be read, or open it ``again``; with a reason.

        Raises:
            KeepingError: not allowed, or no reason.
        """
        plan = await self.mine(doer, plan_id, Duty.CLOSE)
        if len(reason.strip()) < 3:
            raise KeepingError("Say why, in a few words.", "reason")
        if (plan.closed is None) is again:
            raise KeepingError("The plan is open already." if again else "The plan is closed already.")
        if again and plan.archived is not None:
            raise KeepingError("The plan is in the archive. Bring it back from there first.", "reason")
        async with self._changes.of_plan(plan_id) as turn:
            closed = None if again else self._now()
            await self.plans.settle(turn, plan_id, steward=plan.steward, closed=closed)
            event = "plan.reopen" if again else "plan.close"
            await turn.append([plan_row(doer, plan_id, Action.ADMIN, event, {}, reason=reason.strip())])

    async def leave_out(self, doer: Doer, plan_id: str) -> None:
        """Leave out what of its template is not in the plan yet.

        Raises:
            KeepingError: neither its steward nor primary care of this plan.
        """
        plan = await self.mine(doer, plan_id, Duty.CLOSE)
        async with self._changes.of_plan(plan_id) as turn:
            await self.plans.begin_with(turn, plan_id, "")
            await turn.append([plan_row(doer, plan_id, Action.ADMIN, "plan.leave_out", {"template": plan.template})])

    async def keeper(self, doer: Doer, plan: Plan) -> Keeper:
        """Return in which capacities somebody asks about a plan."""
        part = await self._participants.load(plan.plan_id, doer.person.person_id, self._now())
        here = part is not None and not part.removed and part.broke_glass_until is None
        mine = doer.person
        return Keeper(
            mine.person_id,
            mine.role,
            mine.may_administer,
            steward=here and plan.steward == mine.person_id,
            primary_care_here=here and part is not None and part.role is Role.PRIMARY_CARE,
        )

    async def team(self, plan_id: str) -> list[Participant]:
        """Return the staff of a plan now, by name."""
        now = self._now()
        found = await self._participants.of_plan(plan_id, now)
        present = [each for each in found if not each.removed and (each.ends is None or each.ends > now)]
        return [each for each in present if each.role not in PATIENT_SIDE]

    async def mine(self, doer: Doer, plan_id: str, duty: Duty) -> Plan:
        """Return the plan for somebody who may do this to it; a refusal is a row.

        Raises:
            KeepingError: why not.
        """
        plan = await self.plans.get(plan_id)
        if plan is None:
            raise KeepingError("There is no such plan.")
        fault = refusal(await self.keeper(doer, plan), duty)
        if fault:
            async with self._changes.of_plan(plan_id) as turn:
                act = plan_row(doer, plan_id, Action.REFUSE, f"plan.{duty}", {}, reason=fault)
                await turn.append([refused_row(act)])
            raise KeepingError(fault)
        return plan


def _fault_of_end(role: Role, ends: datetime | None, now: datetime) -> str:
    """Return what is wrong with the day on which somebody who joins leaves again, ``""`` where nothing is."""
    if ends is None:
        return "Say until which day: this role takes part for a stay." if role in FOR_A_TIME else ""
    if ends <= now:
        return "Choose a day from today on."
    if role in FOR_A_TIME and ends > now + STAY_LASTS_MAX + timedelta(days=1):
        return f"Choose a day within the next {STAY_LASTS_MAX.days} days. A longer stay is renewed then."
    return ""
