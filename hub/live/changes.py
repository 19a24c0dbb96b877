"""What changed in a section, place by place, before it is decided who is told of which part of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from crdt.changes import Root
from crdt.contents import Touched
from crdt.fields import Kind, Scalar
from crdt.sections import Section
from hub.record.journal import Action, Row

WORDS_TOUCHED_MAX: Final = 100
"""Touched fields a row tells of in words; of a longer update the rest stands in its bytes alone."""

Place: TypeAlias = tuple[Root, str]
"""An entry, or a suggestion or comment, by its key."""


@dataclass(slots=True)
class PlaceChange:
    """What changed at one place."""

    names: dict[str, None] = field(default_factory=dict)
    """Of who changed it, ``""`` for somebody whose name is not known here."""
    fields: set[str] = field(default_factory=set)
    """The fields that changed; none where they are not known."""
    structure: bool = False
    """Something that the page shows by HTML has changed: entries, suggestions, comments, command fields."""
    before: dict[str, Scalar] = field(default_factory=dict)
    """Registers as they were: by one of them the entry may have gone out of somebody's sight."""

    def join(self, other: "PlaceChange") -> None:
        """Take in a later change of the same place."""
        self.fields = self.fields | other.fields if self.fields and other.fields else set()
        self.names.update(other.names)
        self.structure |= other.structure
        self.before = {**other.before, **self.before}


@dataclass(slots=True)
class Changed:
    """What changed in one section, place by place, so that each reader is told of what they may see and no more."""

    places: dict[Place, PlaceChange] = field(default_factory=dict)
    more: bool = False
    """A row changed more places than it names."""

    @property
    def structure(self) -> bool:
        """Whether a page has to be told at once."""
        return self.more or any(part.structure for part in self.places.values())

    def add(self, place: Place, part: PlaceChange) -> None:
        """Take in a change of one place."""
        held = self.places.get(place)
        if held is None:
            self.places[place] = PlaceChange(dict(part.names), set(part.fields), part.structure, dict(part.before))
        else:
            held.join(part)

    def join(self, other: "Changed") -> None:
        """Take in what changed later."""
        self.more |= other.more
        for place, part in other.places.items():
            self.add(place, part)


class SoftChanges:
    """Changes that somebody has not been told of yet. It holds no more places than the sections have."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: dict[Section, Changed] = {}

    def add(self, section: Section, changed: Changed) -> None:
        """Take in a change that can wait."""
        self.waiting.setdefault(section, Changed()).join(changed)

    def take(self) -> dict[Section, Changed]:
        """Return what waits, which waits no more."""
        waiting, self.waiting = self.waiting, {}
        return waiting


def changed_by(parts: Iterable[tuple[str, Sequence[Touched]]], *, structure: bool = False) -> Changed:
    """Return what changed by people of these names; with ``structure`` the pages show it by HTML, whatever it is."""
    changed = Changed()
    for name, touched in parts:
        for each in touched:
            before = {each.field: each.before} if each.kind is Kind.REGISTER else {}
            part = PlaceChange({name: None}, {each.field}, structure or each.root is not Root.ENTRIES, before)
            changed.add((each.root, each.entry), part)
    return changed


def commanded(name: str, touched: Sequence[Touched]) -> Changed:
    """Return what changed by a command: the page shows it by HTML, whatever it is."""
    return changed_by([(name, touched)], structure=True)


def changed_in(row: Row, name: str) -> Changed:
    """Return what a row of another process changed, by its own words; ``name`` is its actor's, ``""`` if unknown."""
    changed = Changed()
    words = row.words or {}
    told = words.get("fields")
    if isinstance(told, list):
        places = [each for each in told if isinstance(each, dict)]
    else:
        places = [{**words, "entry": row.entry, "field": row.field}] if row.entry else []
    for each in places:
        root, of = Root(str(each.get("root", Root.ENTRIES))), str(each["field"])
        before = each.get("before")
        was: dict[str, Scalar] = {of: before} if of and isinstance(before, str | int | float | bool) else {}
        structure = row.action is not Action.EDIT or root is not Root.ENTRIES
        changed.add((root, str(each["entry"])), PlaceChange({name: None}, {of} - {""}, structure, was))
    changed.more = not places or len(places) >= WORDS_TOUCHED_MAX
    return changed
