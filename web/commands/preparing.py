"""Before a hub serves: the schema its version needs, and in the demo its people and plans."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from hub.demo.registering import seed_hub
from hub.ids import HUB
from hub.record.journal import Act, Action
from hub.store.engine import Engine, StoreError, create_engine, open_engine
from hub.store.grants import grant_again
from hub.store.journal import PostgresJournal
from hub.store.organisations import Organisations
from hub.store.people import People, Person
from hub.store.reaching import DatabaseAwayError, reaching
from hub.store.revisions import is_current, is_newer

DEMO_ADDRESS: Final = "@demo.example"
"""By their addresses one knows the invented people."""


_LACKS_ROLES: Final = (
    "The schema is there, but this login may not make the database roles of the hub. Without them nothing keeps the "
    "hub from changing its own record. As a superuser run the lines below, grant careplan_app to the login of the "
    "hub, and then run careplan-hub migrate again:"
)


async def migrate_database(database_url: str) -> None:
    """Bring the schema up to date; the login owns it.

    Raises:
        StoreError: the database can't be reached or changed, is of a newer version, or lacks the hub's roles.
    """
    engine = create_engine(database_url, connections_max=1)
    try:
        with reaching():
            await _refuse_newer(engine)
            current = await is_current(engine)
        if not current:
            from hub.store.migrating import migrate  # noqa: PLC0415 - Alembic takes half a second, rarely needed

            with reaching():
                await migrate(engine)
        with reaching():
            missing = await grant_again(engine)
        if missing:
            raise StoreError(_LACKS_ROLES + "".join(f"\n  create role {each} nologin;" for each in missing))
    finally:
        await engine.dispose()


WAIT_SECONDS_MAX: Final = 120.0
"""How long a hub that starts before its database waits for it."""
WAIT_STEP_SECONDS: Final = 1.0


async def wait_for_current(database_url: str, say: Callable[[str], None]) -> None:
    """Wait until the database answers, as one that is started at the same time soon does, and say so; then as
    ``require_current``.

    Raises:
        StoreError: it has not answered for as long as a hub waits, or can't be used as it is.
    """
    deadline, told = time.monotonic() + WAIT_SECONDS_MAX, False
    while True:
        try:
            await require_current(database_url)
        except DatabaseAwayError as error:
            if time.monotonic() > deadline:
                raise
            if not told:
                say(f"{error} Waiting for it, at most {WAIT_SECONDS_MAX:.0f} seconds.")
                told = True
            await asyncio.sleep(WAIT_STEP_SECONDS)
        else:
            return


async def require_current(database_url: str) -> None:
    """Make sure that a database of someone else's keeping has our schema.

    Raises:
        StoreError: it has an older or no schema; the message says what to run.
    """
    engine = create_engine(database_url, connections_max=1)
    try:
        with reaching():
            await _refuse_newer(engine)
            current = await is_current(engine)
        if not current:
            raise StoreError("The database has not the schema of this version. Run careplan-hub migrate as its owner.")
    finally:
        await engine.dispose()


async def _refuse_newer(engine: Engine) -> None:
    if await is_newer(engine):
        raise StoreError("The database is of a newer version of the hub. Install that version, or restore a backup.")


def _is_the_demos(people: Sequence[Person]) -> bool:
    """Return whether a database holds the demo: its people, whom it let be invited, and nobody from outside.

    An administrator of another address, or a work account, belongs to a hub in service, whoever else is there.
    """
    made = any(each.email.endswith(DEMO_ADDRESS) for each in people)
    return made and not any(
        each.subject is not None or (each.may_administer and not each.email.endswith(DEMO_ADDRESS)) for each in people
    )


async def _live_in(engine: Engine, time_zone: str) -> None:
    """Give the clinic of a new demo its clock."""
    journal, organisations = PostgresJournal(engine), Organisations(engine)
    try:
        clinic = await organisations.default()
        async with journal.exclusively(HUB) as turn:
            await organisations.change(turn, replace(clinic, time_zone=time_zone))
            told = {"time_zone": time_zone}
            await turn.append([Act(plan=HUB, actor="", action=Action.ADMIN, event="organisation.found",
                                   entry=clinic.organisation_id, words=told)])  # fmt: skip
    finally:
        await journal.close()


async def seed_demo(database_url: str, time_zone: str = "") -> None:
    """Fill an empty database, its clinic in ``time_zone`` where one is said; one that holds the demo stays as it is.

    Raises:
        StoreError: the database holds people who aren't the demo's, whom nobody may choose to be.
    """
    engine = await open_engine(database_url)
    try:
        people = await People(engine).active()
        if people and not _is_the_demos(people):
            raise StoreError("DATABASE_URL names a hub with real people. Unset it: the demo has a database of its own.")
        if await seed_hub(engine) is not None and time_zone:
            await _live_in(engine, time_zone)
    finally:
        await engine.dispose()
