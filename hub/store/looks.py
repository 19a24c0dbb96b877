"""How far each person has looked at each section, and what is new since."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.sections import Section
from hub.record.journal import CHANGES_CONTENT, Action, Latest, Row
from hub.store.engine import connected
from hub.store.journal import READ_COLUMNS, row_of
from hub.store.tables import looked as table

ROWS_MAX: Final = 500
"""Rows of one plan that are read for its news; who was away longer reads the plan and its history."""

NEWS: Final = CHANGES_CONTENT | {Action.EXPLAIN}

_WANTED: Final = """
wanted as (select plan, section from unnest(cast(:plans as text[]), cast(:sections as text[])) as t(plan, section))
"""

_ROWS: Final = sa.text(f"""
with {_WANTED}, floors as (
    select wanted.plan, wanted.section, coalesce(looked.seq, 0) as floor
      from wanted left join looked
        on looked.plan = wanted.plan and looked.person = :person and looked.section = wanted.section
), plans as (
    select plan, min(floor) as floor from floors group by plan
)
select news.* from plans, lateral (
    select {READ_COLUMNS.replace("plan, seq", "journal.plan, journal.seq").replace(", section,", ", journal.section,")}
      from journal join floors on floors.plan = journal.plan and floors.section = journal.section
     where journal.plan = plans.plan and journal.seq > plans.floor and journal.seq > floors.floor
       and journal.actor <> :person and journal.outcome = 'success' and journal.action = any(:actions)
     order by journal.seq desc limit :most) as news
""")  # noqa: S608 - only names of columns are put in
# A plan is read from the oldest look at any of its sections on: what is older than that costs nothing.

_LAST: Final = sa.text(f"""
with {_WANTED}
select last.* from (select distinct plan from wanted) as asked, lateral (
    select journal.plan, journal.actor, journal.recorded, journal.seq from journal
     where journal.plan = asked.plan and journal.outcome = 'success' and journal.action = any(:actions)
       and exists (select from wanted where wanted.plan = journal.plan and wanted.section = journal.section)
     order by journal.seq desc limit 1) as last
""")  # noqa: S608 - as above


_VERSIONS: Final = sa.text("""
select asked.plan,
       (select max(entry.seq) from entry where entry.plan = asked.plan) as changed,
       (select sum(looked.seq) from looked where looked.plan = asked.plan and looked.person = :person) as looked
  from unnest(cast(:plans as text[])) as asked(plan) join head on head.plan = asked.plan and head.entries_kept
""")


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

    async def put_back(self, plan_id: str, person_id: str, was: Mapping[Section, int]) -> None:
        """Undo a look: what was new before it is new again. Only ever backwards."""
        async with connected(self._engine) as connection:
            for section, seq in was.items():
                mine = (table.c.plan == plan_id) & (table.c.person == person_id) & (table.c.section == section)
                await connection.execute(sa.update(table).where(mine & (table.c.seq > seq)).values(seq=seq))

    async def rows(self, person_id: str, wanted: Mapping[str, Collection[Section]]) -> Mapping[str, list[Row]]:
        """Return what others changed or explained since the person looked, by plan, the newest ``ROWS_MAX`` of each.

        ``wanted`` names the sections of each plan that they may read. One query, however many plans.
        """
        values = _pairs(wanted) | {"person": person_id, "actions": sorted(NEWS), "most": ROWS_MAX}
        found: dict[str, list[Row]] = {}
        async with connected(self._engine) as connection:
            for record in await connection.execute(_ROWS, values):
                row = row_of(record)
                found.setdefault(row.plan, []).append(row)
        return {plan: rows[::-1] for plan, rows in found.items()}

    async def last(self, wanted: Mapping[str, Collection[Section]]) -> Mapping[str, Latest]:
        """Return who last changed anything in these sections of each plan. One query, however many plans."""
        values = _pairs(wanted) | {"actions": sorted(CHANGES_CONTENT)}
        async with connected(self._engine) as connection:
            return {
                row.plan: Latest(row.actor, row.recorded, row.seq) for row in await connection.execute(_LAST, values)
            }

    async def versions(self, person_id: str, plan_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        """Return of each plan what moves on when anything in it changes, and when the person looks at it.

        Plans of which it is not kept how they stand are left out. One query, however many plans.
        """
        async with connected(self._engine) as connection:
            rows = await connection.execute(_VERSIONS, {"person": person_id, "plans": list(plan_ids)})
            return {row.plan: (row.changed or 0, int(row.looked or 0)) for row in rows}

    async def of_person(self, plan_id: str, person_id: str) -> Mapping[Section, int]:
        """Return up to which row the person has seen each section they have looked at."""
        query = sa.select(table.c.section, table.c.seq).where((table.c.plan == plan_id) & (table.c.person == person_id))
        async with connected(self._engine) as connection:
            return {Section(row.section): row.seq for row in await connection.execute(query)}


def _pairs(wanted: Mapping[str, Collection[Section]]) -> dict[str, object]:
    pairs = [(plan, section.value) for plan, sections in wanted.items() for section in sections]
    return {"plans": [plan for plan, _ in pairs], "sections": [section for _, section in pairs]}
