"""Notes between processes over Postgres' LISTEN and NOTIFY, from a connection of their own.

NOTIFY inside a journal's transaction would serialise all commits on one lock; so it is sent after the commit, and a
note that is lost with the process costs the others a poll.

Every bus holds a shared advisory lock, which Postgres lets go with its connection. Who finds itself the only holder
is the only process: it says nothing, until it hears somebody begin. That is a tenth of what an edit costs a hub alone.
"""

import asyncio
import contextlib
import logging
from typing import Final

import asyncpg
import msgspec

from hub.live.bus import Hear, Listening, Note, decoder, packed
from hub.store.engine import CONNECT_SECONDS_MAX, database_url

CHANNEL: Final = "careplan_hub"
NOTE_BYTES_MAX: Final = 7_900
"""Postgres takes payloads under 8,000 bytes."""

NOTES_WAITING_MAX: Final = 1_000
"""Beyond it the oldest are dropped: they are hints."""

RECONNECT_SECONDS: Final = 0.5
PUBLISH_SECONDS_MIN: Final = 0.005
"""Between two sendings: what is said meanwhile goes out together. What comes after a pause is said at once."""

ALIVE_SECONDS: Final = 3.0
"""How often the connection proves that it still hears."""

STOP_SECONDS_MAX: Final = 1.0
"""What is being said may be finished; a connection that does not answer by then is dropped."""

HELLO: Final = ""
"""What a bus says first, so that those who were alone speak again."""

HELD: Final = 0x63617265706C616E
"""The advisory lock: "careplan" in ASCII."""

_HOLD: Final = f"select pg_advisory_lock_shared({HELD})"
_HOLDERS: Final = f"""
select count(*) from pg_locks where locktype = 'advisory' and granted and objsubid = 1
   and database = (select oid from pg_database where datname = current_database())
   and (classid::bigint << 32 | objid::bigint) = {HELD}
"""  # noqa: S608 - a number of ours

NOTIFY: Final = "select pg_notify($1, note) from unnest($2::text[]) as note"

_log = logging.getLogger("hub.live.bus")


class PostgresBus:
    """Fills ``Bus`` for processes that share a database."""

    def __init__(self, url: str) -> None:
        """``url`` is that of the journal's database; the connection is made by ``start``, outside any pool."""
        self._dsn = database_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._hear: Hear | None = None
        self._waiting: list[Note] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._pid = 0
        self._alone = False
        """Nobody else hears: nothing need be said."""
        self._company = False
        """Somebody was heard since it was last asked who is there."""

    def publish(self, note: Note) -> None:
        if self._alone:
            return
        self._waiting.append(note)
        del self._waiting[:-NOTES_WAITING_MAX]
        self._wake.set()

    def listen(self, hear: Hear) -> None:
        self._hear = hear

    async def start(self) -> None:
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="bus")

    async def stop(self) -> None:
        """End after what is being said; the driver can't be cut off in the middle of a statement without an error."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping = True
        self._wake.set()
        await asyncio.wait({task}, timeout=STOP_SECONDS_MAX)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, asyncpg.InternalClientError):
            await task

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._carry()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                _log.warning("the bus lost its connection", extra={"error": type(error).__name__})
            if not self._stopping:
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _carry(self) -> None:
        """Listen and send until the connection fails or the bus stops."""
        connection: asyncpg.Connection = await asyncpg.connect(self._dsn, timeout=CONNECT_SECONDS_MAX)
        try:
            self._pid = connection.get_server_pid()
            await connection.execute(_HOLD, timeout=ALIVE_SECONDS)
            await connection.add_listener(CHANNEL, self._heard)
            await connection.execute(NOTIFY, CHANNEL, [HELLO], timeout=ALIVE_SECONDS)
            if self._hear is not None:
                self._hear(Listening())
            looked = asyncio.get_running_loop().time()
            while not self._stopping:
                notes, self._waiting = self._waiting, []
                self._wake.clear()
                if notes:
                    await connection.execute(NOTIFY, CHANNEL, packed(notes, NOTE_BYTES_MAX), timeout=ALIVE_SECONDS)
                    await asyncio.sleep(PUBLISH_SECONDS_MIN)
                now = asyncio.get_running_loop().time()
                if now - looked >= ALIVE_SECONDS:  # It proves, too, that the connection still hears.
                    looked = now
                    self._company = False
                    holders = await connection.fetchval(_HOLDERS, timeout=ALIVE_SECONDS)
                    self._alone = holders <= 1 and not self._company
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, looked + ALIVE_SECONDS - now)):
                        await self._wake.wait()
        finally:
            self._alone = False
            connection.terminate()

    def _heard(self, _connection: object, pid: int, _channel: str, payload: object) -> None:
        if pid == self._pid:
            return  # Our own.
        self._alone, self._company = False, True
        if payload == HELLO:
            return
        assert isinstance(payload, str), "Postgres' notes are texts"
        if self._hear is not None:
            try:
                note = decoder.decode(payload)
            except msgspec.MsgspecError:
                note = Listening()  # A process of another version: look for whatever it may have told of.
            self._hear(note)
