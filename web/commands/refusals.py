"""What a person at the command line can mend, as sentences and exit code 2; never a traceback."""

import contextlib
from collections.abc import Iterator
from typing import Final

import typer

from hub.process.postgres_programs import EmbeddedPostgresError
from hub.record.journal import JournalAwayError
from hub.record.journal_files import JournalFileError
from hub.store.engine import StoreError
from web.commands.descriptions import NotRunningError
from web.settings import SettingsError

EXIT_REFUSED: Final = 2


class CommandError(Exception):
    """What was asked can't be done; the message says what to do."""


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Turn what a person can mend into sentences and exit code 2."""
    try:
        yield
    except SettingsError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(EXIT_REFUSED) from error
    except JournalAwayError as error:
        typer.echo(f"The database can't be asked: {error}. Check DATABASE_URL and that it runs.", err=True)
        raise typer.Exit(EXIT_REFUSED) from error
    except (CommandError, EmbeddedPostgresError, JournalFileError, NotRunningError, StoreError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_REFUSED) from error
