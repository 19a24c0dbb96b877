"""The public MCC sample patient, where the folder of examples is at hand. The same case of our own stands in
``test_findings``, so that nothing depends on this."""

import json
import os
from datetime import date
from pathlib import Path

import pytest

from hub.safety.fhir_charts import read_resources, resources_of
from hub.safety.findings import check

SETTING = "CAREPLAN_FHIR_EXAMPLES"


def test_the_sample_patients_dangers_are_found() -> None:
    told = os.environ.get(SETTING)
    if not told:
        pytest.skip(f"{SETTING} is not set")
    folder = Path(told) / "mcc-sample-data" / "pnoelle"
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("mcc-pnoelle-*.json"))]
    resources = [one for each in documents for one in resources_of(each)]

    checked = check(read_resources(resources, date(2026, 11, 27)), date(2026, 11, 27))

    rules = {each.rule for each in checked.findings}
    assert rules >= {"same-ingredient", "opioid-benzodiazepine", "nsaid-ckd", "nsaid-ras", "daily-maximum"}
