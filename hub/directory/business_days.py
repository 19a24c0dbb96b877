"""Business days of the United States: Monday to Friday without the federal holidays (5 U.S.C. 6103)."""

from datetime import date, timedelta
from typing import Final

_FIXED: Final = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_NTH_MONDAYS: Final = ((1, 3), (2, 3), (9, 1), (10, 2))
"""Month and ordinal of the holidays that fall on a Monday; Memorial Day is the last one of May."""


def federal_holidays(year: int) -> frozenset[date]:
    """Return the days on which federal offices are closed; one on a weekend is observed on the nearest weekday."""
    days = {_observed(date(year, month, day)) for month, day in _FIXED}
    days |= {_nth(year, month, 0, ordinal) for month, ordinal in _NTH_MONDAYS}
    days.add(_nth(year, 11, 3, 4))
    last_of_may = date(year, 5, 31)
    days.add(last_of_may - timedelta(days=last_of_may.weekday()))
    return frozenset(days)


def _observed(day: date) -> date:
    match day.weekday():
        case 5:
            return day - timedelta(days=1)
        case 6:
            return day + timedelta(days=1)
        case _:
            return day


def _nth(year: int, month: int, weekday: int, ordinal: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (ordinal - 1))


def is_business_day(day: date) -> bool:
    """Say whether offices are open."""
    holidays = federal_holidays(day.year) | federal_holidays(day.year + 1)
    return day.weekday() < 5 and day not in holidays


def business_days_after(day: date, count: int) -> date:
    """Return the ``count``-th business day after ``day``, which itself does not count."""
    assert count >= 1, "a clock runs for at least one day"
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day)
    return day
