"""What a careful colleague would say, and where she would keep quiet. Each trap here was fallen into once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.safety.charts import Chart, ChartMedicine
from hub.safety.findings import MEDICINES_MAX, Screening, check
from hub.safety.rules import FamilyAdvice, Severity
from tests.hub.safety.charts import TODAY, a_chart, checked, found, rules


def silent(chart: Chart) -> bool:
    """Nothing found beyond what is only told about ages."""
    return not {each.rule for each in checked(chart).findings}


@pytest.mark.parametrize(
    ("chart", "rule"),
    [
        (a_chart("warfarin 5 mg daily", "ibuprofen 400 mg TID"), "anticoagulant-nsaid"),
        (a_chart("APAP 1 g QID", "Tylenol 500 mg 2 tabs q6h"), "daily-maximum"),
        (a_chart("Norco 5/325 2 tabs q6h prn", "Tylenol 650 mg q6h"), "daily-maximum"),
        (a_chart("Acetaminophen 2 tabs of 500 mg six times a day"), "daily-maximum"),
        (a_chart("amoxicillin 500 mg TID", allergies=[("PCN", "anaphylaxis")]), "allergy-penicillins"),
        (a_chart("cephalexin 500 mg QID", allergies=["amoxicillin"]), "allergy-penicillin-side-chain"),
        (a_chart("Bactrim DS 1 tab BID", allergies=["sulfa drugs"]), "allergy-sulfa"),
        (a_chart("Entresto 24/26 mg BID", allergies=[("lisinopril", "angioedema")]), "allergy-ace-swelling"),
        (a_chart("losartan 50 mg daily", allergies=[("lisinopril", "angioedema")]), "allergy-ace-arb"),
        (a_chart("enalapril 5 mg daily", allergies=[("lisinopril", "cough")]), "intolerance-ace-cough"),
        (a_chart("metformin 1000 mg BID", labs=[("eGFR", 24, "mL/min/1.73 m2")]), "metformin-egfr-30"),
        (a_chart("metformin 1000 mg BID", problems=["CKD stage 4"]), "metformin-ckd45"),
        (a_chart("methotrexate 15 mg daily"), "methotrexate-daily"),
        (a_chart("timolol 0.5% eye drops 1 drop BID", problems=["asthma"]), "beta-blocker-asthma"),
        (a_chart("ibuprofen 600 mg TID", "lisinopril 20 mg daily", "furosemide 40 mg daily"), "triple-whammy"),
        (a_chart("Lisinopril-HCTZ 20-12.5 mg daily", "naproxen 500 mg BID"), "triple-whammy"),
        (a_chart("simvastatin 40 mg daily", "amlodipine 10 mg daily"), "simvastatin-20"),
        (a_chart("Brilinta 90 mg BID", "aspirin 325 mg daily"), "ticagrelor-aspirin-dose"),
        (a_chart("Advil 400 mg TID", "Aleve 220 mg BID"), "two-nsaids"),
        (a_chart("metoprolol tartrate 25 mg BID", "Toprol XL 50 mg daily"), "same-ingredient"),
        (a_chart("aspirin 81 mg daily", allergies=["NKDA", ("aspirin", "hives")]), "allergy-contradiction"),
        (a_chart("sertraline 50 mg daily", "phenelzine 15 mg TID"), "maoi-serotonergic"),
        (a_chart("citalopram 40 mg daily", age=72), "older-citalopram"),
        (a_chart("nitroglycerin 0.4 mg SL prn", "sildenafil 50 mg prn"), "nitrate-pde5"),
        (a_chart("simvastatin 40 mg", "amlodipine 10 mg"), "simvastatin-20"),
        (a_chart("Lexapro 40 mg"), "daily-maximum"),
        (a_chart("Excedrin Migraine 2 tabs q4h", "Tylenol 500 mg q6h"), "daily-maximum"),
        (a_chart("Tylenol Extra Strength 2 caplets q4h"), "daily-maximum"),
        (a_chart("ketorolac 10 mg q6h", "aspirin 81 mg daily"), "ketorolac-nsaid"),
        (a_chart("citalopram 40 mg daily", "omeprazole 20 mg daily"), "citalopram-cyp2c19"),
        (a_chart("naproxen 500 mg BID", problems=["s/p Roux-en-Y gastric bypass"]), "nsaid-bariatric"),
        (a_chart("warfarin 5 mg daily", "red yeast rice", "Lipitor 40 mg daily"), "two-statins"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_danger_is_found(chart: Chart, rule: str) -> None:
    assert rule in rules(chart)


@pytest.mark.parametrize(
    "chart",
    [
        a_chart("furosemide 40 mg daily", "hydrochlorothiazide 25 mg daily", allergies=["sulfa"]),
        a_chart("Bactrim DS 1 tab BID", allergies=["Morphine sulfate"]),
        a_chart("losartan 50 mg daily", allergies=[("lisinopril", "cough")]),
        a_chart("oxycodone 5 mg q6h prn", allergies=[("codeine", "confusion")]),
        a_chart("aspirin 81 mg daily", problems=["CKD stage 3"], allergies=["No known allergy to aspirin"]),
        a_chart("diclofenac 1% gel 4 g four times a day", "lisinopril 10 mg daily", problems=["CKD"]),
        a_chart("alprazolam .5 mg four times a day"),
        a_chart("metoprolol 1/2 tablet of 300 mg twice daily"),
        a_chart(
            "aspirin 81 mg daily", "ticagrelor 90 mg BID", "atorvastatin 80 mg nightly", problems=["NSTEMI"], age=70
        ),
        a_chart("cefazolin 1 g q8h", allergies=[("penicillin", "hives")]),
        a_chart("methotrexate 15 mg weekly", "folic acid 1 mg daily"),
        a_chart("diphenhydramine 25 mg at bedtime", problems=["open-angle glaucoma"]),
        a_chart(
            "ibuprofen 400 mg TID",
            problems=["Family history of heart failure", "No asthma", "gastric ulcer (resolved)"],
        ),
        a_chart("acetaminophen 650 mg every 6 hours"),
        a_chart("cephalexin 500 mg QID", allergies=["amoxicillin", "tolerates cephalexin"]),
        a_chart("Vitamin D 1000 IU daily", "multivitamin 1 tablet daily"),
        a_chart("lisinopril 10 mg daily", labs=[("potassium", 4.4, "mmol/L"), ("eGFR", 72, "mL/min")]),
        a_chart("albuterol inhaler 2 puffs q4h prn", "metoprolol succinate 50 mg daily"),
        a_chart("amoxicillin 500 mg TID", allergies=["peanuts", "sulfites", "latex"]),
        a_chart("cefdinir 300 mg BID", allergies=[("penicillin", "rash")]),
        a_chart("alendronate 70 mg once weekly on Sunday"),
        a_chart("Advil 400 mg 1 tablet every 6 hours"),
        a_chart("Aleve 1 tab BID"),
        a_chart(
            "clobetasol 0.05% twice daily",
            "triamcinolone 0.1% BID",
            "hydrocortisone 1% BID",
            problems=["diabetes", "osteoporosis"],
        ),
    ],
)
def test_where_there_is_no_danger_nothing_is_said(chart: Chart) -> None:
    assert silent(chart)


@pytest.mark.parametrize(
    ("chart", "what", "why"),
    [
        (a_chart("warfarin 5 QD", age=50), "warfarin", "unit missing"),
        (a_chart("Metoprlol 25 mg BID"), "Metoprlol", "Did you mean metoprolol"),
        (a_chart("Zorblax 10 mg daily"), "Zorblax", "not known"),
        (a_chart("ibuprofen 400 mg every full moon", age=50), "ibuprofen", "not understood"),
        (a_chart("ibuprofen 400 mg as needed", age=50), "ibuprofen", "no most per day"),
        (a_chart("aspirin 81 mg daily", allergies=["Zorblax"], age=50), "Zorblax", "not known"),
        (a_chart("aspirin 81 mg daily", allergies=["Unknown"], age=50), "allergies", "ask"),
        (a_chart("ibuprofen 400 mg TID"), "age", "not given"),
        (
            Chart((ChartMedicine("m", "metoprolol", "25 mg", "once daily", times=("morning", "bedtime")),), age=50),
            "metoprolol",
            "the times of day (morning, bedtime) do not fit",
        ),
    ],
)
def test_what_was_not_checked_is_said(chart: Chart, what: str, why: str) -> None:
    told = [each for each in checked(chart).not_checked if each.what == what]

    assert told
    assert why in told[0].why


@pytest.mark.parametrize(
    ("often", "times"),
    [
        ("once daily", ("morning",)), ("twice daily", ("morning", "evening")), ("as needed", ("bedtime",)),
        ("once a week", ("morning",)), ("twice daily", ()),
    ],
)  # fmt: skip
def test_times_of_day_that_fit_how_often_are_no_contradiction(often: str, times: tuple[str, ...]) -> None:
    chart = Chart((ChartMedicine("m", "nitroglycerin", "0.4 mg", often, times=times),), age=50)

    assert checked(chart).not_checked == ()


def test_what_is_understood_is_not_called_unchecked() -> None:
    chart = a_chart(
        "lisinopril 10 mg daily", "Norco 5/325 1 tab q6h prn", "Flonase 2 sprays each nostril daily", age=50
    )

    assert checked(chart).not_checked == ()


def test_the_newest_value_counts_and_its_day_and_age_are_said() -> None:
    chart = a_chart("metformin 500 mg BID", labs=[("eGFR", 80, "mL/min"), ("eGFR", 25, "mL/min")])
    old, new = chart.labs
    chart = replace(
        chart, labs=(replace(new, when=TODAY - timedelta(days=9)), replace(old, when=TODAY - timedelta(days=90)))
    )

    told = found(chart, "metformin-egfr-30").text

    assert "eGFR 25" in told
    assert "18-Nov-2026, 9 days ago" in told


def test_a_value_that_is_too_old_is_not_gone_by_but_told() -> None:
    chart = a_chart("warfarin 5 mg daily", labs=[("INR", 6, "")], age=50)
    chart = replace(chart, labs=tuple(replace(each, when=TODAY - timedelta(days=400)) for each in chart.labs))

    assert rules(chart) == set()
    assert any("too old" in each.why for each in checked(chart).not_checked)


def test_the_most_in_a_day_is_summed_over_all_products_and_says_the_sum() -> None:
    told = found(a_chart("Norco 5/325 2 tabs q6h", "Tylenol 650 mg q6h"), "daily-maximum")

    assert "5,200 mg" in told.text
    assert told.medicines == ("Norco", "Tylenol")


def test_a_wider_finding_stands_for_the_narrow_ones_on_the_same_medicines() -> None:
    told = rules(a_chart("ibuprofen 600 mg TID", "lisinopril 20 mg daily", "furosemide 40 mg daily"))

    assert "triple-whammy" in told
    assert not {"nsaid-ras", "nsaid-diuretic"} & told


def test_the_answer_is_the_same_each_time_and_the_dangerous_come_first() -> None:
    chart = a_chart(
        "warfarin 5 mg daily", "ibuprofen 800 mg TID", "sertraline 50 mg daily", age=80, problems=["CKD", "falls"]
    )

    once, twice = checked(chart), checked(chart)

    assert once == twice
    ranks = [tuple(Severity).index(each.severity) for each in once.findings]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("name", ["dose", "frequency", "name", "route"])
def test_the_fingerprint_changes_with_every_input(name: str) -> None:
    chart = a_chart("warfarin 5 mg daily", "ibuprofen 400 mg TID")
    words = {"dose": "600 mg TID", "frequency": "with food", "name": "Motrin", "route": "oral"}[name]
    other = replace(chart.medicines[1], **{name: words})  # type: ignore[arg-type]  # The four are texts.
    changed = replace(chart, medicines=(chart.medicines[0], other))

    before, after = found(chart, "anticoagulant-nsaid"), found(changed, "anticoagulant-nsaid")

    assert before.fingerprint != after.fingerprint


def test_the_fingerprint_is_of_what_the_finding_rests_on_alone() -> None:
    chart = a_chart("warfarin 5 mg daily", "ibuprofen 400 mg TID")
    more = a_chart("warfarin 5 mg daily", "ibuprofen 400 mg TID", "atorvastatin 20 mg daily")

    assert found(chart, "anticoagulant-nsaid").fingerprint == found(more, "anticoagulant-nsaid").fingerprint


def test_the_family_is_told_what_to_do() -> None:
    asked = found(a_chart("warfarin 5 mg daily", "ibuprofen 400 mg TID"), "anticoagulant-nsaid")
    kept = found(a_chart("oxycodone 5 mg q6h", "clonazepam 0.5 mg BID"), "opioid-benzodiazepine")

    assert asked.act is FamilyAdvice.ASK
    assert asked.family.endswith("Ask before you take this.")
    assert kept.act is FamilyAdvice.KEEP
    assert kept.family.endswith("Keep taking it, and call today.")


def test_a_list_beyond_the_bound_is_told_as_not_checked() -> None:
    chart = Chart(medicines=a_chart("aspirin 81 mg daily").medicines * (MEDICINES_MAX + 1))

    assert check(chart, TODAY).findings == ()
    assert check(chart, TODAY).not_checked


def test_an_empty_chart_says_nothing() -> None:
    assert check(Chart(), TODAY) == Screening()


def test_the_case_of_pain_anxiety_and_kidneys_fires_every_rule_it_must() -> None:
    chart = a_chart(
        "oxycodone hydrochloride ER 60 mg one tablet twice per day",
        "oxycodone hydrochloride ER 60 mg one tablet twice per day",
        "oxycodone hydrochloride 10 mg one tablet per day",
        "clonazepam 0.5 mg one tablet twice per day",
        "ibuprofen 600 mg two tablets, three times per day",
        "lisinopril 40 mg one tablet once a day",
        problems=["Chronic kidney disease", "Hypertension"],
        age=70,
    )

    assert rules(chart) >= {"same-ingredient", "opioid-benzodiazepine", "nsaid-ckd", "nsaid-ras", "daily-maximum"}
    assert "3,600 mg" in found(chart, "daily-maximum").text


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        (("NKDA", "Penicillin"), ["allergy-contradiction"]),
        (("Tolerates amoxicillin", "Amoxicillin"), ["allergy-tolerated"]),
        (("NKDA", "Tolerates penicillin"), []),
        (("NKDA", "No known allergy to aspirin"), []),
        (("Tolerates amoxicillin", "Latex"), []),
        (("Penicillin", "Latex"), []),
        (("Unknown", "Penicillin"), []),
    ],
)
def test_allergies_that_contradict_each_other_are_found(lines: tuple[str, ...], rules: list[str]) -> None:
    told = checked(a_chart(allergies=lines)).findings

    assert [each.rule for each in told] == rules
    assert all(set(each.entries) == {"a0", "a1"} for each in told)
