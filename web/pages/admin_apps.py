"""Apps that people may give access to: an administrator registers them, and ends them for everyone."""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.access.apps import NewApp
from hub.access.keeping_rows import KeepingError
from hub.fhir.parameters import PARAMETERS
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, services
from web.doors.machines import FHIR_BASE, apps
from web.pages.admin_people import doer
from web.rendering import elsewhere, page


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show the apps that are registered, and the form for another."""
    return await _show(request, None, {})


@for_administrator
async def change(request: Request, who: SignedIn) -> Response:
    """Register an app, whose secret is shown this once, or end one."""
    form = await request.form()
    acting = await doer(request, who)
    try:
        match form.get("act"):
            case "register":
                made, secret = await apps(request).register(acting, _asked(form))
                return await _show(request, None, {}, made=made.app_id, secret=secret)
            case "end":
                await apps(request).end(acting, str(form.get("app", "")))
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        typed = {name: str(value) for name, value in form.items()} | {"kept": str(form.get("kept", ""))}
        return await _show(request, error, typed)
    return elsewhere(request, "/admin/apps")


def _asked(form: FormData) -> NewApp:
    return NewApp(
        name=str(form.get("name", "")),
        redirects=str(form.get("redirects", "")).split(),
        origins=str(form.get("origins", "")).split(),
        scopes=str(form.get("scopes", "")).split(),
        kept=form.get("kept") == "yes",
        confidential=form.get("kind") == "confidential",
    )


async def _show(
    request: Request, fault: KeepingError | None, typed: dict[str, str], *, made: str = "", secret: str = ""
) -> Response:
    everything = " ".join(f"patient/{kind}.rs" for kind in PARAMETERS)
    begins = {"name": "", "kind": "public", "redirects": "", "origins": "", "scopes": everything, "kept": "yes"}
    context = {
        "here": "admin",
        "made": made,
        "secret": secret,
        "fault": str(fault) if fault is not None else "",
        "field": fault.field if fault is not None else "",
        "address": services(request).settings.live_address + FHIR_BASE,
        "typed": begins | typed,
        "apps": await apps(request).rows.all(),
    }
    return page(request, "admin/apps.html", context, 422 if fault is not None else 200)
