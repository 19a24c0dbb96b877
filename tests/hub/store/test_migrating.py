"""The migrations arrive where the tables are declared, once, whoever else migrates at the same time."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.record.journal import Action
from hub.store.engine import StoreError, check, create_engine, database_url, open_engine
from hub.store.grants import grant_again
from hub.store.migrating import migrate
from hub.store.revisions import is_current
from hub.store.tables import metadata  # type: ignore[attr-defined]  # With every table in it.
from tests.harness.databases import Databases

pytestmark = pytest.mark.anyio

SHAPE = {
    "columns": """
        select c.relname, row_number() over (partition by c.relname order by a.attnum), a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull,
               a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid)
          from pg_attribute a join pg_class c on c.oid = a.attrelid
          left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
           and c.relname <> 'alembic_version'
         order by c.relname, a.attnum""",
    "constraints": """
        select conrelid::regclass, conname, pg_get_constraintdef(oid) from pg_constraint
         where connamespace = 'public'::regnamespace and contype <> 'n'
           and conrelid::regclass::text <> 'alembic_version'
         order by 1, 2""",
    "indexes": """
        select tablename, indexname, indexdef from pg_indexes
         where schemaname = 'public' and tablename <> 'alembic_version' order by 1, 2""",
    "options": """
        select relname, reloptions from pg_class
         where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version' order by 1""",
}


async def shape_of(connection: AsyncConnection) -> dict[str, list[str]]:
    return {
        name: [str(tuple(row)) for row in await connection.execute(sa.text(query))] for name, query in SHAPE.items()
    }


async def test_the_migrated_schema_is_the_declared_one(owner: AsyncEngine, empty_database: str) -> None:
    declaring = create_engine(empty_database)
    async with declaring.begin() as connection:
        await connection.run_sync(metadata.create_all)
        declared = await shape_of(connection)
    await declaring.dispose()

    async with owner.connect() as connection:
        migrated = await shape_of(connection)
    for part in SHAPE:
        assert set(migrated[part]) ^ set(declared[part]) == set(), part
    assert declared["columns"]
    assert {"job", "job_log"} <= metadata.tables.keys()


async def test_many_hubs_may_migrate_at_once_and_again(empty_database: str) -> None:
    engines = [create_engine(empty_database) for _ in range(4)]

    await asyncio.gather(*map(migrate, engines))
    await migrate(engines[0])

    assert await is_current(engines[0])
    for engine in engines:
        await engine.dispose()


async def test_an_empty_database_is_not_current(empty_database: str) -> None:
    engine = create_engine(empty_database)

    assert not await is_current(engine)
    await engine.dispose()


async def test_the_app_may_tell_that_the_schema_is_current(engine: AsyncEngine) -> None:
    assert await is_current(engine)


async def test_every_table_is_open_to_the_app_and_to_backups(owner: AsyncEngine) -> None:
    query = sa.text("select has_table_privilege(:role, :table, 'select')")
    async with owner.connect() as connection:
        for table in metadata.tables:
            for role in ("careplan_app", "careplan_backup"):
                assert await connection.scalar(query, {"role": role, "table": table}), (role, table)


async def test_a_login_that_can_make_no_roles_can_still_migrate(databases: Databases, empty_database: str) -> None:
    owner = create_engine(empty_database)
    async with owner.begin() as connection:
        await connection.execute(sa.text("drop role if exists plain"))
        await connection.execute(sa.text("create role plain login"))
        await connection.execute(sa.text("grant all on schema public to plain"))
    plain = create_engine(empty_database.replace("careplan_owner@", "plain@"))

    await migrate(plain)

    assert await is_current(plain)
    assert await grant_again(plain) == []  # The roles are there: they have all they need.
    async with plain.begin() as connection:
        await connection.execute(sa.text("revoke all on machine from careplan_app"))
    await grant_again(plain)
    async with plain.begin() as connection:
        told = sa.text("select has_table_privilege('careplan_app', 'machine', 'insert')")
        assert await connection.scalar(told)
    await plain.dispose()
    async with owner.begin() as connection:
        await connection.execute(sa.text("drop owned by plain cascade"))
        await connection.execute(sa.text("drop role plain"))
    await owner.dispose()


async def test_a_login_that_may_not_act_as_the_hub_s_role_serves_with_what_it_inherits(database: str) -> None:
    owner = create_engine(database)
    async with owner.begin() as connection:
        await connection.execute(sa.text("drop role if exists heir"))
        await connection.execute(sa.text("create role heir login"))
        await connection.execute(sa.text("grant careplan_app to heir with set false, inherit true"))
    heir = await open_engine(database.replace("careplan_owner@", "heir@"))

    assert await is_current(heir)

    await heir.dispose()
    async with owner.begin() as connection:
        await connection.execute(sa.text("drop role heir"))
    await owner.dispose()


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+asyncpg://h/d"])
def test_every_spelling_of_a_postgres_url_is_understood(url: str) -> None:
    assert database_url(url).drivername == "postgresql+asyncpg"


@pytest.mark.parametrize("url", ["", "mysql://h/d", "sqlite://", "postgresql+psycopg://h/d", "h:5432"])
def test_another_url_is_refused_with_what_to_set(url: str) -> None:
    with pytest.raises(StoreError, match="postgresql://"):
        database_url(url)


async def test_a_server_that_acknowledges_too_early_is_refused(empty_database: str) -> None:
    engine = create_engine(empty_database)
    async with engine.begin() as connection:
        name = await connection.scalar(sa.text("select current_database()"))
        await connection.execute(sa.text(f"alter database {name} set synchronous_commit = off"))
    await engine.dispose()
    careless = create_engine(empty_database)

    with pytest.raises(StoreError, match="synchronous_commit = on"):
        await check(careless)
    await careless.dispose()


def test_actions_fit_what_the_journal_takes() -> None:
    assert all(action and action == action.lower() for action in Action)
