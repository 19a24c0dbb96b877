"""A person's own live socket: it says that something has changed in one of their plans, never what.

Pages that show work across all of one's patients look again then, by the one permission path. A socket of a desk takes
nothing in. Which plans are somebody's is asked anew every ``REFRESH_SECONDS``: who joins a plan or leaves it is told of
its changes, or of none, that much later, and sees by their page what they may see in any case.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from crdt.frames import FRAME_BYTES_MAX
from crdt.sessions import PLAN_DOCUMENT
from hub.live.bus import Listening, Moved, Note, SessionsEnded
from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode, Line, notice
from hub.process.clocks import Clock
from hub.record.journal import JournalAwayError
from hub.sockets.seats import Seat, SitDown

DESKS_MAX: Final = 5_000
"""Sockets of all people at one process."""

DESKS_PER_PERSON_MAX: Final = 10
GATHER_SECONDS: Final = 0.25
"""Changes that come within this time are one nudge."""

REST_SECONDS: Final = 2.0
"""After a nudge the next one waits this long: somebody may be typing in one of the plans all day."""

REFRESH_SECONDS: Final = 5.0
MESSAGES_MAX: Final = 10_000
"""Messages of one socket; a page says hello and answers pings."""

LOOK: Final = notice(PLAN_DOCUMENT, "work", {})


@dataclass(frozen=True, slots=True)
class DeskOwner:
    """Who sits down at their own desk."""

    person_id: str
    session_id: str
    plans: frozenset[str]


class DeskAdmission(Protocol):
    """Every method raises ``JournalAwayError`` when the store can't be reached."""

    async def admit(self, *, cookies: str, origin: str, host: str, person_id: str) -> DeskOwner | TurnedAway:
        """Return who comes to this desk, which is nobody's but that person's."""

    async def plans_of(self, person_id: str) -> frozenset[str]:
        """Return the plans that the person takes part in now."""

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return those of these sign-ins that are over."""


class _Desk:
    """Fills ``Seat`` for a person's own socket."""

    drains = False

    def __init__(self, desks: "Desks", worker: DeskOwner, line: Line) -> None:
        self.worker = worker
        self.line = line
        self.plans = worker.plans
        self.waiting: asyncio.TimerHandle | None = None
        self.rests_until = 0.0
        self._desks = desks
        self._messages = 0

    @property
    def about(self) -> Mapping[str, str]:
        return {"person": self.worker.person_id}

    def bytes_max(self, head: bytes) -> int:
        return FRAME_BYTES_MAX

    def receive(self, message: bytes) -> None:
        self._messages += 1
        if self._messages > MESSAGES_MAX:
            self.dismiss(CloseCode.BUSY, "too many messages")

    def resumed(self) -> None:
        self.line.write(LOOK)

    def dismiss(self, code: int, reason: str) -> None:
        self.line.close(code, reason)

    def left(self) -> None:
        self._desks.left(self)


class Desks:
    """The people whose own sockets this process has. Fills ``Door``."""

    def __init__(self, admission: DeskAdmission, clock: Clock) -> None:
        self._admission = admission
        self._clock = clock
        self._desks: set[_Desk] = set()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to ask anew whose plans are whose."""
        self._loop = asyncio.create_task(self._every(), name="desks")

    async def stop(self) -> None:
        """Close every socket so that its page comes back elsewhere."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        for desk in list(self._desks):
            desk.dismiss(CloseCode.RESTART, "the hub restarts")

    async def knock(self, *, cookies: str, origin: str, host: str, name: str) -> SitDown | TurnedAway:
        """Return how to sit down at the desk of the person of this id, or why not."""
        found = await self._admission.admit(cookies=cookies, origin=origin, host=host, person_id=name)
        if isinstance(found, TurnedAway):
            return found
        worker = found
        return lambda line: self.sit(worker, line)

    def sit(self, worker: DeskOwner, line: Line) -> Seat | TurnedAway:
        """Take the seat; the page looks once, for what changed while it was on its way."""
        own = sum(desk.worker.person_id == worker.person_id for desk in self._desks)
        if own >= DESKS_PER_PERSON_MAX or len(self._desks) >= DESKS_MAX:
            return TurnedAway(CloseCode.BUSY, "too many sockets")
        desk = _Desk(self, worker, line)
        self._desks.add(desk)
        self._nudge(desk)
        return desk

    def left(self, desk: _Desk) -> None:
        """Take out a socket that has ended."""
        self._desks.discard(desk)
        if desk.waiting is not None:
            desk.waiting.cancel()

    def hear(self, note: Note) -> None:
        """Take in a note of this or another process."""
        match note:
            case Moved(plans=plans):
                changed = {plan_id for plan_id, _ in plans}
                for desk in self._desks:
                    if not desk.plans.isdisjoint(changed):
                        self._soon(desk)
            case SessionsEnded(sessions=sessions):
                self._dismiss(frozenset(sessions))
            case Listening():
                for desk in self._desks:
                    self._soon(desk)
            case _:
                pass

    async def tidy(self) -> None:
        """Ask anew whose plans are whose, and close what is signed out; once every few seconds."""
        with contextlib.suppress(JournalAwayError):
            people = {desk.worker.person_id for desk in self._desks}
            plans = {person: await self._admission.plans_of(person) for person in people}
            for desk in self._desks:
                now = plans.get(desk.worker.person_id, desk.plans)
                if now != desk.plans:
                    desk.plans = now
                    self._soon(desk)
            sessions = {desk.worker.session_id for desk in self._desks}
            if sessions:
                self._dismiss(await self._admission.ended_sessions(sessions))

    def _soon(self, desk: _Desk) -> None:
        if desk.waiting is None:
            delay = max(GATHER_SECONDS, desk.rests_until - self._clock.seconds())
            desk.waiting = asyncio.get_running_loop().call_later(delay, self._nudge, desk)

    def _nudge(self, desk: _Desk) -> None:
        desk.waiting = None
        desk.rests_until = self._clock.seconds() + REST_SECONDS
        if not desk.line.paused:
            desk.line.write(LOOK)

    def _dismiss(self, sessions: frozenset[str]) -> None:
        for desk in list(self._desks):
            if desk.worker.session_id in sessions:
                desk.dismiss(CloseCode.SIGN_IN, "signed out")

    async def _every(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.tidy()
