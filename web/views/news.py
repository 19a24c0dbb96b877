"""What others changed since one looked, entry by entry: allergies, medicines, states, the rest; from what to what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crdt.sections import SECTIONS, Section
from hub.journal import Row
from hub.workflows.digests import Line, digest
from hub.workflows.edits import edits_of
from web.views.entries import Reader, line_words
from web.views.words import Moment, moment


@dataclass(frozen=True, slots=True)
class News:
    """What changed in one entry since the reader last looked at its section."""

    group: str
    section: Section
    title: str
    entry_id: str
    words: str
    changes: tuple[str, ...]
    who: str
    when: Moment
    why: str = ""

    @property
    def fields(self) -> str:
        """The changes in one line."""
        return "; ".join(self.changes)


def news_of(reader: Reader, rows: Sequence[Row]) -> list[News]:
    """Return the news that the rows make for the reader, in clinical order, an entry's changes together."""
    names = {person_id: it.name for person_id, it in reader.setting.people.by_id.items()}
    lines = digest(reader.content, reader.participant, edits_of(rows), names, reader.now)
    by_entry: dict[tuple[Section, str], list[Line]] = {}
    for line in lines:
        by_entry.setdefault((line.section, line.entry), []).append(line)
    return [_told(reader, *path, some) for path, some in by_entry.items()]


def news_by_entry(news: Sequence[News]) -> Mapping[tuple[Section, str], News]:
    """Return the news by section and entry."""
    return {(each.section, each.entry_id): each for each in news}


def _told(reader: Reader, section: Section, entry: str, lines: Sequence[Line]) -> News:
    newest = max(lines, key=lambda line: line.recorded)
    values = reader.content.entries(section)[entry].values
    noun = SECTIONS[section].noun
    return News(
        group=lines[0].group,
        section=section,
        title=SECTIONS[section].title,
        entry_id=entry,
        words=line_words(section, values, reader.setting.people.name),
        changes=tuple(f"new {noun}" if each.change == "new" else each.change.replace(" -> ", " → ") for each in lines),
        who=newest.by,
        when=moment(newest.recorded, reader.setting.reading),
        why=next((each.why for each in lines if each.why), ""),
    )
