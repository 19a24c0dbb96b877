"""Who was told of what: rows that point to the journal, which says what happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Row, Turn
from hub.store.engine import connected, connection_of, driver_of
from hub.store.journal import READ_COLUMNS, row_of
from hub.store.tables import notification as table

NOTIFICATIONS_LISTED_MAX: Final = 100

_TOLD: Final = f"""
select seen, found.* from notification, lateral (
    select {READ_COLUMNS} from journal
     where journal.plan = notification.plan and journal.seq = notification.seq) as found
 where notification.person = $1 order by notification.made desc limit {NOTIFICATIONS_LISTED_MAX}
"""  # noqa: S608 - the names of our own columns


_TELL_STAND_INS: Final = sa.text("""
insert into notification (person, plan, seq)
select distinct absence.stand_in, :plan, cast(:seq as bigint) from absence
  join participant on participant.plan = :plan and participant.person = absence.stand_in
 where absence.person = any(:people) and absence.begins <= clock_timestamp() and absence.ends > clock_timestamp()
   and participant.removed is null and (participant.ends is null or participant.ends > clock_timestamp())
on conflict do nothing
""")


@dataclass(frozen=True, slots=True)
class Told:
    """One notification: the row of the journal that it is about, and when its reader marked it as seen."""

    row: Row
    seen: datetime | None


class Notifications:
    """Notifications as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def tell(self, turn: Turn, persons: Iterable[str], plan_id: str) -> None:
        """Tell these people of the row appended last in the turn, in the same transaction; empty ids are nobody.

        Who stands in for one of them now, and takes part in the plan, is told as well.
        """
        values = [{"person": each, "plan": plan_id, "seq": turn.head.seq} for each in sorted(set(persons) - {""})]
        if values:
            statement = sa.dialects.postgresql.insert(table).values(values).on_conflict_do_nothing()
            await connection_of(turn).execute(statement)
            told = {"people": [each["person"] for each in values], "plan": plan_id, "seq": turn.head.seq}
            await connection_of(turn).execute(_TELL_STAND_INS, told)

    async def of_person(self, person_id: str) -> list[Told]:
        """Return what the person was told, the newest first."""
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            found = await driver.fetch(_TOLD, person_id)
        return [Told(row_of(list(record)[1:]), record["seen"]) for record in found]

    async def mark_seen(self, person_id: str, now: datetime) -> None:
        """Keep that the person has seen all that was told so far."""
        statement = sa.update(table).where((table.c.person == person_id) & table.c.seen.is_(None)).values(seen=now)
        async with connected(self._engine) as connection:
            await connection.execute(statement)
