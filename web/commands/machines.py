"""``careplan-hub add-system`` and ``add-app``: what an administrator makes at "Connected systems" and at "Apps"."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from hub.access.apps import AppKeeping, NewApp
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import Doer, KeepingError
from hub.access.machines import FHIR, MachineKeeping, NewMachine
from hub.ids import new_id
from hub.store.engine import Engine, open_engine
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


def add_app(
    name: Annotated[str, typer.Argument(help="Name of the app, as people know it.")],
    scope: Annotated[list[str], typer.Option(help="What it may ask for, as in patient/Goal.rs; several are allowed.")],
    redirect: Annotated[list[str], typer.Option(help="An address that it comes back to; several are allowed.")],
    by: Annotated[str, typer.Option("--by", help="E-mail address of the administrator who does it.")],
    origin: Annotated[list[str] | None, typer.Option(help="Where its pages run, for an app in a browser.")] = None,
    kept: Annotated[bool, typer.Option("--lasting/--not-lasting", help="It may ask for 90 days.")] = True,
    secret: Annotated[bool, typer.Option("--secret", help="It runs on a server and keeps a secret.")] = False,
    data: Data = None,
) -> None:
    """Register an app that people may give access to; print its client id, and its secret where it has one."""
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        scopes = [each for told in scope for each in told.split()]
        asked = NewApp(
            name=name, redirects=redirect, origins=origin or [], scopes=scopes, kept=kept, confidential=secret
        )
        with database_of(settings) as url:
            try:
                client_id, word = asyncio.run(_registered(url, by, asked))
            except KeepingError as error:
                raise CommandError(str(error)) from None
    typer.echo(client_id)
    if word:
        typer.echo(word)


async def _made(url: str, by: str, asked: NewMachine) -> str:
    async with _acting(url, by) as (engine, changes, doer):
        keeping = MachineKeeping(engine, changes, lambda: datetime.now(UTC), new_id)
        return (await keeping.make(doer, asked))[1]


async def _registered(url: str, by: str, asked: NewApp) -> tuple[str, str]:
    async with _acting(url, by) as (engine, changes, doer):
        app, secret = await AppKeeping(engine, changes, lambda: datetime.now(UTC), new_id).register(doer, asked)
        return app.app_id, secret


@asynccontextmanager
async def _acting(url: str, by: str) -> AsyncIterator[tuple[Engine, AccessChanges, Doer]]:
    """Open the store for somebody who acts by a command.

    Raises:
        CommandError: nobody with that address may sign in.
    """
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    try:
        found = [each for each in await People(engine).by_email(by) if each.active]
        if not found:
            raise CommandError(f"Nobody with the address {by} may sign in here.")
        yield engine, AccessChanges(journal), Doer(found[0], through="careplan-hub")
    finally:
        await journal.close()
        await engine.dispose()


COMMANDS: Final = (add_system, add_app)
