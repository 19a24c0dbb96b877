"""Who is in a huddle, and who is told to look, across two processes."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from crdt.frames import Frame, FrameKind, decode
from hub.huddles.rooms import FORGET_SECONDS, SEATS_PER_PERSON_MAX, Guest, HuddleRooms
from hub.live.bus import Moved, Note, SessionsEnded
from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode
from hub.sockets.seats import Seat
from tests.hub.builders import FakeClock
from tests.hub.peers import FakeLine

pytestmark = pytest.mark.anyio


class Doorman:
    ended: frozenset[str] = frozenset()

    async def admit(self, *, cookies: str, origin: str, host: str, huddle_id: str) -> Guest | TurnedAway:
        return Guest(huddle_id, cookies, f"session of {cookies}")

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        return self.ended & frozenset(session_ids)


@dataclass
class Wire:
    """Carries notes to the other process at once, with the sender's name on them."""

    name: str
    others: list[HuddleRooms] = field(default_factory=list)
    cut: bool = False

    def tell(self, note: Note) -> None:
        if not self.cut:
            for other in self.others:
                other.hear(msgspec.structs.replace(note, sender=self.name))


def two() -> tuple[HuddleRooms, HuddleRooms, FakeClock, Wire]:
    clock, one, other = FakeClock(), Wire("one"), Wire("other")
    first, second = HuddleRooms(Doorman(), one, clock), HuddleRooms(Doorman(), other, clock)
    one.others, other.others = [second], [first]
    return first, second, clock, one


def sit(rooms: HuddleRooms, person: str, huddle: str = "h") -> tuple[Seat, FakeLine]:
    line = FakeLine()
    seat = rooms.sit(Guest(huddle, person, f"session of {person}"), line)
    assert not isinstance(seat, TurnedAway)
    return seat, line


def told(line: FakeLine) -> list[Any]:
    notices = []
    while line.out:
        frame = decode(line.out.popleft())
        assert isinstance(frame, Frame)
        assert frame.kind is FrameKind.STATELESS
        notices.append(msgspec.json.decode(frame.payload))
    return notices


async def test_everyone_is_told_who_is_here_at_either_process_and_who_has_gone() -> None:
    first, second, _, _ = two()
    _, line = sit(first, "grace")
    seat, _ = sit(second, "elena")

    assert first.present("h") == second.present("h") == {"grace", "elena"}
    assert told(line)[-1]["here"] == ["elena", "grace"]
    seat.left()
    assert first.present("h") == {"grace"}
    assert told(line)[-1]["here"] == ["grace"]


async def test_a_move_reaches_every_page_at_both_processes_and_no_other_huddle() -> None:
    first, second, _, _ = two()
    lines = [sit(rooms, "grace")[1] for rooms in (first, second)]
    _, apart = sit(first, "tom", "another")
    for line in (*lines, apart):
        told(line)

    first.moved("h", 7)

    assert [told(line)[-1]["version"] for line in lines] == [7, 7]
    assert told(apart) == []


async def test_a_process_that_died_no_longer_says_who_is_here() -> None:
    first, second, clock, wire = two()
    sit(first, "grace")
    _, line = sit(second, "elena")
    wire.cut = True
    told(line)

    clock.passed += FORGET_SECONDS + 1
    await second.tidy()

    assert second.present("h") == {"elena"}
    assert told(line)[-1]["here"] == ["elena"]


async def test_a_page_looks_again_when_one_of_its_plans_has_moved_and_only_then() -> None:
    first, _, _, _ = two()
    _, line = sit(first, "grace")
    first.watch("h", ["plan"])
    told(line)

    first.hear(Moved((("other", 1),)))
    assert first._rooms["h"].waiting is None
    first.hear(Moved((("plan", 1),)))
    assert first._rooms["h"].waiting is not None
    first._gathered("h", first._rooms["h"])
    assert len(told(line)) == 1


async def test_signing_out_ends_the_socket() -> None:
    first, _, _, _ = two()
    _, line = sit(first, "grace")

    first.hear(SessionsEnded(("session of grace",)))

    assert line.closed is not None
    assert line.closed[0] == CloseCode.SIGN_IN


async def test_one_person_cannot_fill_a_huddle() -> None:
    first, _, _, _ = two()
    for _ in range(SEATS_PER_PERSON_MAX):
        sit(first, "grace")

    assert isinstance(first.sit(Guest("h", "grace", ""), FakeLine()), TurnedAway)
    sit(first, "elena")
