"""The plainest load balancer: each connection goes to the next server in turn that takes it. Nothing sticks.

It runs on a thread of its own, so that it goes on whatever the test waits for.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, Final

READ_BYTES: Final = 1 << 16
START_SECONDS_MAX: Final = 10.0


class Balancer:
    """Use it in ``with``; ``url`` is where people come to."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        """Of the servers; one that refuses is passed over."""
        self.port = 0
        self.turned: dict[int, int] = {}
        """How many connections each got."""
        self._next = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="balancer", daemon=True)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Balancer":
        self._thread.start()
        self._run(self._begin())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS_MAX)

    async def _begin(self) -> None:
        self._server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        assert self._server is not None, "it was begun"
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio calls it in a task"
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            there = await self._turn()
            if there is not None:
                try:
                    await asyncio.gather(_flow(reader, there[1]), _flow(there[0], writer))
                finally:
                    there[1].transport.abort()
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async def _turn(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self.ports:
            port = self.ports[self._next % len(self.ports)]
            self._next += 1
            with contextlib.suppress(OSError):
                opened = await asyncio.open_connection("127.0.0.1", port)
                self.turned[port] = self.turned.get(port, 0) + 1
                return opened
        return None


async def _flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
