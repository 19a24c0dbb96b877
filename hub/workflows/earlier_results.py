"""Results that are recent enough: a test is not asked for twice within its interval without anyone knowing."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.workflows import monitoring
from hub.workflows.contents import active, number, words
from hub.workflows.panels import holds


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """A result that is recent enough, so that the test need not be done again before ``again``."""

    entry: str
    measure: str
    value: float
    unit: str
    when: datetime
    again: date


def results_at_hand(plan: PlanContent, test: str, now: datetime) -> tuple[EarlierResult, ...]:
    """Return the results that make a test (a code, a panel, words of its name) unnecessary now, whoever orders it."""
    found: list[EarlierResult] = []
    for entry in active(plan, Section.MONITORING):
        measure, interval = words(entry.values, "measure"), number(entry.values, "repeat_days")
        ordered = monitoring.readings(entry.values)
        if not (interval and ordered and holds(test, measure)):
            continue
        when, value = monitoring.taken(ordered[-1]), number(ordered[-1], "value")
        if when is not None and value is not None and now - when < timedelta(days=interval):
            again = plan.day_of(when + timedelta(days=interval))
            found.append(EarlierResult(entry.id, measure, value, words(entry.values, "unit"), when, again))
    return tuple(found)
