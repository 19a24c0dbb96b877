"""PostgreSQL stands still, refuses, is full, has no connection left, or says nothing of what others commit.

While nothing can be committed nothing is called saved and nobody sees it; afterwards everything goes through. Pages
stay open where the hub can still ask who may read, and are sent away, to come back by themselves, where it can't for
five seconds; either way they keep what they show. CAREPLAN_STALL says for how many seconds each lasts; 8 is the long
form.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest

from hub.live.enforcement import POLL_SECONDS
from hub.process.postgres import EmbeddedPostgres
from tests.faults.cables import Cable
from tests.faults.typists import Ledger, Typist, a_while, p99, typing_through, until
from tests.harness.hubs import Hub

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
BACK_STARTS_MAX = 3.0
"""Until everyone saves again, as a multiple of what a start of the hub takes in the same run."""
AWAY_SECONDS = float(os.environ.get("CAREPLAN_STALL", "2"))
SETTINGS = {"max_connections": "30", "min_wal_size": "32MB", "max_wal_size": "48MB", "shared_buffers": "16MB"}
DISK_MEGABYTES = 200
PEOPLE = ("Dr. Elena Ruiz", "Tom Becker, PharmD")
TYPISTS = 4
HEARS = frozenset({"full", "really_full"})
"""Faults in which rows can still be read: the hub knows who may see what."""
TEXT = ("medications", "", "instructions")
FULL = """
create or replace function full_() returns trigger language plpgsql as $$ begin raise disk_full; end $$;
create trigger full_ before insert on journal for each statement execute function full_()
"""


class Machine:
    """A hub, its PostgreSQL, and the cable between them."""

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        self._disk = disk
        self._ends = contextlib.ExitStack()
        try:
            self.postgres = EmbeddedPostgres((disk or folder) / "database", settings=SETTINGS)
            self._ends.callback(self.postgres.stop)
            self.url = self.postgres.start()
            self.cable = self._ends.enter_context(Cable(self.url, folder / "cable"))
            self.hub = self.a_hub(folder / "hub", self.cable.url)
        except BaseException:
            self.end()
            raise

    def a_hub(self, folder: Path, url: str) -> Hub:
        hub = Hub(folder, database_url=url)
        hub.errors_expected = True
        self._ends.callback(hub.end)
        hub.start()
        return hub

    def end(self) -> None:
        """Leave nothing behind."""
        self._ends.close()

    @asynccontextmanager
    async def stuck(self) -> AsyncIterator[None]:
        """Statements are sent and nothing comes back."""
        self.cable.stick()
        try:
            yield
        finally:
            self.cable.mend()

    @asynccontextmanager
    async def refused(self) -> AsyncIterator[None]:
        """Connections end, and new ones are refused."""
        self.cable.cut()
        try:
            yield
        finally:
            self.cable.mend()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Others hold every connection there is."""
        others = [await asyncpg.connect(self.url)]
        with contextlib.suppress(asyncpg.TooManyConnectionsError):
            while True:
                await others[0].execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'careplan-hub'"
                )
                others.append(await asyncpg.connect(self.url))
        try:
            yield
        finally:
            for each in others:
                await each.close()

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """Every row is answered with "disk full", as PostgreSQL does when a table can't grow."""
        admin = await asyncpg.connect(self.url)
        await admin.execute(FULL)
        try:
            yield
        finally:
            await admin.execute("drop trigger full_ on journal")
            await admin.close()

    @asynccontextmanager
    async def really_full(self) -> AsyncIterator[None]:
        """Not a byte is left on the disk."""
        assert self._disk is not None, "it has a disk of its own"
        filler = self._disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass
        try:
            yield
        finally:
            filler.unlink()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("storage"))
    try:
        yield machine
    finally:
        machine.end()


@pytest.fixture
def small_machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine whose database has a small disk of its own, where we may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=755", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        machine = Machine(tmp_path, disk)
        try:
            yield machine
        finally:
            machine.end()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("what", ["stuck", "refused", "taken", "full"])
async def test_what_cannot_be_committed_is_neither_saved_nor_seen_and_goes_through_afterwards(
    machine: Machine, what: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    await _typing_while_it_is_away(machine, what, seed, record_property)


async def test_a_disk_that_is_really_full_is_no_other_case(
    small_machine: Machine, seed: int, record_property: Callable[[str, object], None]
) -> None:
    await _typing_while_it_is_away(small_machine, "really_full", seed, record_property)


async def _typing_while_it_is_away(
    machine: Machine, what: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    lives = [machine.hub.live(PEOPLE[at % 2], machine.hub.plan("Mary")) for at in range(TYPISTS)]
    people: list[Typist] = []

    def stayed() -> bool:
        return [each.sittings for each in people] == [1] * TYPISTS

    async def fault(_: Callable[[], None]) -> None:
        async with getattr(machine, what)():
            await until(lambda: all(each.storage[-1:] == ["away"] for each in people), "everyone is told")
            before = [(len(each.saved), len(each.seen)) for each in people]
            await a_while(AWAY_SECONDS)
            assert [(len(each.saved), len(each.seen)) for each in people] == before, "nothing is saved or seen"
            assert what not in HEARS or stayed(), "every page stays open"
            assert all(each.text and not each.settled for each in people), "and shows what it showed, not saved"
            assert await asyncio.to_thread(status, machine.hub, "/readyz") == 503
            assert await asyncio.to_thread(status, machine.hub, "/healthz") == 200
        # A page that was sent away is told of nothing: whoever takes it in again has asked the store.
        await until(
            lambda: all(each.storage[-1] == "back" or each.sittings > 1 for each in people), "everyone knows it is back"
        )

    (back,) = await typing_through(lives, TEXT, [fault], seed=seed, watch=people.extend)

    record_property("told", f"away {AWAY_SECONDS} s, saving again {back:.2f} s after everyone was told")
    assert back < BACK_STARTS_MAX * machine.hub.slowest_start
    assert what not in HEARS or stayed()


async def test_without_notes_the_poll_catches_up_in_bounded_time(
    machine: Machine, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    other = await asyncio.to_thread(machine.a_hub, tmp_path / "other", machine.url)
    plan = machine.hub.plan("Mary")
    lives = [hub.live(PEOPLE[at % 2], plan) for at, hub in enumerate([machine.hub, other] * 2)]
    ledger = Ledger()
    heard: list[float] = []
    people: list[Typist] = []

    async def deafness(_: Callable[[], None]) -> None:
        heard.append(p99(ledger.take()))
        for each in people[::2]:
            each.typing = False  # Who commits finds what others have committed, with or without a note.
        machine.cable.deaf = True
        try:
            await until(lambda: machine.cable.notes_lost > 0, "a note is lost")
            await a_while(2 * POLL_SECONDS)
        finally:
            machine.cable.deaf = False
        heard.append(p99(ledger.take()))
        for each in people:
            each.typing = True

    try:
        await typing_through(lives, TEXT, [deafness], seed=seed, ledger=ledger, watch=people.extend)
    finally:
        await asyncio.to_thread(other.end)

    record_property(
        "told",
        f"p99 across processes {heard[0] * 1e3:.0f} ms, {heard[1] * 1e3:.0f} ms without notes "
        f"({machine.cable.notes_lost} lost), a poll every {POLL_SECONDS} s",
    )
    assert heard[1] < POLL_SECONDS + BACK_STARTS_MAX * machine.hub.slowest_start


def status(hub: Hub, path: str) -> int:
    """Return what the hub answers, without anyone's session."""
    with httpx2.Client(base_url=hub.base_url, trust_env=False, timeout=30.0) as client:
        return client.get(path).status_code
