"""A person's own socket: told that one of their plans has changed, soon, not too often, and of no other plan."""

from collections.abc import Collection

import pytest

from hub.live.bus import Listening, Moved, SessionsEnded
from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode
from hub.sockets.desks import DESKS_PER_PERSON_MAX, GATHER_SECONDS, REST_SECONDS, DeskOwner, Desks
from hub.sockets.seats import Seat
from tests.hub.builders import FakeClock
from tests.hub.huddles.test_rooms import told
from tests.hub.peers import FakeLine

pytestmark = pytest.mark.anyio


class Doorman:
    ended: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset({"plan"})

    async def admit(self, *, cookies: str, origin: str, host: str, person_id: str) -> DeskOwner | TurnedAway:
        return DeskOwner(person_id, f"session of {person_id}", self.plans)

    async def plans_of(self, person_id: str) -> frozenset[str]:
        return self.plans

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        return self.ended & frozenset(session_ids)


def sit(desks: Desks, person: str = "tom") -> tuple[Seat, FakeLine]:
    line = FakeLine()
    seat = desks.sit(DeskOwner(person, f"session of {person}", frozenset({"plan"})), line)
    assert not isinstance(seat, TurnedAway)
    assert told(line) == [{"kind": "work"}]
    return seat, line


def wait_of(seat: Seat) -> float:
    """How long from now the next nudge comes, 0 where none does."""
    handle = seat.waiting  # type: ignore[attr-defined]
    return 0.0 if handle is None else handle.when() - handle._loop.time()


def fire(desks: Desks, seat: Seat) -> None:
    """Let the nudge come that waits."""
    seat.waiting.cancel()  # type: ignore[attr-defined]
    desks._nudge(seat)  # type: ignore[arg-type]


async def test_a_change_of_ones_plan_is_told_once_and_of_anothers_never() -> None:
    desks = Desks(Doorman(), FakeClock())
    seat, line = sit(desks)
    desks._clock.passed += 60  # type: ignore[attr-defined]

    desks.hear(Moved((("another", 5),)))
    assert wait_of(seat) == 0
    for seq in range(5):
        desks.hear(Moved((("plan", seq),)))

    assert 0 < wait_of(seat) <= GATHER_SECONDS
    fire(desks, seat)
    assert told(line) == [{"kind": "work"}]


async def test_who_was_just_told_is_left_alone_for_a_while_and_told_then() -> None:
    desks = Desks(Doorman(), FakeClock())
    seat, _ = sit(desks)

    desks.hear(Moved((("plan", 1),)))

    assert GATHER_SECONDS < wait_of(seat) <= REST_SECONDS
    seat.left()
    assert desks._desks == set()


async def test_a_plan_that_became_ones_own_counts_and_one_that_was_left_does_not() -> None:
    doorman = Doorman()
    desks = Desks(doorman, FakeClock())
    seat, line = sit(desks)
    doorman.plans = frozenset({"new"})

    await desks.tidy()

    assert wait_of(seat) > 0
    fire(desks, seat)
    told(line)
    desks.hear(Moved((("plan", 1),)))
    assert wait_of(seat) == 0
    desks.hear(Moved((("new", 1),)))
    assert wait_of(seat) > 0


async def test_whoever_may_have_missed_something_looks_again() -> None:
    desks = Desks(Doorman(), FakeClock())
    seat, _ = sit(desks)

    desks.hear(Listening())

    assert wait_of(seat) > 0


async def test_signing_out_ends_the_socket_also_where_nobody_said_so() -> None:
    doorman = Doorman()
    desks = Desks(doorman, FakeClock())
    (_, told_so), (_, found_out) = sit(desks, "tom"), sit(desks, "ana")

    desks.hear(SessionsEnded(("session of tom",)))
    doorman.ended = frozenset({"session of ana"})
    await desks.tidy()

    for line in (told_so, found_out):
        assert line.closed is not None
        assert line.closed[0] == CloseCode.SIGN_IN


async def test_one_person_cannot_take_every_desk() -> None:
    desks = Desks(Doorman(), FakeClock())
    for _ in range(DESKS_PER_PERSON_MAX):
        sit(desks)

    assert isinstance(desks.sit(DeskOwner("tom", "", frozenset()), FakeLine()), TurnedAway)
    sit(desks, "ana")
