"""Everything that leaves of the demo's patients is R4 to two validators that we did not write."""

import json
import re
import subprocess
from typing import Any

import httpx2
import pytest

from hub.fhir.parameters import PARAMETERS
from tests.harness.browsers import node, validators
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow


def test_two_validators_find_nothing_wrong_with_what_leaves_of_any_patient(shared_hub: Hub) -> None:
    form = {
        "act": "make", "name": "Validators", "role": "care_manager", "days": "1", "rate": "6000", "keys": "",
        "scopes": " ".join(f"system/{kind}.rs" for kind in PARAMETERS),
    }  # fmt: skip
    with shared_hub.pages("Jonas Falk") as falk:
        found = re.search(r'class="token">([^<]+)<', falk.post("/admin/systems", data=form).text)
    assert found is not None
    headers = {"authorization": f"Bearer {found[1]}"}
    with httpx2.Client(base_url=f"{shared_hub.base_url}/fhir", headers=headers, trust_env=False, timeout=60) as client:

        def told(at: str) -> dict[str, Any]:
            answer = client.get(at)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        patients = [each["resource"]["id"] for each in told("/Patient?_count=200")["entry"]]
        plans = [each["resource"]["id"] for each in told("/CarePlan?_count=200")["entry"]]
        left = [told(f"/CarePlan/{each}/$document") for each in plans]
        left += [each["resource"] for at in patients for each in told(f"/Patient/{at}/$everything")["entry"]]
    left += [told_as_outcome(shared_hub)]

    place, words = validators(), [str(node()), "validate.js"]
    done = subprocess.run(
        words, cwd=place, input=json.dumps(left), capture_output=True, text=True, check=True, timeout=300
    )

    assert len(patients) >= 7
    assert len(left) > 100
    assert json.loads(done.stdout) == []


def told_as_outcome(hub: Hub) -> dict[str, Any]:
    """Return a refusal: it leaves as well."""
    with httpx2.Client(base_url=hub.base_url, trust_env=False) as nobody:
        found: dict[str, Any] = nobody.get("/fhir/Goal").json()
    return found
