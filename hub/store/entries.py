"""What stands in plans, entry by entry, as rows: the read model, written with the journal's rows (``appends``)."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crdt.changes import Root
from crdt.sections import Section
from hub.record.journal import EntryState, Head
from hub.store.appends import ENTRY_COLUMNS, entry_row
from hub.store.away import away
from hub.store.engine import Driver, connected, driver_of
from hub.store.patients import escaped
from hub.store.tables import head

FOUND_MAX: Final = 200
"""Entries that a search looks at more closely; whoever finds so many types another word."""

_STATES: Final = """
select head.plan, head.seq as stands, entry.section, entry.root, entry.key, entry.creator, entry.person,
       entry.fields::text as fields
  from head left join entry on entry.plan = head.plan
 where head.plan = any($1::text[]) and head.entries_kept
 order by head.plan, entry.section, entry.root, entry.key
"""

_FOUND: Final = """
select entry.plan, entry.section, entry.key
  from unnest($1::text[], $2::text[]) as wanted(plan, section)
  join entry on entry.plan = wanted.plan and entry.section = wanted.section and entry.root = 'entries'
 where entry.search_key like all($3::text[])
 order by entry.seq desc, entry.plan, entry.key limit $4
"""

_PUT: Final = f"insert into entry ({ENTRY_COLUMNS}) select * from unnest($1::entry[])"  # noqa: S608 - names of columns


@dataclass(frozen=True, slots=True)
class PlanStates:
    """How a plan stands at a row of its journal."""

    seq: int
    states: Sequence[EntryState]


class Entries:
    """The read model as rows. Fills ``hub.live.read_models.EntryRows``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_plans(self, plan_ids: Collection[str]) -> Mapping[str, PlanStates]:
        """Return how these plans stand, each as of its head; plans of which that is not kept are left out."""
        async with self._driver() as driver:
            rows = await driver.fetch(_STATES, list(plan_ids))
        found: dict[str, tuple[int, list[EntryState]]] = {}
        for plan, seq, section, root, key, creator, person, fields in rows:
            states = found.setdefault(plan, (seq, []))[1]
            if key is not None:
                states.append(state_of_row(section, root, key, creator, person, fields))
        return {plan: PlanStates(seq, states) for plan, (seq, states) in found.items()}

    async def holding(
        self, wanted: Mapping[str, Collection[Section]], words: Sequence[str]
    ) -> list[tuple[str, Section, str]]:
        """Return the entries of these sections of these plans that hold all words, as their key has them; newest first.

        At most ``FOUND_MAX``. Whoever shows them asks ``decide`` first, for the entry and for the field that matched.
        """
        pairs = [(plan, section.value) for plan, sections in wanted.items() for section in sections]
        if not pairs or not words:
            return []
        like = [f"%{escaped(word)}%" for word in words]
        plans, sections = [plan for plan, _ in pairs], [section for _, section in pairs]
        async with self._driver() as driver:
            rows = await driver.fetch(_FOUND, plans, sections, like, FOUND_MAX)
        return [(plan, Section(section), key) for plan, section, key in rows]

    @asynccontextmanager
    async def renewing(self, plan: str) -> AsyncIterator["Renewal"]:
        """Hold the plan's head, so that nothing is committed to it, while what stands is compared and put in place.

        Raises:
            KeyError: the plan has no journal. ``JournalAwayError``: the database can't be reached.
        """
        async with connected(self._engine) as connection:
            query = sa.select(head.c.seq, head.c.hash).where(head.c.plan == plan).with_for_update()
            found = (await connection.execute(query)).first()
            if found is None:
                raise KeyError(plan)
            yield Renewal(connection, plan, Head(found.seq, found.hash))

    @asynccontextmanager
    async def _driver(self) -> AsyncIterator[Driver]:
        with away():
            async with self._engine.connect() as connection:
                yield await driver_of(connection)


class Renewal:
    """What stands in one plan, while nobody else writes to it."""

    def __init__(self, connection: AsyncConnection, plan: str, stands: Head) -> None:
        self._connection = connection
        self._plan = plan
        self.head = stands

    async def states(self) -> list[EntryState]:
        """Return what the table says, in the order of its key."""
        driver = await driver_of(self._connection)
        rows = await driver.fetch(
            "select section, root, key, creator, person, fields::text, search_key from entry where plan = $1 "
            "order by section, root, key",
            self._plan,
        )
        return [state_of_row(*row) for row in rows]

    async def put(self, states: Sequence[EntryState]) -> None:
        """Have the table say this, and the head that it does."""
        driver = await driver_of(self._connection)
        await driver.execute("delete from entry where plan = $1", self._plan)
        await driver.execute(_PUT, [entry_row(self._plan, self.head.seq, each) for each in states])
        await driver.execute("update head set entries_kept = true where plan = $1", self._plan)


def state_of_row(
    section: str, root: str, key: str, creator: int, person: str, fields: str, search_key: str = ""
) -> EntryState:
    """Return what a row says of an entry, suggestion or comment."""
    return EntryState(
        section=Section(section), root=Root(root), key=key, creator=creator, person=person, fields=fields,
        search_key=search_key,
    )  # fmt: skip
