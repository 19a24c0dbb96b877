"""What a browser asks for to open the pages of those at home without a network."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from web.doors.belonging import HEADER
from web.doors.guards import Member, for_anyone, for_member, services
from web.homing import home_of
from web.languages import _, language_of
from web.marks import person_of
from web.rendering import Rendering

_NAME = _("Care plan")
"""Of the icon on a phone's first screen, which others see too: no patient's name."""


@for_anyone
async def worker(request: Request) -> Response:
    """Send the service worker: at one address for ever, from which browsers look for a newer one themselves."""
    rendering: Rendering = request.app.state.rendering
    path = rendering.static.get("dist/offline.js")
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type="text/javascript")


@for_member
async def manifest(request: Request, member: Member) -> Response:
    """Say how the page stands on a phone's first screen."""
    rendering: Rendering = request.app.state.rendering
    at = f"/plans/{member.plan_id}/{home_of(request).name}"
    language = language_of(request, member.who.person)
    files = f"/static/{rendering.static_hash}"
    told = {
        "id": at,
        "name": language.say(_NAME),
        "lang": language.tag,
        "start_url": at,
        "scope": "/",
        "display": "minimal-ui",
        "background_color": "#f3f5f4",
        "theme_color": "#0b5563",
        "icons": [
            {"src": f"{files}/icon.svg", "sizes": "any", "type": "image/svg+xml"},
            {"src": f"{files}/icon.png", "sizes": "192x192", "type": "image/png"},
        ],
    }
    return JSONResponse(told, media_type="application/manifest+json")


@for_anyone
async def stays(request: Request) -> Response:
    """Say whether a page that is kept on a device may stay there: nobody ended its sign-in or its person's part.

    Time alone ends a sign-in every half hour, and takes no page away. Whose page it is says its mark, which holds the
    id of a sign-in and opens nothing; what is not there is answered like what was ended.
    """
    mark = request.headers.get(HEADER, "")
    person_id, session_id = person_of(mark), mark.partition(".")[2]
    plan_id = request.query_params.get("plan", "")
    found = bool(person_id) and await services(request).directory.not_ended(person_id, session_id, plan_id)
    return JSONResponse({"stays": found})
