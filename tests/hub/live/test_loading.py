"""From the journal into a room, without holding up everyone else."""

import threading

import pytest

from crdt.documents import IndexBuild
from crdt.sections import Section
from hub.live import loading
from hub.live.open_sections import OpenSection
from hub.live.rooms import Room
from hub.live.visits import Visits
from tests.hub.builders import PLAN, FakeClock, LiveHub, Make, a_hub, a_person, an_id
from tests.hub.peers import ENTRY

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads on which indexes were made, in order."""
    threads: list[int] = []
    read = IndexBuild.read

    def noted(reading: IndexBuild) -> None:
        threads.append(threading.get_ident())
        read(reading)

    monkeypatch.setattr(IndexBuild, "read", noted)
    return threads


async def a_room(monkeypatch: pytest.MonkeyPatch, readers: list[int], *, large: bool) -> Room:
    """Return a room that has loaded its goals from a snapshot."""
    journal = (await a_hub()).journal
    monkeypatch.setattr(loading, "OFF_LOOP_BYTES_MIN", 0 if large else 1 << 30)
    section = OpenSection(GOALS, None)
    for row in journal.rows():
        section.replay(row)
    await journal.keep_snapshot(PLAN, section.snapshot())
    room = Room(PLAN, clock=FakeClock(), visits=Visits(), wake=lambda _: None)
    room.wanted.add(GOALS)
    readers.clear()
    await loading.bring_up(room, journal)
    return room


async def test_the_index_of_a_large_section_is_made_on_another_thread_while_the_loop_goes_on(
    monkeypatch: pytest.MonkeyPatch, readers: list[int]
) -> None:
    room = await a_room(monkeypatch, readers, large=True)
    section = room.sections[GOALS]
    assert section.document.unread
    assert section.document.missing_from(b"\x00"), "readers are answered meanwhile"

    await section.read()

    assert not section.document.unread
    assert readers
    assert threading.get_ident() not in readers
    assert ENTRY in section.document.content().entries


async def test_whoever_writes_first_waits_for_the_index_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "OFF_LOOP_BYTES_MIN", 0)
    hub = await a_hub()
    hub = LiveHub(hub.journal, hub.clock)
    section = OpenSection(GOALS, None)
    for row in hub.journal.rows():
        section.replay(row)
    await hub.journal.keep_snapshot(PLAN, section.snapshot())
    go_on, read = threading.Event(), IndexBuild.read
    monkeypatch.setattr(IndexBuild, "read", lambda reading: (go_on.wait(), read(reading)))
    before = len(hub.journal.edits())
    try:
        peer, reader = hub.peer(), hub.peer()
        await hub.settle()
        peer.write("slow ")
        await hub.settle()
        assert hub.room().unread == {GOALS}
        assert len(hub.journal.edits()) == before, "nothing is judged without an index"
        assert not reader.text().startswith("slow"), "nor seen"
    finally:
        go_on.set()
    await hub.room().sections[GOALS].read()
    await hub.settle()

    assert len(hub.journal.edits()) == before + 1
    assert reader.text() == peer.text()
    assert reader.text().startswith("slow ")
    assert peer.saved


async def test_the_index_of_a_small_section_is_made_by_who_needs_it(
    monkeypatch: pytest.MonkeyPatch, readers: list[int]
) -> None:
    room = await a_room(monkeypatch, readers, large=False)
    assert room.sections[GOALS].document.unread
    assert not readers

    assert ENTRY in room.sections[GOALS].document.content().entries

    assert readers == [threading.get_ident()]


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
