"""Civil hours: when somebody is told, by the clock on their wall, with the days on which clocks are put on or back.

Pure: every instant comes in and goes out aware, results are in UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

GATHERED: Final = timedelta(minutes=2)
"""What happens within this is told together."""
LATEST_BEFORE: Final = timedelta(hours=1)
"""Nobody is reminded of an appointment that begins sooner."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing is sent, over midnight as often as not; the same time twice: none."""

    begins: time
    ends: time

    def holds(self, clock: time) -> bool:
        """Return whether nothing is sent at this time of day."""
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


def at(day: date, clock: time, zone: tzinfo) -> datetime:
    """Return the instant of a time of day; of an hour that comes twice the first, of a skipped one as much later."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def after_quiet(instant: datetime, quiet: Quiet, zone: tzinfo) -> datetime:
    """Return the instant, or the end of the quiet hours in which it lies; never an earlier one."""
    local = instant.astimezone(zone)
    if not quiet.holds(local.time()):
        return instant.astimezone(UTC)
    day = local.date() if local.time() < quiet.ends else local.date() + timedelta(days=1)
    end = at(day, quiet.ends, zone)
    if end < instant:  # The clock was put back meanwhile: the hour comes a second time.
        end = datetime.combine(day, quiet.ends, zone).replace(fold=1).astimezone(UTC)
    return max(end, instant.astimezone(UTC))


def soon(now: datetime, quiet: Quiet, zone: tzinfo) -> datetime:
    """Return when something that just happened is told."""
    return after_quiet(now + GATHERED, quiet, zone)


def on_day(day: date, clock: time, now: datetime, quiet: Quiet, zone: tzinfo) -> datetime:
    """Return when something of this day is told: at the hour, or soon where that is over."""
    due = at(day, clock, zone)
    return after_quiet(due, quiet, zone) if due > now else soon(now, quiet, zone)


def before(appointment: datetime, clock: time, now: datetime, quiet: Quiet, zone: tzinfo) -> datetime | None:
    """Return when an appointment is told: at the hour of the day before, or soon where that is over.

    ``None`` where no hour that is not quiet is left before it.
    """
    day = appointment.astimezone(zone).date() - timedelta(days=1)
    due = on_day(day, clock, now, quiet, zone)
    return due if due <= appointment - LATEST_BEFORE else None


def next_time(clock: time, now: datetime, zone: tzinfo) -> datetime:
    """Return when it is this time of day the next time, later than ``now``."""
    today = now.astimezone(zone).date()
    return next(found for days in range(3) if (found := at(today + timedelta(days=days), clock, zone)) > now)
