"""Times as a clock on the wall shows them: what a ``datetime-local`` control says, and which instant that is.

Such a control names no zone. It means one thing everywhere, on pages and in scripts (static/src/values.js): the clock
of the zone that the page was made for, which is the plan's. Twice a year that is no instant, where the clock jumps over
an hour, or two of them, where an hour comes twice. Then a form asks: nothing is guessed.
"""

import re
from collections.abc import Iterable
from datetime import MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from web.views.fields import Choice
from web.views.words import day, instant_of

WHICH: Final = "which."
"""Before the name of a field: which of two hours is meant, ``first`` or ``second``."""

FIRST: Final = "first"
SECOND: Final = "second"

_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


def instant_for_form(value: str, zone: tzinfo) -> str:
    """Return what a ``datetime-local`` control shows for an instant in this zone, ``""`` where there is none."""
    instant = instant_of(value)
    return f"{instant.astimezone(zone):%Y-%m-%dT%H:%M}" if instant is not None else ""


def instants_of(local: str, zone: tzinfo) -> tuple[datetime, ...]:
    """Return the instants at which the zone's clock shows this: one, none where it jumps, two where it is put back."""
    found: list[datetime] = []
    try:
        shown = datetime.fromisoformat(local)
        for fold in (0, 1):
            instant = shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if instant.astimezone(zone).replace(tzinfo=None) == shown and instant not in found:
                found.append(instant)
    except (ValueError, OverflowError):
        return ()
    return tuple(found)


def instant_from_form(value: str, zone: tzinfo, which: str = "") -> str:
    """Return the one instant that a ``datetime-local`` control means in this zone; anything else as it was typed.

    ``which`` says which of two is meant, where the clock shows a time twice.
    """
    if not _LOCAL.fullmatch(value):
        return value
    found = instants_of(value, zone)
    if len(found) == 2 and which in (FIRST, SECOND):
        return found[which == SECOND].isoformat()
    return found[0].isoformat() if len(found) == 1 else value


def last_instant(value: str, zone: tzinfo) -> datetime | None:
    """Return the last instant that a time for looking back can mean; one that was jumped over is after the jump."""
    if not _LOCAL.fullmatch(value):
        return instant_of(value)
    found = instants_of(value, zone)
    try:
        return found[-1] if found else datetime.fromisoformat(value).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def typed_instants(sent: Iterable[tuple[str, object]], zone: tzinfo) -> dict[str, list[str]]:
    """Return a form's values with local times as instants, as far as each means one."""
    pairs = [(name, value) for name, value in sent if isinstance(value, str)]
    which = {name.removeprefix(WHICH): value for name, value in pairs if name.startswith(WHICH)}
    typed: dict[str, list[str]] = {}
    for name, value in pairs:
        if not name.startswith(WHICH):
            typed.setdefault(name, []).append(instant_from_form(value, zone, which.get(name, "")))
    return typed


def fault_of_local(value: str, zone: tzinfo) -> str:
    """Return what keeps a local time from being one instant, ``""`` where nothing of the clock does."""
    try:
        shown = datetime.fromisoformat(value) if _LOCAL.fullmatch(value) else None
        if shown is None or shown.replace(tzinfo=zone).astimezone(UTC) is None:
            return ""
    except (ValueError, OverflowError):
        return ""
    told = f"{shown:%H:%M} on {day(shown.date())}"
    match len(instants_of(value, zone)):
        case 0:
            return f"There is no {told}: the clocks go forward over it. Enter another time."
        case 2:
            return f"{told} comes twice: the clocks are put back that night. Say which of the two you mean."
        case _:
            return ""


def which_of_two(shown: str, zone: tzinfo, chosen: datetime | None) -> tuple[Choice, ...]:
    """Return the two instants of a local time to choose from, none where there is one; ``chosen`` is marked."""
    found = instants_of(shown, zone) if _LOCAL.fullmatch(shown) else ()
    if len(found) != 2:
        return ()
    told = [f"{each.astimezone(zone):%H:%M %Z}" for each in found]
    words = (f"{told[0]}, before the clocks are put back", f"{told[1]}, after that")
    at = chosen.replace(second=0, microsecond=0) if chosen is not None else None
    return tuple(
        Choice(name, said, instant == at) for name, said, instant in zip((FIRST, SECOND), words, found, strict=True)
    )


def zone_words(zone: tzinfo) -> str:
    """Return whose clock it is, as in ``New York``: the place that the zone is named after."""
    return str(zone).rpartition("/")[2].replace("_", " ")


def start_of_day(on: date, zone: tzinfo, *, days: int = 0) -> datetime:
    """Return the instant at which a day begins in the zone, so many days later; the calendar's end where none is left.

    Years 1 and 9999 are dates that a form takes, and their neighbours are none.
    """
    try:
        return datetime.combine(on + timedelta(days=days), time(), zone).astimezone(UTC)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if on.year > MINYEAR else datetime.min.replace(tzinfo=UTC)
