"""A result as FHIR R4 tells it: a DiagnosticReport with its Observations, alone or in a message, or one Observation.

It becomes what an ORU^R01 becomes, so that one rule ties it to the line that waits for it, whichever way it came.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from hub.adt.answers import REQUIRED_MISSING
from hub.adt.events import HospitalEvent, PatientNumber, ToldPatient, ToldResult, ToldVisit, Trigger
from hub.adt.reading import RESULT_CHARACTERS_MAX, VALUES_MAX
from hub.adt.resources import (
    Element,
    element_told,
    elements_told,
    fault_at,
    instant_told,
    patient_told,
    text_told,
)

OWN_PATIENT: Final = "urn:careplan-hub:patient"
"""The system of a number that is the id of a Patient of this hub, as ``Patient/ID`` names one."""

_SETTLED: Final = frozenset({"final", "amended", "corrected", "appended"})
"""Statuses of a DiagnosticReport or an Observation that say it is final, or corrected since."""
_LOINC: Final = "http://loinc.org"
DOCUMENT: Final = "a document that stays with the laboratory"


def report_told(
    report: Element, beside: Mapping[str, Element], sender: str, *, control: str = "", sent: datetime | None = None
) -> HospitalEvent:
    """Return what a DiagnosticReport tells; ``beside`` are the resources that it may name, by address.

    ``control`` is the message's own id where it came in one: else the same content is the same message.

    Raises:
        MessageError: it does not say whom it is about, of which test it is, or when.
    """
    known = {**beside, **{f"#{each.get('id')}": each for each in elements_told(report.get("contained"))}}
    patient = _subject(report, known)
    result = _result(report, known)
    period = element_told(report.get("effectivePeriod"))
    times = [report.get("issued"), report.get("effectiveDateTime"), period.get("end"), period.get("start")]
    occurred = next((found for each in times if (found := instant_told(each)) is not None), sent)
    if not patient.numbers and not patient.family:
        raise fault_at("It does not say whom it is about.", REQUIRED_MISSING, "DiagnosticReport.subject")
    if not result.codes and not result.name:
        raise fault_at("It does not say of which test it is.", REQUIRED_MISSING, "DiagnosticReport.code")
    if occurred is None:
        raise fault_at("It does not say when, with an offset from UTC.", REQUIRED_MISSING, "DiagnosticReport.issued")
    return HospitalEvent(
        application="FHIR", facility=sender, control=control, trigger=Trigger.RESULT, occurred=occurred,
        patient=patient, visit=ToldVisit(facility=_performer(report)), results=(result,),
    )  # fmt: skip


def observed(observation: Mapping[str, Any]) -> ToldResult | None:
    """Return the result that one Observation of a laboratory is, ``None`` for any other."""
    categories = {
        text_told(coding.get("code"))
        for category in elements_told(observation.get("category"))
        for coding in elements_told(category.get("coding"))
    }
    if "laboratory" not in categories:
        return None
    return ToldResult(
        numbers=tuple(filter(None, _numbers(observation, {}))),
        codes=tuple(_codes(observation)),
        name=_name(observation.get("code")),
        final=observation.get("status") in _SETTLED,
        words=_said(observation)[:RESULT_CHARACTERS_MAX],
        identifier=_identifier(observation),
    )


def _result(report: Element, known: Mapping[str, Element]) -> ToldResult:
    named = [known.get(text_told(each.get("reference")), {}) for each in elements_told(report.get("result"))]
    values = [each for each in named if each.get("resourceType") == "Observation"][:VALUES_MAX]
    states = {report.get("status"), *(each.get("status") for each in values)}
    codes = [code for each in (report, *values) for code in _codes(each)]
    said = [*map(_said, values), text_told(report.get("conclusion"))]
    said += [DOCUMENT] if report.get("presentedForm") and not any(said) else []
    return ToldResult(
        numbers=tuple(filter(None, dict.fromkeys(_numbers(report, known)))),
        codes=tuple(dict.fromkeys(codes)),
        name=_name(report.get("code")),
        final=states <= _SETTLED,
        words="; ".join(filter(None, said))[:RESULT_CHARACTERS_MAX],
        identifier=_identifier(report),
    )


def _subject(report: Element, known: Mapping[str, Element]) -> ToldPatient:
    subject = element_told(report.get("subject"))
    reference = text_told(subject.get("reference"))
    if (found := known.get(reference)) is not None:
        return patient_told(found)
    identifier = element_told(subject.get("identifier"))
    numbers = [PatientNumber(text_told(identifier.get("system")), text_told(identifier.get("value")))]
    kind, _, key = reference.rpartition("/")
    if kind.rpartition("/")[2] == "Patient":
        numbers.append(PatientNumber(OWN_PATIENT, key))
    return ToldPatient(numbers=tuple(each for each in numbers if each.system and each.value))


def _numbers(resource: Element, known: Mapping[str, Element]) -> Iterator[str]:
    """Yield the numbers of the result and of the order that it is based on."""
    for each in elements_told(resource.get("identifier")):
        yield text_told(each.get("value"))
    for order in elements_told(resource.get("basedOn")):
        yield text_told(element_told(order.get("identifier")).get("value"))
        asked = known.get(text_told(order.get("reference")), {})
        for each in (*elements_told(asked.get("identifier")), element_told(asked.get("requisition"))):
            yield text_told(each.get("value"))


def _codes(resource: Element) -> list[str]:
    concepts = [resource.get("code"), *(each.get("code") for each in elements_told(resource.get("component")))]
    codings = [coding for each in concepts for coding in elements_told(element_told(each).get("coding"))]
    return [code for each in codings if each.get("system") == _LOINC and (code := text_told(each.get("code")))]


def _name(concept: object) -> str:
    told = element_told(concept)
    codings = elements_told(told.get("coding"))
    said = [text_told(told.get("text")), *(text_told(each.get("display")) for each in codings)]
    return next(filter(None, [*said, *(text_told(each.get("code")) for each in codings)]), "")


def _identifier(resource: Element) -> str:
    first = next(iter(elements_told(resource.get("identifier"))), {})
    system, value = text_told(first.get("system")), text_told(first.get("value"))
    return f"{system}|{value}"[:200] if value else ""


def _performer(report: Element) -> str:
    return next(filter(None, (text_told(each.get("display")) for each in elements_told(report.get("performer")))), "")


def _said(observation: Element) -> str:
    """Return one Observation in words, as in ``LDL 128 mg/dL (0-100, H)``."""
    parts = [_valued(each) for each in elements_told(observation.get("component"))]
    ranges = [text_told(each.get("text")) or _range(each) for each in elements_told(observation.get("referenceRange"))]
    flags = [
        text_told(coding.get("code"))
        for each in elements_told(observation.get("interpretation"))
        for coding in elements_told(each.get("coding"))
    ]
    beside = ", ".join(filter(None, [*ranges[:1], *flags[:1]]))
    told = " ".join(filter(None, [_valued(observation), *parts]))
    return f"{told} ({beside})" if beside else told


def _valued(element: Element) -> str:
    quantity = element_told(element.get("valueQuantity"))
    number = quantity.get("value")
    value = f"{quantity.get('comparator') or ''}{number}" if isinstance(number, int | float) else ""
    unit = text_told(quantity.get("unit")) or text_told(quantity.get("code"))
    told: Sequence[str] = [
        f"{value} {unit}".strip() if value else "",
        text_told(element.get("valueString")),
        _name(element.get("valueCodeableConcept")),
        str(element["valueInteger"]) if isinstance(element.get("valueInteger"), int) else "",
        _name(element.get("dataAbsentReason")),
    ]
    said = next(filter(None, told), "")
    return f"{_name(element.get('code'))} {said}".strip() if said else ""


def _range(found: Element) -> str:
    ends = [element_told(found.get(name)).get("value") for name in ("low", "high")]
    return "-".join(str(each) for each in ends) if all(isinstance(each, int | float) for each in ends) else ""
