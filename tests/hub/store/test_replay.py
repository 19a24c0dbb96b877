"""Live content is what the edits replay to, and what a restored backup serves: for random people, processes, orders."""

import asyncio
import itertools
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.roles import Participant, Role
from crdt.changes import Assign, Change, Create, Rewrite
from crdt.contents import SectionContent
from crdt.sections import Section
from hub.demo.registering import NobodyComes
from hub.ids import new_id
from hub.live.plans import CarePlans
from hub.record import backups
from hub.record.journal import Head
from hub.record.signing import SigningKey
from hub.record.verifying import Fault, Replay
from hub.store.backups import make_ready, one_instant
from hub.store.engine import StoreError, open_engine
from hub.store.journal import PostgresJournal
from hub.store.verifying import reading
from tests.harness.databases import Databases
from web.commands.entry_tables import rebuilt

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
PEOPLE = (Role.PRIMARY_CARE, Role.SOCIAL_WORKER, Role.CARE_MANAGER)


class Random:
    """A command that makes given changes, which everyone here may make."""

    name = "entry.edit"

    def __init__(self, changes: list[Change]) -> None:
        self._changes = changes

    def changes(self, *_: object) -> list[Change]:
        return self._changes


def a_change(chance: random.Random, entries: list[str], numbers: "itertools.count[int]") -> Change:
    if not entries or chance.random() < 0.2:
        entries.append(new_id())
        return Create(Section.GOALS, entries[-1], {"description": f"goal {next(numbers)}", "voice": new_id()})
    entry = chance.choice(entries)
    if chance.random() < 0.5:
        return Rewrite(Section.GOALS, entry, "description", f"words {next(numbers)} \u00e9\U0001f600")
    return Assign(Section.GOALS, entry, "priority", chance.choice(["high", "medium", "low"]))


async def a_random_history(processes: list[CarePlans], plan: str, chance: random.Random) -> None:
    """Let everyone change the plan at once, each through a process of their own choosing."""
    entries: list[str] = []
    numbers = itertools.count()

    async def person(number: int) -> None:
        who = Participant(f"person-{number}", plan, f"Person {number}", PEOPLE[number], patient_id="the-patient")
        for _ in range(chance.randint(8, 14)):
            command = Random([a_change(chance, mine := list(entries), numbers)])
            process = chance.choice(processes)
            done = await process.perform(plan, who, command)  # type: ignore[arg-type]
            entries.extend(each for each in mine if each not in entries and hasattr(done, "seq"))

    await asyncio.gather(*map(person, range(len(PEOPLE))))


async def replayed(url: str, plan: str) -> SectionContent:
    replay = Replay(plan, {})
    async with reading(url) as verification:
        async for rows in verification.rows(plan):
            for row in rows:
                assert replay.take(row) is None
    return replay.content()[Section.GOALS]


async def served(url: str, plan: str) -> SectionContent:
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    plans = CarePlans(journal, NobodyComes())
    try:
        return (await plans.content(plan)).sections[Section.GOALS]  # type: ignore[return-value]
    finally:
        await journal.close()
        await engine.dispose()


async def fault_of(url: str) -> Fault | None:
    async with reading(url) as verification:
        return await verification.journals()


async def test_live_is_replay_is_restore(databases: Databases, database: str, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    engines = [await open_engine(database) for _ in range(2)]
    journals = [PostgresJournal(engine) for engine in engines]
    processes = [CarePlans(journal, NobodyComes()) for journal in journals]
    plans = [new_id() for _ in range(3)]
    for process in processes:
        await process.start()
    for plan in plans:
        await journals[0].create_plan(plan)
    await asyncio.gather(*(a_random_history(processes, plan, chance) for plan in plans))
    live = {}
    for plan in plans:
        last = chance.choice(processes)
        # Whoever writes is up to date: without a bus between them, the other process may still be behind.
        await a_random_history([last], plan, chance)
        live[plan] = (await last.content(plan)).sections[Section.GOALS]
    async with one_instant(database) as instant:
        await asyncio.to_thread(backups.dump, database, instant.server, instant.snapshot, tmp_path / "backup")
        backups.write_note(tmp_path / "backup", KEY, instant)
    for process, journal, engine in zip(processes, journals, engines, strict=True):
        await process.drain()
        await journal.close()
        await engine.dispose()

    with databases.empty() as restored:
        empty = await make_ready(restored)
        await asyncio.to_thread(backups.restore, restored, empty.settings, tmp_path / "backup")
        note = backups.read_note(tmp_path / "backup", KEY.verifier)
        assert dict(note.moved) == dict(instant.heads)
        for plan in plans:
            assert len(live[plan].entries) > 0
            for url in (database, restored):
                content = await replayed(url, plan)
                assert _plain(content) == _plain(live[plan]) == _plain(await served(url, plan))
        assert await fault_of(database) is None
        assert await fault_of(restored) is None
        for url in (database, restored):
            assert await rebuilt(url) == (0, {})  # No plan is registered here: so each by itself.
            assert [await rebuilt(url, plan) for plan in plans] == [(1, {})] * len(plans)
        with pytest.raises(StoreError, match="not empty"):
            await make_ready(restored)


def _plain(content: object) -> dict[str, object]:
    return {entry: dict(each.values) for entry, each in content.entries.items()}  # type: ignore[attr-defined]


def test_settings_that_an_older_server_lacks_are_left_out_of_the_head_alone() -> None:
    head = [b"SET transaction_timeout = 0;\n", b"SET row_security = off;\n", b"-- Name: journal; Type: TABLE\n"]
    script = iter([*head, b"SET transaction_timeout = 0;\n"])

    assert list(backups.leave_out(script, {"row_security"})) == head[1:]
    assert list(script) == [b"SET transaction_timeout = 0;\n"], "what follows may be somebody's words"


async def test_a_restore_that_breaks_off_leaves_the_database_empty(
    database: str, empty_database: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    async with one_instant(database) as instant:
        await asyncio.to_thread(backups.dump, database, instant.server, instant.snapshot, file)
    empty = await make_ready(empty_database)
    whole = file.read_bytes()

    for kept in range(len(whole) * 9 // 10, len(whole), len(whole) // 40):
        file.write_bytes(whole[:kept])
        with pytest.raises(backups.BackupError, match="failed"):
            await asyncio.to_thread(backups.restore, empty_database, empty.settings, file)
        await make_ready(empty_database)


async def test_a_backup_that_was_changed_or_signed_by_another_is_refused(database: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    async with one_instant(database) as instant:
        await asyncio.to_thread(backups.dump, database, instant.server, instant.snapshot, file)
        backups.write_note(file, KEY, instant)
    other = SigningKey(Ed25519PrivateKey.generate())

    with pytest.raises(backups.BackupError, match="another key"):
        backups.read_note(file, other.verifier)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(backups.BackupError, match="cut or changed"):
        backups.read_note(file, KEY.verifier)


def test_what_was_lost_is_told_by_what_stood_later() -> None:
    backed_up = {"a": Head(3, b""), "b": Head(5, b"")}

    assert backups.lost(backed_up, {"a": Head(3, b""), "b": Head(9, b""), "c": Head(2, b"")}) == (6, 2)
