"""Letters as rows: put down with what causes them, forgotten word for word once they are sent or given up."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.jobs.letters import RETURNED, SEND, Channel, Envelope, Letter, Occasion, Posted, Seal
from hub.record.jobs import Job
from hub.record.journal import Turn
from hub.store.engine import alone, connected, connection_of
from hub.store.job_tables import letter as table
from hub.store.jobs import enqueue

KEPT: Final = timedelta(days=90)
LISTED_MAX: Final = 200


_BEGIN: Final = f"""
update letter set unanswered = unanswered + 1 where id = $1 and outcome = 'waiting'
returning {", ".join(table.c.keys())}
"""  # noqa: S608 - the names of our own columns.
_END: Final = """
update letter set outcome = $2, reason = $3, sealed = '', ended = clock_timestamp(),
       gateway = case when $4 = '' then gateway else $4 end
 where id = $1 and outcome = 'waiting'
"""
"""Each is one way to the database and back, for every letter twice: what leaves in a second hangs on it."""


class Letters:
    """Letters, each with its job."""

    def __init__(self, engine: AsyncEngine, seal: Seal, new_id: Callable[[], str], *, leaves: bool) -> None:
        """``leaves``: whether this hub sends letters at all; where it does not, none is put down."""
        self._engine = engine
        self._seal = seal
        self._new_id = new_id
        self._leaves = leaves

    async def put(self, turn: Turn, letter: Letter, envelope: Envelope) -> None:
        """Have the letter leave if the turn commits; one without an address goes nowhere, by the same steps.

        Its ``key``, where it has one, is its id.
        """
        await self._put(connection_of(turn), letter, envelope)

    async def put_alone(self, letter: Letter, envelope: Envelope) -> None:
        """Have a letter leave that follows from nothing else."""
        async with connected(self._engine) as connection:
            await self._put(connection, letter, envelope)

    async def _put(self, connection: AsyncConnection, letter: Letter, envelope: Envelope) -> None:
        if not self._leaves and letter.channel is Channel.MAIL:
            return
        letter_id = letter.key or self._new_id()
        values = {
            "id": letter_id,
            "occasion": envelope.occasion,
            "plan": envelope.plan,
            "about": envelope.about,
            "sender": envelope.sender,
            "expires": envelope.expires,
            "person": envelope.person,
            "channel": letter.channel,
            "sealed": self._seal.closed(letter_id, letter),
        }
        await connection.execute(sa.insert(table).values(values))
        await enqueue(connection, [Job(kind=SEND, payload={"letter": letter_id})])

    async def begin(self, letter_id: str) -> tuple[Posted, Letter] | None:
        """Note durably that the letter is begun, and return it; ``None`` where it was sent or given up already.

        Raises:
            NotSentError: it can't be opened any more.
        """
        async with alone(self._engine) as driver:
            row = await driver.fetchrow(_BEGIN, letter_id)
        return None if row is None else (posted_of(dict(row)), self._seal.opened(letter_id, row["sealed"]))

    async def answered(self, letter_id: str) -> None:
        """Note that the letter did not leave this time, which is certain."""
        async with connected(self._engine) as connection:
            change = sa.update(table).where(table.c.id == letter_id).values(unanswered=table.c.unanswered - 1)
            await connection.execute(change)

    async def sent(self, letter_id: str, gateway: str = "") -> None:
        """Note that it left, by which name the other side will tell of it, and forget what it said."""
        await self._end(letter_id, "sent", "", gateway=gateway)

    async def named(self, name: str) -> Posted | None:
        """Return the letter of which the other side tells by this name: its own for it, or ours."""
        query = sa.select(table).where((table.c.gateway == name) | (table.c.id == name)).limit(1)
        return await self._one(query)

    async def get(self, letter_id: str) -> Posted | None:
        """Return how a letter stands."""
        return await self._one(sa.select(table).where(table.c.id == letter_id))

    async def delivered(self, letter_id: str) -> None:
        """Note that it arrived, as the gateway says."""
        await self._mark(letter_id, "delivered")

    async def returned(self, letter_id: str, reason: str) -> None:
        """Note that a letter that had left did not arrive, and have people told; once, however often it is said."""
        values = {"outcome": "failed", "reason": reason, "ended": sa.func.clock_timestamp()}
        left = (table.c.id == letter_id) & (table.c.outcome == "sent") & table.c.delivered.is_(None)
        async with connected(self._engine) as connection:
            changed = (await connection.execute(sa.update(table).where(left).values(values))).rowcount
            await enqueue(connection, [Job(kind=RETURNED, payload={"letter": letter_id})] * changed)

    async def opened(self, letter_id: str, person_id: str) -> Posted | None:
        """Note that the person to whom it went has opened what it leads to, and return it; ``None`` for anyone else."""
        await self._mark(letter_id, "opened", table.c.person == person_id)
        return await self._one(sa.select(table).where(table.c.id == letter_id, table.c.person == person_id))

    async def failed(self, letter_id: str, reason: str) -> Posted | None:
        """Note that it is given up, and forget what it said; return it, ``None`` where it is forgotten altogether."""
        await self._end(letter_id, "failed", reason)
        found = await self.get(letter_id)
        return found if found is not None and found.outcome == "failed" else None

    async def of_plan(self, plan_id: str) -> Mapping[str, Posted]:
        """Return the last letter of each invitation of a plan."""
        query = sa.select(table).where(table.c.plan == plan_id, table.c.about != "").order_by(table.c.made)
        async with connected(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return {row.about: posted_of(row._mapping) for row in rows if row.occasion == Occasion.INVITATION}

    async def latest(self) -> Sequence[Posted]:
        """Return the hub's last letters, the newest first, at most ``LISTED_MAX``."""
        query = sa.select(table).order_by(table.c.made.desc()).limit(LISTED_MAX)
        async with connected(self._engine) as connection:
            return [posted_of(row._mapping) for row in await connection.execute(query)]

    async def forget(self) -> None:
        """Forget the letters of long ago."""
        old = (table.c.outcome != "waiting") & (table.c.made < sa.func.clock_timestamp() - KEPT)
        async with connected(self._engine) as connection:
            await connection.execute(sa.delete(table).where(old))

    async def _one(self, query: sa.Select[tuple[object, ...]]) -> Posted | None:
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else posted_of(row._mapping)

    async def _mark(self, letter_id: str, name: str, *more: sa.ColumnElement[bool]) -> None:
        first = (table.c.id == letter_id) & table.c[name].is_(None)
        async with connected(self._engine) as connection:
            await connection.execute(sa.update(table).where(first, *more).values({name: sa.func.clock_timestamp()}))

    async def _end(self, letter_id: str, outcome: str, reason: str, *, gateway: str = "") -> None:
        async with alone(self._engine) as driver:
            await driver.execute(_END, letter_id, outcome, reason, gateway)


def posted_of(told: sa.RowMapping | Mapping[str, Any]) -> Posted:
    """Return how the letter of a row stands."""
    return Posted(
        told["id"], Occasion(told["occasion"]), told["plan"], told["about"], told["sender"], told["made"],
        told["expires"], told["unanswered"], told["outcome"], told["reason"], told["ended"], told["person"],
        Channel(told["channel"]), told["delivered"], told["opened"],
    )  # fmt: skip
