"""People who mean harm, run in a process of their own: ``python -m tests.faults.offenders`` with a ``Task`` as JSON.

Each speaks over bare sockets, so that nothing on this side is polite. The process ends when the hub has ended every
socket or the seconds are over, and says as JSON how each ended: the hub's close code, or why there was none.
"""

import json
import random
import select
import socket
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlsplit

from crdt.frames import FRAME_BYTES_MAX, Frame, FrameKind, encode
from crdt.lib0 import counted, number, string
from hub.live.lines import CloseCode
from tests.bench.generator import framed
from tests.harness.hubs import Live

SECTION: Final = "medications"
RECEIVE_BYTES: Final = 4_096
"""The kernel's share of what is not read: as little as it allows."""

BEAT_SECONDS: Final = 0.02
LOOK_SECONDS: Final = 0.5
TAIL_BYTES: Final = 200
CHUNK_FRAMES: Final = 200
LARGE_BYTES: Final = 64 << 20
OPEN: Final = "open"
CUT: Final = "cut"
"""Ended without a close code, as a socket is that does not read."""

GONE: Final = "gone"
"""Ended by us."""


CODES: Final = frozenset({*map(int, CloseCode), 1000, 1002, 1003, 1007, 1009, 1011})
"""Anything else that looks like a close is the inside of a message that was cut."""


@dataclass(frozen=True, slots=True)
class Task:
    """What an offender does."""

    kind: str
    lives: Sequence[dict[str, str]]
    sockets: int
    seconds: float
    seed: int
    megabytes: int = 0
    """What each socket asks for."""
    stay: int = 0
    """So many sockets are let in and stay."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it."""

    ends: dict[str, int]
    """By close code."""
    connections: int
    megabytes_sent: float


class Bare:
    """One socket, open on a plan."""

    def __init__(self, live: Live, *, hello: bool = True) -> None:
        to = urlsplit(live.url)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self.socket.settimeout(10)
        self.sent = 0
        self.end = ""
        self._head = b""
        self._tail = b""
        self._read = 0
        self.socket.connect((to.hostname, to.port))
        lines = [
            f"GET {to.path} HTTP/1.1", f"Host: {to.netloc}", f"Origin: {live.origin}", f"Cookie: {live.cookie}",
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {b64encode(bytes(16)).decode()}", "", "",
        ]  # fmt: skip
        self.socket.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self._head:
            data = self.socket.recv(1)
            if not data:
                self.end = CUT
                return
            self._head += data
        self.socket.setblocking(False)
        if hello:
            self.push(framed(encode(Frame(SECTION, FrameKind.TOKEN))))
            self.push(framed(encode(Frame(SECTION, FrameKind.SYNC_STEP_1, b"\0"))))

    def push(self, data: bytes) -> int:
        """Send what the kernel takes; return how much."""
        if self.end:
            return 0
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.end = self._last_words()
            return 0
        self.sent += sent
        return sent

    def push_all(self, data: bytes, until: float) -> None:
        """Send all of it, as long as the hub takes it."""
        view = memoryview(data)
        while view and not self.end and time.monotonic() < until:
            sent = self.push(bytes(view[: 1 << 20]))
            view = view[sent:]
            if not sent:
                _pause(0.001)
                self.look()

    def look(self) -> None:
        """Read a little, and note an end."""
        if self.end:
            return
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            self.end = CUT
            return
        self._read += len(data)
        self._tail = (self._tail + data)[-TAIL_BYTES:]
        at = self._tail.rfind(b"\x88")  # A close comes last, and is shorter than what needs a long length.
        if at >= 0 and at + 4 <= len(self._tail) and self._tail[at + 1] == len(self._tail) - at - 2:
            code = int.from_bytes(self._tail[at + 2 : at + 4], "big")
            self.end = str(code) if code in CODES else ""
        if not data and not self.end:
            self.end = CUT

    def close(self) -> None:
        """Let go."""
        self.socket.close()

    def _last_words(self) -> str:
        """Return the close code among what had arrived before the hub cut the socket."""
        while not self.end:
            before = self._read
            self.look()
            if self._read == before:
                return self.end or CUT
        return self.end


def _pause(seconds: float) -> None:
    select.select([], [], [], seconds)


Kind = Callable[[Task, random.Random, float], "list[Bare]"]


def main() -> None:
    """Do the task on the command line and print the result."""
    task = Task(**json.loads(sys.argv[1]))
    chance = random.Random(task.seed)
    sockets = KINDS[task.kind](task, chance, time.monotonic() + task.seconds)
    ends = Counter(each.end or OPEN for each in sockets)
    sent = sum(each.sent for each in sockets) / 1e6
    for each in sockets:
        each.close()
    sys.stdout.write(json.dumps(asdict(Result(dict(ends), len(sockets), round(sent, 1)))) + "\n")


def lives(task: Task) -> list[Live]:
    """Return who the sockets are, one for each."""
    return [Live(**task.lives[at % len(task.lives)]) for at in range(task.sockets)]


def stalled(task: Task, _: random.Random, until: float) -> list[Bare]:
    """Ask for the whole section again and again, one beat after the other, and read nothing of it."""
    sockets = [Bare(live) for live in lives(task)]
    asks = task.megabytes * 1_000_000 // _size_of_an_answer(Live(**task.lives[0]))
    ask = framed(encode(Frame(SECTION, FrameKind.SYNC_STEP_1, b"\0")))
    while time.monotonic() < until and any(not each.end for each in sockets):
        pause = BEAT_SECONDS if asks > 0 else LOOK_SECONDS  # What is sent to a socket that was cut tells that it was.
        asks -= 1
        for each in sockets:
            each.push_all(ask, until)
        _pause(pause)
    return sockets


def _size_of_an_answer(live: Live) -> int:
    bare = Bare(live)
    size, quiet = 0, time.monotonic() + 1.0
    while time.monotonic() < quiet and not bare.end:
        try:
            size += len(bare.socket.recv(1 << 16))
        except BlockingIOError:
            _pause(0.01)
    bare.close()
    return max(1_000, size)


def crowded(task: Task, _: random.Random, until: float) -> list[Bare]:
    """One person on ever more sockets, all of them held."""
    sockets = [Bare(live, hello=False) for live in lives(task)]
    while time.monotonic() < until and sum(not each.end for each in sockets) > task.stay:
        for each in sockets:
            each.look()
        _pause(0.01)
    return sockets


def flood_of(*frames: bytes, first: bytes = b"", reads: bool = True) -> Kind:
    """Send these over and over, as fast as they are taken."""

    def flood(task: Task, _: random.Random, until: float) -> list[Bare]:
        sockets = [Bare(live) for live in lives(task)]
        chunk = b"".join(frames) * CHUNK_FRAMES
        rests = dict.fromkeys(sockets, first)
        while time.monotonic() < until and any(not each.end for each in sockets):
            for each in sockets:
                data = rests[each] or chunk
                rests[each] = data[each.push(data) :]
                if reads:
                    each.look()
        return sockets

    return flood


def large(task: Task, _chance: random.Random, until: float) -> list[Bare]:
    """A message of 64 MB: announced as one, sent in parts, and as a text."""
    sockets = [Bare(live) for live in lives(task)]
    part = bytes(FRAME_BYTES_MAX // 2)
    head = len(part).to_bytes(2, "big") + bytes(4)
    for at, each in enumerate(sockets):
        if at % 3 == 0:
            each.push_all(b"\x82\xff" + LARGE_BYTES.to_bytes(8, "big") + bytes(4), until)
            for _ in range(LARGE_BYTES // len(part)):
                each.push_all(part, until)
        elif at % 3 == 1:
            each.push_all(b"\x02\xfe" + head + part, until)
            for _ in range(LARGE_BYTES // len(part)):
                each.push_all(b"\x00\xfe" + head + part, until)
        else:
            each.push_all(b"\x81\xff" + LARGE_BYTES.to_bytes(8, "big") + bytes(4), until)
    while time.monotonic() < until and any(not each.end for each in sockets):
        for each in sockets:
            each.look()
        _pause(0.01)
    return sockets


def hostile(task: Task, chance: random.Random, until: float) -> list[Bare]:
    """Anything at all: noise, honest frames with a few bytes changed, wrong WebSocket frames, cuts in the middle."""
    seats, ended = lives(task), []
    open_ones = [Bare(live) for live in seats]
    while time.monotonic() < until:
        for at, each in enumerate(open_ones):
            for data in _some_lies(chance):
                each.push(data)
            each.look()
            if each.end or chance.random() < 0.02:
                each.end = each.end or GONE
                each.close()
                ended.append(each)
                open_ones[at] = Bare(seats[at], hello=chance.random() < 0.8)
    return ended + open_ones


def _some_lies(chance: random.Random) -> Iterator[bytes]:
    for _ in range(chance.randint(1, 8)):
        match chance.randint(0, 9):
            case 0:
                yield chance.randbytes(chance.randint(1, 300))
            case 1:
                yield framed(chance.randbytes(chance.randint(0, 2_000)))
            case 2:
                yield _garbled(framed(_an_honest_frame(chance)), chance)
            case 3:
                yield framed(_an_honest_frame(chance))[: chance.randint(1, 20)]
            case _:
                yield framed(_garbled(_an_honest_frame(chance), chance))


def _an_honest_frame(chance: random.Random) -> bytes:
    document = chance.choice([SECTION, "goals", "plan", "behavioral_health", "staff_notes", ""])
    kind = chance.choice([kind for kind in FrameKind if kind not in _WITHOUT_WORDS])
    client = chance.choice([1, 7, 1 << 31, (1 << 32) - 1])
    update = b"\x01\x01" + number(client) + number(chance.randint(0, 3)) + b"\x04\x01" + string("entries")
    update += counted(chance.randbytes(chance.randint(0, 40))) + b"\x00"
    state = b"\x01" + number(client) + number(chance.randint(0, 9)) + string('{"field":"medications/x/dose"}')
    payload = chance.choice([update, state, b"\x00", b"\x01" + number(client) + number(5), chance.randbytes(30)])
    return encode(Frame(document, kind, payload))


_WITHOUT_WORDS: Final = (FrameKind.PING, FrameKind.PONG, FrameKind.SYNC_STATUS)


def _garbled(data: bytes, chance: random.Random) -> bytes:
    bent = bytearray(data)
    for _ in range(chance.randint(0, min(3, len(data)))):
        at = chance.randrange(len(bent))
        match chance.randint(0, 2):
            case 0:
                bent[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
            case 1:
                bent[at:at] = chance.randbytes(chance.randint(1, 9))
            case _ if len(bent) > 1:
                del bent[at]
    return bytes(bent)


_PRESENCE: Final = b"\x01" + number(77) + number(1) + string('{"field":null,"draft":"' + "x" * 1_900 + '"}')

KINDS: Final[dict[str, Kind]] = {
    "stalled": stalled,
    "crowded": crowded,
    "large": large,
    "hostile": hostile,
    "messages": flood_of(framed(b"\x09")),
    "pings unread": flood_of(b"\x89\xfd" + bytes(4) + b"p" * 125, reads=False),
    "empty parts": flood_of(b"\x00\x80" + bytes(4), first=b"\x02\x80" + bytes(4)),
    "presence": flood_of(
        framed(encode(Frame("plan", FrameKind.TOKEN))), framed(encode(Frame("plan", FrameKind.AWARENESS, _PRESENCE)))
    ),
    "questions": flood_of(framed(encode(Frame(SECTION, FrameKind.SYNC_STEP_1, b"\0")))),
}

if __name__ == "__main__":
    main()
