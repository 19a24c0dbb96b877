"""Forms that were taken, as rows: kept in the turn that does what they say, with the way on that was answered."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.record.submissions import Submission
from hub.store.engine import connected
from hub.store.tables import submission as table

KEPT: Final = timedelta(days=2)
"""A page's session lasts twelve hours; what is sent again after two days comes from a page that nobody has open."""

_KEEP: Final = sa.text("insert into submission (digest) values (:digest) on conflict do nothing returning digest")
_LET_GO: Final = sa.text("delete from submission where digest = :digest")


async def keep(connection: AsyncConnection, submission: Submission) -> bool:
    """Keep the form in this transaction; False where it is kept already. Waits for a turn that is keeping it now."""
    return (await connection.execute(_KEEP, {"digest": submission.digest})).first() is not None


async def let_go(connection: AsyncConnection, submission: Submission) -> None:
    """Keep it no longer: the turn changed nothing."""
    await connection.execute(_LET_GO, {"digest": submission.digest})


class Submissions:
    """What was answered to forms that were taken."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def answered(self, digest: bytes, way_on: str) -> None:
        """Keep where the answer led, ``""`` for nowhere else; forget forms that are old.

        Raises:
            JournalAwayError: the database can't be reached; the form stays taken all the same.
        """
        async with connected(self._engine) as connection:
            old = table.c.taken < sa.func.clock_timestamp() - KEPT
            await connection.execute(sa.delete(table).where(old))
            await connection.execute(sa.update(table).where(table.c.digest == digest).values(way_on=way_on))

    async def way_on(self, digest: bytes) -> str:
        """Return where the first answer led, ``""`` where it led nowhere else or never was given.

        Raises:
            JournalAwayError: the database can't be reached.
        """
        async with connected(self._engine) as connection:
            found = await connection.scalar(sa.select(table.c.way_on).where(table.c.digest == digest))
        return found or ""
