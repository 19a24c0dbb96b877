"""Time comes in from outside: instants for decisions and rows, seconds for beats and bounds."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

DRIFT_MAX: Final = 0.001
"""Seconds by which two clocks part in a second, at most: twice what an operating system lets its own be off by."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Two readings of one passing time."""

    def now(self) -> datetime:
        """Return the instant, in UTC."""

    def seconds(self) -> float:
        """Return seconds since some fixed moment; never goes back."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def seconds(self) -> float:
        return time.monotonic()


class StoreClock:
    """The database's time, the same for every process, carried on between readings by our own monotonic clock.

    So a machine whose clock is wrong, or jumps, judges end dates and sign-ins as every other one does.
    """

    def __init__(
        self, *, machine: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._machine = machine
        self._monotonic = monotonic
        self._offset = machine() - monotonic()  # Until the first reading, which comes before anyone is served.
        self._unsure = math.inf
        self._heard = monotonic()

    def now(self) -> datetime:
        return _EPOCH + timedelta(seconds=self._offset + self._monotonic())

    def seconds(self) -> float:
        return self._monotonic()

    def read(self, told: datetime, *, asked: float) -> float:
        """Take over what the database said, asked at that second; return by how much the machine is ahead of it.

        An answer that took long says little: it is wrong by up to half its time. It is taken over only where it is
        surer than what is known, or contradicts it.
        """
        heard = self._monotonic()
        offset, unsure = (told - _EPOCH).total_seconds() - (asked + heard) / 2, (heard - asked) / 2
        known = self._unsure + DRIFT_MAX * (heard - self._heard)
        if unsure <= known or abs(offset - self._offset) > unsure + known:
            self._offset, self._unsure, self._heard = offset, unsure, heard
        return self._machine() - self._offset - heard
