"""The door of HL7 v2: a protocol of asyncio round the framing; each message is answered once it is kept, in order.

A sender that does not wait for its answers is read no further until ``WAITING_MAX`` of its messages are fewer. One that
is silent for ``SILENT_SECONDS_MAX`` is let go; interface engines connect again.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from socket import socket
from typing import Final, cast

from hub.adt.frames import Framed, FrameFault, Framer, framed

WAITING_MAX: Final = 16
"""Messages of one connection that are not answered yet."""
CONNECTIONS_MAX: Final = 200
"""Of one process; an interface engine has one or a few."""
SILENT_SECONDS_MAX: Final = 3_600.0
ANSWER_SECONDS_MAX: Final = 60.0
"""Longer than the store may take, so that a sender is told, not cut off."""
HANDSHAKE_SECONDS_MAX: Final = 10.0
FAULTS_MAX: Final = 10
"""A connection on which so much was no message is closed: whatever it is, it speaks something else."""

Answered = Callable[[bytes | FrameFault], Awaitable[bytes]]
"""Keeps a message and returns its acknowledgement; of bytes that were none, says why."""

_log = logging.getLogger("hub.hospitals")


class MllpConnection(asyncio.Protocol):
    """One connection of a sender."""

    def __init__(self, answered: Answered, connections: "set[MllpConnection]") -> None:
        self._answered, self._connections = answered, connections
        self._framer = Framer()
        self._waiting: deque[bytes | FrameFault] = deque()
        self._transport: asyncio.Transport | None = None
        self._working: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._faults = 0
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = stream = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it.
        if len(self._connections) >= CONNECTIONS_MAX:
            _log.warning("too many connections of hospitals")
            stream.abort()
            return
        self._connections.add(self)
        self._heard()

    def data_received(self, received: bytes) -> None:
        self._heard()
        for each in self._framer.feed(received):
            if isinstance(each, Framed):
                self._waiting.append(each.message)
            else:
                self._fault(each)
        if self._transport is not None and len(self._waiting) >= WAITING_MAX:
            self._transport.pause_reading()
        self._begin()

    def _begin(self) -> None:
        if self._waiting and self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._work())
            self._working.add_done_callback(self._worked)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        self._transport = None
        self._writable.set()
        self._waiting.clear()  # What was not answered comes again.
        if self._idle is not None:
            self._idle.cancel()

    def close(self) -> None:
        """Let the sender go; what is being kept is kept, and its answer may not arrive."""
        if self._transport is not None:
            self._transport.close()

    async def finished(self) -> None:
        """Wait until what is being kept is kept and answered."""
        if self._working is not None:
            await asyncio.wait({self._working})

    async def _work(self) -> None:
        """Answer what waits, in order."""
        try:
            while self._waiting and self._transport is not None:
                message = self._waiting.popleft()
                async with asyncio.timeout(ANSWER_SECONDS_MAX):
                    told = await self._answered(message)
                    await self._writable.wait()
                if self._transport is not None:
                    self._transport.write(framed(told))
                    if len(self._waiting) < WAITING_MAX:
                        self._transport.resume_reading()
        except TimeoutError:
            _log.warning("a message of a hospital was not kept in time")
            self.close()  # Without an answer: the sender sends it again.

    def _worked(self, task: "asyncio.Task[None]") -> None:
        self._working = None
        if not task.cancelled() and task.exception() is not None:
            _log.error("a message of a hospital could not be answered", exc_info=task.exception())
            self.close()
        elif self._waiting and self._transport is not None:
            self._begin()

    def _fault(self, fault: FrameFault) -> None:
        self._faults += 1
        _log.warning("bytes of a hospital were no message", extra={"error": fault.value})
        if fault is not FrameFault.NOT_FRAMED:
            self._waiting.append(fault)
        if self._faults >= FAULTS_MAX:
            self.close()

    def _heard(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(SILENT_SECONDS_MAX, self.close)


class MllpListener:
    """Listens on a socket that is bound already: several processes may share it, and each connection is one's."""

    def __init__(self, listener: socket, answered: Answered, tls: ssl.SSLContext | None) -> None:
        self._listener, self._answered, self._tls = listener, answered, tls
        self._connections: set[MllpConnection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: MllpConnection(self._answered, self._connections),
            sock=self._listener,
            ssl=self._tls,
            ssl_handshake_timeout=HANDSHAKE_SECONDS_MAX if self._tls is not None else None,
        )

    async def stop(self) -> None:
        """Take nothing more; what is being kept is kept and answered first."""
        if self._server is not None:
            self._server.close()
        for each in list(self._connections):
            await each.finished()
            each.close()


def tls_of(certificate: Path, key: Path, clients: Path) -> ssl.SSLContext:
    """Return how the door is locked: TLS 1.2 or newer, and only for senders with a certificate of ``clients``.

    Raises:
        OSError: a file can't be read.
        ssl.SSLError: it holds no certificate or key.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(clients))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    return context
