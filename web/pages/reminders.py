"""What I am told of, by which way and when: my choice, what was told, and the way from a message to its matter."""

from collections.abc import Iterable
from typing import Final
from zoneinfo import available_timezones

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import PATIENT_SIDE
from hub.jobs.letters import Channel
from hub.reminders.choices import ReminderChoice, clock_of, matters_of, number_of, zone_of_name
from hub.reminders.hours import Quiet
from hub.reminders.keeping import ReminderKeeping
from hub.store.reminders import KeptReminder
from web.asking import access
from web.doors.directory import SignedIn
from web.doors.guards import for_person, services
from web.languages import LANGUAGES, Language, _, language, language_of
from web.rendering import elsewhere, page
from web.views.people import own_chip
from web.views.reminders import CHANNELS, ReminderLine, address_of_reminder, channel_choices, reminder_lines
from web.views.words import Reading

AS_CLINIC: Final = ""
FAULTS: Final = {
    "quiet": _("Enter both times of the quiet hours, or neither."),
    "hour": _("Enter the hour as in 09:00."),
    "zone": _("Choose a time zone from the list, such as America/New_York."),
    "mobile": _("This number can't be read. Enter it with its area code, such as 202 555 0123."),
    "agrees": _("To have text messages, enter your number and tick the box below it."),
}


def reminders_of(request: Request) -> ReminderKeeping:
    """Return what keeps reminders; 404 for a hub without a store."""
    found = services(request).reminders
    if found is None:
        raise HTTPException(404)
    return found


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show what was told and what is ahead."""
    found, words = reminders_of(request), language_of(request, who.person)
    known = await found.people.reminded([who.person.person_id])
    zone = known[who.person.person_id].terms.zone if who.person.person_id in known else services(request).zones.default
    reading = Reading(services(request).now(), zone)
    places = await services(request).directory.places(who)
    roles = {each.patient.plan_id: each.participant.role for each in places}
    patients = {each.patient.plan_id: each.patient.name for each in places}
    kept = await found.rows.of_person(who.person.person_id)

    def lines(some: Iterable[KeptReminder]) -> list[ReminderLine]:
        own = ((each, roles.get(each.reminder.plan, who.person.role)) for each in some)
        return [line for each, role in own for line in reminder_lines([each], patients, role, words, reading)]

    ahead = [each for each in kept if each.state == "waiting"]
    told = [each for each in kept if each.state != "waiting"]
    context = {"ahead": lines(reversed(ahead)), "told": lines(told), **_own(who, words)}
    return page(request, "reminders/page.html", context)


@for_person
async def choices(request: Request, who: SignedIn) -> Response:
    """Show what the person may choose."""
    return await _choices(request, who, await reminders_of(request).choices.get(who.person.person_id), {})


@for_person
async def choose(request: Request, who: SignedIn) -> Response:
    """Keep what the person chose, or show the form again with what is to be mended."""
    form, found = await request.form(), reminders_of(request)
    typed, faults = _typed(form, who)
    agrees = form.get("agrees") == "yes"
    if not faults and Channel.TEXT in typed.channels.values() and not (typed.mobile and agrees):
        faults["agrees"] = FAULTS["agrees"]
    if faults:
        return await _choices(request, who, typed, faults, form)
    await found.choose(who.person.person_id, who.person.role, who.session_id, typed, agrees=agrees)
    return elsewhere(request, "/reminders/choices?kept=yes")


@for_person
async def go(request: Request, who: SignedIn) -> Response:
    """Lead from a message to what it is about, and note that its person came; anyone else is led to their own page."""
    letter_id = str(request.path_params["letter"])[:40]
    letter = await access(request).letters.opened(letter_id, who.person.person_id)
    kept = await reminders_of(request).rows.of_letter(letter_id) if letter is not None else []
    if len(kept) != 1:
        return elsewhere(request, "/reminders")
    places = await services(request).directory.places(who)
    roles = {each.patient.plan_id: each.participant.role for each in places}
    return elsewhere(request, address_of_reminder(kept[0], roles.get(kept[0].reminder.plan, who.person.role)))


def _typed(form: FormData, who: SignedIn) -> tuple[ReminderChoice, dict[str, str]]:
    """Return the form as a choice, and what in it is to be mended, by field."""
    said = {name: str(form.get(name, "")).strip()[:100] for name in
            ("quiet_begins", "quiet_ends", "hour", "zone", "mobile", "language")}  # fmt: skip
    begins, ends, hour = (clock_of(said[name]) for name in ("quiet_begins", "quiet_ends", "hour"))
    faults = {}
    if (begins is None) != (ends is None) or (said["quiet_begins"] and begins is None):
        faults["quiet"] = FAULTS["quiet"]
    if said["hour"] and hour is None:
        faults["hour"] = FAULTS["hour"]
    if said["zone"] and zone_of_name(said["zone"]) is None:
        faults["zone"] = FAULTS["zone"]
    mobile = number_of(said["mobile"])
    if said["mobile"] and not mobile:
        faults["mobile"] = FAULTS["mobile"]
    channels = {
        matter: Channel(told)
        for matter in matters_of(who.person.role)
        if (told := str(form.get(f"channel-{matter}", ""))) in {each.value for each in Channel}
    }
    choice = ReminderChoice(
        person=who.person.person_id,
        channels=channels,
        language=said["language"] if said["language"] in LANGUAGES else "",
        quiet=Quiet(begins, ends) if begins is not None and ends is not None else None,
        zone=said["zone"] if "zone" not in faults else "",
        hour=hour,
        mobile=mobile,
    )
    return choice, faults


async def calendar_made(request: Request, who: SignedIn, address: str) -> Response:
    """Show the address of a new calendar, this once."""
    choice = await reminders_of(request).choices.get(who.person.person_id)
    return await _choices(request, who, choice, {}, address=address)


async def _choices(
    request: Request,
    who: SignedIn,
    choice: ReminderChoice,
    faults: dict[str, str],
    form: FormData | None = None,
    *,
    address: str = "",
) -> Response:
    found, words = reminders_of(request), language_of(request, who.person)
    known = await found.people.reminded([who.person.person_id])
    defaults = await found.choices.defaults()
    clinic = defaults.get(who.person.organisation, defaults[""])
    set_by = clinic.home if who.person.role in PATIENT_SIDE else clinic.staff
    told = form if form is not None else {}
    feeds = services(request).feeds
    feed = await feeds.rows.of_person(who.person.person_id) if feeds is not None else None
    mail = known[who.person.person_id].person.email if who.person.person_id in known else ""
    context = {
        "rows": channel_choices(matters_of(who.person.role), choice.channels, set_by, words),
        "ways": [(each.value, words.say(CHANNELS[each])) for each in Channel if each in found.people.ways],
        "texts": Channel.TEXT in found.people.ways, "mails": Channel.MAIL in found.people.ways,
        "mail": mail, "mail_failed": bool(mail) and mail.lower() == choice.mail_failed.lower(),
        "stopped": choice.texts_stopped is not None,
        "it": {
            "quiet_begins": _clock(choice.quiet.begins if choice.quiet else None),
            "quiet_ends": _clock(choice.quiet.ends if choice.quiet else None),
            "hour": _clock(choice.hour), "zone": str(told.get("zone", choice.zone)),
            "mobile": str(told.get("mobile", choice.mobile)), "language": choice.language,
            "agrees": choice.takes_texts if form is None else form.get("agrees") == "yes",
        },
        "clinic": {"quiet_begins": _clock(clinic.quiet.begins), "quiet_ends": _clock(clinic.quiet.ends),
                   "hour": _clock(clinic.hour)},
        "zones": sorted(available_timezones()), "languages": LANGUAGES,
        "own_language": LANGUAGES[language(who.person.locale).tag],
        "faults": {name: words.say(fault) for name, fault in faults.items()},
        "feed": feed is not None, "calendar_address": address, "calendars": who.person.role in PATIENT_SIDE,
        "kept": request.query_params.get("kept") == "yes",
        **_own(who, words),
    }  # fmt: skip
    return page(request, "reminders/choices.html", context, 422 if faults else 200)


def _clock(value: object) -> str:
    return f"{value:%H:%M}" if value is not None else ""


def _own(who: SignedIn, words: Language) -> dict[str, object]:
    return {"say": words.say, "lang": words.tag, "person": own_chip(who.person.person_id, who.person.name)}
