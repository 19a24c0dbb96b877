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
from web.pages.admin_houses import Houses, houses
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.words import day_and_time

REFUSALS_LOOKED_AT: Final = 200
MAJORITY_MIN, MAJORITY_MAX = 14, 25
"""Ages of majority that are taken; the states have 18, 19 and 21."""
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
    return _organisation(request, await houses(request), "")


@for_administrator
async def add_organisation(request: Request, who: SignedIn) -> Response:
    """Add an organisation, and go on to its page."""
    form, found = await request.form(), keeping(request)
    name = cleaned(str(form.get("added", "")))[:NAME_CHARACTERS_MAX]
    person = await found.people.get(who.person.person_id)
    assert person is not None, "who is signed in is in the directory"
    try:
        added = await found.add_organisation(Doer(person, who.session_id), name)
    except KeepingError as error:
        return _organisation(request, await houses(request), str(error), added=name)
    return elsewhere(request, f"/admin/organisation?organisation={added.organisation_id}")


@for_administrator
async def change_organisation(request: Request, who: SignedIn) -> Response:
    """Keep what was changed about the organisation."""
    form = await request.form()
    found = keeping(request)
    chosen = await houses(request, form)
    mine = chosen.it
    typed: dict[str, Any] = {name: cleaned(str(form.get(name, "")))[:NAME_CHARACTERS_MAX] for name in _FIELDS}
    hours = tuple((str(form.get(f"from-{n}", ""))[:5], str(form.get(f"to-{n}", ""))[:5]) for n in range(7))
    days = tuple(each for each in str(form.get("holidays", "")).replace(",", " ").split() if len(each) == 10)
    answers = _answer_hours(form)
    ages = tuple(_whole(form.get(name, was)) for name, was in _ages(mine))
    changed = replace(
        mine,
        **typed,
        answer_hours=answers or mine.answer_hours,
        confidential_age=ages[0],
        majority_age=ages[1],
        opening=hours if any(any(each) for each in hours) else (),
        holidays=days,
    )
    typed_in = replace(chosen, it=changed)
    if fault := _fault(changed, told=answers is not None):
        return _organisation(request, typed_in, fault)
    person = await found.people.get(who.person.person_id)
    assert person is not None, "who is signed in is in the directory"
    try:
        await found.change_organisation(Doer(person, who.session_id), changed)
    except KeepingError as error:
        return _organisation(request, typed_in, str(error))
    return elsewhere(request, chosen.back_to("/admin/organisation") if chosen.choices else "/admin")


def _fault(organisation: Organisation, *, told: bool) -> str:
    """Return what is wrong with an organisation as it was typed; ``told``: every topic has its hours."""
    ages = (organisation.confidential_age, organisation.majority_age)
    if not told:
        return f"Enter whole hours from 1 to {ANSWER_HOURS_MAX} for each topic."
    if not (ages[0] <= ages[1] and MAJORITY_MIN <= ages[1] <= MAJORITY_MAX):
        return f"Enter the age of majority ({MAJORITY_MIN} to {MAJORITY_MAX}), and from what age care is confidential."
    if not organisation.name:
        return "Enter the name of the organisation."
    if organisation.time_zone not in available_timezones():
        return "Choose a time zone from the list, such as America/New_York."
    return ""


def _ages(organisation: Organisation) -> tuple[tuple[str, int], ...]:
    return (("confidential_age", organisation.confidential_age), ("majority_age", organisation.majority_age))


def _whole(typed: object) -> int:
    """Return the number that was typed, a number that no age is for anything else."""
    told = str(typed).strip()
    return int(told) if told.isdecimal() and len(told) <= 3 else 999


def _answer_hours(form: FormData) -> dict[str, int] | None:
    """Return the open hours of each topic, ``None`` where one can't be read; a form without them says the usual."""
    typed = {topic: str(form.get(f"answer-{topic}", hours)).strip() for topic, hours in ANSWER_HOURS.items()}
    read = {topic: int(hours) for topic, hours in typed.items() if hours.isdecimal() and len(hours) <= 3}
    return read if len(read) == len(typed) and all(1 <= each <= ANSWER_HOURS_MAX for each in read.values()) else None


_FIELDS: Final = ("name", "address", "phone", "phone_after_hours", "time_zone", "language", "emergency_number")


def _organisation(request: Request, chosen: Houses, fault: str, *, added: str = "") -> Response:
    organisation = chosen.it
    hours = organisation.opening or (("", ""),) * 7
    context = {
        **chosen.context, "it": organisation, "fault": fault, "added": added, "here": "admin",
        "zones": sorted(available_timezones()),
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
