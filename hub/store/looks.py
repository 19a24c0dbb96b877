"""How far each person has looked at each section, and what is new since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.sections import Section
from hub.journal import CHANGES_CONTENT
from hub.store.engine import connected
from hub.store.tables import looked as table

_NEWS: Final = sa.text("""
select news.* from unnest(cast(:plans as text[])) as asked(plan), lateral (
    select asked.plan, journal.section, count(*) as changes, max(journal.seq) as seq, max(journal.recorded) as recorded
      from journal left join looked
        on looked.plan = asked.plan and looked.person = :person and looked.section = journal.section
     where journal.plan = asked.plan and journal.actor <> :person and journal.outcome = 'success'
       and journal.action = any(:actions) and journal.section <> ''
       and journal.seq > coalesce(looked.seq, 0)
     group by journal.section) as news
""")


@dataclass(frozen=True, slots=True)
class News:
    """What others changed in a section since one looked: how many rows, and the last of them."""

    changes: int
    seq: int
    recorded: datetime


class Looks:
    """How far people have looked, as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def look(self, plan_id: str, person_id: str, seqs: Mapping[Section, int]) -> None:
        """Keep that the person has seen these sections up to these rows; never runs back."""
        if not seqs:
            return
        statement = sa.dialects.postgresql.insert(table).values(
            [{"plan": plan_id, "person": person_id, "section": section, "seq": seq} for section, seq in seqs.items()]
        )
        on = statement.on_conflict_do_update(
            index_elements=[table.c.plan, table.c.person, table.c.section],
            set_={"seq": statement.excluded.seq, "looked": sa.func.clock_timestamp()},
            where=table.c.seq < statement.excluded.seq,
        )
        async with connected(self._engine) as connection:
            await connection.execute(on)

    async def of_person(self, plan_id: str, person_id: str) -> Mapping[Section, int]:
        """Return up to which row the person has seen each section they have looked at."""
        query = sa.select(table.c.section, table.c.seq).where((table.c.plan == plan_id) & (table.c.person == person_id))
        async with connected(self._engine) as connection:
            return {Section(row.section): row.seq for row in await connection.execute(query)}

    async def news(self, plan_ids: Sequence[str], person_id: str) -> Mapping[str, Mapping[Section, News]]:
        """Return what others changed since the person looked, by plan and section; filter by what they may read."""
        values = {"plans": list(plan_ids), "person": person_id, "actions": sorted(CHANGES_CONTENT)}
        news: dict[str, dict[Section, News]] = {}
        async with connected(self._engine) as connection:
            for row in await connection.execute(_NEWS, values):
                news.setdefault(row.plan, {})[Section(row.section)] = News(row.changes, row.seq, row.recorded)
        return news
