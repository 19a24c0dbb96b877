"""Appointments for a calendar program: an address to subscribe to, made and ended by its person."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import PATIENT_SIDE
from hub.reminders.feeds import FeedKeeping
from web.calendars import calendar_of
from web.doors.directory import SignedIn
from web.doors.guards import for_anyone, for_person, services
from web.languages import language
from web.pages.reminders import calendar_made
from web.rendering import elsewhere

FEED_AT = "/calendar/"


def _feeds(request: Request) -> FeedKeeping:
    found = services(request).feeds
    if found is None:
        raise HTTPException(404)
    return found


@for_person
async def change(request: Request, who: SignedIn) -> Response:
    """Make an address and show it this once, or end the one there is."""
    if who.person.role not in PATIENT_SIDE:
        raise HTTPException(404)
    feeds, person = _feeds(request), who.person
    if (await request.form()).get("act") == "end":
        await feeds.end(person.person_id, person.role, who.session_id)
        return elsewhere(request, "/reminders/choices?kept=yes")
    token = await feeds.make(person.person_id, person.role, who.session_id)
    return await calendar_made(request, who, f"{services(request).settings.origin}{FEED_AT}{token}")


@for_anyone
async def show(request: Request) -> Response:
    """Return the appointments of whoever has this address; a page that is not there for any other."""
    found = await _feeds(request).appointments(str(request.path_params["token"]))
    if found is None:
        raise HTTPException(404)
    tag, appointments = found
    text = calendar_of(appointments, language(tag), services(request).settings.origin, services(request).now())
    return Response(text, media_type="text/calendar")
