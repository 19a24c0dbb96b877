"""The live socket: websockets' sans-I/O protocol on the transport that uvicorn hands over at an upgrade.

Give the class to uvicorn as ``ws=LiveSocket`` and yield ``{"live": CarePlans}`` from the application's lifespan. No
task per connection: bytes in go to the room, messages out are written to the transport as they are. The transport's
write buffer is the outbox: when it is full the room leaves this socket out and lets it catch up in one piece, and when
it stays full the socket ends. The upgrade is answered only once it is known who comes; nothing is read before.
"""

import asyncio
import logging
import re
from collections.abc import Callable, MutableMapping
from typing import Any, Final, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

from crdt.frames import FRAME_BYTES_MAX, HEAD_BYTES_MAX, MESSAGE_BYTES_MAX
from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode, wrapped
from hub.live.plans import CarePlans
from hub.process import measures
from hub.record.journal import JournalAwayError
from hub.sockets.budgets import Budget, Budgets
from hub.sockets.long_messages import LONG_SECONDS_MAX, LongMessage
from hub.sockets.seats import UNPACKS, Door, PlanDoor, Seat, SitDown, Sockets, only, own_seat

LIVE: Final = "live"
"""Under this name the application's lifespan state holds the ``CarePlans``."""

HUDDLES: Final = "huddle_rooms"
"""Under this name it holds the ``HuddleRooms``; without them there are no huddles to come to."""

DESKS: Final = "desks"
"""Under this name it holds the ``Desks``; without them nobody has a socket of their own."""

PATH: Final = re.compile(
    r"/(plans|huddles|people)/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/live(\?.*)?"
)

_REQUEST_END: Final = b"\r\n\r\n"

PING_SECONDS: Final = 20.0
DEAD_SECONDS: Final = 45.0
"""A peer unheard of for two pings and some is gone."""

LOOKUP_SECONDS_MAX: Final = 5.0
CLOSE_SECONDS_MAX: Final = 3.0
"""How long a peer may take to answer a close."""

CLOSING_BYTES_MAX: Final = 16 << 10
"""What a peer may still send after it was closed: a page has little under way, a flood is not read to its end."""

STALL_SECONDS_MAX: Final = 15.0
STALL_BYTES_MIN: Final = 64 << 10
"""A full outbox has to empty by so much in that time: what is on a slow line with a long answer is not gone."""

OUTBOX_BYTES_HIGH: Final = 256 << 10
OUTBOX_BYTES_LOW: Final = 64 << 10
OUTBOX_BYTES_MAX: Final = 4 << 20
"""Where so much waits and more comes, the socket ends at once; only answers that a peer asks for and does not read lead
there. One answer alone may be longer: a section is never too large to be opened."""

PARTS_MAX: Final = 1_000
"""Frames that one message may come in; honest pages send one."""

REASON_BYTES_MAX: Final = 120
"""RFC 6455 leaves 123 for a close's reason."""

_WHOLE_MESSAGE: Final = 0x82
"""The first byte of a binary message in one frame, without extensions: what every page sends."""

_PING: Final = b"\x89\x00" + wrapped(b"\x09")
"""A ping of WebSocket, which every peer answers, and one of the provider, which counts as news to it."""

_log = logging.getLogger("hub.live")

_budgets: Final = Budgets()
_seated: "set[LiveSocket]" = set()
"""Every socket of this process that someone sits at."""


def outboxes() -> tuple[int, int]:
    """Return the bytes that wait to be read by all peers, and how many of them read too slowly."""
    return sum(each.waiting_bytes for each in _seated), sum(each.paused for each in _seated)


class LiveSocket(asyncio.Protocol):
    """One socket to one plan, one huddle or one person's desk. Fills ``Line``."""

    __slots__ = (
        "_app_state",
        "_backlog",
        "_budget",
        "_closing",
        "_closing_bytes",
        "_early",
        "_heard",
        "_long",
        "_lookup",
        "_loop",
        "_messages",
        "_parts",
        "_paused",
        "_plans",
        "_protocol",
        "_rest",
        "_resting",
        "_seat",
        "_since",
        "_sockets",
        "_timers",
        "_transport",
        "_unpacks",
    )

    def __init__(self, config: object, server_state: Sockets, app_state: MutableMapping[str, Any]) -> None:
        self._sockets = server_state.connections
        self._plans: CarePlans = app_state[LIVE]
        self._app_state = app_state
        self._loop = asyncio.get_running_loop()
        self._protocol = ServerProtocol(max_size=FRAME_BYTES_MAX)
        self._transport: asyncio.Transport | None = None
        self._lookup: asyncio.Task[None] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._seat: Seat | None = None
        self._rest = b""
        """The beginning of a frame whose end has not come."""
        self._parts: list[bytes] = []
        self._long: LongMessage | None = None
        self._early = False
        """Something came behind the request before it was answered."""
        self._backlog: list[bytes] = []
        self._resting = self._paused = self._unpacks = False
        self._closing = self._closing_bytes = 0
        self._heard = self._since = self._loop.time()
        self._budget = Budget(self._since)
        self._messages = 0

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own, which derives from nothing of asyncio
        self._transport.set_write_buffer_limits(high=OUTBOX_BYTES_HIGH, low=OUTBOX_BYTES_LOW)
        self._sockets.add(self)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._budget.refill(self._heard)
        if self._rest:
            data, self._rest = self._rest + data, b""
        if self._closing:
            self._parse_after_close(data)
        elif self._long is not None:
            self._take_long(data)
        elif self._seat is None or self._protocol.state is not OPEN:
            self._parse(data)
        else:
            self._cut(data)

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._flush()

    def pause_writing(self) -> None:
        self._paused = True
        self._watch_stall()

    def resume_writing(self) -> None:
        self._paused = False
        self._cancel("stall")
        if self._seat is not None:
            self._seat.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        self._sockets.discard(self)
        _seated.discard(self)
        for name in list(self._timers):
            self._cancel(name)
        if self._lookup is not None:
            self._lookup.cancel()
        self._forget_long()
        if self._seat is not None:
            seat, self._seat = self._seat, None
            seat.left()
            code = self._closing or _fault_told(self._protocol)
            measures.SOCKETS_ENDED.labels(str(code)).inc()
            told = {**seat.about, "seconds": self._seconds(), "messages": self._messages, "code": code}
            _log.info("socket ended", extra=told)
        self._backlog.clear()

    def shutdown(self) -> None:
        """uvicorn ends: commit what was accepted, everywhere, then close."""
        self._plans.begin_drain()
        if self._seat is None or not self._seat.drains:
            self.close(CloseCode.RESTART, "the hub restarts")

    # -- Line

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def unpacks(self) -> bool:
        return self._unpacks

    @property
    def waiting_bytes(self) -> int:
        """What was written and is not yet sent."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or self._closing or transport.is_closing():
            return
        if transport.get_write_buffer_size() > OUTBOX_BYTES_MAX:
            self._stalled()
        else:
            transport.write(data)

    def close(self, code: int, reason: str) -> None:
        if self._closing:
            return
        self._closing = code
        self._backlog.clear()
        self._forget_long()
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore"))
            self._flush()
            self._read(True)  # Its answer to the close is still to be heard.
            self._later("close", CLOSE_SECONDS_MAX, self._abort)
        elif self._transport is not None:
            self._transport.close()

    def take_breath(self) -> None:
        self._resting = True
        self._read(False)

    def go_on(self) -> None:
        if self._resting:
            self._loop.call_soon(self._catch_up)

    # -- the upgrade

    def _open(self, request: Request) -> None:
        response = self._protocol.accept(request)
        found = PATH.fullmatch(request.path)
        door = self._door(found[1]) if found is not None else None
        if response.status_code != 101 or found is None or door is None or self._plans.draining:
            if response.status_code == 101:
                status = 503 if self._plans.draining else 404
                response = self._protocol.reject(status, "There is no live plan here.\n")
            measures.SOCKETS_TURNED_AWAY.labels(str(response.status_code)).inc()
            _log.info("socket turned away", extra={"seconds": self._seconds(), "code": response.status_code})
            self._protocol.send_response(response)
            return
        self._read(False)
        self._lookup = self._loop.create_task(self._admit(request, response, door, found[2]))

    def _door(self, kind: str) -> Door | None:
        if kind == "plans":
            return PlanDoor(self._plans)
        return cast("Door | None", self._app_state.get(HUDDLES if kind == "huddles" else DESKS))

    async def _admit(self, request: Request, response: Response, door: Door, name: str) -> None:
        self._unpacks = UNPACKS.search(request.path) is not None
        verdict = await self._asked(request, door, name)
        self._lookup = None
        self._protocol.send_response(response)
        self._flush()
        if self._protocol.state is OPEN and not self._early:
            # The one that saw the upgrade holds on to every header, which is a quarter of what a socket takes.
            self._protocol = ServerProtocol(state=OPEN, max_size=FRAME_BYTES_MAX)
        seat = verdict if isinstance(verdict, TurnedAway) else own_seat(verdict(self), request.path)
        if isinstance(seat, TurnedAway):
            measures.SOCKETS_TURNED_AWAY.labels(str(int(seat.code))).inc()
            _log.info("socket turned away", extra={"seconds": self._seconds(), "code": int(seat.code)})
            self.close(seat.code, seat.reason)
        else:
            self._seat = seat
            self._budget = _budgets.of(seat.about["person"], self._loop.time())
            _seated.add(self)
            self._later("ping", PING_SECONDS, self._ping)
        self._read(True)

    async def _asked(self, request: Request, door: Door, name: str) -> SitDown | TurnedAway:
        headers = request.headers
        try:
            async with asyncio.timeout(LOOKUP_SECONDS_MAX):
                return await door.knock(
                    cookies="; ".join(headers.get_all("Cookie")),
                    origin=only(headers.get_all("Origin")),
                    host=only(headers.get_all("Host")),
                    name=name,
                )
        except (JournalAwayError, TimeoutError):
            return TurnedAway(CloseCode.STORAGE_AWAY, "the storage is away")

    # -- messages in

    def _parse(self, data: bytes) -> None:
        """Let the protocol read: the upgrade, what is no whole message, and whatever is wrong."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._early = not data.endswith(_REQUEST_END)
                self._open(event)
            elif isinstance(event, Frame):
                self._take(event)
        self._flush()

    def _parse_after_close(self, data: bytes) -> None:
        """Look for the peer's answer to the close, and let go of a peer that goes on as before."""
        self._closing_bytes += len(data)
        if self._closing_bytes > CLOSING_BYTES_MAX:
            self._abort()
        else:
            self._parse(data)

    def _cut(self, data: bytes) -> None:
        """Take whole messages out of the bytes ourselves, which is nearly all that arrives.

        The protocol is only ever given whole frames, or all that is left where a header is out of bounds, so it is
        between two frames whenever it is asked.
        """
        at, end = 0, len(data)
        while end - at >= 2:
            size, body = data[at + 1] & 0x7F, at + 6
            if size == 126:
                body = at + 8
                size = int.from_bytes(data[at + 2 : at + 4], "big")
            elif size == 127:
                body = at + 14
                size = int.from_bytes(data[at + 2 : at + 10], "big")
            unmasked = not data[at + 1] & 0x80
            if unmasked or (body <= end and size > FRAME_BYTES_MAX):
                self._begin_long(data[at:], body - at, size)
                return
            if body + size > end:
                break
            first, start, at = data[at], at, body + size
            if first == _WHOLE_MESSAGE and not self._parts:
                self._deliver(apply_mask(data[body:at], data[body - 4 : body]))
            else:
                self._parse(data[start:at])
            if self._closing or self._protocol.state is not OPEN:
                self._parse_after_close(data[at:])
                return
        self._rest = data[at:]

    def _begin_long(self, data: bytes, body: int, size: int) -> None:
        """Begin to gather a message that is long where one may be, and let the protocol end the socket elsewhere."""
        mask, head = data[body - 4 : body], data[body : body + HEAD_BYTES_MAX]
        whole = data[0] == _WHOLE_MESSAGE and data[1] & 0x80 and not self._parts and size <= MESSAGE_BYTES_MAX
        if whole and len(head) < HEAD_BYTES_MAX:
            self._rest = data
        elif not whole or self._seat is None or size > self._seat.bytes_max(apply_mask(head, mask)):
            self._parse(data)  # It says what is wrong and ends the socket.
        elif not _budgets.reserve(self._budget, size):
            self._turn_out(CloseCode.BUSY, "too much at once")
        else:
            self._long = LongMessage(size, mask)
            self._later("long", LONG_SECONDS_MAX, self._stalled)
            self._take_long(data[body:])

    def _take_long(self, data: bytes) -> None:
        long = self._long
        assert long is not None, "only what was begun goes on"
        rest = long.take(data)
        if long.complete:
            self._forget_long()
            self._deliver(apply_mask(long.masked(), long.mask))
            self._cut(rest)

    def _forget_long(self) -> None:
        if self._long is not None:
            _budgets.release(self._budget, self._long.size)
            self._long = None
            self._cancel("long")

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY or frame.opcode is Opcode.CONT:
            self._take_part(bytes(frame.data), last=frame.fin)
        elif frame.opcode is Opcode.TEXT:
            self._turn_out(CloseCode.BAD_FRAME, "text where bytes are spoken")
        else:
            self._within_rate()

    def _take_part(self, data: bytes, *, last: bool) -> None:
        if last:
            parts, self._parts = self._parts, []
            self._deliver(b"".join([*parts, data]) if parts else data)
        elif len(self._parts) >= PARTS_MAX:
            self._turn_out(CloseCode.BAD_FRAME, f"a message in more than {PARTS_MAX} parts")
        elif self._within_rate():
            self._parts.append(data)

    def _within_rate(self) -> bool:
        """Count a frame; end the socket where there are too many."""
        within = self._budget.take()
        if not within:
            self._turn_out(CloseCode.BUSY, "too many messages")
        return within

    def _deliver(self, message: bytes) -> None:
        if self._seat is None or self._closing:
            return
        self._messages += 1
        if not self._within_rate():
            return
        if self._resting:
            self._backlog.append(message)  # At most what one read of the transport held: reading is paused.
        else:
            self._seat.receive(message)

    def _catch_up(self) -> None:
        self._resting = False
        while self._backlog and not self._resting and self._seat is not None:
            self._seat.receive(self._backlog.pop(0))
        if not self._resting:
            self._read(True)

    def _turn_out(self, code: CloseCode, reason: str) -> None:
        self._parts.clear()
        if self._closing:
            return
        if self._seat is not None:
            self._seat.dismiss(code, reason)
        else:
            self.close(code, reason)

    # -- inside

    def _flush(self) -> None:
        transport = self._transport
        for data in self._protocol.data_to_send():
            if transport is None or transport.is_closing():
                return
            if data:
                transport.write(data)
            else:
                transport.close()
        if transport is not None and transport.get_write_buffer_size() > OUTBOX_BYTES_MAX:
            self._stalled()  # Pongs count like anything else that a peer asks for and does not read.

    def _read(self, on: bool) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.resume_reading() if on else transport.pause_reading()

    def _seconds(self) -> float:
        return round(self._loop.time() - self._since, 3)

    def _ping(self) -> None:
        if self._loop.time() - self._heard > DEAD_SECONDS and not self._resting:
            self._abort()
            return
        self.write(_PING)
        self._later("ping", PING_SECONDS, self._ping)

    def _watch_stall(self, waited: int | None = None) -> None:
        """Look again and again whether the peer has read something."""
        waits = self.waiting_bytes
        if waited is not None and waits > waited - STALL_BYTES_MIN:
            self._stalled()
        else:
            self._later("stall", STALL_SECONDS_MAX, lambda: self._watch_stall(waits))

    def _stalled(self) -> None:
        """The peer does not read: what it missed it gets when it comes back and syncs."""
        self.close(CloseCode.BUSY, "too slow")
        self._abort()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _later(self, name: str, seconds: float, what: Callable[[], None]) -> None:
        self._cancel(name)
        self._timers[name] = self._loop.call_later(seconds, what)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()


def _fault_told(protocol: ServerProtocol) -> int:
    """Return the code that the protocol ended a peer with for bytes that are no WebSocket, 0 where the peer ended."""
    sent = protocol.close_sent
    return sent.code if sent is not None and not protocol.close_rcvd_then_sent else 0
