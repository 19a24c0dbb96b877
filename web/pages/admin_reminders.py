"""The administrator's page of reminders: what holds for who has not chosen, and what was sent to whom and when."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from hub.jobs.letters import Channel
from hub.reminders.choices import AT_HOME, AT_WORK, Channels, ClinicDefaults, Matter, clock_of
from hub.reminders.hours import Quiet
from web.asking import access
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, keeping
from web.languages import language
from web.pages.admin_houses import Houses, houses
from web.pages.admin_people import doer
from web.pages.reminders import reminders_of
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.reminders import CHANNELS, channel_choices, sent_line

SET_BY_CLINIC = (Channel.PAGE, Channel.MAIL)
"""A text message leaves only to who asked for it."""


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show what holds for who has not chosen, and what left lately."""
    chosen = await houses(request)
    return await _show(request, chosen, await _mine(request, chosen), "")


@for_administrator
async def change(request: Request, who: SignedIn) -> Response:
    """Keep what the clinic sets."""
    form = await request.form()
    chosen = await houses(request, form)
    mine = await _mine(request, chosen)
    begins, ends, hour = (clock_of(str(form.get(name, ""))) for name in ("quiet_begins", "quiet_ends", "hour"))
    home, staff = _channels(form, "home", AT_HOME), _channels(form, "staff", AT_WORK)
    if begins is None or ends is None or hour is None:
        typed = ClinicDefaults(organisation=mine.organisation, home=home, staff=staff, quiet=mine.quiet, hour=mine.hour)
        return await _show(request, chosen, typed, "Enter the hour and both times of the quiet hours.")
    clinic = ClinicDefaults(
        organisation=mine.organisation, home=home, staff=staff, quiet=Quiet(begins, ends), hour=hour
    )
    await reminders_of(request).set_defaults(await doer(request, who), clinic)
    return elsewhere(request, chosen.back_to("/admin/reminders"))


def _channels(form: FormData, side: str, matters: tuple[Matter, ...]) -> Channels:
    told = {matter: str(form.get(f"{side}-{matter}", "")) for matter in matters}
    return {matter: Channel.MAIL for matter, value in told.items() if value == Channel.MAIL}


async def _mine(request: Request, chosen: Houses) -> ClinicDefaults:
    return (await reminders_of(request).choices.defaults())[chosen.it.organisation_id]


async def _show(request: Request, chosen: Houses, clinic: ClinicDefaults, fault: str) -> Response:
    found, reading, words = reminders_of(request), reading_now(request), language("en")
    letters = [each for each in await access(request).letters.latest() if each.person]
    people = await keeping(request).people.among(sorted({each.person for each in letters}))
    names = {person: each.name for person, each in people.items()}
    context = {
        **chosen.context,
        "sides": [
            ("home", "Patients and family", channel_choices(AT_HOME, clinic.home, {}, words)),
            ("staff", "Staff", channel_choices(AT_WORK, clinic.staff, {}, words)),
        ],
        "ways": [(each.value, CHANNELS[each]) for each in SET_BY_CLINIC],
        "quiet_begins": f"{clinic.quiet.begins:%H:%M}", "quiet_ends": f"{clinic.quiet.ends:%H:%M}",
        "hour": f"{clinic.hour:%H:%M}", "fault": fault, "here": "admin",
        "mails": Channel.MAIL in found.people.ways, "texts": Channel.TEXT in found.people.ways,
        "sent": [sent_line(each, names.get(each.person, "Somebody who left"), reading) for each in letters],
    }  # fmt: skip
    return page(request, "admin/reminders.html", context, 422 if fault else 200)
