"""A reader that stops reading: left out of the room, and caught up in one piece."""

import asyncio

import pytest

from crdt.frames import FrameKind
from crdt.sections import Section
from hub.live.open_sections import NOTHING
from tests.hub.builders import a_hub, two_in_a_hub

pytestmark = pytest.mark.anyio
GOALS, NOTES = Section.GOALS, Section.STAFF_NOTES


async def test_a_paused_reader_is_left_out_and_catches_up_in_one_piece() -> None:
    hub, ann, ben = await two_in_a_hub()
    ben.line.paused = True
    for letter in "abcdef":
        ann.write(letter)
        await hub.settle()
    waited = len(ben.line.out)

    ben.line.paused = False
    assert ben.place is not None
    ben.place[0].resumed(ben.place[1])
    await hub.settle()

    assert waited == 0
    assert ben.text() == ann.text()
    assert ben.saved


async def test_a_reader_that_stops_reading_while_an_edit_is_committed_catches_up_too() -> None:
    hub, ann, ben = await two_in_a_hub()
    ann.write("first ")
    await hub.settle()
    before, hub.journal.hold = len(hub.journal.edits()), asyncio.Event()
    ann.write("second ")
    beat = asyncio.create_task(hub.beat())
    await asyncio.sleep(0)
    committed = len(hub.journal.edits()) - before

    ben.line.paused = True
    hub.journal.hold.set()
    await beat
    waited = len(ben.line.out)
    ben.line.paused = False
    assert ben.place is not None
    ben.place[0].resumed(ben.place[1])
    await hub.settle()

    assert (committed, waited) == (0, 0)
    assert ben.text() == ann.text() == "second first Walk to the shop"


async def test_what_a_paused_reader_is_left_at_is_made_only_where_somebody_is_paused() -> None:
    hub, _, ben = await two_in_a_hub()
    section = hub.room().sections[GOALS]

    nobody = section.left_at()
    ben.line.paused = True

    assert (nobody, section.left_at()) == (NOTHING, section.document.state_vector())


async def test_a_reader_that_asks_without_reading_is_answered_once_when_it_reads() -> None:
    hub = await a_hub()
    writer, slow = hub.peer(), hub.peer()
    await hub.settle()
    slow.line.paused = True
    before = len(slow.line.written)

    for _ in range(50):
        slow.say(GOALS, FrameKind.SYNC_STEP_1, b"\x00")
        await hub.settle()
    waiting = len(slow.line.written) - before
    writer.write("x")
    await hub.settle()
    slow.line.paused = False
    assert slow.place is not None
    slow.place[0].resumed(slow.place[1])
    await hub.settle()

    assert waiting == 0
    assert slow.text() == writer.text()
