"""A plan as the rules see it: its medicines in use or planned, allergies, problems and readings."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.safety.charts import Chart, ChartAllergy, ChartMedicine, ChartProblem, ChartValue
from hub.safety.findings import Screening, check
from hub.workflows.contents import active, instant, members, number, words
from hub.workflows.medications import MEDICATIONS, is_medicine
from hub.workflows.monitoring import readings

NOT_TAKEN = frozenset({"stopped", "on hold"})


def medicine_line(entry: EntryContent) -> ChartMedicine:
    """Return a medicine of the plan as the rules read it."""
    values = entry.values
    code = words(values, "rxcui")
    return ChartMedicine(
        entry.id,
        words(values, "name"),
        words(values, "dose"),
        words(values, "frequency"),
        words(values, "route"),
        (code,) if code else (),
        members(values, "ingredients"),
    )


def chart_of(plan: PlanContent, *, birth_date: date | None, sex: str, today: date) -> Chart:
    """Return the plan's chart. ``birth_date`` is ``None`` and ``sex`` empty where they are not known."""
    held = active(plan, MEDICATIONS)
    return Chart(
        [medicine_line(each) for each in held if is_medicine(each) and words(each.values, "taking") not in NOT_TAKEN],
        [_allergy(each) for each in held if not is_medicine(each)],
        [_problem(each) for each in active(plan, Section.CONDITIONS) if words(each.values, "kind") != "concern"],
        [line for each in active(plan, Section.MONITORING) for line in _labs(each)],
        years(birth_date, today),
        sex,
    )


def years(birth_date: date | None, today: date) -> float | None:
    """Return an age in whole years, ``None`` where the birth is not known or lies ahead."""
    if birth_date is None or birth_date > today:
        return None
    return float(today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day)))


def _allergy(entry: EntryContent) -> ChartAllergy:
    values = entry.values
    return ChartAllergy(
        entry.id,
        words(values, "name"),
        words(values, "reaction"),
        words(values, "verification"),
        words(values, "criticality"),
    )


def _problem(entry: EntryContent) -> ChartProblem:
    values = entry.values
    code = words(values, "code")
    return ChartProblem(
        entry.id,
        words(values, "name"),
        (code,) if code else (),
        words(values, "clinical_status"),
        words(values, "kind"),
    )


def _labs(entry: EntryContent) -> Iterable[ChartValue]:
    code, _, name = words(entry.values, "measure").partition(" ")
    coded = code[:1].isdigit() and "-" in code
    for reading in readings(entry.values):
        value, when = number(reading, "value"), instant(reading, "when")
        if value is not None and not words(reading, "in_error"):
            yield ChartValue(
                entry.id,
                name if coded else f"{code} {name}".strip(),
                value,
                words(entry.values, "unit"),
                (code,) if coded else (),
                when.date() if when is not None else None,
            )


def findings_of(plan: PlanContent, *, birth_date: date | None, sex: str, today: date) -> Screening:
    """Return what the rules find in a plan on a day, and what they could not check."""
    return check(chart_of(plan, birth_date=birth_date, sex=sex, today=today), today)


class CheckedPlans:
    """The last answers, by plan, sequence and day; the tables are of one version in one process.

    One computation serves every page: a cache only, bounded, rebuilt from the plan at any time.
    """

    def __init__(self, plans_max: int = 2_000) -> None:
        self._of = lru_cache(maxsize=plans_max)(self._computed)
        self._asked: PlanContent | None = None

    def of(self, plan: PlanContent, *, birth_date: date | None, sex: str, today: date) -> Screening:
        """Return the answer for the plan as it is at its sequence."""
        self._asked = plan
        try:
            return self._of(plan.plan_id, plan.seq, birth_date, sex, today)
        finally:
            self._asked = None

    def _computed(self, plan_id: str, seq: int, birth_date: date | None, sex: str, today: date) -> Screening:
        plan = self._asked
        assert plan is not None, "a plan is asked for"
        assert (plan.plan_id, plan.seq) == (plan_id, seq), "the plan asked for is the one computed"
        return findings_of(plan, birth_date=birth_date, sex=sex, today=today)
