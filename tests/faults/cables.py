"""What stands between a hub and its PostgreSQL: a Unix socket that passes bytes on, and can be cut, stuck or half deaf.

It runs on a thread of its own, so that it goes on whatever the test waits for.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

NAME: Final = ".s.PGSQL.5432"
READ_BYTES: Final = 1 << 16
NOTIFICATION: Final = 0x41
"""The type of PostgreSQL's NotificationResponse."""

HEAD_BYTES: Final = 5
START_SECONDS_MAX: Final = 10.0


class Cable:
    """Use it in ``with``; ``url`` is the database's as the hub is told it."""

    def __init__(self, url: str, folder: Path) -> None:
        self._to = Path(parse_qs(urlsplit(url).query)["host"][0]) / NAME
        self._folder = folder
        self.url = urlsplit(url)._replace(query=f"host={folder}").geturl()
        self.deaf = False
        """Notes of other processes are lost on the way."""
        self.notes_lost = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable", daemon=True)
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._open: dict[asyncio.StreamWriter, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> "Cable":
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        self._run(self._cut())

    def stick(self) -> None:
        """Pass nothing on, and keep every connection."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def mend(self) -> None:
        """Work again."""
        self._run(self._mend())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS_MAX)

    async def _mend(self) -> None:
        self._flows.set()
        if self._server is None:
            self._folder.mkdir(exist_ok=True)
            (self._folder / NAME).unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._plugged, str(self._folder / NAME))

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _end(self) -> None:
        self._flows.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _plugged(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio calls it in a task"
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError):
            there, away = await asyncio.open_unix_connection(str(self._to))
            self._open |= {writer: None, away: None}
            try:
                await asyncio.gather(self._out(reader, away), self._back(there, writer))
            finally:
                for each in (writer, away):
                    del self._open[each]
                    each.transport.abort()

    async def _out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(READ_BYTES):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on message by message: a type, a length that counts itself, a body."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readexactly(HEAD_BYTES)
                body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
                await self._flows.wait()
                if self.deaf and head[0] == NOTIFICATION:
                    self.notes_lost += 1
                    continue
                writer.write(head + body)
                await writer.drain()
        writer.close()
