"""Dates of birth as far as they are known: a day, a month, a year, or nothing."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

_FORM: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
YEAR_MIN: Final = 1850


class BirthDateError(ValueError):
    """Not a date of birth; the message is a sentence for the person."""


@dataclass(frozen=True, slots=True, order=True)
class BirthDate:
    """A date of birth in the calendar's order. 0 stands for what is not known: ``BirthDate(1956, 5)`` has no day."""

    year: int = 0
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        """Return ``1956-05-14``, ``1956-05``, ``1956`` or nothing, as FHIR writes it."""
        parts = [f"{self.year:04}"] if self.year else []
        parts += [f"{each:02}" for each in ((self.month, self.day) if self.day else (self.month,)) if each]
        return "-".join(parts)

    @property
    def whole(self) -> date | None:
        """The date where all of it is known."""
        return date(self.year, self.month, self.day) if self.year and self.month and self.day else None


NOT_KNOWN: Final = BirthDate()


def birth_date(text: str) -> BirthDate:
    """Return the date that this text of ours says.

    Raises:
        BirthDateError: it is none.
    """
    if not text:
        return NOT_KNOWN
    found = _FORM.fullmatch(text)
    if found is None:
        raise BirthDateError("Write the date of birth as year, month and day, such as 1956-05-14.")
    return typed_birth_date(*(each or "" for each in found.groups()))


def typed_birth_date(year: str, month: str, day: str, *, today: date | None = None) -> BirthDate:
    """Return the date that three fields of a form say; a later part needs the earlier ones.

    Raises:
        BirthDateError: the fields say no date, or one after ``today``.
    """
    numbers = [_number(each) for each in (year, month, day)]
    known = BirthDate(*numbers)
    if not known.year:
        if known.month or known.day:
            raise BirthDateError("Enter the year of birth, or leave day and month empty as well.")
        return known
    if known.year < YEAR_MIN:
        raise BirthDateError(f"Check the year of birth: {known.year} is before {YEAR_MIN}.")
    if known.day and not known.month:
        raise BirthDateError("Choose the month of birth, or leave the day empty as well.")
    try:
        earliest = date(known.year, known.month or 1, known.day or 1)
    except ValueError:
        raise BirthDateError("There is no such day. Check day, month and year of birth.") from None
    if today is not None and earliest > today:
        raise BirthDateError("This date of birth is in the future. Check the year.")
    return known


def reaches_age(born: BirthDate, age: int, zone: tzinfo) -> datetime | None:
    """Return the first instant, in UTC, at which somebody may be ``age`` years old; ``None`` without a year of birth.

    Where the day is not known, the first that it can have been counts. Who was born on 29 February is a year older on
    1 March of other years.
    """
    if not born.year:
        return None
    year, month, day = born.year + age, born.month or 1, born.day or 1
    try:
        reached = date(year, month, day)
    except ValueError:
        reached = date(year, 3, 1)
    return datetime.combine(reached, time(), zone).astimezone(UTC)


def _number(text: str) -> int:
    plain = text.strip()
    if not plain:
        return 0
    if not plain.isdecimal() or len(plain) > 4:
        raise BirthDateError("Write day and year of birth in digits.")
    return int(plain)
