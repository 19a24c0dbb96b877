"""A plan that is open in this process: its sections, who is connected to it, and what they are to be told.

What is taken in, judged and committed is its room's (``hub.live.rooms``); what goes out needs no more than this.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Final

from crdt.sections import Section
from hub.live.changes import SoftChanges
from hub.live.connections import Connection
from hub.live.open_sections import OpenSection
from hub.live.presence import Presence, Presences
from hub.live.visits import Visits
from hub.live.zones import Zones
from hub.process.clocks import Clock
from hub.record.journal import EMPTY, Head

CONNECTIONS_MAX: Final = 2_000
"""Sockets in one room."""


class OpenPlan:
    """One plan's committed state in this process, and its connections."""

    def __init__(self, plan_id: str, *, clock: Clock, visits: Visits, stir: Callable[[], None]) -> None:
        self.plan_id = plan_id
        self.clock = clock
        self.visits = visits
        self.stir = stir
        """Asks for a beat: something waits."""
        self.announce: Callable[[OpenPlan, Sequence[Presence], Collection[int]], None] = _nobody_else
        """Tells other processes of who came, moved or went here."""
        self.patient: tuple[date | None, str] = (None, "")
        """The patient's day of birth and sex, for rules of an age."""
        self.head: Head = EMPTY
        """The last row that is in the open sections."""
        self.known_seconds = float("-inf")
        """When the head was last seen to be the journal's."""
        self.sections: dict[Section, OpenSection] = {}
        self.connections: dict[Connection, None] = {}
        self.presences = Presences()
        self.zones = Zones()
        self.newcomers: dict[Connection, None] = {}
        """Those who are to be told of everyone who is here."""
        self.soft = SoftChanges()
        self.next_soft = 0.0
        self.next_soft_changes = 0.0
        self.access_moved = False
        """A row that changes someone's access has come by."""
        self.ended = False
        self.quiet_seconds = clock.seconds()
        """When the last connection left, or the last command was performed."""

    def enter(self, connection: Connection) -> bool:
        """Take a connection in; false where the room is full."""
        assert not self.ended, "nobody enters a room that has ended"
        if len(self.connections) >= CONNECTIONS_MAX:
            return False
        self.connections[connection] = None
        return True

    def leave(self, connection: Connection, *, expelled: bool = False) -> None:
        """Take a connection out. What it had sent is still judged, unless it was ``expelled``."""
        if self.connections.pop(connection, connection) is connection:
            return
        connection.gone = True
        for section in self.sections.values():
            section.readers.pop(connection, None)
        if expelled:
            connection.expelled = True
            connection.readings.clear()
        self.newcomers.pop(connection, None)
        self.presences.leave(connection)
        self.quiet_seconds = self.clock.seconds()
        self.stir()

    def dismiss(self, connection: Connection, code: int, reason: str) -> None:
        """End a connection for cause: nothing more of it counts, and its socket closes."""
        self.leave(connection, expelled=True)
        connection.line.close(code, reason)


def _nobody_else(_plan: OpenPlan, _changed: Sequence[Presence], _gone: Collection[int]) -> None:
    return
