"""What the roles of the database may do, given again where it is lacking; without Alembic, which is slow to import."""

import re
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.store.revisions import VERSIONS
from hub.store.tables import JOURNAL_ROLES


async def grant_again(engine: AsyncEngine) -> list[str]:
    """Give the database's roles what the migrations give them, where they lack any of it; return the roles missing.

    A role that was made after the schema, because the login that migrated may make none, gets its grants here.
    """
    async with engine.begin() as connection:
        if (await connection.execute(_LACKING)).first() is None:
            return []
        for path in sorted(VERSIONS.glob("*.sql")):
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
