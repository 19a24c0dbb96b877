"""The public MCC sample patient, where the folder of examples is at hand. The same case of our own stands in
``test_medicine_rules``, so that nothing depends on this."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from crdt.sections import Section
from hub.safety.medicine_rules import medicine_findings
from tests.hub.workflows.plans import Bench

SETTING = "CAREPLAN_FHIR_EXAMPLES"


def resources(folder: Path, kind: str) -> list[dict[str, Any]]:
    bundles = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("mcc-pnoelle-*.json"))]
    entries = [entry["resource"] for bundle in bundles for entry in bundle.get("entry", [])]
    return [each for each in entries if each["resourceType"] == kind]


def text(concept: dict[str, Any]) -> str:
    return str(concept.get("text") or concept["coding"][0].get("display", ""))


def test_the_sample_patients_dangers_are_found(bench: Bench) -> None:
    told = os.environ.get(SETTING)
    if not told:
        pytest.skip(f"{SETTING} is not set")
    folder = Path(told) / "mcc-sample-data" / "pnoelle"
    for condition in resources(folder, "Condition"):
        bench.put(
            Section.CONDITIONS, name=text(condition["code"]), code=condition["code"]["coding"][-1].get("code", ""),
            kind="problem", clinical_status="active",
        )  # fmt: skip
    for request in resources(folder, "MedicationRequest"):
        name = text(request["medicationCodeableConcept"])
        dosage = request.get("dosageInstruction", [{}])[0].get("text", "")
        bench.put(Section.MEDICATIONS, kind="medicine", name=name, dose=name, frequency=dosage, taking="active")

    rules = {finding.rule for finding in medicine_findings(bench.plan)}

    assert rules >= {"same-ingredient", "opioid-and-benzodiazepine", "nsaid-and-kidney", "nsaid-and-ace-inhibitor",
                     "daily-maximum"}  # fmt: skip
