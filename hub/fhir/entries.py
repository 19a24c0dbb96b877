"""An entry of a plan as a resource of R4, and a resource as an entry's values.

What is written is read back at once by the reader that reads the files of others too; a field that would not come back
as it was (the code is coarser than the choice, the words are no quantity) is said by its extension as well. An
extension counts only while the element beside it still says what its value would be written as: whoever changed the
element knew nothing of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from crdt.fields import Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.fhir.elements import References, Typed, read, written
from hub.fhir.extensions import empties, empty, extensions, value_told
from hub.fhir.observing import reference_to_reading
from hub.fhir.places import FhirPlace, Json, get, place_in, put
from hub.fhir.shapes import finish, skeleton, type_of

NOT_CARRIED: Final[Mapping[str, str]] = {
    "status": "Only entries that stand in the plan leave it; what was retired stays in the journal.",
    "retired_reason": "Only entries that stand in the plan leave it.",
    "position": "The order of the Bundle is the order of the list.",
}
"""Common fields that no resource says, each with its reason."""

_TOLD_OTHERWISE: Final = frozenset({(Section.MEDICATIONS, "kind"), (Section.MONITORING, "readings")})
"""The type of the resource says whether it is an allergy; each reading is a resource of its own."""


def fields_of(section: Section) -> tuple[Field, ...]:
    """Return the fields of a section that leave with its entries, in declared order."""
    return tuple(field for field in SECTIONS[section].all_fields if field.name not in NOT_CARRIED)


def resource_of(section: Section, entry_id: str, values: Mapping[str, Value], patient: Json, refer: References) -> Json:
    """Return an entry as its resource: the elements of R4, and our extensions for what they can't say."""
    resource = _elements(section, values, patient, refer)
    resource["id"] = entry_id
    back = _native(section, resource, refer)
    beside = [
        extension
        for field in fields_of(section)
        if (section, field.name) not in _TOLD_OTHERWISE
        if _plain(field, back.get(field.name)) != _plain(field, values.get(field.name))
        for extension in _beside(section, field, values.get(field.name), refer)
    ]
    if beside:
        resource["extension"] = beside
    return resource


def _beside(section: Section, field: Field, value: Value, refer: References) -> list[Json]:
    return [empty(field)] if _plain(field, value) is None else extensions(section, field, value, refer)


def values_of(section: Section, resource: Mapping[str, Any], refer: References) -> dict[str, Value]:
    """Return what a resource says of an entry of this section; only what it says, nothing guessed."""
    found = _native(section, resource, refer)
    told = {field.name: value_told(section, field, resource, refer) for field in fields_of(section)}
    nothing = empties(resource)
    told = {name: value for name, value in told.items() if value is not None or name in nothing}
    if told:
        whole = {**found, **told}
        again = _elements(section, whole, {}, refer)
        kind = str(resource.get("resourceType", ""))
        for field in fields_of(section):
            place = _place(section, field, kind)
            if field.name in told and (place is None or _same(field, get(again, place), get(resource, place))):
                found[field.name] = told[field.name]
    return {name: value for name, value in found.items() if value is not None}


def _elements(section: Section, values: Mapping[str, Value], patient: Json, refer: References) -> Json:
    kind = type_of(section, values)
    resource = skeleton(section, kind, patient)
    for typed in _typed(section, kind):
        for element in _written(typed, values.get(typed.field.name), refer):
            put(resource, _first_category(typed), element)
    finish(section, resource, values)
    return resource


def _first_category(typed: Typed) -> FhirPlace:
    """Return the place to write to: the second of two categories is written first, its first is always there."""
    if typed.section is Section.SOCIAL_NEEDS and typed.field.name == "domain":
        return FhirPlace("", (("category", "0"),), typed.place.kind)
    return typed.place


def _written(typed: Typed, value: Value, refer: References) -> Iterator[object]:
    if typed.place.kind == "readings" and isinstance(value, Mapping):
        yield from (reference_to_reading(key) for key in sorted(value))
        return
    if typed.field.kind is Kind.SET and isinstance(value, Mapping):
        told = (written(typed, member, refer) for member in sorted(value) if value[member] is True)
        yield from (each for each in told if each is not None)
    elif value is not None and value != "" and not isinstance(value, Mapping):
        element = written(typed, value, refer)
        if element is not None:
            yield element


def _native(section: Section, resource: Mapping[str, Any], refer: References) -> dict[str, Value]:
    kind = str(resource.get("resourceType", ""))
    found: dict[str, Value] = {}
    if section is Section.MEDICATIONS:
        found["kind"] = "allergy" if kind == "AllergyIntolerance" else "medicine"
    for typed in _typed(section, kind):
        elements = get(resource, typed.place)
        if typed.field.kind is Kind.SET:
            members = (read(typed, each, refer) for each in elements)
            found[typed.field.name] = {each: True for each in members if isinstance(each, str) and each}
        elif elements and typed.field.kind is not Kind.LOG:
            found[typed.field.name] = read(typed, elements[0], refer)
    return {name: value for name, value in found.items() if value is not None and value != {} and value != ""}


def _typed(section: Section, kind: str) -> Iterator[Typed]:
    for field in fields_of(section):
        place = _place(section, field, kind)
        if place is not None:
            yield Typed(section, field, place)


def _place(section: Section, field: Field, kind: str) -> FhirPlace | None:
    return place_in(field, kind, SECTIONS[section].fhir.partition(".")[0])


def _plain(field: Field, value: Value) -> object:
    """Return a value so that two that mean the same are equal: an empty one, a set without its absent members."""
    if isinstance(value, Mapping):
        if field.kind is Kind.SET:
            return frozenset(member for member, present in value.items() if present is True) or None
        return {key: dict(record) for key, record in value.items() if isinstance(record, Mapping)} or None
    return None if value == "" else value


def _same(field: Field, one: list[object], other: list[object]) -> bool:
    if field.form in (Form.PERSON, Form.ENTRY):  # Named differently by whoever passed it on.
        return len(one) == len(other)
    return one == other
