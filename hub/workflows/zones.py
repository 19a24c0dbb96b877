"""Warning zones of a measure: red, yellow, green, how often out before someone is called; and their faults."""

import re
from collections.abc import Mapping
from typing import Final

from crdt.contents import Record
from crdt.fields import Value
from hub.safety.measures import measure_of
from hub.workflows.contents import Values, number, words

ZONES: Final = ("red", "yellow", "green")
"""From the worst to the best; where ranges overlap the worse one counts."""

DIASTOLIC_SEVERE: Final = 120.0
"""mmHg. With a systolic measure's zones alone, a lower number from here on is red (ACC/AHA 2017: 180 or 120)."""

WAIT_MINUTES: Final = (5, 1_440)
"""Bounds of how long an unanswered red waits for the backup: a day is no setting for an alarm."""

EXPECTED_DAYS_MAX: Final = 366

_PERSISTENCE = re.compile(r"(\d{1,2}) of (\d{1,2})")
_TREND = re.compile(r"([+-]?)\s*(\d+(?:\.\d+)?)\s*(%?)[^\d;%]*\bin (\d{1,3}) days?")


def in_range(value: float, low_high: str) -> bool:
    """Say whether a value lies in ``low..high``, both ends included; an open end has no bound."""
    low, high = _ends(low_high)
    if low is None and high is None:
        return False
    return (low is None or low <= value) and (high is None or value <= high)


def zone_of(values: Values, value: float) -> str:
    """Return the worst zone whose range holds the value; ``""`` where no green zone is declared and none does.

    A value in a gap between the zones is not green, so it counts as yellow: nobody is called too late for a gap.
    """
    held = next((zone for zone in ZONES if in_range(value, words(values, zone))), "")
    return held or ("yellow" if words(values, "green") else "")


def zone_of_reading(values: Values, record: Record) -> str:
    """Return the zone of a reading; a severe lower number of a blood pressure is red whatever the upper one is."""
    second, measure = number(record, "second"), measure_of(words(values, "measure"))
    if second is not None and measure is not None and measure.key == "systolic" and second >= DIASTOLIC_SEVERE:
        return "red"
    value = number(record, "value")
    return zone_of(values, value) if value is not None else ""


def persistence(values: Values) -> tuple[int, int]:
    """Return n and m of "out of zone n of m times"; one of one where nothing readable is said."""
    match = _PERSISTENCE.fullmatch(words(values, "persistence"))
    if match is None:
        return 1, 1
    count, last = int(match[1]), int(match[2])
    return (count, last) if 1 <= count <= last else (1, 1)


def bounds(values: Values, zone: str) -> tuple[str, str]:
    """Return where a zone begins and ends as it was typed, ``""`` for an open end or a zone without a range."""
    low, separator, high = words(values, zone).partition("..")
    return (low, high) if separator else ("", "")


def trend_rules(values: Values) -> tuple[tuple[str, float, bool, int], ...]:
    """Return the rules of too fast a change: ``+``, ``-`` or ``""`` for either way, how much, in percent, in days."""
    parts = [each.strip() for each in words(values, "trend").split(";") if each.strip()]
    found = [match for each in parts if (match := _TREND.fullmatch(each.casefold()))]
    return tuple((each[1], float(each[2]), each[3] == "%", int(each[4])) for each in found)


def zone_faults(values: Mapping[str, Value]) -> dict[str, str]:
    """Return what is wrong with a measure's zones and rules, by field, in words for who declared them."""
    faults: dict[str, str] = {}
    for zone in ZONES:
        low, high = _ends(words(values, zone))
        if low is not None and high is not None and low > high:
            faults[zone] = f"{low:g} lies above {high:g}. Write {high:g}..{low:g}."
    if not faults:
        faults |= _overlaps(values) or _order(values)
    return faults | _rule_faults(values)


def _overlaps(values: Values) -> dict[str, str]:
    """Return the zones that claim the same values; one shared end is the worse zone's."""
    for index, worse in enumerate(ZONES):
        for milder in ZONES[index + 1 :]:
            one, other = _spread(values, worse), _spread(values, milder)
            if one is None or other is None:
                continue
            low, high = max(one[0], other[0]), min(one[1], other[1])
            if low < high:
                shared = "..".join("" if abs(each) == float("inf") else f"{each:g}" for each in (low, high))
                return {worse: f"{shared} is in the {milder} zone as well. Give each value one zone."}
    return {}


def _order(values: Values) -> dict[str, str]:
    green, yellow, red = (_spread(values, each) for each in ("green", "yellow", "red"))
    if green is None or yellow is None or red is None:
        return {}
    beyond = (yellow[0] >= red[1] and red[0] >= green[1]) or (yellow[1] <= red[0] and red[1] <= green[0])
    return {"yellow": "Yellow lies beyond red. It belongs between green and red."} if beyond else {}


def _rule_faults(values: Values) -> dict[str, str]:
    faults = {}
    told = words(values, "persistence")
    if told and (match := _PERSISTENCE.fullmatch(told)) is None:
        faults["persistence"] = "Write it in numbers, as in 2 of 3."
    elif told and match is not None and not 1 <= int(match[1]) <= int(match[2]):
        faults["persistence"] = f"{told} can't be. The first number is at least 1 and not above the other."
    repeat = number(values, "repeat_days")
    if repeat is not None and not 0 <= repeat <= EXPECTED_DAYS_MAX:
        faults["repeat_days"] = f"Enter days from 0 to {EXPECTED_DAYS_MAX}."
    expected = number(values, "expected_days")
    if expected is not None and not 1 <= expected <= EXPECTED_DAYS_MAX:
        faults["expected_days"] = f"Enter days from 1 to {EXPECTED_DAYS_MAX}."
    wait = number(values, "backup_minutes")
    if wait is not None and not WAIT_MINUTES[0] <= wait <= WAIT_MINUTES[1]:
        faults["backup_minutes"] = f"Enter minutes from {WAIT_MINUTES[0]} to {WAIT_MINUTES[1]}."
    if len(trend_rules(values)) != len([each for each in words(values, "trend").split(";") if each.strip()]):
        faults["trend"] = "Write it as +2 in 3 days; several with a semicolon between."
    return faults


def _ends(low_high: str) -> tuple[float | None, float | None]:
    """Return both ends of a range, ``None`` for an open one and for what is no number."""
    low, separator, high = low_high.partition("..")
    if not separator:
        return None, None
    try:
        return (float(low) if low else None), (float(high) if high else None)
    except ValueError:
        return None, None


def _spread(values: Values, zone: str) -> tuple[float, float] | None:
    low, high = _ends(words(values, zone))
    if low is None and high is None:
        return None
    return (low if low is not None else float("-inf")), (high if high is not None else float("inf"))
