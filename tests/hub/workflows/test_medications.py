import pytest

from crdt.sections import Section
from hub.workflows.comments import comments_on
from hub.workflows.medications import MedicationDecide, MedicationPrepare, unreconciled
from tests.hub.workflows.plans import Bench

MEDICATIONS = Section.MEDICATIONS


def a_medicine(bench: Bench, **values: str) -> str:
    whole = {"kind": "medicine", "name": "atorvastatin", "dose": "20 mg", "frequency": "once daily", "taking": "active",
             "reconciliation": "unreconciled", "prescriber": bench.specialist.person_id}  # fmt: skip
    return bench.put(MEDICATIONS, by=bench.doctor, **{**whole, **values})


def test_the_care_manager_prepares_and_primary_care_decides(bench: Bench) -> None:
    entry = a_medicine(bench)

    bench.perform(bench.nurse, MedicationPrepare(entry=entry, proposal="change", words="the hospital gave 80 mg"))
    assert bench.value(MEDICATIONS, entry, "reconciliation") == "prepared"
    decide = MedicationDecide(entry=entry, decision="change", reason="after a stent", dose="80 mg", seen="20 mg")
    bench.perform(bench.doctor, decide)

    assert bench.value(MEDICATIONS, entry, "dose") == "80 mg"
    assert bench.value(MEDICATIONS, entry, "reconciliation") == "change"
    told = [str(record["words"]) for record in comments_on(bench.plan, MEDICATIONS, entry).values()]
    assert told == ["Proposal: change. the hospital gave 80 mg", "Decided to change. after a stent"]
    assert unreconciled(bench.plan) == []


def test_who_prepares_does_not_decide(bench: Bench) -> None:
    entry = a_medicine(bench)

    for actor in (bench.nurse, bench.social, bench.patient, bench.daughter):
        refusal = bench.refused(actor, MedicationDecide(entry=entry, decision="continue"))
        assert refusal.code not in ("form", "state")


def test_the_prescriber_decides_on_their_own_and_no_other_specialist_does(bench: Bench) -> None:
    own, other = a_medicine(bench), a_medicine(bench, prescriber=bench.doctor.person_id)

    bench.perform(bench.specialist, MedicationDecide(entry=own, decision="continue"))

    assert bench.refused(bench.specialist, MedicationDecide(entry=other, decision="continue")).code != "state"


@pytest.mark.parametrize("decided", ["continue", "change", "stop"])
def test_it_is_decided_once(bench: Bench, decided: str) -> None:
    entry = a_medicine(bench, reconciliation=decided)

    refusal = bench.refused(bench.doctor, MedicationDecide(entry=entry, decision="continue"))

    assert refusal.reason == f"It was decided already: {decided}."


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"decision": "maybe"}, "decision"),
        ({"decision": "stop"}, "reason"),
        ({"decision": "change", "reason": "x"}, "dose"),
        ({"decision": "continue", "dose": "80 mg"}, "dose"),
        ({"decision": "stop", "reason": "x", "dose": "80 mg"}, "dose"),
    ],
)
def test_a_decision_is_whole(bench: Bench, arguments: dict[str, str], field: str) -> None:
    refusal = bench.refused(bench.doctor, MedicationDecide(entry=a_medicine(bench), **arguments))

    assert (refusal.code, refusal.field) == ("form", field)


def test_a_stopped_medicine_is_no_longer_in_use(bench: Bench) -> None:
    entry = a_medicine(bench)

    bench.perform(bench.pharmacist, MedicationDecide(entry=entry, decision="stop", reason="twice on the list"))

    assert bench.value(MEDICATIONS, entry, "taking") == "stopped"


def test_a_page_that_shows_an_old_dose_decides_nothing(bench: Bench) -> None:
    refusal = bench.refused(bench.doctor, MedicationDecide(entry=a_medicine(bench), decision="continue", seen="40 mg"))

    assert refusal.code == "stale"
    assert "20 mg" in refusal.reason


def test_an_allergy_is_not_reconciled(bench: Bench) -> None:
    entry = bench.put(MEDICATIONS, by=bench.doctor, kind="allergy", name="Penicillin")

    assert bench.refused(bench.doctor, MedicationDecide(entry=entry, decision="continue")).code == "state"
    assert unreconciled(bench.plan) == []
