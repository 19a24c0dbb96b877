"""When a team can be reached: opening hours, closed days, and within how many open hours each topic is answered.

Hours in which nobody is there do not count: what is asked on a Friday evening is promised for Monday.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import Final

from crdt.sections import TOPICS
from hub.directory.business_days import federal_holidays

USUAL_OPENING: Final = (time(8), time(17))
"""Monday to Friday, where an organisation has not said its hours."""

OTHER: Final = "other"
ANSWER_HOURS: Final[Mapping[str, int]] = MappingProxyType(
    {"medicines": 8, "appointments": 9, "forms": 18, "transport": 9, "worry": 4, OTHER: 9}
)
"""Open hours within which each topic is answered, where an organisation has not said it; the house's rule (2026-11)."""

ANSWER_HOURS_MAX: Final = 90
"""Two weeks of open hours: who waits longer is not being answered."""

DAYS_AHEAD_MAX: Final = 60
"""A house that is closed for longer counts each hour from there on."""

assert tuple(ANSWER_HOURS) == TOPICS, "every topic has its hours, in the order in which they are offered"


@dataclass(frozen=True, slots=True)
class House:
    """The hours of a plan's home organisation."""

    opening: tuple[tuple[str, str], ...] = ()
    """From and to, ``08:00``, Monday to Sunday; two empty texts for a closed day, nothing at all: the usual hours."""
    holidays: frozenset[date] = frozenset()
    """Own closed days, besides the federal ones."""
    answer_hours: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def hours_for(self, topic: str) -> int:
        """Return within how many open hours a topic is answered."""
        return self.answer_hours.get(topic) or ANSWER_HOURS.get(topic, ANSWER_HOURS[OTHER])

    def open_between(self, day: date) -> tuple[time, time] | None:
        """Return from when to when somebody is there on a day, ``None`` for a closed one."""
        if day in self.holidays or day in federal_holidays(day.year) | federal_holidays(day.year + 1):
            return None
        if not self.opening:
            return USUAL_OPENING if day.weekday() < 5 else None
        begins, ends = (_time(each) for each in self.opening[day.weekday()])
        return (begins, ends) if begins is not None and ends is not None and begins < ends else None

    def promised(self, topic: str, asked: datetime, zone: tzinfo) -> datetime:
        """Return the instant by which what is asked now is answered, in UTC: so many open hours from then on."""
        left = timedelta(hours=self.hours_for(topic))
        for begins, ends in self._open_from(asked, zone):
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        return asked + timedelta(days=DAYS_AHEAD_MAX)

    def open_next(self, instant: datetime, zone: tzinfo) -> datetime:
        """Return the instant, or where nobody is there then, when somebody next is; in UTC."""
        return next((begins for begins, _ in self._open_from(instant, zone)), instant)

    def _open_from(self, asked: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
        first = asked.astimezone(zone).date()
        for ahead in range(DAYS_AHEAD_MAX):
            day = first + timedelta(days=ahead)
            hours = self.open_between(day)
            if hours is not None:
                begins, ends = (datetime.combine(day, each, tzinfo=zone).astimezone(UTC) for each in hours)
                if ends > asked:
                    yield max(begins, asked.astimezone(UTC)), ends


def _time(told: str) -> time | None:
    try:
        return time.fromisoformat(told)
    except ValueError:
        return None


def house_of(opening: Sequence[Sequence[str]], holidays: Sequence[str], answer_hours: Mapping[str, object]) -> House:
    """Return the house that an organisation's row tells of; what it can't mean is left out."""
    days = tuple((str(each[0]), str(each[1])) for each in opening if len(each) == 2)
    closed = frozenset(day for each in holidays if (day := _day(str(each))) is not None)
    hours = {
        topic: found
        for topic in TOPICS
        if isinstance(found := answer_hours.get(topic), int) and 0 < found <= ANSWER_HOURS_MAX
    }
    return House(days if len(days) == 7 else (), closed, MappingProxyType(hours))


def _day(told: str) -> date | None:
    try:
        return date.fromisoformat(told)
    except ValueError:
        return None
