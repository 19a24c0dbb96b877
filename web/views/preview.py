"""The plan as one person sees it, for someone else: only what both of them may read, and nothing to change."""

from dataclasses import dataclass
from typing import Final

from auth.decisions import grant_of, sections_readable
from crdt.sections import SECTIONS, Section
from web.views.entries import Reader, entry_view
from web.views.sections import fields_readable, ordered
from web.views.sharing import GRANT_WORDS

ELSEWHERE: Final = "said in words that are not open to you"


@dataclass(frozen=True, slots=True)
class PreviewEntry:
    """One entry: its headline, and its fields as label and words."""

    headline: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PreviewSection:
    """One section as the person finds it."""

    title: str
    grant: str
    entries: tuple[PreviewEntry, ...]
    closed: str = ""
    """Why it is not there for the person, or why the reader can't see it here."""


def preview_sections(mine: Reader, theirs: Reader) -> list[PreviewSection]:
    """Return every section: what the person of ``theirs`` sees, as far as the reader of ``mine`` does."""
    readable = sections_readable(mine.participant, mine.now)
    found = []
    for section, declaration in SECTIONS.items():
        grant = grant_of(theirs.participant, section, theirs.now)
        if grant not in GRANT_WORDS:
            found.append(PreviewSection(declaration.title, "", (), "Not there for them."))
        elif section not in readable:
            words = "They read this. It is not open to you, so it is left out here."
            found.append(PreviewSection(declaration.title, GRANT_WORDS[grant], (), words))
        else:
            entries = tuple(
                _entry(mine, theirs, section, entry)
                for entry, it in ordered(theirs.content, section)
                if theirs.sees(section, entry) and mine.sees(section, entry) and it.values.get("status") != "retired"
            )
            found.append(PreviewSection(declaration.title, GRANT_WORDS[grant], entries))
    return found


def _entry(mine: Reader, theirs: Reader, section: Section, entry: str) -> PreviewEntry:
    """Return an entry in words that are the same to both: an entry's name in a field is not for everyone's eyes."""
    declaration = SECTIONS[section]
    common = fields_readable(mine, section) & fields_readable(theirs, section)
    view, own = (
        entry_view(theirs, section, entry),
        {row.name: row.words for row in entry_view(mine, section, entry).fields},
    )
    rows = tuple(
        (row.label, row.words if own.get(row.name) == row.words else ELSEWHERE)
        for row in view.fields
        if row.words and row.name in common
    )
    return PreviewEntry(view.headline if declaration.headline in common else declaration.noun, rows)
