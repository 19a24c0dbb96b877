"""``POST /fhir/$process-message`` and ``POST /fhir/DiagnosticReport``: what hospitals and laboratories tell as FHIR,
kept and applied as their messages of HL7 v2 are.

The token needs the scope ``system/Encounter.c`` to tell of stays and ``system/DiagnosticReport.c`` to tell of results:
reading plans is another right than either.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.scopes import read_scope, read_scopes
from hub.adt.answers import AnswerCode
from hub.adt.bundles import is_result, outcome
from hub.adt.frames import MESSAGE_BYTES_MAX
from hub.hospitals.receiving import FHIR
from hub.store.machines import KnownMachine
from web.doors.guards import services
from web.doors.refusing import refused_as_outcome

TELLS: Final = "system/Encounter.c"
"""The scope that lets a machine tell of stays."""
TELLS_RESULTS: Final = "system/DiagnosticReport.c"
"""The scope that lets a machine tell of results."""
_CONTENT: Final = frozenset({"application/fhir+json", "application/json", "application/json+fhir", ""})


async def process_message(request: Request, machine: KnownMachine) -> Response:
    """Keep a message, and say whether it was taken."""
    body = await _body(request, "Post a Bundle of type message.")
    if isinstance(body, Response):
        return body
    scope = TELLS_RESULTS if is_result(body) else TELLS
    return _forbidden(machine, scope) or await _received(request, machine, body)


async def report(request: Request, machine: KnownMachine) -> Response:
    """Keep a DiagnosticReport, and say whether it was taken: 202, since what follows is done after the answer."""
    body = await _body(request, "Post a DiagnosticReport.")
    if isinstance(body, Response):
        return body
    if not is_result(body):
        return _forbidden(machine, TELLS_RESULTS) or refused_as_outcome(422, "Post one DiagnosticReport.")
    return _forbidden(machine, TELLS_RESULTS) or await _received(request, machine, body, status=202)


def _forbidden(machine: KnownMachine, scope: str) -> Response | None:
    if any(each.covers(read_scope(scope)) for each in read_scopes(machine.scope)):
        return None
    what = "results" if scope == TELLS_RESULTS else "stays"
    return refused_as_outcome(403, f"This token may not tell of {what}: its scopes lack {scope}.")


async def _body(request: Request, asked: str) -> bytes | Response:
    """Return what was posted, or why it is not looked at."""
    if request.method != "POST":
        answer = refused_as_outcome(405, asked)
        answer.headers["allow"] = "POST"
        return answer
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _CONTENT:
        return refused_as_outcome(415, "Send application/fhir+json.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MESSAGE_BYTES_MAX:
            return refused_as_outcome(413, f"A message has at most {MESSAGE_BYTES_MAX >> 10} KB.")
    return bytes(body)


async def _received(request: Request, machine: KnownMachine, body: bytes, *, status: int = 200) -> Response:
    found = services(request).hospitals
    assert found is not None, "the guard let no machine in without a store"
    receipt = await found.receiving.receive(body, FHIR, machine.machine_id)
    fault = receipt.fault
    if fault is not None:
        refused = 400 if fault.code is AnswerCode.REJECT else 422
        status = 503 if receipt.message_id == "" else refused
    return JSONResponse(outcome(fault), status, media_type="application/fhir+json")
