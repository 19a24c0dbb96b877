"""Bringing a database to the schema this version of the hub needs."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncEngine

_LOCK: Final = 0x0CA2_E97A
"""The advisory lock under which one hub at a time migrates; the number only has to be ours."""


async def migrate(engine: AsyncEngine) -> None:
    """Bring the schema up to date, all or nothing, as its owner; many hubs may call it at once."""
    async with engine.begin() as connection:
        await connection.execute(sa.text("set local lock_timeout = 0"))
        await connection.execute(sa.text("set local statement_timeout = 0"))
        await connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.run_sync(_upgrade)


def _upgrade(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return config
