"""The command that makes anew what lists over many plans are read from, and says what was wrong with it."""

import asyncio
import os
from typing import Annotated, Final

import typer

from web.commands.entry_tables import rebuilt
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


COMMANDS: Final = (rebuild,)
