"""Readings at home and their warning zones: red, yellow, green, and how often out before someone is called."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Append, Change
from crdt.contents import Record
from crdt.fields import Form, Scalar
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import LINE_MAX, Asked
from hub.workflows.contents import Values, instant, number, records, stamp, words
from hub.workflows.grants import commanded
from hub.workflows.team import NewId

MONITORING: Final = Section.MONITORING

ZONES: Final = ("red", "yellow", "green")
"""From the worst to the best; where ranges overlap the worse one counts."""

CLOCK_AHEAD_MAX: Final = timedelta(minutes=5)
"""A device's clock may run ahead of ours by this."""

READING_AGE_MAX: Final = timedelta(days=366)
"""An older reading belongs into the record it comes from."""

AT_HOME: Final = frozenset(
    {
        "29463-7", "3141-9",  # body weight
        "8480-6", "8462-4", "85354-9", "8867-4",  # blood pressure, pulse
        "2339-0", "41653-7", "2345-7", "14743-9",  # glucose
        "8310-5", "59408-5", "2708-6", "9279-1",  # temperature, oxygen saturation, breaths
        "38208-5", "72514-3", "19935-6",  # pain, peak flow
    }
)  # fmt: skip
"""LOINC codes of what people measure without a laboratory."""

_PERSISTENCE = re.compile(r"(\d{1,2}) of (\d{1,2})")


@dataclass(frozen=True, slots=True)
class ZoneState:
    """Where a measure stands: ``zone`` is the worst one met ``count`` of the last ``last`` times, ``""`` for none."""

    zone: str
    count: int
    last: int
    reading: Record | None


def in_range(value: float, low_high: str) -> bool:
    """Say whether a value lies in ``low..high``, both ends included; an open end has no bound."""
    low, separator, high = low_high.partition("..")
    if not separator or not (low or high):
        return False
    return (not low or float(low) <= value) and (not high or value <= float(high))


def zone_of(values: Values, value: float) -> str:
    """Return the worst zone whose range holds the value; ``""`` where no green zone is declared and none does.

    A value in a gap between the zones is not green, so it counts as yellow: nobody is called too late for a gap.
    """
    held = next((zone for zone in ZONES if in_range(value, words(values, zone))), "")
    return held or ("yellow" if words(values, "green") else "")


def persistence(values: Values) -> tuple[int, int]:
    """Return n and m of "out of zone n of m times"; one of one where nothing readable is said."""
    match = _PERSISTENCE.fullmatch(words(values, "persistence"))
    if match is None:
        return 1, 1
    count, last = int(match[1]), int(match[2])
    return (count, last) if 1 <= count <= last else (1, 1)


def measure_name(values: Values) -> str:
    """Return what is measured without its code, as in ``Body weight``."""
    name = words(values, "measure")
    code, _, rest = name.partition(" ")
    return rest if code[:1].isdigit() and rest else name


def bounds(values: Values, zone: str) -> tuple[str, str]:
    """Return where a zone begins and ends as it was typed, ``""`` for an open end or a zone without a range."""
    low, separator, high = words(values, zone).partition("..")
    return (low, high) if separator else ("", "")


def at_home(values: Values) -> bool:
    """Say whether someone at home can take the reading; a measure without a code is taken for one."""
    code = words(values, "measure").partition(" ")[0]
    return code in AT_HOME or not code[:1].isdigit()


def readings(values: Values) -> list[Record]:
    """Return the readings in order of the time they were taken."""
    return sorted(records(values, "readings").values(), key=_taken)


def _taken(record: Record) -> datetime:
    return instant(record, "when") or datetime.min.replace(tzinfo=UTC)


def zone_state(values: Values) -> ZoneState:
    """Return the worst zone that at least n of the last m readings reached, or went beyond."""
    count, last = persistence(values)
    recent = readings(values)[-last:]
    if not recent:
        return ZoneState("", 0, last, None)
    zones = [zone_of(values, value) for each in recent if (value := number(each, "value")) is not None]
    for rank, zone in enumerate(ZONES):
        reached = sum(each in ZONES[: rank + 1] for each in zones)
        if reached >= count:
            return ZoneState(zone, reached, last, recent[-1])
    return ZoneState("", 0, last, recent[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRecord:
    """One value of a measure, with when and how it was taken."""

    entry: str
    value: Annotated[float, Asked("Reading", Form.NUMBER)]
    when: Annotated[datetime | None, Asked("When", Form.INSTANT)] = None
    device: Annotated[str, Asked("Device")] = ""
    name: ClassVar[str] = "reading.record"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the reading; refused where the number or its time can't be."""
        entry = commanded(plan, actor, MONITORING, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        when = self.when or now
        if not math.isfinite(self.value):
            return Refusal("form", "Enter a number, for example 72.5.", self.entry, "value")
        if when > now + CLOCK_AHEAD_MAX:
            return Refusal("form", "This time lies ahead. When was it taken?", self.entry, "when")
        if when < now - READING_AGE_MAX:
            return Refusal("form", "This was taken more than a year ago.", self.entry, "when")
        if len(self.device) > LINE_MAX:
            return Refusal("form", f"Shorten it to {LINE_MAX} characters.", self.entry, "device")
        again = any(
            number(each, "value") == self.value and instant(each, "when") == when for each in readings(entry.values)
        )
        if again:
            return Refusal("state", "This reading is recorded already.", self.entry, "value")
        record: dict[str, Scalar] = {
            "value": self.value,
            "unit": words(entry.values, "unit"),
            "when": stamp(when),
            "by": actor.person_id,
            "device": self.device.strip(),
        }
        return [Append(MONITORING, self.entry, "readings", new_id(), record)]
