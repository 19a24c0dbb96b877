"""Files that came in for a plan, as rows: what waits for a decision, what was decided, and the originals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.fields import Value
from crdt.sections import Section
from hub.record.journal import Turn
from hub.store.arrival_tables import arrival as table
from hub.store.arrival_tables import arrival_line as line
from hub.store.engine import connected, connection_of

LINES_MAX: Final = 2_000
"""Lines of one plan that wait, or are shown as decided, at most."""

ARRIVALS_MAX: Final = 50

SOURCES_MAX: Final = 10
"""Of one entry, the newest."""

BY_API: Final = "FHIR API"
"""In the place of a file's name: another system wrote it itself, and nobody has to decide on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file that came in; ``report`` holds its counts and remarks."""

    arrival_id: str
    plan_id: str
    source: str
    file: str
    person: str
    login: str
    report: Mapping[str, Any]
    received: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalLine:
    """One entry that a file brings (``is_new``) or changes; ``values`` are what it would say."""

    line_id: str
    arrival_id: str
    number: int
    section: Section
    entry: str
    key: str
    digest: str
    is_new: bool
    values: Mapping[str, Value]
    original: str
    state: str = "proposed"
    decided: datetime | None = None
    decided_by: str = ""
    reason: str = ""


class Arrivals:
    """Files and lines as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def remembered(self, plan_id: str) -> dict[str, str]:
        """Return the entries to which keys of earlier files came, those that were accepted or still wait."""
        query = sa.select(line.c.key, line.c.entry).where(
            line.c.plan == plan_id, line.c.state.in_(("accepted", "proposed"))
        )
        async with connected(self._engine) as connection:
            return {row.key: row.entry for row in await connection.execute(query.order_by(line.c.id))}

    async def told_before(self, plan_id: str) -> set[tuple[str, str]]:
        """Return key and digest of each line that waits, or that somebody declined."""
        query = sa.select(line.c.key, line.c.digest).where(
            line.c.plan == plan_id, line.c.state.in_(("proposed", "declined"))
        )
        async with connected(self._engine) as connection:
            return {(row.key, row.digest) for row in await connection.execute(query)}

    async def keep(self, turn: Turn, arrival: Arrival, lines: Sequence[ArrivalLine]) -> None:
        """Keep a file with its lines; a line that waits under the same key is replaced."""
        connection = connection_of(turn)
        values = {name: getattr(arrival, name) for name in ("source", "file", "person", "login")}
        await connection.execute(
            sa.insert(table).values(id=arrival.arrival_id, plan=arrival.plan_id, report=dict(arrival.report), **values)
        )
        for start in range(0, len(lines), 500):
            part = lines[start : start + 500]
            again = (line.c.plan == arrival.plan_id) & (line.c.state == "proposed")
            keys = [each.key for each in part]
            await connection.execute(sa.update(line).where(again, line.c.key.in_(keys)).values(state="replaced"))
            await connection.execute(sa.insert(line), [_row(arrival, each) for each in part])

    async def note(self, arrival: Arrival, line_: ArrivalLine) -> None:
        """Keep where an entry came from that another system wrote: its row of the journal is written already."""
        values = {name: getattr(arrival, name) for name in ("source", "file", "person", "login")}
        row = _row(arrival, line_) | {"decided": line_.decided, "decided_by": line_.decided_by}
        made = sa.insert(table).values(
            id=arrival.arrival_id, plan=arrival.plan_id, report=dict(arrival.report), **values
        )
        async with connected(self._engine) as connection:
            await connection.execute(made)
            await connection.execute(sa.insert(line).values(row))

    async def sources(self, plan_id: str, entry: str) -> list[tuple[ArrivalLine, str]]:
        """Return what came of an entry from elsewhere and stands in it, each with its source, the newest first."""
        mine = (line.c.plan == plan_id) & (line.c.entry == entry) & (line.c.state == "accepted")
        query = sa.select(line, table.c.source, table.c.received).join(table, table.c.id == line.c.arrival).where(mine)
        async with connected(self._engine) as connection:
            rows = await connection.execute(query.order_by(table.c.received.desc()).limit(SOURCES_MAX))
            return [(_line(row._mapping), row.source) for row in rows]

    async def waiting(self, plan_id: str) -> list[ArrivalLine]:
        """Return the lines that wait for a decision, in the order in which they came."""
        return await self._lines((line.c.plan == plan_id) & (line.c.state == "proposed"))

    async def decided(self, plan_id: str) -> list[ArrivalLine]:
        """Return the lines that were decided on."""
        return await self._lines((line.c.plan == plan_id) & line.c.state.in_(("accepted", "declined")))

    async def line(self, plan_id: str, line_id: str) -> ArrivalLine | None:
        """Return the line of that id in the plan."""
        found = await self._lines((line.c.plan == plan_id) & (line.c.id == line_id))
        return found[0] if found else None

    async def decide(
        self, plan_id: str, line_ids: Collection[str], state: str, *, by: str, now: datetime, reason: str = ""
    ) -> None:
        """Keep what was decided on lines that still wait."""
        decided = _decision(plan_id, line_ids, state, by=by, now=now, reason=reason)
        async with connected(self._engine) as connection:
            await connection.execute(decided)

    async def settle(
        self, turn: Turn, plan_id: str, line_ids: Collection[str], *, by: str, now: datetime, reason: str
    ) -> None:
        """Decline lines that still wait in the turn in which they were decided on elsewhere."""
        decided = _decision(plan_id, line_ids, "declined", by=by, now=now, reason=reason)
        await connection_of(turn).execute(decided)

    async def of_plan(self, plan_id: str) -> list[Arrival]:
        """Return the files that came in, the newest first."""
        files = (table.c.plan == plan_id) & (table.c.file != BY_API)
        query = sa.select(table).where(files).order_by(table.c.received.desc()).limit(ARRIVALS_MAX)
        async with connected(self._engine) as connection:
            return [_arrival(row._mapping) for row in await connection.execute(query)]

    async def _lines(self, where: sa.ColumnElement[bool]) -> list[ArrivalLine]:
        query = sa.select(line).where(where).order_by(line.c.arrival, line.c.number).limit(LINES_MAX)
        async with connected(self._engine) as connection:
            return [_line(row._mapping) for row in await connection.execute(query)]


def _decision(plan_id: str, line_ids: Collection[str], state: str, *, by: str, now: datetime, reason: str) -> sa.Update:
    waiting = (line.c.plan == plan_id) & (line.c.state == "proposed") & line.c.id.in_(line_ids)
    return sa.update(line).where(waiting).values(state=state, decided=now, decided_by=by, reason=reason)


def _row(arrival: Arrival, each: ArrivalLine) -> dict[str, object]:
    return {
        "id": each.line_id, "arrival": arrival.arrival_id, "plan": arrival.plan_id, "number": each.number,
        "section": each.section.value, "entry": each.entry, "key": each.key, "digest": each.digest,
        "is_new": each.is_new, "fields": dict(each.values), "original": each.original, "state": each.state,
    }  # fmt: skip


def _line(row: sa.RowMapping) -> ArrivalLine:
    told: dict[str, Any] = {name: row[name] for name in ("number", "entry", "key", "digest", "is_new", "original")}
    told |= {name: row[name] for name in ("state", "decided", "decided_by", "reason")}
    return ArrivalLine(
        line_id=row["id"], arrival_id=row["arrival"], section=Section(row["section"]), values=row["fields"], **told
    )


def _arrival(row: sa.RowMapping) -> Arrival:
    told: dict[str, Any] = {name: row[name] for name in ("source", "file", "person", "login", "report", "received")}
    return Arrival(arrival_id=row["id"], plan_id=row["plan"], **told)
