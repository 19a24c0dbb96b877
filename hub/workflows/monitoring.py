"""The readings of a measure: which count, in which zone it stands, and whom its alarms are told to at which instant.

A reading that was entered in error is kept and counts nowhere. A single red reading is told at once; persistence only
holds back amber, and a red that repeats one which was answered.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from crdt.contents import Record
from crdt.sections import Section
from hub.ids import minted
from hub.live.commands import EntryContent, PlanContent
from hub.safety.typed_readings import in_unit
from hub.workflows.contents import Values, active, instant, number, records, words
from hub.workflows.zones import DIASTOLIC_SEVERE, ZONES, persistence, trend_rules, zone_of_reading

MONITORING: Final = Section.MONITORING

LONG_LOG: Final = 50
LOGS_KEPT_MAX: Final = 64
"""Of the measures with so many readings, those that count are known by the log itself: a page asks some ten times."""

_known: Final[OrderedDict[tuple[int, int, str, str], tuple[object, tuple[tuple[str, Record], ...]]]] = OrderedDict()
"""By the identity of the log, which is held beside them so that no other log can have it."""

BACKUP_AFTER: Final = timedelta(minutes=30)
"""An unanswered red goes to the responder's backup after this, unless the measure says otherwise."""

STEWARD_AFTER: Final = 2
"""And to the steward after so many times that: an hour by default."""

SETTLED_BY: Final = 3
"""So many later readings out of the red settle a red that nobody answered: the house's rule (2026-11)."""

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


class Alarmed(StrEnum):
    """What an alarm is about."""

    ZONE = "zone"
    TREND = "trend"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class ZoneState:
    """Where a measure stands: ``zone`` is the worst one met ``count`` of the last ``last`` times, ``""`` for none.

    A last reading in the red is red by itself.
    """

    zone: str
    count: int
    last: int
    reading: Record | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A measure that asks for an act. ``key`` is the reading it rests on; ``since`` when it was first so."""

    zone: str
    """``red`` or ``yellow``."""
    about: Alarmed
    key: str
    reading: Record
    since: datetime
    told: datetime
    """When the hub received what it rests on: clocks begin here, however late a phone sends it."""
    by: float = 0.0
    """With ``TREND``: how much it changed."""
    days: int = 0
    """With ``TREND``: in how many days it changed; with ``SILENCE``: days without a reading."""


@dataclass(frozen=True, slots=True)
class AlarmTold:
    """At ``when`` the alarm is told to this person, unless somebody has answered it."""

    person: str
    when: datetime


def measure_name(values: Values) -> str:
    """Return what is measured without its code, as in ``Body weight``."""
    name = words(values, "measure")
    code, _, rest = name.partition(" ")
    return rest if code[:1].isdigit() and rest else name


def at_home(values: Values) -> bool:
    """Say whether someone at home can take the reading; a measure without a code is taken for one."""
    code = words(values, "measure").partition(" ")[0]
    return code in AT_HOME or not code[:1].isdigit()


def every_reading(values: Values) -> list[tuple[str, Record]]:
    """Return all readings with their keys in order of the time they were taken, those in error included."""
    return sorted(records(values, "readings").items(), key=lambda each: _taken(each[1]))


def counted(values: Values) -> list[tuple[str, Record]]:
    """Return the readings that count, with their keys, their value in the unit that the measure has now.

    One entered in error counts nowhere; so does one whose unit can't be turned into the measure's.
    """
    unit, measure, log = words(values, "unit"), words(values, "measure"), values.get("readings")
    if not isinstance(log, Mapping) or len(log) < LONG_LOG:
        return _counted(values, unit, measure)
    key = (id(log), len(log), unit, measure)
    if (held := _known.get(key)) is None:
        held = _known[key] = (log, tuple(_counted(values, unit, measure)))
        if len(_known) > LOGS_KEPT_MAX:
            _known.popitem(last=False)
    return list(held[1])


def _counted(values: Values, unit: str, measure: str) -> list[tuple[str, Record]]:
    found: list[tuple[str, Record]] = []
    for key, record in every_reading(values):
        value = number(record, "value")
        if value is None or words(record, "in_error"):
            continue
        now = in_unit(value, words(record, "unit"), measure, unit)
        if now is not None:
            found.append((key, record if now == value else {**record, "value": now, "unit": unit}))
    return found


def readings(values: Values) -> list[Record]:
    """Return the readings that count, in order of the time they were taken."""
    return [record for _, record in counted(values)]


def taken(record: Record) -> datetime | None:
    """Return when a reading was taken; of a device whose clock was wrong, when the hub received it."""
    return instant(record, "sent" if words(record, "clock") else "when")


def _taken(record: Record) -> datetime:
    return taken(record) or datetime.min.replace(tzinfo=UTC)


def zone_state(values: Values) -> ZoneState:
    """Return the worst zone that at least n of the last m readings reached, or went beyond; red by one reading."""
    count, last = persistence(values)
    recent = readings(values)[-last:]
    if not recent:
        return ZoneState("", 0, last, None)
    zones = [zone_of_reading(values, each) for each in recent]
    for rank, zone in enumerate(ZONES):
        reached = sum(each in ZONES[: rank + 1] for each in zones)
        if reached >= count or (zone == "red" and zones[-1] == "red"):
            return ZoneState(zone, reached, last, recent[-1])
    return ZoneState("", 0, last, recent[-1])


def alarms(values: Values, now: datetime) -> tuple[Alarm, ...]:
    """Return what stands open and asks for an act, the red before the amber."""
    counts = counted(values)
    found = [_red(values, counts), _amber(values, counts), _trend(values, counts), _silence(values, counts, now)]
    standing = [each for each in found if each is not None]
    if standing and standing[0].zone == "red":
        return tuple(each for each in standing if each.zone == "red" or each.about is not Alarmed.ZONE)
    return tuple(standing)


def alarm(values: Values, now: datetime) -> Alarm | None:
    """Return the worst that stands open, or ``None``."""
    return next(iter(alarms(values, now)), None)


def answered(record: Record) -> bool:
    """Say whether somebody has said what was done about this reading."""
    return bool(words(record, "answered_by"))


def _unanswered(found: Sequence[tuple[str, Record]]) -> list[tuple[str, Record]]:
    """Return the readings after the last one that was answered."""
    last = max((index for index, (_, each) in enumerate(found) if answered(each)), default=-1)
    return list(found[last + 1 :])


def _red(values: Values, found: Sequence[tuple[str, Record]]) -> Alarm | None:
    """Return the red that nobody has answered.

    After an answer the next red is a repeat: it waits until n of m are red, or until it goes beyond the answered one.
    """
    later = _unanswered(found)
    red = [index for index, (_, each) in enumerate(later) if zone_of_reading(values, each) == "red"]
    if not red or len(later) - 1 - red[-1] >= SETTLED_BY:
        return None
    before = found[: len(found) - len(later)]
    if before and zone_of_reading(values, before[-1][1]) == "red":
        count, last = persistence(values)
        repeats = sum(index >= len(later) - last for index in red)
        if repeats < count and not any(_beyond(values, later[index][1], before[-1][1]) for index in red):
            return None
    first = red[-1]
    while first - 1 in red:
        first -= 1
    key, record = later[red[-1]]
    return Alarm("red", Alarmed.ZONE, key, record, _taken(later[first][1]), _received(later[first][1]))


def _beyond(values: Values, record: Record, before: Record) -> bool:
    """Say whether a red reading lies further out than the one that was answered."""
    value, known = number(record, "value"), number(before, "value")
    if value is None or known is None:
        return False
    low, separator, _ = words(values, "red").partition("..")
    upwards = bool(separator and low)
    second, known_second = number(record, "second") or 0.0, number(before, "second") or 0.0
    worse_second = second >= DIASTOLIC_SEVERE and second > known_second
    return worse_second or (value > known if upwards else value < known)


def _amber(values: Values, found: Sequence[tuple[str, Record]]) -> Alarm | None:
    """Return the amber that n of the last m readings since the last answer have reached."""
    count, last = persistence(values)
    recent = _unanswered(found)[-last:]
    out = [each for each in recent if zone_of_reading(values, each[1]) in ("red", "yellow")]
    if len(out) < count or not out:
        return None
    key, record = out[-1]
    return Alarm("yellow", Alarmed.ZONE, key, record, _taken(out[0][1]), _received(record))


def _trend(values: Values, found: Sequence[tuple[str, Record]]) -> Alarm | None:
    """Return too fast a change up to the last reading, if nobody has answered that one."""
    if not found or answered(found[-1][1]):
        return None
    key, record = found[-1]
    value, when = number(record, "value") or 0.0, _taken(record)
    for way, limit, percent, days in trend_rules(values):
        within = [
            (value - before, _taken(each))
            for _, each in found[:-1]
            if when - _taken(each) <= timedelta(days=days) and (before := number(each, "value")) is not None
        ]
        for by, since in within:
            base = abs(value - by)
            amount = abs(by) * 100 / base if percent and base else abs(by)
            wanted = way == "" or (way == "+") == (by > 0)
            if wanted and amount >= limit - 1e-9:
                return Alarm("yellow", Alarmed.TREND, key, record, since, _received(record), by, days)
    return None


def _silence(values: Values, found: Sequence[tuple[str, Record]], now: datetime) -> Alarm | None:
    """Return that no reading came for longer than expected, counted from the last one or from its answer."""
    expected = number(values, "expected_days")
    if expected is None or not found:
        return None
    key, record = found[-1]
    heard = max(_taken(record), instant(record, "answered_when") or _taken(record))
    since = heard + timedelta(days=max(expected, 1.0))
    if now <= since:
        return None
    return Alarm("yellow", Alarmed.SILENCE, key, record, since, since, days=(now - _taken(record)).days)


def never_began(entry: EntryContent, now: datetime) -> datetime | None:
    """Return since when a measure's first reading is overdue, ``None`` where one came or none is expected yet.

    Its days count from when the measure was added, which its id tells.
    """
    expected, made = number(entry.values, "expected_days"), minted(entry.id)
    if expected is None or made is None or counted(entry.values):
        return None
    since = made + timedelta(days=max(expected, 1.0))
    return since if now > since else None


def first_waits_on(plan: PlanContent, entry: EntryContent, person_id: str) -> bool:
    """Say whether a first reading that never came is this person's: the responder's, else the stewards'."""
    responder = words(entry.values, "responder")
    team = active(plan, Section.CARE_TEAM)
    stewards = {words(each.values, "person") for each in team if words(each.values, "steward") == "yes"}
    return person_id in ({responder} if responder else stewards)


def _received(record: Record) -> datetime:
    return instant(record, "sent") or _taken(record)


def tellings(plan: PlanContent, entry: EntryContent, standing: Alarm) -> tuple[AlarmTold, ...]:
    """Return who is told of an alarm at which instant, in that order: pure, so that any clock may keep it.

    The responder at once. A red that stays unanswered goes to the responder's backup, then to the stewards; where
    there is no backup, to the stewards in the backup's place.
    """
    responder = words(entry.values, "responder")
    found = {responder: standing.told} if responder else {}
    if standing.zone != "red":
        return tuple(AlarmTold(*each) for each in found.items())
    minutes = number(entry.values, "backup_minutes")
    wait = timedelta(minutes=minutes) if minutes is not None and minutes > 0 else BACKUP_AFTER
    team = active(plan, Section.CARE_TEAM)
    backup = next((words(each.values, "backup") for each in team if words(each.values, "person") == responder), "")
    stewards = [words(each.values, "person") for each in team if words(each.values, "steward") == "yes"]
    if backup:
        found.setdefault(backup, standing.told + wait)
    for each in stewards:
        found.setdefault(each, standing.told + wait * (STEWARD_AFTER if backup else 1))
    if not responder:
        found = dict.fromkeys(stewards or found, standing.told)
    return tuple(sorted((AlarmTold(*each) for each in found.items() if each[0]), key=lambda each: each.when))


def told_to(plan: PlanContent, entry: EntryContent, standing: Alarm, person_id: str, now: datetime) -> bool:
    """Say whether an alarm has been told to this person by now."""
    return any(each.person == person_id and each.when <= now for each in tellings(plan, entry, standing))
