"""Reminders as rows: found from the journals, told once, kept for as long as letters are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.jobs.letters import Posted
from hub.record.journal import CHANGES_CONTENT, Action, Row, Turn
from hub.reminders.choices import Matter
from hub.reminders.finding import ASKED, Reminder
from hub.reminders.hours import GATHERED
from hub.store.engine import connected, connection_of, driver_of
from hub.store.job_tables import letter
from hub.store.journal import READ_COLUMNS, row_of
from hub.store.letters import KEPT, posted_of
from hub.store.reminder_tables import reminder as table
from hub.store.reminder_tables import reminder_reading as reading

ROWS_MAX: Final = 1_000
"""Rows of one journal that are read in one go; the rest follows in the next."""
LISTED_MAX: Final = 200

_QUIET_ACTIONS: Final = frozenset(
    {Action.READ, Action.REFUSE, Action.SEARCH, Action.EXPORT, Action.DISCLOSE, Action.NOTIFY, Action.SIGN_IN,
     Action.SIGN_OUT, Action.EXPLAIN, Action.VERSION}
)  # fmt: skip
"""Rows after which nobody is to be told anything else than before."""

_BEHIND: Final = """
select head.plan, coalesce(reading.seq, 0) as after, head.seq as until, plan.created,
       coalesce(reading.asked, 0) as asked,
       reading.plan is null or reading.asked > reading.answered or exists (
           select from journal where journal.plan = head.plan and journal.seq > coalesce(reading.seq, 0)
              and journal.seq <= head.seq and not journal.action = any($2::text[])) as anew
  from head join plan on plan.id = head.plan
  left join reminder_reading as reading on reading.plan = head.plan
 where reading.plan is null or reading.asked > reading.answered or head.seq > reading.seq
 order by head.plan limit $1
"""
_CHANGES: Final = f"""
select {READ_COLUMNS} from journal
 where plan = $1 and seq > $2 and seq <= $3 and action = any($4::text[]) and outcome = 'success'
 order by seq limit {ROWS_MAX}
"""  # noqa: S608 - the names of our own columns
_ADVANCE: Final = sa.text("""
insert into reminder_reading (plan, seq, asked, answered) values (:plan, :seq, :asked, :asked)
on conflict (plan) do update set seq = greatest(reminder_reading.seq, excluded.seq),
       answered = greatest(reminder_reading.answered, excluded.answered)
""")
_DUE: Final = sa.text("""
select reminder.* from reminder where state = 'waiting' and person in (
    select person from reminder where state = 'waiting' and due <= :now group by person order by min(due) limit :people)
   and due <= :now order by person, due, id
""")


@dataclass(frozen=True, slots=True)
class Behind:
    """A plan whose journal has gone on since it was read for reminders."""

    plan: str
    after: int
    until: int
    begun: datetime
    """When the plan was opened."""
    asked: int
    """How often it was asked to find anew what is planned."""
    anew: bool
    """Something happened that may change what is to be told; reading a plan does not."""


@dataclass(frozen=True, slots=True)
class KeptReminder:
    """A reminder as it is kept."""

    reminder_id: str
    reminder: Reminder
    state: str
    """``waiting``, ``told`` or ``dropped``."""
    ended: datetime | None
    letter: Posted | None
    """What left about it; ``None`` where it stood on the page alone."""


class Reminders:
    """Reminders."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def behind(self, limit: int) -> list[Behind]:
        """Return plans whose journals have gone on, at most so many."""
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            found = await driver.fetch(_BEHIND, limit, sorted(_QUIET_ACTIONS))
        return [Behind(*row) for row in found]

    async def changes(self, behind: Behind) -> list[Row]:
        """Return the rows that changed content, the oldest first; where they are ``ROWS_MAX``, there are more."""
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            rows = await driver.fetch(_CHANGES, behind.plan, behind.after, behind.until, sorted(CHANGES_CONTENT))
        return [row_of(list(row)) for row in rows]

    async def read_on(self, behind: Behind) -> None:
        """Keep that a journal was read, and that nothing follows."""
        async with connected(self._engine) as connection:
            told = {"plan": behind.plan, "seq": behind.until, "asked": behind.asked}
            await connection.execute(_ADVANCE, told)

    async def read(
        self,
        behind: Behind,
        until: int,
        planned: Sequence[tuple[str, Reminder]],
        news: Sequence[tuple[str, Reminder]],
        now: datetime,
    ) -> None:
        """Keep that the journal was read up to a row, and what follows: all of it or nothing.

        What was planned and is so no more is forgotten; what is planned still has its hour corrected. Nothing that was
        told comes again. Where somebody has chosen anew since ``behind`` was looked up nothing is kept: the next pass
        finds it with what they chose.
        """
        asked = sa.select(reading.c.asked).where(reading.c.plan == behind.plan).with_for_update()
        async with connected(self._engine) as connection:
            if ((await connection.scalar(asked)) or 0) > behind.asked:
                return
            waits = (table.c.plan == behind.plan) & (table.c.state == "waiting") & ~table.c.occasion.startswith(ASKED)
            ahead = table.c.matter.in_([Matter.APPOINTMENT, Matter.DUE])
            kept = sa.tuple_(table.c.person, table.c.matter, table.c.entry, table.c.occasion)
            still = [(each.person, each.matter.value, each.entry, each.occasion) for _, each in planned]
            await connection.execute(sa.delete(table).where(waits, ahead, kept.not_in(still)))
            await _put(connection, [*planned, *news], now)
            await connection.execute(_ADVANCE, {"plan": behind.plan, "seq": until, "asked": behind.asked})

    async def put(self, reminders: Sequence[tuple[str, Reminder]], now: datetime) -> None:
        """Keep reminders that follow from no plan, by their ids."""
        async with connected(self._engine) as connection:
            await _put(connection, reminders, now)

    async def awaiting(self, matter: Matter) -> frozenset[str]:
        """Return who has a reminder of this matter ahead."""
        query = sa.select(table.c.person).where(table.c.state == "waiting", table.c.matter == matter)
        async with connected(self._engine) as connection:
            return frozenset(await connection.scalars(query))

    async def due(self, now: datetime, people: int) -> Mapping[str, list[tuple[str, Reminder]]]:
        """Return what is due, with its ids, by person: of at most so many people, whose turn is longest past."""
        found: dict[str, list[tuple[str, Reminder]]] = {}
        async with connected(self._engine) as connection:
            for row in await connection.execute(_DUE, {"now": now, "people": people}):
                found.setdefault(row.person, []).append((row.id, _reminder(row)))
        return found

    async def put_off(self, reminder_ids: Collection[str], until: datetime) -> None:
        """Have reminders wait longer."""
        change = sa.update(table).where(table.c.id.in_(list(reminder_ids))).values(due=until)
        async with connected(self._engine) as connection:
            await connection.execute(change)

    async def drop(self, reminder_ids: Collection[str]) -> None:
        """Keep that there was no reason left to tell of them."""
        async with connected(self._engine) as connection:
            await connection.execute(_ended(reminder_ids, "dropped", ""))

    async def shown(self, reminder_ids: Collection[str]) -> None:
        """Keep that they stand on the page alone."""
        async with connected(self._engine) as connection:
            await connection.execute(_ended(reminder_ids, "told", ""))

    async def told(self, turn: Turn, reminder_ids: Collection[str], letter_id: str) -> int:
        """Keep in the turn that they are told by this letter; return how many waited until now."""
        return (await connection_of(turn).execute(_ended(reminder_ids, "told", letter_id))).rowcount

    async def of_person(self, person_id: str) -> list[KeptReminder]:
        """Return what somebody was told and what is ahead, the latest first."""
        return await self._many(table.c.person == person_id)

    async def of_plan(self, plan_id: str) -> list[KeptReminder]:
        """Return what people were told of a plan, the latest first."""
        return await self._many((table.c.plan == plan_id) & (table.c.state == "told"))

    async def of_letter(self, letter_id: str) -> list[KeptReminder]:
        """Return what a letter is about."""
        return await self._many(table.c.letter == letter_id)

    async def forget(self) -> None:
        """Forget what was told long ago."""
        old = table.c.ended < sa.func.clock_timestamp() - KEPT
        async with connected(self._engine) as connection:
            await connection.execute(sa.delete(table).where(old))

    async def _many(self, where: sa.ColumnElement[bool]) -> list[KeptReminder]:
        about = [each.label(f"letter_{each.name}") for each in letter.c]
        query = sa.select(table, *about).outerjoin(letter, letter.c.id == table.c.letter).where(where)
        latest = sa.func.coalesce(table.c.ended, table.c.due).desc()
        async with connected(self._engine) as connection:
            rows = await connection.execute(query.order_by(latest, table.c.id).limit(LISTED_MAX))
            return [_kept(row) for row in rows]


async def _put(connection: AsyncConnection, reminders: Sequence[tuple[str, Reminder]], now: datetime) -> None:
    """Keep what is new. Of what waits already the hour is corrected, but what is told soon is not put off again."""
    if not reminders:
        return
    values = [
        {"id": reminder_id, "person": each.person, "plan": each.plan, "matter": each.matter, "section": each.section,
         "entry": each.entry, "occasion": each.occasion, "due": each.due}
        for reminder_id, each in reminders
    ]  # fmt: skip
    statement = sa.dialects.postgresql.insert(table).values(values)
    again = statement.on_conflict_do_update(
        constraint="reminder_person_plan_matter_entry_occasion_unique",
        set_={
            "due": sa.case(
                (statement.excluded.due > now + GATHERED, statement.excluded.due),
                else_=sa.func.least(table.c.due, statement.excluded.due),
            )
        },
        where=(table.c.state == "waiting") & ~table.c.occasion.startswith(ASKED),
    )
    await connection.execute(again)


def _ended(reminder_ids: Collection[str], state: str, letter_id: str) -> sa.Update:
    waits = table.c.id.in_(list(reminder_ids)) & (table.c.state == "waiting")
    return sa.update(table).where(waits).values(state=state, letter=letter_id, ended=sa.func.clock_timestamp())


def _reminder(row: sa.Row[tuple[object, ...]]) -> Reminder:
    told = row._mapping
    return Reminder(
        told["person"], told["plan"], Matter(told["matter"]), told["section"], told["entry"], told["occasion"],
        told["due"],
    )  # fmt: skip


def _kept(row: sa.Row[tuple[object, ...]]) -> KeptReminder:
    told = row._mapping
    posted = posted_of({each.name: told[f"letter_{each.name}"] for each in letter.c}) if told["letter_id"] else None
    return KeptReminder(told["id"], _reminder(row), told["state"], told["ended"], posted)
