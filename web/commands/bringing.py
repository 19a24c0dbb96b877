"""``careplan-hub bring-patients`` and ``bring-people``: many at once from a CSV file, looked at first, then kept."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.access.bringing_in import BringingIn, LineOutcome, LineReport, counted
from hub.access.changes import AccessChanges
from hub.access.keeping import Keeping
from hub.access.keeping_rows import Doer, KeepingError
from hub.directory.csv_files import CsvError, decoded
from hub.ids import new_id
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from web.commands.records import Data, database_of
from web.commands.refusals import CommandError, refusals
from web.settings import Mode, read_settings

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8, the names of the columns in its first line.")]
By = Annotated[str, typer.Option("--by", help="E-mail address of the administrator who does it.")]
Keep = Annotated[bool, typer.Option("--keep", help="Do it; without this it only tells what would happen.")]


def bring_patients(file: File, by: By, keep: Keep = False, data: Data = None) -> None:
    """Register patients from a CSV file. The same file again changes nothing. Exit code 1 where a line is left out."""
    _bring(file, by, data, keep=keep, people=False)


def bring_people(file: File, by: By, keep: Keep = False, data: Data = None) -> None:
    """Add staff from a CSV file. The same file again changes nothing. Exit code 1 where a line is left out."""
    _bring(file, by, data, keep=keep, people=True)


def _bring(file: Path, by: str, data: Path | None, *, keep: bool, people: bool) -> None:
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        try:
            text = decoded(file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file} can't be opened: {error.strerror}.") from None
        except CsvError as error:
            raise CommandError(str(error)) from None
        with database_of(settings) as url:
            try:
                reports = asyncio.run(_kept(url, text, by, keep=keep, people=people))
            except (CsvError, KeepingError) as error:
                raise CommandError(str(error)) from None
        _tell(reports, typer.echo, keep=keep)
        if any(each.outcome is LineOutcome.WRONG for each in reports):
            raise typer.Exit(1)


def _tell(reports: list[LineReport], echo: Callable[[str], None], *, keep: bool) -> None:
    for each in reports:
        if each.outcome is LineOutcome.WRONG:
            echo(f"line {each.number}: {each.told}")
    echo(", ".join(f"{count:,} {outcome}" for outcome, count in counted(reports)) or "no lines")
    if not keep:
        echo("Nothing was changed. Give --keep to do it.")


async def _kept(url: str, text: str, by: str, *, keep: bool, people: bool) -> list[LineReport]:
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    try:
        keeping = Keeping(engine, journal, AccessChanges(journal), lambda: datetime.now(UTC), new_id)
        found = [each for each in await keeping.people.by_email(by) if each.active]
        if not found:
            raise CommandError(f"Nobody with the address {by} may sign in here.")
        doer = Doer(found[0], through="careplan-hub")
        bringing = BringingIn(keeping)
        return await (bringing.people if people else bringing.patients)(doer, text, keep=keep)
    finally:
        await journal.close()
        await engine.dispose()


COMMANDS: Final = (bring_patients, bring_people)
