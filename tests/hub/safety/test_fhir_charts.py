"""R4 resources of one patient are read as they are written: codes, references, structured and plain dosages."""

import contextlib
from typing import Any

import pytest

from hub.safety.fhir_charts import LOINC, RXNORM, ResourceError, read_resources, resources_of
from hub.safety.findings import check
from tests.hub.safety.charts import TODAY

Resource = dict[str, Any]
PATIENT: Resource = {"resourceType": "Patient", "id": "p", "birthDate": "1950-05-01", "gender": "female"}


def a_request(name: str = "", dosage: Resource | None = None, code: str = "", **more: Any) -> Resource:
    concept: Resource = {"text": name} if name else {}
    if code:
        concept["coding"] = [{"system": RXNORM, "code": code}]
    return {
        "resourceType": "MedicationRequest", "id": f"m-{name or code}-{len(more)}", "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p"}, "medicationCodeableConcept": concept,
        "dosageInstruction": [dosage] if dosage else [], **more,
    }  # fmt: skip


def a_value(code: str, value: float, unit: str, when: str = "2026-11-20") -> Resource:
    return {
        "resourceType": "Observation", "id": f"o-{code}-{when}", "status": "final",
        "subject": {"reference": "Patient/p"}, "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": unit},
    }  # fmt: skip


def rules(*resources: Resource) -> set[str]:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
    return {each.rule for each in check(read_resources(resources_of(bundle), TODAY), TODAY).findings}


STRUCTURED = {
    "timing": {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}},
    "doseAndRate": [{"doseQuantity": {"value": 1000, "unit": "mg"}}],
}


def test_medicines_are_read_by_words_and_by_ingredient_codes() -> None:
    assert "anticoagulant-nsaid" in rules(a_request("Warfarin", {"text": "5 mg daily"}), a_request(code="5640"))


def test_a_code_that_the_table_does_not_hold_is_not_checked() -> None:
    checked = check(read_resources([a_request(code="99999999")], TODAY), TODAY)

    assert checked.not_checked


def test_directions_that_say_two_things_are_told_and_those_that_say_one_are_not() -> None:
    once = {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}
    apart = {**once, "text": "10 mg daily", "doseAndRate": [{"doseQuantity": {"value": 40, "unit": "mg"}}]}
    alike = {**once, "text": "one 10 mg tablet a day", "doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg"}}]}

    def unread(dosage: Resource) -> list[str]:
        return [why for _, why in read_resources([a_request("lisinopril", dosage)], TODAY).unread]

    assert unread(alike) == []
    assert unread(apart) == ["its directions say two things: “10 mg daily” and “40 mg 1 times a day”"]


def test_a_value_in_words_is_read_or_told() -> None:
    warfarin = a_request("warfarin", {"text": "5 mg daily"})
    value = {key: each for key, each in a_value("6301-6", 0, "").items() if key != "valueQuantity"}

    assert "inr-very-high" in rules(warfarin, {**value, "valueString": "6.8"})
    assert read_resources([{**value, "valueString": "clotted"}], TODAY).unread


def test_a_creatinine_stands_for_the_egfr_that_nobody_worked_out() -> None:
    metformin, creatinine = a_request("metformin", {"text": "1000 mg BID"}), a_value("2160-0", 283, "umol/L")
    (told,) = check(read_resources([PATIENT, metformin, creatinine], TODAY), TODAY).findings

    assert told.rule == "metformin-egfr-30"
    assert "eGFR 14 mL/min/1.73 m2 from creatinine 3.2 mg/dL" in told.text
    newer = a_value("33914-3", 70, "mL/min/1.73 m2", "2026-11-21")
    assert rules(PATIENT, metformin, creatinine, newer) == set()
    unread = check(read_resources([metformin, creatinine], TODAY), TODAY).not_checked
    assert any("without age and sex" in each.why for each in unread)


def test_a_code_that_contradicts_the_words_is_not_checked() -> None:
    checked = check(read_resources([a_request("Lisinopril", {"text": "5 mg daily"}, code="11289")], TODAY), TODAY)

    assert "warfarin" in checked.not_checked[0].why


def test_structured_dosages_count_like_written_ones() -> None:
    assert "daily-maximum" in rules(
        a_request("acetaminophen", STRUCTURED), a_request("Tylenol", {"text": "500 mg q8h"})
    )


@pytest.mark.parametrize("status", ["stopped", "completed", "cancelled", "entered-in-error", "on-hold"])
def test_what_is_not_taken_does_not_count(status: str) -> None:
    assert rules(a_request("warfarin", {"text": "5 mg daily"}), a_request("ibuprofen", status=status)) == set()


def test_a_referenced_and_a_contained_medication_are_followed() -> None:
    drug = {"resourceType": "Medication", "id": "d", "code": {"text": "ibuprofen 400 mg"}}
    contained = {"resourceType": "Medication", "id": "c", "code": {"text": "warfarin"}}
    one = {**a_request(), "id": "1", "medicationReference": {"reference": "Medication/d"}}
    other = {**a_request(), "id": "2", "contained": [contained], "medicationReference": {"reference": "#c"}}
    for each in (one, other):
        each.pop("medicationCodeableConcept")

    assert "anticoagulant-nsaid" in rules(drug, one, other)


def test_values_problems_allergies_age_and_sex_are_read() -> None:
    allergy = {
        "resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p"},
        "code": {"text": "Penicillin"}, "reaction": [{"manifestation": [{"text": "Anaphylaxis"}]}],
    }  # fmt: skip
    problem = {
        "resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "N18.4"}]},
    }  # fmt: skip

    found = rules(
        PATIENT, allergy, problem, a_request("metformin", {"text": "500 mg BID"}), a_request("amoxicillin"),
        a_request("glyburide", {"text": "5 mg daily"}), a_value("33914-3", 24, "mL/min/{1.73_m2}"),
    )  # fmt: skip

    assert found >= {"allergy-penicillins", "metformin-ckd45", "metformin-egfr-30", "older-glyburide"}


@pytest.mark.parametrize(
    "state",
    [{"verificationStatus": {"coding": [{"code": "refuted"}]}}, {"clinicalStatus": {"coding": [{"code": "resolved"}]}}],
)
def test_what_is_refuted_or_over_does_not_count(state: Resource) -> None:
    allergy = {"resourceType": "AllergyIntolerance", "id": "a", "code": {"text": "Penicillin"}, **state}

    assert rules(allergy, a_request("amoxicillin")) == set()


def test_a_blood_pressure_is_read_from_its_components() -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}, "valueQuantity": {"value": 84, "unit": "mmHg"}}
    ]
    pressure = {**a_value("85354-9", 0, ""), "component": parts}
    pressure.pop("valueQuantity")

    assert "systolic-low" in rules(pressure, a_request("lisinopril", {"text": "10 mg daily"}))


def test_resources_of_two_patients_are_refused() -> None:
    other = {**a_request("ibuprofen"), "subject": {"reference": "Patient/q"}}

    with pytest.raises(ResourceError):
        rules(PATIENT, other)


@pytest.mark.parametrize("document", [3, "x", {}, [], {"resourceType": "Bundle", "entry": 3}, [{"a": 1}]])
def test_what_is_no_resource_is_refused(document: object) -> None:
    with pytest.raises(ResourceError):
        resources_of(document)


@pytest.mark.parametrize(
    "broken",
    [
        {"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": "warfarin"},
        {"resourceType": "Observation", "code": {"coding": "x"}, "valueQuantity": {"value": 3}},
        {"resourceType": "Condition", "code": []},
        {"resourceType": "AllergyIntolerance", "reaction": [{"manifestation": 3}]},
    ],
)
def test_a_broken_element_is_refused_and_never_raises_anything_else(broken: Resource) -> None:
    with contextlib.suppress(ResourceError):
        read_resources([broken], TODAY)
