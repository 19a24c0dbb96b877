"""A journal that lasts as long as the process: for tests and simulations. Passes the acceptance tests of the other."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeAlias

from crdt.sections import Section
from hub.ids import HUB
from hub.record.folding import digest_of
from hub.record.jobs import Job
from hub.record.journal import (
    CHANGES_CONTENT,
    EMPTY,
    EVERYTHING,
    OPENING_ROWS_MAX,
    ROWS_READ_MAX,
    Act,
    Batch,
    EntryState,
    FieldPath,
    FoldStep,
    Head,
    Latest,
    Narrowed,
    Opening,
    Row,
    Snapshot,
    chained,
    head_after,
    opened_from,
)

Beside: TypeAlias = Callable[[str], Awaitable[Head]]
"""Holds the head of another plan until the turn ends."""


class MemoryJournal:
    """Fills ``Journal``; ``now`` stands for the database's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rows: dict[str, list[Row]] = {HUB: []}
        self.jobs: list[Job] = []
        """What turns put down, to be done later."""
        self._snapshots: dict[tuple[str, Section], tuple[Snapshot, bytes]] = {}
        """Each with its digest."""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def create_plan(self, plan: str) -> None:
        self._rows.setdefault(plan, [])

    async def heads(self, plans: Sequence[str]) -> Mapping[str, Head]:
        return {plan: self._head(plan) for plan in plans if plan in self._rows}

    async def append(self, batches: Sequence[Batch]) -> Mapping[str, Head]:
        plans = sorted({batch.plan for batch in batches})
        assert len(plans) == len(batches), "one batch a plan"
        async with AsyncExitStack() as held:
            for plan in plans:
                await held.enter_async_context(self._locks[plan])
            fitting = [
                (batch.plan, chained(batch, self._now()))
                for batch in batches
                if batch.acts and batch.plan in self._rows and self._head(batch.plan) == batch.head
            ]
            for plan, rows in fitting:
                self._rows[plan] += rows
            return {plan: self._head(plan) for plan, _ in fitting}

    @asynccontextmanager
    async def exclusively(self, plan: str) -> AsyncIterator["MemoryTurn"]:
        if plan not in self._rows:
            raise KeyError(plan)
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._locks[plan])
            turn = MemoryTurn(plan, self._head(plan), self._rows[plan], self._now, self._beside(held))
            yield turn
            for each, rows in turn.taken().items():
                self._rows[each] += rows
            self.jobs += turn.jobs

    def _beside(self, held: AsyncExitStack) -> Beside:
        async def hold(plan: str) -> Head:
            if plan not in self._rows:
                raise KeyError(plan)
            await held.enter_async_context(self._locks[plan])
            return self._head(plan)

        return hold

    async def since(self, plan: str, seq: int, *, limit: int = ROWS_READ_MAX) -> list[Row]:
        return self._rows.get(plan, [])[seq : seq + min(limit, ROWS_READ_MAX)]

    async def snapshots(self, plan: str, sections: Sequence[Section]) -> Mapping[Section, Snapshot]:
        found: dict[Section, Snapshot] = {}
        for section in sections:
            kept, digest = self._snapshots.get((plan, section), (None, b""))
            if kept is None:
                continue
            row_hash = self._row_hash(plan, kept.seq)
            if row_hash is not None and digest == digest_of(plan, kept, row_hash):
                found[section] = kept
            else:
                del self._snapshots[plan, section]
        return found

    def _row_hash(self, plan: str, seq: int) -> bytes | None:
        rows = self._rows.get(plan, [])
        return rows[seq - 1].hash if 0 < seq <= len(rows) else None

    async def openings(self, plans: Sequence[str]) -> Mapping[str, Opening]:
        found: dict[str, Opening] = {}
        for plan, head in (await self.heads(plans)).items():
            snapshots = await self.snapshots(plan, list(Section))
            rows = await self.since(plan, opened_from(snapshots), limit=OPENING_ROWS_MAX)
            found[plan] = Opening(head, snapshots, rows)
        return found

    async def keep_snapshot(self, plan: str, snapshot: Snapshot) -> None:
        kept, row_hash = self._snapshots.get((plan, snapshot.section)), self._row_hash(plan, snapshot.seq)
        if row_hash is not None and (kept is None or kept[0].seq < snapshot.seq):
            self._snapshots[plan, snapshot.section] = snapshot, digest_of(plan, snapshot, row_hash)

    async def drop_snapshot(self, plan: str, snapshot: Snapshot) -> None:
        kept = self._snapshots.get((plan, snapshot.section))
        if kept is not None and kept[0].seq == snapshot.seq:
            del self._snapshots[plan, snapshot.section]

    async def latest(self, plan: str, sections: Sequence[Section]) -> Mapping[FieldPath, Latest]:
        return {
            (Section(row.section), row.entry, row.field): Latest(row.actor, row.recorded, row.seq)
            for row in self._rows.get(plan, [])
            if row.section in sections and row.entry and row.action in CHANGES_CONTENT and row.outcome == "success"
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
        found = [
            row
            for row in reversed(self._rows.get(plan, []))
            if section in (None, row.section)
            and entry in (None, row.entry)
            and field in (None, row.field)
            and (before_seq is None or row.seq < before_seq)
            and _fits(row, narrowed)
        ]
        return found[:limit]

    async def steps(self, plan: str, sections: Sequence[Section], *, after: int = 0, upto: int) -> list[FoldStep]:
        return [
            FoldStep(row.seq, Section(row.section), row.update, row.actor)
            for row in self._rows.get(plan, [])[after:upto]
            if row.update is not None and row.section in sections
        ]

    async def seq_at(self, plan: str, instant: datetime) -> int:
        return max((row.seq for row in self._rows.get(plan, []) if row.recorded <= instant), default=0)

    def _head(self, plan: str) -> Head:
        return head_after(EMPTY, self._rows[plan])


def _fits(row: Row, narrowed: Narrowed) -> bool:
    return (
        narrowed.actor in (None, row.actor)
        and (narrowed.since is None or row.recorded >= narrowed.since)
        and (narrowed.until is None or row.recorded < narrowed.until)
        and (narrowed.actions is None or row.action in narrowed.actions)
        and (narrowed.events is None or row.event in narrowed.events)
        and (narrowed.sections is None or not row.section or row.section in narrowed.sections)
    )


class MemoryTurn:
    """Fills ``Turn``. There is no database: ``connection`` is of no use, but its rule holds."""

    def __init__(self, plan: str, head: Head, rows: Sequence[Row], now: Callable[[], datetime], beside: Beside) -> None:
        self._plan = plan
        self._head = head
        self._rows = rows
        self._now = now
        self._beside = beside
        self._new: list[Row] = []
        self._others: dict[str, Sequence[Row]] = {}
        self._asked = False
        self.jobs: list[Job] = []

    @property
    def head(self) -> Head:
        return self._head

    @property
    def connection(self) -> object:
        self._asked = True
        return None

    async def since(self, seq: int, *, limit: int = ROWS_READ_MAX) -> list[Row]:
        return [*self._rows, *self._new][seq : seq + min(limit, ROWS_READ_MAX)]

    async def append(self, acts: Sequence[Act], states: Sequence[EntryState] | None = None) -> Head:
        rows = chained(Batch(self._plan, self._head, acts), self._now())
        self._new += rows
        self._head = head_after(self._head, rows)
        return self._head

    async def also(self, plan: str, acts: Sequence[Act]) -> Head:
        assert self._plan == HUB != plan, "the hub's head is taken before any other"
        assert not self._others, "one other plan a turn"
        head = await self._beside(plan)
        self._others[plan] = chained(Batch(plan, head, acts), self._now())
        return head_after(head, self._others[plan])

    async def put_down(self, jobs: Sequence[Job]) -> None:
        self.jobs += jobs

    def taken(self) -> Mapping[str, Sequence[Row]]:
        """Return what is to be written by plan, when the turn has ended well."""
        assert self._new or not self._asked, "what changes access is written in the journal in the same turn"
        return {self._plan: self._new, **self._others}
