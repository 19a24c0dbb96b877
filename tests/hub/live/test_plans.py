"""The live plans as pages and sockets use them: commands, rows and limits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from auth.roles import Role
from crdt.changes import Assign, Create
from crdt.sections import Section
from hub.ids import HUB
from hub.live.commands import Done, Refusal, Refused
from hub.live.lines import CloseCode
from hub.live.plans import DRAIN_SECONDS_MAX, SOCKETS_PER_PERSON_AND_PLAN_MAX, SOCKETS_PER_PERSON_MAX
from hub.live.rooms import Room
from hub.record.journal import OPENING_ROWS_MAX, Act, Action, JournalAwayError, Opening
from tests.hub.builders import PLAN, Changing, FaultyJournal, LiveHub, Make, a_hub, a_person, an_id, settle

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS
GOAL = {"description": "More", "voice": an_id()}


class Making(Changing):
    """The same by the name of the command that makes entries."""

    name = "entry.create"


async def test_a_command_is_committed_when_it_is_done_and_its_rows_name_it() -> None:
    hub = await a_hub()
    actor, entry = a_person(), an_id()

    done = await hub.plans.perform(PLAN, actor, Make(GOALS, (entry,), {"description": "More", "voice": an_id()}))

    row = hub.journal.rows()[-1]
    assert isinstance(done, Done)
    assert done.seq == row.seq
    assert done.created == {entry: GOALS}
    assert (row.action, row.event, row.actor, row.entry) == (Action.COMMAND, "entry.create", actor.person_id, entry)
    content = await hub.plans.content(PLAN)
    assert content.value(GOALS, entry, "description") == "More"
    assert content.creator(GOALS, entry) == actor.person_id


async def test_a_rule_that_refuses_changes_nothing_and_is_journaled() -> None:
    hub = await a_hub()

    refused = await hub.plans.perform(PLAN, a_person(), Changing(Refusal("no", "Not now.", field="due")))

    assert refused == Refused("no", "Not now.", "due")
    row = hub.journal.rows()[-1]
    assert (row.action, row.outcome, row.reason, row.update) == (Action.REFUSE, "refused", "Not now.", None)


async def test_the_room_decides_on_every_change_of_a_command() -> None:
    hub = await a_hub()
    create = Making([Create(GOALS, an_id(), {"description": "More", "voice": an_id()})])

    refused = await hub.plans.perform(PLAN, a_person(Role.PHARMACIST), create)
    done = await hub.plans.perform(PLAN, a_person(Role.CARE_MANAGER), create)

    assert isinstance(refused, Refused)
    assert isinstance(done, Done)


async def test_a_change_that_does_not_fit_is_refused_and_the_room_lives() -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()

    refused = await hub.plans.perform(PLAN, a_person(), Changing([Assign(GOALS, an_id(), "due", "2026-12-01")]))

    assert isinstance(refused, Refused)
    assert page.line.closed is None
    row = hub.journal.rows()[-1]
    assert (row.action, row.outcome, row.reason) == (Action.REFUSE, "refused", refused.reason)


async def test_a_command_that_stops_fitting_half_way_leaves_a_refusal_and_nothing_else() -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()
    made, values = an_id(), {"description": "SECRET", "voice": an_id()}
    halves = Changing([Create(GOALS, made, values), Assign(GOALS, an_id(), "due", "2026-12-01")])

    refused = await hub.plans.perform(PLAN, a_person(), halves)

    assert isinstance(refused, Refused)
    row = hub.journal.rows()[-1]
    assert (row.action, row.outcome, row.reason, row.update) == (Action.REFUSE, "refused", refused.reason, None)
    assert (await hub.plans.content(PLAN)).entry(GOALS, made) is None
    assert b"SECRET" not in b"".join(page.line.written)


async def test_a_command_whose_commit_fails_shows_nobody_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()
    entry = an_id()

    async def gone(*_: object) -> None:
        raise JournalAwayError("gone")

    monkeypatch.setattr("tests.harness.journal_memory.MemoryTurn.append", gone)
    with pytest.raises(JournalAwayError):
        await hub.plans.perform(PLAN, a_person(), Make(GOALS, (entry,), {"description": "SECRET", "voice": an_id()}))

    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.BUSY
    assert b"SECRET" not in b"".join(page.line.written)
    assert not any(row.entry == entry for row in hub.journal.rows())


async def test_a_row_that_a_turn_beside_the_room_wrote_is_gone_behind_by_what_is_typed_next() -> None:
    hub = await a_hub()
    other = LiveHub(hub.journal.beside(), hub.clock, hub.bus.another())
    page, far = hub.peer(), other.peer()
    await settle([hub, other])
    act = Act(plan=HUB, actor="grace", action=Action.COMMAND)
    async with hub.journal.exclusively(HUB) as turn:
        await turn.append([act])
        head = await turn.also(PLAN, [Act(plan=PLAN, actor="grace", action=Action.COMMAND, event="huddle.next")])

    hub.plans.written(PLAN, head.seq)
    page.write("More")
    await settle([hub, other])

    assert page.line.closed is None
    assert page.unsaved[GOALS] == 0
    assert "More" in far.text()
    assert [row.event for row in hub.journal.rows()][head.seq - 1] == "huddle.next"
    assert [row.seq for row in hub.journal.rows()] == list(range(1, len(hub.journal.rows()) + 1))


async def test_a_page_that_goes_away_does_not_stop_its_command() -> None:
    hub = await a_hub()
    entry = an_id()
    values = {"description": "More", "voice": an_id()}
    task = asyncio.ensure_future(hub.plans.perform(PLAN, a_person(), Make(GOALS, (entry,), values)))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await hub.settle()

    assert (await hub.plans.content(PLAN)).entry(GOALS, entry) is not None


async def test_commands_and_typing_go_through_together() -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()

    made = []
    for number in range(10):
        values = {"description": f"Goal {number}", "voice": an_id()}
        make = Make(GOALS, (an_id(),), values)
        made.append(asyncio.ensure_future(hub.plans.perform(PLAN, a_person(), make)))
        page.write("x")
    await hub.settle()

    assert all(isinstance(done, Done) for done in await asyncio.gather(*made))
    assert page.saved
    assert page.text() == "x" * 10 + "Walk to the shop"


async def test_a_plan_without_a_journal_is_no_plan_and_leaves_no_room() -> None:
    hub = await a_hub()
    stranger = a_person(plan=an_id())

    with pytest.raises(KeyError):
        await hub.plans.content(stranger.plan_id)
    page = hub.page(stranger)
    await hub.settle()

    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.NO_PLAN
    assert list(hub.plans._rooms) == [PLAN]


async def test_a_load_that_fails_leaves_nothing_behind() -> None:
    hub = await a_hub()
    hub.clock.passed += 120
    await hub.plans.tidy()
    hub.journal.away = True

    pages = [hub.peer() for _ in range(20)]
    await hub.settle()

    assert {page.line.closed[0] for page in pages if page.line.closed} == {CloseCode.STORAGE_AWAY}
    assert hub.plans._rooms == {}
    assert not hub.plans._tasks


async def test_an_idle_room_is_forgotten_and_comes_back_from_the_journal() -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()
    page.write("x")
    await hub.settle()
    page.disconnect()
    await hub.settle()

    hub.clock.passed += 120
    await hub.plans.tidy()
    rooms = dict(hub.plans._rooms)
    page.connect(hub.plans)
    await hub.settle()

    assert rooms == {}
    assert page.text() == "xWalk to the shop"


async def test_a_snapshot_is_kept_and_loaded_with_who_owns_which_client_id() -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()
    for _ in range(60):
        page.write("x")
        await hub.settle(8)
    page.disconnect()
    hub.clock.passed += 120
    await hub.plans.tidy()
    await hub.settle()

    kept = await hub.journal.snapshots(PLAN, [GOALS])
    page.connect(hub.plans)
    await hub.settle()

    assert kept[GOALS].clients[page.docs[GOALS].client_id] == page.participant.person_id
    assert hub.room().sections[GOALS].clients == kept[GOALS].clients
    assert page.saved


async def test_sockets_of_one_person_are_bounded() -> None:
    hub = await a_hub()
    person = a_person()

    on_one = [hub.page(person) for _ in range(SOCKETS_PER_PERSON_AND_PLAN_MAX + 1)]
    elsewhere = [hub.page(replace(person, plan_id=an_id())) for _ in range(SOCKETS_PER_PERSON_MAX)]

    assert [page.line.closed is None for page in on_one] == [True] * SOCKETS_PER_PERSON_AND_PLAN_MAX + [False]
    opened = sum(page.place is not None for page in on_one + elsewhere)
    assert opened == SOCKETS_PER_PERSON_MAX
    for page in on_one + elsewhere:
        page.disconnect()
    assert hub.plans._sockets == {}


async def test_rows_of_pages_are_durable_on_return_with_and_without_an_open_room() -> None:
    hub = await a_hub()
    other = an_id()
    await hub.journal.create_plan(other)
    here = Act(plan=PLAN, actor=an_id(), action=Action.EXPORT)
    there = Act(plan=other, actor=an_id(), action=Action.EXPORT)

    writing = asyncio.ensure_future(hub.plans.record([here, there]))
    await hub.settle()
    await writing

    assert hub.journal.rows()[-1].action is Action.EXPORT
    assert [row.action for row in hub.journal.rows(other)] == [Action.EXPORT]


async def test_a_page_that_was_opened_writes_one_row_a_section_and_visit() -> None:
    hub = await a_hub()
    person = a_person()
    hub.clock.passed += 120
    await hub.plans.tidy()

    await hub.plans.opened(person, [GOALS, Section.TASKS])
    await hub.plans.opened(person, [GOALS])
    page = hub.page(person)
    await hub.settle()

    assert page.text() == "Walk to the shop"
    assert [row.section for row in hub.journal.rows() if row.action is Action.READ] == ["goals", "tasks"]


async def test_a_read_that_cannot_be_written_is_not_served() -> None:
    hub = await a_hub()
    hub.clock.passed += 120
    await hub.plans.tidy()
    hub.journal.away = True

    with pytest.raises(JournalAwayError):
        await hub.plans.opened(a_person(), [GOALS])


async def test_a_drain_commits_what_was_accepted_and_closes_with_restart() -> None:
    hub = await a_hub()
    await hub.plans.start()
    page = hub.peer()
    for _ in range(50):
        await asyncio.sleep(0)
        page.read()
    page.write("last ")

    await hub.plans.drain()

    page.read()
    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.RESTART
    assert page.saved
    late = hub.peer()
    assert late.line.closed is not None
    assert late.line.closed[0] == CloseCode.RESTART


async def test_a_drain_waits_for_a_command_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()
    reached, go = commits_held(hub, monkeypatch)
    performing = asyncio.create_task(hub.plans.perform(PLAN, a_person(), Make(GOALS, (an_id(),), GOAL)))
    await reached.wait()

    hub.plans.begin_drain()
    await asyncio.sleep(0)
    meanwhile = page.line.closed
    go.set()
    done = await performing
    await hub.plans.drain()

    assert meanwhile is None
    assert isinstance(done, Done)
    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.RESTART


async def test_a_command_that_outlasts_the_drain_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = await a_hub()
    hub.peer()
    await hub.settle()
    room, entry = hub.room(), an_id()
    reached, go = commits_held(hub, monkeypatch)
    performing = asyncio.create_task(hub.plans.perform(PLAN, a_person(), Make(GOALS, (entry,), GOAL)))
    await reached.wait()

    await drained_past(hub, room)
    go.set()
    done = await performing

    assert isinstance(done, Done)
    assert hub.journal.rows()[-1].entry == entry


@pytest.mark.parametrize("act", ["read", "change"])
async def test_a_plan_that_a_drain_closes_while_it_is_opened_is_never_taken_for_an_empty_one(
    act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await a_hub()
    hub = LiveHub(first.journal, first.clock, first.bus.another())
    rows, reached, go = len(hub.journal.rows()), asyncio.Event(), asyncio.Event()
    snapshots = hub.journal.snapshots

    async def slowly(plan: str, sections: Sequence[Section]) -> object:
        reached.set()
        await go.wait()
        return await snapshots(plan, sections)

    monkeypatch.setattr(hub.journal, "snapshots", slowly)
    make = Make(GOALS, (an_id(),), GOAL)
    opening = asyncio.create_task(
        hub.plans.content(PLAN) if act == "read" else hub.plans.perform(PLAN, a_person(), make)
    )
    await reached.wait()

    await drained_past(hub, hub.room())
    go.set()

    with pytest.raises(JournalAwayError):
        await opening
    assert len(hub.journal.rows()) == rows


async def test_a_command_whose_plan_is_closed_before_its_turn_in_the_journal_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = await a_hub()
    hub.peer()
    await hub.settle()
    room, rows = hub.room(), len(hub.journal.rows())
    reached, go = asyncio.Event(), asyncio.Event()
    exclusively = hub.journal.exclusively

    @asynccontextmanager
    async def slowly(plan: str) -> AsyncIterator[object]:
        reached.set()
        await go.wait()
        async with exclusively(plan) as turn:
            yield turn

    monkeypatch.setattr(hub.journal, "exclusively", slowly)
    performing = asyncio.create_task(hub.plans.perform(PLAN, a_person(), Make(GOALS, (an_id(),), GOAL)))
    await reached.wait()

    await drained_past(hub, room)
    go.set()

    with pytest.raises(JournalAwayError):
        await performing
    assert len(hub.journal.rows()) == rows


def commits_held(hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Have commands wait with their commit: the first event says that one does, the second lets it go on."""
    reached, go = asyncio.Event(), asyncio.Event()
    exclusively = hub.journal.exclusively

    @asynccontextmanager
    async def slowly(plan: str) -> AsyncIterator[object]:
        async with exclusively(plan) as turn:
            yield turn
            reached.set()
            await go.wait()

    monkeypatch.setattr(hub.journal, "exclusively", slowly)
    return reached, go


async def drained_past(hub: LiveHub, room: Room) -> None:
    """Drain for longer than a drain waits; return as soon as the room has ended."""
    hub.plans.begin_drain()
    await asyncio.sleep(0)
    assert not room.ended, "it waits"
    hub.clock.passed += DRAIN_SECONDS_MAX + 1
    while not room.ended:
        await asyncio.sleep(0)


async def many_plans(hub: LiveHub) -> list[str]:
    """Give the hub plans with a goal each and a description rewritten: twice, and too often to be read ahead."""
    plans = [PLAN]
    for rewritten in (2, 2, OPENING_ROWS_MAX + 5):
        plan, entry = an_id(), an_id()
        plans.append(plan)
        await hub.journal.create_plan(plan)
        actor = replace(a_person(), plan_id=plan)
        await hub.plans.perform(plan, actor, Make(GOALS, (entry,), {"description": "More", "voice": an_id()}))
        for number in range(rewritten):
            change = Changing([Assign(GOALS, entry, "due", f"2026-12-{number % 28 + 1:02}")])
            assert isinstance(await hub.plans.perform(plan, actor, change), Done)
    return plans


async def test_many_plans_are_opened_together_as_each_would_be_alone() -> None:
    hub = await a_hub()
    plans = await many_plans(hub)
    alone = [(await hub.plans.content(plan)).sections for plan in plans]
    other = LiveHub(hub.journal, hub.clock)

    together = await other.plans.contents(plans)
    again = await other.plans.contents(plans)

    assert [content.plan_id for content in together] == plans
    assert [content.sections for content in together] == alone == [content.sections for content in again]


class BetweenTimes(FaultyJournal):
    """A journal in which something happens once the openings were read and nothing is opened from them yet."""

    happens: Callable[[], Awaitable[object]] | None = None

    async def openings(self, plans: Sequence[str]) -> Mapping[str, Opening]:
        found: Mapping[str, Opening] = await super().openings(plans)
        happens, self.happens = self.happens, None
        if happens is not None:
            await happens()
        return found


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_what_is_written_while_plans_are_read_ahead_is_not_lost(where: str) -> None:
    first = await a_hub()
    journal = BetweenTimes(first.clock.now)
    journal.__dict__.update(first.journal.__dict__)
    here, elsewhere = LiveHub(journal, first.clock), LiveHub(journal, first.clock)
    entry = an_id()
    writer = here if where == "here" else elsewhere
    make = Make(GOALS, (entry,), {"description": "More", "voice": an_id()})
    journal.happens = lambda: writer.plans.perform(PLAN, a_person(), make)

    (read,) = await here.plans.contents([PLAN])
    later = await here.plans.content(PLAN)

    assert later.value(GOALS, entry, "description") == "More"
    assert (read.value(GOALS, entry, "description") == "More") == (where == "here")
