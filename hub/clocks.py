"""Time comes in from outside: instants for decisions and rows, seconds for beats and bounds."""

import time
from datetime import UTC, datetime
from typing import Protocol


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
