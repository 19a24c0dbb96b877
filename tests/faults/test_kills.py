"""kill -9 of the hub, of PostgreSQL, of both, while ten people type: nothing saved or seen is lost or doubled.

CAREPLAN_KILLS says how often each is killed; two by default.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hub.postgres import EmbeddedPostgres
from tests.faults.typists import typing_through
from tests.harness.hubs import Hub

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
KILLS = int(os.environ.get("CAREPLAN_KILLS", "2"))
PEOPLE = ("Dr. Elena Ruiz", "Tom Becker, PharmD")
TYPISTS = 10
BACK_SECONDS_MAX = 10.0
TEXT = ("medications", "", "instructions")
"""Those of the first medicine."""


class Machine:
    """A hub and its PostgreSQL, each of which can be killed and started."""

    def __init__(self, folder: Path) -> None:
        self.postgres = EmbeddedPostgres(folder / "database")
        self.hub = Hub(folder / "hub", database_url=self.postgres.start())
        self.hub.errors_expected = True
        self.hub.start()

    async def kill_hub(self) -> None:
        """End the hub's process, and start another."""
        self.hub.kill()
        await asyncio.to_thread(self.hub.start)

    async def kill_postgres(self) -> None:
        """End every process of the server, and start it again."""
        self._kill_postgres()
        await asyncio.to_thread(self._start_postgres)

    async def kill_both(self) -> None:
        """End both at one instant."""
        self._kill_postgres()
        self.hub.kill()
        await asyncio.to_thread(self._start_postgres)
        await asyncio.to_thread(self.hub.start)

    def end(self) -> None:
        """Leave nothing behind."""
        self.hub.end()
        self.postgres.stop()

    def _kill_postgres(self) -> None:
        pid = int((self.postgres.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        for process in [psutil.Process(pid), *psutil.Process(pid).children()]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)

    def _start_postgres(self) -> None:
        self.postgres.stop()
        self.postgres.start()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("kills"))
    try:
        yield machine
    finally:
        machine.end()


@pytest.mark.parametrize("what", ["hub", "postgres", "both"])
async def test_nothing_saved_or_seen_is_lost_when_it_is_killed(machine: Machine, what: str) -> None:
    kill: Callable[[], Awaitable[None]] = getattr(machine, f"kill_{what}")
    lives = [machine.hub.live(PEOPLE[at % 2], machine.hub.plan("Mary")) for at in range(TYPISTS)]

    back = await typing_through(lives, TEXT, [kill] * KILLS)

    assert max(back) < BACK_SECONDS_MAX
