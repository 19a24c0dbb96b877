"""Emergency readings as rows, and the queue of those that wait for their review."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.break_glass import BreakGlass, Verdict
from auth.roles import Role
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import break_glass as table
from hub.store.tables import person

READINGS_LISTED_MAX: Final = 200


class EmergencyReadings:
    """Emergency readings; ``Participants.load`` brings the one that is open."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, glass: BreakGlass) -> None:
        """Add a reading just begun."""
        await connection_of(turn).execute(
            sa.insert(table).values(
                plan=glass.plan_id,
                person=glass.person_id,
                began=glass.began,
                role=glass.role,
                profession=glass.profession,
                reason=glass.reason,
                until=glass.until,
            )
        )

    async def review(self, turn: Turn, glass: BreakGlass) -> bool:
        """Keep the review that ``glass`` holds; False when another was first."""
        statement = (
            sa.update(table)
            .where((table.c.plan == glass.plan_id) & (table.c.person == glass.person_id))
            .where((table.c.began == glass.began) & (table.c.verdict == Verdict.PENDING))
            .values(
                verdict=glass.verdict,
                reviewer=glass.reviewer,
                reviewed=glass.reviewed,
                review_words=glass.review_words,
            )
            .returning(table.c.person)
        )
        return (await connection_of(turn).execute(statement)).first() is not None

    async def end(self, turn: Turn, plan_id: str, person_id: str, now: datetime) -> bool:
        """End the person's reading that is open at ``now``; False where none is."""
        statement = (
            sa.update(table)
            .where((table.c.plan == plan_id) & (table.c.person == person_id))
            .where((table.c.began < now) & (table.c.until > now))
            .values(until=now)
            .returning(table.c.person)
        )
        return (await connection_of(turn).execute(statement)).first() is not None

    async def get(self, plan_id: str, person_id: str, began: datetime) -> BreakGlass | None:
        """Return one reading."""
        found = await self._many((table.c.plan == plan_id) & (table.c.person == person_id) & (table.c.began == began))
        return found[0] if found else None

    async def pending(self) -> list[BreakGlass]:
        """Return the readings that wait for their review, the oldest first."""
        return await self._many(table.c.verdict == Verdict.PENDING)

    async def of_plan(self, plan_id: str) -> list[BreakGlass]:
        """Return the plan's readings, the oldest first."""
        return await self._many(table.c.plan == plan_id)

    async def _many(self, where: sa.ColumnElement[bool]) -> list[BreakGlass]:
        query = sa.select(table, person.c.name).join(person, person.c.id == table.c.person).where(where)
        async with connected(self._engine) as connection:
            found = await connection.execute(query.order_by(table.c.began).limit(READINGS_LISTED_MAX))
            return [_glass(row) for row in found]


def _glass(row: sa.Row[tuple[object, ...]]) -> BreakGlass:
    values = dict(row._mapping)
    return BreakGlass(
        plan_id=values.pop("plan"),
        person_id=values.pop("person"),
        role=Role(values.pop("role")),
        verdict=Verdict(values.pop("verdict")),
        reviewer=values.pop("reviewer") or "",
        **values,
    )
