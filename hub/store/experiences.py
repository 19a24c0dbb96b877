"""What patients and relatives said of their care, as rows: for the clinic, never a part of a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.service_tables import experience as table

LISTED_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """What one person said once. ``answers`` are from 1 to 5 by question; ``words`` what they added."""

    experience_id: str
    organisation: str
    plan: str
    person: str
    answers: Mapping[str, int]
    words: str
    made: datetime


class Experiences:
    """Answers of all. Its methods raise ``JournalAwayError`` where the database can't be reached."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, told: Experience) -> None:
        """Keep it with the turn's row."""
        values = {
            "id": told.experience_id, "organisation": told.organisation, "plan": told.plan, "person": told.person,
            "answers": dict(told.answers), "words": told.words, "made": told.made,
        }  # fmt: skip
        await connection_of(turn).execute(sa.insert(table).values(values))

    async def last(self, plan_id: str, person_id: str) -> datetime | None:
        """Return when somebody last said how a plan's care is for them."""
        query = sa.select(sa.func.max(table.c.made)).where(table.c.plan == plan_id, table.c.person == person_id)
        async with connected(self._engine) as connection:
            found: datetime | None = await connection.scalar(query)
        return found

    async def since(self, organisation: str, begins: datetime) -> Sequence[Experience]:
        """Return what was said of an organisation's plans since then, the newest first, at most ``LISTED_MAX``."""
        mine = (table.c.organisation == organisation) & (table.c.made >= begins)
        query = sa.select(table).where(mine).order_by(table.c.made.desc()).limit(LISTED_MAX)
        async with connected(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [
            Experience(
                experience_id=row.id, organisation=row.organisation, plan=row.plan, person=row.person,
                answers=row.answers, words=row.words, made=row.made,
            )
            for row in rows
        ]  # fmt: skip
