"""Whether a plan that left as FHIR comes back as what it was: asked of every export, before anyone relies on it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crdt.fields import Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.fhir.bundles import Leaving
from hub.fhir.entries import fields_of
from hub.fhir.incoming import whole_plan
from hub.fhir.people import PlanReferences
from hub.fhir.places import Json
from hub.workflows.contents import active

NOT_THE_SAME: Final[Mapping[str, str]] = {
    "a reference to an entry that does not leave": "What the reader may not see, or what was retired, is not named.",
    "blank words": "FHIR has no empty strings: a field of blanks comes back empty.",
    "characters that can't be seen": "FHIR's strings hold none but tab and line ends.",
    "a yes or no that is neither": "An answer other than yes and no has no boolean.",
}
"""What does not come back as it was, each with its reason, beside the fields of ``NOT_CARRIED``."""


class _Everything(frozenset[str]):
    def __contains__(self, _: object) -> bool:
        return True


EVERYTHING: Final = _Everything()
"""For ``comparable``: every entry that is named leaves as well."""


def lost(leaving: Leaving, resources: Sequence[Json]) -> list[str]:
    """Return the places (section/entry/field) whose value does not come back from the resources."""
    refer = PlanReferences({}, leaving.subject.patient_id)
    back = {(each.section, _entry_of(each.key)): each.values for each in whole_plan(resources, refer)}
    leaves = {entry.id for section in Section for entry in active(leaving.content, section)}
    leaves -= {entry.id for entry in active(leaving.content, Section.CARE_TEAM)}
    found: list[str] = []
    for section in Section:
        for entry in active(leaving.content, section):
            told = back.get((section, entry.id), {})
            for field in fields_of(section):
                was = comparable(section, field.name, entry.values.get(field.name), leaves)
                if was != comparable(section, field.name, told.get(field.name), leaves):
                    found.append(f"{section}/{entry.id}/{field.name}")
    return found


def _entry_of(key: str) -> str:
    return key.rpartition("#")[2] if "#" in key else key.rpartition("/")[2]


def comparable(section: Section, name: str, value: Value, leaves: set[str] | frozenset[str]) -> Any:
    """Return a value as far as FHIR carries it: equal for two that mean the same."""
    field = SECTIONS[section].field(name)
    assert field is not None, "only declared fields are compared"
    if isinstance(value, Mapping) and field.kind is Kind.LOG:
        return {
            key: {part: each for part, each in record.items() if each not in (None, "")}
            for key, record in value.items()
            if isinstance(record, Mapping)
        } or None
    if isinstance(value, Mapping):
        members = {member for member, present in value.items() if present is True}
        return frozenset(members & leaves if field.form is Form.ENTRY else members) or None
    if field.form is Form.ENTRY and value not in leaves:
        return None
    return None if isinstance(value, str) and not value.strip() else value
