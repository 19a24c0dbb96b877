"""Looks after the event loop: how late it comes round, and the end of a process that comes round no more.

A loop that is stuck in a document, or in anything that keeps the interpreter to itself, can't be helped from inside.
What it had accepted is in the journal and the poison is not, so the process ends and another takes its sockets.
The waiting is done by ``faulthandler``'s own thread, which needs no interpreter; before it ends the process it writes
where every thread stood, without anyone's words.
"""

import asyncio
import faulthandler
import time
from typing import IO, Final

from hub.process.measures import LOOP_LAG_SECONDS

ROUND_SECONDS: Final = 1.0
STUCK_SECONDS_MAX: Final = 15.0
"""Longer than any one thing a loop does, shorter than people wait."""


class Watchdog:
    """Watches the running loop from ``start`` to ``stop``. One for a process."""

    def __init__(self, log: IO[str], *, stuck_seconds_max: float = STUCK_SECONDS_MAX) -> None:
        self._log = log
        self._stuck_seconds_max = stuck_seconds_max
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0

    def start(self) -> None:
        """Watch from now on."""
        assert self._handle is None, "a watchdog is started once"
        self._again()

    def stop(self) -> None:
        """Watch no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        faulthandler.cancel_dump_traceback_later()

    def _round(self) -> None:
        LOOP_LAG_SECONDS.observe(max(0.0, time.monotonic() - self._due))
        self._again()

    def _again(self) -> None:
        faulthandler.dump_traceback_later(self._stuck_seconds_max, file=self._log, exit=True)
        self._due = time.monotonic() + ROUND_SECONDS
        self._handle = asyncio.get_running_loop().call_later(ROUND_SECONDS, self._round)
