"""The patient's own page as values: goals, what was asked to be put right, who looked, and what the family sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.decisions import Grant, grant_of
from auth.roles import Participant, Role
from crdt.sections import SECTIONS, Section
from hub.store.audits import Trace
from hub.workflows.contents import day, words
from hub.workflows.own_page import OwnView
from web.languages import Language
from web.views.words import Reading

LOOKED_FOR: Final = timedelta(days=7)
"""Who looked is told for so long on the page; the whole list is one link away."""
LOOKED_SHOWN: Final = 6

LISTS: Final = frozenset({"panel", "work"})
"""Looks at a line of a list: they are in the whole list, and say nothing here."""

FAMILY_TOLD: Final = (
    Section.MEDICATIONS, Section.MONITORING, Section.CONDITIONS, Section.GOALS, Section.ABOUT_ME, Section.REFERRALS,
    Section.CAREGIVER_LOG, Section.TASKS,
)  # fmt: skip
"""What is said of each relative: the sections that the family can have at all."""


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A goal in the order of the page; ``due`` in words."""

    entry: str
    words: str
    mine: bool
    whose: str
    due: str
    barriers: str
    editable: bool


@dataclass(frozen=True, slots=True)
class RequestRow:
    """Something the patient asked to be put right: who has it, and by when."""

    words: str
    owner: str
    due: str


@dataclass(frozen=True, slots=True)
class Looker:
    """Someone who looked, with the last time."""

    name: str
    role: str
    when: str


@dataclass(frozen=True, slots=True)
class Relative:
    """Someone of the family, what they see and what is closed to them."""

    person: str
    name: str
    relation: str
    sees: tuple[str, ...]
    closed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Onlookers:
    """Who looked lately, whether any of them is no member, and what each relative sees."""

    looked: tuple[Looker, ...]
    strangers: bool
    told: bool
    """Whether the looks could be read at all."""
    relatives: tuple[Relative, ...]


def goal_rows(own: OwnView, language: Language) -> list[GoalRow]:
    """Return the goals, the patient's own first."""
    return [
        GoalRow(
            it.entry, it.words, it.mine, it.whose, language.day(it.due) if it.due is not None else "", it.barriers,
            it.editable,
        )
        for it in own.goals
    ]  # fmt: skip


def request_rows(own: OwnView, people: Mapping[str, str], language: Language, reading: Reading) -> list[RequestRow]:
    """Return what the patient asked to be put right and waits."""
    return [
        RequestRow(
            words(it.values, "detail"),
            people.get(words(it.values, "owner"), ""),
            language.near_day(due, reading) if (due := day(it.values, "due")) is not None else "",
        )
        for it in own.requests
    ]


def lookers(
    rows: Sequence[Trace], names: Mapping[str, str], everyone: Sequence[Participant], reader: str, language: Language,
    reading: Reading,
) -> tuple[tuple[Looker, ...], bool]:  # fmt: skip
    """Return who looked in the last days but the reader, each once with the last time, and if any is no member."""
    members = {each.person_id: each for each in everyone}
    last: dict[str, datetime] = {}
    for row in rows:
        if row.actor and row.actor != reader and row.event not in LISTS and row.recorded > reading.now - LOOKED_FOR:
            last[row.actor] = max(row.recorded, last.get(row.actor, row.recorded))
    found = sorted(last.items(), key=lambda each: each[1], reverse=True)
    told = tuple(
        Looker(
            names.get(person, ""),
            members[person].profession if person in members else "",
            language.when(when, reading),
        )
        for person, when in found[:LOOKED_SHOWN]
    )
    return told, any(person not in members for person in last)


def relatives_of(everyone: Sequence[Participant], now: datetime, language: Language) -> tuple[Relative, ...]:
    """Return what each of the family sees, and what is closed to them by the patient's word."""
    return tuple(
        Relative(
            each.person_id,
            each.name,
            each.profession,
            tuple(language.say(SECTIONS[section].title) for section in FAMILY_TOLD if _open(each, section, now)),
            tuple(language.say(SECTIONS[section].title) for section in FAMILY_TOLD if not _open(each, section, now)),
        )
        for each in everyone
        if each.role in (Role.FAMILY, Role.GUARDIAN) and not each.removed
    )


def _open(participant: Participant, section: Section, now: datetime) -> bool:
    return grant_of(participant, section, now) is not Grant.NONE
