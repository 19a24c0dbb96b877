"""Tries from an address, counted before anything is looked up."""

from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.invitations import ATTEMPTS_PER_ADDRESS_MAX, ATTEMPTS_WINDOW
from hub.record.journal import JournalAwayError
from hub.store.engine import connected
from hub.store.tables import attempt as table


class Attempts:
    """Tries as rows: addresses hashed, forgotten when the window has passed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def forgive(self, purpose: str, address_hash: bytes, tried: datetime) -> None:
        """Count a try no longer: it was right. Where the store is away it goes on counting, for as long as others."""
        theirs = (table.c.purpose == purpose) & (table.c.address_hash == address_hash) & (table.c.tried == tried)
        with suppress(JournalAwayError):
            async with connected(self._engine) as connection:
                await connection.execute(sa.delete(table).where(theirs))

    async def tried(self, purpose: str, address_hash: bytes, now: datetime) -> list[datetime]:
        """Count a try and return those before it within the window, for ``auth.invitations.too_many``."""
        theirs = (table.c.purpose == purpose) & (table.c.address_hash == address_hash)
        before = sa.select(table.c.tried).where(theirs & (table.c.tried > now - ATTEMPTS_WINDOW))
        async with connected(self._engine) as connection:
            # In turn, so that of many tries at one instant each sees those before it.
            await connection.execute(
                sa.text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"),
                {"key": purpose + address_hash.hex()},
            )
            await connection.execute(sa.delete(table).where(table.c.tried <= now - ATTEMPTS_WINDOW))
            found = list(await connection.scalars(before.order_by(table.c.tried).limit(ATTEMPTS_PER_ADDRESS_MAX)))
            await connection.execute(sa.insert(table).values(purpose=purpose, address_hash=address_hash, tried=now))
        return found
