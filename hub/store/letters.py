"""Letters as rows: put down with what causes them, forgotten word for word once they are sent or given up."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.jobs.letters import SEND, Envelope, Letter, Occasion, Posted, Seal
from hub.record.jobs import Job
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.job_tables import letter as table
from hub.store.jobs import enqueue

KEPT: Final = timedelta(days=90)
LISTED_MAX: Final = 200


class Letters:
    """Letters, each with its job."""

    def __init__(self, engine: AsyncEngine, seal: Seal, new_id: Callable[[], str], *, leaves: bool) -> None:
        """``leaves``: whether this hub sends letters at all; where it does not, none is put down."""
        self._engine = engine
        self._seal = seal
        self._new_id = new_id
        self._leaves = leaves

    async def put(self, turn: Turn, letter: Letter, envelope: Envelope) -> None:
        """Have the letter leave if the turn commits; one without an address goes nowhere, by the same steps."""
        await self._put(connection_of(turn), letter, envelope)

    async def put_alone(self, letter: Letter, envelope: Envelope) -> None:
        """Have a letter leave that follows from nothing else."""
        async with connected(self._engine) as connection:
            await self._put(connection, letter, envelope)

    async def _put(self, connection: AsyncConnection, letter: Letter, envelope: Envelope) -> None:
        if not self._leaves:
            return
        letter_id = self._new_id()
        values = {
            "id": letter_id,
            "occasion": envelope.occasion,
            "plan": envelope.plan,
            "about": envelope.about,
            "sender": envelope.sender,
            "expires": envelope.expires,
            "sealed": self._seal.closed(letter_id, letter),
        }
        await connection.execute(sa.insert(table).values(values))
        await enqueue(connection, [Job(kind=SEND, payload={"letter": letter_id})])

    async def begin(self, letter_id: str) -> tuple[Posted, Letter] | None:
        """Note durably that the letter is begun, and return it; ``None`` where it was sent or given up already.

        Raises:
            NotSentError: it can't be opened any more.
        """
        begun = (
            sa.update(table)
            .where(table.c.id == letter_id, table.c.outcome == "waiting")
            .values(unanswered=table.c.unanswered + 1)
            .returning(*table.c)
        )
        async with connected(self._engine) as connection:
            row = (await connection.execute(begun)).first()
        return None if row is None else (_posted(row), self._seal.opened(letter_id, row.sealed))

    async def answered(self, letter_id: str) -> None:
        """Note that the letter did not leave this time, which is certain."""
        async with connected(self._engine) as connection:
            change = sa.update(table).where(table.c.id == letter_id).values(unanswered=table.c.unanswered - 1)
            await connection.execute(change)

    async def sent(self, letter_id: str) -> None:
        """Note that it left, and forget what it said."""
        await self._end(letter_id, "sent", "")

    async def failed(self, letter_id: str, reason: str) -> Posted | None:
        """Note that it is given up, and forget what it said; return it, ``None`` where it is forgotten altogether."""
        await self._end(letter_id, "failed", reason)
        async with connected(self._engine) as connection:
            row = (await connection.execute(sa.select(table).where(table.c.id == letter_id))).first()
        return None if row is None or row.outcome != "failed" else _posted(row)

    async def of_plan(self, plan_id: str) -> Mapping[str, Posted]:
        """Return the last letter of each invitation of a plan."""
        query = sa.select(table).where(table.c.plan == plan_id, table.c.about != "").order_by(table.c.made)
        async with connected(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return {row.about: _posted(row) for row in rows if row.occasion == Occasion.INVITATION}

    async def latest(self) -> Sequence[Posted]:
        """Return the hub's last letters, the newest first, at most ``LISTED_MAX``."""
        query = sa.select(table).order_by(table.c.made.desc()).limit(LISTED_MAX)
        async with connected(self._engine) as connection:
            return [_posted(row) for row in await connection.execute(query)]

    async def forget(self) -> None:
        """Forget the letters of long ago."""
        old = (table.c.outcome != "waiting") & (table.c.made < sa.func.clock_timestamp() - KEPT)
        async with connected(self._engine) as connection:
            await connection.execute(sa.delete(table).where(old))

    async def _end(self, letter_id: str, outcome: str, reason: str) -> None:
        ended = {"outcome": outcome, "reason": reason, "sealed": "", "ended": sa.func.clock_timestamp()}
        waits = (table.c.id == letter_id) & (table.c.outcome == "waiting")
        async with connected(self._engine) as connection:
            await connection.execute(sa.update(table).where(waits).values(ended))


def _posted(row: sa.Row[tuple[object, ...]]) -> Posted:
    return Posted(
        row.id, Occasion(row.occasion), row.plan, row.about, row.sender, row.made, row.expires, row.unanswered,
        row.outcome, row.reason, row.ended,
    )  # fmt: skip
