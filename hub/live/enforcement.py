"""Access that ends, ends now: sections close, sockets close, on a push, on a row that comes by, and on a slow poll."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from crdt.sessions import PLAN_DOCUMENT
from hub.live.connections import Connection
from hub.live.gatekeepers import Gatekeeper
from hub.live.lines import CloseCode, notice
from hub.live.rooms import Room
from hub.process.clocks import Clock
from hub.record.journal import Journal, JournalAwayError

POLL_SECONDS: Final = 2.0
"""How often a process looks for what it may not have been told; under half of ``DEAF_SECONDS_MAX``."""

DEAF_SECONDS_MAX: Final = 5.0
"""A process that can't hear of a revocation for so long lets nothing out any more, and nobody stay."""

ACCESS_ENDED: Final = "Your access to this plan has ended. If you need it again, ask the care manager."
"""The page shows it in place of the plan; it fits into a close frame."""


class Enforcement:
    """Keeps the open rooms true to who may what."""

    def __init__(
        self, gatekeeper: Gatekeeper, journal: Journal, rooms: Mapping[str, Room], clock: Clock,
        *, mark: Callable[[Room], None],
    ) -> None:  # fmt: skip
        self._gatekeeper = gatekeeper
        self._journal = journal
        self._rooms = rooms
        self._clock = clock
        self._mark = mark
        self._versions: dict[str, int] = {}
        self.heard_seconds = clock.seconds()
        """When the store last answered."""

    @property
    def deaf(self) -> bool:
        """Whether a revocation could have been missed for too long."""
        return self._clock.seconds() - self.heard_seconds >= DEAF_SECONDS_MAX

    @property
    def patience(self) -> float:
        """Seconds that a poll may take, so that deafness is noticed when it begins and not a round later."""
        return max(POLL_SECONDS, DEAF_SECONDS_MAX - (self._clock.seconds() - self.heard_seconds))

    def close(self) -> None:
        """Close every socket: pages keep what they have not saved, and come back once there is someone to ask.

        What was judged before stays with the room and is committed; what was not is the page's own, and is judged by
        what is true when the page is back.
        """
        for room in list(self._rooms.values()):
            for connection in list(room.connections):
                room.dismiss(connection, CloseCode.STORAGE_AWAY, "the hub can't hear who may read")

    def entered(self, room: Room, version: int) -> None:
        """Note as of which access version somebody came in; the next poll asks anew where that is not the latest."""
        if len(room.connections) == 1:
            self._versions[room.plan_id] = version
        elif self._versions.get(room.plan_id) != version:
            room.unchecked = True

    async def reassess(self, plan_id: str) -> None:
        """Ask anew for everyone in the plan, and let nobody keep what they may not have.

        Raises:
            JournalAwayError: the store can't be reached; the next poll asks again.
        """
        room = self._rooms.get(plan_id)
        if room is None or not room.connections:
            return
        self._versions.pop(plan_id, None)  # Until this has gone through, the next poll finds a difference.
        persons = {each.participant.person_id for each in room.connections}
        standing = await self._gatekeeper.standing(plan_id, persons)
        for connection in list(room.connections):
            person = connection.participant.person_id
            if person not in persons:
                continue  # It came in meanwhile, on what is true now.
            participant = standing.get(person)
            if participant is None or participant.removed:
                _turn_out(room, connection, CloseCode.ACCESS_ENDED, ACCESS_ENDED)
                continue
            room.reassess(connection, replace(participant, session_id=connection.participant.session_id))

    def sessions_ended(self, sessions: Collection[str]) -> None:
        """Close every socket of these sign-ins."""
        for room in list(self._rooms.values()):
            for connection in list(room.connections):
                if connection.participant.session_id in sessions:
                    _turn_out(room, connection, CloseCode.SIGN_IN, "signed out")

    async def poll(self) -> None:
        """Look for rows, changes of access and ended sign-ins that nobody told this process of.

        Raises:
            JournalAwayError: the store can't be reached.
        """
        plans = list(self._rooms)
        for gone in self._versions.keys() - self._rooms.keys():
            del self._versions[gone]
        if plans:
            heads = await self._journal.heads(plans)
            versions = await self._gatekeeper.access_versions(plans)
            sessions = {each.participant.session_id for room in self._rooms.values() for each in room.connections}
            ended = await self._gatekeeper.ended_sessions(sessions)
            if ended:
                self.sessions_ended(ended)
            for plan_id, head in heads.items():
                self.look_behind(plan_id, head.seq)
            for plan_id in plans:
                await self._look_at_access(plan_id, versions.get(plan_id, 0))
        self.heard_seconds = self._clock.seconds()

    def look_behind(self, plan_id: str, seq: int) -> None:
        """Have the plan's room catch up where it lacks rows up to this one."""
        room = self._rooms.get(plan_id)
        if room is None:
            return
        room.presences.expire(self._clock.seconds())
        if room.sections and seq > room.head.seq:
            room.behind = True
        if room.lacking or room.presences.unsettled:
            self._mark(room)

    async def _look_at_access(self, plan_id: str, version: int) -> None:
        """Reassess where the plan's version or a row says so, and where somebody's time has run out."""
        room = self._rooms.get(plan_id)
        if room is None:
            self._versions.pop(plan_id, None)
            return
        if room.access_moved or room.unchecked or self._versions.get(plan_id) != version:
            room.access_moved = room.unchecked = False
            try:
                await self.reassess(plan_id)
            except JournalAwayError:
                room.unchecked = True
                raise
            self._versions[plan_id] = version
            return
        now = self._clock.now()
        for connection in [each for each in room.connections if each.outlived(now)]:
            room.reassess(connection, connection.participant)


def _turn_out(room: Room, connection: Connection, code: CloseCode, reason: str) -> None:
    if connection.watching:
        connection.line.write(notice(PLAN_DOCUMENT, "ended", {"reason": reason}))
    room.dismiss(connection, code, reason)
