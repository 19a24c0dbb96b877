"""Who takes part, with what consents, for how long: as loaded for ``decide``, and as the poll of grants sees it."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from auth.break_glass import BreakGlass, Verdict, break_glass, review
from auth.consents import Consent, How
from auth.roles import Narrowing, Participant, Role
from crdt.sections import Section
from hub.ids import HUB, new_id
from hub.store.break_glass import EmergencyReadings
from hub.store.consents import Consents
from hub.store.people import Person
from hub.store.plans import Plan
from tests.hub.store.conftest import Store, an_act

pytestmark = pytest.mark.anyio


async def a_consent(
    store: Store, plan: Plan, person: Person, narrowing: Narrowing | None, *, later: int = 0
) -> Consent:
    consent = Consent(
        plan_id=plan.plan_id,
        person_id=person.person_id,
        section=Section.GOALS,
        narrowing=narrowing,
        agreed_by=person.person_id,
        recorded_by=person.person_id,
        how=How.WRITTEN,
        text_version="2026-11",
        recorded=store.now + timedelta(seconds=later),
    )
    async with store.journal.exclusively(plan.plan_id) as turn:
        await Consents(store.engine).record(turn, consent)
        await turn.append([an_act(plan.plan_id)])
    return consent


async def a_reading(store: Store, plan: Plan, person: Person, *, ago: timedelta = timedelta()) -> BreakGlass:
    glass = break_glass(
        plan_id=plan.plan_id, person_id=person.person_id, name=person.name, role=person.role,
        profession="cardiology", reason="Chest pain in the emergency room", reauthenticated=True, now=store.now - ago,
    )  # fmt: skip
    assert isinstance(glass, BreakGlass)
    async with store.journal.exclusively(plan.plan_id) as turn:
        await EmergencyReadings(store.engine).add(turn, glass)
        await turn.append([an_act(plan.plan_id)])
    return glass


async def test_a_participant_is_loaded_whole(store: Store) -> None:
    patient = await store.a_person(Role.PATIENT, name="Mary Okafor")
    person = await store.a_person(Role.FAMILY, name="Ada Okafor", profession="daughter")
    plan = await store.a_plan(patient=patient)
    ends = store.now + timedelta(days=30)
    chosen = frozenset({Section.GOALS, Section.TASKS})
    await store.a_member(plan, person, since=store.now, ends=ends, sections=chosen)
    await a_consent(store, plan, person, Narrowing("read", ends))

    found = await store.participants.load(plan.plan_id, person.person_id, store.now)

    assert found == Participant(
        person.person_id, plan.plan_id, "Ada Okafor", Role.FAMILY, "daughter", since=store.now, ends=ends,
        sections=chosen, consents={Section.GOALS: Narrowing("read", ends)}, patient_id=patient.person_id,
    )  # fmt: skip
    assert await store.participants.of_plan(plan.plan_id, store.now) == [found]


async def test_who_was_never_let_in_is_not_found(store: Store) -> None:
    person, plan, other = await store.a_person(), await store.a_plan(), await store.a_plan()
    await store.a_member(other, person)

    assert await store.participants.load(plan.plan_id, person.person_id, store.now) is None
    assert await store.participants.load(new_id(), person.person_id, store.now) is None
    assert await store.participants.load(plan.plan_id, new_id(), store.now) is None


async def test_the_latest_consent_counts_and_can_be_taken_back(store: Store) -> None:
    person, plan = await store.a_person(), await store.a_plan()
    await store.a_member(plan, person)

    for later, narrowing in enumerate([Narrowing("none"), Narrowing("read"), None]):
        await a_consent(store, plan, person, narrowing, later=later)
        found = await store.participants.load(plan.plan_id, person.person_id, store.now)
        assert found is not None
        assert found.consents == ({} if narrowing is None else {Section.GOALS: narrowing})

    (latest,) = await Consents(store.engine).latest(plan.plan_id)
    assert latest.narrowing is None
    assert len(await Consents(store.engine).history(plan.plan_id)) == 3


async def test_a_removed_member_comes_back_as_removed_and_once_only(store: Store) -> None:
    person, plan = await store.a_person(), await store.a_plan()
    await store.a_member(plan, person)

    removed = []
    for _ in range(2):
        async with store.journal.exclusively(plan.plan_id) as turn:
            removed.append(await store.participants.remove(turn, plan.plan_id, person.person_id, store.now))
            await turn.append([an_act(plan.plan_id)])

    found = await store.participants.load(plan.plan_id, person.person_id, store.now)
    assert removed == [True, False]
    assert found is not None
    assert found.removed
    assert await store.plans.panel(person.person_id, store.now + timedelta(days=1)) == []


async def test_who_may_no_longer_sign_in_is_removed_everywhere(store: Store) -> None:
    person, plan = await store.a_person(), await store.a_plan()
    await store.a_member(plan, person)
    before = await store.participants.versions([plan.plan_id])

    async with store.journal.exclusively(HUB) as turn:
        await store.people.change(turn, replace(person, active=False))
        await turn.append([an_act(HUB)])

    found = await store.participants.load(plan.plan_id, person.person_id, store.now)
    assert found is not None
    assert found.removed
    assert await store.participants.versions([plan.plan_id]) != before


async def test_an_emergency_reading_lets_in_who_is_no_member_until_it_ends(store: Store) -> None:
    person, plan = await store.a_person(Role.SPECIALIST), await store.a_plan()
    glass = await a_reading(store, plan, person)

    found = await store.participants.load(plan.plan_id, person.person_id, store.now)
    after = await store.participants.load(plan.plan_id, person.person_id, glass.until)

    assert found == glass.participant()
    assert after is not None
    assert after.broke_glass_until == glass.until
    assert await store.participants.of_plan(plan.plan_id, store.now) == []


async def test_a_members_own_access_outlives_an_old_emergency_reading(store: Store) -> None:
    person, plan = await store.a_person(Role.SPECIALIST), await store.a_plan()
    await a_reading(store, plan, person, ago=timedelta(days=1))
    await store.a_member(plan, person, since=store.now)

    found = await store.participants.load(plan.plan_id, person.person_id, store.now)

    assert found is not None
    assert found.broke_glass_until is None


async def test_a_reading_is_reviewed_once_and_leaves_the_queue(store: Store) -> None:
    person, reviewer, plan = await store.a_person(Role.SPECIALIST), await store.a_person(), await store.a_plan()
    glass, readings = await a_reading(store, plan, person), EmergencyReadings(store.engine)
    assert await readings.pending() == [glass]
    done = review(glass, reviewer=reviewer.person_id, verdict=Verdict.JUSTIFIED, words="Right.", now=store.now)
    assert isinstance(done, BreakGlass)

    kept = []
    for _ in range(2):
        async with store.journal.exclusively(plan.plan_id) as turn:
            kept.append(await readings.review(turn, done))
            await turn.append([an_act(plan.plan_id)])

    assert kept == [True, False]
    assert await readings.pending() == []
    assert await readings.get(plan.plan_id, person.person_id, glass.began) == done


async def test_every_change_of_access_moves_the_grant_version_on(store: Store) -> None:
    person, plan = await store.a_person(Role.SPECIALIST), await store.a_plan()
    versions = [await store.participants.versions([plan.plan_id])]

    member = await store.a_member(plan, person)
    versions.append(await store.participants.versions([plan.plan_id]))
    await a_consent(store, plan, person, Narrowing("none"))
    versions.append(await store.participants.versions([plan.plan_id]))
    async with store.journal.exclusively(plan.plan_id) as turn:
        assert await store.participants.change(turn, member)
        await turn.append([an_act(plan.plan_id)])
    versions.append(await store.participants.versions([plan.plan_id]))
    await a_reading(store, plan, person)
    versions.append(await store.participants.versions([plan.plan_id]))

    counted = [each[plan.plan_id] for each in versions]
    assert counted == sorted(set(counted))


async def test_a_change_of_access_without_a_row_is_undone(store: Store) -> None:
    person, plan = await store.a_person(), await store.a_plan()

    async def let_in_silently() -> None:
        async with store.journal.exclusively(plan.plan_id) as turn:
            member = Participant(person.person_id, plan.plan_id, person.name, person.role)
            await store.participants.add(turn, member, added_by=person.person_id)

    with pytest.raises(AssertionError, match="written in the journal"):
        await let_in_silently()
    assert await store.participants.load(plan.plan_id, person.person_id, store.now) is None


async def test_the_app_can_change_no_consent_that_was_recorded(store: Store) -> None:
    async with store.engine.connect() as connection:
        with pytest.raises(sa.exc.DBAPIError, match="permission denied"):
            await connection.execute(sa.text("update consent set access = 'read'"))


async def test_a_person_is_found_by_identity_address_and_id(store: Store) -> None:
    person = await store.a_person(email="Ana@Clinic.example", issuer="https://id.example", subject="7")

    assert await store.people.by_identity("https://id.example", "7") == person
    assert await store.people.by_identity("https://other.example", "7") is None
    assert await store.people.by_email("ana@clinic.EXAMPLE") == [person]
    assert await store.people.among([person.person_id, new_id()]) == {person.person_id: person}
    assert await store.people.active() == [person]


async def test_the_panel_holds_the_plans_one_is_a_member_of_now(store: Store) -> None:
    person = await store.a_person()
    mine, over, future = await store.a_plan(), await store.a_plan(), await store.a_plan()
    await store.a_plan()
    await store.a_member(mine, person, since=store.now)
    await store.a_member(over, person, since=store.now, ends=store.now)
    await store.a_member(future, person, since=store.now + timedelta(hours=1))

    (found,) = await store.plans.panel(person.person_id, store.now)

    assert (found.plan, found.role, found.seq) == (mine, Role.CARE_MANAGER, 2)
