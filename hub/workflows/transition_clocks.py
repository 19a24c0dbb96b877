"""The clocks after leaving a hospital: which of them run, when they are due, what met them and what ended them.

Days are days where the plan is at home. Federal holidays count for the contact, whatever days a practice is closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from crdt.sections import Section
from hub.directory.business_days import business_days_after
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.contents import Values, active, day, in_days, instant, plain_day, records, words

STAYS: Final = frozenset(
    {
        "inpatient", "observation", "psychiatric hospital", "rehabilitation hospital", "long-term hospital",
        "skilled nursing",
    }
)  # fmt: skip
"""Where a stay may end in transitional care management (CMS, MLN908628)."""

COMMUNITY: Final = frozenset({"home", "home with home health", "assisted living"})
"""Where it may lead. A facility's own discharge starts the clocks later; a hospice cares by its own plan."""

CONTACT_BUSINESS_DAYS: Final = 2
"""Interactive contact after discharge, Monday to Friday without federal holidays (CMS, MLN908628)."""

VISIT_DAYS: Final = ("7", "14")
"""The visit face to face, in calendar days: high and moderate complexity of the decisions (CPT 99496, 99495)."""

WINDOW_DAYS: Final = 30
"""The days that count, the day of discharge being the first (CMS, MLN908628)."""

EMERGENCY_FOLLOW_UP_DAYS: Final = 7
"""Follow-up after an emergency department alone, which starts no transitional care (NCQA HEDIS, measure FMC)."""

RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contact": "2 business days after the day of discharge, Monday to Friday without federal holidays",
        "visit": "7 or 14 calendar days, by how complex the decisions are",
        "medicines reconciled": "no later than the day of the visit",
        "30 days": "the day of discharge is the first; a new stay or death ends it",
    }
)
"""Each clock's rule in words, as the page says it. Source: ``RULES_SOURCE``."""

RULES_SOURCE: Final = "CMS, MLN908628 and FAQ on transitional care (CPT 99495, 99496), as written down on 27-Nov-2026"

ATTEMPTS_APART: Final = timedelta(hours=1)
"""Calls closer together are one attempt: CMS asks for separate ones and names no hours; an hour is ours."""

ATTEMPTS_THAT_COUNT: Final = 2
"""Attempts in time, on separate occasions, that count as the contact if the rest is met; they go on (CMS FAQ)."""


@dataclass(frozen=True, slots=True)
class TransitionClock:
    """One of the clocks after a discharge: ``late`` days past its day, 0 where it was met, has ended or still runs."""

    name: str
    due: date
    done: bool
    late: int
    attempts: int = 0
    """Attempts in time, in vain: from ``ATTEMPTS_THAT_COUNT`` on they count as the contact, and one goes on."""

    @property
    def counts(self) -> bool:
        """The attempts in time count; nobody was reached yet."""
        return not self.done and self.attempts >= ATTEMPTS_THAT_COUNT


def dues(setting: str, destination: str, left: date, visit_days: int) -> Mapping[str, date]:
    """Return the days that a discharge sets, by field; empty where it starts no clock."""
    if destination not in COMMUNITY:
        return MappingProxyType({})
    if setting == "emergency department":
        return {"contact_due": left + timedelta(days=EMERGENCY_FOLLOW_UP_DAYS)}
    if setting in STAYS:
        contact = business_days_after(left, CONTACT_BUSINESS_DAYS)
        return {"contact_due": contact, "visit_due": left + timedelta(days=visit_days)}
    return MappingProxyType({})


def clock_owners(values: Values) -> Mapping[str, str]:
    """Return who took which clock upon themselves; the last to take one has it."""
    return {words(each, "clock"): words(each, "person") for each in records(values, "clock_owners").values()}


def clocks(plan: PlanContent, entry: EntryContent, today: date) -> tuple[TransitionClock, ...]:
    """Return the clocks that this discharge started, in the order in which they end; none once something ended them."""
    values = entry.values
    contact, visit = day(values, "contact_due"), day(values, "visit_due")
    if plan.deceased or ended_by(plan, entry) is not None:
        return ()
    found: list[TransitionClock] = []
    if contact is not None:
        met = instant(values, "contact_done") is not None
        tried = attempts_in_time(plan, values, contact)
        late = 0 if tried >= ATTEMPTS_THAT_COUNT else _late(contact, today, done=met)
        found.append(TransitionClock("contact", contact, met, late, tried))
    if visit is not None:
        visited = instant(values, "visit_done")
        found.append(_clock("visit", visit, visited is not None, today))
        # No later than the day of the visit (CMS, MLN908628).
        by = min(visit, plan.day_of(visited)) if visited is not None else visit
        found.append(_clock("medicines reconciled", by, words(values, "medicines_reconciled") == "yes", today))
    return tuple(sorted(found, key=lambda clock: clock.due))


def _clock(name: str, due: date, done: bool, today: date) -> TransitionClock:
    return TransitionClock(name, due, done, _late(due, today, done=done))


def _late(due: date, today: date, *, done: bool) -> int:
    return 0 if done else max((today - due).days, 0)


def attempts_in_time(plan: PlanContent, values: Values, due: date) -> int:
    """Return how many separate attempts, in vain, were made by the day of the contact; two in one hour are one."""
    tried = sorted(
        when
        for each in records(values, "attempts").values()
        if words(each, "reached") == "no" and (when := instant(each, "when")) is not None and plan.day_of(when) <= due
    )
    apart: list[datetime] = []
    for when in tried:
        if not apart or when - apart[-1] >= ATTEMPTS_APART:
            apart.append(when)
    return len(apart)


def window_ends(plan: PlanContent, values: Values) -> date | None:
    """Return the last day that counts after this discharge, ``None`` where there is none."""
    left = instant(values, "end")
    if words(values, "event") != "discharged" or left is None:
        return None
    return plan.day_of(left) + timedelta(days=WINDOW_DAYS - 1)


def in_window(plan: PlanContent, entry: EntryContent, today: date) -> bool:
    """Say whether the days after this discharge still run: neither over nor ended by something else."""
    left, last = instant(entry.values, "end"), window_ends(plan, entry.values)
    if left is None or last is None or plan.deceased or ended_by(plan, entry) is not None:
        return False
    return plan.day_of(left) <= today <= last


def ended_by(plan: PlanContent, entry: EntryContent) -> EntryContent | None:
    """Return what ended the clocks of this discharge: a later stay in a hospital, or the patient's death.

    An emergency department that lets somebody go home again ends nothing.
    """
    left = instant(entry.values, "end")
    if left is None:
        return None
    for other in active(plan, Section.TRANSITIONS):
        began = instant(other.values, "start")
        died = words(other.values, "event") == "died"
        stay = words(other.values, "setting") in STAYS or words(other.values, "event") == "admitted"
        if other.id != entry.id and began is not None and began >= left and (died or stay):
            return other
    return None


def clock_told(clock: TransitionClock, today: date) -> str:
    """Return a clock with its day and the time left, as in ``contact due 30-Nov-2026, 2 days left``."""
    ahead = (clock.due - today).days
    left = f"{in_days(clock.late)} late" if clock.late else f"{in_days(ahead)} left" if ahead > 0 else "the last day"
    return f"{clock.name} due {plain_day(clock.due)}, {left}"
