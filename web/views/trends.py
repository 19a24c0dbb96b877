"""The last readings of a measure: the latest in words, and a small chart with its zones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crdt.contents import Record
from crdt.fields import Value
from hub.workflows import monitoring
from hub.workflows.alarm_wordings import value_told
from hub.workflows.contents import number, words
from hub.workflows.zones import ZONES
from web.views.rows import Trend
from web.views.words import MONTHS, Reading, span
from web.views.words import number as told_number

SHOWN_MAX: Final = 12
"""Readings in one small chart."""

ROOM: Final = 0.12
"""Free room above the highest and below the lowest reading, as a part of what lies between."""


@dataclass(frozen=True, slots=True)
class LatestReading:
    """The latest reading: its value, and when it was taken with what became of it, in words."""

    value: str = ""
    when: str = ""


def latest_words(values: Mapping[str, Value], reading: Reading) -> LatestReading:
    """Return the latest reading in words, empty where there is none."""
    found = [each for each in monitoring.readings(values) if number(each, "value") is not None]
    if not found:
        return LatestReading("", "No reading yet")
    last = found[-1]
    value, when = number(last, "value") or 0.0, monitoring.taken(last)
    told = _day(when.astimezone(reading.zone)) if when is not None else ""
    if len(found) > 1 and when is not None:
        before = found[-min(len(found), 3)]
        earlier = monitoring.taken(before)
        by = value - (number(before, "value") or 0.0)
        days = (when - earlier).days if earlier is not None else 0
        if by and days:
            told += f", {told_number(abs(by))} {'higher' if by > 0 else 'lower'} in {days} days"
        elif by:
            told += f", {told_number(abs(by))} {'higher' if by > 0 else 'lower'}"
    shown = told_number(value) if number(last, "second") is None else value_told(last)
    return LatestReading(shown, told)


def trend(values: Mapping[str, Value], reading: Reading) -> Trend | None:
    """Return the last readings as a small chart; ``None`` for fewer than two, which show no trend."""
    found = [(each, value) for each in monitoring.readings(values) if (value := number(each, "value")) is not None]
    shown = found[-SHOWN_MAX:]
    if len(shown) < 2:
        return None
    low, high = min(value for _, value in shown), max(value for _, value in shown)
    room = (high - low) * ROOM or abs(high) * ROOM or 1.0
    low, high = low - room, high + room
    step, height = 100 / (len(shown) - 1), high - low
    points = tuple(
        (round(index * step, 1), round(100 - (value - low) / height * 100, 1)) for index, (_, value) in enumerate(shown)
    )
    told = ", ".join(f"{told_number(value)}{_on(each, reading)}" for each, value in shown)
    ranges = ((zone, words(values, zone)) for zone in reversed(ZONES))
    zones = "; ".join(f"{zone} {span(ends)}" for zone, ends in ranges if ends)
    return Trend(f"{told}. {zones}".strip(" ."), points, _bands(values, low, high))


def _on(record: Record, reading: Reading) -> str:
    when = monitoring.taken(record)
    return f" on {_day(when.astimezone(reading.zone))}" if when is not None else ""


def _day(when: datetime) -> str:
    return f"{when.day:02d}-{MONTHS[when.month - 1]}"


def _bands(values: Mapping[str, Value], low: float, high: float) -> tuple[tuple[str, float, float], ...]:
    """Return the zones between two values as bands from the top; one without a readable range is left out."""
    bands, height = [], high - low
    for zone in ZONES:
        first, dots, last = words(values, zone).partition("..")
        try:
            bottom, top = float(first or low), float(last or high)
        except ValueError:
            continue
        bottom, top = max(bottom, low), min(top, high)
        if dots and top > bottom:
            bands.append((zone, round((high - top) / height * 100, 1), round((top - bottom) / height * 100, 1)))
    return tuple(bands)
