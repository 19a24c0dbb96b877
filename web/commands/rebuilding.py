"""The command that makes anew what lists over many plans are read from, and says what was wrong with it."""

import asyncio
import os
from typing import Annotated, Final

import typer

from hub.live.read_models import renew
from hub.store.engine import open_engine
from hub.store.entries import Entries
from hub.store.journal import PostgresJournal
from hub.store.plans import Plans
from web.commands.records import EXIT_FAULT, Data, database_of
from web.commands.refusals import CommandError, refusals
from web.settings import Mode, read_settings


def rebuild(
    plan: Annotated[str, typer.Option(help="Only this plan.")] = "",
    data: Data = None,
) -> None:
    """Make the table of entries anew from the journals: exit code 3 where it said anything else than they do.

    The panel, work lists, agendas and search read that table. The hub may run meanwhile; each plan stands still for as
    long as its journal takes to read.
    """
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        with database_of(settings) as url:
            try:
                plans, wrong = asyncio.run(rebuilt(url, plan))
            except KeyError as error:
                raise CommandError(f"There is no plan {plan}.") from error
        typer.echo(f"{plans:,} plans read from their journals.")
        for name, differing in wrong.items():
            typer.echo(
                f"plan {name}: {differing:,} entries stood otherwise; they are as the journal says now.", err=True
            )
        if wrong:
            raise typer.Exit(EXIT_FAULT)


async def rebuilt(url: str, plan: str = "") -> tuple[int, dict[str, int]]:
    """Return how many plans were made anew, and of how many entries each said something else that was thought kept."""
    engine = await open_engine(url)
    journal, rows, wrong, count = PostgresJournal(engine), Entries(engine), dict[str, int](), 0
    try:
        listed = [plan] if plan else await Plans(engine).all_ids()
        while listed:
            kept = await rows.of_plans(listed)
            for each in listed:
                differing = await renew(rows, journal, each)
                if differing and each in kept:
                    wrong[each] = differing
            count += len(listed)
            listed = [] if plan else await Plans(engine).all_ids(after=listed[-1])
    finally:
        await journal.close()
        await engine.dispose()
    return count, wrong


COMMANDS: Final = (rebuild,)
