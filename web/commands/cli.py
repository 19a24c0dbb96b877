"""The command ``careplan-hub``: what a person types, told what happens in words a person can act on."""

import asyncio
import contextlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from zoneinfo import available_timezones

import typer
from prometheus_client.multiprocess import mark_process_dead

from hub.process.postgres import EmbeddedPostgres
from web import logs
from web.app import create_app
from web.commands import backups as backup_commands
from web.commands import (
    bringing,
    erasing,
    founding,
    fuzzing,
    imports,
    machines,
    personal_copies,
    plan_files,
    rebuilding,
)
from web.commands import checks as check_commands
from web.commands import exports as export_commands
from web.commands import records as record_commands
from web.commands.descriptions import DemoDescription, describe_running, description, forget, remember, story_of
from web.commands.preparing import migrate_database, seed_demo, wait_for_current
from web.commands.refusals import EXIT_REFUSED, CommandError, refusals
from web.serving import inherited, listen, listen_for_hospitals, run, stopping
from web.settings import MEASURES, Mode, Settings, local_secret, read_settings, signing_key_of
from web.workers import READY, WORKERS_MAX, Supervisor

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="One live care plan for everyone who cares.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"careplan-hub {version('careplan-hub')}")
        raise typer.Exit


Data = Annotated[Path | None, typer.Option(help="Folder of the embedded database; default careplan-data here.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")]
Processes = Annotated[
    int, typer.Option("--workers", min=1, max=WORKERS_MAX, help="Hub processes; SIGHUP replaces them one by one.")
]
Adt = Annotated[str, typer.Option("--adt", help="HOST:PORT on which hospitals send HL7 v2 ADT messages by MLLP.")]
AdtListener = Annotated[
    int | None, typer.Option("--adt-listener", hidden=True, help="Take messages on what a supervisor handed down.")
]
Listener = Annotated[
    int | None, typer.Option("--listener", hidden=True, help="Serve on what a supervisor handed down.")
]


@commands.callback()
def whole(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """One live care plan for everyone who cares."""


@commands.command()
def demo(
    port: Port = 8000,
    data: Data = None,
    describe: Annotated[bool, typer.Option("--describe", help="Print the running demo as JSON for scripts.")] = False,
    time_zone: Annotated[str, typer.Option(help="Clock of a new demo's clinic.")] = "America/New_York",
    adt: Adt = "",
    workers: Processes = 1,
    listener: Listener = None,
    adt_listener: AdtListener = None,
) -> None:
    """Run the hub with demo patients, on this machine alone: a visitor chooses whom to be."""
    with refusals():
        if time_zone not in available_timezones():
            raise CommandError(f"{time_zone} is no time zone. Say one such as America/New_York.")
        settings = read_settings(os.environ, mode=Mode.DEMO, port=port, data_dir=data, adt=adt)
        settings = replace(settings, demo_zone=time_zone)
        if describe:
            typer.echo(json.dumps(describe_running(settings.data_dir), indent=2, ensure_ascii=False))
        else:
            serve_hub(settings, workers=workers, listener=listener, adt_listener=adt_listener)


@commands.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    data: Data = None,
    adt: Adt = "",
    workers: Processes = 1,
    listener: Listener = None,
    adt_listener: AdtListener = None,
) -> None:
    """Run the hub on DATABASE_URL, or on an embedded database when that is unset."""
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, host=host, port=port, data_dir=data, adt=adt)
        serve_hub(settings, workers=workers, listener=listener, adt_listener=adt_listener)


@commands.command()
def migrate(data: Data = None) -> None:
    """Bring the schema of the database up to date, as its owner; harmless when it already is."""
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        with stopping(), database(settings) as placed:
            asyncio.run(migrate_database(placed.database_url))
        typer.echo("The database has the schema of this version.")


for _each in (
    *founding.COMMANDS,
    *record_commands.COMMANDS,
    *backup_commands.COMMANDS,
    *export_commands.COMMANDS,
    *check_commands.COMMANDS,
    *plan_files.COMMANDS,
    *imports.COMMANDS,
    *erasing.COMMANDS,
    *bringing.COMMANDS,
    *machines.COMMANDS,
    *personal_copies.COMMANDS,
    *rebuilding.COMMANDS,
    fuzzing.fuzz,
):
    commands.command()(_each)


@commands.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def bench(context: typer.Context) -> None:
    """Measure the hub beside other servers, in a clone of the repository: what it needs comes with the tests."""
    clone = Path(__file__).resolve().parents[2]
    if not (clone / "tests/bench/__main__.py").exists():
        typer.echo("The bench comes with the tests: run `python3 bootstrap.py bench` in a clone.", err=True)
        raise typer.Exit(EXIT_REFUSED)
    command = [sys.executable, "-m", "tests.bench", *context.args]
    raise typer.Exit(subprocess.run(command, cwd=clone, check=False).returncode)


def serve_hub(
    settings: Settings, *, workers: int = 1, listener: int | None = None, adt_listener: int | None = None
) -> None:
    """Run the hub to its end: as one process, as a supervisor of several, or as one of these."""
    logs.configure(settings)
    if listener is not None:
        if settings.adt is not None:
            settings = replace(settings, adt=replace(settings.adt, descriptor=adt_listener))
        with stopping():
            inherited_listener, settings = inherited(settings, listener)
            with contextlib.closing(inherited_listener):
                run(create_app(settings), settings, inherited_listener, ready=say_ready, lifeline=sys.stdin.fileno())
        return
    serve_all(settings, workers)


def say_ready() -> None:
    """Tell the supervisor."""
    sys.stdout.write(READY.decode() + "\n")
    sys.stdout.flush()


def serve_all(settings: Settings, workers: int) -> None:
    """Run the hub in this process or in several: listener, database, schema, demo patients, application, in order."""
    embedded = not settings.database_url
    with stopping():
        listener, settings = listen(settings)
        hospitals, settings = listen_for_hospitals(settings)
        settings = replace(settings, secret_key=settings.secret_key or local_secret(settings.data_dir))
        signing_key_of(settings)  # Refuses before anything starts.
        with contextlib.closing(listener), database(settings) as settings:
            story = asyncio.run(prepared(settings, embedded=embedded))
            try:
                ready = partial(announce, settings, story)
                if workers == 1:
                    run(create_app(settings), settings, listener, ready)
                else:
                    with TemporaryDirectory(prefix="careplan-measures-") as measures:
                        environment = worker_environment(settings, measures)
                        gone = partial(mark_process_dead, path=measures)
                        command = worker_command(settings)
                        Supervisor(command, environment, listener, workers, hospitals, gone=gone).run(ready)
            finally:
                forget(settings)
                if hospitals is not None:
                    hospitals.close()


def worker_command(settings: Settings) -> list[str]:
    """Return the command of one process of several, but for its listener."""
    where = ["--port", str(settings.port), "--data", str(settings.data_dir)]
    mode = ["demo"] if settings.demo else ["serve", "--host", settings.host]
    door = settings.adt
    adt = ["--adt", door.address, "--adt-listener", str(door.descriptor)] if door is not None else []
    return [sys.executable, "-m", "web", *mode, *where, *adt]


def worker_environment(settings: Settings, measures: str) -> dict[str, str]:
    """Return what a process of several is told: database, key and place of measures that all share."""
    told = {"DATABASE_URL": settings.database_url, "CAREPLAN_SECRET_KEY": settings.secret_key}
    return {**os.environ, **told, "CAREPLAN_ORIGIN": settings.origin, MEASURES: measures}


async def prepared(settings: Settings, *, embedded: bool) -> DemoDescription | None:
    """Bring the database to where the hub can serve; return the story of a demo."""
    if settings.demo:
        await migrate_database(settings.database_url)
        await seed_demo(settings.database_url, settings.demo_zone)
        return await story_of(settings.database_url)
    if embedded:
        await migrate_database(settings.database_url)
    else:
        await wait_for_current(settings.database_url, partial(typer.echo, err=True))
    return None


def announce(settings: Settings, story: DemoDescription | None) -> None:
    """Say where to look; the description for scripts is written first, so that who reads this line can read it."""
    remember(settings, description(settings, story))
    typer.echo(f"Care plan hub is ready: {settings.origin}")
    if settings.adt is not None:
        typer.echo(f"  Hospitals send HL7 v2 ADT messages to {settings.adt.address} (MLLP).")
    if settings.demo:
        typer.echo("  Choose a person there; open a second browser window as another one, in the same plan.")
        typer.echo(f"  For scripts: careplan-hub demo --data {shlex.quote(str(settings.data_dir))} --describe")
        typer.echo("  The patients are invented. Ctrl-C ends the hub; what was written stays.")


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[Settings]:
    """Yield the settings with a database that answers: the one named, else the embedded one, which ends with us."""
    if settings.database_url:
        yield settings
        return
    with EmbeddedPostgres(settings.data_dir) as server:
        yield replace(settings, database_url=server.url)
