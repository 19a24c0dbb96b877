"""Keeping the directory over the real store: who may, what is handed over, and that each act is a row."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from auth.roles import Participant, Role
from hub.access.changes import AccessChanges
from hub.access.keeping import Keeping
from hub.access.keeping_rows import Doer, KeepingError
from hub.directory.births import BirthDate
from hub.ids import HUB, new_id
from hub.store.engine import create_engine
from hub.store.migrating import migrate
from hub.store.migrations import versions
from hub.store.patients import Number, RegisteredPatient
from hub.store.units import Unit
from tests.hub.store.conftest import Store, an_act

pytestmark = pytest.mark.anyio

ISLAND = "Pacific/Honolulu"


@pytest.fixture
def keeping(store: Store) -> Keeping:
    return Keeping(store.engine, store.journal, AccessChanges(store.journal), lambda: datetime.now(UTC), new_id)


async def doer_of(store: Store, role: Role, name: str, *, may_administer: bool = False) -> Doer:
    return Doer(await store.a_person(role, name=name, may_administer=may_administer))  # type: ignore[arg-type]


def mary(organisation: str, **more: object) -> RegisteredPatient:
    told = {"family": "Whitfield", "given": "Mary", "born": BirthDate(1956, 5, 14)} | more
    return RegisteredPatient(patient_id="", organisation=organisation, **told)  # type: ignore[arg-type]


async def test_a_plan_is_opened_for_a_patient_with_its_team_and_each_act_is_a_row(
    store: Store, keeping: Keeping
) -> None:
    admin = await doer_of(store, Role.ADMIN, "Jonas Falk", may_administer=True)
    nurse = await store.a_person(Role.CARE_MANAGER, name="Grace Kim")
    home = await keeping.organisations.default()

    patient = await keeping.register(admin, mary(home.organisation_id, numbers=(Number(home.number_system, "12-34"),)))
    plan_id = await keeping.care.open_plan(admin, patient, nurse.person_id, [])

    plan = await store.plans.get(plan_id)
    assert plan is not None
    assert (plan.family, plan.mrn, plan.steward, plan.time_zone) == ("Whitfield", "12-34", nurse.person_id, "UTC")
    rows = await store.journal.since(plan_id, 0)
    assert [row.event for row in rows] == ["plan.open", "participant.add"]
    assert await store.plans.by_number("12 34", patient.born.whole) == plan
    assert [row.event for row in await keeping.history(patient.patient_id)] == ["patient.register"]
    with pytest.raises(KeepingError, match="open plan already"):
        await keeping.care.open_plan(admin, patient, nurse.person_id, [])


async def test_a_plan_begins_with_everybody_of_a_unit_and_its_steward(store: Store, keeping: Keeping) -> None:
    admin = await doer_of(store, Role.ADMIN, "Jonas Falk", may_administer=True)
    nurse, doctor = [await store.a_person(role, name=name) for role, name in
                     ((Role.CARE_MANAGER, "Grace Kim"), (Role.PRIMARY_CARE, "Elena Ruiz"))]  # fmt: skip
    home = (await keeping.organisations.default()).organisation_id
    typed = Unit(unit_id="", organisation=home, name="Heart clinic", members=[doctor.person_id, admin.person.person_id])

    with pytest.raises(KeepingError, match="Only an administrator"):
        await keeping.keep_unit(Doer(nurse), typed)
    await keeping.keep_unit(admin, typed)
    (unit,) = await keeping.units.all()
    patient = await keeping.register(admin, mary(home))
    plan_id = await keeping.care.open_plan(
        admin, patient, nurse.person_id, [], unit_id=unit.unit_id, template="heart-failure"
    )

    assert {each.name for each in await keeping.care.team(plan_id)} == {"Grace Kim", "Elena Ruiz"}
    plan = await store.plans.get(plan_id)
    assert plan is not None
    assert plan.template == "heart-failure"
    await keeping.care.leave_out(Doer(nurse), plan_id)
    assert (await store.plans.get(plan_id)).template == ""  # type: ignore[union-attr]
    await keeping.keep_unit(admin, replace(unit, ended=datetime.now(UTC)))
    assert await keeping.units.all() == []
    with pytest.raises(KeepingError, match="no such template"):
        await keeping.care.open_plan(admin, patient, nurse.person_id, [], template="nothing")


async def test_a_number_belongs_to_one_patient_of_its_system_and_to_others_of_another(
    store: Store, keeping: Keeping
) -> None:
    admin = await doer_of(store, Role.ADMIN, "Jonas Falk", may_administer=True)
    home = (await keeping.organisations.default()).organisation_id
    await keeping.register(admin, mary(home, numbers=(Number("urn:one", "7"),)))

    await keeping.register(admin, mary(home, numbers=(Number("urn:two", "7"),)))

    with pytest.raises(KeepingError, match="belongs to Mary Whitfield"):
        await keeping.register(admin, mary(home, numbers=(Number("urn:one", " 7"),)))


@pytest.mark.parametrize("role", [Role.PHARMACIST, Role.SOCIAL_WORKER, Role.AUDITOR, Role.ADMIN, Role.FAMILY])
async def test_who_may_not_register_registers_nobody(store: Store, keeping: Keeping, role: Role) -> None:
    other = await doer_of(store, role, "Somebody")

    with pytest.raises(KeepingError):
        await keeping.register(other, mary((await keeping.organisations.default()).organisation_id))
    assert await keeping.patients.count() == 0


async def test_a_steward_who_leaves_hands_over_and_loses_every_session(store: Store, keeping: Keeping) -> None:
    admin = await doer_of(store, Role.ADMIN, "Jonas Falk", may_administer=True)
    nurse, doctor = [await store.a_person(role, name=name) for role, name in
                     ((Role.CARE_MANAGER, "Grace Kim"), (Role.PRIMARY_CARE, "Elena Ruiz"))]  # fmt: skip
    home = await keeping.organisations.default()
    patient = await keeping.register(admin, mary(home.organisation_id))
    plan_id = await keeping.care.open_plan(admin, patient, nurse.person_id, [])

    with pytest.raises(KeepingError, match="Choose who takes over"):
        await keeping.deactivate(admin, nurse.person_id, "")
    assert await keeping.deactivate(admin, nurse.person_id, doctor.person_id) == 1

    plan = await store.plans.get(plan_id)
    assert plan is not None
    assert plan.steward == doctor.person_id
    part = await store.participants.load(plan_id, nurse.person_id, datetime.now(UTC))
    assert part is not None
    assert part.removed
    with pytest.raises(KeepingError, match="can't deactivate yourself"):
        await keeping.deactivate(admin, admin.person.person_id, "")
    with pytest.raises(KeepingError, match="last administrator"):
        await keeping.change_person(admin, replace(admin.person, email="j@falk.example", may_administer=False))


async def test_a_plan_is_closed_by_its_steward_alone_and_then_only_read(store: Store, keeping: Keeping) -> None:
    admin = await doer_of(store, Role.ADMIN, "Jonas Falk", may_administer=True)
    nurse = await doer_of(store, Role.CARE_MANAGER, "Grace Kim")
    patient = await keeping.register(admin, mary((await keeping.organisations.default()).organisation_id))
    plan_id = await keeping.care.open_plan(admin, patient, nurse.person.person_id, [])

    with pytest.raises(KeepingError, match="steward and primary care"):
        await keeping.care.close(admin, plan_id, "moved away")
    with pytest.raises(KeepingError, match="Say why"):
        await keeping.care.close(nurse, plan_id, " ")
    await keeping.care.close(nurse, plan_id, "moved away")

    part = await store.participants.load(plan_id, nurse.person.person_id, datetime.now(UTC))
    assert part is not None
    assert part.closed
    assert await store.plans.panel(nurse.person.person_id, datetime.now(UTC)) == []
    await keeping.care.close(nurse, plan_id, "came back", again=True)
    assert len(await store.plans.panel(nurse.person.person_id, datetime.now(UTC))) == 1


async def test_who_redeems_as_the_patient_is_the_plans_patient_and_nobody_after_them(store: Store) -> None:
    plan, person, other = await store.a_plan(), await store.a_person(Role.PATIENT), await store.a_person(Role.PATIENT)
    async with store.journal.exclusively(plan.plan_id) as turn:
        part = Participant(person.person_id, plan.plan_id, person.name, Role.PATIENT)
        await store.participants.add(turn, part, added_by=person.person_id)
        assert await store.plans.belongs_to(turn, plan.plan_id, person.person_id)
        assert not await store.plans.belongs_to(turn, plan.plan_id, other.person_id)
        await turn.append([an_act(plan.plan_id)])

    found = await store.participants.load(plan.plan_id, person.person_id, datetime.now(UTC))
    assert found is not None
    assert found.patient_id == person.person_id


async def test_names_are_found_without_marks_and_listed_where_a_reader_looks(store: Store) -> None:
    for name in ("Zora Zimmer", "Álvarez, Ana", "Élodie Ångström"):
        await store.a_person(Role.SPECIALIST, name=name)

    assert [each.name for each in await store.people.matching("alvarez", 5)] == ["Álvarez, Ana"]
    assert [each.name for each in await store.people.matching("Élodie", 5)] == ["Élodie Ångström"]
    assert [each.name for each in await store.people.active()] == ["Álvarez, Ana", "Élodie Ångström", "Zora Zimmer"]
    assert await store.people.matching("%", 5) == []


async def test_old_plans_keep_their_patients_through_the_migration(empty_database: str) -> None:
    owner = create_engine(empty_database)
    folder = Path(versions.__file__).parent
    async with owner.begin() as connection:
        for number in ("0001_first", "0002_inviting", "0003_huddles", "0004_audit", "0005_invited_to_a_referral"):
            script = (folder / f"{number}.sql").read_text()
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            if number == "0001_first":
                await driver.execute("create table alembic_version (version_num text)")
            await driver.execute(script)
        await connection.execute(sa.text("insert into alembic_version values ('0005')"))
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute(OLD)

    await migrate(owner)

    async with owner.connect() as connection:
        rows = (await connection.execute(sa.text(NOW))).all()
    await owner.dispose()
    assert [tuple(row) for row in rows] == [
        ("plan-1", "Whitfield", "1956-05-14", "mary", "12 34", False),
        ("plan-2", "Suharto", "1950-01-01", None, None, False),
    ]


OLD = """
insert into person (id, name, role) values ('mary', 'Mary Whitfield', 'patient');
insert into plan (id, family, given, born, mrn, patient) values
    ('plan-1', 'Whitfield', 'Mary', '1956-05-14', '12 34', 'mary'), ('plan-2', '', 'Suharto', '1950-01-01', '', null);
"""
NOW = """
select plan.id, patient.family, patient.born, patient.person, identifier.value, patient.search_key = ''
  from plan join patient on patient.id = plan.subject left join identifier on identifier.patient = patient.id
 order by plan.id
"""


async def test_the_organisations_zone_is_its_plans_zone(store: Store, keeping: Keeping) -> None:
    admin = await doer_of(store, Role.ADMIN, "Jonas Falk", may_administer=True)
    nurse = await store.a_person(Role.CARE_MANAGER, name="Grace Kim")
    home = await keeping.organisations.default()
    other = replace(home, organisation_id=new_id(), number_system="urn:other", name="Island", time_zone=ISLAND)
    async with store.journal.exclusively(HUB) as turn:
        await keeping.organisations.add(turn, other)
        await turn.append([an_act(HUB)])

    await keeping.change_organisation(admin, replace(home, time_zone="America/New_York"))
    patient = await keeping.register(admin, mary(other.organisation_id))
    plan_id = await keeping.care.open_plan(admin, patient, nurse.person_id, [])

    assert (await store.plans.zones())[:2] == ("America/New_York", {plan_id: ISLAND})
