"""The minimal lower layer protocol of HL7 in bytes: <VT> message <FS><CR>, as many as come, one after another.

A sender that ends a message with <FS> alone, or puts blanks and line ends between two, is understood. Bytes between
messages that are nothing of the kind, a message above ``MESSAGE_BYTES_MAX`` and one that begins inside another one are
faults: each is told once, and reading goes on with the next <VT>.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

BEGIN: Final = b"\x0b"
END: Final = b"\x1c"
CLOSE: Final = b"\x1c\r"
MESSAGE_BYTES_MAX: Final = 256 << 10
"""A longer message is refused before it is read; an ADT message has a few kilobytes."""

_BETWEEN: Final = b"\r\n \x1c"
"""What may stand between two messages without meaning anything."""


class FrameFault(StrEnum):
    """Why bytes were no message."""

    TOO_LONG = "too-long"
    NOT_FRAMED = "not-framed"
    BROKEN_OFF = "broken-off"
    """Another message began before this one ended."""


@dataclass(frozen=True, slots=True)
class Framed:
    """One message without its frame."""

    message: bytes


Frames: TypeAlias = Iterator[Framed | FrameFault]


class Framer:
    """Takes bytes as they come and gives messages; holds at most ``MESSAGE_BYTES_MAX`` of them."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._inside = False
        self._skipping = False
        """Of what is being skipped its fault was told already."""

    def feed(self, received: bytes) -> Frames:
        """Give what these bytes complete, in order."""
        at = 0
        while at < len(received):
            at = yield from self._inner(received, at) if self._inside else self._outer(received, at)

    def _outer(self, received: bytes, at: int) -> Generator[FrameFault, None, int]:
        begins = received.find(BEGIN, at)
        between = received[at : begins if begins >= 0 else len(received)]
        if between.strip(_BETWEEN) and not self._skipping:
            self._skipping = True
            yield FrameFault.NOT_FRAMED
        if begins < 0:
            return len(received)
        self._inside, self._skipping = True, False
        self._held.clear()
        return begins + 1

    def _inner(self, received: bytes, at: int) -> Generator[Framed | FrameFault, None, int]:
        ends, begins = received.find(END, at), received.find(BEGIN, at)
        stop = min((each for each in (ends, begins) if each >= 0), default=len(received))
        if len(self._held) + stop - at > MESSAGE_BYTES_MAX:
            self._inside, self._skipping = False, True
            self._held.clear()
            yield FrameFault.TOO_LONG
            return stop
        self._held += received[at:stop]
        if stop == len(received):
            return stop
        if stop == begins:
            self._held.clear()
            yield FrameFault.BROKEN_OFF
            return begins + 1
        self._inside = False
        message = bytes(self._held)
        self._held.clear()
        yield Framed(message)
        return ends + 1


def framed(message: bytes) -> bytes:
    """Return the message in its frame."""
    return BEGIN + message + CLOSE
