"""``careplan-hub init`` and ``careplan-hub doctor``: a hub from nothing, and what is wrong with one that runs."""

import asyncio
import os
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Final
from zoneinfo import available_timezones

import aiosmtplib
import httpx2
import typer

from auth.roles import Role
from hub.ids import HUB, new_id
from hub.process.postgres import EmbeddedPostgres, running_url
from hub.record.journal import Act, Action, JournalAwayError
from hub.store.engine import StoreError, check, create_engine, open_engine
from hub.store.journal import PostgresJournal
from hub.store.organisations import UNNAMED, Organisations
from hub.store.people import People, Person
from hub.store.reaching import reaching
from hub.store.revisions import is_current
from web.commands.preparing import migrate_database, require_current
from web.commands.refusals import CommandError, refusals
from web.serving import stopping
from web.settings import Mode, Settings, SettingsError, local_secret, read_settings, signing_key_of

SECONDS_MAX: Final = 10.0
_ADDRESS: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
Data = Annotated[Path | None, typer.Option(help="Folder of the embedded database; default careplan-data here.")]


def init(
    organisation: Annotated[str, typer.Option(help="Its name as families see it.")] = "",
    time_zone: Annotated[str, typer.Option(help="Such as America/New_York: the clock of every date.")] = "",
    language: Annotated[str, typer.Option(help="Language of letters: en or es.")] = "en",
    phone: Annotated[str, typer.Option(help="Telephone of the organisation by day.")] = "",
    phone_after_hours: Annotated[str, typer.Option(help="Telephone after hours.")] = "",
    emergency_number: Annotated[str, typer.Option(help="Number of the ambulance.")] = "911",
    admin_name: Annotated[str, typer.Option(help="Name of the first administrator.")] = "",
    admin_email: Annotated[str, typer.Option(help="The address of their work account.")] = "",
    data: Data = None,
) -> None:
    """Make a hub: the organisation and its first administrator. Asks for what is not said. Harmless to run again."""
    with refusals(), stopping():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        name = organisation or typer.prompt("Name of the organisation")
        zone = _asked(time_zone, "Time zone, such as America/New_York", lambda each: each in available_timezones())
        admin = admin_name or typer.prompt("Name of the first administrator")
        email = _asked(admin_email, "E-mail of their work account", lambda each: bool(_ADDRESS.fullmatch(each)))
        told = {"phone": phone, "phone_after_hours": phone_after_hours, "emergency_number": emergency_number}
        local_secret(settings.data_dir)
        signing_key_of(settings)
        person = Person(person_id=new_id(), name=admin, role=Role.ADMIN, email=email, may_administer=True)
        url = settings.database_url or running_url(settings.data_dir)
        embedded = None if url else EmbeddedPostgres(settings.data_dir)
        try:
            url = url or (embedded.start() if embedded is not None else "")
            found = {"name": name, "time_zone": zone, "language": language, **told}
            made = asyncio.run(_founded(url, found, person, owner=not settings.database_url))
            problems = asyncio.run(_checked(replace(settings, database_url=url)))
        finally:
            if embedded is not None:
                embedded.stop()
        typer.echo(f"{name}: times are those of {zone}.")
        typer.echo(f"{admin} is the administrator." if made else "There is an administrator already: none was added.")
        typer.echo(provider_words(settings))
        _tell(problems)


def doctor(data: Data = None) -> None:
    """Check each setting by using it, and say in one sentence each what is wrong; exit code 1 where anything is."""
    with refusals(), stopping():
        settings = read_settings(os.environ, mode=Mode.SERVE, data_dir=data)
        url = settings.database_url or running_url(settings.data_dir)
        problems = [] if url else ["The embedded database does not run. Start the hub, or set DATABASE_URL."]
        problems += asyncio.run(_checked(replace(settings, database_url=url)))
        _tell(problems)
        if problems:
            raise typer.Exit(1)


def provider_words(settings: Settings) -> str:
    """Return what the identity provider has to be told of this hub."""
    origin = settings.origin or f"http://{settings.host}:{settings.port}"
    return (
        "Register the hub at your identity provider as a confidential web client (authorization code, PKCE):\n"
        f"  redirect address            {origin}/sign-in/work/back\n"
        f"  address after signing out   {origin}/sign-in\n"
        f"  back-channel logout address {origin}/sign-in/work/logged-out\n"
        "  scopes                      openid email\n"
        "  claims in the ID token      email, email_verified (true), auth_time\n"
        "Then set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, and CAREPLAN_ORIGIN behind a proxy."
    )


def _asked(given: str, question: str, holds: Callable[[str], bool]) -> str:
    if given and not holds(given):
        raise CommandError(f"{question}: {given} is none.")
    while not given:
        answer = str(typer.prompt(question)).strip()
        given = answer if holds(answer) else ""
    return given


def _tell(problems: list[str]) -> None:
    for problem in problems:
        typer.echo(f"- {problem}")
    typer.echo("Everything was checked by using it." if not problems else "Mend these, then run careplan-hub doctor.")


async def _founded(url: str, found: dict[str, str], person: Person, *, owner: bool) -> bool:
    """Name the organisation and add its administrator; False where there is one, who stays the only one."""
    await (migrate_database if owner else require_current)(url)
    engine = await open_engine(url)
    journal, people, organisations = PostgresJournal(engine), People(engine), Organisations(engine)
    try:
        await journal.create_plan(HUB)
        mine = await organisations.default()
        there = any(each.may_administer for each in await people.active())
        if mine.name != UNNAMED and there:
            return False
        async with journal.exclusively(HUB) as turn:
            await organisations.change(turn, replace(mine, **found))  # type: ignore[arg-type]
            acts = [_act("organisation.found", mine.organisation_id)]
            if not there:
                await people.add(turn, replace(person, organisation=mine.organisation_id))
                acts.append(_act("person.add", person.person_id))
            await turn.append(acts)
        return not there
    finally:
        await journal.close()
        await engine.dispose()


def _act(event: str, entry: str) -> Act:
    return Act(plan=HUB, actor="", action=Action.ADMIN, event=event, entry=entry, purpose="careplan-hub init")


async def _checked(settings: Settings) -> list[str]:
    """Return a sentence for each setting that does not work, tried one by one."""
    faults = [
        await _database(settings.database_url) if settings.database_url else "",
        await _provider(settings),
        await _mail_server(settings),
        _folder(settings.checkpoints_dir),
    ]
    try:
        signing_key_of(settings)
    except SettingsError as error:
        faults += error.problems
    return [fault for fault in faults if fault]


async def _database(url: str) -> str:
    engine = create_engine(url, connections_max=1)
    try:
        with reaching():
            await check(engine)
            people = await People(engine).active() if await is_current(engine) else []
        await require_current(url)
        if not any(each.may_administer for each in people):
            return "The hub has no administrator. Run careplan-hub init."
    except (JournalAwayError, StoreError) as error:
        return str(error)
    finally:
        await engine.dispose()
    return ""


async def _provider(settings: Settings) -> str:
    if settings.oidc is None:
        return "No identity provider is set: staff can't sign in. Set OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET."
    address = settings.oidc.issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        async with httpx2.AsyncClient(timeout=SECONDS_MAX) as client:
            answer = await client.get(address)
        told = answer.json() if answer.status_code == 200 else {}
    except (httpx2.HTTPError, ValueError) as error:
        return f"The identity provider does not answer at {address} ({type(error).__name__}). Check OIDC_ISSUER."
    if answer.status_code != 200 or not isinstance(told, dict):
        return f"{address} answers {answer.status_code} without a description of a provider. Check OIDC_ISSUER."
    if told.get("issuer") != settings.oidc.issuer:
        return f"The provider calls itself {told.get('issuer')}. Set OIDC_ISSUER to exactly that."
    return ""


async def _mail_server(settings: Settings) -> str:
    smtp = settings.smtp
    if smtp is None:
        return "No mail server is set: invitations and codes can't be sent. Set SMTP_HOST and SMTP_FROM."
    client = aiosmtplib.SMTP(hostname=smtp.host, port=smtp.port, start_tls=smtp.starttls, timeout=SECONDS_MAX)
    try:
        await client.connect()
        if smtp.username:
            await client.login(smtp.username, smtp.password)
        await client.quit()
    except (aiosmtplib.SMTPException, OSError) as error:
        return f"The mail server {smtp.host}:{smtp.port} does not take letters ({type(error).__name__}). Check SMTP_*."
    finally:
        client.close()
    return ""


def _folder(place: Path) -> str:
    try:
        place.mkdir(parents=True, exist_ok=True)
        with closing(TemporaryFile(dir=place)) as tried:
            tried.write(datetime.now(UTC).isoformat().encode())
    except OSError as error:
        return f"Checkpoints can't be written to {place} ({error.strerror}). Set CAREPLAN_CHECKPOINTS."
    return ""


COMMANDS: Final = (init, doctor)
