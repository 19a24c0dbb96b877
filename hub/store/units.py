"""Units as rows: wards, practices and circles of an organisation, whose members a plan opened there begins with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import unit as table
from hub.store.tables import unit_member as member

UNITS_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit with the ids of its members."""

    unit_id: str
    organisation: str
    name: str
    members: Sequence[str] = ()
    ended: datetime | None = None


class Units:
    """Units as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def all(self) -> list[Unit]:
        """Return the units that have not ended, by name."""
        return await self._many(table.c.ended.is_(None))

    async def get(self, unit_id: str) -> Unit | None:
        """Return the unit of that id, unless it has ended."""
        found = await self._many((table.c.id == unit_id) & table.c.ended.is_(None))
        return found[0] if found else None

    async def keep(self, turn: Turn, unit: Unit) -> None:
        """Make the rows say what ``unit`` says, whether it is there or not."""
        connection = connection_of(turn)
        values = {"organisation": unit.organisation, "name": unit.name, "ended": unit.ended}
        added = sa.dialects.postgresql.insert(table).values(id=unit.unit_id, **values)
        await connection.execute(added.on_conflict_do_update(index_elements=[table.c.id], set_=values))
        await connection.execute(sa.delete(member).where(member.c.unit == unit.unit_id))
        if unit.members:
            rows = [{"unit": unit.unit_id, "person": each} for each in unit.members]
            await connection.execute(sa.insert(member), rows)

    async def _many(self, where: sa.ColumnElement[bool]) -> list[Unit]:
        people = sa.func.array_remove(sa.func.array_agg(member.c.person), None).label("members")
        query = sa.select(table, people).outerjoin(member, member.c.unit == table.c.id).where(where)
        grouped = query.group_by(table.c.id).order_by(sa.func.lower(table.c.name), table.c.id).limit(UNITS_MAX)
        async with connected(self._engine) as connection:
            return [
                Unit(unit_id=row.id, organisation=row.organisation, name=row.name, members=tuple(row.members),
                     ended=row.ended)
                for row in await connection.execute(grouped)
            ]  # fmt: skip
