"""A question and all that was said about it: whose turn it is, by when, what is late, and how it ended.

Someone at home asks the team, the team asks someone at home, or one of the team asks another: ``asked_from`` and
``readers`` tell which. What is said first stands in ``words``, the first answer of the team in ``answer``, all that
follows in the log ``turns``. A question that nobody ended waits on the side that did not speak last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from crdt.contents import Record
from crdt.fields import Value
from crdt.sections import TEAM_ALONE, Section
from hub.directory.houses import OTHER
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.attachments import ANSWER
from hub.workflows.contents import active, instant, records, words
from hub.workflows.red_flags import help_needed
from hub.workflows.team import steward

CAREGIVER_LOG: Final = Section.CAREGIVER_LOG

WANTS_ANSWER: Final = frozenset({"question", "concern", "strain"})
"""An observation may stand without an answer; these may not."""


HOSPITAL: Final = "hospital"
"""Who answered where no person did: what was told of a stay, the hospital has told as well."""


class Side(StrEnum):
    """Who said something, or whose turn it is."""

    ASKER = "asker"
    ASKED = "asked"
    NOBODY = ""
    """It has ended, or never wanted an answer."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing that was said. ``by`` is a person's id, ``""`` for whoever made the entry."""

    by: str
    side: Side
    words: str
    when: datetime | None
    key: str = ""
    """By which attachments name it."""


def turns(values: Mapping[str, Value]) -> tuple[Saying, ...]:
    """Return all that was said, in order of time; what was asked stands first."""
    first = Saying("", Side.ASKER, words(values, "words"), instant(values, "when"))
    later = [(_said_at(record), key, _turn(record, key)) for key, record in records(values, "turns").items()]
    if answered(values):
        when = instant(values, "answered")
        told = Saying(words(values, "answered_by") or HOSPITAL, Side.ASKED, words(values, "answer"), when, ANSWER)
        later.append((when.timestamp() if when is not None else 0.0, "", told))
    return (first, *(turn for _, _, turn in sorted(later, key=lambda each: each[:2])))


def _turn(record: Record, key: str) -> Saying:
    side = Side.ASKER if words(record, "side") == Side.ASKER else Side.ASKED
    return Saying(words(record, "by"), side, words(record, "words"), instant(record, "when"), key)


def _said_at(record: Record) -> float:
    when = instant(record, "when")
    return when.timestamp() if when is not None else 0.0


def asked_by_team(values: Mapping[str, Value]) -> bool:
    """Say whether someone of the team asked."""
    return words(values, "asked_from") == "team"


def within_team(values: Mapping[str, Value]) -> bool:
    """Say whether one of the team asked another."""
    return asked_by_team(values) and words(values, "readers") == TEAM_ALONE


def answered(values: Mapping[str, Value]) -> bool:
    """Say whether the team answered, or the stay that a note tells of was told by the hospital."""
    return bool(words(values, "answered_by") or words(values, "stay"))


def turn_of(values: Mapping[str, Value]) -> Side:
    """Return whose turn it is to say something; what is told of a hospital stay is settled by one answer."""
    if words(values, "whereabouts"):
        return Side.NOBODY if answered(values) else Side.ASKED
    if words(values, "ended") or (words(values, "kind") not in WANTS_ANSWER and not records(values, "turns")):
        return Side.NOBODY
    return Side.ASKED if turns(values)[-1].side is Side.ASKER else Side.ASKER


def waits_on_team(values: Mapping[str, Value]) -> bool:
    """Say whether somebody of the team owes an answer."""
    return turn_of(values) is Side.ASKED and (not asked_by_team(values) or within_team(values))


def topic_of(values: Mapping[str, Value]) -> str:
    """Return what it is about; a worry is a topic of its own."""
    return words(values, "topic") or ("worry" if words(values, "kind") == "concern" else OTHER)


def promised(plan: PlanContent, entry: EntryContent) -> datetime | None:
    """Return by when the answer was promised, ``None`` where nobody owes one, or the patient has died.

    What came without a promise, from another record, has that of its topic from when it was said.
    """
    if turn_of(entry.values) is not Side.ASKED or plan.deceased:
        return None
    said = turns(entry.values)[-1].when
    kept = instant(entry.values, "answer_due")
    if kept is not None or said is None:
        return kept
    return plan.house.promised(topic_of(entry.values), said, plan.zone)


def due_of(plan: PlanContent, entry: EntryContent) -> date | None:
    """Return on which day the answer is due, ``None`` where nobody owes one."""
    until = promised(plan, entry)
    return plan.day_of(until) if until is not None else None


def overdue(plan: PlanContent, entry: EntryContent, now: datetime) -> bool:
    """Say whether an answer is owed past its time."""
    until = promised(plan, entry)
    return until is not None and until < now


def days_late(plan: PlanContent, entry: EntryContent, now: datetime) -> int:
    """Return by how many days an answer is late, 1 for one of today, 0 in time."""
    until = promised(plan, entry)
    if until is None or until >= now:
        return 0
    return max((plan.day_of(now) - plan.day_of(until)).days, 1)


def late_today(plan: PlanContent, entry: EntryContent, now: datetime) -> bool:
    """Say whether an answer became late on this very day: then no count of days says it."""
    until = promised(plan, entry)
    return until is not None and until < now and plan.day_of(until) == plan.day_of(now)


def unanswered(plan: PlanContent) -> list[EntryContent]:
    """Return what somebody at home asked and waits for an answer from the team, in the order of the page."""
    return [
        each
        for each in active(plan, CAREGIVER_LOG)
        if not asked_by_team(each.values) and turn_of(each.values) is Side.ASKED
    ]


def late_within_team(plan: PlanContent, now: datetime) -> list[EntryContent]:
    """Return what one of the team asked another and is answered too late."""
    return [each for each in active(plan, CAREGIVER_LOG) if within_team(each.values) and overdue(plan, each, now)]


def urgent(plan: PlanContent) -> list[EntryContent]:
    """Return the entries, of any kind, in which the words from home that nobody answered may mean an emergency."""
    return [each for each in active(plan, CAREGIVER_LOG) if is_urgent(each.values)]


def is_urgent(values: Mapping[str, Value]) -> bool:
    """Say whether the last words from home may mean an emergency, and nobody has answered or calmed them."""
    settled = words(values, "ended") or words(values, "calmed_by") or words(values, "stay")
    if settled or within_team(values):
        return False
    home = Side.ASKED if asked_by_team(values) else Side.ASKER
    last: list[str] = []
    for turn in turns(values):
        last = [*last, turn.words] if turn.side is home else []
    return any(help_needed(each) for each in last)


def waits_on(plan: PlanContent, entry: EntryContent, now: datetime) -> frozenset[str] | None:
    """Return on whom of the team it waits, ``None`` for whoever may answer.

    Past its time it waits on the plan's steward as well. An answer waits on whom of the team asked; so does the answer
    from home that does not come.
    """
    turn, asker = turn_of(entry.values), plan.creator(CAREGIVER_LOG, entry.id)
    late = overdue(plan, entry, now)
    rises = steward(plan) if late else ""
    if turn is Side.ASKED and waits_on_team(entry.values):
        to = words(entry.values, "to")
        if not to or (late and not rises):
            return None
        return frozenset({to, rises} - {""})
    if turn is Side.ASKED:
        return frozenset({asker, rises} - {""}) if late else frozenset()
    return frozenset({asker}) if turn is Side.ASKER and asked_by_team(entry.values) else frozenset()
