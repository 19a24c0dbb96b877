"""The load: thousands of WebSocket clients in one thread over epoll, with every edit made beforehand.

Nothing in the hot path reads what it has seen before: a message that went to two hundred readers is the same bytes two
hundred times, so its meaning is looked up by them. What arrived when is kept as two arrays a reader and worked out
afterwards. Edits are due by the clock, whether or not the server keeps up.
"""

import select
import socket as sockets
import time
from array import array
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.bench.edits import numbers_of
from tests.bench.wires import Said, Seat, Wire

READ_BYTES_MAX: Final = 1 << 20
CONNECTING_AT_ONCE_MAX: Final = 64
QUIET_SECONDS: Final = 0.4
"""When nothing has come for so long after the last edit, nothing more will."""

DRAIN_SECONDS_MAX: Final = 12.0
JOIN_SECONDS_MAX: Final = 30.0
NOT_A_DELIVERY: Final = -1
ACKNOWLEDGED: Final = -2


@dataclass(slots=True, eq=False)
class Client:
    """One socket."""

    seat: Seat
    editor: int
    """Its number among all editors of the run."""
    port: int = 0
    """Of the process it comes to, where there are several."""
    socket: sockets.socket | None = None
    begun: float = 0.0
    asked: float = 0.0
    """When it asked for the state."""
    upgraded: bool = False
    synced: float = 0.0
    """When the state had come."""
    ended: str = ""
    rest: bytes = b""
    waiting: bytes = b""
    state: bytes = b""
    times: "array[float]" = field(default_factory=lambda: array("d"))
    keys: "array[int]" = field(default_factory=lambda: array("q"))
    acknowledged: "array[float]" = field(default_factory=lambda: array("d"))


@dataclass(frozen=True, slots=True)
class Due:
    """An edit and when it is to be sent, in seconds from the start."""

    seconds: float
    client: Client
    edit: int
    """Its number among all edits of the run."""
    frame: bytes


def framed(payload: bytes) -> bytes:
    """Return a binary message as a client sends it, under a mask of zeros, which leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, 0x80 | size)) + b"\0\0\0\0" + payload
    if size < 1 << 16:
        return b"\x82\xfe" + size.to_bytes(2, "big") + b"\0\0\0\0" + payload
    return b"\x82\xff" + size.to_bytes(8, "big") + b"\0\0\0\0" + payload


class Generator:
    """Clients of one server."""

    def __init__(self, wire: Wire, port: int, *, origin: str = "") -> None:
        self._wire = wire
        self._port = port
        self._origin = origin
        self._poll = select.epoll()
        self._by_fd: dict[int, Client] = {}
        self._view = memoryview(bytearray(READ_BYTES_MAX))
        self._known: dict[bytes, int] = {}
        self.contents: list[tuple[tuple[int, int, int], ...]] = []
        """Of each message known: (client id, first clock, clock behind the last) of what it brings."""
        self.keep: Client | None = None
        """Whose updates are kept byte by byte, so that a replica can be made of them."""
        self.kept: list[bytes] = []
        self.late_seconds = array("d")
        """By how much the generator itself was late with each edit."""

    @property
    def clients(self) -> list[Client]:
        """Those who are connected."""
        return list(self._by_fd.values())

    # -- connecting

    def join(self, clients: Sequence[Client], *, at_once: int = CONNECTING_AT_ONCE_MAX) -> None:
        """Connect these and wait until each has the state, at most ``JOIN_SECONDS_MAX``; the rest stays unsynced."""
        waiting = list(reversed(clients))
        open_ones: list[Client] = []
        until = time.perf_counter() + JOIN_SECONDS_MAX
        while (waiting or open_ones) and time.perf_counter() < until:
            while waiting and len(open_ones) < at_once:
                open_ones.append(waiting.pop())
                self._connect(open_ones[-1])
            self._turn(0.02)
            open_ones = [each for each in open_ones if not each.synced and not each.ended]

    def _connect(self, client: Client) -> None:
        client.begun = time.perf_counter()
        port = client.port or self._port
        client.socket = sockets.create_connection(("127.0.0.1", port))
        client.socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        client.socket.setblocking(False)
        key = b64encode(b"the bench's nonce").decode()[:22] + "=="
        lines = [
            f"GET {client.seat.path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Origin: {self._origin or f'http://127.0.0.1:{port}'}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        ]
        if client.seat.cookie:
            lines.append(f"Cookie: {client.seat.cookie}")
        self._by_fd[client.socket.fileno()] = client
        self._poll.register(client.socket.fileno(), select.EPOLLIN)
        self.write(client, "\r\n".join([*lines, "", ""]).encode())

    def close(self) -> None:
        """Let go of every client at once."""
        for client in list(self._by_fd.values()):
            self._end(client, "closed by us")
        self._poll.close()

    def _end(self, client: Client, why: str) -> None:
        client.ended = client.ended or why
        if client.socket is not None:
            fd = client.socket.fileno()
            self._poll.unregister(fd)
            self._by_fd.pop(fd, None)
            client.socket.close()
            client.socket = None

    # -- sending

    def write(self, client: Client, data: bytes) -> None:
        """Send, and keep what the kernel does not take."""
        if client.socket is None:
            return
        if client.waiting:
            client.waiting += data
            return
        try:
            sent = client.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._end(client, type(error).__name__)
            return
        if sent < len(data):
            client.waiting = data[sent:]
            self._poll.modify(client.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _write_on(self, client: Client) -> None:
        data, client.waiting = client.waiting, b""
        assert client.socket is not None, "it was polled"
        self._poll.modify(client.socket.fileno(), select.EPOLLIN)
        self.write(client, data)

    # -- receiving

    def _turn(self, seconds: float) -> bool:
        """Take in what is there or comes within that time; return whether something was."""
        events = self._poll.poll(seconds, 512)
        for fd, event in events:
            client = self._by_fd.get(fd)
            if client is None:
                continue
            if event & select.EPOLLOUT and client.waiting:
                self._write_on(client)
            if event & ~select.EPOLLOUT:
                self._read(client)
        return bool(events)

    def _read(self, client: Client) -> None:
        if client.socket is None:
            return
        try:
            size = client.socket.recv_into(self._view)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(client, type(error).__name__)
            return
        if not size:
            self._end(client, "closed by the server")
            return
        now = time.perf_counter()
        data = client.rest + bytes(self._view[:size]) if client.rest else bytes(self._view[:size])
        if not client.upgraded:
            data = self._upgraded(client, data)
        client.rest = self._messages(client, data, now) if data else b""

    def _messages(self, client: Client, data: bytes, now: float) -> bytes:
        """Take every whole message out of the data; return what is left."""
        known, times, keys = self._known, client.times, client.keys
        at, end = 0, len(data)
        while at + 2 <= end:
            size = data[at + 1]
            start = at + 2
            if size == 126:
                start = at + 4
                size = int.from_bytes(data[at + 2 : start], "big")
            elif size == 127:
                start = at + 10
                size = int.from_bytes(data[at + 2 : start], "big")
            if start + size > end:
                break
            message = data[start : start + size]
            opcode, at = data[at], start + size
            key = known.get(message)
            if key is None or opcode != 0x82:
                key = self._learn(client, opcode, message, now)
            if key >= 0:
                times.append(now)
                keys.append(key)
                if client is self.keep:
                    self.kept.append(message)
            elif key == ACKNOWLEDGED:
                client.acknowledged.append(now)
        return data[at:]

    def _upgraded(self, client: Client, data: bytes) -> bytes:
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            client.rest = data
            return b""
        if not head.startswith(b"HTTP/1.1 101"):
            self._end(client, head.partition(b"\r\n")[0].decode(errors="replace"))
            return b""
        client.upgraded, client.rest, client.asked = True, b"", time.perf_counter()
        for message in self._wire.hello(client.seat):
            self.write(client, framed(message))
        return rest

    def _learn(self, client: Client, opcode: int, message: bytes, now: float) -> int:
        """Find out what a message never seen is, and act on what needs an answer."""
        if opcode != 0x82:
            if opcode == 0x89:
                self.write(client, bytes((0x8A, 0x80 | len(message))) + b"\0\0\0\0" + message)
            elif opcode == 0x88:
                self._end(client, f"close {int.from_bytes(message[:2], 'big')} {message[2:].decode(errors='replace')}")
            return NOT_A_DELIVERY
        said, update = self._wire.read(message)
        match said:
            case Said.UPDATE:
                return self.know(message, numbers_of(update))
            case Said.STATE:
                client.synced, client.state = now, update
            case Said.ASKS:
                self.write(client, framed(self._wire.answer(client.seat)))
            case Said.SAVED:
                self._known[message] = ACKNOWLEDGED
                return ACKNOWLEDGED
            case Said.REFUSED:
                client.ended = client.ended or f"refused: {update!r}"
            case Said.OTHER:
                pass
        return NOT_A_DELIVERY

    def know(self, message: bytes, brings: Sequence[tuple[int, int, int]]) -> int:
        """Remember what a message brings; return its key."""
        key = self._known[message] = len(self.contents)
        self.contents.append(tuple(brings))
        return key

    # -- a run

    def run(self, dues: Sequence[Due], sent: "array[float]", *, enough: Callable[[], bool] | None = None) -> float:
        """Send each edit when it is due, then wait until all is quiet; return the seconds from first to last."""
        begun = time.perf_counter()
        at, count = 0, len(dues)
        while at < count:
            now = time.perf_counter() - begun
            while at < count and dues[at].seconds <= now:
                due = dues[at]
                self.late_seconds.append(now - due.seconds)
                sent[due.edit] = time.perf_counter()
                self.write(due.client, due.frame)
                at += 1
                if not at % 64:
                    break
            pause = dues[at].seconds - (time.perf_counter() - begun) if at < count else 0.0
            self._turn(pause - 0.001 if pause > 0.002 else 0.0)
        self.drain(enough)
        return time.perf_counter() - begun

    def drain(self, enough: Callable[[], bool] | None = None) -> None:
        """Wait until nothing has come for a moment."""
        until = time.perf_counter() + DRAIN_SECONDS_MAX
        quiet = time.perf_counter() + QUIET_SECONDS
        while (now := time.perf_counter()) < min(until, quiet):
            if self._turn(0.05):
                quiet = now + QUIET_SECONDS
            elif enough is not None and enough():
                return
