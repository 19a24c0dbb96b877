"""Apps that I gave access to: what each may read, when it last did, and the button that ends it."""

from starlette.requests import Request
from starlette.responses import Response

from hub.access.keeping_rows import KeepingError
from web.doors.directory import SignedIn
from web.doors.guards import for_person, services
from web.doors.machines import apps
from web.pages.admin_people import doer
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.apps import access_views


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show the apps that the person gave access to, what still opens something first."""
    return await _show(request, who, "")


@for_person
async def end(request: Request, who: SignedIn) -> Response:
    """End what the person gave to an app: its next request is refused."""
    form = await request.form()
    try:
        await apps(request).take_back(await doer(request, who), str(form.get("access", "")))
    except KeepingError as error:
        return await _show(request, who, str(error))
    return elsewhere(request, "/apps")


async def _show(request: Request, who: SignedIn, fault: str) -> Response:
    found = await apps(request).of_person(who.person.person_id)
    context = {"rows": access_views(found, services(request).now(), reading_now(request)), "fault": fault}
    return page(request, "apps/page.html", context, 409 if fault else 200)
