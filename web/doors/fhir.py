"""FHIR R4 at ``/fhir``: other systems read plans, each as far as its token goes.

What may be seen and what a search finds stands in ``hub.exchange.fhir_api``. JSON alone; XML is refused with 406.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.machine_tokens import TOKEN_SECONDS, TokenRequestError
from hub.access.machine_tokens import token_for
from hub.exchange.askers import Asker, asker
from hub.exchange.fhir_api import PlansAsFhir
from hub.exchange.past_resources import VERSIONS, PastResources
from hub.fhir.capability import capability
from hub.fhir.capability import smart_configuration as smart_told
from hub.fhir.outcomes import ApiRefusedError
from hub.fhir.places import Json
from hub.fhir.queries import read_query, searchable
from hub.fhir.searching import instant_of
from hub.ids import new_id
from hub.record.journal import JournalAwayError
from web.doors.guards import services
from web.doors.machines import (
    APPS_AT,
    AUTHORIZE_AT,
    FHIR_BASE,
    ISSUING_AT,
    Caller,
    CallerDoor,
    apps,
    hurried,
    machines,
)
from web.doors.refusing import FHIR_JSON, refused_as_outcome
from web.forms import URLENCODED

_JSON: Final = frozenset(
    {"", "*/*", "application/*", "application/json", FHIR_JSON, "json", "text/json", "application/json+fhir"}
)
_OPERATION_PARAMETERS: Final = frozenset({"_format", "_pretty", "_type", "_since"})


FhirDoor: TypeAlias = Callable[[Request, Asker], Awaitable[Response]]
"""What answers a machine, or an app for a person, that was let in."""


def answered(page: FhirDoor) -> CallerDoor:
    """Answer what is wrong with a request as FHIR says it."""

    async def endpoint(request: Request, caller: Caller) -> Response:
        try:
            _require_json(request)
            return await page(request, asker(caller))
        except ApiRefusedError as error:
            answer = refused_as_outcome(error.status, str(error), error.where)
            if error.status == 405:
                answer.headers["allow"] = "GET, HEAD"
            return answer
        except JournalAwayError:
            return refused_as_outcome(503, "The hub can't reach its record at the moment. Try again in a minute.")

    endpoint.__doc__ = page.__doc__
    return endpoint


def metadata(request: Request) -> Response:
    """Tell what the API can do, to anyone."""
    try:
        _require_json(request)
    except ApiRefusedError as error:
        return refused_as_outcome(error.status, str(error))
    return fhir_answer(capability(base_of(request), base_of(request) + ISSUING_AT, _authorize_address(request)))


def smart_configuration(request: Request) -> Response:
    """Tell where a system gets its tokens, and where an app asks a person, and how."""
    site = services(request).settings.live_address
    return JSONResponse(smart_told(base_of(request) + ISSUING_AT, _authorize_address(request), site + APPS_AT))


def _authorize_address(request: Request) -> str:
    return services(request).settings.live_address + AUTHORIZE_AT


async def token(request: Request) -> Response:
    """Hand a short-lived token to a system that signs, or to an app that a person gave access to; refused as RFC 6749
    asks, counted by address."""
    try:
        form = dict(await _form(request))
        told = await (_of_system if form.get("grant_type") == "client_credentials" else _of_app)(request, form)
    except TokenRequestError as error:
        if wait := hurried(request):
            return JSONResponse({"error": "slow_down"}, 429, headers={"retry-after": str(wait)})
        return JSONResponse(dict(error.body), error.status)
    except ApiRefusedError as error:
        return JSONResponse({"error": "invalid_request", "error_description": str(error)}, 400)
    except JournalAwayError:
        return JSONResponse({"error": "temporarily_unavailable"}, 503)
    return JSONResponse(told, headers={"pragma": "no-cache"})


async def _of_system(request: Request, form: dict[str, str]) -> Json:
    issued = await token_for(machines(request), form, base_of(request) + ISSUING_AT)
    told = {"access_token": issued.token, "token_type": "bearer", "expires_in": TOKEN_SECONDS}
    return told | {"scope": " ".join(issued.scopes)}


async def _of_app(request: Request, form: dict[str, str]) -> Json:
    handed = await apps(request).tokens_for(form, request.headers.get("authorization", ""))
    made, access = handed.tokens, handed.access
    told: Json = {"access_token": made.token, "token_type": "Bearer"}
    told["expires_in"] = int(handed.lasts.total_seconds())
    told["scope"] = " ".join(made.scopes)
    if made.renewal:
        told["refresh_token"] = made.renewal
    if access.patient is not None:
        told["patient"] = access.patient
    return told


@answered
async def resource(request: Request, who: Asker) -> Response:
    """Hand out one resource; 304 to who has this version of it already."""
    _require_get(request)
    kind = kind_of(request)
    found = await _api(request).read(who, kind, str(request.path_params["id"]), base_of(request))
    return _current(request, found)


@answered
async def version(request: Request, who: Asker) -> Response:
    """Hand out one resource as it was."""
    _require_get(request)
    past, place = _past(request), request.path_params
    found = await past.version(who, kind_of(request), str(place["id"]), str(place["version"]), base_of(request))
    return _current(request, found)


@answered
async def history(request: Request, who: Asker) -> Response:
    """Hand out the versions of a resource, the newest first."""
    _require_get(request)
    told = dict(parse_qsl(request.url.query))
    unknown = told.keys() - {"_count", "_format", "_pretty"}
    count = told.get("_count", str(VERSIONS))
    if unknown or not count.isdecimal() or not int(count[:6]) > 0:
        raise ApiRefusedError(400, "_history takes _count, a number from 1.")
    key = str(request.path_params["id"])
    found = await _past(request).history(who, kind_of(request), key, int(count[:6]), base_of(request))
    return fhir_answer(found)


@answered
async def search(request: Request, who: Asker) -> Response:
    """Search resources of a type, by the address or by a posted form."""
    kind = kind_of(request)
    posted = request.url.path.endswith("/_search")
    if request.method not in (("POST",) if posted else ("GET", "HEAD")):
        raise ApiRefusedError(405, "Search with GET, or POST a form to _search.")
    told = parse_qsl(request.url.query, keep_blank_values=True)
    if posted:
        told += await _form(request)
    strict = "handling=strict" in request.headers.get("prefer", "")
    query = read_query(kind, told, strict=strict)
    return fhir_answer(await _api(request).search(who, query, base_of(request)))


@answered
async def everything(request: Request, who: Asker) -> Response:
    """Hand out all that may be seen of a patient's plans."""
    _require_get(request)
    told = dict(parse_qsl(request.url.query))
    unknown = told.keys() - _OPERATION_PARAMETERS
    if unknown:
        raise ApiRefusedError(400, f"$everything takes no {sorted(unknown)[0][:40]}.")
    kinds = frozenset(told["_type"].split(",")) if told.get("_type") else None
    since = instant_of(told["_since"]) if told.get("_since") else None
    patient = str(request.path_params["id"])
    return fhir_answer(await _api(request).everything(who, patient, kinds, since, base_of(request)))


@answered
async def plan_document(request: Request, who: Asker) -> Response:
    """Hand out a plan as one document."""
    _require_get(request)
    plan_id = str(request.path_params["id"])
    return fhir_answer(await _api(request).document(who, plan_id, new_id(), base_of(request)))


@answered
async def nowhere(request: Request, who: Asker) -> Response:
    """Say that there is nothing at this address."""
    raise ApiRefusedError(404, f"There is nothing at this address. {FHIR_BASE}/metadata says what there is.")


def _current(request: Request, found: Json) -> Response:
    """Return a resource with its version; 304 to who has this version of it already."""
    headers = version_headers(found)
    known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
    if headers["etag"] in known or headers["etag"].removeprefix("W/") in known:
        return Response(status_code=304, headers=headers)
    return fhir_answer(found, headers)


def version_headers(found: Json) -> dict[str, str]:
    """Return the headers that say which version a resource is of."""
    headers = {"etag": f'W/"{found["meta"]["versionId"]}"'}
    if changed := found["meta"].get("lastUpdated"):
        headers["last-modified"] = f"{instant_of(changed):%a, %d %b %Y %H:%M:%S} GMT"
    return headers


def _past(request: Request) -> PastResources:
    found = services(request).fhir_past
    assert found is not None, "the guard let nobody in without a store"
    return found


def _api(request: Request) -> PlansAsFhir:
    found = services(request).fhir
    assert found is not None, "the guard let nobody in without a store"
    return found


def base_of(request: Request) -> str:
    """Return where resources of this hub stand."""
    return services(request).settings.live_address + FHIR_BASE


def kind_of(request: Request) -> str:
    """Return the type of the address.

    Raises:
        ApiRefusedError: 404, there is no such type here.
    """
    kind = str(request.path_params["kind"])
    if not searchable(kind):
        raise ApiRefusedError(404, f"There is no type {kind[:40]} here. {FHIR_BASE}/metadata lists those there are.")
    return kind


def _require_get(request: Request) -> None:
    if request.method not in ("GET", "HEAD"):
        raise ApiRefusedError(405, "This can only be read.")


def _require_json(request: Request) -> None:
    asked = dict(parse_qsl(request.url.query)).get("_format")
    wanted = [asked] if asked is not None else request.headers.get("accept", "").split(",")
    if not any(each.partition(";")[0].strip().lower() in _JSON for each in wanted):
        raise ApiRefusedError(406, f"The hub answers {FHIR_JSON} alone.")


async def _form(request: Request) -> Sequence[tuple[str, str]]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != URLENCODED:
        raise ApiRefusedError(415, f"Post a search as {URLENCODED}.")
    try:
        return parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise ApiRefusedError(400, "This form can't be read.") from error


def fhir_answer(told: Json, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """Return a resource."""
    return Response(msgspec.json.encode(told), status, media_type=FHIR_JSON, headers=headers)
