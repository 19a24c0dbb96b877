"""A change of access and the word of it go together: the row first, then the sockets, whatever became of the answer."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from hub.access.changes import AccessChanges
from hub.ids import HUB, new_id
from hub.record.journal import Act, Action
from tests.harness.journal_memory import MemoryJournal

pytestmark = pytest.mark.anyio
PLAN = new_id()


class Heard:
    """Live plans that keep what they are told, with how far the plan's journal had come by then."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self.plans: list[tuple[str, int]] = []
        self.sessions: list[Sequence[str]] = []

    def access_changed(self, plan_id: str) -> None:
        self.plans.append((plan_id, len(self._journal._rows[plan_id])))

    def sessions_ended(self, sessions: Sequence[str]) -> None:
        self.sessions.append(list(sessions))


async def a_hub() -> tuple[AccessChanges, Heard, MemoryJournal]:
    journal = MemoryJournal(lambda: datetime(2026, 11, 21, tzinfo=UTC))
    await journal.create_plan(HUB)
    await journal.create_plan(PLAN)
    changes, heard = AccessChanges(journal), Heard(journal)
    changes.reach(heard)
    return changes, heard, journal


def revoked(plan: str) -> Act:
    return Act(plan=plan, actor="mary", action=Action.REVOKE)


async def test_sockets_are_told_after_the_row_is_committed() -> None:
    changes, heard, _ = await a_hub()

    async with changes.of_plan(PLAN) as turn:
        await turn.append([revoked(PLAN)])
        assert heard.plans == []

    assert heard.plans == [(PLAN, 1)]


async def test_sockets_ask_anew_also_when_the_turn_failed() -> None:
    changes, heard, _ = await a_hub()

    with pytest.raises(ZeroDivisionError):
        async with changes.of_plan(PLAN):
            raise ZeroDivisionError

    assert heard.plans == [(PLAN, 0)]


async def test_sign_ins_that_ended_are_told_and_none_where_none_did() -> None:
    changes, heard, _ = await a_hub()

    async with changes.of_sessions() as ending:
        await ending.turn.append([revoked(HUB)])
    async with changes.of_sessions() as ending:
        await ending.turn.append([revoked(HUB)])
        ending.ended.append("one")
        assert heard.sessions == []

    assert heard.sessions == [["one"]]
