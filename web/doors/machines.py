"""The guard of doors for machines: a bearer token of the door's purpose, within its rate. No cookie counts here."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.store.machines import KnownMachine
from web.doors.guards import GUARD, Endpoint, services
from web.pacing import Pace

if TYPE_CHECKING:
    from hub.access.machines import MachineKeeping
    from hub.access.provisioning import Provisioning

SCIM_BASE: Final = "/scim/v2"
FHIR_BASE: Final = "/fhir"
ISSUING_AT: Final = "/auth/token"
"""Below the base of FHIR: where a system that signs gets its tokens."""
MachineDoor: TypeAlias = Callable[[Request, KnownMachine], Awaitable[Response]]
"""What answers a machine that was let in."""

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
                if hurried(request):
                    return no(429, "Too many requests without a token that opens this door.")
                answer = no(401, "Send a token that the administrator of this hub made for you.")
                answer.headers["www-authenticate"] = "Bearer"
                return answer
            wait = _pace.wait(machine.machine_id, machine.requests_a_minute)
            if wait:
                answer = no(429, "Too many requests. Come back later.")
                answer.headers["retry-after"] = str(wait)
                return answer
            return await page(request, machine)

        setattr(endpoint, GUARD, "machine")
        endpoint.__doc__ = page.__doc__
        return endpoint

    return guarded


async def _let_in(request: Request, *purposes: str) -> KnownMachine | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = services(request).machines
    if found is None or scheme.lower() != "bearer":
        return None
    return await found.let_in(token.strip(), *filter(None, purposes))


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
