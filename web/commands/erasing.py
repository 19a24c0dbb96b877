"""The command that erases what rows of the record say, in two steps: what would go, and then exactly that."""

import asyncio
import getpass
import os
from typing import Annotated, Final

import typer

from crdt.sections import Section
from hub.store import erasing
from hub.store.erasing import Erasing, RowLoss, RowsAsked
from web.commands.records import Data, database_of
from web.commands.refusals import CommandError, refusals
from web.settings import Mode, read_settings


def erase(
    plan: Annotated[str, typer.Option(help="The plan.")],
    reason: Annotated[str, typer.Option(help="Why, as it will stand in the record: no words of the patient.")],
    row: Annotated[list[int] | None, typer.Option(help="A row by its number; may be given again.")] = None,
    section: Annotated[Section | None, typer.Option(help="All rows of this section.")] = None,
    entry: Annotated[str, typer.Option(help="Only those of this entry.")] = "",
    field: Annotated[str, typer.Option(help="Only those of this field.")] = "",
    code: Annotated[str, typer.Option(help="The code that the first step gave; without it nothing is erased.")] = "",
    data: Data = None,
) -> None:
    """Erase what rows of a plan's record say. Without --code it only tells what would go.

    The rows stay with who, when and where; their words and reasons go, of their edits what is deleted in the plan, and
    of the photos and papers with their entries those that are hidden there.
    Backups and exported files made before still hold it: erase or renew those as well.
    """
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        if not row and section is None:
            raise CommandError("Name the rows: --row, or --section with --entry and --field.")
        asked = RowsAsked(plan, tuple(row or ()), section.value if section else "", entry, field)
        with database_of(settings) as url:
            try:
                found = asyncio.run(erasing.erase(url, asked, code=code, reason=reason, by=getpass.getuser()))
            except KeyError as error:
                raise CommandError(f"There is no plan {plan}.") from error
        _tell(found)
        if code and not found.seq:
            raise CommandError(f"Nothing was erased: {code} is not the code of what would go now. See above.")


def _tell(found: Erasing) -> None:
    for part in found.parts:
        typer.echo(f"row {part.seq:,}: {_told(part)}")
    if found.shown:
        typer.echo(f"{found.shown:,} photos and papers are shown in the plan and stay, until they are hidden there.")
    rows, files = sum(part.erases for part in found.parts), len(found.attachments)
    going = f"{rows:,} rows" + (f" and {files:,} hidden photos and papers" if files else "")
    if found.seq:
        typer.echo(f"{going} erased; row {found.seq:,} says so.")
    elif found.erases:
        typer.echo(f"{going} would be erased. Nothing is yet: give --code {found.code} to erase exactly this.")
    else:
        typer.echo("There is nothing to erase in these rows.")


def _told(part: RowLoss) -> str:
    if part.old:
        return "stays as it is: a version before erasing wrote it, and its words are part of the chain"
    said = ["words and reason"] if part.words else []
    said += [f"{part.gone:,} characters and values of the edit"] if part.gone else []
    left = f"; {part.left:,} still stand in the plan and stay, until they are deleted there" if part.left else ""
    return (" and ".join(said) or "nothing to erase") + left


COMMANDS: Final = (erase,)
