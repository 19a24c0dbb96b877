"""Elements of FHIR resources that come from hospitals and laboratories, read leniently: what is not there is empty."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hub.adt.answers import AnswerCode, MessageFault
from hub.adt.events import PatientNumber, ToldPatient
from hub.adt.reading import NOT_OF_PATIENTS, NUMBERS_MAX, TEXT_CHARACTERS_MAX, MessageError
from hub.directory.births import NOT_KNOWN, BirthDate, BirthDateError, birth_date
from hub.directory.names import cleaned

Element = Mapping[str, Any]


def fault_at(words: str, number: str, where: str, code: AnswerCode = AnswerCode.ERROR) -> MessageError:
    """Return why a resource is not taken, with the element that it is about."""
    return MessageError(MessageFault(code, number, where, words))


def patient_told(patient: Element) -> ToldPatient:
    """Return who a Patient is."""
    names = sorted(elements_told(patient.get("name")), key=lambda each: each.get("use") != "official")
    name = names[0] if names else {}
    phones = [each for each in elements_told(patient.get("telecom")) if each.get("system") == "phone"]
    address = next(iter(elements_told(patient.get("address"))), {})
    lines = [
        *texts_told(address.get("line")),
        *(text_told(address.get(part)) for part in ("city", "state", "postalCode")),
    ]
    dead = patient.get("deceasedBoolean") is True or bool(patient.get("deceasedDateTime"))
    return ToldPatient(
        family=text_told(name.get("family")) or text_told(name.get("text")),
        given=" ".join(texts_told(name.get("given"))),
        born=_born(patient.get("birthDate")),
        sex=text_told(patient.get("gender")) if patient.get("gender") in ("female", "male", "other") else "",
        phone=text_told(phones[0].get("value")) if phones else "",
        address=", ".join(filter(None, lines)),
        numbers=tuple(_numbers(patient)),
        dead=dead,
    )


def _numbers(patient: Element) -> list[PatientNumber]:
    found = []
    for each in elements_told(patient.get("identifier"))[:NUMBERS_MAX]:
        kinds = {
            text_told(coding.get("code")) for coding in elements_told(element_told(each.get("type")).get("coding"))
        }
        system, value = text_told(each.get("system")), text_told(each.get("value"))
        if system and value and not kinds & NOT_OF_PATIENTS:
            found.append(PatientNumber(system, value))
    return list(dict.fromkeys(found))


def _born(value: object) -> BirthDate:
    try:
        return birth_date(text_told(value))
    except BirthDateError:
        return NOT_KNOWN


def instant_told(value: object) -> datetime | None:
    """Return an instant with its offset, in UTC; ``None`` for anything else."""
    try:
        read = datetime.fromisoformat(text_told(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo is not None else None


def text_told(value: object) -> str:
    """Return a text, cleaned and cut at its bound."""
    return cleaned(value)[:TEXT_CHARACTERS_MAX] if isinstance(value, str) else ""


def texts_told(value: object) -> list[str]:
    """Return the texts of a list."""
    return [text_told(each) for each in value if isinstance(each, str)] if isinstance(value, list) else []


def element_told(value: object) -> Element:
    """Return an element, an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def elements_told(value: object) -> list[Element]:
    """Return the elements of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
