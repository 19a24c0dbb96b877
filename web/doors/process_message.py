"""``POST /fhir/$process-message``: notifications of hospitals as FHIR, kept and applied as those of HL7 v2 are.

The token needs the scope ``system/Encounter.c``: reading plans is another right than telling of stays.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.scopes import read_scope, read_scopes
from hub.adt.answers import AnswerCode
from hub.adt.bundles import outcome
from hub.adt.frames import MESSAGE_BYTES_MAX
from hub.hospitals.receiving import FHIR
from hub.store.machines import KnownMachine
from web.doors.guards import services
from web.doors.refusing import refused_as_outcome

TELLS: Final = "system/Encounter.c"
"""The scope that lets a machine tell of stays."""


async def process_message(request: Request, machine: KnownMachine) -> Response:
    """Keep a notification, and say whether it was taken."""
    if request.method != "POST":
        answer = refused_as_outcome(405, "Post a Bundle of type message.")
        answer.headers["allow"] = "POST"
        return answer
    if not any(each.covers(read_scope(TELLS)) for each in read_scopes(machine.scope)):
        return refused_as_outcome(403, f"This token may not tell of stays: its scopes lack {TELLS}.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MESSAGE_BYTES_MAX:
            return refused_as_outcome(413, f"A message has at most {MESSAGE_BYTES_MAX >> 10} KB.")
    found = services(request).hospitals
    assert found is not None, "the guard let no machine in without a store"
    receipt = await found.receiving.receive(bytes(body), FHIR, machine.machine_id)
    fault = receipt.fault
    status = 200 if fault is None else 503 if receipt.message_id == "" else 422
    if fault is not None and status == 422 and fault.code is AnswerCode.REJECT:
        status = 400
    return JSONResponse(outcome(fault), status, media_type="application/fhir+json")
