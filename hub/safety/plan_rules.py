"""Rules over tasks, referrals, readings, goals and review dates."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Final

from crdt.sections import SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent
from hub.safety.medicine_rules import medicine_findings
from hub.workflows import monitoring, referral_states, tasks
from hub.workflows.contents import active, day, headline, in_days, instant, number, words
from hub.workflows.findings import Finding, Severity

VISITS_A_MONTH_MAX: Final = 4
"""More appointments in 30 days than this is a burden to talk about."""

UNOWNED_AFTER: Final = timedelta(days=2)
"""A referral that nobody accepted for this long is told; a task at once."""


def findings(plan: PlanContent, now: datetime) -> tuple[Finding, ...]:
    """Return all that the rules find, the dangerous first."""
    found = [
        *medicine_findings(plan),
        *_tasks(plan, plan.day_of(now)),
        *_referrals(plan, now),
        *_readings(plan),
        *_goals(plan),
        *_reviews(plan, plan.day_of(now)),
        *_visits(plan, now),
    ]
    ranks = tuple(Severity)
    return tuple(sorted(found, key=lambda each: ranks.index(each.severity)))


def _tasks(plan: PlanContent, today: date) -> Iterable[Finding]:
    for entry in active(plan, Section.TASKS):
        named = headline(Section.TASKS, entry)
        if tasks.unowned(entry.values):
            yield Finding(
                "task-unowned", Severity.WARNING, Section.TASKS, (entry.id,),
                f"Nobody has accepted: {named}.", "Ask the owner, or ask someone else.",
            )  # fmt: skip
        if late := tasks.days_late(entry.values, today):
            yield Finding(
                "task-overdue", Severity.WARNING, Section.TASKS, (entry.id,),
                f"{named} is {late} day{'s' * (late != 1)} late.", "Do it, move its day, or cancel it.",
            )  # fmt: skip


def _referrals(plan: PlanContent, now: datetime) -> Iterable[Finding]:
    for entry in active(plan, Section.REFERRALS):
        named = headline(Section.REFERRALS, entry)
        silence = referral_states.silence(entry.values, now, plan.day_of(now))
        asked = words(entry.values, "state") in ("requested", "received")
        if asked and silence.days >= UNOWNED_AFTER.days:
            yield Finding(
                "referral-unowned", Severity.WARNING, Section.REFERRALS, (entry.id,),
                f"Nobody has accepted the referral to {named} for {in_days(silence.days)}.",
                "Call, or send it elsewhere.",
            )  # fmt: skip
        if silence.late:
            yield Finding(
                "referral-late", Severity.WARNING, Section.REFERRALS, (entry.id,),
                f"The answer from {named} is {in_days(silence.late)} late.",
                "Call for the report.",
            )  # fmt: skip


def _readings(plan: PlanContent) -> Iterable[Finding]:
    for entry in active(plan, Section.MONITORING):
        state, named = monitoring.zone_state(entry.values), headline(Section.MONITORING, entry)
        if state.zone in ("red", "yellow"):
            instructions = words(entry.values, f"{state.zone}_instructions")
            yield Finding(
                "out-of-zone",
                Severity.DANGER if state.zone == "red" else Severity.WARNING,
                Section.MONITORING,
                (entry.id,),
                f"{named} reached the {state.zone} zone in {state.count} of the last {state.last} readings.",
                instructions or "Call the person.",
            )
        yield from _repeated(entry, named)


def _repeated(entry: EntryContent, named: str) -> Iterable[Finding]:
    interval = number(entry.values, "repeat_days")
    taken = [when for each in monitoring.readings(entry.values) if (when := instant(each, "when")) is not None]
    if interval and len(taken) > 1 and (gap := taken[-1] - taken[-2]) < timedelta(days=interval):
        yield Finding(
            "test-repeated", Severity.ADVICE, Section.MONITORING, (entry.id,),
            f"{named} was measured twice within {in_days(gap.days or 1)}; once in {in_days(interval)} is enough.",
            "Look at the earlier result before the next one is ordered.",
        )  # fmt: skip


def _goals(plan: PlanContent) -> Iterable[Finding]:
    standing = [
        each for each in active(plan, Section.GOALS) if words(each.values, "lifecycle") in ("accepted", "active")
    ]
    for entry in standing:
        lacking = [
            told
            for told, there in (
                ("a measure", words(entry.values, "measure")),
                ("a date", words(entry.values, "due")),
                ("an owner", words(entry.values, "owner")),
            )
            if not there
        ]
        if lacking:
            yield Finding(
                "goal-incomplete", Severity.ADVICE, Section.GOALS, (entry.id,),
                f"{headline(Section.GOALS, entry).rstrip('.')}: the goal lacks {' and '.join(lacking)}.",
                "A goal that nobody measures is a wish. Complete it, or leave it as the person's words.",
            )  # fmt: skip
    yield from _contradictions(standing)


def _contradictions(standing: Sequence[EntryContent]) -> Iterable[Finding]:
    for one, other in combinations(standing, 2):
        same = _measure(one) and _measure(one) == _measure(other)
        if same and words(one.values, "unit") == words(other.values, "unit") and _disjoint(one, other):
            yield Finding(
                "goals-contradict", Severity.WARNING, Section.GOALS, (one.id, other.id),
                f"Two goals for {words(one.values, 'measure')} can't both be reached: "
                f"{headline(Section.GOALS, one).rstrip('.')}; {headline(Section.GOALS, other).rstrip('.')}.",
                "Agree on one target.",
            )  # fmt: skip


def _measure(entry: EntryContent) -> str:
    told = words(entry.values, "measure")
    code = told.split(" ", 1)[0]
    return code if code[:1].isdigit() else told.lower()


def _disjoint(one: EntryContent, other: EntryContent) -> bool:
    def bounds(entry: EntryContent) -> tuple[float, float]:
        low, high = number(entry.values, "target_low"), number(entry.values, "target_high")
        return (float("-inf") if low is None else low, float("inf") if high is None else high)

    (low_one, high_one), (low_other, high_other) = bounds(one), bounds(other)
    return high_one < low_other or high_other < low_one


def _reviews(plan: PlanContent, today: date) -> Iterable[Finding]:
    for section in Section:
        for entry in active(plan, section):
            due = day(entry.values, "review_due")
            if due is not None and due < today:
                yield Finding(
                    "review-passed", Severity.ADVICE, section, (entry.id,),
                    f"{SECTIONS[section].noun} {headline(section, entry)}: to be reviewed by {due.isoformat()}.",
                    "Look at it together and set the next date.",
                )  # fmt: skip


def _visits(plan: PlanContent, now: datetime) -> Iterable[Finding]:
    soon = [
        entry
        for entry in active(plan, Section.REFERRALS)
        if (when := instant(entry.values, "appointment")) is not None and now <= when <= now + timedelta(days=30)
    ]
    if len(soon) > VISITS_A_MONTH_MAX:
        yield Finding(
            "burden-of-visits", Severity.ADVICE, Section.REFERRALS, tuple(each.id for each in soon),
            f"{len(soon)} appointments in the next 30 days.", "Ask whether some can be joined, or held by telephone.",
        )  # fmt: skip
