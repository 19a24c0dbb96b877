"""Before a hub serves: the schema its version needs."""

from hub.store.engine import StoreError, create_engine
from hub.store.revisions import is_current


async def migrate_database(database_url: str) -> None:
    """Bring the schema up to date; the login owns it."""
    engine = create_engine(database_url, connections_max=1)
    try:
        if not await is_current(engine):
            from hub.store.migrating import migrate  # noqa: PLC0415 - Alembic takes half a second, rarely needed

            await migrate(engine)
    finally:
        await engine.dispose()


async def require_current(database_url: str) -> None:
    """Make sure that a database of someone else's keeping has our schema.

    Raises:
        StoreError: it has an older or no schema; the message says what to run.
    """
    engine = create_engine(database_url, connections_max=1)
    try:
        if not await is_current(engine):
            raise StoreError("The database has not the schema of this version. Run careplan-hub migrate as its owner.")
    finally:
        await engine.dispose()
