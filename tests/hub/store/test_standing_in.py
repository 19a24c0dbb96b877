"""Absence: who stands in joins the plans for as long, is told what the absent are told, and leaves at the end."""

from datetime import UTC, datetime, timedelta

import pytest

from auth.roles import Role
from hub.access.changes import AccessChanges
from hub.access.keeping import Keeping
from hub.access.keeping_rows import KeepingError
from hub.ids import new_id
from hub.store.notifications import Notifications
from tests.hub.store.conftest import Store, an_act
from tests.hub.store.test_keeping import doer_of, mary

pytestmark = pytest.mark.anyio
WEEK = timedelta(days=7)


async def test_a_stand_in_has_the_plans_and_the_messages_until_the_absence_ends(store: Store) -> None:
    now = datetime.now(UTC)
    keeping = Keeping(store.engine, store.journal, AccessChanges(store.journal), lambda: datetime.now(UTC), new_id)
    admin = await doer_of(store, Role.ADMIN, "Jonas Falk", may_administer=True)
    kim, cole, becker = [await store.a_person(role, name=name) for role, name in
                         ((Role.CARE_MANAGER, "Grace Kim"), (Role.CARE_MANAGER, "Ann Cole"),
                          (Role.PHARMACIST, "Tom Becker"))]  # fmt: skip
    patient = await keeping.register(admin, mary((await keeping.organisations.default()).organisation_id))
    plan_id = await keeping.care.open_plan(admin, patient, kim.person_id, [])
    away = keeping.standing_in

    with pytest.raises(KeepingError, match="same role"):
        await away.begin(admin, kim.person_id, becker.person_id, now, now + WEEK)
    with pytest.raises(KeepingError, match="Check the days"):
        await away.begin(admin, kim.person_id, cole.person_id, now - WEEK, now - timedelta(days=1))
    assert await away.begin(admin, kim.person_id, cole.person_id, now - timedelta(hours=1), now + WEEK) == 1
    with pytest.raises(KeepingError, match="already"):
        await away.begin(admin, kim.person_id, cole.person_id, now, now + WEEK)
    async with store.journal.exclusively(plan_id) as turn:
        await turn.append([an_act(plan_id)])
        await Notifications(store.engine).tell(turn, [kim.person_id], plan_id)

    assert len(await Notifications(store.engine).of_person(cole.person_id)) == 1
    assert [each.plan.plan_id for each in await store.plans.panel(cole.person_id, datetime.now(UTC))] == [plan_id]
    assert await store.plans.panel(cole.person_id, now + WEEK + timedelta(hours=1)) == []
    (absence,) = await away.rows.stood_in_for(cole.person_id, datetime.now(UTC))
    await away.end(admin, absence)
    assert await store.plans.panel(cole.person_id, datetime.now(UTC)) == []
    assert await away.rows.stood_in_for(cole.person_id, datetime.now(UTC) + timedelta(seconds=1)) == []
    assert [row.event for row in await keeping.history(kim.person_id)] == ["person.back", "person.away"]
