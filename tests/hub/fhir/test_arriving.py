"""Files of others, read into a plan: what they say is proposed, once, and what is not read is told."""

import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from crdt.changes import Create
from crdt.fields import Form
from crdt.sections import SECTIONS
from hub.fhir.arriving import Arriving, SeveralPatientsError, learned
from hub.fhir.bundles import resources
from hub.fhir.comparing import comparable
from hub.fhir.files import FileOfResources, Remark
from hub.fhir.proposing import TAKEN_OVER, LineKind, Proposal, Proposing, missing_in
from hub.ids import new_id
from hub.live.commands import PlanContent
from hub.workflows.imagined import imagined
from tests.hub.demo.test_stories import KEYS
from tests.hub.fhir.test_leaving import leaving_of
from tests.hub.workflows.plans import PLAN

EXAMPLES = Path(os.environ.get("CAREPLAN_FHIR_EXAMPLES", "/nowhere"))
PATIENT = {"reference": "Patient/p"}


def arrived(
    told: bytes, plan: PlanContent, remembered: dict[str, str] | None = None, team: Iterable[Any] = ()
) -> tuple[list[Proposal], list[Remark]]:
    remarks: list[Remark] = []
    file = FileOfResources(io.BytesIO(told), remarks.append)
    arriving = Arriving(file, learned(file), list(team), "test")
    proposing = Proposing(plan, remembered or {}, new_id)
    found = proposing.proposals(arriving.entries())
    return found, [*remarks, *arriving.remarks, *proposing.remarks]


def bundle(*told: dict[str, Any]) -> bytes:
    entries = [{"resource": {"subject": PATIENT, "id": str(number), **each}} for number, each in enumerate(told)]
    return json.dumps({"resourceType": "Bundle", "entry": entries}).encode()


@pytest.mark.parametrize("key", KEYS)
def test_what_a_hub_wrote_brings_nothing_new_into_the_plan_that_it_came_from(key: str) -> None:
    leaving = leaving_of(key)
    told = json.dumps(resources(leaving)).encode()

    found, _ = arrived(told, leaving.content, team=leaving.people)

    assert [(each.key, each.values) for each in found if each.standing is not LineKind.SAME] == []


@pytest.mark.parametrize("key", KEYS)
def test_in_another_plan_it_is_all_new_and_says_the_same_but_for_what_people_decided(key: str) -> None:
    leaving = leaving_of(key)
    told = json.dumps(resources(leaving)).encode()

    found, _ = arrived(told, PlanContent(PLAN, {}), team=leaving.people)

    count = sum(len(content.entries) for content in leaving.content.sections.values())
    assert len([each for each in found if each.standing is LineKind.NEW]) >= count * 0.9


def test_the_same_medicine_by_another_name_is_a_change_of_the_one_that_is_there() -> None:
    medicine = {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": "Zestril 20 MG Oral Tablet"},
        "dosageInstruction": [{"text": "Take 1 tablet daily"}],
    }  # fmt: skip
    plan = PlanContent(PLAN, {})
    first, _ = arrived(bundle({**medicine, "medicationCodeableConcept": {"text": "lisinopril 10 mg"}}), plan)
    content = with_entry(plan, first[0])

    found, _ = arrived(bundle(medicine), content)

    assert [(each.standing, each.entry) for each in found] == [(LineKind.CHANGED, first[0].entry)]
    assert found[0].values["name"] == "Zestril 20 MG Oral Tablet"


def test_a_file_of_two_patients_is_not_read() -> None:
    told = json.dumps([{"resourceType": "Patient", "id": each} for each in ("a", "b")]).encode()

    with pytest.raises(SeveralPatientsError):
        arrived(told, PlanContent(PLAN, {}))


@pytest.mark.parametrize(
    "odd",
    [
        {"resourceType": "Goal", "description": 3, "lifecycleStatus": ["x"], "target": "no"},
        {"resourceType": "Condition", "code": {"text": "x" * 600}, "onsetDateTime": "0001-01-01"},
        {"resourceType": "Condition", "code": {"text": "x"}, "onsetDateTime": "9999-12-31"},
        {"resourceType": "MedicationRequest", "dosageInstruction": {"text": []}, "medicationCodeableConcept": 1},
        {"resourceType": "Observation", "code": {"text": "x"}, "valueQuantity": {"value": "high"}},
        {"resourceType": "AllergyIntolerance", "reaction": [1], "code": []},
        {"resourceType": "Frobnicate"},
    ],
)
def test_what_can_not_be_read_is_told_and_what_can_is_read(odd: dict[str, Any]) -> None:
    good = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Walk to church"}}

    found, remarks = arrived(bundle(odd, good), PlanContent(PLAN, {}))

    assert "Walk to church" in [each.values.get("description") for each in found]
    assert remarks


def test_a_target_in_one_number_is_an_end_of_its_range_and_what_is_not_read_within_an_element_is_told() -> None:
    goal = {
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "A1c"},
        "target": [{"detailQuantity": {"value": 7, "comparator": "<", "unit": "%"}, "dueDuration": {"value": 3}}],
    }  # fmt: skip

    found, remarks = arrived(bundle(goal), PlanContent(PLAN, {}))

    assert (found[0].values["target_high"], found[0].values["unit"]) == (7, "%")
    assert "target_low" not in found[0].values
    assert "Not read: target.dueDuration." in [each.what for each in remarks]


def test_what_is_missing_is_asked_for_and_not_guessed() -> None:
    found, _ = arrived(bundle({"resourceType": "Condition", "code": {"text": "Asthma"}}), PlanContent(PLAN, {}))

    assert [each.name for each in missing_in(found[0])] == ["clinical_status"]


def test_readings_of_others_gather_at_one_measure() -> None:
    pressure = {
        "resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-11-20",
        "code": {"text": "Blood pressure"},
        "component": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": code, "display": name}]},
             "valueQuantity": {"value": value, "unit": "mmHg"}}
            for code, name, value in (("8480-6", "Systolic", 140), ("8462-4", "Diastolic", 80))
        ],
    }  # fmt: skip

    found, _ = arrived(
        bundle(pressure, {**pressure, "effectiveDateTime": "2026-11-21T08:00:00Z"}), PlanContent(PLAN, {})
    )

    assert sorted((str(each.values["measure"]), len(members_of(each))) for each in found) == [
        ("8462-4 Diastolic", 2),
        ("8480-6 Systolic", 2),
    ]


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the public examples are not here")
def test_public_bundles_are_read_without_an_error() -> None:
    for path in sorted(EXAMPLES.rglob("*.json")):
        try:
            found, remarks = arrived(path.read_bytes(), PlanContent(PLAN, {}))
        except SeveralPatientsError:
            continue
        assert found or remarks, path


def with_entry(plan: PlanContent, proposal: Proposal) -> PlanContent:
    return imagined(plan, [Create(proposal.section, proposal.entry, {**proposal.values, "status": "active"})], by=1)


def members_of(proposal: Proposal) -> dict[str, Any]:
    readings = proposal.values["readings"]
    assert isinstance(readings, dict)
    return readings


@pytest.mark.parametrize("key", KEYS)
def test_out_in_to_an_empty_plan_and_out_again_is_equal_but_for_what_people_decided(key: str) -> None:
    leaving = leaving_of(key)
    found, _ = arrived(json.dumps(resources(leaving)).encode(), PlanContent(PLAN, {}), team=leaving.people)
    was = {(each.section, own_id(each)): each for each in found}

    for section, content in leaving.content.sections.items():
        for entry in (each for each in content.entries.values() if (section, each.id) in was):
            for declared in SECTIONS[section].fields:
                if declared.command or declared.form is Form.ENTRY:
                    continue
                told = [
                    comparable(section, declared.name, each.get(declared.name), frozenset())
                    for each in (entry.values, was[section, entry.id].values)
                ]
                assert told[0] == told[1], (section, declared.name)


def test_what_people_decided_is_not_in_any_line_and_an_entry_keeps_its_id_whatever_it_says_now() -> None:
    leaving = leaving_of("mary")
    told = resources(leaving)
    goal = next(each for each in told if each["resourceType"] == "Goal")
    goal["description"]["text"] = "Something else"

    found, _ = arrived(json.dumps(told).encode(), leaving.content, team=leaving.people)
    elsewhere, _ = arrived(json.dumps(told).encode(), PlanContent(PLAN, {}), team=leaving.people)

    changed = [each for each in found if each.standing is not LineKind.SAME]
    assert [(each.entry, each.values) for each in changed] == [(goal["id"], {"description": "Something else"})]
    decided = {(each.section, field.name) for each in elsewhere for field in SECTIONS[each.section].all_fields
               if field.command and field.name in each.values}  # fmt: skip
    assert decided <= TAKEN_OVER


def own_id(proposal: Proposal) -> str:
    return proposal.key.rpartition("#")[2].rpartition("/")[2]
