"""The group commit under faults: nothing twice, nothing called saved that is not, and one statement for all rooms."""

import asyncio
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from pycrdt import Doc

from auth.roles import Role
from crdt.sections import Section
from hub.live import committer, plans
from hub.live.bus import AccessChanged, LocalBus, Note
from hub.live.lines import CloseCode
from hub.record.journal import Act, Action, Batch
from tests.hub.builders import PLAN, LiveHub, Make, a_hub, a_person, an_id, reads, settle, two_in_a_hub
from tests.hub.peers import ENTRY, Peer

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


async def a_pair() -> tuple[LiveHub, LiveHub, Peer, Peer]:
    """Two hubs on one journal and one bus, with a page at each."""
    first = await a_hub()
    second = LiveHub(first.journal, first.clock, first.bus.another())
    ann, ben = first.peer(name="Ann"), second.peer(Role.PRIMARY_CARE, name="Ben")
    await settle([first, second])
    return first, second, ann, ben


async def test_while_the_journal_is_away_nothing_is_saved_or_shown_and_then_all_of_it_goes_through() -> None:
    hub, ann, ben = await two_in_a_hub()
    hub.journal.away = True

    ann.write("one ")
    ann.set("priority", "high")
    await hub.settle()
    while_away = (ann.saved, ben.text(), [notice.get("storage") for notice in ann.notices])
    hub.journal.away = False
    hub.clock.passed += 10
    ann.write("two ")
    await hub.settle()

    assert while_away == (False, "Walk to the shop", ["away"])
    assert ann.saved
    assert ben.text() == "two one Walk to the shop"
    assert [notice.get("storage") for notice in ben.notices if notice["kind"] == "trouble"] == ["away", "back"]


async def test_a_commit_whose_answer_was_lost_is_found_in_the_journal_and_not_made_twice() -> None:
    hub, ann, ben = await two_in_a_hub()
    before = len(hub.journal.edits())
    hub.journal.lose_answers = 1

    ann.write("x")
    await hub.beat()
    unknown = ann.saved
    hub.clock.passed += 10
    await hub.settle()

    assert not unknown
    assert ann.saved
    assert ben.text() == "xWalk to the shop"
    assert len(hub.journal.edits()) == before + 1


async def test_a_commit_that_never_answers_counts_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "COMMIT_SECONDS_MAX", 0.01)
    hub, ann, ben = await two_in_a_hub()
    hub.journal.hold = asyncio.Event()

    ann.write("x")
    await hub.beat()
    unknown = ann.saved
    hub.journal.hold = None
    hub.clock.passed += 10
    await hub.settle()

    assert not unknown
    assert ann.saved
    assert ben.text() == "xWalk to the shop"


async def test_a_room_that_waits_too_long_ends_and_its_pages_keep_what_is_not_saved() -> None:
    hub, ann, ben = await two_in_a_hub()
    hub.journal.away = True
    ann.write("kept ")
    await hub.settle()

    hub.clock.passed += committer.AWAY_SECONDS_MAX + 5
    await hub.settle()
    codes = {peer.line.closed[0] for peer in (ann, ben) if peer.line.closed}
    hub.journal.away = False
    hub.clock.passed += 10
    await hub.plans.poll()
    ann.connect(hub.plans)
    ben.connect(hub.plans)
    await hub.settle()

    assert codes == {CloseCode.STORAGE_AWAY}
    assert ben.text() == "kept Walk to the shop"
    assert ann.saved


@pytest.mark.parametrize("answer", ["taken", "refused", "behind", "found"])
async def test_a_room_given_up_while_its_commit_is_under_way_has_ended_once_whatever_the_answer(answer: str) -> None:
    hub, ann, ben = await two_in_a_hub()
    room, before = hub.room(), len(hub.journal.edits())
    ann.write("x")
    if answer == "found":
        hub.journal.lose_answers = 1
        await hub.beat()
        hub.clock.passed += 10
    hub.journal.hold = asyncio.Event()
    beat = asyncio.create_task(hub.beat())
    await asyncio.sleep(0)

    hub.clock.passed += committer.AWAY_SECONDS_MAX + 5
    hub.plans.committer.suspect()
    if answer == "refused":
        hub.journal.refused.add(PLAN)
    if answer == "behind":
        await hub.journal.beside().append([Batch(PLAN, room.head, [a_row()])])
    hub.journal.hold.set()
    await beat
    hub.journal.hold = None
    hub.journal.refused.clear()
    hub.clock.passed += 10
    await hub.plans.poll()
    ann.connect(hub.plans)
    ben.connect(hub.plans)
    await hub.settle()

    assert [peer.line.closed for peer in (ann, ben)] == [None, None]
    assert room.ended
    assert room.turns.free
    assert ann.saved
    assert ben.text() == ann.text() == "xWalk to the shop"
    assert len(hub.journal.edits()) == before + 1


async def test_a_commit_that_outlasts_the_drain_is_in_the_journal_and_ends_nothing_else() -> None:
    hub, ann, _ = await two_in_a_hub()
    before, hub.journal.hold = len(hub.journal.edits()), asyncio.Event()
    ann.write("x")
    beat = asyncio.create_task(hub.beat())
    await asyncio.sleep(0)
    hub.plans.begin_drain()
    await asyncio.sleep(0)

    hub.clock.passed += plans.DRAIN_SECONDS_MAX + 1
    await hub.plans.drain()
    hub.journal.hold.set()
    await beat

    assert ann.line.closed is not None
    assert ann.line.closed[0] == CloseCode.RESTART
    assert not ann.saved
    assert len(hub.journal.edits()) == before + 1


def description(hub: LiveHub) -> object:
    """What this process shows to whoever opens the plan."""
    values = hub.room().sections[GOALS].document.values(ENTRY)
    assert values is not None
    return values["description"]


def a_row() -> Act:
    """Something that another process wrote."""
    return Act(plan=PLAN, actor=an_id(), action=Action.READ, section=GOALS)


async def test_rooms_share_one_append_a_beat() -> None:
    hub, ann, _ = await two_in_a_hub()
    other = an_id()
    await hub.journal.create_plan(other)
    author = a_person(plan=other)
    entry = an_id()
    await hub.plans.perform(other, author, Make(GOALS, (entry,), {"description": "Rest", "voice": an_id()}))
    eve = hub.page(author)
    await hub.settle()
    hub.clock.passed += 1
    appends = hub.journal.appends

    ann.write("x")
    eve.write("y", entry=entry)
    await hub.beat()

    assert hub.journal.appends == appends + 1
    await hub.settle()
    assert ann.saved
    assert eve.saved


async def test_a_plan_whose_rows_are_refused_is_loaded_anew_and_the_others_go_on() -> None:
    hub, ann, ben = await two_in_a_hub()
    other = an_id()
    await hub.journal.create_plan(other)
    elsewhere = replace(a_person(), plan_id=other)
    await hub.plans.perform(other, elsewhere, Make(GOALS, (ENTRY,), {"description": "Sleep", "voice": an_id()}))
    page = hub.page(elsewhere)
    await hub.settle()
    hub.journal.refused = {other}

    ann.write("Now ")
    page.write("Long ")
    await hub.settle()

    assert ann.saved
    assert ben.text() == ann.text() == "Now Walk to the shop"
    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.BUSY
    assert not page.saved
    assert len(hub.journal.edits(other)) == 1, "its words stay in the page"
    hub.journal.refused = set()
    page.connect(hub.plans)
    await hub.settle()
    assert page.saved
    assert (await hub.plans.content(other)).sections[GOALS].entries[ENTRY].values["description"] == "Long Sleep"


async def test_a_busy_room_waits_a_beat_and_a_quiet_one_does_not() -> None:
    hub, ann, _ = await two_in_a_hub()
    room = hub.room()
    hub.clock.passed = room.next_beat + 1

    ann.write("a")
    await hub.beat()
    at_once = len(hub.journal.edits())
    room.next_beat = hub.clock.passed + 0.02
    ann.write("b")
    pause = await hub.plans.committer.beat()
    waited = len(hub.journal.edits())
    hub.clock.passed += 0.03
    await hub.beat()

    assert at_once == 2
    assert waited == 2
    assert pause == pytest.approx(0.02 - committer.TIMER_SECONDS)
    assert len(hub.journal.edits()) == 3


@pytest.mark.parametrize(("telling", "rest"), [(0.004, 0.008), (0.04, committer.BEAT_SECONDS_MAX)])
async def test_a_room_rests_twice_as_long_as_telling_took_and_never_longer_than_the_longest_beat(
    telling: float, rest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, ann, ben = await two_in_a_hub()
    room = hub.room()
    hub.clock.passed = room.next_beat + 1
    told = ben.line.write

    def slowly(data: bytes) -> None:
        hub.clock.passed += telling
        told(data)

    monkeypatch.setattr(ben.line, "write", slowly)
    counted = seconds_of_beats()
    ann.write("x")
    await hub.beat()

    assert room.next_beat - hub.clock.passed == pytest.approx(rest)
    assert seconds_of_beats() - counted == pytest.approx(telling)
    ann.write("y")
    await hub.beat()
    rested = len(hub.journal.edits())
    hub.clock.passed = room.next_beat
    await hub.beat()

    assert rested == 2
    assert len(hub.journal.edits()) == 3


def seconds_of_beats() -> float:
    """Return what the measure of beats has come to."""
    return REGISTRY.get_sample_value("careplan_beat_seconds_sum") or 0.0


async def test_edits_at_two_hubs_reach_everyone() -> None:
    first, second, ann, ben = await a_pair()

    ann.write("A")
    ben.write("B")
    await settle([first, second])

    assert ann.text() == ben.text()
    assert set("AB") <= set(ann.text())
    rows = first.journal.rows()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))


async def test_without_notes_the_poll_brings_what_others_committed() -> None:
    first, second, ann, ben = await a_pair()
    second.bus.listen(lambda note: None)

    ann.write("A")
    await settle([first, second])
    unheard = ben.text()
    await second.plans.poll()
    await settle([first, second])

    assert unheard == "Walk to the shop"
    assert ben.text() == "AWalk to the shop"


async def test_a_client_id_taken_in_another_process_is_refused_and_commits_nothing_under_it() -> None:
    first, second, ann, ben = await a_pair()
    ben.begin_anew_with(GOALS, Doc(client_id=ann.docs[GOALS].client_id))
    await settle([first, second])
    second.bus.listen(lambda note: None)

    ann.write("mine")
    ben.write("stolen")
    await first.beat()
    await second.beat()
    ben.read()

    assert (ben.saved, ben.line.closed) == (False, None)
    assert ben.ended[GOALS]
    assert {row.actor for row in first.journal.edits()[1:]} == {ann.participant.person_id}
    assert description(second) == description(first) == "mineWalk to the shop"


async def test_an_edit_that_a_page_took_to_another_process_meanwhile_is_journaled_once() -> None:
    first = await a_hub()
    second = LiveHub(first.journal.beside(), first.clock, first.bus.another())
    ann, ben = first.peer(name="Ann"), first.peer(Role.PRIMARY_CARE)
    await settle([first, second])
    first.journal.away = True
    ann.write("once ")
    await first.beat()
    ann.disconnect()
    first.peers.remove(ann)
    second.peers.append(ann)
    ann.connect(second.plans)
    await settle([second])
    at_second = len(second.journal.edits())

    first.journal.away = False
    first.clock.passed += 10
    ben.write("also ")
    await settle([first, second])

    assert at_second == 2
    assert len(second.journal.edits()) == 3
    assert ann.saved
    assert ann.text() == ben.text()
    assert ann.text() in ("also once Walk to the shop", "once also Walk to the shop")


async def test_who_comes_back_is_given_what_other_processes_committed_meanwhile() -> None:
    first, second, ann, ben = await a_pair()
    second.bus.listen(lambda note: None)
    ben.disconnect()
    ann.write("news ")
    await settle([first, second])
    first.clock.passed += 10

    ben.connect(second.plans)
    await settle([first, second])

    assert ben.text() == "news Walk to the shop"


async def test_a_reading_whose_answer_was_lost_is_one_row() -> None:
    hub = await a_hub()
    hub.journal.lose_answers = 1

    ann = hub.peer()
    await hub.beat()
    await hub.settle(10)
    hub.clock.passed += 10
    await hub.settle()

    assert ann.text() == "Walk to the shop"
    assert len(reads(hub.journal.rows())) == 1


async def test_a_command_at_one_hub_reaches_pages_at_the_other() -> None:
    first, second, _, ben = await a_pair()
    entry = an_id()

    await first.plans.perform(PLAN, a_person(), Make(GOALS, (entry,), {"description": "More", "voice": an_id()}))
    await settle([first, second])

    assert ben.text(entry=entry) == "More"
    assert any(notice["kind"] == "changed" and notice["structure"] for notice in ben.notices)


async def test_a_bus_that_is_alone_says_nothing_to_itself() -> None:
    heard: list[Note] = []
    bus = LocalBus()
    bus.listen(heard.append)
    other = bus.another()
    other.listen(heard.append)

    bus.publish(AccessChanged(PLAN))

    assert heard == [AccessChanged(PLAN)]


async def test_the_beat_goes_on_by_itself_whenever_something_is_due() -> None:
    hub = await a_hub()
    hub.clock.seconds = asyncio.get_running_loop().time  # type: ignore[method-assign]
    running = asyncio.create_task(hub.plans.committer.run())
    ann, ben = hub.peer(), hub.peer(Role.PRIMARY_CARE)

    async with asyncio.timeout(5):
        while not (ann.synced and ben.synced and ann.saved and ben.saved):
            await asyncio.sleep(0)
            ann.read()
            ben.read()
        ann.write("x")
        ann.present(7, {"field": None, "draft": None, "caret": None})
        while not (ann.saved and ben.text().startswith("x") and ben.presence):
            await asyncio.sleep(0)
            ann.read()
            ben.read()
    running.cancel()

    assert not running.done()
