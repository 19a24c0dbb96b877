"""Peers of a hub without sockets: a page's documents, and the line that what is written to it is read from."""

import itertools
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from pycrdt import Doc, Map, Text

from auth.roles import Participant
from crdt.frames import PACKED, Frame, FrameKind, encode
from crdt.lib0 import number, read_bytes, read_number, read_string, string
from crdt.sections import Section
from hub.live.connections import Connection
from hub.live.gatekeepers import Admitted, TurnedAway
from hub.live.plans import CarePlans
from hub.live.rooms import Room

ENTRY = "0190aaaa-0000-7000-8000-00000000e001"

_clients = itertools.count(1_000)


class FakeLine:
    """The way out to a peer, kept in a queue."""

    def __init__(self) -> None:
        self.out: deque[bytes] = deque()
        self.written: list[bytes] = []
        self.paused = self.unpacks = False
        self.closed: tuple[int, str] | None = None
        self.breathing = False

    def write(self, data: bytes) -> None:
        if self.closed is None:
            self.written.append(data)
            self.out.extend(unwrapped(data))

    def close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = (code, reason)

    def take_breath(self) -> None:
        self.breathing = True

    def go_on(self) -> None:
        self.breathing = False


def unwrapped(data: bytes) -> list[bytes]:
    """Return the payloads of the WebSocket frames in what was written."""
    payloads = []
    at = 0
    while at < len(data):
        size, head = data[at + 1], 2
        if size == 126:
            size, head = int.from_bytes(data[at + 2 : at + 4]), 4
        elif size == 127:
            size, head = int.from_bytes(data[at + 2 : at + 10]), 10
        payloads.append(data[at + head : at + head + size])
        at += head + size
    return payloads


class Peer:
    """A page: one pycrdt document per section, and the stock provider's habits."""

    def __init__(self, participant: Participant, sections: Sequence[Section] = (Section.GOALS,)) -> None:
        self.participant = participant
        self.sections = sections
        self.docs: dict[Section, Doc[Any]] = {}
        self.line = FakeLine()
        self.place: tuple[Room, Connection] | None = None
        self.plans: CarePlans | None = None
        self.unsaved: dict[Section, int] = {}
        self.scopes: dict[Section, str] = {}
        self.unpacks = False
        self.packed = 0
        """Messages that came packed."""
        self.synced: set[Section] = set()
        self.denied: list[str] = []
        self.ended: dict[Section, str] = {}
        self.notices: list[dict[str, Any]] = []
        self.presence: list[tuple[int, int, Any]] = []
        self.awareness: list[bytes] = []
        """Updates of presence as they came, for whoever reads them with y-protocols."""
        self.pongs = 0
        self.seen: list[bytes] = []
        for section in sections:
            self.docs[section] = a_doc()

    def connect(self, plans: CarePlans, *, watch: bool = True) -> "Peer":
        """Open a socket and say hello, as a page does."""
        self.line = FakeLine()
        self.line.unpacks = self.unpacks
        self.plans = plans
        entered = plans.enter(Admitted(self.participant, 1), self.line)
        if isinstance(entered, TurnedAway):
            self.line.close(entered.code, entered.reason)
            return self
        self.place = entered
        if watch:
            self.say("plan", FrameKind.TOKEN)
        for section in self.sections:
            self.join(section)
        return self

    def join(self, section: Section) -> None:
        """Sign in to one document and sync it."""
        self.say(section, FrameKind.TOKEN)
        self.unsaved[section] = 1
        self.say(section, FrameKind.SYNC_STEP_1, self.docs[section].get_state())

    def begin_anew(self, section: Section) -> None:
        """Drop the document and join with a new one: the way on after a refusal."""
        self.begin_anew_with(section, a_doc())

    def begin_anew_with(self, section: Section, doc: "Doc[Any]") -> None:
        """Drop the document and join with this one."""
        self.docs[section] = doc
        self.ended.pop(section, None)
        self.join(section)

    def disconnect(self) -> None:
        """Go without a word."""
        if self.place is not None and self.plans is not None:
            self.plans.left(*self.place)
        self.place = None
        self.synced.clear()
        self.line.close(1006, "gone")

    def say(self, document: str, kind: FrameKind, payload: bytes = b"") -> None:
        """Send one frame, where there is a socket."""
        self.send(encode(Frame(document, kind, payload)))

    def send(self, message: bytes) -> None:
        """Send bytes, whatever they are."""
        if self.place is not None and self.line.closed is None:
            room, connection = self.place
            room.receive(connection, message)

    def read(self) -> None:
        """Take in everything that has arrived."""
        while self.line.out:
            self.take(self.line.out.popleft())
        if self.line.closed is not None and self.place is not None and self.plans is not None:
            self.plans.left(*self.place)
            self.place = None
            self.synced.clear()

    def take(self, message: bytes) -> None:
        """Take in one message."""
        self.seen.append(message)
        document, at = read_string(message, 0)
        kind, at = read_number(message, at)
        if kind == PACKED and self.unpacks:
            self.packed += 1
            message = zlib.decompress(message[at:])
            document, at = read_string(message, 0)
            kind, at = read_number(message, at)
        section = Section(document) if document != "plan" else None
        if kind == 0:
            step, at = read_number(message, at)
            body, _ = read_bytes(message, at)
            assert section is not None
            self._sync(section, step, body)
        elif kind == 1:
            body, _ = read_bytes(message, at)
            self._presence(body)
        elif kind == 2:
            answer, at = read_number(message, at)
            words, _ = read_string(message, at)
            if answer == 1:
                self.denied.append(document)
            elif section is not None:
                self.scopes[section] = words
        elif kind == 5:
            self.notices.append(msgspec.json.decode(read_bytes(message, at)[0]))
        elif kind == 7 and section is not None:
            self.ended[section] = read_string(message, at)[0]
            self.synced.discard(section)
        elif kind == 8 and section is not None:
            self.unsaved[section] -= message[at]

    def _sync(self, section: Section, step: int, body: bytes) -> None:
        if section in self.ended:
            return
        if step == 0:
            self.say(section, FrameKind.SYNC_STEP_2, self.docs[section].get_update(body))
            return
        self.docs[section].apply_update(body)
        if step == 1:
            self.synced.add(section)

    def _presence(self, body: bytes) -> None:
        self.awareness.append(body)
        count, at = read_number(body, 0)
        for _ in range(count):
            client, at = read_number(body, at)
            clock, at = read_number(body, at)
            text, at = read_string(body, at)
            self.presence.append((client, clock, msgspec.json.decode(text)))

    # -- what a person does

    def edit(self, section: Section, change: Callable[[Any], None], *, send: bool = True) -> bytes:
        """Change the document and send the update; the change gets the root map ``entries``."""
        doc = self.docs[section]
        before = doc.get_state()
        with doc.transaction():
            change(doc.get("entries", type=Map))
        update = doc.get_update(before)
        if send and self.place is not None:
            self.unsaved[section] = self.unsaved.get(section, 0) + 1
            self.say(section, FrameKind.UPDATE, update)
        return bytes(update)

    def write(self, words: str, *, at: int = 0, field: str = "description", entry: str = ENTRY,
              section: Section = Section.GOALS, send: bool = True) -> bytes:  # fmt: skip
        """Insert words into a text."""

        def change(entries: Any) -> None:
            text = entries[entry][field]
            assert isinstance(text, Text)
            text.insert(len(str(text)[:at].encode()), words)  # pycrdt counts bytes.

        return self.edit(section, change, send=send)

    def erase(self, words: str, *, field: str = "description", entry: str = ENTRY,
              section: Section = Section.GOALS, send: bool = True) -> bytes:  # fmt: skip
        """Delete these words from a text, where they stand first."""

        def change(entries: Any) -> None:
            text = entries[entry][field]
            start = str(text).encode().index(words.encode())
            del text[start : start + len(words.encode())]

        return self.edit(section, change, send=send)

    def set(self, name: str, value: Any, *, entry: str = ENTRY, section: Section = Section.GOALS) -> bytes:
        """Set a register."""

        def change(entries: Any) -> None:
            entries[entry][name] = value

        return self.edit(section, change)

    def present(self, client: int, state: Any, clock: int = 1) -> None:
        """Say where one is."""
        text = msgspec.json.encode(state).decode()
        self.say("plan", FrameKind.AWARENESS, number(1) + number(client) + number(clock) + string(text))

    def text(self, field: str = "description", entry: str = ENTRY, section: Section = Section.GOALS) -> str:
        """Return the words of a text as this page shows them."""
        entries = self.docs[section].get("entries", type=Map)
        return str(entries[entry][field]) if entry in entries else ""

    def value(self, name: str, entry: str = ENTRY, section: Section = Section.GOALS) -> Any:
        """Return a register as this page shows it."""
        return self.docs[section].get("entries", type=Map)[entry].get(name)

    @property
    def saved(self) -> bool:
        """Everything sent has been acknowledged."""
        return not any(self.unsaved.values())


def a_doc() -> "Doc[Any]":
    """Return an empty document with a client id of its own."""
    return Doc(client_id=next(_clients))
