"""A referral as a loop: each step with its owner and its clock, what is undecided, and what its answer changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from auth.decisions import Operation, decide
from crdt.fields import Value
from crdt.sections import Section
from hub.record.journal import Row
from hub.workflows.contents import day as day_in
from hub.workflows.contents import instant, records, words
from hub.workflows.referral_states import Silence, silence, undecided
from hub.workflows.visit_undoing import WITHDRAWN
from web.views.entries import Reader
from web.views.words import Moment, count, day, day_and_time, instant_of, moment

_STEPS: Final = (
    ("asked", "draft", "Asked", "asker"),
    ("sent", "requested", "Sent", "asker"),
    ("received", "received", "Received", "recipient"),
    ("accepted", "accepted", "Accepted", "recipient"),
    ("booked", "scheduled", "Booked", "asker"),
    ("seen", "seen", "Seen", "recipient"),
    ("answered", "reported", "Answered", "recipient"),
    ("decided", "decided", "Decided", "asker"),
    ("closed", "closed", "Closed", "asker"),
)
"""Key, the state that it reaches, its title, and which field names its owner."""

_EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "entry.create": ("asked",),
    "referral.ask": ("asked", "sent"),
    "referral.send": ("sent",),
    "referral.receive": ("received",),
    "referral.take_up": ("received",),
    "referral.accept": ("accepted",),
    "referral.schedule": ("booked",),
    "referral.seen": ("seen",),
    "referral.report": ("answered",),
    "visit.publish": ("answered",),
    "referral.decide_recommendation": ("decided",),
    "referral.close": ("closed",),
}

QUIET_DAYS: Final = 3
"""From so many days on the silence is said, late or not."""

_ORDER: Final = [state for _, state, _, _ in _STEPS]


@dataclass(frozen=True, slots=True)
class LoopStep:
    """One step of the loop. ``state`` is done, now, ahead or passed over, as ``data-state`` says it."""

    title: str
    state: str
    who: str
    when: Moment | None
    clock: str
    """How long it has been waited for, or when it is expected, in words."""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing recommended, and what was decided about it."""

    key: str
    words: str
    by: str
    decision: str
    reason: str
    decided_by: str
    decided: Moment | None


@dataclass(frozen=True, slots=True)
class ReferralView:
    """A referral, ready for its own page."""

    entry_id: str
    to: str
    kind: str
    question: str
    urgency: str
    tests_done: tuple[str, ...]
    expected_by: str
    appointment: str
    state: str
    reason: str
    silence: str
    answer: str
    patient_card: str
    need: str
    need_met: str
    steps: tuple[LoopStep, ...]
    recommendations: tuple[Recommendation, ...]
    undecided: int
    may_decide: bool
    may_report: bool
    may_record_need: bool
    is_community: bool
    is_outside: bool
    """Nobody in this plan was asked yet."""


def referral_view(reader: Reader, entry: str, rows: Sequence[Row]) -> ReferralView:
    """Return the page of one referral that the reader may see; ``rows`` is its journal."""
    values = reader.content.entries(Section.REFERRALS)[entry].values
    people = reader.setting.people
    met = values.get("need")
    appointment = instant(values, "appointment")
    expected = day_in(values, "expected_by")

    def may(command: str) -> bool:
        facts = reader.facts(Section.REFERRALS, entry)
        decision = decide(
            reader.participant, Section.REFERRALS, Operation.COMMAND, entry=facts, now=reader.now, command=command
        )
        return decision.allowed

    tests = values.get("tests_done")
    done = sorted(name for name, on in tests.items() if on is True) if isinstance(tests, Mapping) else []
    return ReferralView(
        entry_id=entry,
        to=words(values, "to") or people.name(words(values, "recipient")),
        kind=words(values, "kind"),
        question=words(values, "question"),
        urgency=words(values, "urgency"),
        tests_done=tuple(done),
        expected_by=day(expected) if expected is not None else "",
        appointment=day_and_time(appointment, reader.setting.reading) if appointment is not None else "",
        state=words(values, "state"),
        reason=words(values, "state_reason"),
        silence=_silence(values, reader),
        answer=words(values, "answer"),
        patient_card=words(values, "patient_card"),
        need=reader.setting.names(Section.SOCIAL_NEEDS, met) if isinstance(met, str) and met else "",
        need_met=words(values, "need_met"),
        steps=_steps(values, reader, rows),
        recommendations=tuple(_recommendation(key, each, reader) for key, each in _recommended(values)),
        undecided=len(undecided(values)),
        may_decide=may("referral.decide_recommendation"),
        may_report=may("referral.report") and words(values, "state") in ("accepted", "scheduled", "seen"),
        may_record_need=may("referral.record_need_met"),
        is_community=words(values, "kind") == "community",
        is_outside=not words(values, "recipient"),
    )


def _quiet(values: Mapping[str, Value], reader: Reader) -> Silence:
    """Return for how long nothing was heard; nobody waits once the patient has died."""
    reading = reader.setting.reading
    return Silence(0, 0) if reading.died else silence(values, reader.now, reading.today)


def _silence(values: Mapping[str, Value], reader: Reader) -> str:
    quiet = _quiet(values, reader)
    if quiet.late:
        return f"No answer: {count(quiet.late, 'day')} past the day it was expected"
    appointment = instant(values, "appointment")
    booked = words(values, "state") == "scheduled" and appointment is not None and appointment > reader.now
    return f"No word for {count(quiet.days, 'day')}" if quiet.days >= QUIET_DAYS and not booked else ""


def _steps(values: Mapping[str, Value], reader: Reader, rows: Sequence[Row]) -> tuple[LoopStep, ...]:
    happened = _happened(rows)
    reached = _reached(values)
    people, reading = reader.setting.people, reader.setting.reading
    found = []
    for index, (key, _, title, owner) in enumerate(_STEPS):
        row = happened.get(key) if index <= reached else None
        who = people.name(words(values, owner)) if words(values, owner) else words(values, "to")
        if row is not None:
            found.append(LoopStep(title, "done", people.name(row.actor), moment(row.recorded, reading), ""))
        elif index <= reached:
            found.append(LoopStep(title, "passed", who if key == "decided" else "", None, ""))
        elif index == reached + 1 and words(values, "state") not in ("rejected", "cancelled", "closed"):
            clock, late = _clock(values, reader, key)
            found.append(LoopStep(title, "now", who, None, clock, late))
        else:
            found.append(LoopStep(title, "ahead", who, None, ""))
    return tuple(found)


def _happened(rows: Sequence[Row]) -> dict[str, Row]:
    """Return the last row of each step; ``rows`` are the newest first."""
    found: dict[str, Row] = {}
    for row in rows:
        for key in _EVENTS.get(row.event, ()) if row.outcome == "success" else ():
            found.setdefault(key, row)
    return found


def _reached(values: Mapping[str, Value]) -> int:
    """Return the index of the last step that was reached."""
    state = words(values, "state") or "draft"
    if state == "reported" and not undecided(values):
        return _ORDER.index("decided")
    if state == "no-show":
        return _ORDER.index("accepted")
    if state in ("rejected", "cancelled"):
        return _ORDER.index("received" if state == "rejected" else "draft")
    return _ORDER.index(state)


def _clock(values: Mapping[str, Value], reader: Reader, key: str) -> tuple[str, bool]:
    since, quiet = instant(values, "state_since"), _quiet(values, reader)
    if quiet.late:
        return f"{count(quiet.late, 'day')} late", True
    days = (reader.now - since).days if since is not None else 0
    told = f"for {count(days, 'day')}" if days else "since today"
    expected = day_in(values, "expected_by")
    if key in ("received", "accepted", "answered") and expected is not None:
        return f"{told}, expected by {day(expected)}", False
    return told, False


def _recommended(values: Mapping[str, Value]) -> list[tuple[str, Mapping[str, object]]]:
    return [
        (key, each) for key, each in records(values, "recommendations").items() if words(each, "decision") != WITHDRAWN
    ]


def _recommendation(key: str, record: Mapping[str, object], reader: Reader) -> Recommendation:
    people, decided = reader.setting.people, instant_of(record.get("decided"))
    return Recommendation(
        key=key,
        words=str(record.get("words") or ""),
        by=people.name(str(record.get("by") or "")),
        decision=str(record.get("decision") or ""),
        reason=str(record.get("reason") or ""),
        decided_by=people.name(str(record.get("decided_by") or "")) if record.get("decided_by") else "",
        decided=moment(decided, reader.setting.reading) if decided is not None else None,
    )
