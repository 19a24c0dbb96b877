"""What history costs: opening a plan does not pay for it, any instant of it is at hand, and its growth is known.

Run with ``-s`` to see the numbers that docs/how-it-works.md states.
"""

import random
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median

import pytest

from crdt.documents import SectionDocument
from hub.live.commands import PlanContent
from hub.live.loading import bring_up
from hub.live.rooms import Room
from hub.live.versions import content_at
from hub.live.visits import Visits
from hub.record.journal import Act, Action, Batch, Snapshot
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from tests.crdt.builders import WALK, Peer, a_peer, a_section, taken
from tests.hub.builders import FakeClock

EDITS = 10_000
FEW = 100
TIMES_FEW_MAX = 3.0
"""A plan with ten thousand edits behind the same content opens within this multiple of one with a hundred."""

TRAVEL_SECONDS_MAX = 0.3

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


def a_history(edits: int) -> tuple[SectionDocument, list[bytes]]:
    """A section after so many keystrokes and corrections that come to the same content, and its updates."""
    document = a_section()
    journal = [document.state()]
    peer = a_peer(document)
    chance = random.Random(1)
    for _ in range(edits - FEW):
        _type(peer, chance.choice("abcdef "), document, journal)
        if len(str(peer.text())) > 400:
            peer.delete(0, 300)
            journal.append(taken(document, peer.sent.pop()).update)
    peer.delete(0, len(str(peer.text())))
    journal.append(taken(document, peer.sent.pop()).update)
    for number in range(FEW):
        _type(peer, "word "[number % 5], document, journal)
    return document, journal


def _type(peer: Peer, character: str, document: SectionDocument, journal: list[bytes]) -> None:
    peer.insert(len(str(peer.text())), character)
    journal.append(taken(document, peer.sent.pop()).update)


async def kept(journal: PostgresJournal, plan: str, document: SectionDocument, updates: list[bytes]) -> None:
    """Write a history as the hub does, its snapshot with the last rows still to come."""
    await journal.create_plan(plan)
    acts = [
        Act(plan=plan, actor="someone", action=Action.EDIT, section="goals", entry=WALK, field="description",
            update=update, words={"deleted": 0, "inserted": "x"})
        for update in updates
    ]  # fmt: skip
    for start in range(0, len(acts), 500):
        head = (await journal.heads([plan]))[plan]
        await journal.append([Batch(plan, head, acts[start : start + 500])])
    await journal.keep_snapshot(plan, Snapshot(document.section, len(updates) - 20, document.state(), {7: "someone"}))


async def seconds(work: Callable[[], Awaitable[object]], times: int = 7) -> float:
    """The median of a few runs, in seconds of this process on a core: the machine may do much else."""
    found = []
    for _ in range(times):
        began = time.process_time()
        await work()
        found.append(time.process_time() - began)
    return median(found)


async def test_history_is_at_hand_and_costs_opening_nothing(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    engine = await open_engine(database)
    journal = PostgresJournal(engine)
    long, updates = a_history(EDITS)
    short, few = a_history(FEW)
    await kept(journal, "long", long, updates)
    await kept(journal, "short", short, few)

    async def opened(plan: str) -> None:
        room = Room(plan, clock=FakeClock(), visits=Visits(), wake=lambda room: None)
        room.wanted.add(long.section)
        await bring_up(room, journal)
        assert room.sections[long.section].document.content().entries[WALK].values["description"]

    after_many, after_few = await seconds(lambda: opened("long")), await seconds(lambda: opened("short"))
    now = PlanContent("long", {long.section: long.content()}, {}, len(updates))
    travels = [
        await seconds(lambda seq=seq: content_at(journal, now, seq, [long.section]), 5)  # type: ignore[misc]
        for seq in (1, len(updates) // 2, len(updates))
    ]
    past = await content_at(journal, now, len(updates), [long.section])
    async with engine.connect() as connection:
        size = (await connection.exec_driver_sql("select pg_total_relation_size('journal')")).scalar_one()
    await journal.close()
    await engine.dispose()

    rows = len(updates) + len(few)
    told = [
        f"open after {len(updates)} edits {after_many * 1e3:.1f} ms, after {len(few)} {after_few * 1e3:.1f} ms",
        f"travel to the first, middle, last row {', '.join(f'{each * 1e3:.0f} ms' for each in travels)}",
        f"{size / rows:.0f} bytes of journal a row of one typed character, all indexes included",
        f"{sum(map(len, updates)) / len(updates):.0f} bytes of update a row; state {len(long.state())} bytes",
    ]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(told) + "\n")
    assert past.sections[long.section] == long.content()
    assert after_many < TIMES_FEW_MAX * after_few
    assert max(travels) < TRAVEL_SECONDS_MAX
