"""How the door of FHIR says no: every refusal is an OperationOutcome."""

from typing import Final

import msgspec
from starlette.responses import Response

from hub.fhir.outcomes import outcome

FHIR_JSON: Final = "application/fhir+json"


def refused_as_outcome(status: int, message: str, where: str = "") -> Response:
    """Return a refusal with its sentence; ``where`` is the element that it is about."""
    return Response(msgspec.json.encode(outcome(status, message, where)), status, media_type=FHIR_JSON)
