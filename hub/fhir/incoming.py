"""Resources of one patient as entries that a plan could have: what each says, and under which name it came.

Resources of a hub like this one come back whole. Of those of others, what a plan has a place for is read; a medicine is
read as the rules read it (``hub.safety.fhir_charts``), so that it means the same in both.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crdt.contents import Record
from crdt.fields import Value
from crdt.sections import Section
from hub.fhir.elements import References, list_of
from hub.fhir.entries import values_of
from hub.fhir.observing import Measured, is_reading, measured
from hub.fhir.places import Json
from hub.fhir.shapes import section_of


@dataclass(slots=True)
class Incoming:
    """One entry that came: ``key`` is the type and id of its resource where it came from."""

    section: Section
    key: str
    values: dict[str, Value]
    resource: Mapping[str, Any]
    ours: bool = False
    readings: dict[str, Record] = field(default_factory=dict)


def key_of(resource: Mapping[str, Any]) -> str:
    """Return type and id, as References name a resource."""
    return f"{resource.get('resourceType', '')}/{resource.get('id', '')}"


def entries_in(resource: Mapping[str, Any], refer: References) -> Iterator[Incoming]:
    """Yield the entries that a resource is: one, each member of a care team, none for what is no entry."""
    known = section_of(resource)
    if known is None or is_reading(resource):
        return
    if known.section is Section.CARE_TEAM:
        for number, member in enumerate(list_of(resource, "participant")):
            if isinstance(member, dict):
                values = values_of(known.section, {**member, "resourceType": "CareTeam"}, refer)
                told = str(member.get("id") or number)
                yield Incoming(known.section, f"{key_of(resource)}#{told}", values, member, known.ours)
        return
    yield Incoming(known.section, key_of(resource), values_of(known.section, resource, refer), resource, known.ours)


def with_readings(
    measures: Sequence[Incoming], observations: Iterable[tuple[Mapping[str, Any], Measured]]
) -> list[Incoming]:
    """Return the measures with their readings: members by name, others by what is measured, each new measure once."""
    by_member = {
        str(each.get("reference", "")).rpartition("/")[2]: measure
        for measure in measures
        for each in list_of(measure.resource, "hasMember")
        if isinstance(each, dict)
    }
    by_name = {str(measure.values.get("measure", "")): measure for measure in measures}
    for resource, reading in observations:
        measure = by_member.get(reading.key) or by_name.get(reading.measure)
        if measure is None:
            values: dict[str, Value] = {"measure": reading.measure}
            if reading.unit:
                values["unit"] = reading.unit
            measure = Incoming(Section.MONITORING, f"measure:{reading.measure}", values, resource)
            by_name[reading.measure] = measure
        measure.readings[reading.key] = reading.record
    return list({id(each): each for each in [*measures, *by_name.values()]}.values())


def whole_plan(resources: Sequence[Json], refer: References) -> list[Incoming]:
    """Return everything that these resources say of a plan, the readings with their measures."""
    found = [each for resource in resources for each in entries_in(resource, refer)]
    measures = [each for each in found if each.section is Section.MONITORING]
    told = (
        (resource, reading)
        for resource in resources
        if resource.get("resourceType") == "Observation" and is_reading(resource)
        for reading in measured(resource, refer)
    )
    for measure in with_readings(measures, told):
        if measure.readings:
            measure.values["readings"] = measure.readings
        if measure not in measures:
            found.append(measure)
    return found
