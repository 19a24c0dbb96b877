"""A question that waits past its day rises to the steward, and who stands in, unless it ended meanwhile."""

import msgspec
import pytest

from hub.access.question_telling import ENDS, QuestionTelling
from hub.record.chain import JSON
from hub.record.journal import Action
from hub.store.notifications import Notifications
from hub.store.plans import Plans
from tests.hub.store.conftest import Store, an_act

pytestmark = pytest.mark.anyio
ENTRY = "0190cccc-0000-7000-8000-000000000001"


async def told(store: Store, *events: str, outcome: str = "success") -> list[str]:
    """Return the events of which the steward is told after these commands on the note."""
    plan, person = await store.a_plan(), await store.a_person()
    await store.a_member(plan, person)
    async with store.journal.exclusively(plan.plan_id) as turn:
        head = await turn.append([an_act(plan.plan_id, Action.COMMAND, section="caregiver_log", entry=ENTRY)])
        for event in events:
            act = an_act(plan.plan_id, Action.COMMAND, section="caregiver_log", entry=ENTRY, event=event)
            await turn.append([msgspec.structs.replace(act, outcome=outcome)])
    notifications = Notifications(store.engine)
    telling = QuestionTelling(
        store.journal, notifications, store.participants, Plans(store.engine), lambda _plan, _seq: None,
        lambda: store.now,
    )  # fmt: skip
    payload: dict[str, JSON] = {"plan": plan.plan_id, "entry": ENTRY, "after": head.seq, "steward": person.person_id}
    await telling.tell(payload)
    return [each.row.event for each in await notifications.of_person(person.person_id)]


async def test_the_steward_is_told_of_what_nobody_answered(store: Store) -> None:
    assert await told(store) == ["question.tell"]
    assert await told(store, "question.answer", outcome="refused") == ["question.tell"]


@pytest.mark.parametrize("event", sorted(ENDS))
async def test_nobody_is_told_of_what_ended(store: Store, event: str) -> None:
    assert await told(store, event) == []
