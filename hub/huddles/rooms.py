"""The live side of huddles: who is there, and a nudge to look when a huddle or one of its plans has moved.

A socket of a huddle carries no content and takes none: pages fetch what they show by the one permission path. Each
process tells the others who is with it, again every ``ANNOUNCE_SECONDS``; what a process that died said is forgotten.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from crdt.frames import FRAME_BYTES_MAX
from crdt.sessions import PLAN_DOCUMENT
from hub.live.bus import HuddleMoved, InHuddle, Listening, Moved, Note, SessionsEnded, WhoIsInHuddle
from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode, Line, NoticeWords, notice
from hub.process.clocks import Clock
from hub.record.journal import JournalAwayError
from hub.sockets.seats import Seat, SitDown

SEATS_MAX: Final = 120
"""Sockets in one huddle at one process: everyone twice, and the screens on the wall."""

SEATS_PER_PERSON_MAX: Final = 10
ROOMS_MAX: Final = 500
ANNOUNCE_SECONDS: Final = 5.0
FORGET_SECONDS: Final = 12.0
"""After that what another process said of who is there no longer counts."""

GATHER_SECONDS: Final = 0.25
"""Changes of plans that come within this time are one nudge: somebody may be typing."""

MESSAGES_MAX: Final = 10_000
"""Messages of one socket; a page says hello and answers pings."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Who comes to a huddle."""

    huddle_id: str
    person_id: str
    session_id: str


class Admission(Protocol):
    """Every method raises ``JournalAwayError`` when the store can't be reached."""

    async def admit(self, *, cookies: str, origin: str, host: str, huddle_id: str) -> Guest | TurnedAway:
        """Return who comes to this huddle; one that is not theirs and one that is not there are turned away alike."""

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return those of these sign-ins that are over."""


class Wires(Protocol):
    """The way to and from the other processes; ``hub.live.neighbours.Neighbours`` is the one in service."""

    def tell(self, note: Note) -> None:
        """Send a note to the other processes."""


class _Sitting:
    """Fills ``Seat`` for a huddle."""

    drains = False

    def __init__(self, rooms: "HuddleRooms", guest: Guest, line: Line) -> None:
        self.guest = guest
        self.line = line
        self._rooms = rooms
        self._messages = 0

    @property
    def about(self) -> Mapping[str, str]:
        return {"huddle": self.guest.huddle_id, "person": self.guest.person_id}

    def bytes_max(self, head: bytes) -> int:
        return FRAME_BYTES_MAX

    def receive(self, message: bytes) -> None:
        self._messages += 1
        if self._messages > MESSAGES_MAX:
            self.dismiss(CloseCode.BUSY, "too many messages")

    def resumed(self) -> None:
        self._rooms.nudge(self.guest.huddle_id)

    def dismiss(self, code: int, reason: str) -> None:
        self.line.close(code, reason)

    def left(self) -> None:
        self._rooms.left(self)


@dataclass(slots=True)
class _Room:
    seats: set[_Sitting] = field(default_factory=set)
    plans: frozenset[str] = frozenset()
    afar: dict[str, tuple[frozenset[str], float]] = field(default_factory=dict)
    """By process: who is in the huddle there, and when it said so."""
    version: int = 0
    waiting: asyncio.TimerHandle | None = None


class HuddleRooms:
    """The huddles that this process has sockets of. Fills ``Door``."""

    def __init__(self, admission: Admission, wires: Wires, clock: Clock) -> None:
        self._admission = admission
        self._wires = wires
        self._clock = clock
        self._rooms: dict[str, _Room] = {}
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to announce and to forget."""
        self._loop = asyncio.create_task(self._every(), name="huddles")

    async def stop(self) -> None:
        """Close every socket so that its page comes back elsewhere."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        for room in self._rooms.values():
            for seat in list(room.seats):
                seat.dismiss(CloseCode.RESTART, "the hub restarts")

    # -- sockets

    async def knock(self, *, cookies: str, origin: str, host: str, name: str) -> SitDown | TurnedAway:
        """Return how to sit down in the huddle of this id, or why not."""
        found = await self._admission.admit(cookies=cookies, origin=origin, host=host, huddle_id=name)
        if isinstance(found, TurnedAway):
            return found
        guest = found
        return lambda line: self.sit(guest, line)

    def sit(self, guest: Guest, line: Line) -> Seat | TurnedAway:
        """Take a seat, or be turned away from a full huddle."""
        if guest.huddle_id not in self._rooms and len(self._rooms) >= ROOMS_MAX:
            return TurnedAway(CloseCode.BUSY, "too many huddles")
        room = self._rooms.setdefault(guest.huddle_id, _Room())
        own = sum(seat.guest.person_id == guest.person_id for seat in room.seats)
        if len(room.seats) >= SEATS_MAX or own >= SEATS_PER_PERSON_MAX:
            return TurnedAway(CloseCode.BUSY, "too many sockets in one huddle")
        first = not room.seats
        seat = _Sitting(self, guest, line)
        room.seats.add(seat)
        if first:
            self._wires.tell(WhoIsInHuddle(guest.huddle_id))
        self._announce(guest.huddle_id, room)
        self.nudge(guest.huddle_id)
        return seat

    def left(self, seat: _Sitting) -> None:
        """Take out a socket that has ended."""
        huddle_id = seat.guest.huddle_id
        room = self._rooms[huddle_id]
        room.seats.discard(seat)
        self._announce(huddle_id, room)
        if room.seats:
            self.nudge(huddle_id)
            return
        if room.waiting is not None:
            room.waiting.cancel()
        del self._rooms[huddle_id]

    # -- what pages ask and say

    def present(self, huddle_id: str) -> frozenset[str]:
        """Return who has the huddle open, here and at other processes."""
        room = self._rooms.get(huddle_id)
        if room is None:
            return frozenset()
        limit = self._clock.seconds() - FORGET_SECONDS
        afar = [people for people, said in room.afar.values() if said > limit]
        return frozenset(seat.guest.person_id for seat in room.seats).union(*afar)

    def watch(self, huddle_id: str, plans: Collection[str]) -> None:
        """Have the huddle's pages look again when one of these plans changes."""
        room = self._rooms.get(huddle_id)
        if room is not None:
            room.plans = frozenset(plans)

    def moved(self, huddle_id: str, version: int) -> None:
        """Have every page of the huddle look again, at once, everywhere."""
        self._wires.tell(HuddleMoved(huddle_id, version))
        self._moved(huddle_id, version)

    def nudge(self, huddle_id: str) -> None:
        """Have the pages here look again."""
        room = self._rooms.get(huddle_id)
        if room is None:
            return
        words: dict[str, NoticeWords] = {"version": room.version, "here": sorted(self.present(huddle_id))}
        said = notice(PLAN_DOCUMENT, "huddle", words)
        for seat in room.seats:
            if not seat.line.paused:
                seat.line.write(said)

    # -- what others say

    def hear(self, note: Note) -> None:
        """Take in a note of this or another process."""
        match note:
            case HuddleMoved(huddle=huddle_id, version=version):
                self._moved(huddle_id, version)
            case InHuddle(huddle=huddle_id, people=people, sender=sender):
                self._hear_people(huddle_id, frozenset(people), sender)
            case WhoIsInHuddle(huddle=huddle_id):
                if (room := self._rooms.get(huddle_id)) is not None:
                    self._announce(huddle_id, room)
            case Moved(plans=plans):
                changed = {plan_id for plan_id, _ in plans}
                for huddle_id, room in self._rooms.items():
                    if room.plans & changed:
                        self._soon(huddle_id, room)
            case SessionsEnded(sessions=sessions):
                self._dismiss(frozenset(sessions))
            case Listening():
                for huddle_id in list(self._rooms):
                    self.nudge(huddle_id)
            case _:
                pass

    async def tidy(self) -> None:
        """Say who is here, forget whoever no longer says so, close what is signed out; once every few seconds."""
        limit = self._clock.seconds() - FORGET_SECONDS
        for huddle_id, room in list(self._rooms.items()):
            self._announce(huddle_id, room)
            gone = [sender for sender, (_, said) in room.afar.items() if said <= limit]
            for sender in gone:
                del room.afar[sender]
            if gone:
                self.nudge(huddle_id)
        sessions = {seat.guest.session_id for room in self._rooms.values() for seat in room.seats}
        if sessions:
            with contextlib.suppress(JournalAwayError):
                self._dismiss(await self._admission.ended_sessions(sessions))

    # -- inside

    def _moved(self, huddle_id: str, version: int) -> None:
        room = self._rooms.get(huddle_id)
        if room is not None:
            room.version = max(room.version, version)
            self.nudge(huddle_id)

    def _hear_people(self, huddle_id: str, people: frozenset[str], sender: str) -> None:
        room = self._rooms.get(huddle_id)
        if room is None:
            return
        before = self.present(huddle_id)
        room.afar[sender] = (people, self._clock.seconds())
        if self.present(huddle_id) != before:
            self.nudge(huddle_id)

    def _announce(self, huddle_id: str, room: _Room) -> None:
        people = tuple(sorted({seat.guest.person_id for seat in room.seats}))
        self._wires.tell(InHuddle(huddle_id, people))

    def _soon(self, huddle_id: str, room: _Room) -> None:
        if room.waiting is None:
            room.waiting = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._gathered, huddle_id, room)

    def _gathered(self, huddle_id: str, room: _Room) -> None:
        room.waiting = None
        if self._rooms.get(huddle_id) is room:
            self.nudge(huddle_id)

    def _dismiss(self, sessions: frozenset[str]) -> None:
        for room in list(self._rooms.values()):
            for seat in list(room.seats):
                if seat.guest.session_id in sessions:
                    seat.dismiss(CloseCode.SIGN_IN, "signed out")

    async def _every(self) -> None:
        while True:
            await asyncio.sleep(ANNOUNCE_SECONDS)
            await self.tidy()
