"""Plans as FHIR at the command line: a plan as a document, and the page that says what stands where."""

import asyncio
import getpass
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import typer

from crdt.sections import Section
from hub.demo.registering import NobodyComes
from hub.exchange.subjects import subject_of
from hub.fhir.bundles import ChangedLast, Leaving, document
from hub.fhir.comparing import lost
from hub.fhir.places import Json
from hub.fhir.tables import page
from hub.ids import new_id
from hub.live.plans import CarePlans
from hub.record.journal import Act, Action
from hub.store.engine import Engine, open_engine
from hub.store.journal import PostgresJournal
from hub.store.participants import Participants
from hub.store.recording import record
from web.commands.refusals import CommandError


async def plan_written(url: str, plan_id: str, file: Path, origin: str) -> int:
    """Write all of a plan to a file, its row in the plan's journal first; return how many resources it holds.

    Raises:
        CommandError: there is no such plan, or the file would not come back as the plan it is.
    """
    engine = await open_engine(url)
    try:
        leaving = await whole_plan_of(engine, plan_id, origin)
        words = {"login": getpass.getuser(), "format": "fhir-document"}
        await record(url, [Act(plan=plan_id, actor="", action=Action.EXPORT, event="export.plan", words=words)])
        told = document(leaving, None, datetime.now(UTC), new_id())
        await asyncio.to_thread(file.write_bytes, formatted(told))
    finally:
        await engine.dispose()
    gone = lost(leaving, [each["resource"] for each in told["entry"]])
    if gone:
        raise CommandError(f"{file} is written, but these fields would not come back from it: {', '.join(gone[:20])}")
    return len(told["entry"])


async def whole_plan_of(engine: Engine, plan_id: str, origin: str) -> Leaving:
    """Return a plan with everything in it, for who may read the database.

    Raises:
        CommandError: there is no such plan.
    """
    subject = await subject_of(engine, plan_id)
    if subject is None:
        raise CommandError(f"There is no plan {plan_id}.")
    journal = PostgresJournal(engine)
    try:
        content = await CarePlans(journal, NobodyComes()).content(plan_id)
        latest = await journal.latest(plan_id, sorted(content.sections))
    finally:
        await journal.close()
    changes: dict[tuple[Section, str], ChangedLast] = {}
    for (section, entry, _), last in latest.items():
        if last.seq > getattr(changes.get((section, entry)), "seq", 0):
            changes[section, entry] = ChangedLast(last.actor, last.recorded, last.seq)
    people = await Participants(engine).of_plan(plan_id, datetime.now(UTC))
    leaving = Leaving(content=content, subject=subject, people=people, base=f"{origin}/fhir")
    return replace(leaving, changes=changes)


def formatted(bundle: Json) -> bytes:
    """Return a Bundle as a file that a person can read as well."""
    return msgspec.json.format(msgspec.json.encode(bundle), indent=2) + b"\n"


def fhir_map() -> None:
    """Print where everything of a plan stands in FHIR R4, in Markdown."""
    typer.echo(page(), nl=False)


COMMANDS: Final = (fhir_map,)
