"""What PostgreSQL itself gives on this machine: ``python -m tests.bench.limits`` prints the numbers of docs/scale.md.

Appends go through the hub's own journal, with its chain and its one statement; notes through the hub's channel.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import asyncpg

from hub.ids import new_id
from hub.process.postgres import EmbeddedPostgres
from hub.record.journal import Batch
from hub.store.engine import create_engine
from hub.store.journal import PostgresJournal
from hub.store.migrating import migrate
from hub.store.notices import CHANNEL
from tests.bench.edits import acts

SECONDS: Final = 3.0
ROWS: Final = (1, 10, 50, 200)
PROCESSES: Final = (1, 2, 4)
LISTENERS: Final = (1, 2, 4, 8)
GROWTH_ROWS: Final = 20_000


def main() -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory(prefix="limits-", dir="/tmp") as scratch,
        EmbeddedPostgres(Path(scratch)) as server,
    ):
        asyncio.run(_measured(server.url))


async def _measured(url: str) -> None:
    engine = create_engine(url, connections_max=1)
    await migrate(engine)
    await engine.dispose()
    for rows in ROWS:
        commits = await _appends(url, 1, rows)
        _say(f"one journal, {rows} rows a commit: {commits:,.0f} commits/s, {commits * rows:,.0f} rows/s")
    for processes in PROCESSES:
        commits = await _appends(url, processes, 10)
        _say(f"{processes} journals side by side, 10 rows a commit: {commits:,.0f} commits/s in all")
    for listeners in LISTENERS:
        sent = await _notes(url, listeners)
        _say(f"{listeners} listeners: {sent:,.0f} notes/s sent, {sent * listeners:,.0f} deliveries/s")
    _say(f"one edit of 4 characters, a row each: {await _growth(url):,.0f} bytes with its indexes")


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


async def _appends(url: str, journals: int, rows: int) -> float:
    """Return commits a second of so many journals, each with a plan of its own, for ``SECONDS``."""
    until = time.monotonic() + SECONDS

    async def one() -> int:
        engine = create_engine(url, connections_max=2)
        journal = PostgresJournal(engine)
        plan = new_id()
        await journal.create_plan(plan)
        head = (await journal.heads([plan]))[plan]
        made, commits = acts(plan, rows), 0
        while time.monotonic() < until:
            head = (await journal.append([Batch(plan, head, made)]))[plan]
            commits += 1
        await journal.close()
        await engine.dispose()
        return commits

    return sum(await asyncio.gather(*(one() for _ in range(journals)))) / SECONDS


async def _notes(url: str, listeners: int) -> float:
    """Return how many notes a second one process can send while so many listen, all of them heard."""
    heard, sent = 0, 0
    changed = asyncio.Event()

    def hear(*_: object) -> None:
        nonlocal heard
        heard += 1
        changed.set()

    ears = [await asyncpg.connect(url) for _ in range(listeners)]
    for ear in ears:
        await ear.add_listener(CHANNEL, hear)
    mouth = await asyncpg.connect(url)
    note = '{"type":"moved","plans":[["0190dddd-0000-7000-8000-000000000001",123456]],"sender":"%s"}'
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        await mouth.execute("select pg_notify($1, $2)", CHANNEL, note % sent)
        sent += 1
    while heard < sent * listeners:
        changed.clear()
        await changed.wait()
    took = time.monotonic() - began
    for each in (*ears, mouth):
        await each.close()
    return sent / took


async def _growth(url: str) -> float:
    """Return the bytes by which the journal and its indexes grow with an edit."""
    asked = await asyncpg.connect(url)
    size = "select pg_total_relation_size('journal')"
    engine = create_engine(url, connections_max=2)
    journal = PostgresJournal(engine)
    plan = new_id()
    await journal.create_plan(plan)
    head = (await journal.heads([plan]))[plan]
    before = await asked.fetchval(size)
    for _ in range(GROWTH_ROWS // 100):
        head = (await journal.append([Batch(plan, head, acts(plan, 100))]))[plan]
    grown = await asked.fetchval(size) - before
    await journal.close()
    await engine.dispose()
    await asked.close()
    return float(grown) / GROWTH_ROWS


if __name__ == "__main__":
    main()
