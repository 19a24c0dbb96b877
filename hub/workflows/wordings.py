"""Plain words beside clinical words: which field holds them, what they explain, and when they are out of date."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.contents import active, words
from hub.workflows.digests import FieldEdit

Changed: TypeAlias = Mapping[tuple[Section, str, str], datetime]
"""When each field was last changed, from the journal."""

_WITH_THE_ENTRY: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wording:
    """A field of plain words, and the clinical fields whose change makes them out of date."""

    field: str
    tells: frozenset[str]


WORDINGS: Final[Mapping[Section, Wording]] = {
    Section.CONDITIONS: Wording(
        "plain_words", frozenset({"name", "clinical_status", "severity", "summary", "expected_outcome"})
    ),
    Section.MEDICATIONS: Wording(
        "plain_words", frozenset({"name", "dose", "frequency", "instructions", "taking", "times", "route"})
    ),
    Section.REFERRALS: Wording("patient_card", frozenset({"to", "question", "answer"})),
    Section.TRANSITIONS: Wording(
        "plain_words", frozenset({"event", "facility", "reason", "handoff_summary", "handoff_contingency"})
    ),
}
"""The plain words of each section that has them."""


def changed_of(alone: Changed, edits: Iterable[FieldEdit]) -> Changed:
    """Return when each field last changed: by the rows of one field, and by edits told in rows of several."""
    found = dict(alone)
    for edit in edits:
        path = (edit.section, edit.entry, edit.field)
        if not edit.made:
            found[path] = max(found.get(path, edit.recorded), edit.recorded)
    return found


def plain_words(section: Section, entry: EntryContent) -> str:
    """Return the family's wording of an entry, ``""`` where the team has written none."""
    wording = WORDINGS.get(section)
    return words(entry.values, wording.field) if wording is not None else ""


def is_stale(entry: EntryContent, section: Section, changed: Changed) -> bool:
    """Say whether the entry has plain words that are older than what they explain."""
    wording = WORDINGS.get(section)
    if wording is None or not plain_words(section, entry):
        return False
    # Words that no row names alone are as old as the entry: they came with it.
    told = changed.get((section, entry.id, wording.field), _WITH_THE_ENTRY)
    return any(changed.get((section, entry.id, name), told) > told for name in wording.tells)


def stale_entries(plan: PlanContent, changed: Changed) -> frozenset[str]:
    """Return the standing entries whose plain words someone should write anew."""
    return frozenset(
        entry.id for section in WORDINGS for entry in active(plan, section) if is_stale(entry, section, changed)
    )
