"""The command that hands out a part of the record as a signed file; each export is a row of the journal first."""

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.ids import HUB
from hub.record.exports import HOW_TO_CHECK, Format, line, preface
from hub.record.journal import Act, Action
from hub.record.journal_files import preface_line, row_line
from hub.record.signing import SigningKey
from hub.store.audits import Question
from hub.store.engine import Engine, open_engine
from hub.store.recording import record
from hub.store.verifying import reading
from web.auditing import Auditing
from web.commands.plan_files import plan_written
from web.commands.records import Data, database_of
from web.commands.refusals import CommandError, refusals
from web.settings import Mode, Settings, read_settings, signing_key_of


class ExportFormat(StrEnum):
    """What the file is."""

    CSV = "csv"
    NDJSON = "ndjson"
    FHIR = "fhir"
    JOURNAL = "journal"
    """A plan's whole journal, words and edits included, which ``verify --journal`` checks on another machine."""


def export(
    file: Annotated[Path, typer.Argument(help="Where to write; the signature stands beside it, as FILE.sig.")],
    form: Annotated[ExportFormat, typer.Option("--format", help="journal needs --plan.")] = ExportFormat.CSV,
    plan: Annotated[str, typer.Option(help="Only this plan.")] = "",
    person: Annotated[str, typer.Option(help="Only what this person did.")] = "",
    since: Annotated[datetime | None, typer.Option(help="From this instant (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="To before this instant (UTC).")] = None,
    fhir: Annotated[str, typer.Option(metavar="PLAN", help="Write this plan itself, as one FHIR R4 document.")] = "",
    data: Data = None,
) -> None:
    """Write rows of the journal to a signed file: CSV, NDJSON, FHIR AuditEvent, a plan's whole journal; or a plan."""
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        if file.exists():
            raise CommandError(f"{file} is there already. Name another file.")
        if form is ExportFormat.JOURNAL and not plan:
            raise CommandError("A whole journal is one plan's: name it with --plan.")
        key = signing_key_of(settings)
        question = Question(actor=person, plan=plan, since=_utc(since), until=_utc(until))
        with database_of(settings) as url:
            if fhir:
                resources = asyncio.run(plan_written(url, fhir, file, settings.origin))
                told = f"{resources:,} resources"
            else:
                told = f"{asyncio.run(_exported(url, settings, key, file, form, question)):,} rows"
        file.with_name(file.name + ".sig").write_bytes(key.signature(file.read_bytes()))
        file.with_name("key.pub.pem").write_bytes(key.verifier.pem)
    typer.echo(f"{file}: {told}, signed.")
    typer.echo(HOW_TO_CHECK.format(file=file.name), err=True)


async def _exported(
    url: str, settings: Settings, key: SigningKey, file: Path, form: ExportFormat, question: Question
) -> int:
    await _record(url, question, form)
    engine = await open_engine(url)
    try:
        lines = (
            _journal(url, question.plan) if form is ExportFormat.JOURNAL else _traces(engine, url, key, question, form)
        )
        rows = 0
        with file.open("wb") as written:
            async for each in lines:
                rows += written.write(each) and each.count(b"\n")
        return rows - (form in (ExportFormat.JOURNAL, ExportFormat.CSV))
    finally:
        await engine.dispose()


async def _record(url: str, question: Question, form: ExportFormat) -> None:
    """Write the export's row, in the plan's journal where it is about one, before anything is read."""
    words = {"login": getpass.getuser(), "person": question.actor, "format": form.value}
    plan = question.plan or HUB
    try:
        await record(url, [Act(plan=plan, actor="", action=Action.EXPORT, event=f"export.{form}", words=words)])
    except KeyError:
        raise CommandError(f"There is no plan {plan}.") from None


async def _traces(
    engine: Engine, url: str, key: SigningKey, question: Question, form: ExportFormat
) -> AsyncIterator[bytes]:
    keeper, shape = Auditing(engine, url, key, "careplan-hub"), Format(form.value)
    yield preface(shape)
    async for traces in keeper.everything(question, sys.maxsize):
        names = await keeper.names(traces)
        yield b"".join(line(shape, trace, names, keeper.site) for trace in traces)


async def _journal(url: str, plan: str) -> AsyncIterator[bytes]:
    async with reading(url) as verification:
        yield preface_line(plan, (await verification.heads(plan))[plan])
        async for rows in verification.rows(plan):
            yield b"".join(map(row_line, rows))


def _utc(instant: datetime | None) -> datetime | None:
    return instant.replace(tzinfo=UTC) if instant is not None and instant.tzinfo is None else instant


COMMANDS: Final = (export,)
