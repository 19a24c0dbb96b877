"""A plan as the rules see it: its medicines in use or planned, allergies, problems and readings."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.safety.charts import Chart, ChartAllergy, ChartMedicine, ChartProblem, ChartValue
from hub.safety.findings import Screening, check
from hub.safety.rules import VERSION
from hub.workflows.contents import Values, active, instant, members, number, words
from hub.workflows.medications import MEDICATIONS, is_medicine
from hub.workflows.monitoring import readings

NOT_TAKEN = frozenset({"stopped", "on hold"})

CHARTS_KEPT_MAX: Final = 2_000
"""Answers that are kept in memory: more plans than a process has open."""

PLANS_KEPT_MAX: Final = 64
"""Plans whose answer is known by their very content: a page asks for each of its rows."""


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
        tuple(each for each in members(values, "times") if each != "when needed"),
    )


def chart_of(plan: PlanContent, today: date) -> Chart:
    """Return the plan's chart on a day where the plan is at home."""
    held = active(plan, MEDICATIONS)
    return Chart(
        tuple(
            medicine_line(each) for each in held if is_medicine(each) and words(each.values, "taking") not in NOT_TAKEN
        ),
        tuple(replace(allergy_line(each.values), entry=each.id) for each in held if not is_medicine(each)),
        tuple(_problem(each) for each in active(plan, Section.CONDITIONS) if words(each.values, "kind") != "concern"),
        tuple(line for each in active(plan, Section.MONITORING) for line in _labs(plan, each, today)),
        years(plan.born, today),
        plan.sex,
    )


def years(birth_date: date | None, today: date) -> float | None:
    """Return an age in whole years, ``None`` where the birth is not known or lies ahead."""
    if birth_date is None or birth_date > today:
        return None
    return float(today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day)))


def allergy_line(values: Values) -> ChartAllergy:
    """Return one line of the allergies as the rules read it; a statement stands for itself, whatever its name says."""
    return ChartAllergy(
        "",
        words(values, "statement") or words(values, "name"),
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


def _labs(plan: PlanContent, entry: EntryContent, today: date) -> Iterable[ChartValue]:
    """Return the newest reading of a measure, the one that rules go by; what lies ahead is no reading yet."""
    code, _, name = words(entry.values, "measure").partition(" ")
    coded = code[:1].isdigit() and "-" in code
    for reading in reversed(readings(entry.values)):
        value, when = number(reading, "value"), instant(reading, "when")
        day = plan.day_of(when) if when is not None else None
        if value is not None and (day is None or day <= today):
            yield ChartValue(
                entry.id,
                name if coded else f"{code} {name}".strip(),
                value,
                words(entry.values, "unit"),
                (code,) if coded else (),
                day,
            )
            return


@lru_cache(maxsize=CHARTS_KEPT_MAX)
def _screened(chart: Chart, today: date, version: str) -> Screening:
    return check(chart, today)


_READ: Final = (MEDICATIONS, Section.CONDITIONS, Section.MONITORING)
_known: Final[OrderedDict[tuple[object, ...], tuple[tuple[object, ...], Screening]]] = OrderedDict()
"""Answers by the identity of what was read, which is held beside each so that no other content can have it."""


def screened(plan: PlanContent, now: datetime) -> Screening:
    """Return what the rules find in a plan today, and what they could not check.

    One computation serves every page: kept by what the rules read, the tables' version and the plan's day; a cache
    only, bounded, computed anew from the plan at any time.
    """
    today = plan.day_of(now)
    read = tuple(plan.sections.get(each) for each in _READ)
    key = (*map(id, read), today, plan.zone, plan.born, plan.sex)
    if (found := _known.get(key)) is not None:
        return found[1]
    told = _screened(chart_of(plan, today), today, VERSION)
    _known[key] = (read, told)
    if len(_known) > PLANS_KEPT_MAX:
        _known.popitem(last=False)  # The oldest: a page asks for one plan many times, one after the other.
    return told
