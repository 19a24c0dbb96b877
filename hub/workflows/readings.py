"""What is done with readings: recorded, answered by who responds, marked as entered in error; their values stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from auth.roles import PATIENT_SIDE, Participant
from crdt.changes import Append, Change, Decide
from crdt.contents import Record
from crdt.fields import Form, Scalar
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.safety.typed_readings import Before, NotRead, read
from hub.workflows.arguments import LINE_MAX, Asked, Key
from hub.workflows.contents import instant, number, records, stamp, words
from hub.workflows.grants import commanded, missing
from hub.workflows.imagined import imagined
from hub.workflows.monitoring import (
    MONITORING,
    alarm,
    alarms,
    answered,
    every_reading,
    readings,
    taken,
    tellings,
)
from hub.workflows.team import NewId

CLOCK_AHEAD_MAX: Final = timedelta(minutes=5)
"""A device's clock may run ahead of ours by this."""

READING_AGE_MAX: Final = timedelta(days=366)
"""An older reading belongs into the record it comes from."""

UNLIKELY: Final = "unlikely"
"""The code of a refusal that asks "Is that right?"; its field is ``SURE``."""
SURE: Final = "sure"

TELL: Final = "reading.tell"
"""The kind of the jobs that tell people of a reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRecord:
    """One value of a measure, with when and how it was taken. ``value`` is as it was typed."""

    entry: str
    value: Annotated[str, Asked("Reading", Form.LINE, help="A number; with its unit if that is another one.")]
    when: Annotated[datetime | None, Asked("When", Form.INSTANT)] = None
    device: Annotated[str, Asked("Device")] = ""
    sure: Annotated[str, Asked("It is right", hidden=True)] = ""
    """The unlikely value again, which the person has said is right."""
    name: ClassVar[str] = "reading.record"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the reading; refused where the number or its time can't be, and asked about where it is unlikely."""
        entry = commanded(plan, actor, MONITORING, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        when = self.when or now
        if when > now + CLOCK_AHEAD_MAX:
            return Refusal("form", "This time lies ahead. When was it taken?", self.entry, "when")
        if when < now - READING_AGE_MAX:
            return Refusal("form", "This was taken more than a year ago.", self.entry, "when")
        if len(self.device) > LINE_MAX:
            return Refusal("form", f"Shorten it to {LINE_MAX} characters.", self.entry, "device")
        measure, unit = words(entry.values, "measure"), words(entry.values, "unit")
        found = read(self.value, measure, unit, reading_before(entry, when))
        if isinstance(found, NotRead) and found.unlikely and self.sure.strip() != self.value.strip():
            return Refusal(UNLIKELY, found.words, self.entry, SURE)
        if isinstance(found, NotRead) and found.unlikely:
            found = read(self.value, measure, unit, sure=True)
        if isinstance(found, NotRead):
            return Refusal("form", found.words, self.entry, "value")
        if any(is_same(each, found.value, when) for _, each in every_reading(entry.values)):
            return Refusal("state", "This reading is recorded already.", self.entry, "value")
        record: dict[str, Scalar] = {
            "value": found.value,
            "unit": found.unit,
            "when": stamp(when),
            "by": actor.person_id,
            "device": self.device.strip(),
            "sent": stamp(now),
        }
        if found.second is not None:
            record["second"] = found.second
        if found.converted:
            record["typed"] = found.converted
        return [Append(MONITORING, self.entry, "readings", new_id(), record)]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return whom to tell at which instant: of each red, and of what has turned yellow with this reading."""
        return tellings_due(plan, changes, self.entry, now)


def tellings_due(plan: PlanContent, changes: Sequence[Change], entry_id: str, now: datetime) -> Sequence[Job]:
    """Return whom to tell of what readings that were just recorded have made of a measure, at which instant."""
    entry, was = imagined(plan, changes, by=0).entry(MONITORING, entry_id), plan.entry(MONITORING, entry_id)
    if entry is None or was is None:
        return ()
    standing, before = alarm(entry.values, now), alarm(was.values, now)
    recorded = {each.key for each in changes if isinstance(each, Append)}
    if standing is None or standing.key not in recorded or (standing.zone != "red" and before is not None):
        return ()
    return [
        Job(
            kind=TELL,
            payload={
                "plan": plan.plan_id, "entry": entry_id, "person": each.person, "zone": standing.zone,
                "key": standing.key,
                "after": plan.seq,
            },
            due=each.when if each.when > now else None,
            key=f"{TELL}/{plan.plan_id}/{entry_id}/{each.person}",
        )
        for each in tellings(plan, entry, standing)
    ]  # fmt: skip


def reading_before(entry: EntryContent, when: datetime) -> Before | None:
    """Return the last reading that counts before an instant."""
    earlier = [each for each in readings(entry.values) if (then := taken(each)) and then <= when]
    if not earlier:
        return None
    value, last = number(earlier[-1], "value"), taken(earlier[-1])
    if value is None or last is None:
        return None
    return Before(value, (when - last) / timedelta(days=1))


def is_same(record: Record, value: float, when: datetime) -> bool:
    """Say whether the same was sent before; one in error may be sent again, rightly."""
    return number(record, "value") == value and instant(record, "when") == when and not words(record, "in_error")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingMarkError:
    """A reading was entered in error: it is kept, struck through, and counts nowhere."""

    entry: str
    key: Key
    reason: Annotated[str, Asked("What was wrong with it")]
    name: ClassVar[str] = "reading.mark_error"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the mark; refused without a reason, twice, and for whoever neither sent it nor is of the team."""
        entry = commanded(plan, actor, MONITORING, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        record = records(entry.values, "readings").get(self.key)
        if record is None:
            return Refusal("gone", "This reading is not in the plan.", self.entry)
        if not may_mark(actor, record):
            return Refusal("role", "Only who sent this reading, or the team, marks it as entered in error.", self.entry)
        if words(record, "in_error"):
            return Refusal("state", "It is marked already.", self.entry)
        empty = missing(self.reason, "reason", "Say what was wrong with it.", self.entry)
        if empty is not None:
            return empty
        if len(self.reason) > LINE_MAX:
            return Refusal("form", f"Shorten it to {LINE_MAX} characters.", self.entry, "reason")
        told = {"in_error": self.reason.strip(), "in_error_by": actor.person_id, "in_error_when": stamp(now)}
        return [Decide(MONITORING, self.entry, "readings", self.key, name, value) for name, value in told.items()]


def may_mark(actor: Participant, record: Record) -> bool:
    """Say whether a reading is the person's own, or the person is of the team."""
    return actor.role not in PATIENT_SIDE or words(record, "by") == actor.person_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingAcknowledge:
    """Who responds says what was done about what stands open; its clocks end, and it stands as answered."""

    entry: str
    done: Annotated[str, Asked("What was done", help="For example: called her, she weighs again tonight.")]
    name: ClassVar[str] = "reading.acknowledge"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer on each reading that an open alarm rests on; refused where nothing is open any more."""
        entry = commanded(plan, actor, MONITORING, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        standing = alarms(entry.values, now)
        if not standing:
            told = _answer_that_stands(entry)
            return Refusal("state", told or "Nothing waits for an answer here any more.", self.entry)
        empty = missing(self.done, "done", "Say what was done.", self.entry)
        if empty is not None:
            return empty
        if len(self.done) > LINE_MAX:
            return Refusal("form", f"Shorten it to {LINE_MAX} characters.", self.entry, "done")
        last = _last_key(entry)
        said = {"answered": self.done.strip(), "answered_by": actor.person_id, "answered_when": stamp(now)}
        keys = dict.fromkeys((*(each.key for each in standing), last))
        return [
            Decide(MONITORING, self.entry, "readings", key, name, value) for key in keys for name, value in said.items()
        ]


def _last_key(entry: EntryContent) -> str:
    """Return the key of the last reading that counts: an answer given now answers all up to it."""
    from_all = [key for key, record in every_reading(entry.values) if not words(record, "in_error")]
    assert from_all, "an alarm rests on a reading"
    return from_all[-1]


def _answer_that_stands(entry: EntryContent) -> str:
    """Return what a colleague has said was done meanwhile, as a sentence; ``""`` where nobody has."""
    given = [each for _, each in every_reading(entry.values) if answered(each)]
    return f"A colleague has answered already: {words(given[-1], 'answered')}" if given else ""
