"""The hub's command line in processes forked from one that has imported it: the import is most of what a start costs.

A process is what the command would be in every other way: its own arguments, environment, folder, output and signals.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import IO, NoReturn

IMPORTED = [
    "web.commands.cli",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "hub.demo.registering",
    "tests.harness.warm",
]


@cache
def _context() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


class Fork:
    """One process that runs the command line; like ``subprocess.Popen`` with its output in a pipe."""

    def __init__(self, words: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Path) -> None:
        """Start ``careplan-hub`` with these words; what it says goes to ``stdout``, errors are added to the log."""
        reader, writer = _context().Pipe(duplex=False)
        self._process = _context().Process(target=_run, args=(writer, tuple(words), cwd, dict(environment), log))
        self._process.start()
        writer.close()
        self.stdout: IO[str] = os.fdopen(os.dup(reader.fileno()))
        reader.close()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None, "it was started"
        return self._process.pid

    def send_signal(self, signal: int) -> None:
        """Send it a signal, if it is still there."""
        if self._process.is_alive():
            os.kill(self.pid, signal)

    def wait(self, seconds: float) -> int | None:
        """Wait until it has ended; return its exit code, negative for a signal, ``None`` if it is still there."""
        self._process.join(seconds)
        return self._process.exitcode


class Spawn:
    """The same as a command of its own, for an environment that acts on a process as it is loaded."""

    def __init__(self, words: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Path) -> None:
        """Start ``careplan-hub`` with these words, as ``Fork`` does."""
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "web", *words],
                cwd=cwd,
                env=dict(environment),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None, "its output is a pipe"
        self.stdout: IO[str] = self._process.stdout
        self.pid = self._process.pid

    def send_signal(self, signal: int) -> None:
        """Send it a signal, if it is still there."""
        self._process.send_signal(signal)

    def wait(self, seconds: float) -> int | None:
        """Wait until it has ended; return its exit code, negative for a signal, ``None`` if it is still there."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


def _run(output: Connection, words: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Path) -> NoReturn:
    assert sys.modules.keys() >= set(IMPORTED), "a preload that fails is silent"
    os.dup2(output.fileno(), 1)
    output.close()
    with log.open("a") as errors:
        os.dup2(errors.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.stdout, sys.stderr = (open(fd, "w", buffering=1, closefd=False) for fd in (1, 2))  # noqa: SIM115
    sys.argv = ["careplan-hub", *words]
    from web.__main__ import main  # noqa: PLC0415 - imported in the process that is forked, not in the test's

    main()
    raise SystemExit
