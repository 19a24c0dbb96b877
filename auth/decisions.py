"""``decide``: the one place that says who may do what, and why.

The order is membership -> role -> consent -> sensitivity -> assignment -> break-glass. The first step that denies
ends it; nothing later widens what an earlier step took away. What no step allows is denied.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from auth.commands import COMMANDS, Operation
from auth.policy import MATRIX, EntryFacts, Grant, hides_entries
from auth.questions import SectionQuestion
from auth.reasons import SUGGEST_INSTEAD, sentence
from auth.roles import Participant, Role
from auth.standings import Standing, granted, sensitivity, standing_of
from crdt.fields import Value
from crdt.sections import SECTIONS, Section

__all__ = [
    "Decision",
    "EntryFacts",
    "Grant",
    "Operation",
    "assignments",
    "decide",
    "documents_among",
    "documents_readable",
    "entry_visible",
    "facts_of",
    "fields_visible",
    "grant_of",
    "judge",
    "remark_visible",
    "sections_readable",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer: ``reason`` is a sentence for the page and the journal, ``code`` is for programs and tests."""

    allowed: bool
    reason: str
    code: str
    grant: Grant


def decide(
    participant: Participant,
    section: Section,
    action: Operation,
    *,
    field: str = "",
    entry: EntryFacts | None = None,
    now: datetime,
    command: str = "",
    plan: str = "",
) -> Decision:
    """Return whether the participant may do this, with the reason.

    Without ``entry``, whatever depends on the entry is denied. On ``CREATE`` it holds the first values. ``WRITE`` with
    ``command`` asks for a change that this command makes: allowed also in the fields the command sets on its own
    authority. ``plan``, where given, must be the participant's plan.
    """
    if plan and plan != participant.plan_id:
        return _answer("other-plan", participant.role, section, Grant.NONE)
    standing = standing_of(participant, section, now)
    return judge(standing, participant, section, action, field=field, entry=entry, command=command)


def grant_of(participant: Participant, section: Section, now: datetime) -> Grant:
    """Return what the participant may do in the section at most, in one word."""
    return granted(standing_of(participant, section, now), participant, section)


def judge(
    standing: Standing,
    participant: Participant,
    section: Section,
    action: Operation,
    *,
    field: str = "",
    entry: EntryFacts | None = None,
    command: str = "",
) -> Decision:
    """Return the answer for one action, given the standing. Pure in all but the cached sentences."""
    grant = granted(standing, participant, section)
    code = standing.denied or sensitivity(standing.cell, participant, section, action, entry)
    if not code and field and SECTIONS[section].field(field) is None:
        code = "unknown-field"
    if code:
        return _answer(code, participant.role, section, grant)
    if standing.reading and action is not Operation.READ:
        return _answer(standing.reading, participant.role, section, grant)
    asked = SectionQuestion(standing.cell, participant, section, field, entry, command, standing.alone)
    code = asked.code(action)
    if code == "command-refused":
        return _refused_command(command, section, grant, suggest=asked.may_suggest_instead())
    if not code and standing.reading == "break-glass-read-only":
        return _allowed("break-glass", participant.role, section, grant)
    if not code:
        return _allowed("member", participant.role, section, grant)
    return _answer(code, participant.role, section, grant, suggest=asked.offers_suggestion(action, code))


def sections_readable(participant: Participant, now: datetime) -> frozenset[Section]:
    """Return the sections the participant may see as HTML, filtered by ``entry_visible`` and ``fields_visible``."""
    return frozenset(each for each in Section if grant_of(participant, each, now) is not Grant.NONE)


def documents_readable(participant: Participant, now: datetime) -> frozenset[Section]:
    """Return the sections whose document the participant may receive.

    A document is read whole: every entry, field, suggestion and comment of it. So it is for those from whom nothing of
    the section is kept. The family gets none at all: what is not sent can't leak.
    """
    return documents_among(participant.role, sections_readable(participant, now))


def documents_among(role: Role, sections: frozenset[Section]) -> frozenset[Section]:
    """Return those of the readable sections whose document someone of this role may receive."""
    if role is Role.FAMILY:
        return frozenset()
    return frozenset(each for each in sections if _whole(role, each))


def entry_visible(participant: Participant, section: Section, entry: EntryFacts, now: datetime) -> bool:
    """Return whether the participant may see this entry, anywhere: page, history, search, digest, notice."""
    return decide(participant, section, Operation.READ, entry=entry, now=now).allowed


def fields_visible(participant: Participant, section: Section, now: datetime) -> frozenset[str]:
    """Return the fields the participant may see in the entries that are visible to them."""
    standing = standing_of(participant, section, now)
    if standing.denied:
        return frozenset()
    names = frozenset(each.name for each in SECTIONS[section].all_fields)
    return names if standing.cell.shows is None else names & standing.cell.shows


def remark_visible(participant: Participant, section: Section, author: str, now: datetime) -> bool:
    """Return whether a suggestion or comment by ``author``, on an entry visible to the participant, is theirs to see.

    Those who receive the section's document see all of them; whoever gets filtered HTML sees their own, so that what
    colleagues remark to each other does not reach the family.
    """
    if section in documents_readable(participant, now):
        return True
    return bool(author) and author == participant.person_id and section in sections_readable(participant, now)


def facts_of(section: Section, creator: str, values: Mapping[str, Value]) -> EntryFacts:
    """Return an entry's facts, with the persons named by the section's owner fields as its owners."""
    owners = (values.get(name) for name in SECTIONS[section].owners)
    return EntryFacts(creator, frozenset(each for each in owners if isinstance(each, str) and each), values)


def assignments(person: str, facts: Iterable[tuple[Section, EntryFacts]]) -> frozenset[Section]:
    """Return ``Participant.assigned``: the sections with an entry that names ``person`` in an owner field."""
    return frozenset(
        section
        for section, entry in facts
        if person and any(entry.values.get(name) == person for name in SECTIONS[section].owners)
    )


def _whole(role: Role, section: Section) -> bool:
    return MATRIX[role, section].shows is None and not hides_entries(role, section)


@cache
def _allowed(code: str, role: Role, section: Section, grant: Grant) -> Decision:
    return Decision(True, sentence(code, role, section), code, grant)


@cache
def _answer(code: str, role: Role, section: Section, grant: Grant, *, suggest: bool = False) -> Decision:
    words = sentence(code, role, section)
    return Decision(False, words + SUGGEST_INSTEAD if suggest else words, code, grant)


@cache
def _refused_command(command: str, section: Section, grant: Grant, *, suggest: bool) -> Decision:
    words = COMMANDS[command].refusal
    return Decision(False, words + SUGGEST_INSTEAD if suggest else words, "command-refused", grant)
