"""Several medicines are decided as one act, whole or not at all, and never past a danger that nobody answered."""

import pytest

from hub.live.commands import Refusal
from hub.safety.weighing import weighed
from hub.workflows.medications import MEDICATIONS, MedicationDecide, unreconciled
from hub.workflows.reconciling import MedicationsReconcile, to_decide
from tests.hub.workflows.plans import Bench, an_id


def a_medicine(bench: Bench, name: str = "atorvastatin", **values: str) -> str:
    whole = {"kind": "medicine", "name": name, "dose": "20 mg", "frequency": "once daily", "taking": "active",
             "reconciliation": "unreconciled", "prescriber": bench.specialist.person_id}  # fmt: skip
    return bench.put(MEDICATIONS, by=bench.doctor, **{**whole, **values})


def going_on(entry: str) -> MedicationDecide:
    return MedicationDecide(entry=entry, decision="continue", seen="20 mg")


def test_all_lines_are_decided_as_one_act(bench: Bench) -> None:
    kept, changed, stopped = a_medicine(bench), a_medicine(bench, "lisinopril"), a_medicine(bench, "zolpidem")
    lines = [
        going_on(kept),
        MedicationDecide(entry=changed, decision="change", dose="10 mg", reason="pressure 104", seen="20 mg"),
        MedicationDecide(entry=stopped, decision="stop", reason="she falls"),
    ]

    bench.perform(bench.doctor, MedicationsReconcile(lines=lines))

    assert unreconciled(bench.plan) == []
    assert bench.value(MEDICATIONS, changed, "dose") == "10 mg"
    assert bench.value(MEDICATIONS, stopped, "taking") == "stopped"


def test_one_line_that_can_t_be_taken_refuses_all(bench: Bench) -> None:
    first, second = a_medicine(bench), a_medicine(bench, "lisinopril", dose="10 mg")

    refusal = bench.refused(bench.doctor, MedicationsReconcile(lines=[going_on(first), going_on(second)]))

    assert refusal.code == "stale"
    assert refusal.entry == second
    assert len(unreconciled(bench.plan)) == 2


@pytest.mark.parametrize("who", ["nurse", "social", "patient", "daughter"])
def test_who_may_not_decide_on_one_may_not_decide_on_all(bench: Bench, who: str) -> None:
    entry = a_medicine(bench)

    bench.refused(getattr(bench, who), MedicationsReconcile(lines=[going_on(entry)]))

    assert to_decide(bench.plan, getattr(bench, who), bench.now) == []
    assert [each.id for each in to_decide(bench.plan, bench.doctor, bench.now)] == [entry]


def test_nothing_is_decided_past_a_danger_on_a_medicine_that_is_left_out(bench: Bench) -> None:
    thinner, other = a_medicine(bench, "warfarin", dose="5 mg"), a_medicine(bench)
    pain = a_medicine(bench, "ibuprofen", dose="400 mg")

    refusal = bench.refused(bench.doctor, MedicationsReconcile(lines=[going_on(other)]))
    assert refusal.code == "danger"

    stops = MedicationsReconcile(
        lines=[going_on(other), MedicationDecide(entry=pain, decision="stop", reason="bleeds")]
    )
    assert not isinstance(bench.judge(bench.doctor, stops), Refusal)
    assert thinner


def test_a_danger_that_stays_on_a_decided_medicine_needs_a_reason(bench: Bench) -> None:
    a_medicine(bench, "warfarin", dose="5 mg")
    pain = MedicationDecide(entry=a_medicine(bench, "ibuprofen", dose="400 mg"), decision="continue", seen="400 mg")

    def answer(command: MedicationsReconcile) -> object:
        changes = bench.judge(bench.doctor, command)
        assert not isinstance(changes, Refusal), changes
        return weighed(bench.plan, command, changes, bench.doctor, bench.now, an_id)

    refused, allowed = (
        answer(MedicationsReconcile(lines=[pain])),
        answer(MedicationsReconcile(lines=[pain], despite="three days, with a proton pump inhibitor")),
    )

    assert isinstance(refused, Refusal)
    assert refused.field == "despite"
    assert not isinstance(allowed, Refusal)
