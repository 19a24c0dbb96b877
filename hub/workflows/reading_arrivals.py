"""Readings that a device or another system sends: judged as a person's are, but nobody is there to be asked.

What can't be is refused. What is unlikely is recorded and marked, since a critical value is unlikely too. A device's
clock that is wrong is marked: its time stays as it was sent, and the rules go by when the hub received it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from auth.roles import Participant
from crdt.changes import Append, Change
from crdt.contents import Record
from crdt.fields import Scalar
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.safety.typed_readings import NotRead, TypedReading, read
from hub.workflows.arguments import LINE_MAX
from hub.workflows.contents import instant, number, records, stamp, words
from hub.workflows.grants import commanded
from hub.workflows.monitoring import MONITORING, every_reading
from hub.workflows.readings import CLOCK_AHEAD_MAX, READING_AGE_MAX, is_same, reading_before, tellings_due
from hub.workflows.team import NewId


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedReading:
    """One value of one measure. ``value`` is as a person would type it, ``key`` what the reading is known by."""

    entry: str
    key: str
    value: str
    when: datetime
    device: str
    identifier: str = ""
    """The sender's own name for it, as ``system|value``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingArrive:
    """Readings of one message, all or none; one that is recorded already changes nothing.

    ``by_device``: its clock may be wrong, which is marked. The clock of a system is taken for right, as a person's is.
    """

    readings: tuple[ArrivedReading, ...]
    by_device: bool
    name: ClassVar[str] = "reading.record"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the readings that are new, or why one can't be."""
        found: list[Change] = []
        for each in self.readings:
            entry = commanded(plan, actor, MONITORING, each.entry, self.name, now)
            change = entry if isinstance(entry, Refusal) else self._recorded(entry, each, actor, now)
            if isinstance(change, Refusal):
                return change
            found += [change] if change is not None else []
        return found

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return whom to tell, measure by measure, as of a person's reading."""
        entries = dict.fromkeys(each.entry for each in self.readings)
        return [job for entry in entries for job in tellings_due(plan, changes, entry, now)]

    def _recorded(
        self, entry: EntryContent, sent: ArrivedReading, actor: Participant, now: datetime
    ) -> Append | Refusal | None:
        clock = "ahead" if sent.when > now + CLOCK_AHEAD_MAX else ""
        clock = clock or ("behind" if sent.when < now - READING_AGE_MAX else "")
        if clock and not self.by_device:
            told = "lies ahead" if clock == "ahead" else "is more than a year ago: bring it in as a file"
            return Refusal("form", f"The time of this reading {told}.", entry.id, "when")
        if len(sent.device) > LINE_MAX:
            return Refusal("form", f"The name of the device is over {LINE_MAX} characters.", entry.id, "device")
        measure, unit = words(entry.values, "measure"), words(entry.values, "unit")
        value = read(sent.value, measure, unit, reading_before(entry, now if clock else sent.when))
        unlikely = isinstance(value, NotRead) and value.unlikely
        if unlikely:
            value = read(sent.value, measure, unit, sure=True)
        if isinstance(value, NotRead):
            return Refusal("form", value.words, entry.id, "value")
        known = _known(entry, sent, value.value)
        if known is not None and not _fits(known[1], sent, value.value):
            told = "This identifier came before with another value or time."
            return Refusal("conflict", told, entry.id, "identifier")
        if known is not None:
            return None
        marks = {"clock": clock, "unlikely": "yes" if unlikely else ""}
        return Append(MONITORING, entry.id, "readings", sent.key, _record(sent, value, marks, actor, now))


def key_known(plan: PlanContent, sent: ArrivedReading) -> str:
    """Return the key under which the plan has this reading already, ``""`` where it is new or says something else."""
    entry = plan.entry(MONITORING, sent.entry)
    if entry is None:
        return ""
    value = read(sent.value, words(entry.values, "measure"), words(entry.values, "unit"), sure=True)
    if isinstance(value, NotRead):
        return ""
    known = _known(entry, sent, value.value)
    return known[0] if known is not None and _fits(known[1], sent, value.value) else ""


def _known(entry: EntryContent, sent: ArrivedReading, value: float) -> tuple[str, Record] | None:
    """Return the reading that this one is: by its key, else by value and time."""
    by_key = records(entry.values, "readings").get(sent.key)
    if by_key is not None:
        return sent.key, by_key
    return next((each for each in every_reading(entry.values) if is_same(each[1], value, sent.when)), None)


def _fits(known: Record, sent: ArrivedReading, value: float) -> bool:
    return number(known, "value") == value and instant(known, "when") == sent.when


def _record(
    sent: ArrivedReading, value: TypedReading, marks: dict[str, str], actor: Participant, now: datetime
) -> dict[str, Scalar]:
    record: dict[str, Scalar] = {
        "value": value.value,
        "unit": value.unit,
        "when": sent.when.isoformat(),
        "by": actor.person_id,
        "device": sent.device,
        "sent": stamp(now),
    }
    if value.second is not None:
        record["second"] = value.second
    beside = {"typed": value.converted, "identifier": sent.identifier, **marks}
    return {**record, **{name: told for name, told in beside.items() if told}}
