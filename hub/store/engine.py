"""The way to Postgres: one pool a process, bounded everywhere, and only to a server that keeps what it took."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, TypeAlias

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hub.record.journal import Turn
from hub.store.away import away

Engine: TypeAlias = AsyncEngine
"""For those who hand an engine on without knowing SQLAlchemy."""

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CONNECTIONS_MAX: Final = 10
"""In one process; a hub needs few, and Postgres has a hundred for all."""

CONNECTION_WAIT_SECONDS: Final = 5.0
STATEMENT_SECONDS_MAX: Final = 30
LOCK_SECONDS_MAX: Final = 5
IDLE_IN_TRANSACTION_SECONDS_MAX: Final = 30
CONNECT_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 35.0
"""A serving hub gives up a statement then even if the network swallows the answer; later than Postgres itself would."""

APP_ROLE: Final = "careplan_app"
"""The database role a hub takes on where its login may: even the owner's login then can't change the journal."""

_MAY_ACT: Final = """
select pg_has_role(oid, case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)
  from pg_roles where rolname = :role
"""
"""Since PostgreSQL 16 a member may be kept from acting as the role: such a login uses the rights that it inherits."""

_DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit")
_VERSION_MIN: Final = 140_000


class StoreError(Exception):
    """The database can't be used as it is; the message says what to set."""


@contextmanager
def ours() -> Iterator[None]:
    """Around what reads tables of a database that an operator named.

    Raises:
        StoreError: they are not there: it is another database, or an older or newer schema.
    """
    try:
        yield
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, sa.exc.ProgrammingError) as error:
        cause = error.orig.__cause__ if isinstance(error, sa.exc.ProgrammingError) and error.orig else error
        if not isinstance(cause, (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)):
            raise
        raise StoreError(
            "This database has no tables of the hub, or those of another version. "
            "Name the right one in DATABASE_URL, or run careplan-hub migrate."
        ) from error


def database_url(text: str) -> URL:
    """Return the URL in the form the engine wants; ``postgres://`` and ``postgresql://`` are the same.

    Raises:
        StoreError: it is not the URL of a PostgreSQL database.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError("DATABASE_URL is not a URL. Set it as postgresql://login:password@host/database.") from error
    if url.drivername not in ("postgres", "postgresql", "postgresql+asyncpg"):
        raise StoreError(f"DATABASE_URL names {url.drivername}. Only PostgreSQL is supported: postgresql://...")
    return url.set(drivername="postgresql+asyncpg")


def create_engine(
    url: str, *, role: str = "", connections_max: int = CONNECTIONS_MAX, answer_seconds_max: float | None = None
) -> AsyncEngine:
    """Return an engine, not yet connected; with ``role``, its connections act as that database role.

    Without ``answer_seconds_max`` a statement may take as long as Postgres lets it: for migrations.
    """
    settings = {
        "application_name": "careplan-hub",
        "timezone": "UTC",
        "statement_timeout": f"{STATEMENT_SECONDS_MAX}s",
        "lock_timeout": f"{LOCK_SECONDS_MAX}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS_MAX}s",
        "jit": "off",
    }
    if role:
        settings["role"] = role
    return create_async_engine(
        database_url(url),
        pool_size=connections_max,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "server_settings": settings,
            "timeout": CONNECT_SECONDS_MAX,
            "command_timeout": answer_seconds_max,
        },
    )


async def open_engine(url: str, *, connections_max: int = CONNECTIONS_MAX) -> AsyncEngine:
    """Return the engine a hub serves with: checked for durability, acting as ``APP_ROLE`` where the login may.

    Raises:
        StoreError: the server is too old or does not keep what it commits.
        OSError: it can't be reached.
    """
    engine = create_engine(url, connections_max=1)
    try:
        await check(engine)
        async with engine.connect() as connection:
            may = await connection.scalar(sa.text(_MAY_ACT), {"role": APP_ROLE})
    finally:
        await engine.dispose()
    return create_engine(
        url,
        role=APP_ROLE if may else "",
        connections_max=connections_max,
        answer_seconds_max=ANSWER_SECONDS_MAX,
    )


async def check(engine: AsyncEngine) -> None:
    """Make sure that what this server commits survives a power cut.

    Raises:
        StoreError: a setting is off; the message names it.
    """
    async with engine.connect() as connection:
        version = int((await connection.execute(sa.text("show server_version_num"))).scalar_one())
        if version < _VERSION_MIN:
            raise StoreError(f"PostgreSQL {version // 10_000} is too old; use {_VERSION_MIN // 10_000} or newer.")
        for name in _DURABLE:
            if (await connection.execute(sa.text(f"show {name}"))).scalar_one() == "off":
                raise StoreError(f"PostgreSQL runs with {name} = off and would lose saved edits. Set {name} = on.")


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Yield a connection in a transaction of its own.

    Raises:
        JournalAwayError: the database can't be reached.
    """
    with away():
        async with engine.begin() as connection:
            yield connection


@asynccontextmanager
async def alone(engine: AsyncEngine) -> AsyncIterator[Driver]:
    """Yield a driver on which every statement commits by itself: a third of the ways to the database of ``connected``.

    Raises:
        JournalAwayError: the database can't be reached.
    """
    with away():
        async with engine.connect() as connection:
            yield await driver_of(connection)


def connection_of(turn: Turn) -> AsyncConnection:
    """Return the turn's connection, for a change that commits together with the turn's rows."""
    connection = turn.connection
    assert isinstance(connection, AsyncConnection), "access changes in a turn of the durable journal"
    return connection


async def driver_of(connection: AsyncConnection) -> Driver:
    """Return asyncpg's own connection under SQLAlchemy's."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, asyncpg.Connection), "the engine's driver is asyncpg"
    return driver
