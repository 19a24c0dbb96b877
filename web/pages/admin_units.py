"""Units: wards and practices with the people whom a plan opened there begins with."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import CLINICIANS
from hub.access.keeping_rows import KeepingError
from hub.directory.names import NAME_CHARACTERS_MAX, cleaned
from hub.store.units import Unit
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, keeping, services
from web.pages.admin_houses import Houses, houses
from web.pages.admin_people import doer
from web.rendering import elsewhere, page
from web.views.people import ROLE_WORDS


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show the units with their members."""
    return await _show(request, await houses(request), Unit(unit_id="", organisation="", name=""), "", "")


@for_administrator
async def keep(request: Request, who: SignedIn) -> Response:
    """Add a unit, change one, or end one."""
    form = await request.form()
    found, unit_id = keeping(request), str(form.get("unit", ""))
    was = await found.units.get(unit_id) if unit_id else None
    if unit_id and was is None:
        raise HTTPException(404)
    chosen = await houses(request, form)
    home = was.organisation if was is not None else chosen.it.organisation_id
    ended = services(request).now() if form.get("act") == "end" and was is not None else None
    members = tuple(str(each) for each in form.getlist("member"))
    typed = Unit(
        unit_id=unit_id,
        organisation=home,
        name=cleaned(str(form.get("name", "")))[:NAME_CHARACTERS_MAX],
        members=members if was is None or ended is None else was.members,
        ended=ended,
    )
    try:
        await found.keep_unit(await doer(request, who), typed)
    except KeepingError as error:
        return await _show(request, chosen, typed, str(error), error.field)
    return elsewhere(request, chosen.back_to("/admin/units"))


async def _show(request: Request, chosen: Houses, typed: Unit, fault: str, field: str) -> Response:
    found = keeping(request)
    staff = [each for each in await found.people.active() if each.role in CLINICIANS]
    names = {each.person_id: each.name for each in staff}
    mine = [each for each in await found.units.all() if each.organisation == chosen.it.organisation_id]
    units = [typed if each.unit_id == typed.unit_id else each for each in mine]
    context = {
        **chosen.context,
        "units": [(each, sorted(names[one] for one in each.members if one in names)) for each in units],
        "typed": typed, "fault": fault, "field": field, "here": "admin",
        "staff": [(each.person_id, each.name, ROLE_WORDS[each.role]) for each in staff],
    }  # fmt: skip
    return page(request, "admin/units.html", context, 422 if fault else 200)
