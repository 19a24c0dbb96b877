"""The guard of doors for machines, and for people's apps: a bearer token for the door, within its rate. No cookie
counts here."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.record.journal import JournalAwayError
from hub.store.apps import AppAccess
from hub.store.machines import KnownMachine
from web.doors.guards import GUARD, Endpoint, services
from web.pacing import Pace

if TYPE_CHECKING:
    from hub.access.apps import AppKeeping
    from hub.access.ehrs import EhrKeeping
    from hub.access.machines import MachineKeeping
    from hub.access.provisioning import Provisioning
    from hub.exchange.connections import FhirConnections

SCIM_BASE: Final = "/scim/v2"
FHIR_BASE: Final = "/fhir"
ISSUING_AT: Final = "/auth/token"
"""Below the base of FHIR: where a system that signs and an app get their tokens."""

KEYS_AT: Final = "/.well-known/jwks.json"
"""Below the base of FHIR: the public key by which the hub signs at other systems' servers."""

AUTHORIZE_AT: Final = "/authorize"
"""Where an app sends a person to ask for access: a page, with a cookie, so not below the base of FHIR."""

LAUNCH_AT: Final = "/launch"
LAUNCHED_AT: Final = "/launch/back"
"""Where an EHR sends a browser to, and back to."""

APPS_AT: Final = "/apps"
"""Where a person sees what they gave to apps, and ends it."""

MachineDoor: TypeAlias = Callable[[Request, KnownMachine], Awaitable[Response]]
"""What answers a machine that was let in."""

Caller: TypeAlias = KnownMachine | AppAccess
CallerDoor: TypeAlias = Callable[[Request, Caller], Awaitable[Response]]
"""What answers a machine, or an app for a person, that was let in."""

APP_REQUESTS_MAX: Final = 600
"""A minute and access that a person gave: an app that shows a plan makes some ten."""

Refusing: TypeAlias = Callable[[int, str], Response]
"""How a door says no: a status and a sentence."""

ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
FAILURES_MAX: Final = 60
"""A minute and address, of requests whose token opens nothing."""

_pace: Final = Pace()


def hurried(request: Request) -> int:
    """Count a request whose credentials open nothing; return the seconds to wait, 0 within the bound."""
    address = request.client.host if request.client is not None else ""
    return _pace.wait(f"failed {address}", FAILURES_MAX)


def for_machine(purpose: str, refuse: Refusing | None = None, *, also: str = "") -> Callable[[MachineDoor], Endpoint]:
    """Guard a door for machines whose token is for it: 401 for any other, 429 for one that asks too much.

    ``also`` is another purpose that opens it. ``refuse`` says no in the door's own format; without it, as SCIM does.
    """
    no = refuse if refuse is not None else refused

    def guarded(page: MachineDoor) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            machine = await _let_in(request, purpose, also)
            if machine is None:
                return _unknown(request, no)
            return _hurrying(machine, no) or await page(request, machine)

        return _marked(endpoint, page.__doc__)

    return guarded


def for_caller(purpose: str, no: Refusing, *, also: str = "") -> Callable[[CallerDoor], Endpoint]:
    """Guard a door as ``for_machine`` does; a person's app comes in as well."""

    def guarded(page: CallerDoor) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            caller: Caller | None = await _app_let_in(request) or await _let_in(request, purpose, also)
            if caller is None:
                return _unknown(request, no)
            return _hurrying(caller, no) or await page(request, caller)

        return _marked(endpoint, page.__doc__)

    return guarded


def _marked(endpoint: Endpoint, does: str | None) -> Endpoint:
    setattr(endpoint, GUARD, "machine")
    endpoint.__doc__ = does
    return endpoint


def _unknown(request: Request, no: Refusing) -> Response:
    if hurried(request):
        return no(429, "Too many requests without a token that opens this door.")
    answer = no(401, "Send a token that the administrator of this hub made for you, or that a person gave to your app.")
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def _hurrying(caller: Caller, no: Refusing) -> Response | None:
    key = caller.access_id if isinstance(caller, AppAccess) else caller.machine_id
    wait = _pace.wait(key, APP_REQUESTS_MAX if isinstance(caller, AppAccess) else caller.requests_a_minute)
    if not wait:
        return None
    answer = no(429, "Too many requests. Come back later.")
    answer.headers["retry-after"] = str(wait)
    return answer


async def _let_in(request: Request, *purposes: str) -> KnownMachine | None:
    found, token = services(request).machines, _bearer(request)
    return await found.let_in(token, *filter(None, purposes)) if found is not None and token else None


async def _app_let_in(request: Request) -> AppAccess | None:
    found = services(request).apps
    return await found.let_in(_bearer(request)) if found is not None else None


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def refused(status: int, detail: str, kind: str = "") -> Response:
    """Return an error as SCIM writes it (RFC 7644, section 3.12)."""
    told = {"schemas": [ERROR], "status": str(status), "detail": detail, **({"scimType": kind} if kind else {})}
    return JSONResponse(told, status, media_type="application/scim+json")


def provisioning(request: Request) -> "Provisioning":
    """Return what the doors and pages of machines ask; only behind their guards."""
    found = services(request).provisioning
    assert found is not None, "the guard let nobody in without it"
    return found


def machines(request: Request) -> "MachineKeeping":
    """Return what keeps machines; only behind a guard of an administrator or a machine."""
    found = services(request).machines
    assert found is not None, "the guard let nobody in without it"
    return found


def apps(request: Request) -> "AppKeeping":
    """Return what keeps apps.

    Raises:
        JournalAwayError: this hub has no store.
    """
    found = services(request).apps
    if found is None:
        raise JournalAwayError("a hub without a store knows no apps")
    return found


def ehrs(request: Request) -> "EhrKeeping":
    """Return what keeps EHRs.

    Raises:
        JournalAwayError: this hub has no store.
    """
    found = services(request).ehrs
    if found is None:
        raise JournalAwayError("a hub without a store knows no EHR")
    return found


def connections(request: Request) -> "FhirConnections":
    """Return what reads other systems' servers.

    Raises:
        JournalAwayError: this hub has no store.
    """
    found = services(request).connections
    if found is None:
        raise JournalAwayError("a hub without a store reads nowhere")
    return found
