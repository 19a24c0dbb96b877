"""The ends of all journals as checkpoints sign them, under a lock that one process holds, and what was signed last."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Head
from hub.store.away import away
from hub.store.engine import Driver, connected, driver_of

_LOCK: Final = 0x0CA2_C4EC
"""The advisory lock of the process that signs; the number only has to be ours."""


@dataclass(frozen=True, slots=True)
class LastSigned:
    """What the database remembers of the last checkpoint."""

    seq: int
    made: datetime


class SigningTurn:
    """Held by the one process that signs; ends with its connection."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def heads(self) -> tuple[list[tuple[str, Head]], datetime]:
        """Return the heads of all journals at one instant, and the instant; no lock, no one waits.

        Raises:
            JournalAwayError: the database can't be reached.
        """
        with away():
            async with self._driver.transaction(isolation="repeatable_read", readonly=True):
                now: datetime = await self._driver.fetchval("select clock_timestamp()")
                found = await self._driver.fetch("select plan, seq, hash from head where seq > 0")
        return [(plan, Head(seq, digest)) for plan, seq, digest in found], now

    async def keep(self, root: bytes, note: str, made: datetime) -> None:
        """Keep a copy of the note: a convenience for pages, which proves nothing."""
        with away():
            await self._driver.execute(
                "insert into checkpoint (seq, root, note, made)"
                " select coalesce(max(seq), 0) + 1, $1, $2, $3 from checkpoint",
                root, note, made,
            )  # fmt: skip


class Heads:
    """The heads of all journals."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def signing(self) -> AsyncIterator[SigningTurn | None]:
        """Hold the turn to sign, or ``None`` where another process has it.

        Raises:
            JournalAwayError: the database can't be reached.
        """
        with away():
            async with self._engine.connect() as connection:
                driver = await driver_of(connection)
                if not await driver.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                    yield None
                    return
                try:
                    yield SigningTurn(driver)
                finally:
                    if not driver.is_closed():
                        await driver.execute("select pg_advisory_unlock($1)", _LOCK)

    async def last_signed(self) -> LastSigned | None:
        """Return what is kept of the last checkpoint."""
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            row = await driver.fetchrow("select seq, made from checkpoint order by seq desc limit 1")
        return None if row is None else LastSigned(row["seq"], row["made"])
