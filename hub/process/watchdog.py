"""Looks after the event loop: how late it comes round, and the end of a process that comes round no more.

A loop that is stuck in a document, or in anything that keeps the interpreter to itself, can't be helped from inside.
What it had accepted is in the journal and the poison is not, so the process ends and another takes its sockets; before
that it writes where every thread stood, without anyone's words.

Only time in which the process could have run counts. One that was stopped as a whole (SIGSTOP, a frozen container, a
virtual machine that was moved) is not stuck: it goes on where it was, and so does the watch. So nothing here looks at
a clock on the wall. A loop that keeps the interpreter to itself uses the processor all the while: the kernel counts
that and ends the process, which needs no interpreter. A loop that waits for something leaves the interpreter to a
thread, which counts its own seconds. What does neither, a wait that keeps the interpreter, is left to whoever asks
``/healthz``.
"""

import asyncio
import faulthandler
import os
import signal
import threading
import time
from typing import IO, Final

from hub.process.measures import LOOP_LAG_SECONDS

ROUND_SECONDS: Final = 1.0
STUCK_SECONDS_MAX: Final = 15.0
"""Longer than any one thing a loop does, shorter than people wait."""


class Watchdog:
    """Watches the running loop from ``start`` to ``stop``. One for a process; it takes the signal ``SIGPROF``."""

    def __init__(self, log: IO[str], *, stuck_seconds_max: float = STUCK_SECONDS_MAX) -> None:
        self._log = log
        self._stuck_seconds_max = stuck_seconds_max
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._rounds = 0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Watch from now on."""
        assert self._handle is None, "a watchdog is started once"
        # Written by faulthandler, which needs no interpreter; the signal's own effect, the end, follows.
        faulthandler.register(signal.SIGPROF, file=self._log, all_threads=True, chain=True)
        self._again()
        threading.Thread(target=self._count, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        if self._handle is None:
            return
        self._handle.cancel()
        self._handle = None
        self._stopped.set()
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.unregister(signal.SIGPROF)

    def _round(self) -> None:
        LOOP_LAG_SECONDS.observe(max(0.0, time.monotonic() - self._due))
        self._again()

    def _again(self) -> None:
        self._rounds += 1
        signal.setitimer(signal.ITIMER_PROF, self._stuck_seconds_max)
        self._due = time.monotonic() + ROUND_SECONDS
        self._handle = asyncio.get_running_loop().call_later(ROUND_SECONDS, self._round)

    def _count(self) -> None:
        """End the process after as many seconds of this thread as the loop may be away."""
        seen, waited = self._rounds, 0.0
        while not self._stopped.wait(ROUND_SECONDS):
            if self._rounds != seen:
                seen, waited = self._rounds, 0.0
                continue
            waited += ROUND_SECONDS  # However long the process was stopped meanwhile, this was one wait.
            if waited >= self._stuck_seconds_max:
                faulthandler.dump_traceback(self._log, all_threads=True)
                os._exit(1)
