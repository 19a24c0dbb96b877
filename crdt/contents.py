"""What a section holds, and what an update did to it, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from crdt.changes import Root
from crdt.fields import Kind, Scalar, Value

Record: TypeAlias = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class EntryContent:
    """One entry: every declared field in declared order, an empty one as ``None``, ``""`` or ``{}``."""

    id: str
    values: Mapping[str, Value]
    creator: int
    """The client id that made it."""


@dataclass(frozen=True, slots=True)
class SectionContent:
    """One section: entries, suggestions and comments by their ids."""

    entries: Mapping[str, EntryContent] = field(default_factory=lambda: MappingProxyType({}))
    suggestions: Mapping[str, Record] = field(default_factory=lambda: MappingProxyType({}))
    comments: Mapping[str, Record] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two values of one register, of which neither writer had seen the other when they wrote. One of them stands."""

    written: Scalar
    """What the update says."""
    other: Scalar
    """What was there already, unseen by who wrote the update."""
    client: int
    """The client id that wrote ``other``."""


@dataclass(slots=True)
class Touched:
    """One field that an update touches.

    A register or a set's member has ``before`` and ``after`` (equal when a concurrent write wins); a text has what
    was inserted and the number of characters deleted; a log's new record stands in ``inserted`` as JSON. For a
    suggestion or comment ``entry`` is its key and ``field`` the name of the value.
    """

    entry: str
    field: str
    member: str
    kind: Kind
    before: Scalar
    after: Scalar
    inserted: str
    deleted: int
    root: Root = Root.ENTRIES
    crossing: Crossing | None = None
    """Set where a register was written without its newest value being seen; ``after`` is the one that stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """An update that passed the gate, or that a command made."""

    update: bytes
    client: int | None
    """The client id whose structs it brings; None when it brings none."""
    touched: tuple[Touched, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to journal: an update without it is a repetition of what is known."""
        return self.client is not None or bool(self.touched)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An update that did not pass. ``code`` is the rule, ``reason`` a sentence for the person."""

    code: str
    reason: str
    entry: str = ""
    field: str = ""
