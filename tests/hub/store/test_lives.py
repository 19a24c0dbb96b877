"""What becomes of patients and plans: who takes a plan over, what death stops, and two records of one human being."""

from datetime import UTC, date, datetime

import pytest

from auth.roles import Role
from hub.access.changes import AccessChanges
from hub.access.keeping import Keeping
from hub.access.keeping_rows import Doer, KeepingError
from hub.ids import new_id
from hub.store.notifications import Notifications
from hub.store.patients import Number
from tests.hub.store.conftest import Store
from tests.hub.store.test_keeping import doer_of, mary

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 27)


@pytest.fixture
def keeping(store: Store) -> Keeping:
    return Keeping(store.engine, store.journal, AccessChanges(store.journal), lambda: datetime.now(UTC), new_id)


async def opened(store: Store, keeping: Keeping, doer: Doer, *numbers: Number) -> str:
    home = (await keeping.organisations.default()).organisation_id
    patient = await keeping.register(doer, mary(home, numbers=numbers))
    return await keeping.care.open_plan(doer, patient, doer.person.person_id, [])


async def test_a_plan_changes_hands_when_the_other_side_accepts_and_not_before(store: Store, keeping: Keeping) -> None:
    nurse = await doer_of(store, Role.CARE_MANAGER, "Grace Kim")
    doctor = await doer_of(store, Role.PRIMARY_CARE, "Elena Ruiz")
    other = await doer_of(store, Role.PRIMARY_CARE, "Somebody else")
    plan_id = await opened(store, keeping, nurse)

    with pytest.raises(KeepingError, match="steward and primary care"):
        await keeping.lives.offer(doctor, plan_id, doctor.person.person_id, "I want it")
    await keeping.lives.offer(nurse, plan_id, doctor.person.person_id, "moves to your practice")
    (offer,) = await keeping.lives.offers.to_person(doctor.person.person_id)
    before = await store.plans.get(plan_id)
    with pytest.raises(KeepingError, match="somebody else"):
        await keeping.lives.answer(other, offer, "", accepted=True)
    with pytest.raises(KeepingError, match="Say why"):
        await keeping.lives.answer(doctor, offer, "", accepted=False)
    await keeping.lives.answer(doctor, offer, "", accepted=True)

    after = await store.plans.get(plan_id)
    assert before is not None
    assert after is not None
    assert (before.steward, after.steward) == (nurse.person.person_id, doctor.person.person_id)
    assert [each.row.event for each in await Notifications(store.engine).of_person(nurse.person.person_id)] == [
        "plan.take_over"
    ]
    with pytest.raises(KeepingError, match="answered or withdrawn"):
        await keeping.lives.answer(doctor, offer, "", accepted=True)


async def test_only_a_closed_plan_goes_into_the_archive_and_is_not_opened_from_there(
    store: Store, keeping: Keeping
) -> None:
    nurse = await doer_of(store, Role.CARE_MANAGER, "Grace Kim")
    plan_id = await opened(store, keeping, nurse)

    with pytest.raises(KeepingError, match="Close the plan first"):
        await keeping.lives.archive(nurse, plan_id, "ten years")
    await keeping.care.close(nurse, plan_id, "moved away")
    await keeping.lives.archive(nurse, plan_id, "ten years")
    with pytest.raises(KeepingError, match="in the archive"):
        await keeping.care.close(nurse, plan_id, "came back", again=True)
    await keeping.lives.archive(nurse, plan_id, "came back", again=True)
    await keeping.care.close(nurse, plan_id, "came back", again=True)

    events = [row.event for row in await store.journal.since(plan_id, 0)]
    assert events[2:] == ["plan.close", "plan.archive", "plan.unarchive", "plan.reopen"]


async def test_a_death_is_told_to_the_team_and_can_be_taken_back(store: Store, keeping: Keeping) -> None:
    nurse = await doer_of(store, Role.CARE_MANAGER, "Grace Kim")
    desk = await doer_of(store, Role.REGISTRAR, "Noor Patel")
    pharmacist = await doer_of(store, Role.PHARMACIST, "Tom Becker")
    plan_id = await opened(store, keeping, nurse)
    plan = await store.plans.get(plan_id)
    assert plan is not None
    patient = await keeping.patients.get(plan.patient_id)
    assert patient is not None

    for doer, day, fault in ((pharmacist, "2026-11-20", "Only registrars"), (desk, "2026-12-01", "future"),
                             (desk, "soon", "as a date")):  # fmt: skip
        with pytest.raises(KeepingError, match=fault):
            await keeping.lives.died(doer, patient, day, TODAY)
    await keeping.lives.died(desk, patient, "2026-11-20", TODAY)

    told = await Notifications(store.engine).of_person(nurse.person.person_id)
    assert [each.row.event for each in told] == ["patient.died"]
    assert (await store.plans.get(plan_id)).deceased == "2026-11-20"  # type: ignore[union-attr]
    await keeping.lives.died(desk, patient, "", TODAY)
    assert (await store.plans.get(plan_id)).deceased == ""  # type: ignore[union-attr]


async def test_two_records_of_one_human_being_are_linked_and_both_stewards_asked(
    store: Store, keeping: Keeping
) -> None:
    nurse = await doer_of(store, Role.CARE_MANAGER, "Grace Kim")
    doctor = await doer_of(store, Role.PRIMARY_CARE, "Elena Ruiz")
    desk = await doer_of(store, Role.REGISTRAR, "Noor Patel")
    plans = [await opened(store, keeping, nurse, Number("urn:one", "1")),
             await opened(store, keeping, doctor, Number("urn:two", "2"))]  # fmt: skip
    found = [await store.plans.get(each) for each in plans]
    gone, goes_on = [await keeping.patients.get(each.patient_id) for each in found if each is not None]
    assert gone is not None
    assert goes_on is not None

    await keeping.lives.same(desk, gone, goes_on, "same passport")

    kept = await keeping.patients.get(goes_on.patient_id)
    assert kept is not None
    assert [each.value for each in kept.numbers] == ["1", "2"]
    for doer in (nurse, doctor):
        told = await Notifications(store.engine).of_person(doer.person.person_id)
        assert [each.row.event for each in told] == ["patient.same"]
    linked = await keeping.patients.get(gone.patient_id)
    assert linked is not None
    with pytest.raises(KeepingError, match="linked with another"):
        await keeping.lives.same(desk, linked, kept, "once more")
