"""What a backup needs of the database: an instant that others can share, and the roles a restored one is granted to."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from hub.record.journal import Head
from hub.store.away import away
from hub.store.engine import StoreError, database_url
from hub.store.tables import JOURNAL_ROLES


@dataclass(frozen=True, slots=True)
class Copied:
    """One instant of the database: the name under which others see it, and the heads there."""

    snapshot: str
    server: int
    """The server's major version."""
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
            yield Copied(
                snapshot,
                driver.get_server_version().major,
                taken,
                [(plan, Head(seq, digest)) for plan, seq, digest in found],
            )
    finally:
        await driver.close()


@dataclass(frozen=True, slots=True)
class EmptyDatabase:
    """A database that a backup may fill."""

    server: str
    """The server's version as it says it, such as ``15.18``."""
    settings: frozenset[str]
    """The settings that the server knows."""


async def make_ready(url: str) -> EmptyDatabase:
    """Make the roles that a backup's grants name, and return what a restore has to know of the server.

    Raises:
        JournalAwayError: the database can't be reached.
        StoreError: it holds tables, or the login may not do what a restore needs; the message says what to run.
    """
    with away():
        driver = await asyncpg.connect(_dsn(url), timeout=10)
    try:
        if await driver.fetchval("select exists (select from pg_tables where schemaname = 'public')"):
            raise StoreError("The database is not empty. Restore into a new one: another --data or DATABASE_URL.")
        login = await driver.fetchval("select quote_ident(current_user)")
        if not await driver.fetchval("select has_schema_privilege('public', 'create')"):
            raise StoreError(
                f"The login {login} may not make tables in this database. "
                f"Run there as its owner, then restore again: grant create on schema public to {login};"
            )
        missing = await driver.fetch(_MISSING, list(JOURNAL_ROLES))
        try:
            for row in missing:
                await driver.execute(f"create role {row['role']} nologin")
        except asyncpg.InsufficientPrivilegeError as error:
            lines = " ".join(f"create role {row['role']} nologin;" for row in missing)
            raise StoreError(
                f"The login {login} may not make roles. Run as an administrator, then restore again: {lines}"
            ) from error
        version = await driver.fetchval("select split_part(current_setting('server_version'), ' ', 1)")
        return EmptyDatabase(version, frozenset(row["name"] for row in await driver.fetch(_SETTINGS)))
    finally:
        await driver.close()


async def make_scratch(url: str) -> str:
    """Make an empty database beside the named one, on the same server; return its URL.

    Raises:
        JournalAwayError: the server can't be reached.
        StoreError: the login may not make one.
    """
    with away():
        driver = await asyncpg.connect(_dsn(url), timeout=10)
    name = f"careplan_drill_{secrets.token_hex(4)}"
    try:
        await driver.execute(f"create database {name} template template0 encoding 'UTF8'")
    except asyncpg.InsufficientPrivilegeError as error:
        login = await driver.fetchval("select quote_ident(current_user)")
        raise StoreError(
            f"The login {login} may not make the database that a drill fills and drops. "
            f"Run as an administrator: alter role {login} createdb;"
        ) from error
    finally:
        await driver.close()
    return database_url(url).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


async def drop_scratch(url: str, scratch: str) -> None:
    """Drop what ``make_scratch`` made beside ``url``."""
    with away():
        driver = await asyncpg.connect(_dsn(url), timeout=10)
    try:
        await driver.execute(f"drop database {database_url(scratch).database} with (force)")
    finally:
        await driver.close()


_MISSING: Final = """
select role from unnest($1::text[]) as role where not exists (select from pg_roles where rolname = role)
"""
_SETTINGS: Final = "select name from pg_settings"


def _dsn(url: str) -> str:
    return database_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
