"""The frames of the live socket: Hocuspocus v4's wire format, so that its stock provider works unchanged.

From the sources of @hocuspocus/provider and @hocuspocus/server 4.8, with the types of lib0:

    frame = varString(document) varUint(type) body
    type 0  Sync            varUint(step) varUint8Array; step 0 holds a state vector, 1 and 2 an update
    type 1  Awareness       varUint8Array: an awareness update
    type 2  Auth            varUint(0) [varString(token) [varString(version)]] | varUint(1) varString(reason)
                            | varUint(2) varString(scope)
    type 3  QueryAwareness  nothing
    type 5  Stateless       varString
    type 7  Close           [varString(reason)]; the provider leaves the reason out
    type 8  SyncStatus      varUint: 1 saved, 0 not
    ping and pong           the one byte 9 or 10, with no document in front

Types 4 and 6 pass between Hocuspocus servers only and are refused. One type is our own, and goes only to a page that
said at the upgrade that it unpacks:

    type 32 Packed          zlib (RFC 1950) of a whole frame of the same document
"""

import zlib
from dataclasses import dataclass
from enum import Enum
from typing import Final

from crdt.lib0 import EncodingError, counted, number, read_bytes, read_number, string
from crdt.updates import INTAKE_BYTES_MAX, STATE_VECTOR_BYTES_MAX

FRAME_BYTES_MAX: Final = 64 * 1024
"""A frame of a peer above this is refused before it is decoded, unless it is part of a sync: see ``bytes_max``."""

DOCUMENT_BYTES_MAX: Final = 64
"""The longest section id has 17 bytes."""

HEAD_BYTES_MAX: Final = DOCUMENT_BYTES_MAX + 8
"""Name, type, step and the length of what follows stand within these."""


MESSAGE_BYTES_MAX: Final = INTAKE_BYTES_MAX + HEAD_BYTES_MAX
"""No message is longer."""


PACKED: Final = 32
"""The type of what is packed; no ``FrameKind``, since no peer may send it."""

PACKED_LEVEL: Final = 1
"""The quickest of zlib's: a plan's first answers are names and numbers that repeat, and shrink to a quarter by it."""


class FrameKind(Enum):
    """What a frame says: its type on the wire, and the step for those that have one."""

    SYNC_STEP_1 = (0, 0)
    """What I have, as a state vector: answer with what I lack."""
    SYNC_STEP_2 = (0, 1)
    """What you lack, as an update."""
    UPDATE = (0, 2)
    AWARENESS = (1, None)
    TOKEN = (2, 0)
    PERMISSION_DENIED = (2, 1)
    """The payload is the reason."""
    AUTHENTICATED = (2, 2)
    """The payload is ``read-write`` or ``readonly``."""
    QUERY_AWARENESS = (3, None)
    STATELESS = (5, None)
    CLOSE = (7, None)
    """The payload is the reason, or empty."""
    SYNC_STATUS = (8, None)
    """The payload is one byte: 1 saved, 0 not."""
    PING = (9, None)
    PONG = (10, None)


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. ``payload`` is the inside of its body: words as UTF-8, without length or step."""

    document: str
    kind: FrameKind
    payload: bytes = b""


class FrameError(ValueError):
    """Bytes that are no frame. The message names a number, never content."""


_EMPTY: Final = frozenset({FrameKind.QUERY_AWARENESS})
_BARE: Final = {b"\x09": FrameKind.PING, b"\x0a": FrameKind.PONG}
_KINDS: Final = {kind.value: kind for kind in FrameKind if kind not in _BARE.values()}
_STEPPED: Final = frozenset(of for of, step in _KINDS if step is not None)
_HEADS: Final = {
    kind: number(kind.value[0]) + (b"" if kind.value[1] is None else number(kind.value[1])) for kind in FrameKind
}
_WORDS: Final = frozenset(
    {FrameKind.TOKEN, FrameKind.PERMISSION_DENIED, FrameKind.AUTHENTICATED, FrameKind.STATELESS, FrameKind.CLOSE}
)


def encode(frame: Frame) -> bytes:
    """Return the frame's bytes."""
    head = _HEADS[frame.kind]
    match frame.kind:
        case FrameKind.PING | FrameKind.PONG:
            return head
        case FrameKind.QUERY_AWARENESS:
            return string(frame.document) + head
        case FrameKind.SYNC_STATUS:
            assert frame.payload in (b"\x00", b"\x01"), "saved or not"
            return string(frame.document) + head + frame.payload
    return string(frame.document) + head + counted(frame.payload)


def packed(document: str, frame: bytes) -> bytes:
    """Return the message that brings an encoded frame deflated, to a peer that said that it unpacks."""
    return string(document) + number(PACKED) + zlib.compress(frame, PACKED_LEVEL)


def head(data: bytes) -> tuple[str, FrameKind] | None:
    """Return document and kind of a message of which these are the first bytes; ``None`` where they are none."""
    try:
        document, at = _document(data)
        return document, _kind(data, at)[0]
    except (IndexError, EncodingError, FrameError):
        return None


def bytes_max(kind: FrameKind) -> int:
    """Return how long a message of that kind may be: what is typed is short, what a sync repeats may be long."""
    match kind:
        case FrameKind.SYNC_STEP_1:
            return STATE_VECTOR_BYTES_MAX + HEAD_BYTES_MAX
        case FrameKind.SYNC_STEP_2:
            return MESSAGE_BYTES_MAX
        case _:
            return FRAME_BYTES_MAX


def decode(data: bytes) -> Frame:
    """Return what a peer's bytes say.

    Raises:
        FrameError: above ``bytes_max``, cut short, trailing bytes, a type or step we do not speak, words that
            are not UTF-8.
    """
    if data in _BARE:
        return Frame("", _BARE[data])
    if len(data) > FRAME_BYTES_MAX:
        begins = head(data[:HEAD_BYTES_MAX])
        if begins is None or len(data) > bytes_max(begins[1]):
            raise FrameError(f"a frame of {len(data)} bytes is too long")
    try:
        document, at = _document(data)
        kind, at = _kind(data, at)
        payload, at = _payload(data, at, kind)
    except IndexError as error:
        raise FrameError(f"a frame of {len(data)} bytes is cut short") from error
    except EncodingError as error:
        raise FrameError(str(error)) from error
    if at != len(data):
        raise FrameError(f"{len(data) - at} bytes after the frame's end")
    if kind in _WORDS:
        _check_words(payload)
    return Frame(document, kind, payload)


def _document(data: bytes) -> tuple[str, int]:
    raw, at = read_bytes(data, 0)
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise FrameError(f"a document's name of {len(raw)} bytes")
    _check_words(raw)
    return raw.decode(), at


def _kind(data: bytes, at: int) -> tuple[FrameKind, int]:
    of, at = read_number(data, at)
    step: int | None = None
    if of in _STEPPED:
        step, at = read_number(data, at)
    kind = _KINDS.get((of, step))
    if kind is None:
        raise FrameError(f"a frame of type {of}, step {step}")
    return kind, at


def _payload(data: bytes, at: int, kind: FrameKind) -> tuple[bytes, int]:
    ended = at == len(data)
    if kind in _EMPTY or (ended and kind in (FrameKind.TOKEN, FrameKind.CLOSE)):
        return b"", at
    if kind is FrameKind.SYNC_STATUS:
        saved, at = read_number(data, at)
        if saved > 1:
            raise FrameError(f"a sync status of {saved}")
        return bytes((saved,)), at
    payload, at = read_bytes(data, at)
    if kind is FrameKind.TOKEN and at < len(data):
        _, at = read_bytes(data, at)  # The provider's version, which decides nothing here.
    return payload, at


def _check_words(raw: bytes) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise FrameError(f"{len(raw)} bytes of words are not UTF-8") from error
