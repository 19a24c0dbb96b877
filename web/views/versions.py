"""The plan as it was: never more than the reader may see now, nor than they could have seen of it then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from auth.decisions import sections_readable
from auth.roles import Participant
from crdt.contents import EntryContent, SectionContent
from crdt.fields import Field, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent
from web.views.differences import ComparedWords, Went, difference
from web.views.entries import Reader, headline
from web.views.fields import log_told, words_of
from web.views.sections import SectionView, fields_readable, ordered, section_view
from web.views.words import Moment


class Became(StrEnum):
    """What became of an entry between two instants."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class FieldPair:
    """One field at two instants."""

    label: str
    before: tuple[ComparedWords, ...]
    after: tuple[ComparedWords, ...]


@dataclass(frozen=True, slots=True)
class EntryPair:
    """One entry at two instants: what differs of it."""

    entry: str
    headline: str
    became: Became
    fields: tuple[FieldPair, ...]


@dataclass(frozen=True, slots=True)
class SectionPair:
    """What differs of a section between two instants."""

    title: str
    section: Section
    entries: tuple[EntryPair, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A row at which the plan was given a name, or got one by what happened."""

    seq: int
    name: str
    by: str
    when: Moment
    kind: str


def back_then(
    reader: Reader, then: PlanContent, *, also: Participant | None = None, at: datetime | None = None
) -> Reader:
    """Return a reader of the plan as it was, without any entry that they may not see now or could not have seen then.

    With ``also``, only what that person could see at the instant as well.
    """
    past = replace(reader, content=then, live=frozenset(), changes={})
    other = replace(past, participant=also) if also is not None else past
    if also is not None and at is not None:
        other = replace(other, setting=replace(past.setting, reading=replace(past.setting.reading, now=at)))
    readable = sections_readable(reader.participant, reader.now)
    readable &= sections_readable(other.participant, other.now)
    sections = {
        section: SectionContent(
            {
                entry: _within(it, section, other)
                for entry, it in content.entries.items()
                if past.sees(section, entry) and reader.sees(section, entry) and other.sees(section, entry)
            }
        )
        for section, content in then.sections.items()
        if section in readable
    }
    kept = PlanContent(then.plan_id, sections, then.people, then.seq)

    def names(section: str, entry: str) -> str:
        for each in [Section(section)] if section else list(Section):
            if entry in kept.entries(each):
                return headline(each, kept.entries(each)[entry].values, past.setting.people.name)
        return ""

    return replace(past, content=kept, setting=replace(past.setting, names=names, options=lambda section: ()))


def _within(entry: EntryContent, section: Section, other: Reader) -> EntryContent:
    """Return the entry with the fields of it that the other may see."""
    seen = fields_readable(other, section) | {"status", "kind"}
    empty: Mapping[str, Value] = {
        each.name: {} if each.kind in (Kind.SET, Kind.LOG) else None for each in SECTIONS[section].all_fields
    }
    return replace(entry, values={name: value if name in seen else empty[name] for name, value in entry.values.items()})


def plan_back_then(past: Reader) -> list[SectionView]:
    """Return the sections that had anything in them, as read and not as written."""
    views = [_only_read(section_view(past, section)) for section in SECTIONS if section in past.content.sections]
    return [view for view in views if view.entries or view.retired]


def _only_read(view: SectionView) -> SectionView:
    return replace(
        view,
        may_create=False,
        reason="",
        entries=tuple(replace(each, acts=(), suggestions=()) for each in view.entries),
        retired=tuple(replace(each, acts=(), suggestions=()) for each in view.retired),
    )


def compared(before: Reader, after: Reader) -> list[SectionPair]:
    """Return what differs between two readings of the plan, section by section in the plan's order."""
    sections = [each for each in SECTIONS if each in before.content.sections or each in after.content.sections]
    pairs = [SectionPair(SECTIONS[each].title, each, _entries(before, after, each)) for each in sections]
    return [pair for pair in pairs if pair.entries]


def _entries(before: Reader, after: Reader, section: Section) -> tuple[EntryPair, ...]:
    now = [entry for entry, _ in ordered(after.content, section)]
    gone = [entry for entry, _ in ordered(before.content, section) if entry not in set(now)]
    pairs = (_pair(before, after, section, entry) for entry in [*now, *gone])
    return tuple(pair for pair in pairs if pair is not None)


def _pair(before: Reader, after: Reader, section: Section, entry: str) -> EntryPair | None:
    old, new = before.content.entry(section, entry), after.content.entry(section, entry)
    was_there, is_there = _stands(old), _stands(new)
    fields = _fields(after, section, old, new)
    if not was_there and not is_there:
        return None
    if was_there and is_there:
        became = Became.CHANGED
    elif is_there:
        became = Became.ADDED if old is None else Became.RESTORED
    else:
        became = Became.RETIRED
    if became is Became.CHANGED and not fields:
        return None
    held = new or old
    assert held is not None, "it stood at one of the two"
    return EntryPair(entry, headline(section, held.values, after.setting.people.name), became, fields)


def _stands(entry: EntryContent | None) -> bool:
    return entry is not None and entry.values.get("status") != "retired"


def _fields(
    reader: Reader, section: Section, old: EntryContent | None, new: EntryContent | None
) -> tuple[FieldPair, ...]:
    seen = fields_readable(reader, section) - {"position", "source", "status"}
    found = []
    for declared in SECTIONS[section].all_fields:
        if declared.name not in seen:
            continue
        was, now = (each.values.get(declared.name) if each is not None else None for each in (old, new))
        parts = _parts(declared, was, now, reader)
        if any(part.went is not Went.SAME and part.words for part in parts):
            found.append(
                FieldPair(
                    declared.label,
                    tuple(part for part in parts if part.went is not Went.IN and part.words),
                    tuple(part for part in parts if part.went is not Went.OUT and part.words),
                )
            )
    return tuple(found)


def _parts(declared: Field, was: Value, now: Value, reader: Reader) -> tuple[ComparedWords, ...]:
    """Return what stayed, went and came: words of a text, records of a log, else the value as a whole."""
    if declared.kind is Kind.LOG:
        old, new = (log_told(each, reader.setting) for each in (was, now))
        gone = [ComparedWords(Went.OUT, f"{each}; ") for each in old if each not in new]
        return (*gone, *(ComparedWords(Went.SAME if each in old else Went.IN, f"{each}; ") for each in new))
    before, after = (words_of(declared, each, reader.setting) for each in (was, now))
    if before == after:
        return ()
    return (
        difference(before, after)
        if declared.kind is Kind.TEXT
        else (ComparedWords(Went.OUT, before), ComparedWords(Went.IN, after))
    )
