"""A person's own views of their panel: named, begun with, deleted; they stand as links at its top."""

from starlette.requests import Request
from starlette.responses import Response

from hub.access.personal_views import NAME_CHARACTERS_MAX, ViewError
from hub.directory.names import cleaned
from hub.store.saved_views import SavedView
from web.asking import access
from web.doors.directory import SignedIn
from web.doors.guards import for_person
from web.pages import panel
from web.rendering import elsewhere
from web.views.panel_asking import PANEL, asked_of


@for_person
async def keep(request: Request, who: SignedIn) -> Response:
    """Save what the panel shows under a name, or begin with a view, or delete one of one's own."""
    form = await request.form()
    name, asked = cleaned(str(form.get("name", "")))[:NAME_CHARACTERS_MAX], asked_of(str(form.get("asked", "")))
    views, person = access(request).views, who.person
    doer = (person.person_id, person.role, who.session_id)
    match form.get("act"):
        case "begin":
            await views.begin_with(*doer, name)
        case "remove":
            await views.remove(*doer, name)
            return elsewhere(request, f"{PANEL}?all=yes")
        case _:
            try:
                await views.save(*doer, SavedView(name, asked.query, begins=form.get("begins") == "yes"))
            except ViewError as error:
                return await panel.shown(request, who, asked, typed=name, fault=str(error))
    return elsewhere(request, asked.address())
