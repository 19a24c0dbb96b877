"""Loads and connects that fail leave nothing behind. CAREPLAN_LEAKS says how many; 10,000 is the long form."""

import asyncio
import contextlib
import gc
import os
import random
from collections import Counter

import pytest

from crdt.documents import SectionDocument
from crdt.frames import FrameKind
from crdt.sections import Section
from hub.live.connections import Connection
from hub.live.open_sections import OpenSection
from hub.live.rooms import Room
from hub.record.journal import JournalAwayError
from tests.hub.builders import PLAN, LiveHub, a_hub, a_person, an_id
from tests.hub.peers import Peer

pytestmark = pytest.mark.anyio
FAILURES = int(os.environ.get("CAREPLAN_LEAKS", "500"))
AT_ONCE_MAX = 20
GOALS = Section.GOALS


async def test_loads_and_connects_that_fail_leave_no_room_task_document_or_timer(seed: int) -> None:
    chance = random.Random(seed)
    hub = await a_hub()
    await emptied(hub)
    before, failed = what_there_is(), 0

    while failed < FAILURES:
        failed += await some_failures(hub, chance)
    await emptied(hub)

    assert what_there_is() == before
    plans = hub.plans
    assert (plans._rooms, plans._sockets, plans._tasks, plans._preparing) == ({}, Counter(), set(), set())
    assert (plans.committer._dirty, plans.committer._pending) == ({}, {})
    assert plans.enforcement._versions == {}


async def some_failures(hub: LiveHub, chance: random.Random) -> int:
    """Have pages fail to come in, or to be loaded for, in one of many ways; return how many."""
    count = chance.randint(1, AT_ONCE_MAX)
    match chance.randint(0, 5):
        case 0:  # No such plan.
            peers = [hub.page(a_person(plan=an_id())) for _ in range(count)]
        case 1:  # The journal is away while it loads.
            hub.journal.away = True
            peers = [hub.peer() for _ in range(count)]
        case 2:  # They go while it loads.
            peers = [hub.peer() for _ in range(count)]
            for peer in peers:
                peer.disconnect()
        case 3:  # They go half way through the sync.
            peers = [hub.peer() for _ in range(count)]
            await hub.settle(chance.randint(1, 4))
            for peer in peers:
                peer.disconnect()
        case 4:  # They say nonsense.
            peers = [hub.peer() for _ in range(count)]
            for peer in peers:
                peer.send(chance.randbytes(20))
                peer.say(GOALS, FrameKind.UPDATE, chance.randbytes(20))
        case _:  # A page asks, by itself, for a plan that is not there, and for one that can't be read.
            peers = []
            hub.journal.away = True
            await asyncio.gather(*(asks(hub, at) for at in range(count)))
    await hub.settle()
    hub.journal.away = False
    await hub.plans.poll()  # As every two seconds: it finds the journal back.
    for peer in peers:
        peer.disconnect()
    await hub.settle()
    forget(hub, peers)
    return count


async def asks(hub: LiveHub, at: int) -> None:
    with contextlib.suppress(KeyError, JournalAwayError):  # Where the plan is open it is answered all the same.
        await hub.plans.content(an_id() if at % 2 else PLAN)


def forget(hub: LiveHub, peers: list[Peer]) -> None:
    """Keep nothing of them on this side."""
    for peer in peers:
        hub.peers.remove(peer)
        hub.gatekeeper.members.pop(peer.participant.person_id, None)


async def emptied(hub: LiveHub) -> None:
    """Let the time pass after which a room that nobody needs is forgotten."""
    for _ in range(2):  # A room that has something to fetch is left alone the first time.
        hub.clock.passed += 120
        await hub.plans.tidy()
        await hub.settle()
    await hub.plans.poll()


def what_there_is() -> Counter[str]:
    """Return how many there are of what could leak."""
    gc.collect()
    kinds = (Room, Connection, OpenSection, SectionDocument, Peer)
    found = Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds))
    loop = asyncio.get_running_loop()
    found["tasks"] = len(asyncio.all_tasks())
    found["timers"] = sum(not timer.cancelled() for timer in loop._scheduled)  # type: ignore[attr-defined]
    return found
