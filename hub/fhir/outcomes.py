"""What the API says instead of a resource: a refusal as an OperationOutcome."""

from collections.abc import Sequence
from typing import Final

from hub.fhir.places import Json

_CODES: Final = {
    400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 406: "not-supported",
    409: "conflict", 410: "deleted", 412: "conflict", 413: "too-long", 415: "not-supported", 422: "processing",
    428: "required", 429: "throttled", 503: "transient",
}  # fmt: skip
"""Codes of http://hl7.org/fhir/issue-type by status."""


class ApiRefusedError(Exception):
    """A request is refused with ``status``; the message is a sentence for whoever wrote the client.

    ``where`` is the element that it is about, as in ``Observation.valueQuantity``.
    """

    def __init__(self, status: int, message: str, where: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.where = where


def outcome(status: int, message: str, where: str = "") -> Json:
    """Return a refusal."""
    issue = _issue("error", _CODES.get(status, "exception"), message)
    return {"resourceType": "OperationOutcome", "issue": [issue | ({"expression": [where]} if where else {})]}


def taken(remarks: Sequence[str]) -> Json:
    """Return what is told of something that was written: what of it was not taken, or that all was."""
    issues = [_issue("warning", "not-supported", each) for each in remarks]
    return {
        "resourceType": "OperationOutcome",
        "issue": issues or [_issue("information", "informational", "All of it was taken.")],
    }


def warnings(messages: list[str]) -> Json:
    """Return what was left out of a search that was answered all the same."""
    issues = [_issue("warning", "not-supported", each) for each in messages]
    return {"resourceType": "OperationOutcome", "id": "warnings", "issue": issues}


def _issue(severity: str, code: str, message: str) -> Json:
    return {"severity": severity, "code": code, "diagnostics": message}
