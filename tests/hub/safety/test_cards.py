"""CDS Hooks: cards for one patient from what is sent alone, in the order of danger, and nothing of anyone else."""

from typing import Any

import pytest

from hub.safety.cards import SERVICES, SUMMARY_CHARACTERS_MAX, HookError, cards
from tests.hub.safety.charts import TODAY
from tests.hub.safety.test_fhir_charts import PATIENT, a_request

HUB = "https://hub.example"


def called(hook: str, *known: dict[str, Any], drafts: tuple[dict[str, Any], ...] = ()) -> list[dict[str, Any]]:
    context: dict[str, Any] = {"patientId": "p", "userId": "Practitioner/1"}
    if hook != "patient-view":
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": each} for each in drafts]}
    prefetch = {
        "patient": PATIENT,
        "medications": {"resourceType": "Bundle", "entry": [{"resource": x} for x in known]},
    }
    request = {"hook": hook, "hookInstance": "1", "context": context, "prefetch": prefetch}
    found: list[dict[str, Any]] = cards(f"careplan-{hook}", request, TODAY, HUB)["cards"]
    return found


WARFARIN = a_request("warfarin", {"text": "5 mg daily"})
IBUPROFEN = a_request("ibuprofen", {"text": "400 mg three times a day"}, note="draft")
LISINOPRIL = a_request("lisinopril", {"text": "10 mg daily"}, note="other", more=1)


def test_discovery_tells_three_services_with_their_prefetch() -> None:
    assert [each["hook"] for each in SERVICES] == ["patient-view", "order-select", "order-sign"]
    assert all("patientId" in str(each["prefetch"]) for each in SERVICES)


def test_the_view_of_a_patient_tells_the_dangerous_first() -> None:
    found = called("patient-view", WARFARIN, IBUPROFEN)

    assert found[0]["indicator"] == "critical"
    assert "bleeding" in found[0]["summary"]
    assert {"uuid", "summary", "detail", "indicator", "source", "links"} <= set(found[0])
    assert all(len(each["summary"]) <= SUMMARY_CHARACTERS_MAX + 1 for each in found)


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_an_order_tells_only_what_concerns_it(hook: str) -> None:
    assert called(hook, WARFARIN, IBUPROFEN, drafts=(LISINOPRIL,))[0]["summary"].startswith("Ibuprofen with lisinopril")
    assert not any("bleeding" in each["summary"] for each in called(hook, WARFARIN, IBUPROFEN, drafts=(LISINOPRIL,)))


def test_what_was_not_checked_is_a_card() -> None:
    assert called("order-sign", drafts=(a_request("Zorblax", {"text": "1 mg daily"}),))[-1]["indicator"] == "info"


def test_resources_of_another_patient_are_refused() -> None:
    other = {**IBUPROFEN, "subject": {"reference": "Patient/q"}}

    with pytest.raises(HookError):
        called("patient-view", WARFARIN, other)


@pytest.mark.parametrize("request_", [None, [], {}, {"hook": "patient-view"}, {"hook": "patient-view", "context": {}},
                                      {"hook": "patient-view", "context": {"patientId": "p"}, "prefetch": 3},
                                      {"hook": "order-sign", "context": {"patientId": "p"}}])  # fmt: skip
def test_what_is_no_request_is_refused(request_: object) -> None:
    with pytest.raises(HookError):
        cards("careplan-patient-view", request_, TODAY, HUB)
