"""Every line of the tables fires on the case it describes, and is silent where any one part of the case is missing."""

import re
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from hub.safety.charts import Chart, ChartAllergy, ChartMedicine, ChartProblem, ChartValue
from hub.safety.conditions import MEASURES, PROBLEMS
from hub.safety.matching import Seen, matches
from hub.safety.names import INGREDIENTS
from hub.safety.rules import (
    FAMILY_DOES,
    RULES,
    AgeClause,
    AllergyClause,
    Bound,
    Clause,
    LabClause,
    ManyClause,
    MedicineClause,
    ProblemClause,
    Rule,
    Selector,
    SexClause,
    SpecialClause,
)
from hub.safety.tables_reading import listed, rows
from hub.workflows.rule_page import page
from tests.harness.hubs import ROOT

TODAY = date(2026, 11, 27)
PROBLEM_WORDS = {row[0]: listed(row[2])[0].rstrip("*") for row in rows("problems.txt", 5)}
PLAIN = [each for each in RULES.values() if not isinstance(each.clauses[0], SpecialClause)]


def names(selector: Selector) -> list[str]:
    return [each.name for each in INGREDIENTS.values() if selector.of(each)] + sorted(
        selector.names & {"iodine", "fish"}
    )


def within(bound: Bound) -> float:
    step = 0.1 if bound.number < 20 else 1.0
    return bound.number + {"<": -step, "<=": 0.0, ">": step, ">=": 0.0}[bound.op]


def a_medicine(entry: str, name: str, clause: MedicineClause | ManyClause) -> ChartMedicine:
    bounds = clause.bounds if isinstance(clause, MedicineClause) else ()
    dose = next((within(each) for each in bounds if each.what in ("dose", "single")), 1.0)
    local = isinstance(clause, MedicineClause) and clause.local_only
    return ChartMedicine(entry, f"{name} gel" if local else name, f"{dose:g} mg", "daily")


def an_allergy(name: str, reaction: str) -> ChartAllergy:
    happened = {"severe": "anaphylaxis", "anaphylaxis": "anaphylaxis", "swelling": "angioedema", "cough": "cough"}.get(
        reaction, ""
    )
    return ChartAllergy("a", name, happened)


def charts_of(rule: Rule) -> list[tuple[Chart, list[Chart]]]:
    """Return charts of which one at least must fire the rule, each with the same chart lacking one part."""
    made: list[tuple[Chart, list[Chart]]] = []
    choices = [options(clause) for clause in rule.clauses]
    for chosen in list(product(*choices))[:400]:
        whole = Chart()
        for number, (clause, choice) in enumerate(zip(rule.clauses, chosen, strict=True)):
            whole = with_part(whole, clause, choice, number)
        lacking = [without(whole, clause, number) for number, clause in enumerate(rule.clauses)]
        made.append((whole, lacking))
    return made


def options(clause: Clause) -> list[tuple[str, ...]]:
    if isinstance(clause, MedicineClause):
        return [(each,) for each in names(clause.selector)[:8]]
    if isinstance(clause, ManyClause):
        return [tuple(names(clause.selector)[-clause.count :])]
    if isinstance(clause, AllergyClause):
        return [(each,) for each in names(clause.selector)[:8]]
    return [("",)]


def with_part(chart: Chart, clause: Clause, choice: tuple[str, ...], number: int) -> Chart:
    match clause:
        case MedicineClause() | ManyClause():
            lines = [a_medicine(f"m{number}-{place}", name, clause) for place, name in enumerate(choice)]
            return replace(chart, medicines=(*chart.medicines, *lines))
        case ProblemClause(keys=keys):
            return replace(chart, problems=(ChartProblem("p", PROBLEM_WORDS[sorted(keys)[0]]),))
        case LabClause(bound=bound):
            measure = MEASURES[bound.what]
            unit = next(iter(measure.factors))
            return replace(chart, labs=(ChartValue("l", next(iter(measure.words)), within(bound), unit, (), TODAY),))
        case AgeClause(bound=bound):
            return replace(chart, age=within(bound) if chart.age is None else chart.age)
        case SexClause(sex=sex):
            return replace(chart, sex=sex)
        case AllergyClause(reaction=reaction):
            return replace(chart, allergies=(an_allergy(choice[0], reaction),))
        case _:
            raise AssertionError(clause)


def without(chart: Chart, clause: Clause, number: int) -> Chart:
    match clause:
        case MedicineClause():
            return replace(
                chart, medicines=tuple(each for each in chart.medicines if not each.entry.startswith(f"m{number}-"))
            )
        case ManyClause():
            return replace(chart, medicines=chart.medicines[:-1])
        case ProblemClause():
            return replace(chart, problems=tuple(replace(each, status="", name="eczema") for each in chart.problems))
        case LabClause(bound=bound):
            past = bound.number + {"<": 0.0, "<=": 1.0, ">": 0.0, ">=": -1.0}[bound.op]
            return replace(chart, labs=tuple(replace(each, value=past) for each in chart.labs))
        case AgeClause():
            return replace(chart, age=None)
        case SexClause():
            return replace(chart, sex="")
        case _:
            return replace(chart, allergies=())


def fires(rule: Rule, chart: Chart) -> bool:
    return any(matches(rule, Seen(chart, TODAY)))


@pytest.mark.parametrize("rule", PLAIN, ids=lambda rule: rule.id)
def test_a_line_fires_on_its_case_and_not_without_one_of_its_parts(rule: Rule) -> None:
    firing = [(chart, lacking) for chart, lacking in charts_of(rule) if fires(rule, chart)]

    assert firing
    for chart in firing[0][1]:
        assert not fires(rule, chart), chart


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_line_can_be_told_to_clinicians_and_family_and_says_where_it_comes_from(rule: Rule) -> None:
    places = dict.fromkeys(
        ("a", "b", "c", "problem", "lab", "allergy", "age", "ingredient", "daily", "most", "none"), "x"
    )

    assert rule.text.format(**places)
    assert "{" not in rule.family.format(**places) + FAMILY_DOES[rule.act]
    assert rule.source
    assert rule.family.endswith(".")
    assert rule.family_es.endswith(".")
    assert rule.family_es != rule.family
    assert set(re.findall(r"{\w+}", rule.family_es)) == set(re.findall(r"{\w+}", rule.family))


def test_every_ingredient_code_and_problem_of_the_tables_is_read() -> None:
    assert len(INGREDIENTS) > 600
    assert len(PROBLEMS) > 60


def test_the_page_of_the_rules_is_made_from_these_tables() -> None:
    assert (ROOT / "docs/clinical-rules.md").read_text("utf-8") == page(), (
        "run careplan-hub rules > docs/clinical-rules.md"
    )
