"""A section as a page shows it, and the whole plan as its sections."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Final

from auth.decisions import (
    EntryFacts,
    Grant,
    Operation,
    decide,
    documents_readable,
    fields_visible,
    grant_of,
    sections_readable,
)
from auth.roles import Participant
from crdt.fields import Value
from crdt.sections import SECTIONS, Declaration, Section
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.entries import MADE_BY_COMMAND
from web.views.badges import Tone
from web.views.entries import EntryView, Reader, entry_view, headline
from web.views.fields import Setting
from web.views.forms import kinds_of
from web.views.people import PlanPeople
from web.views.words import Reading

ENTRY_OPTIONS_MAX = 60
"""Entries offered in one list of choices; a plan with more is searched by its page."""

RELATED_SECTIONS = (Section.CONDITIONS, Section.GOALS, Section.MEDICATIONS, Section.TASKS)
"""What an entry may be about where its field names no section."""


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section, ready to be shown."""

    declaration: Declaration
    access: str
    """``write``, ``contribute``, ``propose`` or ``read``, as ``data-access`` says it."""
    may_create: bool
    reason: str
    """Why the reader may not change everything here, in words."""
    entries: tuple[EntryView, ...]
    retired: tuple[EntryView, ...]

    seq: int = 0
    """The journal's row up to which this tells."""

    @property
    def news(self) -> int:
        """How many of its entries others changed since the reader looked."""
        return sum(1 for entry in (*self.entries, *self.retired) if entry.news is not None)

    @property
    def section(self) -> Section:
        """The section's id."""
        return self.declaration.section

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of entry the reader may add, one empty word where there is but one kind."""
        return (kinds_of(self.section) or ("",)) if self.may_create else ()

    @property
    def alerts(self) -> int:
        """How many of its entries ask for attention now."""
        return sum(1 for entry in self.entries if any(badge.tone is Tone.ALERT for badge in entry.badges))


def reader_of(
    participant: Participant,
    content: PlanContent,
    people: PlanPeople,
    reading: Reading,
    changes: Mapping[tuple[Section, str], tuple[str, datetime, int]] | None = None,
) -> Reader:
    """Return the reader for whom the rows of a page are made; names only what the participant may read."""
    reading = replace(reading, died=bool(content.deceased), home=content.zone)
    readable = sections_readable(participant, reading.now)
    live = documents_readable(participant, reading.now)
    unnamed = Reader(participant, content, Setting(reading, people, lambda section, entry: ""), {}, live)

    def names(section: str, entry: str) -> str:
        for each in [Section(section)] if section else list(Section):
            if each in readable and unnamed.sees(each, entry):
                return headline(each, content.entries(each)[entry].values, people.name)
        return ""

    @cache
    def options(section: str) -> tuple[tuple[str, str], ...]:
        sections = [Section(section)] if section else RELATED_SECTIONS
        found = [
            (entry, headline(each, it.values, people.name))
            for each in sections
            if each in readable
            for entry, it in ordered(content, each)
            if it.values.get("status") != "retired" and unnamed.sees(each, entry)
        ]
        return tuple(found[:ENTRY_OPTIONS_MAX])

    return Reader(participant, content, Setting(reading, people, names, options), changes or {}, live)


def section_view(reader: Reader, section: Section) -> SectionView:
    """Return one section that the reader may read, its active entries in their order, then the retired ones."""
    declaration = SECTIONS[section]
    seen = [entry for entry, _ in ordered(reader.content, section) if reader.sees(section, entry)]
    views = [entry_view(reader, section, entry) for entry in seen]
    active = [view for view in views if not view.retired]
    mine = EntryFacts(creator=reader.participant.person_id)
    creation = decide(reader.participant, section, Operation.CREATE, entry=mine, now=reader.now)
    access, reason = access_of(reader, section)
    return SectionView(
        declaration=declaration,
        access=access,
        may_create=creation.allowed and section not in MADE_BY_COMMAND and not (declaration.single and active),
        reason=reason,
        entries=tuple(active),
        retired=tuple(view for view in views if view.retired),
        seq=reader.content.seq,
    )


def ordered(content: PlanContent, section: Section) -> list[tuple[str, EntryContent]]:
    """Return a section's entries in the order of the page."""
    entries = content.entries(section)
    return sorted(entries.items(), key=lambda each: place(each[0], each[1].values))


def place(entry: str, values: Mapping[str, Value]) -> tuple[bool, float, str]:
    """Return what an entry is ordered by: allergies before medicines, then its place, then when it was made."""
    position = values.get("position")
    number = float(position) if isinstance(position, int | float) else float("inf")
    return values.get("kind") != "allergy", number, entry


_WORDS: Final[Mapping[Grant, str]] = {
    Grant.WRITE: "write",
    Grant.WRITE_OWN: "contribute",
    Grant.CONTRIBUTE: "contribute",
    Grant.PROPOSE: "propose",
}
"""The section's grant as ``data-access`` says it; any other is ``read``."""


def access_of(reader: Reader, section: Section) -> tuple[str, str]:
    """Return the section's access in one word, and the reason where the reader may not write everywhere."""
    access = _WORDS.get(grant_of(reader.participant, section, reader.now), "read")
    if access == "write":
        return access, ""
    anyone, name = EntryFacts(), SECTIONS[section].headline
    return access, decide(reader.participant, section, Operation.WRITE, field=name, entry=anyone, now=reader.now).reason


def fields_readable(reader: Reader, section: Section) -> frozenset[str]:
    """Return the fields of a section's entries that the reader may see, history included."""
    return fields_visible(reader.participant, section, reader.now)
