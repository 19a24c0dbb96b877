"""Which schema a database has, and which this version needs; read without Alembic, whose import costs half a second."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

VERSIONS: Final = Path(__file__).with_name("migrations") / "versions"


def wanted() -> str:
    """Return the newest revision; files are numbered in the order in which they are applied."""
    return max(path.stem.split("_", 1)[0] for path in VERSIONS.glob("[0-9]*.py"))


async def is_newer(engine: AsyncEngine) -> bool:
    """Whether a newer version of the hub made the schema what it is."""
    async with engine.connect() as connection:
        if not await connection.scalar(sa.text("select to_regclass('alembic_version')")):
            return False
        found = (await connection.scalars(sa.text("select version_num from alembic_version"))).all()
    return any(each > wanted() for each in found)


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the schema is the one this version needs."""
    async with engine.connect() as connection:
        kept = await connection.scalar(sa.text("select to_regclass('alembic_version')"))
        found = (await connection.scalars(sa.text("select version_num from alembic_version"))).all() if kept else []
    return list(found) == [wanted()]
