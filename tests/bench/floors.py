"""What nobody who saves before showing can be quicker than: one commit alone, and one flush of the disk alone.

Both come as often as a scenario's edits do, because a machine that rested in between is slower than one in full swing.
"""

import asyncio
import os
import time
from array import array
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from hub.ids import new_id
from hub.process.postgres import EmbeddedPostgres
from hub.record.journal import Batch
from hub.store.engine import create_engine
from hub.store.journal import PostgresJournal
from hub.store.migrating import migrate
from tests.bench.edits import acts
from tests.bench.scenarios import Outcome, Typing, percentiles
from tests.bench.servers import POSTGRES_SETTINGS, SERVER_CORE, on_core

COMMIT: Final = "a commit alone"
FLUSH: Final = "a flush alone"
TIMES_MAX: Final = 600
FLUSHED_BYTES: Final = 8 << 10
"""A page of PostgreSQL, which is the least that a commit writes."""

FILE_BYTES: Final = 4 << 20


def floors(scratch: Path, what: Typing) -> list[Outcome]:
    """Time both on the servers' core and the servers' disk; the load's core has nothing to do."""
    with on_core(SERVER_CORE), EmbeddedPostgres(scratch / "data", settings=POSTGRES_SETTINGS) as server:
        commits = asyncio.run(commits_of(server.url, what))
        flushes = asyncio.run(_flushes(scratch / "flushed", what))
    return [_timed(COMMIT, what, commits), _timed(FLUSH, what, flushes)]


def _timed(name: str, what: Typing, took: "array[float]") -> Outcome:
    p50, p95, p99, worst = percentiles(took, 0.5, 0.95, 0.99, 1.0)
    return Outcome(name, what.name, p50=p50, p95=p95, p99=p99, worst=worst)


async def commits_of(url: str, what: Typing) -> "array[float]":
    """Return how long a commit of one row took, each time that an edit of the scenario would come, in seconds."""
    engine = create_engine(url, connections_max=2)
    await migrate(engine)
    journal, plan = PostgresJournal(engine), new_id()
    await journal.create_plan(plan)
    head = (await journal.heads([plan]))[plan]
    rows = acts(plan, 1)

    async def commit() -> None:
        nonlocal head
        head = (await journal.append([Batch(plan, head, rows)]))[plan]

    try:
        return await _every(what, commit)
    finally:
        await journal.close()
        await engine.dispose()


async def _flushes(file: Path, what: Typing) -> "array[float]":
    page = b"\1" * FLUSHED_BYTES
    opened = os.open(file, os.O_RDWR | os.O_CREAT)
    at = 0

    async def flush() -> None:
        nonlocal at
        os.pwrite(opened, page, at)
        os.fdatasync(opened)
        at = (at + FLUSHED_BYTES) % FILE_BYTES

    try:
        os.pwrite(opened, b"\0" * FILE_BYTES, 0)  # PostgreSQL writes into files that are there, too.
        os.fsync(opened)
        return await _every(what, flush)
    finally:
        os.close(opened)


async def _every(what: Typing, act: Callable[[], Awaitable[None]]) -> "array[float]":
    """Return how long each took, one after the other and each when the next edit of the scenario would come."""
    pause = 1 / (what.documents * what.editors * what.per_second)
    took, due = array("d"), asyncio.Event()
    await act()
    for _ in range(min(TIMES_MAX, int(what.seconds / pause))):
        asyncio.get_running_loop().call_later(pause, due.set)
        await due.wait()
        due.clear()
        began = time.perf_counter()
        await act()
        took.append(time.perf_counter() - began)
    return took
