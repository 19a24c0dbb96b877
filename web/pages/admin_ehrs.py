"""EHRs in which a button opens the hub: an administrator registers them, and ends them."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.access.ehrs import NewEhr
from hub.access.keeping_rows import KeepingError
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, services
from web.doors.machines import LAUNCH_AT, LAUNCHED_AT, ehrs
from web.pages.admin_people import doer
from web.rendering import elsewhere, page


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show the EHRs that are registered, and the form for another."""
    return await _show(request, None, {})


@for_administrator
async def change(request: Request, who: SignedIn) -> Response:
    """Register an EHR, or end one."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    acting = await doer(request, who)
    try:
        match form.get("act"):
            case "register":
                asked = NewEhr(
                    name=form.get("name", ""), issuer=form.get("issuer", ""), client_id=form.get("client_id", "")
                )
                await ehrs(request).register(acting, asked)
            case "end":
                await ehrs(request).end(acting, form.get("ehr", ""))
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        return await _show(request, error, form)
    return elsewhere(request, "/admin/ehrs")


async def _show(request: Request, fault: KeepingError | None, typed: dict[str, str]) -> Response:
    site = services(request).settings.live_address
    context = {
        "here": "admin",
        "fault": str(fault) if fault is not None else "",
        "field": fault.field if fault is not None else "",
        "launch": site + LAUNCH_AT,
        "back": site + LAUNCHED_AT,
        "typed": {"name": "", "issuer": "", "client_id": ""} | typed,
        "ehrs": await ehrs(request).rows.all(),
    }
    return page(request, "admin/ehrs.html", context, 422 if fault is not None else 200)
