"""The other processes of the hub: what they are told, and what their notes change here."""

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from hub.live.bus import (
    AccessChanged,
    Bus,
    Hear,
    Here,
    Listening,
    Moved,
    Note,
    RelayedPresence,
    SessionsEnded,
    WhoIsHere,
)
from hub.live.connections import Connection
from hub.live.open_plans import OpenPlan
from hub.live.presence import Caret, Presence, section_of
from hub.live.rooms import Room
from hub.process.clocks import Clock


class Neighbours:
    """Speaks and hears on the bus for the rooms of one process, which is known by the id ``process``."""

    def __init__(
        self,
        bus: Bus,
        process: str,
        rooms: Mapping[str, Room],
        clock: Clock,
        *,
        mark: Callable[[Room], None],
        reassess: Callable[[str], None],
        ended: Callable[[Collection[str]], None],
        listening: Callable[[], object],
    ) -> None:
        self._bus = bus
        self._process = process
        self._rooms = rooms
        self._clock = clock
        self._mark = mark
        self._reassess = reassess
        self._ended = ended
        self._listening = listening
        self._overhearing: list[Hear] = []
        bus.listen(self.hear)

    async def start(self) -> None:
        """Begin to hear."""
        await self._bus.start()

    async def stop(self) -> None:
        """Hear no more."""
        await self._bus.stop()

    def overhear(self, hear: Hear) -> None:
        """Have every note heard that comes from others, and those on commits and sign-ins of this process."""
        self._overhearing.append(hear)

    def tell(self, note: Note) -> None:
        """Send a note that is not about a room."""
        self._bus.publish(msgspec.structs.replace(note, sender=self._process))

    def moved(self, plans: Sequence[tuple[str, int]]) -> None:
        """Say how far journals have come."""
        self._both(Moved(tuple(plans), self._process))

    def access_changed(self, plan_id: str) -> None:
        """Say that somebody may see more or less of a plan."""
        self._bus.publish(AccessChanged(plan_id, self._process))

    def sessions_ended(self, sessions: Sequence[str]) -> None:
        """Say which sign-ins are over."""
        self._both(SessionsEnded(tuple(sessions), self._process))

    def opened(self, plan_id: str) -> None:
        """Ask who has this plan open elsewhere."""
        self._bus.publish(WhoIsHere(plan_id, self._process))

    def announce(self, room: OpenPlan, changed: Sequence[Presence], gone: Collection[int]) -> None:
        """Say who came, moved or went here; of people at other processes those speak themselves."""
        people = [_person(each) for each in changed if isinstance(room.presences.owner_of(each.client), Connection)]
        if people or gone:
            self._bus.publish(Here(room.plan_id, tuple(people), tuple(gone), self._process))

    def hear(self, note: Note) -> None:
        """Take in another process's note; one's own come back from some buses."""
        if note.sender == self._process:
            return
        for hear in self._overhearing:
            hear(note)
        match note:
            case Moved(plans=plans):
                for plan_id, seq in plans:
                    room = self._rooms.get(plan_id)
                    if room is not None and room.sections and seq > room.head.seq:
                        room.behind = True
                        self._mark(room)
            case AccessChanged(plan=plan_id):
                self._reassess(plan_id)
            case SessionsEnded(sessions=sessions):
                self._ended(sessions)
            case Here():
                self._hear_presence(note)
            case WhoIsHere(plan=plan_id):
                room = self._rooms.get(plan_id)
                if room is not None:
                    self.announce(room, room.presences.everyone(), ())
            case Listening():
                self._listening()

    def _both(self, note: Note) -> None:
        self._bus.publish(note)
        for hear in self._overhearing:
            hear(note)

    def _hear_presence(self, note: Here) -> None:
        room = self._rooms.get(note.plan)
        if room is None:
            return
        for person in note.people:
            room.presences.from_afar(note.sender, _presence(person), now=self._clock.seconds())
        room.presences.gone_afar(note.sender, note.gone)
        self._mark(room)


def _person(here: Presence) -> RelayedPresence:
    caret = msgspec.Raw(msgspec.json.encode(here.caret))
    return RelayedPresence(here.client, here.person_id, here.name, here.role, here.field, here.draft, caret)


def _presence(person: RelayedPresence) -> Presence:
    return Presence(
        client=person.client,
        person_id=person.person,
        name=person.name,
        role=person.role,
        section=section_of(person.field),
        field=person.field,
        draft=person.draft,
        caret=msgspec.json.decode(person.caret, type=Caret | None),
    )
