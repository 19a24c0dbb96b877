"""Writing by FHIR at the hub's door: ``POST``, ``PUT`` and ``PATCH`` of what a token's scopes let a machine change.

What is done with a resource stands in ``hub.exchange.writing``. The body is read as far as its bound and no further.
"""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from jsonpatch import JsonPatch, JsonPatchException
from jsonpointer import JsonPointerException
from starlette.requests import Request
from starlette.responses import Response

from hub.exchange.askers import Asker
from hub.exchange.writing import SentResource, WritingPlans, WrittenResource
from hub.fhir.capability import WRITABLE
from hub.fhir.outcomes import ApiRefusedError, taken
from hub.fhir.places import Json
from web.doors.fhir import answered, base_of, fhir_answer, version_headers
from web.doors.guards import services
from web.doors.refusing import FHIR_JSON

BODY_BYTES_MAX: Final = 256 << 10
"""One resource; a scanned document is longer, and no entry of a plan."""

OPERATIONS_MAX: Final = 100
"""Operations of one JSON Patch (RFC 6902)."""

JSON_PATCH: Final = "application/json-patch+json"
_RESOURCE: Final = frozenset({FHIR_JSON, "application/json", "application/json+fhir"})
_VERSION: Final = re.compile(r'(?:W/)?"([^"]{1,64})"')


@answered
async def create(request: Request, who: Asker) -> Response:
    """Make what a resource says: an entry of a plan, or a reading of one of its measures."""
    sent = await _sent(request)
    sent.identifier = _identifier(request)
    written = await _writing(request).create(who, sent)
    return await _told(request, who, written, 201 if written.is_new else 200)


@answered
async def update(request: Request, who: Asker) -> Response:
    """Change an entry to what a resource says, or as a JSON Patch says, if it still is at the version named."""
    key, base = str(request.path_params["id"]), base_of(request)
    who.require(_kind(request), "u")
    found = _VERSION.fullmatch(request.headers.get("if-match", "").strip())
    if found is None:
        raise ApiRefusedError(428, 'Say which version you change, as in If-Match: W/"12": several people write here.')
    sent = await (_patched(request, who, key) if request.method == "PATCH" else _sent(request))
    written = await _writing(request).update(who, sent, key, found[1], base)
    return await _told(request, who, written, 200)


async def _sent(request: Request) -> SentResource:
    """Return the resource that was sent.

    Raises:
        ApiRefusedError: 400, 413, 415, or 404 and 405 for a type that can't be written.
    """
    kind = _kind(request)
    body = await _body(request, _RESOURCE)
    resource = _json(body)
    if not isinstance(resource, dict):
        raise ApiRefusedError(400, "Send one resource as a JSON object.")
    return SentResource(kind=kind, resource=resource, original=body, strict=_prefers(request, "handling=strict"))


async def _patched(request: Request, who: Asker, key: str) -> SentResource:
    """Return the resource that stands as the patch changes it.

    Raises:
        ApiRefusedError: as ``_sent``, and 422 where the patch does not fit what stands.
    """
    kind = _kind(request)
    operations = _json(await _body(request, frozenset({JSON_PATCH})))
    if not isinstance(operations, list) or len(operations) > OPERATIONS_MAX:
        raise ApiRefusedError(400, f"Send a list of at most {OPERATIONS_MAX} operations (RFC 6902).")
    api = services(request).fhir
    assert api is not None, "the guard let nobody in without a store"
    _, standing = await api.standing(who, kind, key, base_of(request))
    try:
        patched: Json = JsonPatch(operations).apply(standing)
    except (JsonPatchException, JsonPointerException, TypeError, KeyError, AttributeError) as error:
        raise ApiRefusedError(422, "The patch does not fit the resource as it stands.") from error
    if not isinstance(patched, dict):
        raise ApiRefusedError(422, "The patch leaves no resource.")
    strict = _prefers(request, "handling=strict")
    return SentResource(kind=kind, resource=patched, original=msgspec.json.encode(patched), strict=strict)


def _kind(request: Request) -> str:
    kind = str(request.path_params["kind"])
    if kind not in WRITABLE:
        raise ApiRefusedError(405, f"A {kind[:40]} can't be written here.")
    return kind


async def _body(request: Request, types: frozenset[str]) -> bytes:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in types:
        raise ApiRefusedError(415, f"Send {' or '.join(sorted(types))}.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise ApiRefusedError(413, f"A resource has at most {BODY_BYTES_MAX >> 10} KB.")
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiRefusedError(400, "The body is no JSON.") from error


def _identifier(request: Request) -> str:
    """Return the identifier of ``If-None-Exist``, ``""`` without one.

    Raises:
        ApiRefusedError: 412, it asks for something that is not known to be once.
    """
    header = request.headers.get("if-none-exist", "")
    told = parse_qsl(header.partition("?")[2] or header)
    if not header:
        return ""
    if len(told) != 1 or told[0][0] != "identifier" or not told[0][1] or len(told[0][1]) > 200:
        raise ApiRefusedError(412, "If-None-Exist takes an identifier, as in identifier=SYSTEM|VALUE.")
    return told[0][1]


def _prefers(request: Request, what: str) -> bool:
    told = [each.strip() for value in request.headers.getlist("prefer") for each in re.split("[;,]", value)]
    return what in told


async def _told(request: Request, who: Asker, written: WrittenResource, status: int) -> Response:
    """Answer with the resource as it stands to whoever may read it; what was not taken is told instead of it."""
    base = base_of(request)
    if not written.key:  # It stands where no resource of its own is.
        return fhir_answer(taken(written.remarks), {}, status)
    at = f"{base}/{written.kind}/{written.key}"
    wanted = [each for each in ("representation", "minimal", "OperationOutcome") if _prefers(request, f"return={each}")]
    headers = {"location": at}
    if who.may(written.kind, "r"):
        api = services(request).fhir
        assert api is not None, "the guard let nobody in without a store"
        whole = wanted == ["representation"] or (not wanted and not written.remarks)
        reading = api.read if whole else api.glanced
        found = await reading(who, written.kind, written.key, base)
        headers |= version_headers(found) | {"location": f"{at}/_history/{found['meta']['versionId']}"}
        if whole:
            headers |= {"x-not-taken": str(len(written.remarks))} if written.remarks else {}
            return fhir_answer(found, headers, status)
    if written.remarks or wanted == ["OperationOutcome"]:
        return fhir_answer(taken(written.remarks), headers, status)
    return Response(status_code=status, headers=headers)


def _writing(request: Request) -> WritingPlans:
    found = services(request).fhir_writing
    assert found is not None, "the guard let nobody in without a store"
    return found
