"""Bytes come as the network cuts them: the same messages come out, and what is wrong ends its sender."""

import asyncio
import random
from collections.abc import Mapping

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from crdt.frames import FRAME_BYTES_MAX, HEAD_BYTES_MAX
from hub.live.lines import CloseCode
from hub.sockets import budgets, live_socket
from hub.sockets.live_socket import CLOSING_BYTES_MAX, LIVE, OUTBOX_BYTES_MAX, PARTS_MAX, LiveSocket
from tests.hub.builders import a_hub

pytestmark = pytest.mark.anyio
PATH = "/plans/0190aaaa-0000-7000-8000-000000000001/live"


LONG = 1 << 20


class FakeTransport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.waiting = 0

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.written += data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading


class FakeSeat:
    """Keeps what is said."""

    drains = True
    about: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.dismissed: list[int] = []

    def bytes_max(self, head: bytes) -> int:
        assert len(head) == HEAD_BYTES_MAX
        return LONG if head.startswith(b"long") else FRAME_BYTES_MAX

    def receive(self, message: bytes) -> None:
        self.heard.append(message)

    def resumed(self) -> None:
        pass

    def dismiss(self, code: int, reason: str) -> None:
        self.dismissed.append(code)

    def left(self) -> None:
        pass


async def a_socket() -> tuple[LiveSocket, FakeTransport, FakeSeat]:
    """A socket that is open, and someone sitting there."""
    hub = await a_hub()
    server = type("Server", (), {"connections": set()})()
    live, transport, seat = LiveSocket(None, server, {LIVE: hub.plans}), FakeTransport(), FakeSeat()
    live.connection_made(transport)
    client = ClientProtocol(parse_uri(f"ws://hub.test{PATH}"))
    client.send_request(client.connect())
    live.data_received(b"".join(client.data_to_send()))
    assert live._lookup is not None
    live._lookup.cancel()
    live._lookup = None
    live._protocol.state = OPEN
    live._seat = seat
    transport.written = b""
    return live, transport, seat


def framed(data: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True, mask: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=mask)


@pytest.mark.parametrize("sizes", [(0, 1, 2), (125, 126, 127), (65_000, 3, FRAME_BYTES_MAX)])
async def test_messages_come_out_whole_wherever_the_network_cuts(sizes: tuple[int, ...], seed: int) -> None:
    live, _, seat = await a_socket()
    chance = random.Random(seed)
    messages = [chance.randbytes(size) for size in sizes]
    stream = b"".join(framed(message) + framed(b"beat", Opcode.PING) for message in messages)

    at = 0
    while at < len(stream):
        step = chance.choice([1, 2, 3, 5, 8, 1_000, 70_000])
        live.data_received(stream[at : at + step])
        at += step

    assert seat.heard == messages


async def test_what_may_be_long_comes_out_whole_wherever_the_network_cuts(seed: int) -> None:
    live, _, seat = await a_socket()
    chance = random.Random(seed)
    messages = [b"before", b"long" + chance.randbytes(LONG - 4), b"long" + chance.randbytes(100_000), b"after"]
    stream = b"".join(framed(message) + framed(b"beat", Opcode.PING) for message in messages)

    at = 0
    while at < len(stream):
        step = chance.choice([1, 3, 50, 1_000, 300_000])
        live.data_received(stream[at : at + step])
        at += step

    assert seat.heard == messages
    assert live._budget.long_bytes == 0


@pytest.mark.parametrize(
    ("message", "first"),
    [(b"long" + bytes(LONG), b""), (b"other" + bytes(FRAME_BYTES_MAX), b""), (b"long" + bytes(FRAME_BYTES_MAX), b"x")],
    ids=["longer than it may be", "of another kind", "within a message in parts"],
)
async def test_no_other_message_is_long(message: bytes, first: bytes) -> None:
    live, transport, seat = await a_socket()
    if first:
        live.data_received(framed(first, fin=False))

    live.data_received(framed(message)[: 2 * FRAME_BYTES_MAX])

    assert seat.heard == []
    assert int.from_bytes(transport.written[2:4]) in (1002, 1009)


async def test_one_person_has_only_so_much_under_way_and_gets_the_room_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "LONG_BYTES_MAX", LONG)
    (first, _, seat), (second, _, other) = await a_socket(), await a_socket()
    second._budget = first._budget
    message = framed(b"long" + bytes(LONG - 4))

    first.data_received(message[:-1])
    second.data_received(message)
    refused = list(other.dismissed)
    first.connection_lost(None)
    third, _, seat = await a_socket()
    third._budget = first._budget
    third.data_received(message)

    assert refused == [CloseCode.BUSY]
    assert [len(each) for each in seat.heard] == [LONG]


async def test_an_answer_alone_may_be_longer_than_all_that_may_wait() -> None:
    live, transport, _ = await a_socket()

    live.write(bytes(2 * OUTBOX_BYTES_MAX))
    opened = len(transport.written)
    transport.waiting = OUTBOX_BYTES_MAX + 1
    live.write(b"more")

    assert opened == 2 * OUTBOX_BYTES_MAX
    assert transport.closed


async def test_a_slow_line_that_still_reads_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    live, transport, _ = await a_socket()
    watched: list[int] = []
    monkeypatch.setattr(live_socket, "STALL_SECONDS_MAX", 3600.0)
    transport.waiting = 5 << 20
    live.pause_writing()

    for left in (4 << 20, 3 << 20):
        before, transport.waiting = transport.waiting, left
        live._watch_stall(before)
        watched.append(transport.closed)
    live._watch_stall(transport.waiting)

    assert watched == [False, False]
    assert transport.closed


async def test_a_message_in_parts_with_a_ping_between_is_one_message() -> None:
    live, transport, seat = await a_socket()

    live.data_received(
        framed(b"first", fin=False) + framed(b"p", Opcode.PING) + framed(b" last", Opcode.CONT) + framed(b"next")
    )

    assert seat.heard == [b"first last", b"next"]
    assert framed(b"p", Opcode.PONG, mask=False) in transport.written


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (framed(b"bare", mask=False), 1002),
        (b"\xc2" + framed(b"reserved bit")[1:], 1002),
        (b"\x83" + framed(b"unknown opcode")[1:], 1002),
        (framed(b"x", fin=False) + framed(b"another begins"), 1002),
        (b"\x82\xff" + (1 << 40).to_bytes(8, "big") + b"\0\0\0\0", 1009),
        (framed(bytes(FRAME_BYTES_MAX + 1)), 1009),
    ],
    ids=["bare", "reserved bit", "unknown opcode", "message in a message", "a length of a tebibyte", "too long"],
)
async def test_what_is_no_frame_of_a_page_ends_the_socket_and_nothing_behind_it_counts(wrong: bytes, code: int) -> None:
    live, transport, seat = await a_socket()

    live.data_received(framed(b"before") + wrong + framed(b"behind"))
    live.data_received(framed(b"later"))

    assert seat.heard == [b"before"]
    assert transport.written[2:4] == code.to_bytes(2, "big")


async def test_a_closed_socket_hears_no_more() -> None:
    live, _, seat = await a_socket()

    live.data_received(framed(b"\x03\xe8", Opcode.CLOSE) + framed(b"behind"))

    assert seat.heard == []


@pytest.mark.parametrize(
    ("data", "opcode", "fin"),
    [(b"", Opcode.PING, True), (b"", Opcode.PONG, True), (b"", Opcode.CONT, False), (b"\x09", Opcode.BINARY, True)],
    ids=["ping", "pong", "empty part", "message"],
)
async def test_frames_of_every_kind_count_towards_the_rate(
    data: bytes, opcode: Opcode, fin: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "MESSAGES_PER_SECOND_MAX", 0.0)
    live, _, seat = await a_socket()
    live._budget.left = 50.0
    if opcode is Opcode.CONT:
        live.data_received(framed(b"", fin=False))

    for _ in range(60):
        live.data_received(framed(data, opcode, fin=fin))

    assert seat.dismissed[0] == CloseCode.BUSY


async def test_a_message_in_parts_without_end_ends_its_sender_and_keeps_none_of_them() -> None:
    live, _, seat = await a_socket()

    live.data_received(framed(b"", fin=False))
    live.data_received(framed(b"", Opcode.CONT, fin=False) * PARTS_MAX)

    assert seat.dismissed == [CloseCode.BAD_FRAME]
    assert len(live._parts) <= 1


async def test_pongs_that_nobody_reads_are_bounded_like_everything_that_goes_out() -> None:
    live, transport, _ = await a_socket()
    transport.waiting = OUTBOX_BYTES_MAX + 1

    live.data_received(framed(b"p" * 100, Opcode.PING))

    assert transport.closed


async def test_a_flood_that_goes_on_after_the_close_is_not_read_to_its_end() -> None:
    live, transport, _ = await a_socket()
    live.close(CloseCode.BUSY, "too many messages")
    live.data_received(framed(b"p" * 100, Opcode.PING))
    patient = not transport.closed

    live.data_received(framed(b"p" * 100, Opcode.PING) * (CLOSING_BYTES_MAX // 100))

    assert patient
    assert transport.closed
