"""What a section's resource needs beside the fields: what R4 requires, and by what a resource of others is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crdt.sections import SECTIONS, Section
from hub.fhir.codes import ABSENT, CONFIDENTIALITY, LOINC, MAPS
from hub.fhir.elements import list_of
from hub.fhir.places import Json

SECTION_TAG: Final = "urn:careplan-hub:section"
_HL7: Final = "http://terminology.hl7.org/CodeSystem/"
_CLINICAL: Final = _HL7 + "condition-clinical"
_SDOH: Final = {
    "coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-category", "code": "sdoh"}],
    "text": "social need",
}
_UNKNOWN: Final = {"coding": [{"system": ABSENT, "code": "unknown"}]}
_RESTRICTED: Final = {
    Section.BEHAVIORAL_HEALTH: {"system": CONFIDENTIALITY, "code": "BH", "display": "behavioral health"},
    Section.STAFF_NOTES: {
        "system": _HL7 + "v3-Confidentiality",
        "code": "R",
        "display": "restricted",
    },
}
_ALLERGY: Final = "AllergyIntolerance"


def type_of(section: Section, values: Mapping[str, Any]) -> str:
    """Return the type of the resource that an entry with these values is."""
    if section is Section.MEDICATIONS and values.get("kind") == "allergy":
        return _ALLERGY
    return SECTIONS[section].fhir.partition(".")[0]


def skeleton(section: Section, kind: str, patient: Json) -> Json:
    """Return what such a resource has before any field is written. ``patient`` is the Reference to the patient."""
    meta: Json = {"tag": [{"system": SECTION_TAG, "code": section.value}]}
    if section in _RESTRICTED:
        meta["security"] = [_RESTRICTED[section]]
    made: Json = {"resourceType": kind, "meta": meta}
    whose = {"Task": "for", "Consent": "patient", _ALLERGY: "patient"}.get(kind, "subject")
    made[whose] = patient
    return made | _REQUIRED.get(kind, dict)()


_REQUIRED: Final[Mapping[str, Callable[[], Json]]] = {
    "Task": lambda: {"intent": "order", "status": "requested"},
    "ServiceRequest": lambda: {"intent": "order", "status": "draft"},
    "Communication": lambda: {"status": "completed"},
    "MedicationStatement": lambda: {"status": "unknown"},
    "Goal": lambda: {"lifecycleStatus": "proposed"},
    "Encounter": lambda: {"status": "unknown"},
    "Observation": lambda: {"status": "final"},
    "Consent": lambda: {
        "status": "active",
        "scope": {"coding": [{"system": _HL7 + "consentscope", "code": "adr"}], "text": "Advance care"},
        "policyRule": {"text": "What the person wants if they can't say it themselves"},
    },
}


def finish(section: Section, resource: Json, values: Mapping[str, Any]) -> None:
    """Add what depends on the fields that were written, and take out what R4 does not allow without another."""
    done = _FINISHING.get(section)
    if done is not None:
        done(resource, values)


def _about_me(resource: Json, values: Mapping[str, Any]) -> None:
    resource["code"] = {"coding": [{"system": LOINC, "code": "95541-9"}], "text": SECTIONS[Section.ABOUT_ME].title}


def _condition(resource: Json, values: Mapping[str, Any]) -> None:
    resource.setdefault("code", dict(_UNKNOWN))


def _goal(resource: Json, values: Mapping[str, Any]) -> None:
    resource.setdefault("description", dict(_UNKNOWN))
    for target in resource.get("target", []):
        spread = target.get("detailRange", {})
        unit = spread.get("high", {}).get("unit")
        if unit and "low" in spread:
            spread["low"]["unit"] = unit
        if unit and "value" not in spread["high"]:
            del spread["high"]  # A unit alone is no end of a range.
        ends = [spread.get(end, {}).get("value") for end in ("low", "high")]
        if "measure" not in target or not spread or (None not in ends and ends[0] > ends[1]):
            target.pop("detailRange", None)
    resource["target"] = [each for each in resource.get("target", []) if each]
    if not resource["target"]:
        del resource["target"]


def _medicine(resource: Json, values: Mapping[str, Any]) -> None:
    if resource["resourceType"] == _ALLERGY:
        resource.setdefault("code", dict(_UNKNOWN))
        coding = {"system": _HL7 + "allergyintolerance-clinical", "code": "active"}
        resource["clinicalStatus"] = {"coding": [coding]}
        return
    resource.setdefault("medicationCodeableConcept", dict(_UNKNOWN))
    told = [str(values.get(name) or "").strip() for name in ("dose", "route", "frequency")]
    if any(told):  # A reader who shows the text alone shows all of it.
        resource.setdefault("dosage", [{}])[0]["text"] = " ".join(each for each in told if each)


def _task(resource: Json, values: Mapping[str, Any]) -> None:
    for output in resource.get("output", []):
        output["type"] = {"text": "outcome"}


def _referral(resource: Json, values: Mapping[str, Any]) -> None:
    resource["code"] = {"text": f"Referral: {values.get('kind') or 'to'} {values.get('to') or ''}".strip()}


def _measure(resource: Json, values: Mapping[str, Any]) -> None:
    resource.setdefault("code", dict(_UNKNOWN))
    for zone in resource.get("referenceRange", []):
        unit = values.get("unit")
        for end in ("low", "high"):
            if end in zone and unit:
                zone[end]["unit"] = unit
        zone["type"] = {"text": f"{zone['id']} zone"}
        if not zone.keys() & {"low", "high", "text"}:
            zone["text"] = f"{zone['id']} zone"
    resource["dataAbsentReason"] = {
        "coding": [{"system": ABSENT, "code": "not-applicable"}],
        "text": "The readings are its members.",
    }


def _stay(resource: Json, values: Mapping[str, Any]) -> None:
    resource.setdefault("class", {"display": "not recorded"})


def _need(resource: Json, values: Mapping[str, Any]) -> None:
    categories = resource.get("category", [])
    resource["category"] = [_SDOH, *categories]
    resource["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": "active"}]}
    resource.setdefault("code", dict(_UNKNOWN))


def _note(resource: Json, values: Mapping[str, Any]) -> None:
    if resource["meta"]["tag"][0]["code"] == Section.STAFF_NOTES:
        resource["category"] = [{"text": "team-only note"}]


def _huddle(resource: Json, values: Mapping[str, Any]) -> None:
    resource["status"] = "finished"
    resource["class"] = {"system": _HL7 + "v3-ActCode", "code": "VR", "display": "virtual"}
    resource["type"] = [{"coding": [{"system": LOINC, "code": "51848-0"}], "text": "huddle"}]
    told = [each for each in resource.pop("participant", []) if not _is_patient(each.get("individual", {}))]
    if told:
        resource["participant"] = told


def _is_patient(reference: Json) -> bool:
    return str(reference.get("reference", "")).startswith("Patient/")


def _wish(resource: Json, values: Mapping[str, Any]) -> None:
    resource.setdefault("category", [{"text": "wish"}])
    for actor in resource.get("provision", {}).get("actor", []):
        actor["role"] = {"text": "speaks for the person"}


def _behavioral(resource: Json, values: Mapping[str, Any]) -> None:
    resource.setdefault("code", dict(_UNKNOWN))
    resource["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": "active"}]}
    resource["category"] = [{"text": SECTIONS[Section.BEHAVIORAL_HEALTH].title}]


_FINISHING: Final[Mapping[Section, Callable[[Json, Mapping[str, Any]], None]]] = {
    Section.ABOUT_ME: _about_me,
    Section.CONDITIONS: _condition,
    Section.GOALS: _goal,
    Section.MEDICATIONS: _medicine,
    Section.TASKS: _task,
    Section.REFERRALS: _referral,
    Section.MONITORING: _measure,
    Section.TRANSITIONS: _stay,
    Section.SOCIAL_NEEDS: _need,
    Section.STAFF_NOTES: _note,
    Section.HUDDLES: _huddle,
    Section.ADVANCE_CARE: _wish,
    Section.BEHAVIORAL_HEALTH: _behavioral,
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """Which section a resource is an entry of, and whether a hub like this one wrote it."""

    section: Section
    ours: bool


def section_of(resource: Mapping[str, Any]) -> Recognised | None:
    """Return the section that a resource belongs to, ``None`` where a plan has no place for it."""
    meta = resource.get("meta")
    for tag in list_of(meta, "tag"):
        if isinstance(tag, dict) and tag.get("system") == SECTION_TAG and tag.get("code") in set(Section):
            section = Section(tag["code"])
            return Recognised(section, True) if SECTIONS[section].fhir else None
    found = _OTHERS.get(str(resource.get("resourceType", "")))
    section_found = found(resource) if found is not None else None
    return Recognised(section_found, False) if section_found is not None else None


def _codes(resource: Mapping[str, Any], name: str) -> set[str]:
    concepts = list_of(resource, name)
    codings = (coding for each in concepts for coding in list_of(each, "coding") if isinstance(coding, dict))
    return {str(coding.get("code", "")) for coding in codings}


def _of_condition(resource: Mapping[str, Any]) -> Section:
    codes = _codes(resource, "category")
    social = "sdoh" in codes or any(MAPS[Section.SOCIAL_NEEDS, "domain"].choice(each) for each in codes)
    return Section.SOCIAL_NEEDS if social else Section.CONDITIONS


_OTHERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Section | None]]] = {
    "Condition": _of_condition,
    "Goal": lambda _: Section.GOALS,
    "MedicationStatement": lambda _: Section.MEDICATIONS,
    "MedicationRequest": lambda _: Section.MEDICATIONS,
    _ALLERGY: lambda _: Section.MEDICATIONS,
    "Task": lambda _: Section.TASKS,
    "ServiceRequest": lambda _: Section.REFERRALS,
    "Observation": lambda _: Section.MONITORING,
    "Encounter": lambda _: Section.TRANSITIONS,
}
