"""Addresses at which calendars ask for somebody's appointments, as rows; each address is known by its hash alone."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.reminder_tables import calendar_feed as table


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """One person's address."""

    person: str
    made: datetime
    used: datetime | None
    """When it was last written down that it was asked."""


class CalendarFeeds:
    """One address a person."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_person(self, person_id: str) -> CalendarFeed | None:
        """Return somebody's address, as far as it is kept."""
        return await self._one(table.c.person == person_id)

    async def by_token(self, token_hash: bytes) -> CalendarFeed | None:
        """Return whose address it is."""
        return await self._one(table.c.token_hash == token_hash)

    async def put(self, turn: Turn, person_id: str, token_hash: bytes) -> None:
        """Give somebody an address; one they had before leads nowhere from now on."""
        values = {"person": person_id, "token_hash": token_hash, "made": sa.func.clock_timestamp(), "used": None}
        statement = sa.dialects.postgresql.insert(table).values(values)
        await connection_of(turn).execute(statement.on_conflict_do_update(index_elements=[table.c.person], set_=values))

    async def end(self, turn: Turn, person_id: str) -> None:
        """Have somebody's address lead nowhere."""
        await connection_of(turn).execute(sa.delete(table).where(table.c.person == person_id))

    async def used(self, person_id: str, now: datetime) -> None:
        """Note that it was asked."""
        async with connected(self._engine) as connection:
            await connection.execute(sa.update(table).where(table.c.person == person_id).values(used=now))

    async def _one(self, where: sa.ColumnElement[bool]) -> CalendarFeed | None:
        query = sa.select(table.c.person, table.c.made, table.c.used).where(where)
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else CalendarFeed(row.person, row.made, row.used)
