"""Search over all journals, for auditors: from the newest to the oldest, a page at a time, by key and not by offset.

What comes back says who did what, where and when, and never what was written: no words, no updates, no reasons of
clinical changes. A search walks one index and looks at no more than ``ROWS_LOOKED_AT_MAX`` rows before it answers, so
that its time does not grow with the journal; it says how far it came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import CHANGES_CONTENT, Action
from hub.store.engine import connected, driver_of

ROWS_FOUND_MAX: Final = 1_000
"""One page of answers is no longer."""

ROWS_LOOKED_AT_MAX: Final = 20_000


class Trace(msgspec.Struct, frozen=True):
    """A row of the journal as auditors see it."""

    plan: str
    seq: int
    recorded: datetime
    actor: str
    on_behalf_of: str
    role: str
    session: str
    action: str
    section: str
    entry: str
    field: str
    event: str
    purpose: str
    policy: str
    outcome: str
    reason: str
    """Empty where the row names a section: why a dose was changed, or a change refused, tells of the patient. Those who
    may read the section find it in the plan's history. What is left is why access was given, taken or broken into."""


class Key(NamedTuple):
    """Where a page ends and the next begins."""

    recorded: datetime
    plan: str
    seq: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One page. ``after`` is where the next begins, ``None`` at the end; ``unfinished``: it ended early, so that a
    page that holds little or nothing is not the last."""

    traces: Sequence[Trace]
    after: Key | None = None
    unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an auditor asks; what is empty is not asked."""

    actor: str = ""
    plan: str = ""
    actions: frozenset[Action] = frozenset()
    section: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


ORDER: Final = "order by recorded desc, plan desc, seq desc"
_CLINICAL: Final = ", ".join(f"'{action}'" for action in sorted(CHANGES_CONTENT | {Action.EXPLAIN}))
TRACE_COLUMNS: Final = ", ".join(
    f"case when section <> '' or action in ({_CLINICAL}) then '' else reason end as reason"
    if name == "reason"
    else name
    for name in Trace.__struct_fields__
)


class Audits:
    """The journals of all plans as one record."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def search(self, question: Question, *, after: Key | None = None, limit: int = 100) -> Answer:
        """Return what answers the question; the search itself is the caller's to record, before it is asked."""
        values: list[object] = []
        query = search_query(question, after, min(limit, ROWS_FOUND_MAX), values)
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            found = await driver.fetch(query, *values)
        return answer_of(found, min(limit, ROWS_FOUND_MAX))


def search_query(question: Question, after: Key | None, limit: int, values: list[object]) -> str:
    """Return the statement that answers a question, its values added to ``values``."""
    lead, others = _conditions(question, values)
    window = _window(question, after, values)
    if not lead:
        # A few index walks, one an action, merged: no index has all actions in the order of time.
        actions = question.actions or frozenset(Action)
        if question.outcome == "success":
            actions -= {Action.REFUSE}  # None of its rows succeeded, and the walk would look at each of them for one.
        values.append(sorted(actions))
        inner = " and ".join(["action = asked.what", *others, *window])
        return f"""
            select found.*, 0 as looked_at, null::timestamptz as last_recorded, '' as last_plan, 0 as last_seq
              from unnest(${len(values)}::text[]) as asked(what), lateral (
                   select {TRACE_COLUMNS} from journal where {inner} {ORDER} limit {limit}) as found
             {ORDER} limit {limit}"""  # noqa: S608 - names and operators only; values are sent apart
    if question.actions:
        values.append(sorted(question.actions))
        others.append(f"action = any(${len(values)}::text[])")
    inner = " and ".join([lead, *window])
    bound = ROWS_LOOKED_AT_MAX if others else limit
    return f"""
        with walked as materialized (
            select {TRACE_COLUMNS} from journal where {inner} {ORDER} limit {bound}
        ), walk as (
            select count(*) as looked_at from walked
        )
        select found.*, walk.looked_at, last.recorded as last_recorded, last.plan as last_plan, last.seq as last_seq
          from walk left join lateral (select * from walked where {" and ".join(others) or "true"}
                                       {ORDER} limit {limit}) as found on true
          left join lateral (select recorded, plan, seq from walked order by recorded, plan, seq limit 1) as last
                 on walk.looked_at = {ROWS_LOOKED_AT_MAX}
         {ORDER.replace("recorded", "found.recorded").replace("plan", "found.plan").replace("seq", "found.seq")}"""  # noqa: S608


def _conditions(question: Question, values: list[object]) -> tuple[str, list[str]]:
    """Return the condition whose index is walked, and the others."""
    asked: list[str] = []

    def ask(condition: str, value: object) -> None:
        values.append(value)
        asked.append(condition.format(f"${len(values)}"))

    lead = False
    if question.outcome not in ("", "success"):
        ask("outcome = {} and outcome <> 'success'", question.outcome)
        lead = True
    for name in ("plan", "actor", "section"):
        if value := getattr(question, name):
            ask(f"{name} = {{}}" + (" and section <> ''" if name == "section" else ""), value)
            lead = True
    if question.outcome == "success":
        ask("outcome = {}", "success")
    return (asked[0], asked[1:]) if lead else ("", asked)


def _window(question: Question, after: Key | None, values: list[object]) -> list[str]:
    told: list[str] = []
    if question.since is not None:
        values.append(question.since)
        told.append(f"recorded >= ${len(values)}")
    if question.until is not None:
        values.append(question.until)
        told.append(f"recorded < ${len(values)}")
    if after is not None:
        told += before_key(after, values)
    return told


def before_key(after: Key, values: list[object]) -> list[str]:
    """Return the conditions for rows that follow the key, its values added."""
    values += [after.recorded, after.plan, after.seq]
    at, plan, seq = (f"${len(values) - back}" for back in (2, 1, 0))
    return [f"recorded <= {at}", f"(recorded, plan, seq) < ({at}, {plan}, {seq})"]


def trace_of(record: asyncpg.Record) -> Trace:
    """Return the trace of a record that begins with ``TRACE_COLUMNS``."""
    return Trace(*[record[name] for name in Trace.__struct_fields__])


def key_of(trace: Trace) -> Key:
    """Return the key after which the next page begins."""
    return Key(trace.recorded, trace.plan, trace.seq)


def answer_of(found: Sequence[asyncpg.Record], limit: int) -> Answer:
    """Return the page that records of a walk make."""
    traces = [trace_of(record) for record in found if record["plan"] is not None]
    if len(traces) == limit:
        return Answer(traces, key_of(traces[-1]))
    if found and found[0]["last_recorded"] is not None:
        last = found[0]
        return Answer(traces, Key(last["last_recorded"], last["last_plan"], last["last_seq"]), unfinished=True)
    return Answer(traces)
