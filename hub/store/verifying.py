"""Reading all journals in order for a verification, and asking for rows that were signed.

One transaction of its own sees one instant throughout and keeps nobody waiting. The next rows are fetched while those
before are hashed, so the database works meanwhile.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from crdt.sections import Section
from hub.record.checkpoints import Checkpoint, CheckpointError, Signed, read_checkpoints
from hub.record.journal import Head, Snapshot
from hub.record.signing import VerifierKey
from hub.record.verifying import LINE_FIELDS, Chain, Fault, FaultKind, Progress, Replay, RowValues, signed_fault
from hub.store.away import away, away_in_turn
from hub.store.engine import Driver, database_url, ours

ROWS_AT_ONCE_MAX: Final = 500
"""What still lies in the processor's cache and wakes no garbage collector: with thousands a row costs half again."""

SIGNED_AT_ONCE_MAX: Final = 2_000
"""Signed heads that are looked up in one statement."""

_COLUMNS: Final = ", ".join("told::text as words" if name == "words" else name for name in LINE_FIELDS) + ", hash"
_ROWS: Final = f"select {_COLUMNS} from journal"  # noqa: S608 - names of columns
_PLAN: Final = LINE_FIELDS.index("plan")
_clients: Final = msgspec.json.Decoder(dict[int, str])


@asynccontextmanager
async def reading(url: str) -> AsyncIterator["Verification"]:
    """Yield a verification of the database as it is now.

    Raises:
        JournalAwayError: the database can't be reached. ``StoreError``: the URL is not one.
    """
    dsn = database_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with away():
        driver = await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": "careplan-hub verify"})
    try:
        with away_in_turn(), ours():
            async with driver.transaction(isolation="repeatable_read", readonly=True):
                yield Verification(driver)
    finally:
        await driver.close()


class Verification:
    """All checks over one view of the database; ``progress`` is told as it goes."""

    def __init__(self, driver: Driver, *, replaying: bool = True) -> None:
        self._driver = driver
        self.replaying = replaying
        self.progress = Progress()
        self.tell: Callable[[Progress], None] = lambda _: None
        self._coming: asyncio.Future[list[asyncpg.Record]] | None = None

    async def journals(self, plan: str = "", *, rows_max: int = 0) -> Fault | None:
        """Check chain, heads and replay of one plan, or of all in the order of their ids; return the first fault.

        With ``rows_max`` no more rows are read; heads and content are then left out where rows were.
        """
        heads = await self.heads(plan)
        waiting = iter(sorted(plan for plan, head in heads.items() if head.seq))
        expected = next(waiting, None)
        checking: _Plan | None = None
        left = rows_max or sys.maxsize
        async with aclosing(self._rows(plan)) as parts:  # Else rows are still on their way when a fault ends it.
            async for name, found in parts:
                rows, left = found[:left], left - len(found)
                if checking is None or checking.plan != name:
                    if checking is not None and (fault := checking.ends()):
                        return fault
                    if expected is not None and expected < name:
                        return _rowless(expected, heads)
                    expected = next(waiting, None) if expected == name else expected
                    checking = _Plan(name, heads.get(name), await self._snapshots(name) if self.replaying else None)
                    checking.progress = self.progress
                    self.progress.plans += 1
                if fault := checking.take(rows):
                    return fault
                self.progress.rows += len(rows)
                self.tell(self.progress)
                if left <= 0:
                    return checking.ends() if checking.whole else None
        if checking is not None and (fault := checking.ends()):
            return fault
        return None if expected is None else _rowless(expected, heads)

    async def checkpoints(self, path: Path, key: VerifierKey, plan: str = "") -> Fault | None:
        """Check a file of checkpoints and that every head it signs still stands; return the first fault.

        Raises:
            OSError: the file can't be read.
        """
        asked: list[tuple[str, Head]] = []
        file = read_checkpoints(path, key, Signed())
        while True:
            try:
                found: Checkpoint | None = next(file, None)
            except CheckpointError as error:
                return await self._unsigned(asked) or Fault(FaultKind.CHECKPOINT, "", 0, str(error))
            if found is None:
                return await self._unsigned(asked)
            self.progress.checkpoints += 1
            self.progress.last_signed = found.time
            asked += [(name, head) for name, head in found.moved.items() if plan in ("", name)]
            if len(asked) >= SIGNED_AT_ONCE_MAX:
                if fault := await self._unsigned(asked):
                    return fault
                asked = []
                self.tell(self.progress)

    async def rows(self, plan: str) -> AsyncIterator[Sequence[RowValues]]:
        """Yield the rows of one plan in order, some at a time."""
        async with aclosing(self._rows(plan)) as parts:
            async for _, rows in parts:
                yield rows

    async def heads(self, plan: str = "") -> Mapping[str, Head]:
        """Return the heads as the database has them."""
        query = "select plan, seq, hash from head where $1 = '' or plan = $1 order by plan"
        return {name: Head(seq, digest) for name, seq, digest in await self._driver.fetch(query, plan)}

    async def _unsigned(self, asked: list[tuple[str, Head]]) -> Fault | None:
        """Return the first of these signed heads that does not stand any more."""
        query = """
            select journal.hash, case when journal.hash is distinct from asked.hash then
                   (select max(seq) from journal as last where last.plan = asked.plan) end as last
              from unnest($1::text[], $2::bigint[], $3::bytea[]) with ordinality as asked(plan, seq, hash, place)
              left join journal on journal.plan = asked.plan and journal.seq = asked.seq order by asked.place"""
        columns = [name for name, _ in asked], [head.seq for _, head in asked], [head.hash for _, head in asked]
        for (name, head), (digest, last) in zip(asked, await self._driver.fetch(query, *columns), strict=True):
            if fault := signed_fault(name, head, digest, last):
                return fault
        self.progress.signed_heads += len(asked)
        return None

    async def _rows(self, plan: str) -> AsyncGenerator[tuple[str, list[asyncpg.Record]]]:
        """Yield rows in the order of plan and number, those of one plan together; close it when it is left early."""
        query = _ROWS + (" where plan = $1" if plan else "") + " order by plan, seq"
        cursor = await self._driver.cursor(query, *([plan] if plan else []))
        rows = await cursor.fetch(ROWS_AT_ONCE_MAX)
        while rows:
            self._coming = asyncio.ensure_future(cursor.fetch(ROWS_AT_ONCE_MAX))
            await asyncio.sleep(0)  # Lets the request leave before we are busy with what came.
            try:
                for name, part in groupby(rows, itemgetter(_PLAN)):
                    yield name, [*part]
            finally:
                rows = await self._coming
                self._coming = None

    async def _snapshots(self, plan: str) -> Mapping[Section, Snapshot]:
        if self._coming is not None:
            await asyncio.wait([self._coming])  # A connection answers one question at a time.
        query = """
            select section, seq, state, clients::text from snapshot
             where plan = $1 and digest is not null"""  # Others are not served.
        return {
            Section(name): Snapshot(Section(name), seq, state, _clients.decode(clients))
            for name, seq, state, clients in await self._driver.fetch(query, plan)
        }


def _rowless(plan: str, heads: Mapping[str, Head]) -> Fault:
    return Fault(FaultKind.TRUNCATED, plan, 1, f"the head knows of {heads[plan].seq} rows")


class _Plan:
    """One plan under verification."""

    def __init__(self, plan: str, head: Head | None, snapshots: Mapping[Section, Snapshot] | None) -> None:
        self.plan = plan
        self._head = head
        self._chain = Chain(plan)
        self.progress = Progress()
        self._replay = None if snapshots is None else Replay(plan, snapshots)

    @property
    def whole(self) -> bool:
        """Whether all rows up to the head were taken."""
        return self._head is not None and self._chain.seq >= self._head.seq

    def take(self, rows: Sequence[RowValues]) -> Fault | None:
        """Check these rows."""
        if fault := self._chain.feed(rows):
            return fault
        if self._replay is not None:
            for row in rows:
                if fault := self._replay.take(row):
                    return fault
        return None

    def ends(self) -> Fault | None:
        """Check what can only be known at the end, and note what was erased."""
        self.progress.erased += [(self.plan, seq) for seq in sorted(self._chain.erased)]
        return self._chain.ends(self._head) or (self._replay.ends(self._chain.seq) if self._replay else None)
