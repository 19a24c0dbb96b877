"""From the journal into a room, without holding up everyone else."""

import threading

import pytest

from crdt.sections import Section
from hub import loading
from hub.open_sections import OpenSection
from hub.rooms import Room
from hub.visits import Visits
from tests.hub.live import ENTRY, PLAN, FakeClock, a_hub

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
