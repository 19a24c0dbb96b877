"""Several processes behind one listener: edits cross them, a killed one comes back, all are renewed one by one."""

import asyncio
import os
import signal
from collections.abc import Callable

import psutil
import pytest

from tests.conftest import StartHub
from tests.faults.typists import typing_through, until
from tests.harness.hubs import Hub

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
PEOPLE = ("Dr. Elena Ruiz", "Tom Becker, PharmD")
TEXT = ("medications", "", "instructions")
PROCESSES = 2
TYPISTS = 6
BACK_SECONDS_MAX = 10.0


@pytest.fixture
def hub(a_hub: StartHub, demo_database: str) -> Hub:
    hub = a_hub(database_url=demo_database, command=("demo", "--workers", str(PROCESSES)))
    hub.errors_expected = True  # What is killed may tell of it.
    return hub


def workers(hub: Hub) -> set[int]:
    """The hub's serving processes."""
    found = psutil.Process(hub.process).children()
    return {each.pid for each in found if each.status() != psutil.STATUS_ZOMBIE}


async def test_no_edit_is_lost_when_a_process_is_killed_and_when_all_are_renewed(hub: Hub, seed: int) -> None:
    lives = [hub.live(PEOPLE[at % 2], hub.plan("Mary")) for at in range(TYPISTS)]
    first = workers(hub)

    async def kill_one(leave: Callable[[], None]) -> None:
        leave()
        os.kill(min(workers(hub)), signal.SIGKILL)
        await until(lambda: len(workers(hub)) == PROCESSES and workers(hub) != first, "a new process")

    async def renew_all(_: Callable[[], None]) -> None:
        before = workers(hub)
        os.kill(hub.process, signal.SIGHUP)
        await until(lambda: len(workers(hub)) == PROCESSES and not workers(hub) & before, "new processes")

    back = await typing_through(lives, TEXT, [kill_one, renew_all], seed=seed)

    assert len(first) == PROCESSES
    assert max(back) < BACK_SECONDS_MAX


async def test_all_processes_end_with_their_supervisor_however_it_ends(hub: Hub) -> None:
    first = workers(hub)

    await asyncio.to_thread(hub.kill)

    await until(lambda: not any(map(psutil.pid_exists, first)), "the end of the processes")


async def test_a_stop_ends_every_process_in_order(hub: Hub) -> None:
    first = workers(hub)

    seconds = await asyncio.to_thread(hub.stop)

    assert not any(map(psutil.pid_exists, first))
    assert seconds < BACK_SECONDS_MAX
