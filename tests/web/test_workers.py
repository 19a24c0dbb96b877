"""Several processes behind one listener: edits cross them, a killed one comes back, all are renewed one by one."""

import asyncio
import os
import signal
from collections.abc import Callable

import psutil
import pytest

from tests.conftest import StartHub
from tests.faults.measuring import counted
from tests.faults.typists import Ledger, a_while, typing_through, until
from tests.harness.hubs import Hub

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
PEOPLE = ("Dr. Elena Ruiz", "Tom Becker, PharmD")
TEXT = ("medications", "", "instructions")
BACK_STARTS_MAX = 3.0
"""Until a killed process is replaced and everyone saves again, as a multiple of a start of the hub in the same run."""
DELAY_STARTS_MAX = 1.0
"""An edit is saved, and on every page, after that at most while the processes are renewed."""
PROCESSES = int(os.environ.get("CAREPLAN_WORKERS", "2"))
TYPISTS = 6


@pytest.fixture
def hub(a_hub: StartHub, demo_database: str) -> Hub:
    hub = a_hub(database_url=demo_database, command=("demo", "--workers", str(PROCESSES)))
    hub.errors_expected = True  # What is killed may tell of it.
    return hub


def workers(hub: Hub) -> set[int]:
    """The hub's serving processes."""
    return {each.pid for each in psutil.Process(hub.process).children() if serves(each)}


def serves(process: psutil.Process) -> bool:
    """Whether it still runs; one that ended between two looks doesn't."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def test_no_edit_is_lost_when_a_process_is_killed_and_when_all_are_renewed(
    hub: Hub, seed: int, record_property: Callable[[str, object], None]
) -> None:
    lives = [hub.live(PEOPLE[at % 2], hub.plan("Mary")) for at in range(TYPISTS)]
    first = workers(hub)

    async def kill_one(leave: Callable[[], None]) -> None:
        leave()
        os.kill(min(workers(hub)), signal.SIGKILL)
        await until(lambda: len(workers(hub)) == PROCESSES and workers(hub) != first, "a new process")

    ledger = Ledger()

    async def renew_all(_: Callable[[], None]) -> None:
        ledger.delays.clear()
        ledger.saving.clear()
        before = workers(hub)
        os.kill(hub.process, signal.SIGHUP)
        await until(lambda: len(workers(hub)) == PROCESSES and not workers(hub) & before, "new processes")

    back = await typing_through(lives, TEXT, [kill_one, renew_all], seed=seed, ledger=ledger)

    waited = max(ledger.delays + ledger.saving)
    record_property("told", f"back in {max(back):.1f} s at most, an edit waited {waited:.1f} s at most for the renewal")
    assert len(first) == PROCESSES
    assert max(back) < BACK_STARTS_MAX * hub.slowest_start
    assert waited < DELAY_STARTS_MAX * hub.slowest_start


async def test_any_process_tells_what_all_of_them_count(hub: Hub, seed: int) -> None:
    lives = [hub.live(PEOPLE[at % 2], hub.plan("Mary")) for at in range(TYPISTS)]

    async def see(_: Callable[[], None]) -> None:
        said: list[dict[str, float]] = []
        while len(said) < 3 * PROCESSES or {each["careplan_sockets"] for each in said[-3 * PROCESSES :]} != {TYPISTS}:
            assert len(said) < 100, "the levels add up to what there is"
            said.append(await asyncio.to_thread(counted, hub))
            await a_while(0.1)
        rows = [each["careplan_commit_rows_sum"] for each in said]
        assert rows == sorted(rows), "whoever answers, a count only grows"

    await typing_through(lives, TEXT, [see], seed=seed)


async def test_all_processes_end_with_their_supervisor_however_it_ends(hub: Hub) -> None:
    first = workers(hub)

    await asyncio.to_thread(hub.kill)

    await until(lambda: not any(map(psutil.pid_exists, first)), "the end of the processes")


async def test_a_stop_ends_every_process_in_order(hub: Hub) -> None:
    first = workers(hub)

    seconds = await asyncio.to_thread(hub.stop)

    assert not any(map(psutil.pid_exists, first))
    assert seconds < BACK_STARTS_MAX * hub.slowest_start
