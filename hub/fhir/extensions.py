"""What R4 has no place for, as extensions of ours: one address a field, values by its form. They come back exactly.

``urn:careplan-hub:fhir:<section>:<field>``; a set has one extension a member, a log one a record with the record's own
extensions in it. ``urn:careplan-hub:fhir:empty`` names a field that says nothing where R4 requires an element.
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from crdt.fields import Field, Form, Kind, Scalar, Value
from crdt.sections import Section
from hub.fhir.elements import References, fhir_instant, list_of
from hub.fhir.places import Json

OURS: Final = "urn:careplan-hub:fhir:"
EMPTY: Final = OURS + "empty"
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def url_of(section: Section, field: Field) -> str:
    """Return the address of a field's extension."""
    return f"{OURS}{section}:{field.name}"


def extensions(section: Section, field: Field, value: Value, refer: References) -> list[Json]:
    """Return the extensions that say a field's value, none where it is empty or may not be named."""
    url = url_of(section, field)
    if field.kind is Kind.SET and isinstance(value, Mapping):
        members = sorted(member for member, present in value.items() if present is True)
        told = (_typed(field, member, refer) for member in members)
        return [{"url": url, **each} for each in told if each]
    if field.kind is Kind.LOG and isinstance(value, Mapping):
        return [
            {"url": url, "extension": _record(key, record)}
            for key, record in sorted(value.items())
            if isinstance(record, Mapping)
        ]
    if value is None or value == "" or isinstance(value, Mapping):
        return []
    typed = _typed(field, value, refer)
    return [{"url": url, **typed}] if typed else []


def _typed(field: Field, value: Scalar, refer: References) -> Json | None:
    match field.form:
        case Form.PERSON | Form.ENTRY:
            reference = refer.person(str(value)) if field.form is Form.PERSON else refer.entry(str(value))
            return {"valueReference": reference} if reference is not None else None
        case Form.YES_NO:
            return {"valueBoolean": value == "yes"}
        case Form.DATE if isinstance(value, str) and _DATE.fullmatch(value):
            return {"valueDate": value}
        case Form.INSTANT if isinstance(value, str) and fhir_instant(value) == value:
            return {"valueDateTime": value}
        case _:
            return _plain(value)


def _plain(value: Scalar) -> Json | None:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int | float):
        return {"valueDecimal": value} if math.isfinite(value) else None
    return {"valueString": value} if value else None


def _record(key: str, record: Mapping[str, Scalar]) -> list[Json]:
    told = [{"url": "key", "valueString": key}]
    return told + [{"url": name, **plain} for name, value in sorted(record.items()) if (plain := _plain(value))]


def empty(field: Field) -> Json:
    """Return the extension that says that the field is empty, whatever its element says."""
    return {"url": EMPTY, "valueString": field.name}


def empties(resource: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the fields that a resource says are empty."""
    told = (each for each in list_of(resource, "extension") if isinstance(each, dict) and each.get("url") == EMPTY)
    return frozenset(name for each in told if isinstance(name := each.get("valueString"), str))


def value_told(section: Section, field: Field, resource: Mapping[str, Any], refer: References) -> Value:
    """Return what a resource's extensions say of a field, ``None`` where they say nothing."""
    url = url_of(section, field)
    told = [each for each in list_of(resource, "extension") if isinstance(each, dict) and each.get("url") == url]
    if not told:
        return None
    if field.kind is Kind.LOG:
        return dict(_records(told))
    values = [_read(field, each, refer) for each in told]
    if field.kind is Kind.SET:
        return {each: True for each in values if isinstance(each, str)}
    return values[0]


def _records(told: Iterable[Json]) -> Iterable[tuple[str, Mapping[str, Scalar]]]:
    for each in told:
        parts = [part for part in list_of(each, "extension") if isinstance(part, dict)]
        record = {str(part.get("url", "")): _scalar(part) for part in parts}
        key = record.pop("key", None)
        if isinstance(key, str) and key:
            yield key, record


def _read(field: Field, told: Json, refer: References) -> Scalar:
    match field.form:
        case Form.PERSON:
            return refer.person_of(told.get("valueReference"))
        case Form.ENTRY:
            return refer.entry_of(told.get("valueReference"))
        case Form.YES_NO:
            return {True: "yes", False: "no"}.get(told.get("valueBoolean"))  # type: ignore[arg-type]
        case _:
            return _scalar(told)


def _scalar(told: Json) -> Scalar:
    found = next((value for name, value in told.items() if name.startswith("value")), None)
    return found if isinstance(found, str | int | float | bool) else None
