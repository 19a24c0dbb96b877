"""Keeping the directory: staff, organisations, patients and their plans; each act in one transaction with its row.

Rows about people, patients and organisations stand in the hub's own journal, those about a plan in the plan's. Who may
do what is asked of ``auth.registry`` here, so that no page can forget it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from auth.registry import Duty, Keeper, refusal
from auth.roles import CLINICIANS, PATIENT_SIDE, Participant, Role
from hub.access.changes import AccessChanges
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action, Journal
from hub.store.engine import Engine
from hub.store.happenings import DirectoryRow, happenings
from hub.store.organisations import Organisation, Organisations
from hub.store.participants import Participants
from hub.store.patients import Patient, Patients
from hub.store.people import People, Person
from hub.store.plans import Plan, Plans
from hub.store.sessions import Sessions

STEWARDS: Final = frozenset({Role.PRIMARY_CARE, Role.CARE_MANAGER})
"""Roles that can answer for a plan: those that may write its team."""


class KeepingError(Exception):
    """An act that was refused; ``field`` names the field to mend, the message is a sentence for the person."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does it, in which session."""

    person: Person
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Owned:
    """What somebody answers for: plans of which they are steward, and all in which they take part."""

    stewarded: Sequence[Plan]
    plans: Sequence[Plan]


class Keeping:
    """Changes of the directory."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        changes: AccessChanges,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._engine, self._journal, self._changes = engine, journal, changes
        self._now, self._new_id = now, new_id
        self.people, self.organisations = People(engine), Organisations(engine)
        self.patients, self.plans = Patients(engine), Plans(engine)
        self._participants, self._sessions = Participants(engine), Sessions(engine)

    async def add_person(self, doer: Doer, person: Person) -> Person:
        """Add somebody of the staff, who then signs in with their work account by this address.

        Raises:
            KeepingError: not an administrator, no name or address, or somebody has the address already.
        """
        _require(doer, Duty.ADMINISTER)
        await self._check_person(person)
        added = replace(person, person_id=self._new_id())
        async with self._changes.of_plan(HUB) as turn:
            await self.people.add(turn, added)
            await turn.append([_of_person(doer, added, "person.add", _told_of_person(added))])
        return added

    async def change_person(self, doer: Doer, person: Person) -> None:
        """Correct somebody of the staff; a change of address asks them to be linked with their account anew.

        Raises:
            KeepingError: not an administrator, or what is wrong.
        """
        _require(doer, Duty.ADMINISTER)
        was = await self.people.get(person.person_id)
        if was is None:
            raise KeepingError("This person is not in the directory any more.")
        await self._check_person(person)
        if was.may_administer and not person.may_administer:
            await self._not_the_last(was)
        if was.email.lower() != person.email.lower():
            person = replace(person, issuer=None, subject=None)
        told = {"before": _told_of_person(was), "after": _told_of_person(person)}
        async with self._changes.of_plan(HUB) as turn:
            await self.people.change(turn, person)
            await turn.append([_of_person(doer, person, "person.change", told)])

    async def owned(self, person_id: str) -> Owned:
        """Return what somebody answers for now."""
        mine = [each.plan for each in await self.plans.panel(person_id, self._now())]
        return Owned([each for each in mine if each.steward == person_id], mine)

    async def deactivate(self, doer: Doer, person_id: str, successor_id: str) -> int:
        """End somebody's access everywhere at once, hand what they answer for to a successor, return how many plans.

        The successor joins each plan of which the person was steward. What the person wrote stays theirs.

        Raises:
            KeepingError: not an administrator, oneself, the last administrator, or nobody to take over.
        """
        _require(doer, Duty.ADMINISTER)
        person = await self.people.get(person_id)
        if person is None or not person.active:
            raise KeepingError("This person is not active.")
        if person_id == doer.person.person_id:
            raise KeepingError("You can't deactivate yourself. Ask another administrator.")
        await self._not_the_last(person)
        owned = await self.owned(person_id)
        successor = await self._successor(person, owned, successor_id)
        if successor is not None:
            for plan in owned.stewarded:
                await self._hand_over(doer, plan, successor)
        async with self._changes.of_sessions() as changing:
            turn = changing.turn
            await self.people.change(turn, replace(person, active=False))
            changing.ended.extend(await self._sessions.end_of_person(turn, person_id, self._now()))
            words: dict[str, JSON] = {"successor": successor_id, "plans": len(owned.plans)}
            await turn.append([_of_person(doer, person, "person.deactivate", words)])
        return len(owned.stewarded)

    async def activate(self, doer: Doer, person_id: str) -> None:
        """Let somebody sign in again.

        Raises:
            KeepingError: not an administrator, or no such person.
        """
        _require(doer, Duty.ADMINISTER)
        person = await self.people.get(person_id)
        if person is None:
            raise KeepingError("This person is not in the directory any more.")
        async with self._changes.of_plan(HUB) as turn:
            await self.people.change(turn, replace(person, active=True))
            await turn.append([_of_person(doer, person, "person.activate", {})])

    async def change_organisation(self, doer: Doer, organisation: Organisation) -> None:
        """Correct an organisation.

        Raises:
            KeepingError: not an administrator.
        """
        _require(doer, Duty.ADMINISTER)
        was = await self.organisations.get(organisation.organisation_id)
        words: dict[str, JSON] = {
            "before": _plain(asdict(was)) if was is not None else {},
            "after": _plain(asdict(organisation)),
        }
        async with self._changes.of_plan(HUB) as turn:
            await self.organisations.change(turn, organisation)
            await turn.append([_of_hub(doer, "organisation.change", organisation.organisation_id, words)])

    async def register(self, doer: Doer, patient: Patient) -> Patient:
        """Register a patient: identity alone.

        Raises:
            KeepingError: not allowed, or a number is somebody else's.
        """
        _require(doer, Duty.REGISTER)
        registered = replace(patient, patient_id=self._new_id())
        await self._check_numbers(registered)
        async with self._changes.of_plan(HUB) as turn:
            await self.patients.add(turn, registered)
            words: dict[str, JSON] = {"after": _told_of_patient(registered)}
            await turn.append([_of_hub(doer, "patient.register", registered.patient_id, words)])
        return registered

    async def change_patient(self, doer: Doer, patient: Patient) -> None:
        """Correct a patient's identity.

        Raises:
            KeepingError: not allowed, no such patient, or a number is somebody else's.
        """
        _require(doer, Duty.REGISTER)
        was = await self.patients.get(patient.patient_id)
        if was is None:
            raise KeepingError("This patient is not registered any more.")
        await self._check_numbers(patient)
        words: dict[str, JSON] = {"before": _told_of_patient(was), "after": _told_of_patient(patient)}
        async with self._changes.of_plan(HUB) as turn:
            await self.patients.change(turn, patient)
            await turn.append([_of_hub(doer, "patient.change", patient.patient_id, words)])

    async def open_plan(self, doer: Doer, patient: Patient, steward_id: str, team: Sequence[str]) -> str:
        """Open a plan for a patient with its steward and team, and return its id.

        Raises:
            KeepingError: not allowed, an open plan is there, or the steward can't be one.
        """
        _require(doer, Duty.OPEN)
        if any(plan.closed is None for plan in await self.plans.of_patients([patient.patient_id])):
            raise KeepingError("This patient has an open plan already.")
        members = await self.people.among([*dict.fromkeys((steward_id, *team))])
        steward = members.get(steward_id)
        if steward is None or not steward.active or steward.role not in STEWARDS:
            raise KeepingError("Choose who answers for the plan: primary care or a care manager.", "steward")
        plan = Plan(
            plan_id=self._new_id(), family=patient.family, given=patient.given, born=None, steward=steward_id,
            patient_id=patient.patient_id, organisation=patient.organisation,
        )  # fmt: skip
        await self._journal.create_plan(plan.plan_id)
        async with self._changes.of_plan(plan.plan_id) as turn:
            await self.plans.add(turn, plan)
            acts = [_of_plan(doer, plan.plan_id, Action.CREATE, "plan.open", {"steward": steward_id})]
            for person in members.values():
                if person.active and person.role in CLINICIANS:
                    await self._participants.add(turn, _part(plan.plan_id, person), added_by=doer.person.person_id)
                    acts.append(_joined(doer, plan.plan_id, person))
            await turn.append(acts)
        return plan.plan_id

    async def join(self, doer: Doer, plan_id: str, person_id: str, *, steward: bool, instead_of: str = "") -> None:
        """Add somebody of the staff to a plan's team, as its steward or in the place of another.

        Raises:
            KeepingError: not allowed, or not somebody who can.
        """
        plan = await self._plan(doer, plan_id, Duty.STAFF)
        person = await self.people.get(person_id)
        if person is None or not person.active or person.role not in CLINICIANS:
            raise KeepingError("Choose somebody of the staff.", "person")
        if steward and person.role not in STEWARDS:
            raise KeepingError("Primary care or a care manager answers for a plan.", "person")
        if instead_of == person_id:
            raise KeepingError("Choose two people: who comes, and who goes.", "instead_of")
        if instead_of == plan.steward and instead_of and not steward:
            raise KeepingError("Name another steward first: this person answers for the plan.", "instead_of")
        async with self._changes.of_plan(plan_id) as turn:
            await self._participants.add(turn, _part(plan_id, person), added_by=doer.person.person_id)
            acts = [_joined(doer, plan_id, person)]
            if steward:
                await self.plans.settle(turn, plan_id, steward=person_id, closed=plan.closed)
                words: dict[str, JSON] = {"before": plan.steward or "", "after": person_id}
                acts.append(_of_plan(doer, plan_id, Action.GRANT, "plan.steward", words))
            if instead_of and await self._participants.remove(turn, plan_id, instead_of, self._now()):
                acts.append(_of_plan(doer, plan_id, Action.REVOKE, "participant.replace", {"person": instead_of}))
            await turn.append(acts)

    async def close(self, doer: Doer, plan_id: str, reason: str, *, again: bool = False) -> None:
        """Close a plan, so that it can only be read, or open it ``again``; with a reason.

        Raises:
            KeepingError: not allowed, or no reason.
        """
        plan = await self._plan(doer, plan_id, Duty.CLOSE)
        if len(reason.strip()) < 3:
            raise KeepingError("Say why, in a few words.", "reason")
        if (plan.closed is None) is again:
            raise KeepingError("The plan is open already." if again else "The plan is closed already.")
        async with self._changes.of_plan(plan_id) as turn:
            closed = None if again else self._now()
            await self.plans.settle(turn, plan_id, steward=plan.steward, closed=closed)
            event = "plan.reopen" if again else "plan.close"
            await turn.append([_of_plan(doer, plan_id, Action.ADMIN, event, {}, reason=reason.strip())])

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

    async def history(self, entry: str) -> list[DirectoryRow]:
        """Return what happened to a person, a patient or an organisation, the newest first."""
        return await happenings(self._engine, entry)

    async def _plan(self, doer: Doer, plan_id: str, duty: Duty) -> Plan:
        plan = await self.plans.get(plan_id)
        if plan is None:
            raise KeepingError("There is no such plan.")
        fault = refusal(await self.keeper(doer, plan), duty)
        if fault:
            async with self._changes.of_plan(plan_id) as turn:
                act = _of_plan(doer, plan_id, Action.REFUSE, f"plan.{duty}", {}, reason=fault)
                await turn.append([_refused(act)])
            raise KeepingError(fault)
        return plan

    async def _hand_over(self, doer: Doer, plan: Plan, successor: Person) -> None:
        async with self._changes.of_plan(plan.plan_id) as turn:
            await self._participants.add(turn, _part(plan.plan_id, successor), added_by=doer.person.person_id)
            await self.plans.settle(turn, plan.plan_id, steward=successor.person_id, closed=plan.closed)
            words: dict[str, JSON] = {"before": plan.steward or "", "after": successor.person_id}
            steward = _of_plan(doer, plan.plan_id, Action.GRANT, "plan.steward", words)
            await turn.append([_joined(doer, plan.plan_id, successor), steward])

    async def _successor(self, person: Person, owned: Owned, successor_id: str) -> Person | None:
        if not owned.stewarded:
            return None
        found = await self.people.get(successor_id)
        usable = found is not None and found.active and found.role in STEWARDS and successor_id != person.person_id
        if not usable:
            count = len(owned.stewarded)
            plans = "1 plan" if count == 1 else f"{count} plans"
            raise KeepingError(f"{person.name} is steward of {plans}. Choose who takes over.", "successor")
        return found

    async def _not_the_last(self, person: Person) -> None:
        if not person.may_administer:
            return
        others = [each for each in await self.people.active() if each.may_administer]
        if [each.person_id for each in others] == [person.person_id]:
            raise KeepingError("This is the last administrator. Make somebody else one first.")

    async def _check_person(self, person: Person) -> None:
        if not person.name:
            raise KeepingError("Enter the name.", "name")
        if "@" not in person.email or person.email.startswith("@") or person.email.endswith("@"):
            raise KeepingError("Enter the e-mail address of the work account.", "email")
        if person.role in PATIENT_SIDE:
            raise KeepingError("Patients and family come by an invitation from the plan.", "role")
        same = [each for each in await self.people.by_email(person.email) if each.person_id != person.person_id]
        if same:
            raise KeepingError(f"{same[0].name} has this address already.", "email")

    async def _check_numbers(self, patient: Patient) -> None:
        for number in patient.numbers:
            holder = await self.patients.with_number(number)
            if holder is not None and holder.patient_id != patient.patient_id:
                raise KeepingError(f"The number {number.value} belongs to {holder.name} already.", "number")


def _refused(act: Act) -> Act:
    """Return the act as one that was refused."""
    return Act(
        plan=act.plan, actor=act.actor, action=act.action, role=act.role, session=act.session, event=act.event,
        reason=act.reason, outcome="refused",
    )  # fmt: skip


def _require(doer: Doer, duty: Duty) -> None:
    person = doer.person
    fault = refusal(Keeper(person.person_id, person.role, person.may_administer), duty)
    if fault:
        raise KeepingError(fault)


def _part(plan_id: str, person: Person) -> Participant:
    return Participant(person.person_id, plan_id, person.name, person.role, person.profession)


def _joined(doer: Doer, plan_id: str, person: Person) -> Act:
    words: dict[str, JSON] = {"name": person.name, "role": person.role.value, "person": person.person_id}
    return _of_plan(doer, plan_id, Action.GRANT, "participant.add", words, entry=person.person_id)


def _of_plan(
    doer: Doer,
    plan_id: str,
    action: Action,
    event: str,
    words: Mapping[str, JSON],
    *,
    reason: str = "",
    entry: str = "",
) -> Act:
    return Act(
        plan=plan_id, actor=doer.person.person_id, action=action, role=doer.person.role, session=doer.session_id,
        event=event, words=words, reason=reason, entry=entry,
    )  # fmt: skip


def _of_hub(doer: Doer, event: str, entry: str, words: Mapping[str, JSON]) -> Act:
    return _of_plan(doer, HUB, Action.ADMIN, event, words, entry=entry)


def _of_person(doer: Doer, person: Person, event: str, words: Mapping[str, JSON]) -> Act:
    return _of_hub(doer, event, person.person_id, words)


def _told_of_person(person: Person) -> dict[str, JSON]:
    names = ("name", "role", "profession", "email", "phone", "locale", "may_audit", "may_administer")
    return {name: _scalar(getattr(person, name)) for name in names}


def _told_of_patient(patient: Patient) -> dict[str, JSON]:
    names = ("family", "given", "born", "gender", "gender_words", "called", "language", "interpreter", "phone",
             "address", "deceased")  # fmt: skip
    told: dict[str, JSON] = {name: _scalar(getattr(patient, name)) for name in names}
    return told | {"numbers": [each.value for each in patient.numbers]}


def _plain(values: Mapping[str, object]) -> dict[str, JSON]:
    return {name: _scalar(value) for name, value in values.items()}


def _scalar(value: object) -> JSON:
    return value if isinstance(value, bool) else str(value)
