"""What only the durable journal must do: keep order between hubs, refuse change, tell when it is out of reach."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.sections import Section
from hub.ids import HUB, new_id
from hub.record.chain import line_hash
from hub.record.journal import (
    EMPTY,
    Act,
    Action,
    Batch,
    Head,
    JournalAwayError,
    JournalRefusedError,
    Row,
    Snapshot,
    line_of,
)
from hub.store.appends import COLUMNS, append_rows
from hub.store.clock import StoreTime
from hub.store.engine import create_engine, driver_of, open_engine
from hub.store.journal import PostgresJournal
from hub.store.tables import journal as table

pytestmark = pytest.mark.anyio


def an_edit(plan: str, actor: str = "ana") -> Act:
    return Act(plan=plan, actor=actor, action=Action.EDIT, section=Section.GOALS, entry="e", field="f", update=b"\1")


async def some_plans(journal: PostgresJournal, count: int) -> list[str]:
    plans = sorted(new_id() for _ in range(count))
    for plan in plans:
        await journal.create_plan(plan)
    return plans


async def edit_until_all_are_in(journal: PostgresJournal, plans: list[str], actor: str, edits: int) -> None:
    """Append to all plans at once, in an order of its own; whoever finds a head moved reads it and tries again."""
    wanted = dict.fromkeys(plans, edits)
    heads = dict(await journal.heads(plans))
    while wanted:
        batches = [Batch(plan, heads[plan], [an_edit(plan, actor)] * min(2, left)) for plan, left in wanted.items()]
        moved = await journal.append(batches)
        for batch in batches:
            if batch.plan in moved:
                wanted[batch.plan] -= len(batch.acts)
        heads = dict(await journal.heads(plans))
        wanted = {plan: left for plan, left in reversed(wanted.items()) if left}


def faults(rows: list[Row]) -> list[int]:
    """Return the numbers of rows that are not where and what the chain says."""
    before = EMPTY
    wrong = []
    for row in rows:
        if (row.seq, row.prev_hash) != (before.seq + 1, before.hash) or line_hash(line_of(row)) != row.hash:
            wrong.append(row.seq)
        before = Head(row.seq, row.hash)
    return wrong


def test_a_rows_fields_are_the_journals_columns_in_order() -> None:
    assert tuple(column.name for column in table.columns) == COLUMNS


async def test_two_hubs_on_the_same_plans_leave_no_gap_and_lose_nothing(database: str) -> None:
    engines = [await open_engine(database) for _ in range(2)]
    hubs = [PostgresJournal(engine) for engine in engines]
    plans = await some_plans(hubs[0], 4)

    await asyncio.gather(
        edit_until_all_are_in(hubs[0], plans, "ana", 20), edit_until_all_are_in(hubs[1], plans[::-1], "ben", 20)
    )

    for plan in plans:
        rows = await hubs[0].since(plan, 0)
        assert faults(rows) == []
        assert sorted(row.actor for row in rows) == ["ana"] * 20 + ["ben"] * 20
        assert (await hubs[1].heads([plan]))[plan] == Head(rows[-1].seq, rows[-1].hash)
    for hub, engine in zip(hubs, engines, strict=True):
        await hub.close()
        await engine.dispose()


async def test_a_turn_makes_appends_of_others_wait_and_then_miss(database: str, journal: PostgresJournal) -> None:
    (plan,) = await some_plans(journal, 1)
    engine = await open_engine(database)
    other = PostgresJournal(engine)

    async with journal.exclusively(plan) as turn:
        waiting = asyncio.create_task(other.append([Batch(plan, EMPTY, [an_edit(plan, "ben")])]))
        await turn.append([an_edit(plan)])

    assert await waiting == {}
    assert [row.actor for row in await journal.since(plan, 0)] == ["ana"]
    await other.close()
    await engine.dispose()


FORBIDDEN = [
    "update journal set actor = 'eve'",
    "delete from journal",
    "truncate journal",
    "update checkpoint set note = ''",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
@pytest.mark.parametrize("who", ["app", "owner"])
async def test_no_one_changes_what_was_written(
    statement: str, who: str, engine: AsyncEngine, owner: AsyncEngine, journal: PostgresJournal
) -> None:
    (plan,) = await some_plans(journal, 1)
    await journal.append([Batch(plan, EMPTY, [an_edit(plan)])])

    with pytest.raises(sa.exc.DBAPIError) as refused:
        async with (engine if who == "app" else owner).begin() as connection:
            await connection.execute(sa.text(statement))

    assert refused.value.orig is not None
    assert refused.value.orig.sqlstate == "42501"  # type: ignore[attr-defined]
    assert ("append-only" in str(refused.value)) == (who == "owner")


@pytest.mark.parametrize(
    "statement",
    ["update head set seq = 0", "delete from head", "truncate head", "update head set plan = 'x'"],
)
async def test_a_head_never_goes_back(statement: str, owner: AsyncEngine, journal: PostgresJournal) -> None:
    await journal.append([Batch(HUB, EMPTY, [an_edit(HUB)])])

    with pytest.raises(sa.exc.DBAPIError):
        async with owner.begin() as connection:
            await connection.execute(sa.text(statement))


async def test_the_hub_acts_as_the_app_even_with_the_owners_login(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("select current_user")) == "careplan_app"


async def test_the_auditor_reads_the_journal_and_writes_nothing(owner: AsyncEngine) -> None:
    async with owner.begin() as connection:
        await connection.execute(sa.text("set local role careplan_auditor"))
        assert await connection.scalar(sa.text("select count(*) from journal")) == 0
        with pytest.raises(sa.exc.DBAPIError):
            await connection.execute(sa.text("select token_hash from session"))


class SlowClock(StoreTime):
    """A clock that reads well and tells an hour ago, until it is read again."""

    def __init__(self, wrong: int) -> None:
        super().__init__()
        self._wrong = wrong

    def now(self) -> datetime:
        self._wrong -= 1
        return super().now() - timedelta(hours=1 if self._wrong >= 0 else 0)


@pytest.mark.parametrize("rows", [1, 2])
async def test_rows_of_a_wrong_clock_are_refused_and_written_once_it_is_read(
    engine: AsyncEngine, journal: PostgresJournal, rows: int
) -> None:
    (plan,) = await some_plans(journal, 1)
    batch = Batch(plan, EMPTY, [an_edit(plan)] * rows)

    async with engine.connect() as connection:
        heads = await append_rows(await driver_of(connection), [batch], SlowClock(1))

    *_, row = await journal.since(plan, 0)
    assert heads[plan] == Head(rows, row.hash)
    assert abs(datetime.now(UTC) - row.recorded) < timedelta(seconds=10)


@pytest.mark.parametrize("rows", [1, 2])
async def test_a_clock_that_stays_wrong_writes_nothing(
    engine: AsyncEngine, journal: PostgresJournal, rows: int
) -> None:
    (plan,) = await some_plans(journal, 1)
    batch = Batch(plan, EMPTY, [an_edit(plan)] * rows)

    async with engine.connect() as connection:
        with pytest.raises(JournalAwayError):
            await append_rows(await driver_of(connection), [batch], SlowClock(99))

    assert await journal.since(plan, 0) == []


async def test_hostile_text_is_written_and_the_chain_holds(journal: PostgresJournal) -> None:
    (plan,) = await some_plans(journal, 1)
    act = Act(
        plan=plan, actor="eve", action=Action.REFUSE, outcome="refused", section="\u2028" * 9, entry="\0" * 9_000,
        field="\ud800", reason="a\0b", words={"\0": "\udfff", "n": [1.5, 10**15]},
    )  # fmt: skip

    await journal.append([Batch(plan, EMPTY, [act, an_edit(plan)])])

    assert faults(await journal.since(plan, 0)) == []


async def test_one_bad_row_takes_the_whole_append_back(journal: PostgresJournal) -> None:
    plan, other = await some_plans(journal, 2)
    bad = Act(plan=other, actor="ana", action=Action.EDIT, outcome="unheard of")

    with pytest.raises(JournalRefusedError):
        await journal.append([Batch(plan, EMPTY, [an_edit(plan)]), Batch(other, EMPTY, [bad])])

    assert set((await journal.heads([plan, other])).values()) == {EMPTY}
    assert (await journal.append([Batch(plan, EMPTY, [an_edit(plan)])]))[plan].seq == 1


async def test_a_lost_connection_is_told_and_the_next_append_goes_through(
    owner: AsyncEngine, journal: PostgresJournal
) -> None:
    (plan,) = await some_plans(journal, 1)
    first = await journal.append([Batch(plan, EMPTY, [an_edit(plan)])])

    async with owner.connect() as connection:
        await connection.execute(
            sa.text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where pid <> pg_backend_pid() and datname = current_database()"
            )
        )
    try:
        heads = await journal.append([Batch(plan, first[plan], [an_edit(plan)])])
    except JournalAwayError:
        heads = await journal.append([Batch(plan, first[plan], [an_edit(plan)])])

    assert heads[plan].seq == 2


async def test_a_server_that_is_away_is_one_kind_of_error(database: str) -> None:
    url = make_url(database).set(query={"host": "/nowhere"}).render_as_string(hide_password=False)
    journal = PostgresJournal(create_engine(url))

    async def turn() -> None:
        async with journal.exclusively(HUB):
            pass

    append = journal.append([Batch(HUB, EMPTY, [an_edit(HUB)])])
    for call in (journal.heads([HUB]), journal.since(HUB, 0), append, turn()):
        with pytest.raises(JournalAwayError):
            await call


SNAPSHOT_CHANGES = {
    "state": "state || '\\x00'::bytea",
    "clients": '\'{"7": "ben"}\'::jsonb',
    "seq": "seq - 1",
    "row_hash": "sha256(row_hash)",
    "digest": "sha256(digest)",
}


@pytest.mark.parametrize("column", SNAPSHOT_CHANGES)
async def test_a_snapshot_that_was_changed_since_it_was_kept_is_thrown_away_and_never_served(
    journal: PostgresJournal, column: str
) -> None:
    (plan,) = await some_plans(journal, 1)
    await journal.append([Batch(plan, EMPTY, [an_edit(plan)] * 3)])
    await journal.keep_snapshot(plan, Snapshot(Section.GOALS, 3, b"state", {7: "ana"}))
    async with journal._driver() as driver:
        await driver.execute(f"update snapshot set {column} = {SNAPSHOT_CHANGES[column]} where plan = $1", plan)

    found = await journal.snapshots(plan, [Section.GOALS])

    assert found == {}
    assert (await journal.openings([plan]))[plan].snapshots == {}
    async with journal._driver() as driver:
        assert await driver.fetchval("select count(*) from snapshot where plan = $1", plan) == 0


async def test_a_snapshot_whose_row_is_not_the_journals_any_more_is_thrown_away(
    journal: PostgresJournal, owner: AsyncEngine
) -> None:
    (plan,) = await some_plans(journal, 1)
    await journal.append([Batch(plan, EMPTY, [an_edit(plan)] * 3)])
    await journal.keep_snapshot(plan, Snapshot(Section.GOALS, 3, b"state", {7: "ana"}))
    async with owner.begin() as connection:
        await connection.exec_driver_sql("set session_replication_role = replica")
        await connection.execute(sa.text("update journal set hash = sha256(hash) where seq = 3"))

    assert await journal.snapshots(plan, [Section.GOALS]) == {}


async def test_a_snapshot_that_an_earlier_version_kept_is_not_served_and_gives_way_to_any_other(
    journal: PostgresJournal,
) -> None:
    (plan,) = await some_plans(journal, 1)
    await journal.append([Batch(plan, EMPTY, [an_edit(plan)] * 3)])
    async with journal._driver() as driver:
        await driver.execute("insert into snapshot values ($1, 'goals', 3, '\\x00', '{}')", plan)

    found = await journal.snapshots(plan, [Section.GOALS])
    await journal.keep_snapshot(plan, Snapshot(Section.GOALS, 2, b"state", {7: "ana"}))

    assert found == {}
    assert (await journal.snapshots(plan, [Section.GOALS]))[Section.GOALS].seq == 2
