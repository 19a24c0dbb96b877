"""Appending to journals: one statement and one round trip, with the read model of entries kept in it.

It takes the heads in the order of their plans (so that two hubs can't wait for each other), moves those that are still
where the hub believed, and inserts rows for these only; what stands in the plans' entries by then goes into ``entry``
in the same statement. It goes to the driver itself: what SQLAlchemy adds would cost more than the commit.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import astuple

from hub.record.journal import Batch, EntryState, Head, JournalAwayError, Row, chained, head_after
from hub.store.clock import CLOCK_OFF_SECONDS_MAX, StoreTime
from hub.store.engine import Driver

COLUMNS: Final = Row.__struct_fields__
_CLOCK_TRIES_MAX: Final = 3
_LISTED: Final = ", ".join(COLUMNS)

_IN_TIME: Final = f"abs(extract(epoch from clock_timestamp() - $1::timestamptz)) < {CLOCK_OFF_SECONDS_MAX}"
_ANSWER: Final = "select array(select plan from moved) as plans, clock_timestamp() as clock"

# $1 recorded; $2..$6 the heads: plan, seq and hash before, seq and hash after; $7 whether each plan's entries stay
# true; $8 the rows, of the table's own type, whose columns stand in the order of ``Row``. That costs a third less than
# an array a column, here and in Postgres.
_APPEND: Final = f"""
with goal as (
    select * from unnest($2::text[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[], $7::boolean[])
        as t(plan, seq_before, hash_before, seq, hash, keeps)
), held as materialized (
    select head.plan from head join goal on goal.plan = head.plan and goal.seq_before = head.seq
     order by head.plan for update of head
), moved as (
    update head set seq = goal.seq, hash = goal.hash, entries_kept = head.entries_kept and goal.keeps
      from goal join held on held.plan = goal.plan
     where head.plan = goal.plan and head.seq = goal.seq_before and head.hash = goal.hash_before and {_IN_TIME}
 returning head.plan
), written as (
    insert into journal ({_LISTED})
    select act.* from unnest($8::journal[]) as act join moved on moved.plan = act.plan
)
{_ANSWER}
"""  # noqa: S608 - only names of columns are put in

_TYPES: Final = {
    "seq": "bigint", "recorded": "timestamptz", "update": "bytea", "told": "json", "prev_hash": "bytea",
    "hash": "bytea", "salt": "bytea", "content_hash": "bytea",
}  # fmt: skip
_ONE: Final = ", ".join(f"${n}::{_TYPES.get(name, 'text')}" for n, name in enumerate(COLUMNS, 8))

# The same for one row, which is what most appends have: without arrays and joins it costs a third less. $8 and on are
# the row's columns.
_APPEND_ONE: Final = f"""
with moved as (
    update head set seq = $5::bigint, hash = $6::bytea, entries_kept = entries_kept and $7::boolean
     where plan = $2::text and seq = $3::bigint and hash = $4::bytea and {_IN_TIME}
 returning plan
), written as (
    insert into journal ({_LISTED}) select {_ONE} from moved
)
{_ANSWER}
"""  # noqa: S608 - as above

ENTRY_COLUMNS: Final = "plan, section, root, key, creator, person, seq, fields, search_key"
_STAND: Final = f"""
, stand as (
    insert into entry ({ENTRY_COLUMNS})
    select state.* from unnest(${{}}::entry[]) as state join moved on moved.plan = state.plan
        on conflict (plan, section, root, key) do update
        set seq = excluded.seq, fields = excluded.fields, search_key = excluded.search_key
)
"""  # noqa: S608 - as above


def _standing(append: str, number: int) -> str:
    """Return the statement that also keeps entries, given as its parameter of that number."""
    return append.replace(_ANSWER, _STAND.format(number) + _ANSWER)


_APPEND_STANDING: Final = _standing(_APPEND, 9)
_APPEND_ONE_STANDING: Final = _standing(_APPEND_ONE, 8 + len(COLUMNS))


async def append_rows(driver: Driver, batches: Sequence[Batch], clock: StoreTime) -> Mapping[str, Head]:
    """Append and return the new heads of the plans that had not moved on."""
    for _ in range(_CLOCK_TRIES_MAX):
        await clock.prepare(driver)
        recorded = clock.now()
        rows: list[Row] = []
        after: dict[str, Head] = {}
        for batch in batches:
            linked = chained(batch, recorded)
            rows += linked
            after[batch.plan] = head_after(batch.head, linked)
        assert len(after) == len(batches), "one batch a plan"
        heads = [
            (
                batch.plan,
                batch.head.seq,
                batch.head.hash,
                after[batch.plan].seq,
                after[batch.plan].hash,
                batch.keeps_states,
            )
            for batch in batches
        ]
        stand = [each for batch in batches for each in _entries(batch, after[batch.plan])]
        also = [stand] if stand else []
        if len(rows) == 1:
            one = _APPEND_ONE_STANDING if stand else _APPEND_ONE
            found = await driver.fetchrow(one, recorded, *heads[0], *astuple(rows[0]), *also)
        else:
            several = _APPEND_STANDING if stand else _APPEND
            found = await driver.fetchrow(several, recorded, *zip(*heads, strict=True), list(map(astuple, rows)), *also)
        plans, now = found  # type: ignore[misc]
        if plans or abs((now - recorded).total_seconds()) < CLOCK_OFF_SECONDS_MAX:
            return {plan: after[plan] for plan in plans}
        clock.forget()
    raise JournalAwayError("the database's clock runs away from ours")


def entry_row(plan: str, seq: int, state: EntryState) -> tuple[object, ...]:
    """Return a row of ``entry``, its columns in the table's order."""
    return (
        plan, state.section, state.root, state.key, state.creator, state.person, seq, state.fields, state.search_key
    )  # fmt: skip


def _entries(batch: Batch, head: Head) -> list[tuple[object, ...]]:
    return [entry_row(batch.plan, head.seq, state) for state in batch.states or ()]
