"""Readings of a measure: each an Observation of its own, that the measure's Observation names as a member.

Observations of others become readings too: one for each value that has a number, of the measure that its code names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from crdt.contents import Record
from crdt.fields import Scalar
from hub.fhir.elements import References, fhir_instant, list_of, measure_words, number_of
from hub.fhir.extensions import OURS
from hub.fhir.places import Json
from hub.fhir.shapes import SECTION_TAG

READING: Final = "monitoring:reading"
"""The tag of a reading, beside those of the sections."""

_URL: Final = f"{OURS}{READING}:"
_WRONG: Final = frozenset({"entered-in-error", "cancelled"})


class Measured(NamedTuple):
    """One reading that an Observation holds: of which measure, in which unit, under which key, and the record."""

    measure: str
    unit: str
    key: str
    record: Record


def reference_to_reading(key: str) -> Json:
    """Return the Reference with which a measure names a reading."""
    return {"reference": f"Observation/{key}"}


def reading_resource(key: str, record: Record, code: Json, patient: Json, refer: References) -> Json:
    """Return one reading of a measure, whose ``code`` it shares."""
    resource: Json = {
        "resourceType": "Observation",
        "id": key,
        "meta": {"tag": [{"system": SECTION_TAG, "code": READING}]},
        "status": "entered-in-error" if record.get("in_error") else "final",
        "code": code,
        "subject": patient,
    }
    value, when, unit, by = (record.get(name) for name in ("value", "when", "unit", "by"))
    if isinstance(when, str) and (instant := fhir_instant(when)) is not None:
        resource["effectiveDateTime"] = instant
    number = number_of(value)
    if number is not None:
        resource["valueQuantity"] = {"value": number, **({"unit": unit} if isinstance(unit, str) and unit else {})}
    performer = refer.person(by) if isinstance(by, str) and by else None
    if performer is not None:
        resource["performer"] = [performer]
    if isinstance(device := record.get("device"), str) and device:
        resource["device"] = {"display": device}
    if isinstance(name := record.get("identifier"), str) and name:
        system, _, own = name.rpartition("|")
        resource["identifier"] = [{"system": system, "value": own} if system else {"value": own}]
    back = _record(resource, refer)
    beside = [
        {"url": _URL + name, **_value(told)}
        for name, told in sorted(record.items())
        if told not in (None, "") and back.get(name) != told
    ]
    if beside:
        resource["extension"] = beside
    return resource


def _value(told: Scalar) -> Json:
    if isinstance(told, bool):
        return {"valueBoolean": told}
    return {"valueDecimal": told} if isinstance(told, int | float) else {"valueString": told}


def is_reading(resource: Mapping[str, Any]) -> bool:
    """Say whether a hub like this one wrote it as a reading of a measure."""
    tags = list_of(resource.get("meta"), "tag")
    return any(isinstance(tag, dict) and tag.get("code") == READING for tag in tags)


def measured(resource: Mapping[str, Any], refer: References) -> Iterator[Measured]:
    """Yield the readings that an Observation holds: its value and those of its components that are numbers."""
    if str(resource.get("status", "")) in _WRONG and not is_reading(resource):
        return
    key = str(resource.get("id", ""))
    shared = _record(resource, refer)
    for number, part in enumerate([resource, *list_of(resource, "component")]):
        if not isinstance(part, Mapping):
            continue
        quantity = part.get("valueQuantity")
        value = quantity.get("value") if isinstance(quantity, Mapping) else part.get("valueInteger")
        measure = measure_words(part.get("code"))
        if measure is None or (number_of(value) is None and not (number == 0 and "value" in shared)):
            continue
        unit = _unit(quantity)
        told = shared if number == 0 else {**shared, "value": number_of(value), "unit": unit}
        yield Measured(measure, unit, f"{key}#{number}" if number else key, told)


def _record(resource: Mapping[str, Any], refer: References) -> dict[str, Scalar]:
    quantity = resource.get("valueQuantity")
    found: dict[str, Scalar] = {}
    value = quantity.get("value") if isinstance(quantity, Mapping) else resource.get("valueInteger")
    if number_of(value) is not None:
        found["value"] = number_of(value)
        found["unit"] = _unit(quantity)
    when = _when(resource)
    if when:
        found["when"] = when
    performers = [refer.person_of(each) for each in list_of(resource, "performer")]
    by = next((each for each in performers if each), "")
    if by:
        found["by"] = by
    device = resource.get("device")
    if isinstance(device, Mapping) and isinstance(device.get("display"), str):
        found["device"] = device["display"]
    if name := identifier_of(resource):
        found["identifier"] = name
    for each in list_of(resource, "extension"):
        if isinstance(each, dict) and str(each.get("url", "")).startswith(_URL):
            told = next((value for name, value in each.items() if name.startswith("value")), None)
            if isinstance(told, str | int | float | bool):
                found[each["url"].removeprefix(_URL)] = told
    return {name: told for name, told in found.items() if told != ""}


def identifier_of(resource: Mapping[str, Any]) -> str:
    """Return the first identifier of a resource as a search has it, ``system|value``; ``""`` where it has none."""
    for each in list_of(resource, "identifier"):
        value = each.get("value") if isinstance(each, Mapping) else None
        if isinstance(value, str) and value.strip():
            system = each.get("system")
            return f"{system}|{value}" if isinstance(system, str) and system else value
    return ""


def _unit(quantity: object) -> str:
    if not isinstance(quantity, Mapping):
        return ""
    unit = quantity.get("unit") or quantity.get("code") or ""
    return unit if isinstance(unit, str) else ""


def _when(resource: Mapping[str, Any]) -> str:
    period = resource.get("effectivePeriod")
    ends = [period.get("end"), period.get("start")] if isinstance(period, Mapping) else []
    told = [resource.get("effectiveDateTime"), resource.get("effectiveInstant"), *ends, resource.get("issued")]
    return next((each for each in told if isinstance(each, str) and each), "")
