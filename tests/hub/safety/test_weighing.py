"""A command that leaves a danger standing needs a reason; facts and what is brought in are never refused."""

from collections.abc import Sequence

import pytest

from crdt.changes import Assign, Change
from crdt.sections import Section
from hub.live.commands import Refusal
from hub.safety.plan_charts import screened
from hub.safety.weighing import DANGER, DESPITE, answered_by, open_dangers, weighed
from hub.workflows.entries import EntryCreate, EntryRetire
from hub.workflows.findings import FindingSetAside, asides
from hub.workflows.imagined import imagined
from hub.workflows.medications import MedicationDecide
from tests.hub.workflows.plans import NOW, Bench, an_id

MEDICATIONS = Section.MEDICATIONS


def a_medicine(bench: Bench, name: str, dose: str = "5 mg", **more: object) -> str:
    whole = {"kind": "medicine", "name": name, "dose": dose, "frequency": "once daily", "taking": "active", **more}
    return bench.put(MEDICATIONS, by=bench.doctor, **whole)


def adding(name: str, despite: str = "", **more: str) -> EntryCreate:
    values = {"kind": "medicine", "name": name, "dose": "400 mg", "frequency": "three times daily", **more}
    return EntryCreate(section=MEDICATIONS, values=values, despite=despite)


def weigh(bench: Bench, command: EntryCreate | MedicationDecide | EntryRetire) -> Sequence[Change] | Refusal:
    changes = command.changes(bench.plan, bench.doctor, NOW, an_id)
    assert not isinstance(changes, Refusal), changes
    return weighed(bench.plan, command, changes, bench.doctor, NOW, an_id)


def test_a_danger_without_a_reason_is_refused_and_says_what_it_is() -> None:
    bench = Bench()
    a_medicine(bench, "warfarin")

    refused = weigh(bench, adding("ibuprofen"))

    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field) == (DANGER, DESPITE)
    assert "bleeding" in refused.reason


def test_a_reason_is_kept_beside_the_medicine_and_answers_the_danger() -> None:
    bench = Bench()
    a_medicine(bench, "warfarin")

    changes = weigh(bench, adding("ibuprofen", despite="Two days only, INR tomorrow"))
    assert not isinstance(changes, Refusal)
    bench.plan = imagined(bench.plan, changes, by=1)

    assert [each["reason"] for each in asides(bench.plan).values()] == ["Two days only, INR tomorrow"]
    assert open_dangers(bench.plan, NOW) == []


def test_what_was_set_aside_is_open_again_when_a_dose_changes() -> None:
    bench = Bench()
    warfarin = a_medicine(bench, "warfarin")
    a_medicine(bench, "ibuprofen", "400 mg")
    finding = open_dangers(bench.plan, NOW)[0]
    aside = FindingSetAside(
        entry=finding.entries[0], rule=finding.rule, fingerprint=finding.fingerprint, reason="Short course"
    )
    bench.perform(bench.doctor, aside)
    assert open_dangers(bench.plan, NOW) == []

    bench.plan = imagined(bench.plan, [Assign(MEDICATIONS, warfarin, "dose", "7.5 mg")], by=1)

    assert [each.rule for each in open_dangers(bench.plan, NOW)] == ["anticoagulant-nsaid"]


def test_a_finding_is_set_aside_with_a_reason_only_and_by_who_decides() -> None:
    bench = Bench()
    a_medicine(bench, "warfarin")
    a_medicine(bench, "ibuprofen", "400 mg")
    finding = open_dangers(bench.plan, NOW)[0]
    command = {"entry": finding.entries[0], "rule": finding.rule, "fingerprint": finding.fingerprint}

    assert bench.refused(bench.doctor, FindingSetAside(**command, reason=" ")).field == "reason"
    assert bench.refused(bench.nurse, FindingSetAside(**command, reason="Fine"))
    assert bench.refused(bench.patient, FindingSetAside(**command, reason="Fine"))


def test_a_medicine_under_danger_is_not_reconciled_without_a_reason() -> None:
    bench = Bench()
    a_medicine(bench, "warfarin", reconciliation="continue")
    new = a_medicine(bench, "ibuprofen", "400 mg", reconciliation="unreconciled")

    assert isinstance(weigh(bench, MedicationDecide(entry=new, decision="continue")), Refusal)
    assert not isinstance(weigh(bench, MedicationDecide(entry=new, decision="stop", reason="Bleeding")), Refusal)


def test_facts_and_what_takes_a_danger_away_are_never_refused() -> None:
    bench = Bench()
    a_medicine(bench, "amoxicillin", "500 mg")
    ibuprofen = a_medicine(bench, "ibuprofen", "400 mg")
    a_medicine(bench, "warfarin")
    allergy = EntryCreate(section=MEDICATIONS, values={"kind": "allergy", "name": "Penicillin", "reaction": "hives"})

    assert not isinstance(weigh(bench, allergy), Refusal)
    assert not isinstance(weigh(bench, EntryRetire(section=MEDICATIONS, entry=ibuprofen, reason="Stopped")), Refusal)


@pytest.mark.parametrize("taking", ["stopped", "on hold"])
def test_what_is_not_taken_is_not_judged(taking: str) -> None:
    bench = Bench()
    a_medicine(bench, "warfarin")
    a_medicine(bench, "ibuprofen", "400 mg", taking=taking)

    assert screened(bench.plan, NOW).findings == ()


def test_what_became_of_a_finding_is_told_by_its_rule_for_who_counts() -> None:
    bench = Bench()
    a_medicine(bench, "warfarin")
    ibuprofen = a_medicine(bench, "ibuprofen", "400 mg")
    finding = next(each for each in open_dangers(bench.plan, NOW) if each.rule == "anticoagulant-nsaid")
    aside = FindingSetAside(
        entry=finding.medicine_entries[0], rule=finding.rule, fingerprint=finding.fingerprint, reason="one day"
    )

    def became(command: EntryRetire | FindingSetAside | EntryCreate) -> tuple[tuple[str, str], ...]:
        changes = command.changes(bench.plan, bench.doctor, NOW, an_id)
        assert not isinstance(changes, Refusal), changes
        return answered_by(bench.plan, changes, NOW)

    assert became(aside) == ((finding.rule, "set-aside"),)
    assert became(EntryRetire(section=MEDICATIONS, entry=ibuprofen, reason="stopped")) == ((finding.rule, "acted-on"),)
    assert became(adding("cetirizine")) == ()
