"""A reading that waits for an answer is told to who is named in its job, with a row, unless somebody has answered."""

from datetime import timedelta
from typing import Any

import pytest

from hub.access.alarm_telling import AlarmTelling
from hub.record.journal import Action
from hub.store.absences import Absence, Absences
from hub.store.notifications import Notifications
from tests.hub.store.conftest import Store, an_act

pytestmark = pytest.mark.anyio

SECTION, ENTRY, KEY = "monitoring", "0190cccc-0000-7000-8000-000000000001", "0190cccc-0000-7000-8000-000000000002"


async def told(store: Store, *happened: Any, member: bool = True, away: bool = False) -> list[str]:
    """Return the events of which the person is told after what happened to the measure since its reading."""
    plan, person = await store.a_plan(), await store.a_person()
    if member:
        await store.a_member(plan, person)
    async with store.journal.exclusively(plan.plan_id) as turn:
        head = await turn.append(
            [an_act(plan.plan_id, Action.COMMAND, section=SECTION, entry=ENTRY, event="reading.record")]
        )
        if happened:
            await turn.append(
                [an_act(plan.plan_id, Action.COMMAND, section=SECTION, entry=ENTRY, **each) for each in happened]
            )
    heard: list[int] = []
    notifications = Notifications(store.engine)
    absences = Absences(store.engine)
    telling = AlarmTelling(
        store.journal, notifications, store.participants, lambda _, seq: heard.append(seq), lambda: store.now
    )
    stand_in = await store.a_person()
    if away:
        await store.a_member(plan, stand_in)
        absence = Absence(
            absence_id="a", person=person.person_id, stand_in=stand_in.person_id, made_by=person.person_id,
            begins=store.now - timedelta(hours=1), ends=store.now + timedelta(days=3),
        )  # fmt: skip
        async with store.journal.exclusively(plan.plan_id) as turn:
            await absences.add(turn, absence)
            await turn.append([an_act(plan.plan_id, Action.ADMIN)])
    await telling.tell(
        {"plan": plan.plan_id, "entry": ENTRY, "person": person.person_id, "zone": "red", "key": KEY, "after": head.seq}
    )
    found = [each.row for each in await notifications.of_person((stand_in if away else person).person_id)]
    assert not away or found == [each.row for each in await notifications.of_person(person.person_id)]
    assert heard == [each.seq for each in found]
    return [each.event for each in found]


async def test_who_is_named_is_told_with_a_row_of_the_journal(store: Store) -> None:
    assert await told(store) == ["reading.tell"]


async def test_who_stands_in_for_the_absent_is_told_as_well(store: Store) -> None:
    assert await told(store, away=True) == ["reading.tell"]


async def test_what_was_answered_or_entered_in_error_is_told_to_nobody_more(store: Store) -> None:
    assert await told(store, {"event": "reading.acknowledge"}) == []
    assert await told(store, {"event": "reading.mark_error", "words": {"key": KEY}}) == []


async def test_a_refused_answer_and_a_mark_on_another_reading_end_nothing(store: Store) -> None:
    refused = {"event": "reading.acknowledge", "outcome": "refused"}
    other = {"event": "reading.mark_error", "words": {"key": "another"}}

    assert await told(store, refused, other) == ["reading.tell"]


async def test_whose_access_has_ended_is_not_told(store: Store) -> None:
    assert await told(store, member=False) == []
