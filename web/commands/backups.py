"""Commands that copy the database to a file and bring one back, and the drill that shows both work."""

import asyncio
import contextlib
import getpass
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.ids import HUB
from hub.process.postgres import EmbeddedPostgres
from hub.record import backups
from hub.record.backups import BackupError
from hub.record.chain import JSON
from hub.record.checkpoints import Checkpoint, CheckpointError, Signed, read_checkpoints
from hub.record.journal import Act, Action, Head
from hub.record.signing import SigningError, VerifierKey, verifier_key
from hub.store.backups import drop_scratch, make_ready, make_scratch, one_instant
from hub.store.engine import StoreError
from hub.store.recording import record
from hub.store.verifying import reading
from web.commands.records import EXIT_FAULT, Checkpointed, Data, checkpointed, database_of, teller, verified
from web.commands.refusals import CommandError, refusals
from web.settings import Mode, Settings, read_settings, signing_key_of

File = Annotated[Path, typer.Argument(help="The backup; its signed note stands beside it.")]


def backup(file: File, data: Data = None) -> None:
    """Copy the whole database, as of one instant and while it serves, to a file with a signed note of what it holds."""
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        if file.exists():
            raise CommandError(f"{file} is there already. Name another file.")
        key = signing_key_of(settings)
        with database_of(settings) as url:
            began = time.monotonic()
            rows, plans = asyncio.run(copied(url, settings, file))
        size = file.stat().st_size / 2**20
        typer.echo(
            f"{file}: {rows:,} rows of {plans:,} journals, {size:,.1f} MB, in {time.monotonic() - began:.1f} s. "
            f"The note is signed by {key.verifier.text}"
        )


def restore(
    file: File,
    data: Data = None,
    drill: Annotated[bool, typer.Option("--drill", help="Into a database that is thrown away.")] = False,
    key: Annotated[
        Path | None, typer.Option(help="Public key of the note; default the one of the checkpoints.")
    ] = None,
) -> None:
    """Fill an empty database from a backup, verify it whole, and say what was lost since and how long it took."""
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        signed = checkpointed(settings, None, key)
        verifier = _verifier(settings, signed, key)
        try:
            note = backups.read_note(file, verifier)
            stood = asyncio.run(_standing(settings, signed)) if drill else _signed_last(signed)
            told, true = _restored(settings, file, note, stood, drill=drill)
            if drill:
                asyncio.run(_record_drill(settings, file, note, true))
        except BackupError as error:
            raise CommandError(str(error)) from error
    typer.echo(told)
    if not true:
        raise typer.Exit(EXIT_FAULT)


def _verifier(settings: Settings, signed: Checkpointed | None, key: Path | None) -> VerifierKey:
    """Return the key of the note: the one named, else that of the checkpoints, else our own."""
    if key is None:
        return signed.key if signed is not None else signing_key_of(settings).verifier
    try:
        return verifier_key(key.read_text())
    except (OSError, SigningError) as error:
        raise CommandError(f"{key} is no public key that can be read: {error}") from error


async def copied(url: str, settings: Settings, file: Path) -> tuple[int, int]:
    """Write the backup and its note; return rows and journals."""
    await record(url, [_act("backup.make", {"file": file.name})])
    async with one_instant(url) as instant:
        try:
            await asyncio.to_thread(backups.dump, url, instant.server, instant.snapshot, file)
        except BackupError as error:
            await record(url, [_act("backup.make", {"file": file.name}, outcome="failed")])
            raise CommandError(str(error)) from error
        backups.write_note(file, signing_key_of(settings), instant)
        return sum(head.seq for _, head in instant.heads), len(instant.heads)


def _restored(
    settings: Settings, file: Path, note: Checkpoint, stood: Mapping[str, Head], *, drill: bool
) -> tuple[str, bool]:
    began = time.monotonic()
    with _place(settings, drill=drill) as url:
        return _filled(url, file, note, stood, began)


@contextlib.contextmanager
def _place(settings: Settings, *, drill: bool) -> Iterator[str]:
    """Yield the URL of the database to fill: of a drill one that is thrown away, on the server that would be used."""
    if settings.database_url and drill:
        scratch = asyncio.run(make_scratch(settings.database_url))
        try:
            yield scratch
        finally:
            asyncio.run(drop_scratch(settings.database_url, scratch))
    elif settings.database_url:
        yield settings.database_url
    elif drill:
        with tempfile.TemporaryDirectory(prefix="careplan-drill-") as folder:
            Path(folder).chmod(0o711)
            with EmbeddedPostgres(Path(folder)) as server:
                yield server.url
    else:
        with EmbeddedPostgres(settings.data_dir) as server:
            yield server.url


def _filled(url: str, file: Path, note: Checkpoint, stood: Mapping[str, Head], began: float) -> tuple[str, bool]:
    empty = asyncio.run(make_ready(url))
    backups.restore(url, empty.settings, file)
    filled = time.monotonic()
    progress, fault = asyncio.run(verified(url, None, tell=teller()))
    heads = asyncio.run(_heads(url))
    if fault is None and heads != dict(note.moved):
        return "NOT TRUE: the restored heads are not those of the note", False
    if fault is not None:
        return f"NOT TRUE: {fault}", False
    rows, plans = backups.lost(note.moved, stood)
    words: dict[str, JSON] = {"file": file.name, "taken": f"{note.time:%Y-%m-%dT%H:%M:%SZ}"}
    asyncio.run(record(url, [_act("backup.restore", words | {"rows_lost": rows, "journals_behind": plans})]))
    ended = time.monotonic()
    return (
        f"Restored into PostgreSQL {empty.server} in {filled - began:.1f} s, verified in {ended - filled:.1f} s: "
        f"{progress.rows:,} rows of {progress.plans:,} journals, their heads as the signed note has them. "
        f"The backup is of {note.time:%Y-%m-%d %H:%M:%S} UTC; lost since: {rows:,} rows of {plans:,} journals."
    ), True


async def _record_drill(settings: Settings, file: Path, note: Checkpoint, true: bool) -> None:
    """Write in the hub's database, where there is one, that the backup was tried; the drill's own is thrown away."""
    words: dict[str, JSON] = {"file": file.name, "taken": f"{note.time:%Y-%m-%dT%H:%M:%SZ}"}
    try:
        with database_of(settings) as url:
            await record(url, [_act("backup.drill", words, outcome="success" if true else "failed")])
    except (CommandError, StoreError):
        return  # It is gone: that is what a drill may be for.


def _act(event: str, words: Mapping[str, JSON], *, outcome: str = "success") -> Act:
    told = {"login": getpass.getuser(), **words}
    return Act(plan=HUB, actor="", action=Action.ADMIN, event=event, outcome=outcome, words=told)


async def _standing(settings: Settings, signed: Checkpointed | None) -> Mapping[str, Head]:
    """Return the heads that stand now, for a drill beside a hub that serves; else those last signed."""
    try:
        with database_of(settings) as url:
            return await _heads(url)
    except (CommandError, StoreError):  # There is none, or an empty one that waits for its restore.
        return _signed_last(signed)


async def _heads(url: str) -> Mapping[str, Head]:
    async with reading(url) as verification:
        return {plan: head for plan, head in (await verification.heads()).items() if head.seq}


def _signed_last(signed: Checkpointed | None) -> Mapping[str, Head]:
    """Return the heads of the last checkpoint: what is known to have stood when a database is gone."""
    if signed is None:
        return {}
    heads = Signed()
    try:
        for _ in read_checkpoints(signed.path, signed.key, heads):
            pass
    except CheckpointError as error:
        raise CommandError(f"{signed.path}: {error}") from error
    return heads.heads


COMMANDS: Final = (backup, restore)
