"""What one socket says, understood: bytes in, effects out.

A session knows the documents its peer may have, and in which state each is: not joined, or joined. It reads frames
and answers what needs nobody else; everything else becomes an effect for the room. It never raises, whatever comes.
A frame for a document that is not joined is dropped, within a bound: the stock provider sends some before it has heard
of a refusal.
"""

from collections.abc import Mapping
from typing import Final

from crdt import frames
from crdt.effects import Ask, AskPresent, Close, Edit, Effect, Join, Leave, Present, Scope, Send, Watch
from crdt.frames import FRAME_BYTES_MAX, Frame, FrameError, FrameKind, decode, encode
from crdt.lib0 import EncodingError, read_bytes, string
from crdt.sections import Section
from crdt.updates import EMPTY_UPDATE

PLAN_DOCUMENT: Final = "plan"
"""The document without content: presence and notices."""

STRAYS_MAX: Final = 2_000
"""Frames for documents that are not joined, over a session's life."""

JOINS_MAX: Final = 500
"""Joins over a session's life; a page joins each document once, and once more after each refusal."""

BAD_FRAME: Final = 4400
DENIED: Final = "This part of the plan is not open to you."
"""Said of what one may not read and of what does not exist alike."""

_EMPTY_STATE_VECTOR: Final = b"\x00"


class PlanSession:
    """The protocol of one connection to one plan."""

    __slots__ = ("_closed", "_joined", "_joins", "_strays", "_watching", "scopes")

    def __init__(self, scopes: Mapping[Section, Scope]) -> None:
        self.scopes = scopes
        """The sections whose documents this peer may have; there are no others, as far as it can tell."""
        self._joined: set[Section] = set()
        self._watching = False
        self._strays = 0
        self._joins = 0
        self._closed = False

    def receive(self, data: bytes) -> list[Effect]:
        """Return what a message of the peer wants done, in order; nothing once the session is closed."""
        if self._closed:
            return []
        section = _UPDATE_HEADS.get(data[: data[0] + _HEAD_BYTES]) if data else None
        if section in self._joined and (update := _update(data)) is not None:
            return [Edit(section, update, answers=False)]
        try:
            frame = decode(data)
        except FrameError as error:
            return self._close(str(error))
        if frame.kind is FrameKind.PING:
            return [Send(encode(Frame("", FrameKind.PONG)))]
        if frame.kind is FrameKind.PONG:
            return []
        if frame.document == PLAN_DOCUMENT:
            return self._of_plan(frame)
        section = _SECTIONS.get(frame.document)
        if section is None or section not in self.scopes:
            return self._of_unknown(frame)
        return self._of_section(section, frame)

    def bytes_max(self, head: bytes) -> int:
        """Return how long a message may be of which these are the first bytes: long only what answers or asks a sync of
        a section that is joined.
        """
        begins = frames.head(head)
        joined = begins is not None and _SECTIONS.get(begins[0]) in self._joined
        return frames.bytes_max(begins[1]) if begins is not None and joined else FRAME_BYTES_MAX

    def regrant(self, scopes: Mapping[Section, Scope]) -> list[Effect]:
        """Take over what the peer may have from now on, and end the documents that it may have no more."""
        lost = [section for section in self._joined if section not in scopes]
        self.scopes = scopes
        self._joined.difference_update(lost)
        ends: list[Effect] = []
        for section in sorted(lost):
            ends.append(Send(encode(Frame(section.value, FrameKind.PERMISSION_DENIED, DENIED.encode()))))
            ends.append(Send(encode(Frame(section.value, FrameKind.CLOSE, DENIED.encode()))))
            ends.append(Leave(section))
        return ends

    def joined(self, section: Section) -> None:
        """Hold the section for joined: the room has taken the peer in, whatever it refused on the way there."""
        self._joined.add(section)

    def dismiss(self, section: Section) -> None:
        """Forget that the peer had joined: after a refusal it joins anew, with a new document."""
        self._joined.discard(section)

    def _of_section(self, section: Section, frame: Frame) -> list[Effect]:
        if frame.kind is FrameKind.TOKEN:
            return self._join(section)
        if section not in self._joined:
            return self._stray()
        match frame.kind:
            case FrameKind.SYNC_STEP_1:
                return [Ask(section, frame.payload)]
            case FrameKind.SYNC_STEP_2:
                return [Edit(section, frame.payload, answers=True)]
            case FrameKind.UPDATE:
                return [Edit(section, frame.payload, answers=False)]
            case FrameKind.CLOSE:
                self._joined.discard(section)
                return [Leave(section)]
            case FrameKind.AWARENESS | FrameKind.QUERY_AWARENESS | FrameKind.STATELESS:
                return self._stray()  # Presence lives in the plan's own document; nothing else is said by peers.
            case _:
                return self._close(f"a frame of kind {frame.kind.name.lower()} from a peer")

    def _join(self, section: Section) -> list[Effect]:
        self._joins += 1
        if self._joins > JOINS_MAX:
            return self._close(f"{self._joins} joins")
        self._joined.add(section)
        return [Join(section)]

    def _of_plan(self, frame: Frame) -> list[Effect]:
        if frame.kind is FrameKind.TOKEN:
            self._watching = True
            return [Send(encode(Frame(PLAN_DOCUMENT, FrameKind.AUTHENTICATED, Scope.READ.encode()))), Watch()]
        if not self._watching:
            return self._stray()
        match frame.kind:
            case FrameKind.SYNC_STEP_1:
                return [
                    Send(encode(Frame(PLAN_DOCUMENT, FrameKind.SYNC_STEP_2, EMPTY_UPDATE))),
                    Send(encode(Frame(PLAN_DOCUMENT, FrameKind.SYNC_STEP_1, _EMPTY_STATE_VECTOR))),
                ]
            case FrameKind.SYNC_STEP_2 | FrameKind.UPDATE:
                if frame.payload != EMPTY_UPDATE:
                    return self._close("the plan's own document takes no edits")
                return [Send(encode(Frame(PLAN_DOCUMENT, FrameKind.SYNC_STATUS, b"\x01")))]
            case FrameKind.AWARENESS:
                return [Present(frame.payload)]
            case FrameKind.QUERY_AWARENESS:
                return [AskPresent()]
            case FrameKind.STATELESS | FrameKind.CLOSE:
                return self._stray()
            case _:
                return self._close(f"a frame of kind {frame.kind.name.lower()} from a peer")

    def _of_unknown(self, frame: Frame) -> list[Effect]:
        """Answer for what the peer may not read and for what does not exist in the same words."""
        if frame.kind is not FrameKind.TOKEN:
            return self._stray()
        self._joins += 1
        if self._joins > JOINS_MAX:
            return self._close(f"{self._joins} joins")
        return [Send(encode(Frame(frame.document, FrameKind.PERMISSION_DENIED, DENIED.encode())))]

    def _stray(self) -> list[Effect]:
        self._strays += 1
        if self._strays > STRAYS_MAX:
            return self._close(f"{self._strays} frames for documents that are not joined")
        return []

    def _close(self, reason: str) -> list[Effect]:
        self._closed = True
        return [Close(BAD_FRAME, reason)]


_SECTIONS: Final = {section.value: section for section in Section}
_UPDATE_HEADS: Final = {string(section.value) + b"\x00\x02": section for section in Section}
"""How an update's frame begins: nearly all that a page sends; it is read without a ``Frame``."""

_HEAD_BYTES: Final = 3
"""Beside the name: its length, the type and the step, one byte each."""


def _update(data: bytes) -> bytes | None:
    """Return the update of a frame with one of these heads, ``None`` where something is wrong with it."""
    try:
        payload, end = read_bytes(data, data[0] + _HEAD_BYTES)
    except (IndexError, EncodingError):
        return None
    return payload if end == len(data) <= FRAME_BYTES_MAX else None
