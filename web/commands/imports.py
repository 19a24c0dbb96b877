"""The command that brings FHIR files into a plan: what they say waits there for those who decide."""

import asyncio
import getpass
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from hub.demo.registering import NobodyComes
from hub.exchange.exchange import Exchange, ImportRefusedError, ImportReport, Sender
from hub.fhir.arriving import SeveralPatientsError, learned
from hub.fhir.files import FILE_BYTES_MAX, FileOfResources
from hub.ids import new_id
from hub.live.plans import CarePlans
from hub.store.engine import Engine, open_engine
from hub.store.journal import PostgresJournal
from hub.store.participants import Participants
from hub.store.plans import Plans
from web.commands.records import Data, database_of
from web.commands.refusals import CommandError, refusals
from web.settings import Mode, read_settings


def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="FHIR R4: Bundles, resources, NDJSON.")],
    plan: Annotated[str, typer.Option(help="The plan that the files are for.")] = "",
    match: Annotated[bool, typer.Option("--match", help="Find the plan by the Patient in each file.")] = False,
    source: Annotated[str, typer.Option(help="Where they come from, as people will read it; default the name.")] = "",
    same_person: Annotated[bool, typer.Option(help="It is the plan's patient, whatever name and birth say.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would come; keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the reports as JSON.")] = False,
    data: Data = None,
) -> None:
    """Bring files into a plan as proposals: nothing in the plan changes until somebody accepts a line."""
    with refusals():
        if bool(plan) == match:
            raise CommandError("Name the plan with --plan, or have it found with --match.")
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        with database_of(settings) as url:
            told = asyncio.run(_all(url, files, plan, source, same_person=same_person, dry_run=dry_run))
    if as_json:
        typer.echo(json.dumps([{"file": str(file), **report.data()} for file, report in told], indent=2))
        return
    for file, report in told:
        typer.echo(f"{file}{' (nothing kept)' if dry_run else ''}\n{report.text()}\n")


import_files.__name__ = "import"


async def _all(
    url: str, files: list[Path], plan: str, source: str, *, same_person: bool, dry_run: bool
) -> list[tuple[Path, ImportReport]]:
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    exchange = Exchange(engine, journal, lambda: datetime.now(UTC), new_id)
    plans = CarePlans(journal, NobodyComes())
    told: list[tuple[Path, ImportReport]] = []
    try:
        for file in files:
            plan_id = plan or await _matched(engine, file)
            try:
                content = await plans.content(plan_id)
            except KeyError:
                raise CommandError(f"There is no plan {plan_id}.") from None
            team = await Participants(engine).of_plan(plan_id, datetime.now(UTC))
            named = source or file.name
            with _opened(file) as bytes_in:
                report = await exchange.compared(bytes_in, content, team, named, same_person=same_person)
            if not dry_run:
                sender = Sender(login=getpass.getuser())
                await exchange.keep(plan_id, report, source=named, file=file.name, sender=sender)
            told.append((file, report))
    except ImportRefusedError as error:
        raise CommandError(f"{error} If it is the same person all the same, add --same-person.") from error
    finally:
        await journal.close()
        await engine.dispose()
    return told


def _opened(file: Path) -> BinaryIO:
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise CommandError(f"{file} is larger than {FILE_BYTES_MAX >> 20} MiB. Split it.")
        return file.open("rb")
    except OSError as error:
        raise CommandError(f"{file} can't be opened: {error.strerror}.") from error


async def _matched(engine: Engine, file: Path) -> str:
    with _opened(file) as bytes_in:
        try:
            known = learned(FileOfResources(bytes_in, lambda remark: None))
        except SeveralPatientsError as error:
            raise CommandError(f"{file}: {error}") from error
    patient = next(iter(known.patients.values()), None)
    if patient is None:
        raise CommandError(f"{file} holds no Patient. Name the plan with --plan.")
    try:
        born = date.fromisoformat(patient.born)
    except ValueError:
        raise CommandError(f"{file} does not say when the patient was born. Name the plan with --plan.") from None
    for number in patient.numbers:
        found = await Plans(engine).by_number(number, born)
        if found is not None:
            return found.plan_id
    raise CommandError(f"{file}: no plan here is of a patient with this number and birth. Name it with --plan.")


COMMANDS: Final = (import_files,)
