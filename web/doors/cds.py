"""CDS Hooks 2.0 at ``/cds-services``: the rules answer another system. No cookie, no other patient, nothing kept.

A call is signed by the JWT of the specification from a registered issuer (``CAREPLAN_CDS_ISSUERS``, a file of key sets
by issuer); unsigned calls are answered in the demo alone.
"""

import json
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.oidc import TokenRefusedError, verified_client
from hub.safety.cards import SERVICES, HookError, cards
from web.doors.guards import for_anyone, services
from web.settings import Settings

REMEMBERED_MAX: Final = 10_000
"""Ids of tokens that were used, kept until they end; above it the oldest are forgotten first."""

_IDS: Final = frozenset(str(each["id"]) for each in SERVICES)
_used: dict[str, datetime] = {}


@for_anyone
async def discover(request: Request) -> Response:
    """Tell which services there are and what they want to be sent."""
    return JSONResponse({"services": SERVICES})


@for_anyone
async def call(request: Request) -> Response:
    """Answer a call with cards: 401 for who is not registered, 400 for what can't be read."""
    found = services(request)
    service = str(request.path_params["service"])
    if service not in _IDS:
        return JSONResponse({"error": "There is no such service."}, 404)
    if not found.settings.demo:
        try:
            _let_in(found.settings, request, found.now())
        except TokenRefusedError:
            return JSONResponse({"error": "Send a token that a registered issuer signed for this address."}, 401)
    try:
        sent = json.loads(await request.body())
        return JSONResponse(
            cards(service, sent, found.now().astimezone(found.zones.default).date(), found.settings.live_address)
        )
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return JSONResponse({"error": "The body is no JSON."}, 400)
    except HookError as error:
        return JSONResponse({"error": str(error)}, 400)


def _let_in(settings: Settings, request: Request, now: datetime) -> None:
    """Check the token of a call and that it was not used before.

    Raises:
        TokenRefusedError: it is missing, not of a registered issuer, not for this address, over, or used.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefusedError("missing")
    address = f"{settings.live_address}{request.url.path}"
    told = verified_client(token, settings.cds_issuers, address, now)
    for key, ends in list(_used.items()):
        if ends < now or len(_used) > REMEMBERED_MAX:
            del _used[key]
    if told.key in _used:
        raise TokenRefusedError("jti")
    _used[told.key] = told.ends
