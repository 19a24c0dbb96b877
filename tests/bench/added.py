"""What the hub adds to what nobody who saves before showing can do without: runs of the hub and of a bare one in turns.

A single ratio of two runs says as much of the machine as of the hub. So the two take turns, and beside the ratio of
their medians stands how far the bare runs were from each other.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from hub.process.postgres import EmbeddedPostgres
from tests.bench.floors import commits_of
from tests.bench.scenarios import Outcome, Typing, percentiles, typing
from tests.bench.servers import POSTGRES_SETTINGS, SERVER_CORE, HubServer, Server, on_core

TURNS: Final = 9
COMMITS: Final = "commits alone, in turns"
STARTS: Final = "Python and PostgreSQL alone, in turns"
BARE_START: Final = """
import asyncio, sys
import asyncpg
async def ask():
    connection = await asyncpg.connect(sys.argv[1])
    await connection.fetchval("select 1")
    await connection.close()
asyncio.run(ask())
"""


def in_turns(scratch: Path, what: Typing, turns: int = TURNS) -> list[Outcome]:
    """Play a typing scenario to the hub and to a commit of one row by PostgreSQL alone, in turns."""
    hub, bare = HubServer(scratch / "hub"), EmbeddedPostgres(scratch / "bare", settings=POSTGRES_SETTINGS)
    played: list[Outcome] = []
    alone: list[list[float]] = []
    with contextlib.ExitStack() as stack:
        stack.callback(hub.stop)
        hub.start()
        with on_core(SERVER_CORE):
            stack.enter_context(bare)
        for _ in range(turns):
            played.append(typing(hub, what))
            with on_core(SERVER_CORE):
                alone.append(percentiles(asyncio.run(commits_of(bare.url, what)), 0.5, 0.99))
    name = f"{what.name}, {turns} turns"
    p50s, p99s = [each for each, _ in alone], [each for _, each in alone]
    floor = Outcome(COMMITS, name, p50=median(p50s), p99=median(p99s), more=spread(p50s))
    ours = replace(
        played[0],
        scenario=name,
        **{each: median(getattr(run, each) for run in played) for each in ("p50", "p95", "p99", "saved_p99")},
        cpu_per_edit=median(each.cpu_per_edit for each in played),
        postgres_per_edit=median(each.postgres_per_edit for each in played),
        worst=max(each.worst for each in played),
        missing=sum(each.missing for each in played),
        equal=all(each.equal for each in played),
        faults=sorted({fault for each in played for fault in each.faults}),
    )
    ours.more = {"p50_to_a_bare_commit": ours.p50 / floor.p50}
    return [ours, floor]


def starts(scratch: Path, turns: int = TURNS) -> list[Outcome]:
    """Start the hub on a database that is there, and a Python that asks a PostgreSQL one thing, in turns."""
    hubs, alone = [], []
    _hub_start(scratch / "hub")
    _bare_start(scratch / "bare")
    for _ in range(turns):
        hubs.append(_hub_start(scratch / "hub"))
        alone.append(_bare_start(scratch / "bare"))
    name = f"a later start, {turns} turns"
    ours = Outcome(HubServer.name, name, p50=median(hubs) * 1e3, worst=max(hubs) * 1e3)
    ours.more = {"to_a_bare_start": median(hubs) / median(alone)}
    return [ours, Outcome(STARTS, name, p50=median(alone) * 1e3, worst=max(alone) * 1e3, more=spread(alone))]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the least and the most of what should have been equal, over its median."""
    middle = median(values)
    return {"bare_least": min(values) / middle, "bare_most": max(values) / middle}


class AloneServer(Server):
    """The hub with the PostgreSQL that it brings, as someone starts it who has none."""

    name = HubServer.name

    def _command(self) -> Sequence[str]:
        return [sys.executable, "-m", "web", "serve", "--port", str(self.port), "--data", str(self.scratch / "hub")]

    def _environment(self) -> Mapping[str, str]:
        names = ("CAREPLAN_", "OIDC_", "DATABASE_URL")
        return {name: value for name, value in os.environ.items() if not name.startswith(names)} | {
            "PYTHONUNBUFFERED": "1"
        }


def _hub_start(scratch: Path) -> float:
    hub = AloneServer(scratch)
    began = time.perf_counter()
    try:
        hub.start()
        return time.perf_counter() - began
    finally:
        hub.stop()


def _bare_start(scratch: Path) -> float:
    began = time.perf_counter()
    with on_core(SERVER_CORE), EmbeddedPostgres(scratch) as server:
        subprocess.run([sys.executable, "-c", BARE_START, server.url], check=True)
        return time.perf_counter() - began
