"""Where a live socket may sit down: in a plan's room, or in a huddle. The socket knows no more of either than this."""

import re
from collections.abc import Callable, Mapping, MutableSet
from typing import Any, Final, Protocol, TypeAlias

from hub.live.connections import Connection
from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode, Line
from hub.live.plans import CarePlans
from hub.live.rooms import Room

OF: Final = re.compile(r"[?&]of=([0-9A-Za-z-]{1,64})\.[0-9A-Za-z-]{1,64}(&|$)")
"""In the address of a page's socket: the person and the sign-in for whom the page was rendered."""


UNPACKS: Final = re.compile(r"[?&]unpacks=yes(&|$)")
"""In the address of a socket whose page reads packed answers. Not permessage-deflate: with that a browser packs every
keystroke, each of which the hub would have to unpack."""


class Sockets(Protocol):
    """What uvicorn keeps of its connections, so that it can end them."""

    connections: MutableSet[Any]


class Seat(Protocol):
    """A socket's place, once it is in. No method raises."""

    @property
    def about(self) -> Mapping[str, str]:
        """What the log says of it: ids."""

    @property
    def drains(self) -> bool:
        """Whether a hub that ends closes it in its own time, after what was accepted is committed."""

    def bytes_max(self, head: bytes) -> int:
        """Return how long a message that begins like this may be."""

    def receive(self, message: bytes) -> None:
        """Take one message of the peer."""

    def resumed(self) -> None:
        """The peer reads again."""

    def dismiss(self, code: int, reason: str) -> None:
        """End it for cause."""

    def left(self) -> None:
        """The socket has ended; called once."""


SitDown: TypeAlias = Callable[[Line], Seat | TurnedAway]
"""Takes a seat for the line, with no await between finding the room and standing in it."""


class Door(Protocol):
    """Who may come in there, by the headers of an upgrade; raises ``JournalAwayError`` when nobody can be asked."""

    async def knock(self, *, cookies: str, origin: str, host: str, name: str) -> SitDown | TurnedAway:
        """Return how to sit down in what ``name`` is the id of, or why not."""


class PlanSeat:
    """Fills ``Seat`` for a plan."""

    drains = True

    def __init__(self, plans: CarePlans, room: Room, connection: Connection) -> None:
        self._plans = plans
        self._room = room
        self._connection = connection

    @property
    def about(self) -> Mapping[str, str]:
        return {"plan": self._room.plan_id, "person": self._connection.participant.person_id}

    def bytes_max(self, head: bytes) -> int:
        return self._connection.session.bytes_max(head)

    def receive(self, message: bytes) -> None:
        self._room.receive(self._connection, message)

    def resumed(self) -> None:
        self._room.resumed(self._connection)

    def dismiss(self, code: int, reason: str) -> None:
        self._room.dismiss(self._connection, code, reason)

    def left(self) -> None:
        self._plans.left(self._room, self._connection)


class PlanDoor:
    """Fills ``Door`` for plans."""

    def __init__(self, plans: CarePlans) -> None:
        self._plans = plans

    async def knock(self, *, cookies: str, origin: str, host: str, name: str) -> SitDown | TurnedAway:
        found = await self._plans.gatekeeper.admit(cookies=cookies, origin=origin, host=host, plan_id=name)
        if isinstance(found, TurnedAway):
            return found
        admitted = found

        def sit(line: Line) -> Seat | TurnedAway:
            entered = self._plans.enter(admitted, line)
            return entered if isinstance(entered, TurnedAway) else PlanSeat(self._plans, *entered)

        return sit


def own_seat(seat: Seat | TurnedAway, path: str) -> Seat | TurnedAway:
    """Return the seat, unless the page that asks was rendered for someone else than the person who is signed in now."""
    of = OF.search(path)
    if isinstance(seat, TurnedAway) or of is None or of[1] == seat.about["person"]:
        return seat
    seat.left()
    return TurnedAway(CloseCode.ANOTHER, "another person is signed in")


def only(values: list[str]) -> str:
    """Return a header's value, ``""`` where it is absent or given twice."""
    return values[0] if len(values) == 1 else ""
