"""Each rule fires where it must and keeps quiet where a careful colleague would."""

import pytest

from crdt.sections import Section
from hub.safety.medicine_rules import PILLS_A_DAY_MAX, list_findings, medicine_findings
from hub.workflows.findings import Finding, FindingSetAside, Severity, aside
from tests.hub.workflows.plans import Bench

MEDICATIONS = Section.MEDICATIONS


def a_medicine(bench: Bench, name: str, dose: str = "1 tablet", often: str = "once daily", **values: object) -> str:
    whole = {"kind": "medicine", "name": name, "dose": dose, "frequency": often, "taking": "active", **values}
    return bench.put(MEDICATIONS, by=bench.doctor, **whole)


def an_allergy(bench: Bench, name: str, **values: object) -> str:
    return bench.put(MEDICATIONS, by=bench.doctor, kind="allergy", name=name, **values)


def a_problem(bench: Bench, name: str, **values: object) -> str:
    whole = {"name": name, "kind": "problem", "clinical_status": "active", **values}
    return bench.put(Section.CONDITIONS, by=bench.doctor, **whole)


def rules(bench: Bench) -> list[str]:
    return [finding.rule for finding in medicine_findings(bench.plan)]


def found(bench: Bench, rule: str) -> Finding:
    return next(finding for finding in medicine_findings(bench.plan) if finding.rule == rule)


def pain_and_kidneys(bench: Bench) -> None:
    """A case of our own after the pattern of the public sample patient with pain, anxiety and kidney disease."""
    a_problem(bench, "Chronic kidney disease", code="N18.9")
    a_problem(bench, "Hypertension", code="I10")
    a_medicine(bench, "oxycodone hydrochloride ER", "60 mg", "one tablet twice per day")
    a_medicine(bench, "oxycodone hydrochloride ER", "60 mg", "one tablet twice per day")
    a_medicine(bench, "oxycodone hydrochloride", "10 mg", "one tablet per day")
    a_medicine(bench, "clonazepam", "0.5 mg", "one tablet twice per day")
    a_medicine(bench, "ibuprofen", "600 mg", "two tablets, three times per day")
    a_medicine(bench, "lisinopril", "40 mg", "one tablet once a day")
    a_medicine(bench, "simvastatin", "40 mg", "one tablet once a day")


def test_the_case_of_pain_anxiety_and_kidneys_fires_every_rule_it_must(bench: Bench) -> None:
    pain_and_kidneys(bench)

    assert rules(bench) == [
        "same-ingredient",
        "opioid-and-benzodiazepine",
        "nsaid-and-kidney",
        "nsaid-and-ace-inhibitor",
        "daily-maximum",
        "burden-of-pills",
    ]
    assert len(found(bench, "same-ingredient").entries) == 3
    assert "ibuprofen 3,600 mg a day" in found(bench, "daily-maximum").explanation
    assert found(bench, "opioid-and-benzodiazepine").severity is Severity.DANGER
    assert all(finding.advice for finding in medicine_findings(bench.plan))


def test_an_ordinary_list_after_a_heart_attack_is_quiet(bench: Bench) -> None:
    a_problem(bench, "Heart attack (NSTEMI)", code="I21.4")
    a_problem(bench, "Chronic kidney disease", clinical_status="resolved")
    a_problem(bench, "Kidney disease in the family", kind="risk")
    for name, dose, often in (
        ("aspirin", "81 mg", "once daily"), ("ticagrelor", "90 mg", "twice daily"),
        ("atorvastatin", "80 mg", "once daily"),
        ("metoprolol succinate ER", "25 mg", "once daily"), ("lisinopril", "10 mg", "once daily"),
        ("nitroglycerin", "0.4 mg", "when needed for chest pain"),
        ("acetaminophen", "500 mg", "every 6 hours when needed"),
    ):  # fmt: skip
        a_medicine(bench, name, dose, often)
    an_allergy(bench, "Penicillin", reaction="rash")

    assert rules(bench) == []


@pytest.mark.parametrize(
    ("one", "other", "fires"),
    [
        ("lisinopril", "enalapril", True),
        ("sertraline", "citalopram", True),
        ("ibuprofen", "naproxen", True),
        ("oxycodone ER", "oxycodone", False),
        ("aspirin", "ibuprofen", False),
        ("metoprolol", "lisinopril", False),
        ("Advil (ibuprofen)", "ibuprofen", False),
        ("something unheard of", "another one", False),
    ],
)
def test_two_of_a_class_are_told_where_one_is_enough(bench: Bench, one: str, other: str, fires: bool) -> None:
    a_medicine(bench, one, "81 mg" if one == "aspirin" else "1 tablet")
    a_medicine(bench, other)

    assert ("two-of-a-class" in rules(bench)) is fires


def test_a_brand_and_its_generic_are_the_same_ingredient(bench: Bench) -> None:
    a_medicine(bench, "Lasix")
    a_medicine(bench, "furosemide")

    assert rules(bench) == ["same-ingredient"]


def test_declared_ingredients_count_before_the_name(bench: Bench) -> None:
    a_medicine(bench, "the white one", ingredients={"ibuprofen": True})
    a_problem(bench, "CKD stage 3")

    assert rules(bench) == ["nsaid-and-kidney"]


@pytest.mark.parametrize("taking", ["stopped", "planned", "on hold"])
def test_what_is_not_taken_is_not_judged(bench: Bench, taking: str) -> None:
    a_medicine(bench, "furosemide")
    a_medicine(bench, "furosemide", taking=taking)

    assert rules(bench) == []


@pytest.mark.parametrize(
    ("name", "dose", "often", "fires"),
    [
        ("ibuprofen", "800 mg", "four times a day", False),
        ("ibuprofen", "800 mg", "every 4 hours", True),
        ("acetaminophen", "1 g", "every 6 hours", False),
        ("acetaminophen", "1,000 mg", "every 4 hours when needed", True),
        ("acetaminophen", "500 mg", "when needed", False),
        ("acetaminophen", "a spoon", "every hour", False),
        ("metformin", "1,000 mg", "three times daily", True),
        ("tiotropium", "18 mcg", "twelve times", False),
    ],
)
def test_the_daily_maximum_counts_what_can_be_read(bench: Bench, name: str, dose: str, often: str, fires: bool) -> None:
    a_medicine(bench, name, dose, often)

    assert ("daily-maximum" in rules(bench)) is fires


def test_the_daily_maximum_adds_up_over_the_list(bench: Bench) -> None:
    a_medicine(bench, "Tylenol", "1,000 mg", "three times a day")
    a_medicine(bench, "paracetamol", "1,000 mg", "twice daily")

    assert "5,000 mg" in found(bench, "daily-maximum").explanation


@pytest.mark.parametrize(
    ("allergy", "medicine", "rule"),
    [
        ("Penicillin", "amoxicillin", "allergy-class"),
        ("Amoxicillin", "amoxicillin", "allergy"),
        ("Penicillin", "cephalexin", "allergy-class"),
        ("Sulfa antibiotics", "Bactrim", "allergy-class"),
        ("aspirin", "ibuprofen", "allergy-class"),
        ("Codeine", "oxycodone", "allergy-class"),
        ("Penicillin", "azithromycin", ""),
        ("Latex", "amoxicillin", ""),
        ("Sulfa antibiotics", "furosemide", ""),
    ],
)
def test_an_allergy_is_told_for_the_ingredient_and_its_class(
    bench: Bench, allergy: str, medicine: str, rule: str
) -> None:
    an_allergy(bench, allergy)
    a_medicine(bench, medicine)

    assert rules(bench) == ([rule] if rule else [])


def test_a_refuted_allergy_is_none(bench: Bench) -> None:
    an_allergy(bench, "Penicillin", verification="refuted")
    a_medicine(bench, "amoxicillin")

    assert rules(bench) == []


def test_many_pills_a_day_are_a_burden(bench: Bench) -> None:
    for number in range(PILLS_A_DAY_MAX // 2 + 1):
        a_medicine(bench, f"unheard {number}", "1 tablet", "twice daily")

    assert rules(bench) == ["burden-of-pills"]


def test_a_medicine_that_vanishes_or_changes_between_two_lists_is_told_until_decided(bench: Bench) -> None:
    kept = a_medicine(bench, "aspirin", "81 mg", reconciliation="continue")
    changed = a_medicine(bench, "furosemide", "40 mg", reconciliation="unreconciled")
    decided = a_medicine(bench, "atorvastatin", "20 mg", reconciliation="change")
    before = [bench.entry(MEDICATIONS, each) for each in (kept, changed, decided)]
    other = Bench()
    a_medicine(other, "aspirin", "81 mg", reconciliation="continue")
    a_medicine(other, "furosemide", "80 mg", reconciliation="unreconciled")

    found_ = list_findings(before, other.plan)

    assert [(each.rule, each.explanation.split()[0]) for each in found_] == [
        ("medicine-changed", "furosemide"),
        ("medicine-vanished", "atorvastatin"),
    ]
    assert list_findings(before, bench.plan) == ()


def test_a_finding_is_set_aside_with_a_reason_that_stays(bench: Bench) -> None:
    a_medicine(bench, "lisinopril")
    a_medicine(bench, "enalapril")
    finding = found(bench, "two-of-a-class")
    command = FindingSetAside(section=MEDICATIONS, entry=finding.entries[0], key=finding.key, reason="switching")
    assert bench.refused(bench.doctor, FindingSetAside(
        section=MEDICATIONS, entry=finding.entries[0], key=finding.key, reason=" ")).field == "reason"  # fmt: skip

    bench.perform(bench.doctor, command)

    assert aside(bench.plan, finding) == "switching"
    a_medicine(bench, "ramipril")
    assert aside(bench.plan, found(bench, "two-of-a-class")) == "", "another list is another finding"
