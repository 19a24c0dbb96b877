"""From the journal into a room, without holding up everyone else."""

import threading

import pytest

from crdt.sections import Section
from hub import loading
from hub.open_sections import OpenSection
from hub.rooms import Room
from hub.visits import Visits
from tests.hub.live import ENTRY, PLAN, FakeClock, Make, a_hub, a_person, an_id

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


async def test_a_large_snapshot_is_read_on_another_thread_while_the_loop_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal = (await a_hub()).journal
    monkeypatch.setattr(loading, "OFF_LOOP_BYTES_MIN", 0)
    readers: list[int] = []
    monkeypatch.setattr(
        loading, "OpenSection", lambda *told: (readers.append(threading.get_ident()), OpenSection(*told))[1]
    )
    section = OpenSection(GOALS, None)
    for row in journal.rows():
        section.replay(row)
    await journal.keep_snapshot(PLAN, section.snapshot())
    room = Room(PLAN, clock=FakeClock(), visits=Visits(), wake=lambda _: None)
    room.wanted.add(GOALS)

    await loading.bring_up(room, journal)

    assert readers
    assert threading.get_ident() not in readers
    assert ENTRY in room.sections[GOALS].document.content().entries


async def test_an_opening_that_was_read_before_the_room_moved_on_does_not_take_it_back() -> None:
    hub = await a_hub()
    room = Room(PLAN, clock=FakeClock(), visits=Visits(), wake=lambda _: None)
    room.wanted.add(GOALS)
    opening = (await hub.journal.openings([PLAN]))[PLAN]
    await hub.plans.perform(PLAN, a_person(), Make(GOALS, (an_id(),), {"description": "More", "voice": an_id()}))
    await loading.bring_up(room, hub.journal)
    room.wanted.add(Section.TASKS)

    await loading.bring_up(room, hub.journal, opening)

    head = (await hub.journal.heads([PLAN]))[PLAN]
    assert opening.head.seq < head.seq
    assert room.head == head
    assert {room.sections[each].seq for each in (GOALS, Section.TASKS)} == {head.seq}
