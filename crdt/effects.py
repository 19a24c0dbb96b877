"""What a session wants done, as values: the hub takes them apart by ``match`` and mypy proves the match complete."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from crdt.sections import Section


class Scope(StrEnum):
    """What the client is told it may do with a document; it only informs, the gate enforces."""

    READ = "readonly"
    WRITE = "read-write"


@dataclass(frozen=True, slots=True)
class Send:
    """These bytes go back to the peer, as one message."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Join:
    """The peer asks to have a section that it may read."""

    section: Section


@dataclass(frozen=True, slots=True)
class Leave:
    """The peer has done with a section."""

    section: Section


@dataclass(frozen=True, slots=True)
class Ask:
    """Sync step 1: the peer wants what it lacks, and waits for our step 1."""

    section: Section
    state_vector: bytes


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that could change a section's document, from a step 2 or an update: for the gate (invariant 4)."""

    section: Section
    update: bytes
    answers: bool
    """It is a sync step 2, which holds all that our step 1 asked for."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The peer asks for what concerns the whole plan: presence and notices."""


@dataclass(frozen=True, slots=True)
class Present:
    """An awareness update of the peer, unread."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class AskPresent:
    """The peer asks who is here."""


@dataclass(frozen=True, slots=True)
class Close:
    """The socket ends; nothing more is received."""

    code: int
    reason: str


Effect: TypeAlias = Send | Join | Leave | Ask | Edit | Watch | Present | AskPresent | Close
