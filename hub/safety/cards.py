"""CDS Hooks 2.0: what the rules find, as cards for another system's page. Of one patient, from what is sent alone.

Sources: the CDS Hooks specification 2.0 (HL7, 2022): discovery, request, response, indicators, the 140 characters of a
summary.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from hub.ids import new_id
from hub.safety.fhir_charts import Resource, ResourceError, read_resources, resources_of
from hub.safety.findings import SUPPORTS, Finding, check
from hub.safety.rules import Severity

SUMMARY_CHARACTERS_MAX: Final = 139
CARDS_MAX: Final = 20

_INDICATORS: Final = {Severity.DANGER: "critical", Severity.CAUTION: "warning", Severity.NOTE: "info"}
_PREFETCH: Final = {
    "patient": "Patient/{{context.patientId}}",
    "medications": "MedicationRequest?patient={{context.patientId}}&status=active",
    "statements": "MedicationStatement?patient={{context.patientId}}&status=active",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
    "observations": "Observation?patient={{context.patientId}}&category=laboratory,vital-signs&_sort=-date&_count=200",
}
_TITLES: Final = {
    "patient-view": "Findings about the patient's medicines",
    "order-select": "Findings about medicines that are being chosen",
    "order-sign": "Findings about medicines that are about to be signed",
}
SERVICES: Final = tuple(
    {
        "hook": hook,
        "id": f"careplan-{hook}",
        "title": title,
        "description": f"{title}. {SUPPORTS}",
        "prefetch": _PREFETCH,
    }
    for hook, title in _TITLES.items()
)
"""What discovery tells."""


class HookError(ValueError):
    """The request is not what the specification says; the message says what is wrong."""


def cards(service: str, request: object, today: date, origin: str) -> dict[str, Any]:
    """Return the response to a call of a service: of orders only what concerns them, else all that matters.

    Raises:
        HookError: the request can't be read as one of one patient for this hook.
    """
    if not isinstance(request, Mapping) or f"careplan-{request.get('hook')}" != service:
        raise HookError("The request is not for this hook.")
    context = request.get("context")
    if not isinstance(context, Mapping) or not isinstance(context.get("patientId"), str):
        raise HookError("The context names no patient.")
    ordering = request["hook"] != "patient-view"
    try:
        drafts = resources_of(context["draftOrders"]) if ordering and "draftOrders" in context else []
        known = _prefetched(request.get("prefetch"))
        _of_patient([*known, *drafts], context["patientId"])
        drafts = [each for each in drafts if each.get("resourceType") == "MedicationRequest"]
        same = {(each.get("resourceType"), each.get("id")) for each in drafts}
        known = [each for each in known if (each.get("resourceType"), each.get("id")) not in same]
        checked = check(read_resources([*known, *drafts], today), today)
    except ResourceError as error:
        raise HookError(str(error)) from error
    new = {f"MedicationRequest/{each.get('id')}" for each in drafts}
    found = [each for each in checked.findings if not ordering or new & set(each.medicine_entries)]
    unread = [each for each in checked.not_checked if not ordering or not each.entry or each.entry in new]
    made = [_card(each, origin) for each in found[:CARDS_MAX]]
    if unread:
        told = "\n".join(f"- {each.what}: {each.why}" for each in unread)
        made.append(_whole("Not checked: " + ", ".join(each.what for each in unread), told, "info", "rules", origin))
    return {"cards": made}


def _prefetched(prefetch: object) -> list[Resource]:
    if prefetch is None:
        return []
    if not isinstance(prefetch, Mapping):
        raise HookError("The prefetch is not an object.")
    return [one for each in prefetch.values() if each for one in resources_of(each)]


def _of_patient(resources: Sequence[Resource], patient: str) -> None:
    for each in resources:
        reference = (each.get("subject") or each.get("patient") or {}) if isinstance(each, Mapping) else {}
        told = reference.get("reference", "") if isinstance(reference, Mapping) else ""
        whose = each.get("id") if each.get("resourceType") == "Patient" else str(told).rsplit("/", 1)[-1]
        if whose and whose != patient.rsplit("/", 1)[-1]:
            raise HookError("The resources are of another patient than the context names.")


def _card(finding: Finding, origin: str) -> dict[str, Any]:
    detail = f"{finding.text}\n\nFor the family: {finding.family}\n\n{SUPPORTS}"
    return _whole(finding.text, detail, _INDICATORS[finding.severity], f"{finding.rule}: {finding.source}", origin)


def _whole(summary: str, detail: str, indicator: str, source: str, origin: str) -> dict[str, Any]:
    short = summary if len(summary) <= SUMMARY_CHARACTERS_MAX else f"{summary[: SUMMARY_CHARACTERS_MAX - 1]}…"
    return {
        "uuid": new_id(),
        "summary": short,
        "detail": detail,
        "indicator": indicator,
        "source": {"label": source, "url": origin},
        "links": [{"label": "Open the care plan hub", "url": origin, "type": "absolute"}],
    }
