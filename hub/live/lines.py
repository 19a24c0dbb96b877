"""The way out to a peer: what a room may ask of a socket, the close codes, and messages wrapped once for all.

A message of the server is the same bytes for every reader (RFC 6455 frames from a server are not masked), so a room
wraps it once and hands the very same object to every line.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import cache
from typing import Final, Protocol, TypeAlias

import msgspec

from crdt.contents import Refusal
from crdt.effects import Scope
from crdt.frames import Frame, FrameKind, encode, packed
from crdt.sections import Section
from crdt.sessions import PLAN_DOCUMENT

NoticeWords: TypeAlias = str | int | bool | Sequence[str]

PACKED_BYTES_MIN: Final = 2 << 10
PACKED_BYTES_MAX: Final = 1 << 20
"""What is packed is between these: less gains nothing, and more would hold the loop for longer than it saves anyone."""


class CloseCode(IntEnum):
    """Why the hub ends a socket."""

    GOING_AWAY = 1001
    RESTART = 1012
    """The hub stops or restarts: come back, with jitter."""
    STORAGE_AWAY = 1013
    """Postgres can't be reached: come back later, with jitter, and keep what is not saved."""
    BAD_FRAME = 4400
    SIGN_IN = 4401
    ACCESS_ENDED = 4403
    NO_PLAN = 4404
    """No such plan, or none that one may see; permanent."""
    ANOTHER = 4409
    """The page belongs to another person than the one who is signed in now; permanent for this page."""
    BUSY = 4503
    """Too slow, too much or too many: come back and sync."""


class Line(Protocol):
    """The way out to one peer. No method raises or waits; a line that has ended swallows what it is given."""

    @property
    def paused(self) -> bool:
        """The peer reads slower than it is written to: leave out what can be caught up with later."""

    @property
    def unpacks(self) -> bool:
        """The peer said at its upgrade that it reads what is packed (``crdt.frames.packed``)."""

    def write(self, data: bytes) -> None:
        """Send messages already wrapped by ``wrapped``."""

    def close(self, code: int, reason: str) -> None:
        """End the socket in order: what was written before still goes out."""

    def take_breath(self) -> None:
        """Read no more from this peer until ``go_on``: its share of the inbox is full."""

    def go_on(self) -> None:
        """Read from this peer again."""


def wrapped(payload: bytes) -> bytes:
    """Return the payload as one unmasked binary WebSocket frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 1 << 16:
        return b"\x82\x7e" + size.to_bytes(2, "big") + payload
    return b"\x82\x7f" + size.to_bytes(8, "big") + payload


def notice(document: str, kind: str, words: Mapping[str, NoticeWords]) -> bytes:
    """Return a notice of the server, wrapped: a stateless frame whose text is a JSON object."""
    text = msgspec.json.encode({"kind": kind, **words})
    return wrapped(encode(Frame(document, FrameKind.STATELESS, text)))


def storage(*, away: bool) -> bytes:
    """Return the notice that what is typed is not saved for now, or is again."""
    return notice(PLAN_DOCUMENT, "trouble", {"storage": "away" if away else "back"})


def update(section: Section, merged: bytes) -> bytes:
    """Return a committed update, wrapped."""
    return wrapped(encode(Frame(section.value, FrameKind.UPDATE, merged)))


def step_1(section: Section, state_vector: bytes) -> bytes:
    """Return the question what we lack, wrapped."""
    return wrapped(encode(Frame(section.value, FrameKind.SYNC_STEP_1, state_vector)))


def step_2(section: Section, missing: bytes, *, unpacks: bool) -> bytes:
    """Return the answer to the question what the peer lacks, wrapped; packed for who unpacks, where it is worth it."""
    frame = encode(Frame(section.value, FrameKind.SYNC_STEP_2, missing))
    worth_it = PACKED_BYTES_MIN <= len(frame) <= PACKED_BYTES_MAX
    return wrapped(packed(section.value, frame) if unpacks and worth_it else frame)


@cache
def saved(section: Section) -> bytes:
    """Return the acknowledgement of one message, wrapped; the provider counts them."""
    return wrapped(encode(Frame(section.value, FrameKind.SYNC_STATUS, b"\x01")))


@cache
def authenticated(section: Section, scope: Scope) -> bytes:
    """Return the answer to whoever joined, wrapped."""
    return wrapped(encode(Frame(section.value, FrameKind.AUTHENTICATED, scope.encode())))


def refused(section: Section, refusal: Refusal) -> bytes:
    """Return why an update was refused, and the end of that document for this peer, wrapped."""
    words = {
        "section": section.value,
        "code": refusal.code,
        "reason": refusal.reason,
        "entry": refusal.entry,
        "field": refusal.field,
    }
    end = Frame(section.value, FrameKind.CLOSE, refusal.reason.encode())
    return notice(section.value, "refused", words) + wrapped(encode(end))


def presence(states: bytes) -> bytes:
    """Return an awareness update, wrapped."""
    return wrapped(encode(Frame(PLAN_DOCUMENT, FrameKind.AWARENESS, states)))
