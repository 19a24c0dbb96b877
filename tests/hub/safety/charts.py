"""Charts for the tests, written as short as a plain list."""

from collections.abc import Sequence
from datetime import date

from hub.safety.charts import Chart, ChartAllergy, ChartMedicine, ChartProblem, ChartValue
from hub.safety.findings import Finding, Screening, check
from hub.safety.listed_charts import medicine_of

TODAY = date(2026, 11, 27)


def a_chart(
    *medicines: str,
    allergies: Sequence[str | tuple[str, str]] = (),
    problems: Sequence[str] = (),
    labs: Sequence[tuple[str, float, str]] = (),
    age: float | None = None,
    sex: str = "",
) -> Chart:
    """Return a chart; a medicine is one line, an allergy a name or a name with a reaction."""
    lines: list[ChartMedicine] = [medicine_of(f"m{n}", each) for n, each in enumerate(medicines)]
    known = [(each, "") if isinstance(each, str) else each for each in allergies]
    return Chart(
        tuple(lines),
        tuple(ChartAllergy(f"a{n}", *each) for n, each in enumerate(known)),
        tuple(ChartProblem(f"p{n}", each) for n, each in enumerate(problems)),
        tuple(ChartValue(f"l{n}", name, value, unit, (), TODAY) for n, (name, value, unit) in enumerate(labs)),
        age,
        sex,
    )


def checked(chart: Chart) -> Screening:
    return check(chart, TODAY)


def rules(chart: Chart) -> set[str]:
    return {each.rule for each in checked(chart).findings}


def found(chart: Chart, rule: str) -> Finding:
    return next(each for each in checked(chart).findings if each.rule == rule)
