"""FHIR servers of other systems that the hub may read: an administrator registers them, and ends them."""

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.backend_client import SCOPE
from hub.access.keeping_rows import KeepingError
from hub.exchange.connections import NewServer
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, for_anyone, services
from web.doors.machines import FHIR_BASE, KEYS_AT, connections
from web.pages.admin_people import doer
from web.rendering import elsewhere, page


@for_anyone
async def keys(request: Request) -> Response:
    """Tell the public key by which the hub signs at other systems' servers."""
    return JSONResponse(dict(connections(request).client.public_keys()))


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show the servers that are registered, and the form for another."""
    return await _show(request, None, {})


@for_administrator
async def change(request: Request, who: SignedIn) -> Response:
    """Register a server, or end one."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    acting = await doer(request, who)
    try:
        match form.get("act"):
            case "register":
                asked = NewServer(
                    name=form.get("name", ""), base=form.get("base", ""), client_id=form.get("client_id", "")
                )
                await connections(request).register(acting, asked)
            case "end":
                await connections(request).end_server(acting, form.get("server", ""))
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        return await _show(request, error, form)
    return elsewhere(request, "/admin/servers")


async def _show(request: Request, fault: KeepingError | None, typed: dict[str, str]) -> Response:
    found = connections(request)
    context = {
        "here": "admin",
        "fault": str(fault) if fault is not None else "",
        "field": fault.field if fault is not None else "",
        "typed": {"name": "", "base": "", "client_id": ""} | typed,
        "servers": await found.rows.servers(),
        "scopes": SCOPE,
        "keys_address": services(request).settings.live_address + FHIR_BASE + KEYS_AT,
        "keys": json.dumps(found.client.public_keys(), indent=1),
    }
    return page(request, "admin/servers.html", context, 422 if fault is not None else 200)
