"""Notifications as FHIR: the same events, and the public examples."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.adt.bundles import event_told, outcome
from hub.adt.events import PatientNumber, Trigger
from hub.adt.reading import MessageError
from hub.adt.stays import stay_of


def a_bundle(event: str = "notification-admit", /, **encounter: Any) -> dict[str, Any]:
    """Return a notification of Mary's."""
    told = {
        "resourceType": "Encounter", "identifier": [{"system": "urn:v", "value": "V1"}], "class": {"code": "IMP"},
        "subject": {"reference": "urn:uuid:p"}, "status": "in-progress", "serviceProvider": {"display": "Northside"},
        "period": {"start": "2026-11-27T15:09:00-05:00"}, **encounter,
    }  # fmt: skip
    patient = {
        "resourceType": "Patient", "identifier": [{"system": "urn:n", "value": "7"}], "birthDate": "1956-05-14",
        "name": [{"family": "Whitfield", "given": ["Mary"]}], "gender": "female",
    }  # fmt: skip
    head = {
        "resourceType": "MessageHeader", "id": "m1", "focus": [{"reference": "urn:uuid:e"}],
        "eventCoding": {"system": "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event", "code": event},
    }  # fmt: skip
    entries = [("h", head), ("e", told), ("p", patient)]
    return {
        "resourceType": "Bundle", "type": "message", "timestamp": "2026-11-27T20:12:00Z",
        "entry": [{"fullUrl": f"urn:uuid:{name}", "resource": each} for name, each in entries],
    }  # fmt: skip


def test_a_notification_is_the_same_kind_of_event() -> None:
    event = event_told(json.dumps(a_bundle()).encode(), "machine")

    assert (event.trigger, event.control, event.visit.number) == (Trigger.ADMIT, "m1", "urn:v|V1")
    assert event.patient.numbers == (PatientNumber("urn:n", "7"),)
    assert stay_of([event]) is not None


@pytest.mark.parametrize(
    ("kind", "setting"), [("EMER", "emergency department"), ("OBSENC", "observation"), ("AMB", "")]
)
def test_the_class_says_what_kind_of_stay_it_is(kind: str, setting: str) -> None:
    stay = stay_of([event_told(json.dumps(a_bundle("notification-admit", **{"class": {"code": kind}})).encode(), "m")])

    assert (stay.setting if stay is not None else "") == setting


@pytest.mark.parametrize(
    "broken",
    [b"", b"[]", b"{", b"[" * 100_000, json.dumps(a_bundle("notification-x")).encode(),
     json.dumps(a_bundle() | {"entry": 7}).encode(), json.dumps(a_bundle() | {"timestamp": "yesterday"}).encode(),
     json.dumps(a_bundle(identifier=[])).encode(), json.dumps(a_bundle() | {"type": "batch"}).encode()],
)  # fmt: skip
def test_what_is_no_notification_is_told_as_an_outcome(broken: bytes) -> None:
    with pytest.raises(MessageError) as caught:
        event_told(broken, "m")

    assert outcome(caught.value.fault)["issue"][0]["severity"] == "error"


@pytest.mark.skipif(not os.environ.get("CAREPLAN_FHIR_EXAMPLES"), reason="the public examples are not here")
def test_the_public_examples_are_one_stay_that_ends_at_home() -> None:
    folder = Path(os.environ["CAREPLAN_FHIR_EXAMPLES"]) / "davinci-alerts-adt"
    events = [event_told(each.read_bytes(), "m") for each in sorted(folder.iterdir())]

    stay = stay_of(events)

    assert stay is not None
    assert (stay.event, stay.setting, stay.destination) == ("discharged", "inpatient", "home")
    assert stay.end == datetime(2018, 10, 24, 5, 22, 15, tzinfo=UTC)
