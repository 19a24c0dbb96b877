"""Keeps a process on the database's time, and tells whoever runs it where the machine's own clock is wrong."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from hub.process.clocks import StoreClock
from hub.process.measures import CLOCK_AHEAD_SECONDS
from hub.record.journal import JournalAwayError

READ_SECONDS: Final = 10.0
READINGS: Final = 2
"""Each time: the first may have to open a connection, and then says little."""
OFF_SECONDS_MAX: Final = 2.0
"""A machine's clock further off than this is told in the log; nothing of ours depends on it."""

_log = logging.getLogger("hub.clock")

Read = Callable[[], Awaitable[datetime]]
"""Asks the database for its time; raises ``JournalAwayError``."""


class Timekeeper:
    """Reads the database's time into the clock."""

    def __init__(self, clock: StoreClock, read: Read) -> None:
        self._clock = clock
        self._read = read
        self._off = False

    async def read(self) -> None:
        """Read a few times; the surest reading counts.

        Raises:
            JournalAwayError: the database can't be reached; the clock goes on as it was.
        """
        ahead = 0.0
        for _ in range(READINGS):
            asked = self._clock.seconds()
            ahead = self._clock.read(await self._read(), asked=asked)
        CLOCK_AHEAD_SECONDS.set(ahead)
        off = abs(ahead) > OFF_SECONDS_MAX
        if off and not self._off:
            _log.warning("this machine's clock is not the database's", extra={"seconds": round(ahead, 1)})
        self._off = off

    async def keep(self) -> None:
        """Read again and again, until cancelled."""
        while True:
            await asyncio.sleep(READ_SECONDS)
            try:
                await self.read()
            except JournalAwayError:
                continue  # The monotonic clock carries on; the next reading corrects its drift.
