"""The database's clock, known here without asking each time: its distance from our monotonic clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.store.engine import connected

if TYPE_CHECKING:
    import asyncpg

CLOCK_OFF_SECONDS_MAX: Final = 2
"""Rows recorded further than this from the database's clock are refused by the database."""

READING_SECONDS_MAX: Final = 60.0
"""A reading is trusted for this long; two clocks drift apart by far less than a second meanwhile."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class StoreTime:
    """Tells the database's time, wrong by at most half a round trip at the last reading and the drift since."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset: timedelta | None = None
        self._read_at = 0.0

    def now(self) -> datetime:
        """Return the database's time in UTC."""
        assert self._offset is not None, "the clock was prepared"
        return _EPOCH + self._offset + timedelta(seconds=self._monotonic())

    async def prepare(self, driver: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Read the database's clock if the last reading is too old."""
        if self._offset is not None and self._monotonic() - self._read_at < READING_SECONDS_MAX:
            return
        before = self._monotonic()
        told: datetime = await driver.fetchval("select clock_timestamp()")
        after = self._monotonic()
        self._offset = told - _EPOCH - timedelta(seconds=(before + after) / 2)
        self._read_at = after

    def forget(self) -> None:
        """Read anew at the next chance: the database refused what we told."""
        self._offset = None


async def database_time(engine: AsyncEngine) -> datetime:
    """Return the database's time.

    Raises:
        JournalAwayError: it can't be reached.
    """
    async with connected(engine) as connection:
        told: datetime = (await connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    return told
