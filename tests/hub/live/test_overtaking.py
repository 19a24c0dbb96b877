"""A batch that rows of another process overtook: the same is dropped, the new stays, what differs is refused."""

from dataclasses import replace

import msgspec
import pytest
from pycrdt import Doc

from auth.roles import Role
from crdt.frames import FrameKind
from crdt.sections import Section
from hub.live.lines import CloseCode
from hub.record.journal import Act, Action, Batch
from tests.hub.builders import PLAN, LiveHub, a_hub, settle
from tests.hub.peers import ENTRY, Peer

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


async def a_pair() -> tuple[LiveHub, LiveHub, Peer, Peer]:
    """Two processes on one journal that hear nothing of each other, and the same page open at both: one client id."""
    first = await a_hub()
    second = LiveHub(first.journal.beside(), first.clock, first.bus.another())
    for hub in (first, second):
        hub.bus.listen(lambda note: None)
    here = first.peer()
    there = second.page(here.participant)
    await settle([first, second])
    there.begin_anew_with(GOALS, Doc(client_id=here.docs[GOALS].client_id))
    await settle([first, second])
    return first, second, here, there


def value(hub: LiveHub, name: str) -> object:
    values = hub.room().sections[GOALS].document.values(ENTRY)
    assert values is not None
    return values[name]


async def told_by_the_journal(hub: LiveHub, name: str) -> object:
    """Return the value that a process shows which has just begun."""
    fresh = LiveHub(hub.journal.beside(), hub.clock)
    return (await fresh.plans.content(PLAN)).value(GOALS, ENTRY, name)


async def met(first: LiveHub, second: LiveHub) -> None:
    """Have the first commit before the second knows, and then let both go on until nothing moves."""
    await first.beat()
    await second.beat()
    await settle([first, second])
    for hub in (first, second):
        await hub.plans.poll()
    await settle([first, second])


async def test_two_values_under_one_clock_leave_one_truth_and_one_who_was_told_saved() -> None:
    first, second, here, there = await a_pair()
    other = second.peer(Role.PRIMARY_CARE)
    await settle([first, second])

    here.set("unit", "4 mg")
    there.set("unit", "40 mg")
    await met(first, second)

    assert (here.saved, there.saved) == (True, False)
    assert there.ended[GOALS].startswith("This page has said something else")
    assert [value(hub, "unit") for hub in (first, second)] == ["4 mg", "4 mg"]
    assert other.value("unit") == "4 mg"
    assert await told_by_the_journal(first, "unit") == "4 mg"
    assert [(row.outcome, row.event) for row in first.journal.rows() if row.outcome != "success"] == [
        ("refused", "differs")
    ]


async def test_the_same_words_in_another_place_are_another_edit() -> None:
    first, second, here, there = await a_pair()

    here.write("word ", at=0)
    there.write("word ", at=4)
    await met(first, second)

    assert (here.saved, there.saved) == (True, False)
    assert value(second, "description") == value(first, "description") == "word Walk to the shop"


async def test_a_page_that_contradicts_the_process_it_is_at_is_refused() -> None:
    first, second, here, _ = await a_pair()
    twin = first.page(here.participant)
    await settle([first, second])
    twin.begin_anew_with(GOALS, Doc(client_id=here.docs[GOALS].client_id))
    await settle([first, second])

    here.set("unit", "4 mg")
    twin.set("unit", "40 mg")
    await settle([first, second])

    assert (here.saved, twin.saved) == (True, False)
    assert GOALS in twin.ended
    assert value(first, "unit") == "4 mg"


async def test_what_stands_already_is_dropped_and_told_saved() -> None:
    first, second, here, there = await a_pair()
    before = len(first.journal.edits())

    update = here.write("once ")
    there.docs[GOALS].apply_update(update)
    there.unsaved[GOALS] += 1
    there.say(GOALS, FrameKind.UPDATE, update)
    await met(first, second)

    assert (here.saved, there.saved) == (True, True)
    assert len(first.journal.edits()) == before + 1
    assert value(second, "description") == "once Walk to the shop"


async def test_a_deletion_of_what_is_in_flight_at_another_process_is_kept() -> None:
    first, second, here, _ = await a_pair()
    moved = a_moving_page(second, here)

    here.write("wrong ")
    moved.docs[GOALS].apply_update(here.docs[GOALS].get_update())
    moved.edit(GOALS, lambda entries: entries[ENTRY]["description"].clear(), send=False)
    moved.connect(second.plans)
    await second_gathers(second, moved)
    await met(first, second)

    assert moved.saved
    assert value(second, "description") == value(first, "description") == ""
    assert await told_by_the_journal(first, "description") == ""
    deleting = first.journal.edits()[-1]
    assert deleting.words is not None
    assert (deleting.words["inserted"], deleting.words["deleted"]) == ("", len("wrong Walk to the shop"))


async def test_of_a_batch_that_stands_in_part_the_rest_is_kept_in_bytes_and_words() -> None:
    first, second, here, _ = await a_pair()
    moved = a_moving_page(second, here)

    here.write("one ")
    moved.docs[GOALS].apply_update(here.docs[GOALS].get_update())
    moved.write("two ", at=4, send=False)
    moved.connect(second.plans)
    await second_gathers(second, moved)
    await met(first, second)

    assert moved.saved
    assert value(second, "description") == value(first, "description") == "one two Walk to the shop"
    assert await told_by_the_journal(first, "description") == "one two Walk to the shop"
    words = [row.words for row in first.journal.edits()[-2:]]
    assert [told["inserted"] for told in words if told] == ["one ", "two "]


def a_moving_page(hub: LiveHub, page: Peer) -> Peer:
    """Return a page with the same document, not connected yet: the one that left for another process."""
    moved = Peer(page.participant)
    moved.docs[GOALS] = Doc(client_id=page.docs[GOALS].client_id)
    hub.peers.append(moved)
    return moved


async def second_gathers(hub: LiveHub, page: Peer) -> None:
    """Let the page sync and its edits wait in the inbox of its process, whose journal is slow to answer."""
    while not hub.room()._inbox or GOALS not in page.synced:
        await hub.beat()
        page.read()


async def test_who_contradicts_takes_nobody_elses_edits_along() -> None:
    first, second, here, there = await a_pair()
    ben = second.peer(Role.PRIMARY_CARE)
    await settle([first, second])

    here.set("unit", "4 mg")
    there.set("priority", "low")
    ben.write("Ben ")
    there.write("lost ")
    await met(first, second)

    assert (ben.saved, there.saved) == (True, False)
    assert value(second, "description") == value(first, "description") == "Ben Walk to the shop"
    assert (value(second, "unit"), value(second, "priority")) == ("4 mg", None)
    assert ben.text() == "Ben Walk to the shop"


async def test_what_one_may_no_longer_do_where_the_batch_now_stands_is_refused() -> None:
    first, second, here, there = await a_pair()
    ben = second.peer(Role.PRIMARY_CARE)
    await settle([first, second])
    revoked = Act(plan=PLAN, actor=here.participant.person_id, action=Action.REVOKE)
    await first.journal.append([Batch(PLAN, second.room().head, [revoked])])
    del second.gatekeeper.members[ben.participant.person_id]

    ben.write("too late ")
    there.write("in time ")
    await second.beat()
    await settle([first, second])

    assert (ben.saved, there.saved) == (False, True)
    assert ben.line.closed is not None
    assert ben.line.closed[0] == CloseCode.ACCESS_ENDED
    assert await told_by_the_journal(first, "description") == "in time Walk to the shop"


async def test_what_a_lesser_role_may_not_write_is_refused_and_the_page_stays() -> None:
    first, second, here, _ = await a_pair()
    ben = second.peer(Role.PRIMARY_CARE)
    await settle([first, second])
    granted = Act(plan=PLAN, actor=here.participant.person_id, action=Action.GRANT)
    await first.journal.append([Batch(PLAN, second.room().head, [granted])])
    second.gatekeeper.members[ben.participant.person_id] = replace(ben.participant, role=Role.AUDITOR)

    ben.write("too late ")
    await second.beat()
    await settle([first, second])

    assert not ben.saved
    assert await told_by_the_journal(first, "description") == "Walk to the shop"
    assert [row.event for row in first.journal.rows() if row.outcome == "refused"] == ["grant"]


async def test_where_the_journal_goes_away_while_a_batch_is_judged_again_nothing_is_told_saved() -> None:
    first, second, here, there = await a_pair()

    here.set("unit", "4 mg")
    there.set("unit", "4 mg")
    there.set("priority", "low")
    await first.beat()
    reach = second.journal.snapshots

    async def away(plan: str, sections: object) -> object:
        second.journal.away = True
        return await reach(plan, sections)  # type: ignore[arg-type]

    second.journal.snapshots = away  # type: ignore[method-assign, assignment]
    await second.beat()
    there.read()
    second.journal.away, second.journal.snapshots = False, reach  # type: ignore[method-assign]

    assert not there.saved
    second.clock.passed += 10
    there.connect(second.plans)
    await settle([first, second])
    assert there.saved
    assert [value(second, name) for name in ("unit", "priority")] == ["4 mg", "low"]


async def test_a_row_of_others_that_differs_in_its_words_alone_is_not_taken_for_ours() -> None:
    first, second, here, _ = await a_pair()
    noted = Act(plan=PLAN, actor=here.participant.person_id, action=Action.EXPORT, event="plan.export", reason="one")
    before = len(first.journal.rows())

    waiting = second.room().note([msgspec.structs.replace(noted, reason="two")])
    await first.journal.append([Batch(PLAN, second.room().head, [noted])])
    await settle([second])

    assert waiting.done()
    assert [row.reason for row in first.journal.rows()[before:]] == ["one", "two"]
