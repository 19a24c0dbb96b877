"""Notes between processes: small enough for Postgres, heard by all, and the bus says when it may have missed some."""

import asyncio
from collections.abc import Callable

import asyncpg
import msgspec
import pytest

from hub.live.bus import Here, Listening, Moved, Note, RelayedPresence, decoder, packed
from hub.store import notices
from hub.store.engine import database_url
from hub.store.notices import NOTE_BYTES_MAX, PostgresBus
from tests.hub.builders import PLAN, an_id

pytestmark = pytest.mark.anyio
WAIT_SECONDS = 10.0


def a_person(client: int, draft: str = "") -> RelayedPresence:
    return RelayedPresence(client, an_id(), "Ann", "patient", None, draft, msgspec.Raw(b"null"))


def test_a_long_note_is_split_and_says_the_same() -> None:
    people = tuple(a_person(client, "x" * 400) for client in range(60))

    texts = packed([Here(PLAN, people, (1, 2), "me"), Moved(((PLAN, 1),) * 500, "me")], NOTE_BYTES_MAX)

    notes = [decoder.decode(text) for text in texts]
    assert all(len(text.encode()) <= NOTE_BYTES_MAX for text in texts)
    assert [person.client for note in notes if isinstance(note, Here) for person in note.people] == list(range(60))
    assert sum(len(note.plans) for note in notes if isinstance(note, Moved)) == 500


async def heard(queue: "asyncio.Queue[Note]", kind: type[Note]) -> Note:
    async with asyncio.timeout(WAIT_SECONDS):
        while not isinstance(note := await queue.get(), kind):
            pass
        return note


@pytest.mark.slow
async def test_notes_travel_over_postgres_and_a_broken_connection_is_told(database: str) -> None:
    first, second = PostgresBus(database), PostgresBus(database)
    queue: asyncio.Queue[Note] = asyncio.Queue()
    first.listen(lambda note: None)
    second.listen(queue.put_nowait)
    await first.start()
    await second.start()
    await heard(queue, Listening)

    first.publish(Moved(((PLAN, 7),), "first"))
    told = await heard(queue, Moved)
    dsn = database_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
    other = await asyncpg.connect(dsn)
    await other.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where pid <> pg_backend_pid() and datname = current_database()"
    )
    await other.close()
    await heard(queue, Listening)
    first.publish(Moved(((PLAN, 8),), "first"))
    again = await heard(queue, Moved)
    await first.stop()
    await second.stop()

    assert told == Moved(((PLAN, 7),), "first")
    assert again == Moved(((PLAN, 8),), "first")


@pytest.mark.slow
async def test_who_is_alone_says_nothing_until_somebody_comes(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "ALIVE_SECONDS", 0.05)
    first = PostgresBus(database)
    first.listen(lambda note: None)
    await first.start()
    await until(lambda: first._alone)
    first.publish(Moved(((PLAN, 1),), "first"))
    assert not first._waiting, "it is said to nobody"
    second = PostgresBus(database)
    queue: asyncio.Queue[Note] = asyncio.Queue()
    second.listen(queue.put_nowait)

    await second.start()
    await heard(queue, Listening)
    await until(lambda: not first._alone)
    first.publish(Moved(((PLAN, 2),), "first"))

    assert await heard(queue, Moved) == Moved(((PLAN, 2),), "first")
    monkeypatch.setattr(notices, "ALIVE_SECONDS", 3.0)
    await second.stop()
    monkeypatch.setattr(notices, "ALIVE_SECONDS", 0.05)
    await until(lambda: first._alone)
    await first.stop()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not true():
            await asyncio.sleep(0)


@pytest.mark.slow
async def test_a_bus_that_ends_while_it_speaks_ends_without_a_fault_and_says_what_it_had_to_say(database: str) -> None:
    hearing = PostgresBus(database)
    queue: asyncio.Queue[Note] = asyncio.Queue()
    hearing.listen(queue.put_nowait)
    await hearing.start()
    await heard(queue, Listening)

    for seq in range(1, 11):
        speaking = PostgresBus(database)
        ready: asyncio.Queue[Note] = asyncio.Queue()
        speaking.listen(ready.put_nowait)
        await speaking.start()
        await heard(ready, Listening)
        speaking.publish(Moved(((PLAN, seq),), "speaking"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await speaking.stop()

        assert await heard(queue, Moved) == Moved(((PLAN, seq),), "speaking")
    await hearing.stop()
