"""What happened to one person, patient or organisation, from the hub's own journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.ids import HUB
from hub.store.engine import connected
from hub.store.tables import journal

HAPPENINGS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """One row about them: ``words`` has what was before and after, by field."""

    recorded: datetime
    actor: str
    event: str
    words: Mapping[str, object]


async def happenings(engine: AsyncEngine, entry: str) -> list[DirectoryRow]:
    """Return the acts on the directory that name this entry, the newest first."""
    columns = (journal.c.recorded, journal.c.actor, journal.c.event, journal.c.told)
    query = (
        sa.select(*columns)
        .where(journal.c.plan == HUB, journal.c.action == "admin", journal.c.entry == entry)
        .order_by(journal.c.seq.desc())
        .limit(HAPPENINGS_MAX)
    )
    async with connected(engine) as connection:
        rows = (await connection.execute(query)).all()
    return [DirectoryRow(row.recorded, row.actor, row.event, row.told or {}) for row in rows]
