"""One question with all that was said, and whom somebody can ask, in the words of the team's pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.decisions import Operation, decide
from crdt.sections import TEAM_ALONE, Section
from hub.live.commands import EntryContent
from hub.workflows.contents import words
from hub.workflows.question_states import (
    CAREGIVER_LOG,
    HOSPITAL,
    Side,
    due_of,
    is_urgent,
    late_today,
    overdue,
    promised,
    topic_of,
    turn_of,
    turns,
    waits_on_team,
)
from web.questioning import Way, Ways
from web.views.acts import CommandButton, acts
from web.views.attachments import AttachmentView, attached_to
from web.views.entries import Reader, headline
from web.views.people import PlanPeople
from web.views.words import Moment, Reading, count, day, moment, sentence

ENDINGS: Final = {
    "answered": "Ended: it is answered",
    "task": "Ended: it became a task",
    "telephone": "Ended: answered by telephone",
}
_ACTS: Final = ("question.accept", "question.phone", "question.task", "question.calm")


@dataclass(frozen=True, slots=True)
class TurnView:
    """One thing that was said."""

    who: str
    hue: int
    initials: str
    words: str
    when: Moment | None
    at_home: bool
    """Said by the patient or a relative."""
    attached: tuple[AttachmentView, ...]
    """Photos and papers that came with it."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question on its own page."""

    entry_id: str
    title: str
    about: tuple[str, str]
    """(words, address) of the entry that it is about, two empty words for none."""
    topic: str
    readers: str
    state: str
    late: bool
    urgent: bool
    turns: tuple[TurnView, ...]
    may_say: bool
    acts: tuple[CommandButton, ...]


@dataclass(frozen=True, slots=True)
class WayView:
    """One choice of whom to ask: ``told`` says who reads it, and by when."""

    value: str
    words: str
    told: str
    at_home: bool


def question_view(reader: Reader, entry: EntryContent, at_home: tuple[str, ...]) -> QuestionView:
    """Return a question that the reader may see; ``at_home`` are the names of those at home who read it."""
    values, facts = entry.values, reader.facts(CAREGIVER_LOG, entry.id)
    alone = words(values, "readers") == TEAM_ALONE
    may = decide(reader.participant, CAREGIVER_LOG, Operation.COMMAND, entry=facts, now=reader.now,
                 command="question.answer").allowed  # fmt: skip
    return QuestionView(
        entry_id=entry.id,
        title=headline(CAREGIVER_LOG, values, reader.setting.people.name),
        about=_about(reader, words(values, "related")),
        topic=sentence(topic_of(values)),
        readers=_readers(reader, entry, at_home, alone=alone),
        state=state_words(reader, entry),
        late=overdue(reader.content, entry, reader.now),
        urgent=is_urgent(values),
        turns=_turns(reader, entry),
        may_say=may and not words(values, "ended") and words(values, "status") != "retired",
        acts=tuple(each for each in acts(reader.participant, CAREGIVER_LOG, facts, reader.now) if each.name in _ACTS),
    )


def _readers(reader: Reader, entry: EntryContent, at_home: tuple[str, ...], *, alone: bool) -> str:
    if alone:
        creator = reader.setting.people.person(reader.content.creator(CAREGIVER_LOG, entry.id))
        wrote = creator is not None and creator.patient_side
        return (
            f"Only the team and {creator.name} read this."
            if wrote and creator is not None
            else ("Only the team reads this.")
        )
    return f"The team reads this, and {', '.join(at_home)}." if at_home else "The team reads this."


def _turns(reader: Reader, entry: EntryContent) -> tuple[TurnView, ...]:
    people, creator = reader.setting.people, reader.content.creator(CAREGIVER_LOG, entry.id)
    found = []
    for turn in turns(entry.values):
        person = people.person(turn.by or creator)
        found.append(
            TurnView(
                who="The hospital" if turn.by == HOSPITAL else people.name(turn.by or creator),
                hue=person.hue if person is not None else 1,
                initials=person.initials if person is not None else "",
                words=turn.words,
                when=moment(turn.when, reader.setting.reading) if turn.when is not None else None,
                at_home=person is not None and person.patient_side,
                attached=attached_to(reader.content, entry, turn.key, reader.participant, reader.now),
            )
        )
    return tuple(found)


def state_words(reader: Reader, entry: EntryContent) -> str:
    """Return on whom it waits and by when, how late it is, or how it ended."""
    values, people = entry.values, reader.setting.people
    ended = words(values, "ended")
    if ended:
        return f"{ENDINGS[ended]}, says {people.name(words(values, 'ended_by'))}."
    turn, until = turn_of(values), promised(reader.content, entry)
    if turn is Side.NOBODY:
        return ""
    if turn is Side.ASKER:
        return f"{people.name(reader.content.creator(CAREGIVER_LOG, entry.id))} has an answer to read."
    to = words(values, "to")
    whom = people.name(to) if to else "the team" if waits_on_team(values) else "home"
    when = until_words(until, reader.setting.reading) if until is not None else ""
    if not overdue(reader.content, entry, reader.now):
        return f"Waits for an answer from {whom}, by {when}."
    due = due_of(reader.content, entry)
    late = "late today"
    if due is not None and not late_today(reader.content, entry, reader.now):
        late = f"{count((reader.setting.reading.today - due).days, 'day')} late"
    return f"Waits for an answer from {whom} since {when}: {late}. The plan's steward was told."


def until_words(until: datetime, reading: Reading) -> str:
    """Return an instant by which something is promised, as in ``today 16:00`` or ``23-Nov-2026 09:30``."""
    local = until.astimezone(reading.zone)
    near = {0: "today", 1: "tomorrow"}.get((local.date() - reading.today).days, day(local.date()))
    return f"{near} {local:%H:%M}"


def _about(reader: Reader, entry_id: str) -> tuple[str, str]:
    for section in Section:
        if entry_id and reader.sees(section, entry_id):
            told = headline(section, reader.content.entries(section)[entry_id].values, reader.setting.people.name)
            return told, f"/plans/{reader.content.plan_id}#entry-{entry_id}"
    return "", ""


def about_words(reader: Reader, entry_id: str) -> str:
    """Return the headline of what is asked about, ``""`` for nothing that the reader sees."""
    return _about(reader, entry_id)[0]


def way_views(ways: Ways, people: PlanPeople, reading: Reading) -> tuple[list[WayView], list[WayView]]:
    """Return the topics and the people that can be asked."""
    topics = [_way(each, sentence(each.topic), people, reading) for each in ways.topics if each.reads]
    return topics, [_way(each, _named(each, people), people, reading, named=True) for each in ways.people]


def _named(way: Way, people: PlanPeople) -> str:
    person = people.person(way.asked)
    return f"{person.name}, {person.role}" if person is not None else people.name(way.asked)


def _way(way: Way, told: str, people: PlanPeople, reading: Reading, *, named: bool = False) -> WayView:
    """``named``: the words of the choice are whom one asks, so that what is told need not say it again."""
    person = people.person(way.asked)
    by, reader = until_words(way.until, reading), people.name(way.reads)
    if way.asked and way.reads != way.asked:
        answers = f"{reader} stands in and reads it and answers by {by}."
    else:
        answers = f"Answers by {by}." if named else f"{reader} reads it and answers by {by}."
    return WayView(
        way.value,
        told,
        answers,
        person is not None and person.patient_side,
    )
