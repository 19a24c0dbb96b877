"""One port for pages and live sockets: uvicorn with our socket protocol, and what happens at a signal to stop.

At SIGTERM or SIGINT the listener closes, every live socket commits what it accepted and closes with 1012, the
application's lifespan drains the committer, and the caller's cleanup runs; all of it within ``DRAIN_SECONDS_MAX``.
"""

import asyncio
import contextlib
import errno
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from hub.process.watchdog import Watchdog
from hub.sockets.live_socket import LiveSocket
from web.settings import Settings, SettingsError

DRAIN_SECONDS_MAX = 3
"""Requests under way and sockets get this long; with the database's own end a process is gone in under 5 s."""
BACKLOG_CONNECTIONS_MAX = 2048
KEEP_ALIVE_SECONDS = 65
"""Longer than the 60 s after which common proxies let go of an idle connection, so that they do it first."""


class Stopped(SystemExit):
    """A signal asked this process to end; leaves through every ``finally`` with exit code 0."""

    def __init__(self) -> None:
        super().__init__(0)


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """Return a listening socket, and the settings with the port and origin that browsers will see.

    Raises:
        SettingsError: the port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG_CONNECTIONS_MAX)
    except OSError as error:
        listener.close()
        raise SettingsError([_unbound(settings, error)]) from error
    return listener, _placed(listener, settings)


def listen_for_hospitals(settings: Settings) -> tuple[socket.socket | None, Settings]:
    """Return the socket on which hospitals send, and the settings with its port; none where none is asked for.

    Raises:
        SettingsError: the port is taken or the address is not this machine's.
    """
    door = settings.adt
    if door is None:
        return None, settings
    listener, placed = listen(replace(settings, host=door.host, port=door.port))
    told = replace(door, port=placed.port, descriptor=listener.fileno())
    return listener, replace(settings, adt=told)


def inherited(settings: Settings, descriptor: int) -> tuple[socket.socket, Settings]:
    """Return the listening socket that a supervisor handed down, and the settings as ``listen`` returns them."""
    listener = socket.socket(fileno=descriptor)
    return listener, _placed(listener, settings)


def _placed(listener: socket.socket, settings: Settings) -> Settings:
    port = listener.getsockname()[1]
    host = f"[{settings.host}]" if listener.family is socket.AF_INET6 else settings.host
    return replace(settings, port=port, origin=settings.origin or f"http://{host}:{port}")


def _unbound(settings: Settings, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {settings.port} is in use: end what listens there, or set --port to another one."
        case errno.EACCES:
            return f"Port {settings.port} needs more rights: set --port to one above 1023."
        case _:
            return f"Set --host to an address of this machine: {settings.host} can't be listened on."


def run(
    app: ASGIApp,
    settings: Settings,
    listener: socket.socket,
    ready: Callable[[], None],
    *,
    lifeline: int | None = None,
) -> None:
    """Serve until a signal asks to stop; ``ready`` is called once, when requests are answered.

    ``lifeline`` is a pipe's end to read: who closes the other end ends the hub like a signal.

    Raises:
        Stopped: a signal came, inside ``stopping``; everything accepted is committed by then.
        SystemExit: the application refused to start; its log line says why.
    """
    server = _Server(_config(app, settings), ready, lifeline)
    server.run(sockets=[listener])
    if not server.started:
        raise SystemExit(3)


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """Let SIGTERM and SIGINT end what runs inside by ``Stopped``, so that cleanup is never skipped."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], lifeline: int | None) -> None:
        super().__init__(config)
        self._lifeline = lifeline
        self._ready = ready
        self._watchdog = Watchdog(sys.stderr)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            gc.freeze()  # What the start made stays: to look through it for garbage would hold the loop for 0.3 s.
            self._watchdog.start()
            if self._lifeline is not None:
                asyncio.get_running_loop().add_reader(self._lifeline, self._cut_loose)
            self._ready()

    def _cut_loose(self) -> None:
        """The supervisor is gone: end as if it had asked."""
        assert self._lifeline is not None, "it was watched"
        asyncio.get_running_loop().remove_reader(self._lifeline)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self._watchdog.stop()


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="auto",
        http="httptools",
        ws=LiveSocket,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        backlog=BACKLOG_CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS_MAX,
    )
