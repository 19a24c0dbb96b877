"""What a command does to a section, as values: the only way anything but a register or a text is ever changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from crdt.fields import Scalar, Value
from crdt.sections import Section


class Root(StrEnum):
    """The root maps of a section's document."""

    ENTRIES = "entries"
    SUGGESTIONS = "suggestions"
    """Proposed edits: key -> flat record of registers. Made and decided by commands only."""
    COMMENTS = "comments"
    """Remarks on entries: key -> flat record of registers. Made and resolved by commands only."""


@dataclass(frozen=True, slots=True)
class Create:
    """A new entry with every declared field in place; those not in ``values`` start empty."""

    section: Section
    entry: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Assign:
    """A register gets a new value."""

    section: Section
    entry: str
    field: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A text becomes these words by the smallest edit that does it."""

    section: Section
    entry: str
    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Include:
    """A member of a set is switched on or off."""

    section: Section
    entry: str
    field: str
    member: str
    present: bool


@dataclass(frozen=True, slots=True)
class Append:
    """A record is added to a log. Its key is new; a record once written never changes, save by ``Decide``."""

    section: Section
    entry: str
    field: str
    key: str
    record: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Decide:
    """One value of a log's record is set: the decision on a recommendation."""

    section: Section
    entry: str
    field: str
    key: str
    name: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class Annotate:
    """A new suggestion or comment, ``record["entry"]`` naming what it is about."""

    section: Section
    root: Root
    key: str
    record: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Amend:
    """One value of a suggestion or comment is set: its state, who decided, when."""

    section: Section
    root: Root
    key: str
    name: str
    value: Scalar


Change: TypeAlias = Create | Assign | Rewrite | Include | Append | Decide | Annotate | Amend
