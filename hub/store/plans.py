"""Plans and the patient each is for; what a person's panel needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.roles import Role
from hub.directory.births import BirthDate, birth_date, reaches_age
from hub.directory.houses import House, house_of
from hub.directory.names import number_key
from hub.ids import new_id
from hub.record.journal import Turn
from hub.store.away import away
from hub.store.engine import connected, connection_of
from hub.store.patients import (
    Number,
    Patients,
    RegisteredPatient,
    named_like,
    numbered,
    own_number,
    whole_date,
)
from hub.store.tables import head, identifier, organisation, participant, patient
from hub.store.tables import plan as table

PANEL_PLANS_MAX: Final = 2_000
"""A panel counts no more, and says so; nobody follows more patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A care plan with its patient, as the banner names them. What is agreed stands in the sections, not here."""

    plan_id: str
    family: str
    given: str
    born: date | None
    """``None`` where the date is not known, or only in part: ``born_words`` says what is known of it."""
    gender: str = "unknown"
    mrn: str = ""
    """The patient's number at the organisation that registered them."""
    language: str = "en"
    phone: str = ""
    steward: str | None = None
    """The person who answers for the plan being kept."""
    patient: str | None = None
    """The patient's own person, where they sign in."""
    patient_id: str = ""
    """The patient as registered; empty for a plan that is added together with its patient."""
    organisation: str = ""
    """The home organisation; empty: the default one."""
    time_zone: str = "UTC"
    """The home organisation's."""
    emergency_number: str = "911"
    """The home organisation's, as are the telephones of its day and its night."""
    day_phone: str = ""
    night_phone: str = ""
    born_words: str = ""
    closed: datetime | None = None
    template: str = ""
    """What it was opened with, as far as nobody decided to leave it out."""
    archived: datetime | None = None
    deceased: str = ""
    """The day on which the patient died, ``""`` for the living."""
    moved: str = ""
    """Where the patient moved to."""
    same_as: str | None = None
    """The record that goes on for the same human being."""
    majority_age: int = 18
    """Where the home organisation is."""

    @property
    def of_age(self) -> datetime | None:
        """When the patient comes of age at home; ``None`` where the year of birth is not known."""
        return reaches_age(birth_date(self.born_words), self.majority_age, ZoneInfo(self.time_zone))

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}".strip()


@dataclass(frozen=True, slots=True)
class PanelPlan:
    """A plan as one person's panel shows it."""

    plan: Plan
    role: Role
    seq: int
    """The end of the plan's journal."""


_COLUMNS: Final = (
    table.c.id.label("plan_id"),
    patient.c.family,
    patient.c.given,
    patient.c.born,
    patient.c.gender,
    sa.func.coalesce(own_number(), "").label("mrn"),
    patient.c.language,
    patient.c.phone,
    table.c.steward,
    patient.c.person.label("patient"),
    table.c.subject.label("patient_id"),
    table.c.organisation,
    organisation.c.time_zone,
    organisation.c.emergency_number,
    organisation.c.phone.label("day_phone"),
    organisation.c.phone_after_hours.label("night_phone"),
    table.c.closed,
    table.c.template,
    table.c.archived,
    patient.c.deceased,
    patient.c.moved,
    patient.c.same_as,
    organisation.c.majority_age,
)
_HOUSE: Final = (
    organisation.c.id,
    organisation.c.time_zone,
    organisation.c.opening,
    organisation.c.holidays,
    organisation.c.answer_hours,
)

_BY_NAME: Final = (patient.c.sort_key, table.c.id)


def _plans(*more: sa.ColumnElement[object]) -> sa.Select[tuple[object, ...]]:
    query = sa.select(*_COLUMNS, *more).join(patient, patient.c.id == table.c.subject)
    return query.join(organisation, organisation.c.id == table.c.organisation)


class Plans:
    """Plans as rows. A plan's journal is made first (``Journal.create_plan``), then the plan in its first turn."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._patients = Patients(engine)

    async def add(self, turn: Turn, plan: Plan) -> None:
        """Add a plan that is not there yet; with its patient, where that is not said to be one already registered."""
        connection = connection_of(turn)
        home = sa.select(organisation.c.id, organisation.c.number_system).order_by(
            organisation.c.created, organisation.c.id
        )
        if plan.organisation:
            home = home.where(organisation.c.id == plan.organisation)
        row = (await connection.execute(home.limit(1))).one()
        subject = plan.patient_id
        if not subject and plan.patient:
            found = await connection.scalar(sa.select(patient.c.id).where(patient.c.person == plan.patient))
            subject = str(found) if found is not None else ""
        if not subject:
            subject = new_id()
            numbers = (Number(row.number_system, plan.mrn),) if plan.mrn else ()
            await self._patients.add(turn, _subject(plan, subject, row.id, numbers))
        values = {"id": plan.plan_id, "steward": plan.steward, "organisation": row.id, "subject": subject,
                  "template": plan.template}  # fmt: skip
        await connection.execute(sa.insert(table).values(values))

    async def get(self, plan_id: str) -> Plan | None:
        """Return the plan of that id."""
        return (await self.among([plan_id])).get(plan_id)

    async def born_and_sex(self, plan_id: str) -> tuple[date | None, str]:
        """Return the patient's day of birth and sex as far as they are known, for rules of an age.

        Raises:
            JournalAwayError: the store can't be reached.
        """
        with away():
            plan = await self.get(plan_id)
        return (plan.born, plan.gender) if plan is not None else (None, "")

    async def by_number(self, number: str, born: date | None) -> Plan | None:
        """Return the plan of the patient with this record number, however it is spaced, and this whole date of birth.

        Numbers of two organisations may be the same; where two patients share number and date, none is returned.
        """
        if born is None or not number_key(number):
            return None
        theirs = sa.exists().where((identifier.c.patient == patient.c.id) & (identifier.c.key == number_key(number)))
        query = (
            _plans().where(theirs, patient.c.born == born.isoformat()).order_by(table.c.closed.nulls_first()).limit(20)
        )
        async with connected(self._engine) as connection:
            found = [_plan(row) for row in await connection.execute(query)]
        return found[0] if len({each.patient_id for each in found}) == 1 else None

    async def matching(self, text: str, limit: int) -> list[Plan]:
        """Return plans whose patient's name holds the text's words, or whose record number or id it is, by name."""
        where = named_like(patient.c.search_key, text) | numbered(patient.c.id, text) | (table.c.id == text)
        query = _plans().where(where).order_by(*_BY_NAME).limit(limit)
        async with connected(self._engine) as connection:
            return [_plan(row) for row in await connection.execute(query)]

    async def of_patients(self, patient_ids: Sequence[str]) -> list[Plan]:
        """Return the plans of these patients, open ones first."""
        query = _plans().where(table.c.subject.in_(patient_ids)).order_by(table.c.closed.nulls_first(), table.c.created)
        async with connected(self._engine) as connection:
            return [_plan(row) for row in await connection.execute(query.limit(PANEL_PLANS_MAX))]

    async def among(self, plan_ids: Sequence[str]) -> dict[str, Plan]:
        """Return the plans of those ids that exist, by id."""
        query = _plans().where(table.c.id.in_(plan_ids)).limit(PANEL_PLANS_MAX)
        async with connected(self._engine) as connection:
            return {plan.plan_id: plan for plan in map(_plan, await connection.execute(query))}

    async def at_home(self, organisation_id: str, *, after: str = "", limit: int) -> list[Plan]:
        """Return plans at home in an organisation that are not in the archive, in the order of their ids."""
        mine = (table.c.organisation == organisation_id) & table.c.archived.is_(None) & (table.c.id > after)
        async with connected(self._engine) as connection:
            rows = await connection.execute(_plans().where(mine).order_by(table.c.id).limit(limit))
            return [_plan(row) for row in rows]

    async def all_ids(self, *, after: str = "", limit: int = PANEL_PLANS_MAX) -> list[str]:
        """Return ids of plans in their order, from after one: for jobs that walk all of them."""
        query = sa.select(table.c.id).where(table.c.id > after).order_by(table.c.id).limit(limit)
        async with connected(self._engine) as connection:
            return list(await connection.scalars(query))

    async def panel(self, person_id: str, now: datetime) -> list[PanelPlan]:
        """Return the open plans the person is a member of at ``now``, by the patients' names."""
        query = (
            _plans(participant.c.role, head.c.seq)
            .join(participant, participant.c.plan == table.c.id)
            .join(head, head.c.plan == table.c.id)
            .where(participant.c.person == person_id)
            .where(participant.c.removed.is_(None))
            .where(participant.c.since <= now)
            .where(participant.c.ends.is_(None) | (participant.c.ends > now))
            .where(table.c.closed.is_(None))
            .order_by(*_BY_NAME)
            .limit(PANEL_PLANS_MAX)
        )
        async with connected(self._engine) as connection:
            return [PanelPlan(_plan(row), Role(row.role), row.seq) for row in await connection.execute(query)]

    async def zones(self) -> tuple[str, dict[str, str], House, dict[str, House]]:
        """Return the default organisation's zone and house; by id the zones and houses of plans at home elsewhere."""
        query = sa.select(*_HOUSE).order_by(organisation.c.created, organisation.c.id)
        async with connected(self._engine) as connection:
            homes = {row.id: row for row in (await connection.execute(query)).all()}
            first = next(iter(homes.values()), None)
            if first is None:
                return "UTC", {}, House(), {}
            away = sa.select(table.c.id, table.c.organisation).where(table.c.organisation != first.id)
            rows = (await connection.execute(away)).all()
        houses = {each: _house(row._mapping) for each, row in homes.items()}
        elsewhere = {row.id: homes[row.organisation].time_zone for row in rows}
        return (
            first.time_zone,
            {plan_id: zone for plan_id, zone in elsewhere.items() if zone != first.time_zone},
            houses[first.id],
            {row.id: houses[row.organisation] for row in rows},
        )

    async def settle(self, turn: Turn, plan_id: str, *, steward: str | None, closed: datetime | None) -> None:
        """Name who answers for the plan, and whether and when it was closed."""
        values = {"steward": steward, "closed": closed}
        await connection_of(turn).execute(sa.update(table).where(table.c.id == plan_id).values(values))

    async def move(self, turn: Turn, plan_id: str, organisation_id: str) -> None:
        """Give the plan another home organisation, whose clock it has from now on."""
        moved = sa.update(table).where(table.c.id == plan_id).values(organisation=organisation_id)
        await connection_of(turn).execute(moved)

    async def archive(self, turn: Turn, plan_id: str, archived: datetime | None) -> None:
        """Say since when the plan is in the archive."""
        await connection_of(turn).execute(sa.update(table).where(table.c.id == plan_id).values(archived=archived))

    async def begin_with(self, turn: Turn, plan_id: str, template: str) -> None:
        """Name the template that the plan begins with, ``""`` for none."""
        await connection_of(turn).execute(sa.update(table).where(table.c.id == plan_id).values(template=template))

    async def belongs_to(self, turn: Turn, plan_id: str, person_id: str) -> bool:
        """Make the person the one who signs in as the plan's patient; False where somebody else is that already."""
        subject = sa.select(table.c.subject).where(table.c.id == plan_id).scalar_subquery()
        free = patient.c.person.is_(None) | (patient.c.person == person_id)
        mine = sa.update(patient).where(patient.c.id == subject, free).values(person=person_id).returning(patient.c.id)
        return (await connection_of(turn).execute(mine)).first() is not None


def _house(told: sa.RowMapping) -> House:
    return house_of(told["opening"], told["holidays"], told["answer_hours"])


def _subject(plan: Plan, patient_id: str, home: str, numbers: tuple[Number, ...]) -> RegisteredPatient:
    born = BirthDate(plan.born.year, plan.born.month, plan.born.day) if plan.born is not None else BirthDate()
    return RegisteredPatient(
        patient_id=patient_id,
        organisation=home,
        family=plan.family,
        given=plan.given,
        born=born,
        gender=plan.gender,
        language=plan.language,
        phone=plan.phone,
        person=plan.patient,
        numbers=numbers,
    )


def _plan(row: sa.Row[tuple[object, ...]]) -> Plan:
    values = {name: row._mapping[name] for name in (column.key for column in _COLUMNS)}
    born = str(values.pop("born"))
    return Plan(born=whole_date(born), born_words=born, **values)
