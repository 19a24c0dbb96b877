"""The administrator's pages: what is left to do, the hub's health, the organisation. Nothing of any plan's content."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from hub.access.entering import LACKING
from hub.access.keeping_rows import Doer, KeepingError
from hub.directory.houses import ANSWER_HOURS, ANSWER_HOURS_MAX
from hub.directory.names import NAME_CHARACTERS_MAX, cleaned
from hub.ids import HUB
from hub.jobs.letters import Letter, NotSentError, Posted
from hub.record.journal import Action
from hub.store.audits import Question
from hub.store.organisations import UNNAMED, Organisation
from web.asking import access
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, keeping, services
from web.mail import NoMail
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.words import day_and_time

REFUSALS_LOOKED_AT: Final = 200
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Left:
    """One thing that makes a hub fit for service, done or not."""

    done: bool
    words: str
    address: str
    act: str


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show what is left to do, and how the hub is."""
    return await _start(request, who, "")


@for_administrator
async def test_letter(request: Request, who: SignedIn) -> Response:
    """Send a letter to oneself, to see that letters leave."""
    person = await keeping(request).people.get(who.person.person_id)
    address = person.email if person is not None else ""
    letter = Letter(address, "A test of your care plan hub", "Letters from your care plan hub arrive.\n")
    try:
        await access(request).mail.send(letter)
        sent = True
    except NotSentError:
        sent = False
    words = "The mail server took the letter. Look into your mailbox." if sent else (
        "The letter was not taken. Run careplan-hub doctor: it says what is wrong with the mail server."
    )  # fmt: skip
    return await _start(request, who, words)


async def _start(request: Request, who: SignedIn, told: str) -> Response:
    found = keeping(request)
    organisation = await found.organisations.default()
    people = await found.people.active()
    staff = [each for each in people if each.person_id != who.person.person_id and each.organisation]
    patients = await found.patients.count()
    plans = await found.plans.all_ids(limit=1)
    mail = not isinstance(access(request).mail, NoMail)
    checkpoint = await asyncio.to_thread(_last_written, services(request).settings.checkpoints_dir)
    left = [
        Left(organisation.name != UNNAMED, "Name the organisation and its time zone",
             "/admin/organisation", "Organisation"),
        Left(bool(staff), "Add the people who work here", "/admin/people", "People"),
        Left(patients > 0, "Register a patient", "/patients/new", "Register a patient"),
        Left(bool(plans), "Open a plan for a patient", "/patients", "Patients"),
        Left(mail, "Set a mail server (SMTP_HOST, SMTP_FROM), then send yourself a test letter", "", ""),
        Left(services(request).settings.oidc is not None,
             "Set the identity provider of the staff (OIDC_ISSUER)", "", ""),
    ]  # fmt: skip
    refused = Question(plan=HUB, actions=frozenset({Action.REFUSE}))
    rows = (await access(request).audits.search(refused, limit=REFUSALS_LOOKED_AT)).traces
    lacking = {each.reason.removeprefix(LACKING) for each in rows if each.reason.startswith(LACKING)}
    context = {
        "lacking": sorted(lacking), "left": left, "told": told, "mail": mail, "organisation": organisation,
        "here": "admin",
        "health": [
            ("Staff who may sign in", str(len(staff) + 1)),
            ("Patients", str(patients)),
            ("Letters of the last days", letters_words(await access(request).letters.latest())),
            ("Last signed checkpoint of the journal",
             day_and_time(checkpoint, reading_now(request)) if checkpoint else "none yet"),
        ],
    }  # fmt: skip
    return page(request, "admin/start.html", context)


def _last_written(folder: Path) -> datetime | None:
    """Return when the newest file of a folder was written, ``None`` where there is none."""
    written = [path.stat().st_mtime for path in folder.glob("*") if path.is_file()]
    return datetime.fromtimestamp(max(written), UTC) if written else None


@for_administrator
async def organisation(request: Request, who: SignedIn) -> Response:
    """Show the organisation as families see it, and its clock."""
    return _organisation(request, await keeping(request).organisations.default(), "")


@for_administrator
async def change_organisation(request: Request, who: SignedIn) -> Response:
    """Keep what was changed about the organisation."""
    form = await request.form()
    found = keeping(request)
    mine = await found.organisations.default()
    typed: dict[str, Any] = {name: cleaned(str(form.get(name, "")))[:NAME_CHARACTERS_MAX] for name in _FIELDS}
    hours = tuple((str(form.get(f"from-{n}", ""))[:5], str(form.get(f"to-{n}", ""))[:5]) for n in range(7))
    days = tuple(each for each in str(form.get("holidays", "")).replace(",", " ").split() if len(each) == 10)
    answers = _answer_hours(form)
    changed = replace(
        mine,
        **typed,
        answer_hours=answers or mine.answer_hours,
        opening=hours if any(any(each) for each in hours) else (),
        holidays=days,
    )
    if answers is None:
        fault = f"Enter whole hours from 1 to {ANSWER_HOURS_MAX} for each topic."
        return _organisation(request, changed, fault)
    if not changed.name:
        return _organisation(request, changed, "Enter the name of the organisation.")
    if changed.time_zone not in available_timezones():
        return _organisation(request, changed, "Choose a time zone from the list, such as America/New_York.")
    person = await found.people.get(who.person.person_id)
    assert person is not None, "who is signed in is in the directory"
    try:
        await found.change_organisation(Doer(person, who.session_id), changed)
    except KeepingError as error:
        return _organisation(request, changed, str(error))
    return elsewhere(request, "/admin")


def _answer_hours(form: FormData) -> dict[str, int] | None:
    """Return the open hours of each topic, ``None`` where one can't be read; a form without them says the usual."""
    typed = {topic: str(form.get(f"answer-{topic}", hours)).strip() for topic, hours in ANSWER_HOURS.items()}
    read = {topic: int(hours) for topic, hours in typed.items() if hours.isdecimal() and len(hours) <= 3}
    return read if len(read) == len(typed) and all(1 <= each <= ANSWER_HOURS_MAX for each in read.values()) else None


_FIELDS: Final = ("name", "address", "phone", "phone_after_hours", "time_zone", "language", "emergency_number")


def _organisation(request: Request, organisation: Organisation, fault: str) -> Response:
    hours = organisation.opening or (("", ""),) * 7
    context = {
        "it": organisation, "fault": fault, "zones": sorted(available_timezones()), "here": "admin",
        "answers": [(topic, organisation.answer_hours.get(topic, hours)) for topic, hours in ANSWER_HOURS.items()],
        "week": [(n, name, *hours[n]) for n, name in enumerate(WEEKDAYS)],
    }  # fmt: skip
    return page(request, "admin/organisation.html", context, 422 if fault else 200)


def letters_words(posted: Sequence[Posted]) -> str:
    """Return how the last letters stand, in one line; whom one went to stands on its plan's page."""
    tally = Counter(each.outcome for each in posted)
    failed = next((each for each in posted if each.outcome == "failed"), None)
    why = f" ({failed.occasion}: {failed.reason.replace('-', ' ')})" if failed is not None else ""
    return f"{tally['sent']} sent, {tally['waiting']} on their way, {tally['failed']} not delivered{why}"
