"""Telling of a clock after a discharge before it is late: first who took it, then who stands behind them.

How long before is data. It is our own choice (2026-11): CMS names the days of the clocks and not when to remind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from crdt.changes import Append, Assign, Change, Create
from crdt.sections import Section
from hub.directory.business_days import is_business_day
from hub.live.commands import EntryContent, PlanContent
from hub.record.jobs import Job
from hub.workflows.contents import active, words
from hub.workflows.imagined import imagined
from hub.workflows.team import steward
from hub.workflows.transition_clocks import TransitionClock, clock_owners, clocks

TELL_CLOCK: Final = "clock.tell"
"""The kind of the jobs that tell of a clock, and the event of the row that people are shown."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many days before a clock's day it is told of, at ``TOLD_AT``: its owner, then who stands behind them."""

    owner: int
    behind: int


AHEAD: Final[Mapping[str, Ahead]] = MappingProxyType(
    {"contact": Ahead(1, 0), "visit": Ahead(3, 1), "medicines reconciled": Ahead(3, 1)}
)
"""By clock. A day on which offices are closed gives way to the last one before it on which they are open."""

TOLD_AT: Final = time(8)
"""Where the plan is at home, so that a whole working day is left."""

OWNER, BEHIND = "owner", "behind"


def tellings_of(plan: PlanContent, changes: Sequence[Change], now: datetime) -> list[Job]:
    """Return the jobs for the clocks that these changes start, move or give an owner; a job waits once.

    What was to be told by now is told at once: of an old discharge, and of one told late.
    """
    touched = {
        each.entry
        for each in changes
        if (isinstance(each, Create) and each.section is Section.TRANSITIONS and each.values.get("contact_due"))
        or (
            isinstance(each, Assign | Append)
            and each.section is Section.TRANSITIONS
            and each.field in ("contact_due", "visit_due", "clock_owners")
        )
    }
    after = imagined(plan, changes, by=0)
    return [
        job
        for entry_id in sorted(touched)
        if (entry := after.entry(Section.TRANSITIONS, entry_id)) is not None
        for clock in clocks(after, entry, plan.day_of(now))
        if not clock.done and not clock.late
        for job in _jobs(plan, entry_id, clock, now)
    ]


def _jobs(plan: PlanContent, entry: str, clock: TransitionClock, now: datetime) -> list[Job]:
    ahead = AHEAD[clock.name]
    steps = {OWNER: instant_before(plan, clock.due, ahead.owner), BEHIND: instant_before(plan, clock.due, ahead.behind)}
    if steps[BEHIND] <= now:
        del steps[OWNER]
    return [
        Job(
            kind=TELL_CLOCK,
            payload={
                "plan": plan.plan_id, "entry": entry, "clock": clock.name, "due": clock.due.isoformat(), "step": step,
            },
            due=when if when > now else None,
            key=f"{TELL_CLOCK}/{plan.plan_id}/{entry}/{clock.name}/{clock.due}/{step}",
        )
        for step, when in steps.items()
    ]  # fmt: skip


def instant_before(plan: PlanContent, due: date, days: int) -> datetime:
    """Return when a clock of that day is told of, so many days before it."""
    day = due - timedelta(days=days)
    while not is_business_day(day):
        day -= timedelta(days=1)
    return datetime.combine(day, TOLD_AT, tzinfo=plan.zone).astimezone(UTC)


def still_runs(plan: PlanContent, entry: EntryContent, name: str, due: str, now: datetime) -> TransitionClock | None:
    """Return the clock that is to be told of, ``None`` where it was met, moved or ended since."""
    running = clocks(plan, entry, plan.day_of(now))
    return next(
        (each for each in running if each.name == name and each.due.isoformat() == due and not each.done
         and not each.counts),
        None,
    )  # fmt: skip


def whom_to_tell(plan: PlanContent, entry: EntryContent, clock: str, step: str) -> tuple[str, ...]:
    """Return who is told in this step, by the plan's own words; empty where it names nobody.

    First the owner. Then the owner's backup in the team and the steward, and where nobody took the clock the steward
    both times.
    """
    owner, kept = clock_owners(entry.values).get(clock, ""), steward(plan)
    if step == OWNER:
        return tuple(filter(None, (owner or kept,)))
    team = active(plan, Section.CARE_TEAM)
    backups = [words(each.values, "backup") for each in team if owner and words(each.values, "person") == owner]
    return tuple(dict.fromkeys(filter(None, (*backups, kept))))
