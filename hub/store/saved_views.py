"""What people ask of their panels under a name, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.service_tables import saved_view as table

SAVED_VIEWS_MAX: Final = 30
"""Of one person: they stand as links at the top of a page."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A person's view: the query of an address of the panel; ``begins``: the panel begins with it."""

    name: str
    asked: str
    begins: bool = False


class SavedViews:
    """Saved views as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_person(self, person_id: str) -> list[SavedView]:
        """Return a person's views in the order in which they were made."""
        query = sa.select(table).where(table.c.person == person_id).order_by(table.c.made, table.c.name)
        async with connected(self._engine) as connection:
            rows: Sequence[sa.Row[tuple[object, ...]]] = (await connection.execute(query)).all()
        return [SavedView(row.name, row.asked, row.begins) for row in rows]

    async def add(self, turn: Turn, person_id: str, view: SavedView) -> bool:
        """Add a view; False where the person has one of that name or too many. Another begins no more, if it does."""
        connection = connection_of(turn)
        mine = sa.select(table.c.name).where(table.c.person == person_id)
        names = set((await connection.scalars(mine)).all())
        if len(names) >= SAVED_VIEWS_MAX or view.name in names:
            return False
        values = {"person": person_id, "name": view.name, "asked": view.asked}
        await connection.execute(sa.insert(table).values(values))
        if view.begins:
            await self.begin_with(turn, person_id, view.name)
        return True

    async def begin_with(self, turn: Turn, person_id: str, name: str) -> bool:
        """Let the panel begin with the view of that name, ``""``: with none; False where there is none of it."""
        connection = connection_of(turn)
        mine = table.c.person == person_id
        if name and await connection.scalar(sa.select(table.c.name).where(mine, table.c.name == name)) is None:
            return False
        await connection.execute(sa.update(table).where(mine, table.c.begins).values(begins=False))
        await connection.execute(sa.update(table).where(mine, table.c.name == name).values(begins=True))
        return True

    async def remove(self, turn: Turn, person_id: str, name: str) -> bool:
        """Remove the view of that name; False where there is none."""
        gone = sa.delete(table).where((table.c.person == person_id) & (table.c.name == name)).returning(table.c.name)
        return (await connection_of(turn).execute(gone)).first() is not None
