"""The hub's command line with a task that wakes every 5 ms: ``python -m tests.bench.watched FILE serve ...``.

Each time it comes late by more than 5 ms, a line of the file says when (on the clock of ``time.monotonic``) and by how
many milliseconds: so long something else held the loop.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import IO, Final

from hub.process.watchdog import Watchdog
from web.commands.cli import commands

WAKES_SECONDS: Final = 0.005


class LoopWatch:
    """Starts with the hub's own watch over its loop."""

    def __init__(self, told: Path) -> None:
        self._told = told
        self._file: IO[str] | None = None
        self._due = 0.0

    def begin(self) -> None:
        """Watch the running loop from now on."""
        self._file = self._told.open("a", buffering=1)
        self._again()

    def _again(self) -> None:
        self._due = time.monotonic() + WAKES_SECONDS
        asyncio.get_running_loop().call_later(WAKES_SECONDS, self._round)

    def _round(self) -> None:
        now = time.monotonic()
        if now - self._due > WAKES_SECONDS and self._file is not None:
            self._file.write(f"{now:.6f} {(now - self._due) * 1e3:.1f}\n")
        self._again()


def watched(told: Path) -> None:
    """Have every hub of this process watched."""
    start, watch = Watchdog.start, LoopWatch(told)

    def begun(self: Watchdog) -> None:
        start(self)
        watch.begin()

    Watchdog.start = begun  # type: ignore[method-assign]


if __name__ == "__main__":
    watched(Path(sys.argv[1]))
    sys.argv[1:2] = []
    sys.exit(commands())
