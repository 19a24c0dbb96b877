"""The schema's revision, as told without Alembic, is Alembic's own."""

import asyncio

from alembic.script import ScriptDirectory

from hub.store.engine import create_engine
from hub.store.migrating import migrate
from hub.store.revisions import VERSIONS, is_current, wanted


def test_the_newest_file_is_the_head_that_alembic_finds() -> None:
    assert wanted() == ScriptDirectory(str(VERSIONS.parent)).get_current_head()


def test_an_empty_database_is_not_current_until_it_is_migrated(empty_database: str) -> None:
    async def before_and_after() -> tuple[bool, bool]:
        engine = create_engine(empty_database, connections_max=1)
        try:
            before = await is_current(engine)
            await migrate(engine)
            return before, await is_current(engine)
        finally:
            await engine.dispose()

    assert asyncio.run(before_and_after()) == (False, True)
