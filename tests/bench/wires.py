"""How each server is spoken to: the upgrade, the hello, an update in, an update out."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from crdt.frames import Frame, FrameKind, encode
from crdt.lib0 import counted, read_bytes, read_number, read_string
from tests.bench.edits import SECTION

EMPTY_UPDATE: Final = b"\x00\x00"
EMPTY_STATE_VECTOR: Final = b"\x00"


class Said(Enum):
    """What a message of a server is to the bench."""

    ASKS = "asks"
    STATE = "state"
    UPDATE = "update"
    SAVED = "saved"
    REFUSED = "refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Seat:
    """Who connects to what."""

    path: str
    document: str
    cookie: str = ""


class Wire(Protocol):
    """One server's way of speaking."""

    def hello(self, seat: Seat) -> list[bytes]:
        """Return the messages after the upgrade: join and ask for everything."""

    def answer(self, seat: Seat) -> bytes:
        """Return the answer to the server's question what it lacks: nothing."""

    def update(self, seat: Seat, update: bytes) -> bytes:
        """Return an edit as a message, either way."""

    def read(self, message: bytes) -> tuple[Said, bytes]:
        """Return what a message is, and the update in it."""


class HocuspocusWire:
    """The hub and Hocuspocus speak the same."""

    def hello(self, seat: Seat) -> list[bytes]:
        frames = [
            Frame(seat.document, FrameKind.TOKEN),
            Frame(seat.document, FrameKind.SYNC_STEP_1, EMPTY_STATE_VECTOR),
        ]
        if seat.document == SECTION:  # A page of the hub also joins the plan's own document.
            frames.insert(0, Frame("plan", FrameKind.TOKEN))
        return [encode(frame) for frame in frames]

    def answer(self, seat: Seat) -> bytes:
        return encode(Frame(seat.document, FrameKind.SYNC_STEP_2, EMPTY_UPDATE))

    def update(self, seat: Seat, update: bytes) -> bytes:
        return encode(Frame(seat.document, FrameKind.UPDATE, update))

    def read(self, message: bytes) -> tuple[Said, bytes]:
        if len(message) == 1:
            return Said.OTHER, b""  # The provider's ping and pong name no document.
        document, at = read_string(message, 0)
        kind, at = read_number(message, at)
        if kind == 0 and document != "plan":
            step, at = read_number(message, at)
            body, _ = read_bytes(message, at)
            return (Said.ASKS, Said.STATE, Said.UPDATE)[step], body
        if kind == 8:
            return Said.SAVED, b""
        if kind == 7 or (kind == 2 and message[at] == 1):
            return Said.REFUSED, message[at:]
        return Said.OTHER, b""


class PycrdtWire:
    """y-websocket's protocol: the path names the document."""

    def hello(self, seat: Seat) -> list[bytes]:
        return [b"\x00\x00" + counted(EMPTY_STATE_VECTOR)]

    def answer(self, seat: Seat) -> bytes:
        return b"\x00\x01" + counted(EMPTY_UPDATE)

    def update(self, seat: Seat, update: bytes) -> bytes:
        return b"\x00\x02" + counted(update)

    def read(self, message: bytes) -> tuple[Said, bytes]:
        if message[0] != 0:
            return Said.OTHER, b""
        body, _ = read_bytes(message, 2)
        return (Said.ASKS, Said.STATE, Said.UPDATE)[message[1]], body
