"""The search parameters of the API, by type of resource: what each looks at. One table, told by ``/fhir/metadata``."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class ParameterKind(StrEnum):
    """How a value is compared (R4, "Search")."""

    TOKEN = "token"  # noqa: S105 - a word of the standard
    REFERENCE = "reference"
    DATE = "date"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter: ``paths`` are the elements it looks at, a dot for each level; lists are looked through."""

    name: str
    kind: ParameterKind
    paths: tuple[str, ...]


def _token(name: str, *paths: str) -> SearchParameter:
    return SearchParameter(name, ParameterKind.TOKEN, paths or (name,))


def _reference(name: str, *paths: str) -> SearchParameter:
    return SearchParameter(name, ParameterKind.REFERENCE, paths or (name,))


def _date(name: str, *paths: str) -> SearchParameter:
    return SearchParameter(name, ParameterKind.DATE, paths or (name,))


def _string(name: str, *paths: str) -> SearchParameter:
    return SearchParameter(name, ParameterKind.STRING, paths or (name,))


_COMMON: Final = (_token("_id", "id"), _date("_lastUpdated", "meta.lastUpdated"))
_SUBJECT: Final = (_reference("patient", "subject"), _reference("subject"))
_STATUS: Final = _token("status")
_CATEGORY: Final = _token("category")
_CODE: Final = _token("code")

_OWN: Final[Mapping[str, tuple[SearchParameter, ...]]] = {
    "Patient": (
        _token("identifier"), _string("name", "name.family", "name.given"), _string("family", "name.family"),
        _string("given", "name.given"), _date("birthdate", "birthDate"), _token("gender"),
        _reference("organization", "managingOrganization"),
    ),
    "Organization": (_string("name"),),
    "Practitioner": (_token("identifier"), _string("name", "name.text")),
    "PractitionerRole": (
        _reference("practitioner"), _reference("organization"), _token("role", "code"), _token("specialty"),
    ),
    "RelatedPerson": (
        _reference("patient"), _token("identifier"), _string("name", "name.text"), _token("relationship"),
    ),
    "CarePlan": (
        *_SUBJECT, _STATUS, _CATEGORY, _token("intent"), _reference("care-team", "careTeam"),
        _reference("condition", "addresses"), _reference("goal"),
        _reference("activity-reference", "activity.reference"),
    ),
    "CareTeam": (*_SUBJECT, _STATUS, _reference("participant", "participant.member")),
    "Condition": (
        *_SUBJECT, _CATEGORY, _CODE, _token("clinical-status", "clinicalStatus"), _token("severity"),
        _date("onset-date", "onsetDateTime"), _date("recorded-date", "recordedDate"), _reference("asserter"),
    ),
    "Goal": (
        *_SUBJECT, _CATEGORY, _token("lifecycle-status", "lifecycleStatus"),
        _token("achievement-status", "achievementStatus"), _date("start-date", "startDate"),
        _date("target-date", "target.dueDate"),
    ),
    "MedicationStatement": (
        *_SUBJECT, _STATUS, _CATEGORY, _token("code", "medicationCodeableConcept"),
        _date("effective", "effectiveDateTime", "effectivePeriod"), _reference("source", "informationSource"),
    ),
    "AllergyIntolerance": (
        _reference("patient"), _CATEGORY, _CODE, _token("criticality"), _token("clinical-status", "clinicalStatus"),
        _token("verification-status", "verificationStatus"), _date("date", "recordedDate"),
    ),
    "List": (*_SUBJECT, _STATUS, _CODE, _reference("item", "entry.item"), _date("date")),
    "Task": (
        _reference("patient", "for"), _reference("subject", "for"), _STATUS, _CODE, _token("priority"),
        _token("intent"), _reference("owner"), _reference("requester"), _reference("focus"),
        _reference("based-on", "basedOn"), _date("authored-on", "authoredOn"), _date("period", "executionPeriod"),
    ),
    "ServiceRequest": (
        *_SUBJECT, _STATUS, _CATEGORY, _CODE, _token("priority"), _token("intent"), _reference("requester"),
        _reference("performer"), _date("authored", "authoredOn"),
        _date("occurrence", "occurrenceDateTime", "occurrencePeriod"),
    ),
    "Observation": (
        *_SUBJECT, _STATUS, _CATEGORY, _CODE, _reference("performer"), _reference("has-member", "hasMember"),
        _date("date", "effectiveDateTime", "effectivePeriod", "effectiveInstant"),
    ),
    "Encounter": (
        *_SUBJECT, _STATUS, _token("class"), _token("type"), _date("date", "period"),
        _reference("participant", "participant.individual"),
    ),
    "Communication": (*_SUBJECT, _STATUS, _CATEGORY, _date("sent"), _reference("sender")),
    "Consent": (_reference("patient"), _STATUS, _CATEGORY, _date("date", "dateTime"), _token("scope")),
    "Provenance": (_reference("patient", "target"), _reference("target"), _reference("agent", "agent.who"),
                   _date("recorded")),
}  # fmt: skip

PARAMETERS: Final[Mapping[str, Mapping[str, SearchParameter]]] = MappingProxyType(
    {kind: {each.name: each for each in (*_COMMON, *own)} for kind, own in _OWN.items()}
)
"""Of each type that can be read, its parameters by name. ``patient`` chooses the plans that are looked through."""
