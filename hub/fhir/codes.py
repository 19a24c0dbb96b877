"""The hub's choices as codes of FHIR R4's own value sets and of the terminologies that R4 and US Core name.

A choice that the value set lacks is written as its nearest code; what was chosen then stands in an extension beside.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from crdt.sections import Section

LOINC: Final = "http://loinc.org"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED: Final = "http://snomed.info/sct"
ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
UCUM: Final = "http://unitsofmeasure.org"
UCUM_NAMES: Final[Mapping[str, str]] = {
    "[lb_av]": "lb", "[oz_av]": "oz", "[in_i]": "in", "[ft_i]": "ft", "[st_av]": "st", "{beats}/min": "bpm",
    "{breaths}/min": "/min", "mL/min/{1.73_m2}": "mL/min/1.73 m2",
}  # fmt: skip
"""Codes of units that devices send, as the table of measures names the unit."""

CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_HL7: Final = "http://terminology.hl7.org/CodeSystem/"
_US_CATEGORY: Final = "http://hl7.org/fhir/us/core/CodeSystem/condition-category"

_ICD10CM_FORM: Final = re.compile(r"[A-TV-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")
_SNOMED_FORM: Final = re.compile(r"\d{6,18}")
LOINC_FORM: Final = re.compile(r"\d{1,7}-\d")


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """What each choice is in another system. ``also`` reads codes that no choice of ours is written as."""

    codes: Mapping[str, str]
    system: str = ""
    systems: Mapping[str, str] = field(default_factory=dict)
    """A choice whose code is of another system than the rest."""
    also: Mapping[str, str] = field(default_factory=dict)

    def choice(self, code: str) -> str:
        """Return the choice that a code means, ``""`` for an unknown one. The first of two wins."""
        found = next((choice for choice, each in self.codes.items() if each == code), "")
        return found or self.also.get(code, "")

    def system_of(self, choice: str) -> str:
        """Return the system of a choice's code."""
        return self.systems.get(choice, self.system)


_URGENCY: Final = ConceptMap({each: each for each in ("routine", "urgent", "asap", "stat")})

MAPS: Final[Mapping[tuple[Section, str], ConceptMap]] = {
    (Section.CONDITIONS, "kind"): ConceptMap(
        {"problem": "problem-list-item", "concern": "health-concern", "risk": "health-concern"},
        _HL7 + "condition-category",
        {"concern": _US_CATEGORY, "risk": _US_CATEGORY},
        also={"encounter-diagnosis": "problem"},
    ),
    (Section.CONDITIONS, "clinical_status"): ConceptMap(
        {each: each for each in ("active", "recurrence", "relapse", "inactive", "remission", "resolved")},
        _HL7 + "condition-clinical",
    ),
    (Section.CONDITIONS, "severity"): ConceptMap(
        {"mild": "255604002", "moderate": "6736007", "severe": "24484000"}, SNOMED
    ),
    (Section.GOALS, "priority"): ConceptMap(
        {"high": "high-priority", "medium": "medium-priority", "low": "low-priority"}, _HL7 + "goal-priority"
    ),
    (Section.GOALS, "lifecycle"): ConceptMap(
        {
            "proposed": "proposed", "accepted": "accepted", "active": "active", "on hold": "on-hold",
            "completed": "completed", "cancelled": "cancelled",
        },
        also={"planned": "accepted", "rejected": "cancelled"},
    ),
    (Section.GOALS, "achievement"): ConceptMap(
        {
            "in progress": "in-progress", "improving": "improving", "worsening": "worsening",
            "no change": "no-change", "achieved": "achieved", "not achieved": "not-achieved",
            "not attainable": "not-attainable",
        },
        _HL7 + "goal-achievement",
        also={"sustaining": "achieved", "no-progress": "no change"},
    ),
    (Section.MEDICATIONS, "route"): ConceptMap(
        {
            "oral": "26643006", "sublingual": "37839007", "inhaled": "447694001", "subcutaneous": "34206005",
            "intramuscular": "78421000", "intravenous": "47625008", "topical": "6064005", "eye": "54485002",
            "ear": "10547007", "nasal": "46713006", "rectal": "37161004", "transdermal": "45890007",
        },
        SNOMED,
        also={"C38288": "oral", "PO": "oral", "C38299": "subcutaneous", "SC": "subcutaneous"},
    ),
    (Section.MEDICATIONS, "taking"): ConceptMap(
        {"active": "active", "on hold": "on-hold", "stopped": "stopped", "planned": "intended"},
        also={"completed": "stopped", "not-taken": "stopped", "cancelled": "stopped", "draft": "planned"},
    ),
    (Section.MEDICATIONS, "criticality"): ConceptMap(
        {"low": "low", "high": "high", "unable to assess": "unable-to-assess"}
    ),
    (Section.MEDICATIONS, "verification"): ConceptMap(
        {each: each for each in ("unconfirmed", "confirmed", "refuted")},
        _HL7 + "allergyintolerance-verification",
    ),
    (Section.TASKS, "priority"): _URGENCY,
    (Section.TASKS, "state"): ConceptMap(
        {
            "requested": "requested", "received": "received", "accepted": "accepted", "in progress": "in-progress",
            "on hold": "on-hold", "completed": "completed", "rejected": "rejected", "cancelled": "cancelled",
            "failed": "failed",
        },
        also={"draft": "requested", "ready": "accepted"},
    ),
    (Section.REFERRALS, "kind"): ConceptMap(
        {
            "specialist": "3457005", "community": "410606002", "diagnostic": "103693007",
        },
        SNOMED,
        also={"386053000": "diagnostic", "108252007": "diagnostic", "363679005": "diagnostic"},
    ),
    (Section.REFERRALS, "urgency"): _URGENCY,
    (Section.REFERRALS, "state"): ConceptMap(
        {
            "draft": "draft", "requested": "active", "received": "active", "accepted": "active",
            "rejected": "revoked", "scheduled": "active", "seen": "active", "no-show": "active",
            "reported": "active", "closed": "completed", "cancelled": "revoked",
        },
        also={"on-hold": "requested"},
    ),
    (Section.TRANSITIONS, "event"): ConceptMap(
        {
            "admitted": "in-progress", "discharged": "finished", "transferred": "in-progress",
            "visited": "finished", "died": "finished",
        },
        also={"arrived": "admitted", "triaged": "admitted", "onleave": "admitted"},
    ),
    (Section.TRANSITIONS, "setting"): ConceptMap(
        {
            "emergency department": "EMER", "observation": "OBSENC", "inpatient": "IMP",
            "psychiatric hospital": "IMP", "rehabilitation hospital": "IMP", "long-term hospital": "IMP",
            "skilled nursing": "NONAC", "home": "HH",
        },
        _HL7 + "v3-ActCode",
        also={"ACUTE": "inpatient"},
    ),
    (Section.TRANSITIONS, "destination"): ConceptMap(
        {
            "home": "home", "home with home health": "home", "assisted living": "alt-home",
            "skilled nursing": "snf", "another hospital": "other-hcf", "hospice": "hosp",
        },
        _HL7 + "discharge-disposition",
        also={"rehab": "another hospital", "long": "another hospital", "psy": "another hospital"},
    ),
    (Section.SOCIAL_NEEDS, "domain"): ConceptMap(
        {
            "food": "food-insecurity", "housing": "housing-instability", "transport": "transportation-insecurity",
            "utilities": "utility-insecurity", "employment": "employment-status", "loneliness": "social-connection",
        },
        "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes",
        also={
            "homelessness": "housing", "inadequate-housing": "housing", "intimate-partner-violence": "safety",
            "elder-abuse": "safety", "financial-insecurity": "other", "material-hardship": "other",
            "medical-cost-burden": "other", "sdoh-category-unspecified": "other",
        },
    ),
}  # fmt: skip
"""Every choice that R4 has a code for; other choices are written as words."""


def problem_coding(code: str) -> dict[str, str]:
    """Return a problem's code with the system that its form tells: SNOMED CT in digits, ICD-10-CM, else none."""
    if _SNOMED_FORM.fullmatch(code):
        return {"system": SNOMED, "code": code}
    return {"system": ICD10CM, "code": code} if _ICD10CM_FORM.fullmatch(code) else {"code": code}
