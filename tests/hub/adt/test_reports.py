"""A result as FHIR: a DiagnosticReport alone or in a message is read into what an ORU^R01 is read into."""

import json
from typing import Any

import pytest

from hub.adt.bundles import event_told, is_result
from hub.adt.events import HospitalEvent, PatientNumber, ToldResult, Trigger
from hub.adt.reading import MessageError
from hub.adt.reports import OWN_PATIENT, observed

LOINC = "http://loinc.org"


def a_code(code: str, name: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code}], "text": name}


def an_ldl(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": "ldl", "status": "final", "code": a_code("13457-7", "LDL"),
        "category": [{"coding": [{"code": "laboratory"}]}], "identifier": [{"system": "urn:lab", "value": "A4711-1"}],
        "valueQuantity": {"value": 128, "unit": "mg/dL"}, "interpretation": [{"coding": [{"code": "H"}]}],
        "referenceRange": [{"low": {"value": 0}, "high": {"value": 100}}], **more,
    }  # fmt: skip


def a_report(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport", "status": "final", "code": a_code("57698-3", "Lipid panel"),
        "subject": {"reference": "Patient/p1"}, "issued": "2026-11-27T15:09:00-05:00", "contained": [an_ldl()],
        "identifier": [{"system": "urn:lab", "value": "A4711"}], "result": [{"reference": "#ldl"}],
        "performer": [{"display": "Northside Laboratory"}],
        "basedOn": [{"identifier": {"value": "ORDER-9"}}], **more,
    }  # fmt: skip


def told(resource: dict[str, Any]) -> HospitalEvent:
    return event_told(json.dumps(resource).encode(), "machine")


def test_a_report_has_its_codes_numbers_values_and_whom_it_is_about() -> None:
    event = told(a_report())

    assert (event.trigger, event.patient.numbers) == (Trigger.RESULT, (PatientNumber(OWN_PATIENT, "p1"),))
    assert event.visit.facility == "Northside Laboratory"
    assert event.results == (
        ToldResult(
            numbers=("A4711", "ORDER-9"), codes=("57698-3", "13457-7"), name="Lipid panel", final=True,
            words="LDL 128 mg/dL (0-100, H)", identifier="urn:lab|A4711",
        ),
    )  # fmt: skip


def test_a_message_names_the_report_its_patient_and_its_order_by_address() -> None:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Whitfield"}], "birthDate": "1956-05-14"}
    order = {"resourceType": "ServiceRequest", "id": "o", "identifier": [{"value": "ORDER-7"}]}
    report = a_report(subject={"reference": "urn:uuid:p"}, basedOn=[{"reference": "ServiceRequest/o"}])
    head = {"resourceType": "MessageHeader", "id": "m1", "eventCoding": {"code": "R01"}}
    entries = [("h", head), ("r", report), ("p", patient), ("o", order)]
    message = {"resourceType": "Bundle", "type": "message", "timestamp": "2026-11-27T20:12:00Z",
               "entry": [{"fullUrl": f"urn:uuid:{name}", "resource": each} for name, each in entries]}  # fmt: skip

    event = told(message)

    assert (event.control, event.patient.family) == ("m1", "Whitfield")
    assert event.results[0].numbers == ("A4711", "ORDER-7")
    assert is_result(json.dumps(message).encode())
    assert not is_result(b"{")


@pytest.mark.parametrize(
    ("report", "value", "final"),
    [("final", "final", True), ("corrected", "amended", True), ("preliminary", "final", False),
     ("final", "preliminary", False), ("cancelled", "final", False)],
)  # fmt: skip
def test_only_what_is_final_in_every_part_is_final(report: str, value: str, final: bool) -> None:
    assert told(a_report(status=report, contained=[an_ldl(status=value)])).results[0].final is final


@pytest.mark.parametrize(
    ("missing", "where"),
    [("subject", "DiagnosticReport.subject"), ("issued", "DiagnosticReport.issued")],
)
def test_what_a_report_lacks_is_told_with_its_element(missing: str, where: str) -> None:
    report = a_report()
    del report[missing]

    with pytest.raises(MessageError) as refused:
        told(report)

    assert refused.value.fault.where == where


def test_words_codes_documents_and_a_number_of_the_sender_are_read_too() -> None:
    culture = an_ldl(code=a_code("600-7", "Blood culture"), valueQuantity=None, valueString="No growth",
                     interpretation=None, referenceRange=None)  # fmt: skip
    subject = {"identifier": {"system": "urn:ngh", "value": "X1"}}
    document = a_report(result=[], presentedForm=[{"url": "x"}], subject=subject)

    assert told(a_report(contained=[culture])).results[0].words == "Blood culture No growth"
    assert told(document).results[0].words == "a document that stays with the laboratory"
    assert told(document).patient.numbers == (PatientNumber("urn:ngh", "X1"),)


def test_one_observation_of_a_laboratory_is_a_result_and_one_from_home_is_none() -> None:
    found = observed(an_ldl())

    assert found is not None
    assert (found.codes, found.words, found.identifier) == (
        ("13457-7",), "LDL 128 mg/dL (0-100, H)", "urn:lab|A4711-1",
    )  # fmt: skip
    assert observed(an_ldl(category=[])) is None
