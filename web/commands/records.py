"""Commands about the record: is it true, keep a copy, bring one back, hand one out. Progress goes to standard error."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.process.postgres import EmbeddedPostgres, running_url
from hub.record.checkpoints import CHECKPOINTS_FILE, VERIFIER_FILE
from hub.record.journal_files import check_file
from hub.record.signing import SigningError, VerifierKey, verifier_key
from hub.record.verifying import Fault, Progress
from hub.store.verifying import reading
from web.commands.entry_tables import rebuilt
from web.commands.refusals import CommandError, refusals
from web.settings import Mode, Settings, read_settings

EXIT_FAULT: Final = 3
"""The record is not true."""
TOLD_SECONDS: Final = 1.0

Data = Annotated[Path | None, typer.Option(help="Folder of the embedded database; default careplan-data here.")]


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """A file of checkpoints and the key that signed it."""

    path: Path
    key: VerifierKey


def verify(
    plan: Annotated[str, typer.Option(help="Only this plan.")] = "",
    checkpoints: Annotated[Path | None, typer.Option(help="File of checkpoints; default the configured one.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="Public key of the checkpoints; default the one beside them.")
    ] = None,
    journal: Annotated[Path | None, typer.Option(help="Check this exported journal, no database.")] = None,
    replay: Annotated[bool, typer.Option(help="Also replay the edits against what is served.")] = True,
    data: Data = None,
) -> None:
    """Check that nothing in the record was changed: exit code 0, or 3 with the plan and row of the first fault.

    With the replay, the table that lists are read from is compared with the journals, too.
    """
    differing: dict[str, int] = {}
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        signed = checkpointed(settings, checkpoints, key)
        if journal is not None:
            if not journal.is_file():
                raise CommandError(f"There is no file {journal}.")
            checked = check_file(journal, signed.path if signed else None, signed.key if signed else None)
            preface, fault = checked.preface, checked.fault
            what = f"The journal of plan {preface.plan}: {preface.rows:,} rows"
            if checked.rows_signed > preface.rows:
                what += f" (the checkpoints know of {checked.rows_signed:,}, signed since the export)"
            erased = [(preface.plan, seq) for seq in checked.erased]
        else:
            with database_of(settings) as url:
                progress, fault = asyncio.run(verified(url, signed, plan=plan, replay=replay, tell=teller()))
                if fault is None and replay:
                    _, differing = asyncio.run(rebuilt(url, plan, mend=False))
            what, erased = summary(progress, signed), progress.erased
    for name, seq in erased:
        typer.echo(f"plan {name}, row {seq}: erased in part, as a later row says")
    if fault is not None:
        typer.echo(f"NOT TRUE: {fault}", err=True)
        raise typer.Exit(EXIT_FAULT)
    for name, entries in differing.items():
        typer.echo(f"NOT TRUE: plan {name}: {entries:,} entries of the table of entries stand otherwise.", err=True)
    if differing:
        typer.echo("The journals are true. `careplan-hub rebuild` makes the table anew from them.", err=True)
        raise typer.Exit(EXIT_FAULT)
    typer.echo(f"{what}: true.")


async def verified(
    url: str, signed: Checkpointed | None, *, plan: str = "", replay: bool = True, tell: Callable[[Progress], None]
) -> tuple[Progress, Fault | None]:
    """Return how much of a database was checked, and the first fault."""
    async with reading(url) as verification:
        verification.replaying, verification.tell = replay, tell
        fault = await verification.journals(plan)
        if fault is None and signed is not None:
            fault = await verification.checkpoints(signed.path, signed.key, plan)
        return verification.progress, fault


def summary(progress: Progress, signed: Checkpointed | None) -> str:
    """Return in words what was checked."""
    told = f"{progress.rows:,} rows of {progress.plans:,} journals"
    if signed is None:
        return f"{told}, against no checkpoints"
    last = f", the last of {progress.last_signed:%Y-%m-%d %H:%M} UTC" if progress.last_signed else ""
    return f"{told}, {progress.signed_heads:,} heads in {progress.checkpoints:,} checkpoints{last}"


def checkpointed(settings: Settings, path: Path | None, key: Path | None) -> Checkpointed | None:
    """Return the file of checkpoints that was named, else the configured one where there is one.

    Raises:
        CommandError: what was named can't be read.
    """
    file = path or settings.checkpoints_dir / CHECKPOINTS_FILE
    if path is None and not file.exists():
        return None
    key_file = key or file.with_name(VERIFIER_FILE)
    try:
        file.open().close()
        return Checkpointed(file, verifier_key(key_file.read_text()))
    except OSError as error:
        raise CommandError(
            f"{error.filename} can't be read: {error.strerror}. Name it with --checkpoints or --key."
        ) from error
    except SigningError as error:
        raise CommandError(f"{key_file}: {error}") from error


@contextmanager
def database_of(settings: Settings) -> Iterator[str]:
    """Yield the URL of the configured database: the one named, that of the hub running here, or the embedded one."""
    if settings.database_url:
        yield settings.database_url
    elif running := running_url(settings.data_dir):
        yield running
    elif not (settings.data_dir / "postgres").exists():
        raise CommandError(
            f"There is no database in {settings.data_dir}. Name its folder with --data, or set DATABASE_URL."
        )
    else:
        with EmbeddedPostgres(settings.data_dir) as server:
            yield server.url


def teller() -> Callable[[Progress], None]:
    """Return what tells progress once a second."""
    began = told = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= TOLD_SECONDS:
            told = now
            rate = progress.rows / (now - began)
            typer.echo(f"{progress.rows:,} rows, {progress.plans:,} journals, {rate:,.0f} rows a second", err=True)

    return tell


COMMANDS: Final = (verify,)
