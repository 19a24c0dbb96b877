"""Strangers who fail are counted and summed: the journal, which nobody may delete, hardly grows by them."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.access.changes import AccessChanges
from hub.access.refusals import REASONS_MAX, WINDOW, Refusals
from hub.ids import HUB
from hub.record.journal import Row
from tests.harness.journal_memory import MemoryJournal

pytestmark = pytest.mark.anyio


class Door:
    """A journal, a clock that moves when told, and the counter of who fails."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
        self.journal = MemoryJournal(lambda: self.now)
        self.refusals = Refusals(AccessChanges(self.journal), lambda: self.now)

    async def rows(self) -> list[Row]:
        return list(await self.journal.since(HUB, 0))


async def a_door() -> Door:
    door = Door()
    await door.journal.create_plan(HUB)
    return door


async def test_three_thousand_failures_in_a_minute_are_two_rows() -> None:
    door = await a_door()
    for number in range(3_000):
        await door.refusals.refused("passkey", "unknown" if number % 3 else "no-challenge")
    door.now += WINDOW
    await door.refusals.tell()

    rows = await door.rows()

    assert [(row.event, row.reason) for row in rows] == [
        ("sign-in.passkey", "no-challenge"),
        ("sign-in.passkey", "several"),
    ]
    assert rows[1].words is not None
    assert rows[1].words["times"] == 2_999
    assert rows[1].words["reasons"] == {"no-challenge": 999, "unknown": 2_000}


async def test_a_single_failure_is_a_row_at_once_and_no_other_ever() -> None:
    door = await a_door()
    await door.refusals.refused("oidc", "unknown")
    door.now += timedelta(hours=1)
    await door.refusals.tell()

    assert [row.reason for row in await door.rows()] == ["unknown"]


async def test_each_minute_tells_what_the_one_before_counted() -> None:
    door = await a_door()
    for _ in range(5):
        for _ in range(100):
            await door.refusals.refused("oidc", "unknown")
        door.now += WINDOW
    await door.refusals.tell(all_of_them=True)

    told = [row.words["times"] for row in await door.rows() if row.words]
    alone = [row for row in await door.rows() if not row.words]
    assert sum(map(int, map(str, told))) + len(alone) == 500
    assert len(await door.rows()) == 10


async def test_what_was_counted_is_told_before_the_hub_ends_and_not_twice() -> None:
    door = await a_door()
    for _ in range(3):
        await door.refusals.refused("code", "code-ended")
    await door.refusals.tell()
    assert len(await door.rows()) == 1

    await door.refusals.tell(all_of_them=True)
    await door.refusals.tell(all_of_them=True)

    assert [row.reason for row in await door.rows()] == ["code-ended", "several"]


async def test_reasons_are_bounded_whatever_comes() -> None:
    door = await a_door()
    for number in range(1_000):
        await door.refusals.refused("oidc", f"reason-{number}")
    await door.refusals.tell(all_of_them=True)

    words = (await door.rows())[-1].words
    assert words is not None
    assert len(dict(words["reasons"])) == REASONS_MAX + 1  # type: ignore[arg-type]
    assert words["times"] == 999
