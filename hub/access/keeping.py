"""Keeping the directory: staff, organisations, patients and their plans; each act in one transaction with its row.

Rows about people, patients and organisations stand in the hub's own journal, those about a plan in the plan's. Who may
do what is asked of ``auth.registry`` here, so that no page can forget it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from auth.registry import Duty
from auth.roles import CLINICIANS, PATIENT_SIDE
from hub.access.changes import AccessChanges
from hub.access.keeping_lives import Lives
from hub.access.keeping_plans import PlanKeeping
from hub.access.keeping_rows import STEWARDS, Doer, KeepingError, hub_row, joined_row, part_of, plan_row, require
from hub.access.standing_in import StandingIn
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action, Journal
from hub.store.engine import Engine
from hub.store.happenings import DirectoryRow, happenings
from hub.store.organisations import Organisation, Organisations
from hub.store.participants import Participants
from hub.store.patients import Patients, RegisteredPatient
from hub.store.people import People, Person
from hub.store.plans import Plan, Plans
from hub.store.sessions import Sessions
from hub.store.units import Unit, Units


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
        self.patients, self.plans, self.units = Patients(engine), Plans(engine), Units(engine)
        self.care = PlanKeeping(engine, journal, changes, now, new_id)
        self.standing_in = StandingIn(engine, changes, now, new_id)
        self.lives = Lives(engine, changes, self.care, now, new_id)
        self._participants, self._sessions = Participants(engine), Sessions(engine)

    async def add_person(self, doer: Doer, person: Person) -> Person:
        """Add somebody of the staff, who then signs in with their work account by this address.

        Raises:
            KeepingError: not an administrator, no name or address, or somebody has the address already.
        """
        require(doer, Duty.ADMINISTER)
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
        require(doer, Duty.ADMINISTER)
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
        require(doer, Duty.ADMINISTER)
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

    async def hand_over(self, doer: Doer, person_id: str, successor_id: str) -> int:
        """Hand over the plans of somebody who can't sign in any more, and return how many.

        Raises:
            KeepingError: not an administrator, or nobody to take over.
        """
        require(doer, Duty.ADMINISTER)
        person = await self.people.get(person_id)
        if person is None or person.active:
            raise KeepingError("This person is active, and hands over their plans on their own.")
        owned = await self.owned(person_id)
        successor = await self._successor(person, owned, successor_id)
        for plan in owned.stewarded if successor is not None else ():
            assert successor is not None, "asked in the line above"
            await self._hand_over(doer, plan, successor)
        return len(owned.stewarded)

    async def activate(self, doer: Doer, person_id: str) -> None:
        """Let somebody sign in again.

        Raises:
            KeepingError: not an administrator, or no such person.
        """
        require(doer, Duty.ADMINISTER)
        person = await self.people.get(person_id)
        if person is None:
            raise KeepingError("This person is not in the directory any more.")
        async with self._changes.of_plan(HUB) as turn:
            await self.people.change(turn, replace(person, active=True))
            await turn.append([_of_person(doer, person, "person.activate", {})])

    async def add_organisation(self, doer: Doer, name: str) -> Organisation:
        """Add an organisation, with the clock, language and ages of the first one until they are changed.

        Raises:
            KeepingError: not an administrator, no name, or one that is there.
        """
        require(doer, Duty.ADMINISTER)
        every = await self.organisations.all()
        if not name:
            raise KeepingError("Enter the name of the organisation.", "added")
        if any(each.name.casefold() == name.casefold() for each in every):
            raise KeepingError("There is an organisation of this name already.", "added")
        made = self._new_id()
        first = every[0]
        added = Organisation(
            organisation_id=made, name=name, number_system=f"urn:uuid:{made}", time_zone=first.time_zone,
            language=first.language, emergency_number=first.emergency_number, confidential_age=first.confidential_age,
            majority_age=first.majority_age,
        )  # fmt: skip
        async with self._changes.of_plan(HUB) as turn:
            await self.organisations.add(turn, added)
            await turn.append([hub_row(doer, "organisation.add", made, {"name": name})])
        return added

    async def change_organisation(self, doer: Doer, organisation: Organisation) -> None:
        """Correct an organisation.

        Raises:
            KeepingError: not an administrator.
        """
        require(doer, Duty.ADMINISTER)
        was = await self.organisations.get(organisation.organisation_id)
        words: dict[str, JSON] = {
            "before": _plain(asdict(was)) if was is not None else {},
            "after": _plain(asdict(organisation)),
        }
        async with self._changes.of_plan(HUB) as turn:
            await self.organisations.change(turn, organisation)
            await turn.append([hub_row(doer, "organisation.change", organisation.organisation_id, words)])

    async def keep_unit(self, doer: Doer, unit: Unit) -> None:
        """Add a unit, where it has no id yet, or change its name and members, or end it.

        Raises:
            KeepingError: not an administrator, no name, or no member who takes part in care.
        """
        require(doer, Duty.ADMINISTER)
        members = await self.people.among(unit.members)
        chosen = tuple(each.person_id for each in members.values() if each.active and each.role in CLINICIANS)
        if not unit.name:
            raise KeepingError("Enter the name of the unit.", "name")
        if not chosen and unit.ended is None:
            raise KeepingError("Choose who belongs to the unit.", "members")
        was = await self.units.get(unit.unit_id) if unit.unit_id else None
        kept = replace(unit, unit_id=unit.unit_id or self._new_id(), members=chosen)
        names: list[JSON] = [*sorted(members[each].name for each in chosen)]
        event = "unit.add" if was is None else "unit.end" if kept.ended is not None else "unit.change"
        async with self._changes.of_plan(HUB) as turn:
            await self.units.keep(turn, kept)
            await turn.append([hub_row(doer, event, kept.unit_id, {"name": kept.name, "members": names})])

    async def register(self, doer: Doer, patient: RegisteredPatient) -> RegisteredPatient:
        """Register a patient: identity alone.

        Raises:
            KeepingError: not allowed, or a number is somebody else's.
        """
        require(doer, Duty.REGISTER)
        registered = replace(patient, patient_id=self._new_id())
        await self._check_numbers(registered)
        async with self._changes.of_plan(HUB) as turn:
            await self.patients.add(turn, registered)
            words: dict[str, JSON] = {"after": _told_of_patient(registered)}
            await turn.append([hub_row(doer, "patient.register", registered.patient_id, words)])
        return registered

    async def keep_patients(
        self, doer: Doer, patients: Sequence[tuple[RegisteredPatient | None, RegisteredPatient]]
    ) -> None:
        """Register these patients, where nobody was before, and correct the others: all in one turn, each with its row.

        Raises:
            KeepingError: not allowed.
        """
        require(doer, Duty.REGISTER)
        rows: list[Act] = []
        async with self._changes.of_plan(HUB) as turn:
            for was, now in patients:
                kept = now if was is not None else replace(now, patient_id=self._new_id())
                await (self.patients.add(turn, kept) if was is None else self.patients.change(turn, kept))
                words: dict[str, JSON] = {"after": _told_of_patient(kept)}
                if was is not None:
                    words["before"] = _told_of_patient(was)
                event = "patient.register" if was is None else "patient.change"
                rows.append(hub_row(doer, event, kept.patient_id, words))
            await turn.append(rows)

    async def change_patient(self, doer: Doer, patient: RegisteredPatient) -> None:
        """Correct a patient's identity.

        Raises:
            KeepingError: not allowed, no such patient, or a number is somebody else's.
        """
        require(doer, Duty.REGISTER)
        was = await self.patients.get(patient.patient_id)
        if was is None:
            raise KeepingError("This patient is not registered any more.")
        await self._check_numbers(patient)
        words: dict[str, JSON] = {"before": _told_of_patient(was), "after": _told_of_patient(patient)}
        async with self._changes.of_plan(HUB) as turn:
            await self.patients.change(turn, patient)
            await turn.append([hub_row(doer, "patient.change", patient.patient_id, words)])

    async def history(self, entry: str) -> list[DirectoryRow]:
        """Return what happened to a person, a patient or an organisation, the newest first."""
        return await happenings(self._engine, entry)

    async def _hand_over(self, doer: Doer, plan: Plan, successor: Person) -> None:
        async with self._changes.of_plan(plan.plan_id) as turn:
            await self._participants.add(turn, part_of(plan.plan_id, successor), added_by=doer.person.person_id)
            await self.plans.settle(turn, plan.plan_id, steward=successor.person_id, closed=plan.closed)
            words: dict[str, JSON] = {"before": plan.steward or "", "after": successor.person_id}
            steward = plan_row(doer, plan.plan_id, Action.GRANT, "plan.steward", words)
            await turn.append([joined_row(doer, plan.plan_id, successor), steward])

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

    async def _check_numbers(self, patient: RegisteredPatient) -> None:
        for number in patient.numbers:
            holder = await self.patients.with_number(number)
            if holder is not None and holder.patient_id != patient.patient_id:
                raise KeepingError(f"The number {number.value} belongs to {holder.name} already.", "number")


def _of_person(doer: Doer, person: Person, event: str, words: Mapping[str, JSON]) -> Act:
    return hub_row(doer, event, person.person_id, words)


def _told_of_person(person: Person) -> dict[str, JSON]:
    names = ("name", "role", "profession", "email", "phone", "locale", "may_audit", "may_administer")
    return {name: _scalar(getattr(person, name)) for name in names}


def _told_of_patient(patient: RegisteredPatient) -> dict[str, JSON]:
    names = ("family", "given", "born", "gender", "gender_words", "called", "language", "interpreter", "phone",
             "address", "deceased")  # fmt: skip
    told: dict[str, JSON] = {name: _scalar(getattr(patient, name)) for name in names}
    return told | {"numbers": [each.value for each in patient.numbers]}


def _plain(values: Mapping[str, object]) -> dict[str, JSON]:
    return {name: _scalar(value) for name, value in values.items()}


def _scalar(value: object) -> JSON:
    return value if isinstance(value, bool) else str(value)
