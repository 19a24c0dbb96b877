"""All readings of one measure: a chart as geometry, drawn by the server as SVG, and the same as a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.roles import Participant
from crdt.contents import Record
from crdt.sections import Section
from hub.workflows.alarm_wordings import value_told
from hub.workflows.contents import Values, instant, number, words
from hub.workflows.digests import FieldEdit
from hub.workflows.monitoring import counted, every_reading, measure_name, taken
from hub.workflows.readings import may_mark
from hub.workflows.zones import ZONES, bounds, zone_of_reading
from web.views.people import PlanPeople
from web.views.words import Reading, day, day_and_time, span
from web.views.words import number as told_number

WIDTH, HEIGHT = 720, 300
"""Units of the drawing; it is as wide as its place."""
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 14, 30
"""Room around the field for the scale and the days."""
DRAWN_MAX: Final = 400
ROWS_MAX: Final = 200
"""Rows of the table, the newest first; how many earlier ones there are is said."""
CHANGES_MAX: Final = 12
"""Dose changes that are marked; the newest of them."""
NEAR: Final = 0.35
"""A zone's end is in the drawing where it lies no farther from the readings than this part of their spread."""
TICKS: Final = 4
BESIDE: Final = 12.0
"""Units: changes nearer to each other share one number in the drawing."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One reading in the drawing."""

    x: float
    y: float
    zone: str
    told: str


@dataclass(frozen=True, slots=True)
class Band:
    """One zone in the drawing."""

    zone: str
    y: float
    height: float
    told: str


@dataclass(frozen=True, slots=True)
class DoseMark:
    """A dose that was changed meanwhile: a numbered line in the drawing, in words below it."""

    number: str
    """Where several stand at one place, the first carries all their numbers and the others none."""
    x: float
    told: str
    ends: bool
    """At the right end of the field, where its number stands before it."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The chart: all places are in units of ``WIDTH`` by ``HEIGHT``."""

    bands: tuple[Band, ...]
    dots: tuple[Dot, ...]
    line: str
    second: str
    changes: tuple[DoseMark, ...]
    ticks: tuple[tuple[float, str], ...]
    days: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading in the table."""

    key: str
    when: str
    value: str
    zone: str
    by: str
    how: str
    doubts: tuple[str, ...]
    """What a device could not be asked about: its clock, a value that is unlikely."""
    answer: str
    error: str
    """Why it does not count, ``""`` where it does."""
    may_mark: bool


@dataclass(frozen=True, slots=True)
class ReadingsView:
    """The page of one measure."""

    name: str
    unit: str
    drawing: Drawing | None
    rows: tuple[ReadingRow, ...]
    earlier: int
    zones: tuple[tuple[str, str], ...]


def readings_view(
    values: Values,
    changes: Sequence[tuple[FieldEdit, str]],
    reader: Participant,
    people: PlanPeople,
    reading: Reading,
    *,
    marks: bool,
) -> ReadingsView:
    """Return the page. ``changes`` are dose changes with the medicine's name; ``marks``: one may mark errors."""
    every = every_reading(values)
    rows = [_row(values, key, record, reader, people, reading, marks=marks) for key, record in reversed(every)]
    zones = tuple((zone, span(words(values, zone))) for zone in ZONES if words(values, zone))
    return ReadingsView(
        measure_name(values),
        words(values, "unit"),
        _drawing(values, changes, reading),
        tuple(rows[:ROWS_MAX]),
        max(len(rows) - ROWS_MAX, 0),
        zones,
    )


def _row(
    values: Values, key: str, record: Record, reader: Participant, people: PlanPeople, reading: Reading, *, marks: bool
) -> ReadingRow:
    when, wrong = taken(record), words(record, "in_error")
    by = people.name(words(record, "by"))
    device = words(record, "device") if words(record, "device") != by else ""
    how = ", ".join(filter(None, (device, words(record, "typed") and f"typed {record['typed']}")))
    doubts = tuple(_doubts(record, reading))
    said = words(record, "answered")
    told = f"{people.name(words(record, 'answered_by'))}: {said}" if said else ""
    error = f"entered in error: {wrong} ({people.name(words(record, 'in_error_by'))})" if wrong else ""
    counts = dict(counted(values))
    if not wrong and key not in counts:
        error = "not counted: its unit is not that of the measure"
    return ReadingRow(
        key,
        day_and_time(when, reading) if when is not None else "",
        f"{value_told(record)} {words(record, 'unit') or words(values, 'unit')}".strip(),
        zone_of_reading(values, counts[key]) if key in counts else "",
        by,
        how,
        doubts,
        told,
        error,
        marks and not wrong and may_mark(reader, record),
    )


def _doubts(record: Record, reading: Reading) -> Iterator[str]:
    said = instant(record, "when")
    if words(record, "clock") and said is not None:
        yield f"Its clock was wrong and said {day_and_time(said, reading)}. This is when it was received."
    if words(record, "unlikely"):
        yield "Unlikely value. Check it."


def _drawing(values: Values, changes: Sequence[tuple[FieldEdit, str]], reading: Reading) -> Drawing | None:
    found = [
        (record, value, when)
        for _, record in counted(values)[-DRAWN_MAX:]
        if (value := number(record, "value")) is not None and (when := taken(record)) is not None
    ]
    if not found:
        return None
    seconds = [each for record, _, _ in found if (each := number(record, "second")) is not None]
    low, high = _scale(values, [value for _, value, _ in found] + seconds)
    first, last = found[0][2], found[-1][2]
    if last - first < timedelta(days=1):
        first, last = first - timedelta(hours=12), last + timedelta(hours=12)
    field = _Field(low, high, first, last)
    dots = tuple(
        Dot(
            field.x(when),
            field.y(value),
            zone_of_reading(values, record),
            f"{value_told(record)}, {day_and_time(when, reading)}",
        )
        for record, value, when in found
    )
    second = " ".join(
        f"{field.x(when)},{field.y(each)}"
        for record, _, when in found
        if (each := number(record, "second")) is not None
    )
    return Drawing(
        _bands(values, field),
        dots,
        " ".join(f"{each.x},{each.y}" for each in dots),
        second,
        _dose_marks(changes, field, reading),
        tuple((field.y(value), told_number(value)) for value in _ticks(low, high)),
        tuple(_days(field, reading)),
    )


@dataclass(frozen=True, slots=True)
class _Field:
    low: float
    high: float
    first: datetime
    last: datetime

    def x(self, when: datetime) -> float:
        part = (when - self.first) / (self.last - self.first)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        part = (self.high - value) / (self.high - self.low)
        return round(TOP + part * (HEIGHT - TOP - BOTTOM), 1)


def _scale(values: Values, drawn: Sequence[float]) -> tuple[float, float]:
    low, high = min(drawn), max(drawn)
    room = (high - low) or abs(high) * 0.1 or 1.0
    ends = [float(each) for zone in ZONES for each in bounds(values, zone) if _is_number(each)]
    near = [each for each in ends if low - room * NEAR <= each <= high + room * NEAR]
    low, high = min([low, *near]), max([high, *near])
    edge = ((high - low) or room) * 0.08
    return low - edge, high + edge


def _bands(values: Values, field: _Field) -> tuple[Band, ...]:
    found = []
    for zone in ZONES:
        low, high = bounds(values, zone)
        if not (low or high) or not all(_is_number(each) for each in (low, high) if each):
            continue
        bottom, top = max(float(low or field.low), field.low), min(float(high or field.high), field.high)
        if top > bottom:
            y = field.y(top)
            found.append(Band(zone, y, round(field.y(bottom) - y, 1), f"{zone} {span(words(values, zone))}"))
    return tuple(found)


def _is_number(told: str) -> bool:
    try:
        float(told)
    except ValueError:
        return False
    return True


def _dose_marks(changes: Sequence[tuple[FieldEdit, str]], field: _Field, reading: Reading) -> tuple[DoseMark, ...]:
    within = [each for each in changes if field.first <= each[0].recorded <= field.last][-CHANGES_MAX:]
    marks: list[DoseMark] = []
    at = [field.x(edit.recorded) for edit, _ in within]
    for index, (edit, name) in enumerate(within):
        alone = index == 0 or at[index] - at[index - 1] > BESIDE
        last = index
        while alone and last + 1 < len(within) and at[last + 1] - at[last] <= BESIDE:
            last += 1
        told = f"{day(edit.recorded.astimezone(reading.zone).date())} {_said(edit, name)}"
        label = f"{index + 1}" if last == index else f"{index + 1} to {last + 1}"
        marks.append(DoseMark(label if alone else "", at[index], told, at[index] > WIDTH - 60))
    return tuple(marks)


def _said(edit: FieldEdit, name: str) -> str:
    if edit.made:
        return f"{name} added"
    if edit.field == "taking":
        return f"{name} {edit.after}"
    return f"{name} {edit.before} → {edit.after}" if edit.before else f"{name} {edit.after}"


def _ticks(low: float, high: float) -> list[float]:
    """Return round values between two, about ``TICKS`` of them."""
    raw = (high - low) / TICKS
    power = 10.0 ** (len(f"{int(raw)}") - 1) if raw >= 1 else 10.0 ** -(len(f"{1 / raw:.0f}"))
    step = next((power * each for each in (1, 2, 5, 10, 20, 50) if power * each >= raw), raw)
    start = int(low // step) + 1
    return [round(index * step, 6) for index in range(start, int(high // step) + 1)]


def _days(field: _Field, reading: Reading) -> list[tuple[float, str]]:
    whole = field.last - field.first
    at = [field.first + whole * part / 3 for part in range(4)]
    told = [(field.x(each), day(each.astimezone(reading.zone).date())) for each in at]
    return [each for index, each in enumerate(told) if index == 0 or each[1] != told[index - 1][1]]


def dose_changes(edits: Sequence[FieldEdit], names: Mapping[str, str]) -> list[tuple[FieldEdit, str]]:
    """Return the edits that changed a dose, began or ended a medicine, in order, each with the medicine's name."""
    return sorted(
        (
            (edit, names[edit.entry])
            for edit in edits
            if edit.section is Section.MEDICATIONS
            and edit.entry in names
            and (edit.made or edit.field in ("dose", "frequency") or (edit.field == "taking" and edit.before))
        ),
        key=lambda each: each[0].recorded,
    )
