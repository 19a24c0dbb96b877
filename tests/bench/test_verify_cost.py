"""What a verification costs: not much more than hashing the same bytes, and no more memory for a longer journal.

Run with ``-s`` to see the numbers that docs/operations.md states.
"""

import hashlib
import sys
import time
import tracemalloc

import pytest

from hub.ids import new_id
from hub.record.chain import JSON, SALT_BYTES, canonical, canonical_line
from hub.record.journal import EMPTY, Act, Action, Batch, line_of
from hub.record.verifying import Fault
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from hub.store.verifying import ROWS_AT_ONCE_MAX, reading

PLANS = 4
ROWS = 6_000
TIMES_HASHING_MAX = 14.0
"""The chain's rows cost at most so many times what SHA-256 over the same bytes costs in the same run: a row's line,
its update and its words, each with a digest of its own."""

WORDS: dict[str, JSON] = {"inserted": "some words that were typed", "deleted": 0}

PEAK_GROWTH_MAX = 1.25

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


async def a_journal(url: str) -> tuple[list[str], list[bytes]]:
    """Fill the journals of a few plans; return their ids and the bytes of every digest that a row needs."""
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    plans, lines = sorted(new_id() for _ in range(PLANS)), []
    for plan in plans:
        await journal.create_plan(plan)
        act = Act(
            plan=plan, actor=new_id(), role="specialist", session=new_id(), action=Action.EDIT, section="goals",
            entry=new_id(), field="description", words=WORDS,
        )  # fmt: skip
        head = EMPTY
        for _ in range(0, ROWS, 500):
            head = (await journal.append([Batch(plan, head, [act] * 500)]))[plan]
        for row in await journal.since(plan, 0):
            lines += [
                canonical_line(line_of(row)),
                bytes(SALT_BYTES) + b"\0",
                bytes(SALT_BYTES + 8) + b"\1" + canonical(WORDS),
            ]
    await journal.close()
    await engine.dispose()
    return plans, lines


async def chained(url: str, plan: str = "") -> tuple[float, Fault | None]:
    """Verify the chain; return the seconds of this process on a core."""
    async with reading(url) as verification:
        verification.replaying = False
        began = time.process_time()
        fault = await verification.journals(plan)
        return time.process_time() - began, fault


def hashed(lines: list[bytes]) -> float:
    began = time.process_time()
    for line in lines:
        hashlib.sha256(line).digest()
    return time.process_time() - began


async def test_the_chain_costs_little_more_than_its_hashes(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = await a_journal(database)
    assert len(lines) == 3 * PLANS * ROWS
    plain = min(hashed(lines) for _ in range(5))
    runs = [await chained(database) for _ in range(5)]
    taken = min(seconds for seconds, _ in runs)

    with capsys.disabled():
        rate = PLANS * ROWS / taken
        sys.stdout.write(f"\nchain {rate:,.0f} rows per second of a core, {taken / plain:.1f} times plain hashing\n")
    assert {fault for _, fault in runs} == {None}
    assert taken < TIMES_HASHING_MAX * plain


async def test_a_longer_journal_takes_no_more_memory(database: str) -> None:
    plans, _ = await a_journal(database)
    await chained(database, plans[0])  # What is loaded once is not counted.
    peaks = []
    for plan in (plans[0], ""):
        tracemalloc.start()
        await chained(database, plan)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    one, all_of_them = peaks
    assert ROWS > 4 * ROWS_AT_ONCE_MAX, "one journal alone is many fetches"
    assert all_of_them < PEAK_GROWTH_MAX * one, (one, all_of_them)
