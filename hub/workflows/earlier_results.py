"""Results that are recent enough: a test is not asked for twice within its interval without anyone knowing."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.workflows import monitoring
from hub.workflows.awaited_results import measured_in, results_come
from hub.workflows.contents import active, instant, number, words
from hub.workflows.panels import analytes, holds

LATELY: Final = timedelta(days=30)
"""How long a result of a hospital stay counts as done lately; its test has no interval of the plan's (our own choice,
2026-11: the days in which the way home is looked after)."""


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """A result that is recent enough, so that the test need not be done again before ``again``.

    ``said`` is what it says, with its unit; ``name`` is of the test, with its code where it has one.
    """

    section: Section
    entry: str
    name: str
    said: str
    when: datetime
    again: date


def results_at_hand(plan: PlanContent, test: str, now: datetime) -> tuple[EarlierResult, ...]:
    """Return the results that make a test (a code, a panel, words of its name) unnecessary now, whoever ordered it."""
    return (*_measured(plan, test, now), *_of_stays(plan, test, now))


def _measured(plan: PlanContent, test: str, now: datetime) -> list[EarlierResult]:
    found = []
    for entry in active(plan, Section.MONITORING):
        measure, interval = words(entry.values, "measure"), number(entry.values, "repeat_days")
        ordered = monitoring.readings(entry.values)
        if not (interval and ordered and holds(test, measure)):
            continue
        when, value = monitoring.taken(ordered[-1]), number(ordered[-1], "value")
        if when is not None and value is not None and now - when < timedelta(days=interval):
            again = plan.day_of(when + timedelta(days=interval))
            said = f"{value:g} {words(entry.values, 'unit')}".strip()
            found.append(EarlierResult(Section.MONITORING, entry.id, measure, said, when, again))
    return found


def _of_stays(plan: PlanContent, test: str, now: datetime) -> list[EarlierResult]:
    """Return what came of a stay in hospital, told by a laboratory or typed."""
    wanted, found = analytes(test), []
    for stay in active(plan, Section.TRANSITIONS):
        for record in results_come(stay.values):
            name, when = words(record, "result"), instant(record, "when")
            same = bool(wanted & measured_in(record)) or holds(test, name)
            if same and when is not None and now - when < LATELY:
                again = plan.day_of(when + LATELY)
                found.append(EarlierResult(Section.TRANSITIONS, stay.id, name, words(record, "words"), when, again))
    return found
