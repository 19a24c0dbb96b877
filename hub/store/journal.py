"""The journal in Postgres. Appends go to the driver itself, on a connection of its own (``hub.store.appends``)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crdt.sections import Section
from hub.ids import HUB
from hub.process import measures
from hub.record.folding import digest_of
from hub.record.jobs import Job
from hub.record.journal import (
    CHANGES_CONTENT,
    EVERYTHING,
    OPENING_ROWS_MAX,
    ROWS_READ_MAX,
    Act,
    Action,
    Batch,
    EntryState,
    FieldPath,
    FoldStep,
    Head,
    JournalRefusedError,
    Latest,
    Narrowed,
    Opening,
    Row,
    Snapshot,
    opened_from,
)
from hub.record.submissions import RepeatedError, Submission, changes, under_way
from hub.store.appends import COLUMNS, append_rows
from hub.store.away import away, away_in_turn
from hub.store.clock import StoreTime
from hub.store.engine import Driver, driver_of
from hub.store.jobs import enqueue
from hub.store.submissions import keep, let_go

_ACTION: Final = COLUMNS.index("action")

_LISTED: Final = ", ".join(COLUMNS)
READ_COLUMNS: Final = _LISTED.replace("told", "told::text as told")
"""The columns as readers ask for them: JSON as its text, byte by byte."""

_LATEST: Final = """
with recursive path as (
    select first.* from unnest($2::text[]) as wanted(section), lateral (
        select section, entry, field from journal
         where plan = $1 and section = wanted.section and section <> '' and entry > ''
         order by section, entry, field limit 1) as first
    union all
    select next.* from path, lateral (
        select section, entry, field from journal
         where plan = $1 and section = path.section and section <> ''
           and (entry, field) > (path.entry, path.field)
         order by section, entry, field limit 1) as next
)
select path.*, last.actor, last.recorded, last.seq from path, lateral (
    select actor, recorded, seq from journal
     where plan = $1 and section = path.section and section <> '' and entry = path.entry and field = path.field
       and action = any($3::text[]) and outcome = 'success'
     order by seq desc limit 1) as last
"""
# From one distinct path to the next by the index, so that the cost is that of the fields, not of their history.

_TAILS: Final = f"""
select tail.* from unnest($1::text[], $2::bigint[]) as asked(plan, after), lateral (
    select {READ_COLUMNS} from journal where journal.plan = asked.plan and seq > asked.after order by seq limit $3
) as tail order by plan, seq
"""  # noqa: S608 - as above

_KEEP_SNAPSHOT: Final = """
insert into snapshot (plan, section, seq, state, clients, row_hash, digest) values ($1, $2, $3, $4, $5::jsonb, $6, $7)
    on conflict (plan, section) do update
    set seq = excluded.seq, state = excluded.state, clients = excluded.clients, made = clock_timestamp(),
        row_hash = excluded.row_hash, digest = excluded.digest
    where snapshot.seq < excluded.seq or snapshot.digest is null
"""

_ROW_HASH: Final = "select hash from journal where plan = $1 and seq = $2"
_DROP_SNAPSHOT: Final = "delete from snapshot where plan = $1 and section = $2 and seq = $3"

_SNAPSHOTS: Final = """
select plan, section, seq, state, clients::text, row_hash, digest,
       (select hash from journal where journal.plan = snapshot.plan and journal.seq = snapshot.seq) as stands
  from snapshot where plan = any($1::text[]) and section = any($2::text[]) and digest is not null
"""

_STEPS: Final = """
select seq, section, update, actor from journal
 where plan = $1 and section = any($2::text[]) and seq > $3 and seq <= $4 and update is not null order by seq
"""

_SEQ_AT: Final = "select seq from journal where plan = $1 and recorded <= $2 order by recorded desc, seq desc limit 1"
# By the index of plan and instant; rows of one commit share an instant, of which the last row counts.

_HOLD: Final = sa.text("select seq, hash from head where plan = :plan for update")

_REFUSED: Final = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)

_log = logging.getLogger("hub.store")
_clients_decoder: Final = msgspec.json.Decoder(dict[int, str])


class PostgresJournal:
    """Fills ``hub.record.journal.Journal``. One for a process; ``close`` gives its connection back."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._clock = StoreTime()
        self._kept: tuple[AsyncConnection, Driver] | None = None
        self._appending = asyncio.Lock()

    async def close(self) -> None:
        """Give back the connection kept for appends."""
        if self._kept is not None:
            (connection, _), self._kept = self._kept, None
            await connection.close()

    async def create_plan(self, plan: str) -> None:
        async with self._driver() as driver:
            await driver.execute("insert into head (plan) values ($1) on conflict do nothing", plan)

    async def heads(self, plans: Sequence[str]) -> Mapping[str, Head]:
        async with self._driver() as driver:
            found = await driver.fetch("select plan, seq, hash from head where plan = any($1::text[])", list(plans))
        return {plan: Head(seq, digest) for plan, seq, digest in found}

    async def append(self, batches: Sequence[Batch]) -> Mapping[str, Head]:
        batches = [batch for batch in batches if batch.acts]
        if not batches:
            return {}
        async with self._appending:
            driver = await self._append_driver()
            try:
                with away():
                    return await append_rows(driver, batches, self._clock)
            except _REFUSED as error:
                raise JournalRefusedError(f"the rows are refused: {type(error).__name__}") from error
            except BaseException:  # A cancellation too: whoever missed an answer would read it as the next one's.
                await self._drop_append_driver()
                raise

    @asynccontextmanager
    async def exclusively(self, plan: str) -> AsyncIterator["PostgresTurn"]:
        with away():
            connection = await self._engine.connect()
        try:
            # By SQLAlchemy, which begins the transaction with its first statement; the driver's own then join it.
            head = await _held(connection, plan)
            with away():
                driver = await driver_of(connection)
            assert driver.is_in_transaction(), "what a turn writes commits at its end, not before"
            turn = PostgresTurn(plan, head, connection, driver, self._clock)
            async with _taken_once(connection, turn):
                with away_in_turn():
                    yield turn
                turn.assert_recorded()
                await turn.settle()
                with away():
                    await connection.commit()
        finally:
            await connection.close()  # Rolls back what was not committed.

    async def since(self, plan: str, seq: int, *, limit: int = ROWS_READ_MAX) -> list[Row]:
        async with self._driver() as driver:
            return await rows_since(driver, plan, seq, limit)

    async def snapshots(self, plan: str, sections: Sequence[Section]) -> Mapping[Section, Snapshot]:
        async with self._driver() as driver:
            return (await _snapshots(driver, [plan], sections)).get(plan, {})

    async def openings(self, plans: Sequence[str]) -> Mapping[str, Opening]:
        heads = await self.heads(plans)
        async with self._driver() as driver:
            snapshots = await _snapshots(driver, plans, list(Section))
            starts = [opened_from(snapshots.get(plan, {})) for plan in plans]
            rows: dict[str, list[Row]] = {}
            for record in await driver.fetch(_TAILS, list(plans), starts, OPENING_ROWS_MAX):
                rows.setdefault(record["plan"], []).append(row_of(record))
        return {plan: Opening(head, snapshots.get(plan, {}), rows.get(plan, [])) for plan, head in heads.items()}

    async def keep_snapshot(self, plan: str, snapshot: Snapshot) -> None:
        async with self._driver() as driver:
            row_hash = await driver.fetchval(_ROW_HASH, plan, snapshot.seq)
            if row_hash is not None:
                kept = msgspec.json.encode(snapshot.clients).decode(), row_hash, digest_of(plan, snapshot, row_hash)
                await driver.execute(_KEEP_SNAPSHOT, plan, snapshot.section, snapshot.seq, snapshot.state, *kept)

    async def drop_snapshot(self, plan: str, snapshot: Snapshot) -> None:
        async with self._driver() as driver:
            await driver.execute(_DROP_SNAPSHOT, plan, snapshot.section, snapshot.seq)

    async def latest(self, plan: str, sections: Sequence[Section]) -> Mapping[FieldPath, Latest]:
        async with self._driver() as driver:
            found = await driver.fetch(_LATEST, plan, list(sections), sorted(CHANGES_CONTENT))
        return {
            (Section(section), entry, field): Latest(actor, recorded, seq)
            for section, entry, field, actor, recorded, seq in found
        }

    async def history(
        self,
        plan: str,
        *,
        section: str | None = None,
        entry: str | None = None,
        field: str | None = None,
        before_seq: int | None = None,
        narrowed: Narrowed = EVERYTHING,
        limit: int,
    ) -> list[Row]:
        where: list[str] = ["plan = $1"]
        values: list[object] = [plan]
        for name, named in (("section", section), ("entry", entry), ("field", field)):
            if named is not None:
                values.append(named)
                where.append(f"{name} = ${len(values)}")
        if section:
            where.append("section <> ''")  # Else the planner can't use the index of those that name one.
        if before_seq is not None:
            values.append(before_seq)
            where.append(f"seq < ${len(values)}")
        for clause, value in _clauses(narrowed):
            values.append(value)
            where.append(clause.format(f"${len(values)}"))
        values.append(min(limit, ROWS_READ_MAX))
        ordered = f"where {' and '.join(where)} order by seq desc limit ${len(values)}"
        query = f"select {READ_COLUMNS} from journal {ordered}"  # noqa: S608
        async with self._driver() as driver:
            return [row_of(record) for record in await driver.fetch(query, *values)]

    async def steps(self, plan: str, sections: Sequence[Section], *, after: int = 0, upto: int) -> list[FoldStep]:
        async with self._driver() as driver:
            found = await driver.fetch(_STEPS, plan, list(sections), after, upto)
        return [FoldStep(seq, Section(section), update, actor) for seq, section, update, actor in found]

    async def seq_at(self, plan: str, instant: datetime) -> int:
        async with self._driver() as driver:
            found: int | None = await driver.fetchval(_SEQ_AT, plan, instant)
        return found or 0

    @asynccontextmanager
    async def _driver(self) -> AsyncIterator[Driver]:
        with away():
            async with self._engine.connect() as connection:
                yield await driver_of(connection)

    async def _append_driver(self) -> Driver:
        if self._kept is not None and self._kept[1].is_closed():
            await self._drop_append_driver()
        if self._kept is None:
            with away():
                connection = await self._engine.connect()
                self._kept = connection, await driver_of(connection)
        return self._kept[1]

    async def _drop_append_driver(self) -> None:
        """Never reuse a connection whose answer was missed."""
        if self._kept is not None:
            (connection, _), self._kept = self._kept, None
            await connection.invalidate()
            await connection.close()


def _clauses(narrowed: Narrowed) -> Iterable[tuple[str, object]]:
    """Return the conditions that are asked for, with a place for each one's value."""
    asked: list[tuple[str, object]] = [
        ("actor = {}", narrowed.actor),
        ("recorded >= {}", narrowed.since),
        ("recorded < {}", narrowed.until),
        ("action = any({}::text[])", None if narrowed.actions is None else sorted(narrowed.actions)),
        ("event = any({}::text[])", None if narrowed.events is None else sorted(narrowed.events)),
        ("section = any({}::text[])", None if narrowed.sections is None else ["", *sorted(narrowed.sections)]),
    ]
    return [(clause, value) for clause, value in asked if value is not None]


class PostgresTurn:
    """Fills ``hub.record.journal.Turn``."""

    def __init__(self, plan: str, head: Head, connection: AsyncConnection, driver: Driver, clock: StoreTime) -> None:
        self._plan = plan
        self._head = head
        self._connection = connection
        self._driver = driver
        self._clock = clock
        self._asked = False
        self._recorded = False
        self._changed = False
        self._form: Submission | None = None
        self._other = ""

    @property
    def head(self) -> Head:
        return self._head

    @property
    def connection(self) -> AsyncConnection:
        self._asked = True
        return self._connection

    async def since(self, seq: int, *, limit: int = ROWS_READ_MAX) -> list[Row]:
        with away():
            return await rows_since(self._driver, self._plan, seq, limit)

    @property
    def changed(self) -> bool:
        """Whether something was appended that must not be done twice."""
        return self._changed

    async def append(self, acts: Sequence[Act], states: Sequence[EntryState] | None = None) -> Head:
        if acts:
            self._changed = self._changed or changes(acts)
            with away():
                heads = await append_rows(self._driver, [Batch(self._plan, self._head, acts, states)], self._clock)
            self._head = heads[self._plan]
            self._recorded = True
        return self._head

    async def also(self, plan: str, acts: Sequence[Act]) -> Head:
        assert self._plan == HUB != plan, "the hub's head is taken before any other"
        assert not self._other, "one other plan a turn"
        self._other = plan
        self._changed = self._changed or changes(acts)
        head = await _held(self._connection, plan)
        with away():
            return (await append_rows(self._driver, [Batch(plan, head, acts)], self._clock))[plan]

    async def put_down(self, jobs: Sequence[Job]) -> None:
        with away():
            await enqueue(self._connection, jobs)

    def settles(self, form: Submission) -> None:
        """Keep the form only with a change."""
        self._form = form

    async def settle(self) -> None:
        """Let go of the form that changed nothing: it may be sent again."""
        if self._form is not None and not self._changed:
            with away():
                await let_go(self._connection, self._form)

    def assert_recorded(self) -> None:
        """Refuse to commit a change of access that left no row."""
        assert self._recorded or not self._asked, "what changes access is written in the journal in the same turn"


@asynccontextmanager
async def _taken_once(connection: AsyncConnection, turn: PostgresTurn) -> AsyncIterator[None]:
    """Keep the form that brought this turn with what it changes; it commits within.

    Raises:
        RepeatedError: the form was taken already; nothing has been done.
    """
    form = under_way()
    if form is None:
        yield
        return
    with away():
        if not await keep(connection, form):
            raise RepeatedError
    form.held = True
    turn.settles(form)
    try:
        yield
    except BaseException:  # Whatever it is goes on; only the form's mark is taken back.
        form.held = False  # It was rolled back, or nobody knows: then the next turn finds out.
        raise
    form.held = turn.changed


async def _held(connection: AsyncConnection, plan: str) -> Head:
    """Hold the plan's head until the transaction ends. Raises ``KeyError`` for a plan without a journal."""
    with away():
        found = (await connection.execute(_HOLD, {"plan": plan})).first()
    if found is None:
        raise KeyError(plan)
    return Head(found.seq, found.hash)


async def _snapshots(
    driver: Driver, plans: Sequence[str], sections: Sequence[Section]
) -> Mapping[str, Mapping[Section, Snapshot]]:
    """Return the kept snapshots that are what they were when they were kept; throw away the others with an alarm."""
    found: dict[str, dict[Section, Snapshot]] = {}
    records = await driver.fetch(_SNAPSHOTS, list(plans), list(sections))
    for plan, name, seq, state, clients, row_hash, digest, stands in records:
        snapshot = Snapshot(Section(name), seq, state, _clients_decoder.decode(clients))
        if row_hash == stands and digest == digest_of(plan, snapshot, row_hash):
            found.setdefault(plan, {})[snapshot.section] = snapshot
            continue
        _log.error("a kept snapshot was changed", extra={"plan": plan, "section": name})
        measures.SNAPSHOTS_WRONG.inc()
        await driver.execute(_DROP_SNAPSHOT, plan, name, seq)
    return found


async def rows_since(driver: Driver, plan: str, seq: int, limit: int) -> list[Row]:
    """Return the plan's rows after ``seq`` in order."""
    query = f"select {READ_COLUMNS} from journal where plan = $1 and seq > $2 order by seq limit $3"  # noqa: S608
    return [row_of(record) for record in await driver.fetch(query, plan, seq, min(limit, ROWS_READ_MAX))]


def row_of(record: Iterable[Any]) -> Row:
    """Return the row of a record that holds ``COLUMNS``, and nothing else."""
    values = list(record)
    values[_ACTION] = Action(values[_ACTION])
    return Row(*values)
