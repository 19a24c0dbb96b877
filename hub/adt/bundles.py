"""A notification as FHIR R4 tells it: a Bundle of type ``message`` (Da Vinci Unsolicited Notifications 1.0.0).

The answer to what can't be taken is an OperationOutcome; the words say nothing of what the bundle says.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hub.adt.answers import (
    REQUIRED_MISSING,
    SEGMENT_SEQUENCE,
    UNSUPPORTED_EVENT,
    UNSUPPORTED_MESSAGE,
    AnswerCode,
    MessageFault,
)
from hub.adt.events import HospitalEvent, PatientNumber, ToldPatient, ToldVisit, Trigger
from hub.adt.reading import NOT_OF_PATIENTS, NUMBERS_MAX, TEXT_CHARACTERS_MAX, MessageError
from hub.directory.births import NOT_KNOWN, BirthDate, BirthDateError, birth_date
from hub.directory.names import cleaned

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

Element = Mapping[str, Any]


def notification_of(message: bytes, sender: str) -> HospitalEvent:
    """Return what the bundle tells; ``sender`` is the machine that posted it.

    Raises:
        MessageError: it can't be read, or lacks what the event needs.
    """
    bundle = _bundle(message)
    resources = [_element(each.get("resource")) for each in _elements(bundle.get("entry"))]
    by_address = {
        str(entry.get("fullUrl", "")): _element(entry.get("resource")) for entry in _elements(bundle.get("entry"))
    }
    head = next((each for each in resources if each.get("resourceType") == "MessageHeader"), {})
    trigger = _EVENTS.get(_text(_element(head.get("eventCoding")).get("code")))
    if trigger is None:
        words = f"MessageHeader.eventCoding: taken are {', '.join(_EVENTS)}."
        raise _fault(words, UNSUPPORTED_EVENT, "MessageHeader.eventCoding", AnswerCode.REJECT)
    encounter = _focus(head, by_address, resources)
    subject = _text(_element(encounter.get("subject")).get("reference"))
    patient = by_address.get(subject) or next((e for e in resources if e.get("resourceType") == "Patient"), {})
    occurred = _instant(bundle.get("timestamp")) or _instant(_element(encounter.get("meta")).get("lastUpdated"))
    if occurred is None:
        raise _fault("Bundle.timestamp says when it happened, and is missing.", REQUIRED_MISSING, "Bundle.timestamp")
    control = _text(head.get("id")) or _text(_element(bundle.get("identifier")).get("value"))
    told = _patient(patient)
    visit = _visit(encounter, by_address)
    for missing, where in ((not control, "MessageHeader.id"), (not visit.number, "Encounter.identifier"),
                           (not told.numbers and not told.family, "Patient.identifier")):  # fmt: skip
        if missing:
            raise _fault(f"{where} is missing.", REQUIRED_MISSING, where)
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


def _fault(words: str, number: str, where: str, code: AnswerCode = AnswerCode.ERROR) -> MessageError:
    return MessageError(MessageFault(code, number, where, words))


def _bundle(message: bytes) -> Element:
    try:
        read = json.loads(message)
    except (ValueError, RecursionError):
        raise _fault("This is no JSON.", SEGMENT_SEQUENCE, "Bundle") from None
    if not isinstance(read, dict) or read.get("resourceType") != "Bundle" or read.get("type") != "message":
        raise _fault("Post a Bundle of type message.", UNSUPPORTED_MESSAGE, "Bundle.type", AnswerCode.REJECT)
    return read


def _focus(head: Element, by_address: Mapping[str, Element], resources: Sequence[Element]) -> Element:
    for each in _elements(head.get("focus")):
        found = by_address.get(_text(each.get("reference")), {})
        if found.get("resourceType") == "Encounter":
            return found
    return next((each for each in resources if each.get("resourceType") == "Encounter"), {})


def _patient(patient: Element) -> ToldPatient:
    names = sorted(_elements(patient.get("name")), key=lambda each: each.get("use") != "official")
    name = names[0] if names else {}
    phones = [each for each in _elements(patient.get("telecom")) if each.get("system") == "phone"]
    address = next(iter(_elements(patient.get("address"))), {})
    lines = [*_texts(address.get("line")), *(_text(address.get(part)) for part in ("city", "state", "postalCode"))]
    dead = patient.get("deceasedBoolean") is True or bool(patient.get("deceasedDateTime"))
    return ToldPatient(
        family=_text(name.get("family")) or _text(name.get("text")),
        given=" ".join(_texts(name.get("given"))),
        born=_born(patient.get("birthDate")),
        sex=_text(patient.get("gender")) if patient.get("gender") in ("female", "male", "other") else "",
        phone=_text(phones[0].get("value")) if phones else "",
        address=", ".join(filter(None, lines)),
        numbers=tuple(_numbers(patient)),
        dead=dead,
    )


def _numbers(patient: Element) -> list[PatientNumber]:
    found = []
    for each in _elements(patient.get("identifier"))[:NUMBERS_MAX]:
        kinds = {_text(coding.get("code")) for coding in _elements(_element(each.get("type")).get("coding"))}
        system, value = _text(each.get("system")), _text(each.get("value"))
        if system and value and not kinds & NOT_OF_PATIENTS:
            found.append(PatientNumber(system, value))
    return list(dict.fromkeys(found))


def _visit(encounter: Element, by_address: Mapping[str, Element]) -> ToldVisit:
    number = next(
        (
            f"{_text(each.get('system'))}|{_text(each.get('value'))}"
            for each in _elements(encounter.get("identifier"))
            if _text(each.get("value"))
        ),
        "",
    )
    period, kind = _element(encounter.get("period")), _element(encounter.get("class"))
    location = _element(next(iter(_elements(encounter.get("location"))), {}).get("location"))
    place = by_address.get(_text(location.get("reference")), {})
    provider = _element(encounter.get("serviceProvider"))
    reasons = _elements(encounter.get("reasonCode"))
    hospitalization = _element(encounter.get("hospitalization"))
    codings = _elements(_element(hospitalization.get("dischargeDisposition")).get("coding"))
    codes = [_text(each.get("code")) for each in codings]
    finished = encounter.get("status") == "finished"
    return ToldVisit(
        number=number[:TEXT_CHARACTERS_MAX],
        kind=_text(kind.get("code")).upper(),
        facility=_text(provider.get("display")) or _text(place.get("name")) or _text(location.get("display")),
        ward="",
        reason=_text(reasons[0].get("text")) if reasons else "",
        admitted=_instant(period.get("start")),
        left=_instant(period.get("end")) if finished else None,
        disposition=next((_PLACES.get(code, code) for code in codes), ""),
    )


def _born(value: object) -> BirthDate:
    try:
        return birth_date(_text(value))
    except BirthDateError:
        return NOT_KNOWN


def _instant(value: object) -> datetime | None:
    try:
        read = datetime.fromisoformat(_text(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo is not None else None


def _text(value: object) -> str:
    return cleaned(value)[:TEXT_CHARACTERS_MAX] if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [_text(each) for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _element(value: object) -> Element:
    return value if isinstance(value, dict) else {}


def _elements(value: object) -> list[Element]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
