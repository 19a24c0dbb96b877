"""kill -9 of the hub, of PostgreSQL, of both, and a PostgreSQL that stalls, while ten people type.

CAREPLAN_KILLS says how often each happens, CAREPLAN_STALL for how many seconds PostgreSQL stands still.
"""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hub.process.postgres import EmbeddedPostgres
from tests.faults.typists import Fault, a_while, typing_through
from tests.harness.hubs import Hub

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
KILLS = int(os.environ.get("CAREPLAN_KILLS", "2"))
PEOPLE = ("Dr. Elena Ruiz", "Tom Becker, PharmD")
TYPISTS = 10
BACK_STARTS_MAX = 3.0
"""From the kill until everyone's new words are saved, as a multiple of the slowest start of the hub in the same run."""

UNCOMMITTED_SECONDS = 0.7
STALL_SECONDS = float(os.environ.get("CAREPLAN_STALL", "4"))
TEXT = ("medications", "", "instructions")
"""Those of the first medicine."""


class Machine:
    """A hub and its PostgreSQL, each of which can be killed and started."""

    def __init__(self, folder: Path) -> None:
        self.postgres = EmbeddedPostgres(folder / "database")
        self.hub = Hub(folder / "hub", database_url=self.postgres.start())
        self.hub.errors_expected = True
        try:
            self.hub.start()
        except BaseException:
            self.end()
            raise

    async def kill_hub(self, leave: Callable[[], None]) -> None:
        """End the hub's process, and start another."""
        leave()
        self.hub.kill()
        await asyncio.to_thread(self.hub.start)

    async def kill_postgres(self, leave: Callable[[], None]) -> None:
        """End every process of the server, and start it again."""
        leave()
        self._kill_postgres()
        await asyncio.to_thread(self._start_postgres)

    async def kill_both(self, leave: Callable[[], None]) -> None:
        """End both at one instant, after PostgreSQL stood still for long enough that edits wait for their commit."""
        for process in self._processes():
            process.suspend()
        await a_while(UNCOMMITTED_SECONDS)
        leave()
        self._kill_postgres()
        self.hub.kill()
        await asyncio.to_thread(self._start_postgres)
        await asyncio.to_thread(self.hub.start)

    async def stall_postgres(self, leave: Callable[[], None]) -> None:
        """Stop every process of the server for a while, as a disk that does not answer would."""
        stopped = self._processes()
        for process in stopped:
            process.suspend()
        try:
            await a_while(STALL_SECONDS)
            leave()
        finally:
            for process in stopped:
                process.resume()

    def end(self) -> None:
        """Leave nothing behind."""
        self.hub.end()
        self.postgres.stop()

    def _kill_postgres(self) -> None:
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)

    def _processes(self) -> list[psutil.Process]:
        pid = int((self.postgres.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        return [psutil.Process(pid), *psutil.Process(pid).children()]

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


@pytest.mark.parametrize("what", ["kill_hub", "kill_postgres", "kill_both", "stall_postgres"])
async def test_nothing_saved_or_seen_is_lost_or_doubled(
    machine: Machine, what: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    fault: Fault = getattr(machine, what)
    lives = [machine.hub.live(PEOPLE[at % 2], machine.hub.plan("Mary")) for at in range(TYPISTS)]

    tally: Counter[str] = Counter()
    worst = 0.0

    for at in range(KILLS):  # One by one: a text has room for so many words only.
        (back,) = await typing_through(lives, TEXT, [fault], seed=seed + at, tally=tally)
        worst = max(worst, back)

        assert back < BACK_STARTS_MAX * machine.hub.slowest_start
    record_property(
        "told", f"{what}: {KILLS} times, {dict(tally)}, none lost or doubled, back in {worst:.1f} s at most"
    )
