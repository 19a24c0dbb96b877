"""A hub whose machine's clock is an hour off, and jumps by two while people type."""

import asyncio
import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hub.live.enforcement import POLL_SECONDS
from tests.conftest import StartHub
from tests.faults.measuring import counted
from tests.faults.typists import Typist, a_while, typing_through

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
HOUR = 3_600
PEOPLE = ("Dr. Elena Ruiz", "Tom Becker, PharmD")
TYPISTS = 4
TEXT = ("medications", "", "instructions")
RECORDED_SECONDS_MAX = 60
AGED = """
update session set began = began - aged, active = active - aged, authenticated = authenticated - aged
  from (select interval '30 minutes' as aged) as told
"""
SHIM = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long *off;
__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("OFF_BY"), O_RDONLY);
    void *at = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    off = at == MAP_FAILED ? 0 : at;
}
int clock_gettime(clockid_t of, struct timespec *told) {
    int result = syscall(SYS_clock_gettime, of, told);
    if (of == CLOCK_REALTIME && off) told->tv_sec += *off;
    return result;
}
int gettimeofday(struct timeval *told, void *zone) {
    struct timespec now;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    told->tv_sec = now.tv_sec;
    told->tv_usec = now.tv_nsec / 1000;
    return result;
}
time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
"""


class WrongClock:
    """A machine's clock, for a process that is started with ``environment``."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "off"
        self.set(0)
        source, library = folder / "shim.c", folder / "shim.so"
        source.write_text(SHIM)
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no compiler here to bend a clock with")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
        self.environment = {"LD_PRELOAD": str(library), "OFF_BY": str(self._file)}

    def set(self, seconds: int) -> None:
        """Be off by that much from now on."""
        with os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT), "r+b", buffering=0) as file:
            file.write(struct.pack("l", seconds))


async def test_an_hour_off_and_a_jump_change_neither_who_may_nor_what_is_recorded(
    a_hub: StartHub, demo_database: str, tmp_path: Path, seed: int
) -> None:
    clock = WrongClock(tmp_path)
    clock.set(-HOUR)
    hub = await asyncio.to_thread(a_hub, database_url=demo_database, environment=clock.environment)
    plan = hub.plan("Mary")
    begun = await asked(demo_database, "select clock_timestamp()")
    people: list[Typist] = []

    with hub.pages(PEOPLE[0]) as idle:
        await asked(demo_database, AGED)
        answer = idle.get("/panel").status_code
    behind = counted(hub)["careplan_clock_ahead_seconds"]
    lives = [hub.live(PEOPLE[at % 2], plan) for at in range(TYPISTS)]

    async def jump(_: Callable[[], None]) -> None:
        clock.set(HOUR)
        await a_while(2.5 * POLL_SECONDS)

    await typing_through(lives, TEXT, [jump], seed=seed, watch=people.extend)
    rows = await asked(demo_database, "select count(*) from journal where recorded > $1", begun)
    wrong = await asked(demo_database, "select count(*) from journal where recorded > clock_timestamp()")

    assert behind == pytest.approx(-HOUR, abs=RECORDED_SECONDS_MAX)
    assert answer == 303, "who was idle for half an hour has to sign in, though the machine thinks it is earlier"
    assert [each.sittings for each in people] == [1] * TYPISTS, "nobody is signed out by a jump"
    assert rows > 0, "what was typed is dated by the database"
    assert wrong == 0


async def asked(url: str, sql: str, *values: object) -> Any:
    """Return the first value that the database answers."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql, *values)
    finally:
        await connection.close()
