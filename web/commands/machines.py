"""``careplan-hub add-system``: a token for a system that reads plans as FHIR, as "Connected systems" makes it."""

import asyncio
import os
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from hub.access.changes import AccessChanges
from hub.access.keeping_rows import Doer, KeepingError
from hub.access.machines import FHIR, MachineKeeping, NewMachine
from hub.ids import new_id
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from hub.store.people import People
from web.commands.records import Data, database_of
from web.commands.refusals import CommandError, refusals
from web.settings import Mode, read_settings


def add_system(
    name: Annotated[str, typer.Argument(help="Name of the system.")],
    scope: Annotated[list[str], typer.Option(help="What it may ask for, as in system/Goal.rs; several are allowed.")],
    by: Annotated[str, typer.Option("--by", help="E-mail address of the administrator who does it.")],
    role: Annotated[str, typer.Option(help="It sees what this role sees.")] = "care_manager",
    days: Annotated[int, typer.Option(help="Days that it lasts.")] = 365,
    rate: Annotated[int, typer.Option(help="Requests a minute at most.")] = 1_200,
    data: Data = None,
) -> None:
    """Make a token for a system that reads plans as FHIR, and print it; it is kept nowhere."""
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        scopes = [each for told in scope for each in told.split()]
        asked = NewMachine(name=name, days=days, purpose=FHIR, role=role, scopes=scopes, requests_a_minute=rate)
        with database_of(settings) as url:
            try:
                token = asyncio.run(_made(url, by, asked))
            except KeepingError as error:
                raise CommandError(str(error)) from None
    typer.echo(token)


async def _made(url: str, by: str, asked: NewMachine) -> str:
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    try:
        found = [each for each in await People(engine).by_email(by) if each.active]
        if not found:
            raise CommandError(f"Nobody with the address {by} may sign in here.")
        keeping = MachineKeeping(engine, AccessChanges(journal), lambda: datetime.now(UTC), new_id)
        _, token = await keeping.make(Doer(found[0], through="careplan-hub"), asked)
        return token
    finally:
        await journal.close()
        await engine.dispose()


COMMANDS: Final = (add_system,)
