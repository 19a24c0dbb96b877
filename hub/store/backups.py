"""What a backup needs of the database: an instant that others can share, and the roles a restored one is granted to."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from hub.record.journal import Head
from hub.store.away import away
from hub.store.engine import database_url
from hub.store.tables import JOURNAL_ROLES


@dataclass(frozen=True, slots=True)
class Copied:
    """One instant of the database: the name under which others see it, and the heads there."""

    snapshot: str
    taken: datetime
    heads: Sequence[tuple[str, Head]]


@asynccontextmanager
async def one_instant(url: str) -> AsyncIterator[Copied]:
    """Hold an instant of the database for as long as the context lasts.

    Raises:
        JournalAwayError: the database can't be reached.
    """
    with away():
        driver = await asyncpg.connect(_dsn(url), timeout=10)
    try:
        async with driver.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await driver.fetchval("select pg_export_snapshot()")
            taken = await driver.fetchval("select clock_timestamp()")
            found = await driver.fetch("select plan, seq, hash from head where seq > 0 order by plan")
            yield Copied(snapshot, taken, [(plan, Head(seq, digest)) for plan, seq, digest in found])
    finally:
        await driver.close()


async def make_ready(url: str) -> bool:
    """Make the roles that a backup's grants name; False where the database holds tables already.

    Raises:
        JournalAwayError: the database can't be reached.
    """
    with away():
        driver = await asyncpg.connect(_dsn(url), timeout=10)
    try:
        if await driver.fetchval("select exists (select from pg_tables where schemaname = 'public')"):
            return False
        for role in JOURNAL_ROLES:
            if not await driver.fetchval("select exists (select from pg_roles where rolname = $1)", role):
                await driver.execute(f"create role {role} nologin")
        return True
    finally:
        await driver.close()


def _dsn(url: str) -> str:
    return database_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
