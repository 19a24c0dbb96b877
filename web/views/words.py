"""Dates, times, numbers and names as clinicians and families read them (NHS CUI and Joint Commission rules)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NO_BREAK: Final = "\u00a0"
WORDS_SHORT_CHARACTERS: Final = 90

_AHEAD_MAX: Final = timedelta(seconds=10)
"""What was recorded after the page began to be made, or by a clock a little ahead of ours, happened just now."""

LANGUAGES: Final = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "ht": "Haitian Creole",
    "it": "Italian",
    "ko": "Korean",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "so": "Somali",
    "tl": "Tagalog",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""Languages by primary tag; another tag is shown as it stands."""


@dataclass(frozen=True, slots=True)
class Reading:
    """When and where a page is read: what relative times and dates are relative to."""

    now: datetime
    zone: tzinfo = UTC
    died: bool = False
    """The patient has died: no day is late any more, and nothing waits."""
    home: tzinfo | None = None
    """Where days count, such as those on which something is due; ``None``: in ``zone``, by which times are told."""

    @property
    def today(self) -> date:
        """The calendar day where days count."""
        return self.now.astimezone(self.home or self.zone).date()

    @property
    def day_told(self) -> date:
        """The calendar day by the clock by which times are told: what ``today`` means beside an hour."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant for ``<time>``: machine form, relative words, and the absolute words that stand in the title."""

    machine: str
    words: str
    absolute: str


def day(value: date) -> str:
    """Return ``21-Nov-2026``: no order of day and month to guess."""
    return f"{value.day:02d}-{MONTHS[value.month - 1]}-{value.year:04d}"


def day_of(value: object) -> date | None:
    """Return the date that ``YYYY-MM-DD`` text means, ``None`` for anything else."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def instant_of(value: object) -> datetime | None:
    """Return the aware instant that ISO 8601 text means, ``None`` for anything else."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant if instant is not None and instant.tzinfo is not None else None


def day_and_time(instant: datetime, reading: Reading) -> str:
    """Return ``21-Nov-2026 08:21``, on a 24-hour clock, where the page is read."""
    local = instant.astimezone(reading.zone)
    return f"{day(local.date())} {local:%H:%M}"


def moment(instant: datetime, reading: Reading) -> Moment:
    """Return the instant with its relative words, which always carry the absolute ones beside them."""
    return Moment(
        machine=instant.astimezone(UTC).isoformat(timespec="seconds"),
        words=_relative(instant, reading),
        absolute=day_and_time(instant, reading),
    )


def _relative(instant: datetime, reading: Reading) -> str:
    elapsed = reading.now - instant
    local = instant.astimezone(reading.zone)
    if -_AHEAD_MAX <= elapsed < timedelta(minutes=1):
        return "just now"
    if timedelta(0) <= elapsed < timedelta(hours=1):
        return f"{int(elapsed.total_seconds() // 60)} min ago"
    days = (reading.day_told - local.date()).days
    if days == 0:
        return f"today {local:%H:%M}"
    if days == 1:
        return f"yesterday {local:%H:%M}"
    return day(local.date())


def number(value: float) -> str:
    """Return ``0.5``, ``5``, ``3,600``: a leading zero, no trailing zero, a comma from a thousand."""
    whole = f"{value:,.6f}".rstrip("0").rstrip(".")
    return whole or "0"


def count(things: int, one: str, many: str = "") -> str:
    """Return ``1 task``, ``2 tasks``; ``many`` where the plural is not the noun with an s."""
    return f"{things:,} {one if things == 1 else many or one + 's'}"


def years_old(born: date, today: date) -> int:
    """Return the age in completed years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def age(born: date, today: date) -> str:
    """Return the age as clinicians say it: days up to four weeks, weeks up to three months, months up to two years.

    ``""`` before birth. After the table of the NHS Common User Interface ("Date Display", age of patients).
    """
    days, months = (today - born).days, (today.year - born.year) * 12 + today.month - born.month
    months -= today.day < born.day
    if days < 0:
        return ""
    if days < 28:
        return f"{days}d"
    if months < 3:
        return f"{days // 7}w"
    return f"{months}m" if months < 24 else f"{years_old(born, today)}y"


def listed_name(family: str, given: str) -> str:
    """Return ``WHITFIELD, Mary`` as lists and banners have it; who has one name has it alone."""
    return f"{family.upper()}, {given}" if given else family.upper()


def born_words(known: str) -> str:
    """Return ``born 14-May-1956``, ``born in May 1956``, ``born in 1956`` or that it is not known."""
    whole = day_of(known)
    if whole is not None:
        return f"born {day(whole)}"
    year, _, month = known.partition("-")
    return (
        f"born in {MONTHS[int(month) - 1]} {year}" if month else f"born in {year}" if year else "birth date not known"
    )


def language(tag: str) -> str:
    """Return the English name of a BCP 47 tag's language, the tag itself where it is not in the table."""
    return LANGUAGES.get(tag.split("-")[0].lower(), tag)


def span(low_to_high: str) -> str:
    """Return a range in prose, without comparison signs: ``60 to 80``, ``130 or below``, ``180 or above``."""
    low, dots, high = low_to_high.partition("..")
    if not dots:
        return low_to_high
    if low and high:
        return f"{low} to {high}"
    return f"{high} or below" if high else f"{low} or above"


def short(words: str, characters: int = WORDS_SHORT_CHARACTERS) -> str:
    """Return the first line, cut at a word with an ellipsis where it is longer. Never for the name of a medicine."""
    line = words.strip().split("\n", 1)[0]
    if len(line) <= characters:
        return line
    return line[:characters].rsplit(" ", 1)[0].rstrip(" ,;") + " …"


def lowered(words: str) -> str:
    """Return words for the middle of a sentence; an abbreviation such as LDL keeps its capitals."""
    first = words.split(" ", 1)[0]
    return words if first[1:2].isupper() or first[1:2].isdigit() else words[:1].lower() + words[1:]


def sentence(words: str) -> str:
    """Return the words with a capital first letter, the rest untouched."""
    return words[:1].upper() + words[1:]


def initials(name: str) -> str:
    """Return two letters for a chip: of the first and the last name, titles and what follows a comma left out."""
    parts = [part for part in name.split(",")[0].split() if part.rstrip(".").lower() not in _TITLES]
    letters = [part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)]
    return "".join(letters).upper() or "?"


_TITLES: Final = frozenset({"dr", "mr", "mrs", "ms", "prof", "rn", "md"})
