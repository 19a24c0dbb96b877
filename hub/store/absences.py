"""Who is away and who stands in, as rows; one that ends early has its end moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.service_tables import absence as table

ABSENCES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody away from ``begins`` to before ``ends``, and who stands in."""

    absence_id: str
    person: str
    stand_in: str
    begins: datetime
    ends: datetime
    made_by: str


class Absences:
    """Absences as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, absence: Absence) -> None:
        """Add one."""
        values = {
            "id": absence.absence_id, "person": absence.person, "stand_in": absence.stand_in, "ends": absence.ends,
            "begins": absence.begins, "made_by": absence.made_by,
        }  # fmt: skip
        await connection_of(turn).execute(sa.insert(table).values(values))

    async def end(self, turn: Turn, absence_id: str, ends: datetime) -> None:
        """Let it end at that instant, which is after it began."""
        await connection_of(turn).execute(sa.update(table).where(table.c.id == absence_id).values(ends=ends))

    async def of_person(self, person_id: str, now: datetime) -> list[Absence]:
        """Return somebody's absences that are not over, the next first."""
        return await self._many((table.c.person == person_id) & (table.c.ends > now))

    async def stood_in_for(self, person_id: str, now: datetime) -> list[Absence]:
        """Return the absences in which somebody stands in now."""
        return await self._many((table.c.stand_in == person_id) & _now(now))

    async def all_now(self, now: datetime) -> list[Absence]:
        """Return the absences of this moment."""
        return await self._many(_now(now))

    async def _many(self, where: sa.ColumnElement[bool]) -> list[Absence]:
        query = sa.select(table).where(where).order_by(table.c.begins, table.c.id).limit(ABSENCES_MAX)
        async with connected(self._engine) as connection:
            rows: Sequence[sa.Row[tuple[object, ...]]] = (await connection.execute(query)).all()
        return [
            Absence(absence_id=row.id, person=row.person, stand_in=row.stand_in, begins=row.begins, ends=row.ends,
                    made_by=row.made_by)
            for row in rows
        ]  # fmt: skip


def _now(now: datetime) -> sa.ColumnElement[bool]:
    return (table.c.begins <= now) & (table.c.ends > now)
