"""What others changed since one looked, entry by entry: allergies, medicines, states, the rest; from what to what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crdt.fields import Kind
from crdt.sections import SECTIONS, Section
from hub.record.journal import FieldPath, Row
from hub.workflows.digests import DigestLine, digest
from hub.workflows.edits import edits_of
from web.views.differences import ComparedWords, Went, difference, excerpt
from web.views.entries import Reader, line_words
from web.views.words import Moment, moment


@dataclass(frozen=True, slots=True)
class TextNews:
    """A text that changed: as of which row it said what it said before, and the words once they are known."""

    name: str
    label: str
    before: int
    parts: tuple[ComparedWords, ...] = ()


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
    texts: tuple[TextNews, ...] = ()
    why: str = ""


def news_of(reader: Reader, rows: Sequence[Row]) -> list[News]:
    """Return the news that the rows make for the reader, in clinical order, an entry's changes together."""
    names = {person_id: it.name for person_id, it in reader.setting.people.by_id.items()}
    lines = digest(reader.content, reader.participant, edits_of(rows), names, reader.now)
    by_entry: dict[tuple[Section, str], list[DigestLine]] = {}
    for line in lines:
        by_entry.setdefault((line.section, line.entry), []).append(line)
    return [_told(reader, *path, some) for path, some in by_entry.items()]


def texts_before(news: Sequence[News]) -> dict[int, set[FieldPath]]:
    """Return as of which rows the words of which texts are needed to say what changed in them."""
    wanted: dict[int, set[FieldPath]] = {}
    for each in news:
        for text in each.texts:
            wanted.setdefault(text.before, set()).add((each.section, each.entry_id, text.name))
    return wanted


def with_words(news: Sequence[News], reader: Reader, past: Mapping[tuple[int, FieldPath], str]) -> list[News]:
    """Return the news with the words that went and came in each text; texts that say what they said are left out."""
    told = []
    for each in news:
        values = reader.content.entries(each.section)[each.entry_id].values
        texts = []
        for text in each.texts:
            old = past.get((text.before, (each.section, each.entry_id, text.name)))
            parts = () if old is None else excerpt(difference(old, str(values.get(text.name) or "")))
            if old is None or any(part.went is not Went.SAME for part in parts):
                texts.append(replace(text, parts=parts))
        told.append(replace(each, texts=tuple(texts)))
    return told


def _told(reader: Reader, section: Section, entry: str, lines: Sequence[DigestLine]) -> News:
    newest = max(lines, key=lambda line: line.recorded)
    values = reader.content.entries(section)[entry].values
    texts = [line for line in lines if _is_text(line)]
    return News(
        group=lines[0].group,
        section=section,
        title=SECTIONS[section].title,
        entry_id=entry,
        words=line_words(section, values, reader.setting.people.name),
        changes=tuple(each.change for each in lines if not _is_text(each)),
        texts=tuple(TextNews(each.field, _label(each), each.first - 1) for each in texts),
        who=newest.by,
        when=moment(newest.recorded, reader.setting.reading),
        why=next((each.why for each in lines if each.why), ""),
    )


def _is_text(line: DigestLine) -> bool:
    declared = SECTIONS[line.section].field(line.field)
    return declared is not None and declared.kind is Kind.TEXT and not line.made


def _label(line: DigestLine) -> str:
    declared = SECTIONS[line.section].field(line.field)
    assert declared is not None, "a text is declared"
    return declared.label
