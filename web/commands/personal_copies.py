"""``careplan-hub export-person``: all that a patient may ask for, to read and for programs, with who has looked."""

import asyncio
import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from auth.roles import Participant, Role
from hub.demo.registering import NobodyComes
from hub.fhir.bundles import seen_by
from hub.live.plans import CarePlans
from hub.record.journal import Act, Action
from hub.store.audits import Audits
from hub.store.engine import Engine, open_engine
from hub.store.journal import PostgresJournal
from hub.store.machines import Machines
from hub.store.participants import Participants
from hub.store.patients import Patients
from hub.store.people import People
from hub.store.plans import Plan, Plans
from hub.store.recording import record
from web.commands.records import Data, database_of
from web.commands.refusals import CommandError, refusals
from web.rendering import TEMPLATES
from web.settings import Mode, read_settings
from web.views.people import ROLE_WORDS
from web.views.personal_copies import LOOKS_MAX, PersonalCopy, looks_of, looks_told, sections_of
from web.views.words import Reading, born_words, day_and_time

NOBODY: Final = "00000000-0000-0000-0000-000000000001"
"""Stands for the patient in a plan whose patient does not sign in."""


def export_person(
    plan: Annotated[str, typer.Argument(help="The plan.")],
    folder: Annotated[Path, typer.Argument(help="Where the files go; made where it is not there.")],
    data: Data = None,
) -> None:
    """Write what the patient of a plan may ask for: plan-ID.html to read and plan-ID.json, with who has looked."""
    with refusals():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        files = [folder / f"plan-{plan}.{kind}" for kind in ("html", "json")]
        there = next((each for each in files if each.exists()), None)
        if there is not None:
            raise CommandError(f"{there} is there already. Name another folder.")
        with database_of(settings) as url:
            whole = asyncio.run(_copied(url, plan))
        folder.mkdir(parents=True, exist_ok=True)
        loader = FileSystemLoader(TEMPLATES)
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
        files[0].write_text(environment.get_template("copies/file.html").render(it=whole), "utf-8")
        files[1].write_bytes(msgspec.json.format(msgspec.json.encode(whole.as_data()), indent=2) + b"\n")
        for each in files:
            each.chmod(0o600)
            typer.echo(f"{each}")


async def _copied(url: str, plan_id: str) -> PersonalCopy:
    engine = await open_engine(url)
    try:
        plan = await Plans(engine).get(plan_id)
        if plan is None:
            raise CommandError(f"There is no plan {plan_id}.")
        words = {"login": getpass.getuser(), "format": "html, json"}
        await record(url, [Act(plan=plan_id, actor="", action=Action.EXPORT, event="export.person", words=words)])
        return await _copy(engine, plan)
    finally:
        await engine.dispose()


async def _copy(engine: Engine, plan: Plan) -> PersonalCopy:
    now, journal = datetime.now(UTC), PostgresJournal(engine)
    try:
        live = CarePlans(journal, NobodyComes())
        live.zones.know(*await Plans(engine).zones())
        content = await live.content(plan.plan_id)
    finally:
        await journal.close()
    members = await Participants(engine).of_plan(plan.plan_id, now)
    me = plan.patient or NOBODY
    patient = Participant(me, plan.plan_id, plan.name, Role.PATIENT, patient_id=plan.patient or "")
    rows = (await Audits(engine).search(looks_of(plan.plan_id), limit=LOOKS_MAX)).traces
    known = await People(engine).among(sorted({row.actor for row in rows if row.actor}))
    names = await Machines(engine).names([row.actor for row in rows])
    names |= {each.person_id: each.name for each in members} | {key: each.name for key, each in known.items()}
    registered = await Patients(engine).get(plan.patient_id)
    return PersonalCopy(
        plan.name, born_words(plan.born_words), tuple(each.value for each in registered.numbers) if registered else (),
        day_and_time(now, Reading(now, content.zone)),
        sections_of(seen_by(content, patient, now), lambda each: names.get(each, "someone")),
        tuple((each.name, each.profession or ROLE_WORDS[each.role]) for each in members if not each.removed),
        looks_told(rows, lambda each: names.get(each, "someone"), content.zone),
    )  # fmt: skip


COMMANDS: Final = (export_person,)
