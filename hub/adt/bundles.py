"""A message as FHIR R4 tells it: a Bundle of type ``message`` with a notification (Da Vinci Unsolicited Notifications
1.0.0) or a result (the event R01 of HL7 v2), or a DiagnosticReport alone.

The answer to what can't be taken is an OperationOutcome; the words say nothing of what the bundle says.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.adt.answers import (
    REQUIRED_MISSING,
    SEGMENT_SEQUENCE,
    UNSUPPORTED_EVENT,
    UNSUPPORTED_MESSAGE,
    AnswerCode,
    MessageFault,
)
from hub.adt.events import HospitalEvent, ToldVisit, Trigger
from hub.adt.reading import TEXT_CHARACTERS_MAX
from hub.adt.reports import report_told
from hub.adt.resources import (
    Element,
    element_told,
    elements_told,
    fault_at,
    instant_told,
    patient_told,
    text_told,
)

_EVENTS: Final = {
    "notification-admit": Trigger.ADMIT,
    "notification-transfer": Trigger.TRANSFER,
    "notification-discharge": Trigger.DISCHARGE,
}
"""Codes of the value set of ADT events there."""
_STAYS: Final = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS", "EMER"})
_PLACES: Final = {
    "home": "home", "snf": "skilled nursing", "hosp": "hospice", "other-hcf": "another hospital",
    "long": "skilled nursing", "rehab": "another hospital", "psy": "another hospital", "exp": "died", "aadvice": "home",
}  # fmt: skip
"""Codes of the R4 value set encounter-discharge-disposition; those of NUBC are read as v2 has them."""

RESULT_EVENT: Final = "R01"
"""``MessageHeader.eventCoding.code`` (http://terminology.hl7.org/CodeSystem/v2-0003) of a message with a result."""


def event_told(message: bytes, sender: str) -> HospitalEvent:
    """Return what the bundle, or the report, tells; ``sender`` is the machine that posted it.

    Raises:
        MessageError: it can't be read, or lacks what the event needs.
    """
    read = _read(message)
    if read.get("resourceType") == "DiagnosticReport":
        return report_told(read, {}, sender)
    if read.get("resourceType") != "Bundle" or read.get("type") != "message":
        raise fault_at("Post a Bundle of type message.", UNSUPPORTED_MESSAGE, "Bundle.type", AnswerCode.REJECT)
    return _notification(read, sender)


def is_result(message: bytes) -> bool:
    """Say whether a message tells a result, and no stay."""
    try:
        read = json.loads(message)
    except (ValueError, RecursionError):
        return False
    told = element_told(read)
    heads = [element_told(each.get("resource")) for each in elements_told(told.get("entry"))]
    events = [text_told(element_told(each.get("eventCoding")).get("code")) for each in heads]
    return told.get("resourceType") == "DiagnosticReport" or RESULT_EVENT in events


def _notification(bundle: Element, sender: str) -> HospitalEvent:
    resources = [element_told(each.get("resource")) for each in elements_told(bundle.get("entry"))]
    by_address = {
        str(entry.get("fullUrl", "")): element_told(entry.get("resource"))
        for entry in elements_told(bundle.get("entry"))
    }
    head = next((each for each in resources if each.get("resourceType") == "MessageHeader"), {})
    coded = text_told(element_told(head.get("eventCoding")).get("code"))
    if coded == RESULT_EVENT:
        return _result(bundle, head, resources, by_address, sender)
    trigger = _EVENTS.get(coded)
    if trigger is None:
        words = f"MessageHeader.eventCoding: taken are {', '.join((*_EVENTS, RESULT_EVENT))}."
        raise fault_at(words, UNSUPPORTED_EVENT, "MessageHeader.eventCoding", AnswerCode.REJECT)
    encounter = _focus(head, by_address, resources)
    subject = text_told(element_told(encounter.get("subject")).get("reference"))
    patient = by_address.get(subject) or next((e for e in resources if e.get("resourceType") == "Patient"), {})
    occurred = instant_told(bundle.get("timestamp")) or instant_told(
        element_told(encounter.get("meta")).get("lastUpdated")
    )
    if occurred is None:
        raise fault_at("Bundle.timestamp says when it happened, and is missing.", REQUIRED_MISSING, "Bundle.timestamp")
    control = text_told(head.get("id")) or text_told(element_told(bundle.get("identifier")).get("value"))
    told = patient_told(patient)
    visit = _visit(encounter, by_address)
    for missing, where in ((not control, "MessageHeader.id"), (not visit.number, "Encounter.identifier"),
                           (not told.numbers and not told.family, "Patient.identifier")):  # fmt: skip
        if missing:
            raise fault_at(f"{where} is missing.", REQUIRED_MISSING, where)
    if trigger is Trigger.ADMIT and visit.kind not in _STAYS:
        trigger = Trigger.REGISTER
    return HospitalEvent(
        application="FHIR", facility=sender, control=control[:TEXT_CHARACTERS_MAX], trigger=trigger,
        occurred=occurred, patient=told, visit=visit,
    )  # fmt: skip


def outcome(fault: MessageFault | None) -> dict[str, Any]:
    """Return the answer as an OperationOutcome."""
    if fault is None:
        told = "The message is kept. It will be applied, or shown to a person who knows whom it is about."
        return _outcome("information", "informational", told)
    code = "not-supported" if fault.number in (UNSUPPORTED_EVENT, UNSUPPORTED_MESSAGE) else "invalid"
    return _outcome("error", code, fault.words)


def _outcome(severity: str, code: str, words: str) -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": words}],
    }


def _read(message: bytes) -> Element:
    try:
        read = json.loads(message)
    except (ValueError, RecursionError):
        raise fault_at("This is no JSON.", SEGMENT_SEQUENCE, "Bundle") from None
    return element_told(read)


def _result(
    bundle: Element, head: Element, resources: Sequence[Element], by_address: Mapping[str, Element], sender: str
) -> HospitalEvent:
    """Return the result that a message tells; resources are named by their address, or by type and id."""
    known = {f"{each.get('resourceType')}/{each.get('id')}": each for each in resources if each.get("id")}
    report = next((each for each in resources if each.get("resourceType") == "DiagnosticReport"), None)
    if report is None:
        raise fault_at("There is no DiagnosticReport in it.", REQUIRED_MISSING, "Bundle.entry")
    control = text_told(head.get("id")) or text_told(element_told(bundle.get("identifier")).get("value"))
    if not control:
        raise fault_at("MessageHeader.id is missing.", REQUIRED_MISSING, "MessageHeader.id")
    return report_told(
        report, {**known, **by_address}, sender, control=control, sent=instant_told(bundle.get("timestamp"))
    )


def _focus(head: Element, by_address: Mapping[str, Element], resources: Sequence[Element]) -> Element:
    for each in elements_told(head.get("focus")):
        found = by_address.get(text_told(each.get("reference")), {})
        if found.get("resourceType") == "Encounter":
            return found
    return next((each for each in resources if each.get("resourceType") == "Encounter"), {})


def _visit(encounter: Element, by_address: Mapping[str, Element]) -> ToldVisit:
    number = next(
        (
            f"{text_told(each.get('system'))}|{text_told(each.get('value'))}"
            for each in elements_told(encounter.get("identifier"))
            if text_told(each.get("value"))
        ),
        "",
    )
    period, kind = element_told(encounter.get("period")), element_told(encounter.get("class"))
    location = element_told(next(iter(elements_told(encounter.get("location"))), {}).get("location"))
    place = by_address.get(text_told(location.get("reference")), {})
    provider = element_told(encounter.get("serviceProvider"))
    reasons = elements_told(encounter.get("reasonCode"))
    hospitalization = element_told(encounter.get("hospitalization"))
    codings = elements_told(element_told(hospitalization.get("dischargeDisposition")).get("coding"))
    codes = [text_told(each.get("code")) for each in codings]
    finished = encounter.get("status") == "finished"
    return ToldVisit(
        number=number[:TEXT_CHARACTERS_MAX],
        kind=text_told(kind.get("code")).upper(),
        facility=text_told(provider.get("display"))
        or text_told(place.get("name"))
        or text_told(location.get("display")),
        ward="",
        reason=text_told(reasons[0].get("text")) if reasons else "",
        admitted=instant_told(period.get("start")),
        left=instant_told(period.get("end")) if finished else None,
        disposition=next((_PLACES.get(code, code) for code in codes), ""),
    )
