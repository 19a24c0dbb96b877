"""Several hub processes behind one listening socket: started, watched, replaced one by one.

The supervisor listens and serves nothing itself. Each worker inherits the listener and a pipe: it says on its standard
output when it is ready, and ends when its standard input does, so none is left behind by a supervisor that was
killed. A worker that ends by itself is started again. At SIGHUP each is replaced by a fresh process, the new one ready
before the old one is asked to end; at SIGTERM all are asked to end and have ``STOP_SECONDS_MAX`` for it.
"""

import contextlib
import logging
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Final

from web.commands.refusals import CommandError

WORKERS_MAX: Final = 64
READY_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 5.0
LOOK_SECONDS: Final = 0.2
RESTART_SECONDS_MIN: Final = 1.0
"""A place whose worker ended is not filled more often than this, so that a fault does not become a storm."""

READY: Final = b"ready"

_log = logging.getLogger("web.workers")


class WorkerFailedError(CommandError):
    """A worker did not become ready; its own log says why."""


class Worker:
    """One process of ours."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        listener: socket.socket,
        hospitals: socket.socket | None,
    ) -> None:
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            [*command, "--listener", str(listener.fileno())],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[listener.fileno(), *([hospitals.fileno()] if hospitals is not None else [])],
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """It is gone."""
        return self._process.poll() is not None

    def await_ready(self) -> None:
        """Wait until it answers requests.

        Raises:
            WorkerFailedError: it ended, or took longer than ``READY_SECONDS_MAX``.
        """
        assert self._process.stdout is not None, "its output is a pipe"
        until = self.began + READY_SECONDS_MAX
        while (left := until - time.monotonic()) > 0 and select.select([self._process.stdout], [], [], left)[0]:
            line = self._process.stdout.readline()
            if line.strip() == READY:
                return
            if not line:
                break
        self.kill()
        raise WorkerFailedError("A hub process did not start; the log says why.")

    def ask_to_end(self) -> None:
        """Have it commit what it accepted, close its sockets and end."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def await_end(self, until: float) -> None:
        """Wait for its end, and end it the hard way after that instant."""
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            _log.warning("a process had to be killed")
            self.kill()
        self._let_go()

    def kill(self) -> None:
        """End it the hard way."""
        self._process.kill()
        self._process.wait()

    def _let_go(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class Supervisor:
    """Keeps so many workers."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        listener: socket.socket,
        count: int,
        hospitals: socket.socket | None = None,
        *,
        gone: Callable[[int], None] = lambda pid: None,
    ) -> None:
        """All listen on the same sockets; ``hospitals`` is the one on which hospitals send messages.

        ``gone`` is told the process id of every worker that has ended.
        """
        assert 1 <= count <= WORKERS_MAX, "a bounded number of processes"
        self._start: Callable[[], Worker] = lambda: Worker(command, environment, listener, hospitals)
        self._gone = gone
        self._count = count
        self._workers: list[Worker] = []
        self._renew = False

    def run(self, ready: Callable[[], None]) -> None:
        """Start all, call ``ready``, and keep them until an exception (``Stopped``, by a signal) ends it.

        Raises:
            WorkerFailedError: one of the first did not start.
        """
        try:
            self._workers = [self._start() for _ in range(self._count)]
            for worker in self._workers:
                worker.await_ready()
            ready()
            with self._signals() as woken:
                while True:
                    select.select([woken], [], [], LOOK_SECONDS)
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4_096)
                    self._replace_ended()
                    if self._renew:
                        self._renew = False
                        self._renewed()
        finally:
            self._end()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        """Yield a socket that can be read when a signal has come."""

        def renew(signum: int, frame: FrameType | None) -> None:
            self._renew = True

        reading, writing = socket.socketpair()
        with reading, writing:
            reading.setblocking(False)
            writing.setblocking(False)
            before = signal.signal(signal.SIGHUP, renew)
            waked = signal.set_wakeup_fd(writing.fileno())
            try:
                yield reading
            finally:
                signal.set_wakeup_fd(waked)
                signal.signal(signal.SIGHUP, before)

    def _replace_ended(self) -> None:
        for at, worker in enumerate(self._workers):
            if worker.ended and time.monotonic() - worker.began > RESTART_SECONDS_MIN:
                _log.warning("a process ended and is started again")
                self._await_end(worker, 0.0)
                self._workers[at] = self._start()  # Ready or not is its own matter: the others go on serving.

    def _renewed(self) -> None:
        """Replace every worker, each only once its successor answers."""
        for at, old in enumerate(self._workers):
            fresh = self._start()
            try:
                fresh.await_ready()
            except WorkerFailedError:
                _log.exception("the new process does not start: the old ones stay")
                return
            self._workers[at] = fresh
            old.ask_to_end()
            self._await_end(old, time.monotonic() + STOP_SECONDS_MAX)
        _log.warning("every process is a new one")

    def _end(self) -> None:
        until = time.monotonic() + STOP_SECONDS_MAX
        for worker in self._workers:
            worker.ask_to_end()
        for worker in self._workers:
            self._await_end(worker, until)

    def _await_end(self, worker: Worker, until: float) -> None:
        worker.await_end(until)
        self._gone(worker.pid)
