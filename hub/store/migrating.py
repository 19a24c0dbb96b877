"""Bringing a database to the schema this version of the hub needs."""

import re
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.store.tables import JOURNAL_ROLES

_LOCK: Final = 0x0CA2_E97A
"""The advisory lock under which one hub at a time migrates; the number only has to be ours."""


async def migrate(engine: AsyncEngine) -> None:
    """Bring the schema up to date, all or nothing, as its owner; many hubs may call it at once."""
    async with engine.begin() as connection:
        await connection.execute(sa.text("set local lock_timeout = 0"))
        await connection.execute(sa.text("set local statement_timeout = 0"))
        await connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.run_sync(_upgrade)


async def grant_again(engine: AsyncEngine) -> list[str]:
    """Give the database's roles what the migrations give them, where they lack any of it; return the roles missing.

    A role that was made after the schema, because the login that migrated may make none, gets its grants here.
    """
    async with engine.begin() as connection:
        if (await connection.execute(_LACKING)).first() is None:
            return []
        for path in sorted((Path(__file__).parent / "migrations/versions").glob("*.sql")):
            for block in _GRANTS.findall(path.read_text("utf-8")):
                await connection.exec_driver_sql(block)
        rows = await connection.execute(_MISSING, {"roles": list(JOURNAL_ROLES)})
        return [str(row.role) for row in rows]


_GRANTS: Final = re.compile(r"^do \$\$\n(?=(?:(?!^\$\$;).)*?pg_roles).*?^\$\$;$", re.DOTALL | re.MULTILINE)
"""Blocks of the migrations that make roles and grant to them; each may be run again."""

_MISSING: Final = sa.text(
    "select role from unnest(cast(:roles as text[])) as role"
    " where not exists (select from pg_roles where rolname = role)"
)
_LACKING: Final = sa.text("""
select true where not exists (select from pg_roles where rolname = 'careplan_app')
    or not exists (select from pg_roles where rolname = 'careplan_auditor')
    or not exists (select from pg_roles where rolname = 'careplan_backup')
union all
select true from pg_class
 where relnamespace = current_schema()::regnamespace and relkind = 'r'
   and exists (select from pg_roles where rolname = 'careplan_app')
   and not has_table_privilege('careplan_app', oid, 'select')
 limit 1
""")


def _upgrade(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return config
