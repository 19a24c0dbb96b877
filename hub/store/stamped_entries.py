"""Entries with the row that says how they stand, for whoever asks what changed; and in which plan an entry is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from crdt.sections import Section
from hub.record.journal import EntryState
from hub.store.away import away
from hub.store.engine import Driver, Engine, driver_of
from hub.store.entries import state_of_row

HOLDERS_MAX: Final = 100
"""Plans in which one id is looked for; ids are made once, so there is one."""

_STAMPED: Final = """
select head.plan, head.seq as stands, entry.section, entry.root, entry.key, entry.creator, entry.person,
       entry.fields::text as fields, entry.seq, stamp.recorded
  from head left join entry on entry.plan = head.plan and entry.root = 'entries'
  left join journal as stamp on stamp.plan = entry.plan and stamp.seq = entry.seq
 where head.plan = any($1::text[]) and head.entries_kept
   and (entry.section is null or $2::text[] is null or entry.section = any($2::text[]))
 order by head.plan, entry.section, entry.root, entry.key
"""
_KEPT: Final = "select plan from head where plan = any($1::text[]) and entries_kept"
_HOLDERS: Final = "select plan from entry where key = any($1::text[]) and root = 'entries' order by plan limit $2"
_HOLDERS_OF_READINGS: Final = """
select plan from entry
 where section = 'monitoring' and root = 'entries' and fields -> 'readings' ?| $1::text[] order by plan limit $2
"""


class Stamp(NamedTuple):
    """The row of the plan's journal by which an entry is known to stand as it does."""

    seq: int
    recorded: datetime


@dataclass(frozen=True, slots=True)
class StampedPlan:
    """The entries of a plan as they stand at a row of its journal."""

    seq: int
    states: list[EntryState] = field(default_factory=list)
    stamps: dict[str, Stamp] = field(default_factory=dict)


class StampedEntries:
    """The read model with its stamps. Every method raises ``JournalAwayError`` when the store can't be reached."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def of_plans(
        self, plan_ids: Collection[str], sections: Collection[Section] | None = None
    ) -> Mapping[str, StampedPlan]:
        """Return how these plans stand; plans of which that is not kept are left out. One query.

        With ``sections`` only their entries are read, and plans that have none there are left out as well.
        """
        found: dict[str, StampedPlan] = {}
        for plan, stands, *state, seq, recorded in await self._rows(_STAMPED, list(plan_ids), _named(sections)):
            stamped = found.setdefault(plan, StampedPlan(stands))
            if seq is not None:
                entry = state_of_row(*state)
                stamped.states.append(entry)
                stamped.stamps[entry.key] = Stamp(seq, recorded)
        return found

    async def holders(self, entry_ids: Collection[str], *, readings: bool = False) -> list[str]:
        """Return the plans that hold these entries, with ``readings`` also those that hold readings of these ids."""
        wanted = list(entry_ids)
        rows = [*await self._rows(_HOLDERS, wanted, HOLDERS_MAX)]
        if readings and len(rows) < len(wanted):
            rows += await self._rows(_HOLDERS_OF_READINGS, wanted, HOLDERS_MAX)
        return list(dict.fromkeys(row[0] for row in rows))

    async def kept(self, plan_ids: Collection[str]) -> frozenset[str]:
        """Return those of these plans whose entries the read model keeps."""
        return frozenset(row[0] for row in await self._rows(_KEPT, list(plan_ids)))

    async def _rows(self, query: str, *values: object) -> Sequence[Sequence[Any]]:
        with away():
            async with self._engine.connect() as connection:
                driver: Driver = await driver_of(connection)
                return [tuple(row) for row in await driver.fetch(query, *values)]


def _named(sections: Collection[Section] | None) -> list[str] | None:
    return None if sections is None else [each.value for each in sections]
