"""The live plans as pages and sockets use them: commands, rows, limits, and access that ends at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from auth.roles import Narrowing, Role
from crdt.changes import Assign, Create
from crdt.sections import Section
from hub.commands import Done, Refusal, Refused
from hub.ids import HUB
from hub.journal import OPENING_ROWS_MAX, Act, Action, JournalAwayError, Opening
from hub.lines import CloseCode
from hub.plans import SOCKETS_PER_PERSON_AND_PLAN_MAX, SOCKETS_PER_PERSON_MAX
from tests.hub.live import PLAN, Changing, FaultyJournal, LiveHub, Make, a_hub, a_person, an_id, settle

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


class Unauthorised(Changing):
    """The room decides on every change."""

    name = "entry.create"
    authorises = False


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


async def test_the_room_decides_on_every_change_of_a_command_that_does_not() -> None:
    hub = await a_hub()
    create = Unauthorised([Create(GOALS, an_id(), {"description": "More", "voice": an_id()})])

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

    monkeypatch.setattr("hub.journal_memory.MemoryTurn.append", gone)
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


async def test_a_person_whose_membership_ends_is_out_at_once() -> None:
    hub = await a_hub()
    page, other = hub.peer(), hub.peer()
    await hub.settle()

    del hub.gatekeeper.members[page.participant.person_id]
    hub.plans.access_changed(PLAN)
    await hub.settle()
    other.write("SECRET")
    await hub.settle()

    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.ACCESS_ENDED
    assert page.notices[-1]["kind"] == "ended"
    assert b"SECRET" not in b"".join(page.line.written)


async def test_a_section_that_consent_hides_is_lost_at_once_and_nothing_more_of_it_is_sent() -> None:
    hub = await a_hub()
    page, other = hub.peer(Role.PRIMARY_CARE), hub.peer()
    await hub.settle()
    person = page.participant
    hub.gatekeeper.members[person.person_id] = replace(person, consents={GOALS: Narrowing("none")})

    hub.plans.access_changed(PLAN)
    await hub.settle()
    page.write("no")
    other.write("SECRET")
    await hub.settle()

    assert GOALS in page.ended
    assert page.line.closed is None
    assert b"SECRET" not in b"".join(page.line.written)
    assert {"kind": "access", "sections": ["goals"]} in page.notices
    assert not any(row.actor == person.person_id and row.update for row in hub.journal.rows())


async def test_a_changed_access_counts_for_the_very_next_write() -> None:
    hub = await a_hub()
    page = hub.peer(Role.PRIMARY_CARE)
    await hub.settle()
    page.write("a")
    await hub.settle()
    person = page.participant
    hub.gatekeeper.members[person.person_id] = replace(person, consents={GOALS: Narrowing("read")})

    hub.plans.access_changed(PLAN)
    await hub.settle()
    page.write("b")
    await hub.settle()

    assert [notice["code"] for notice in page.notices if notice["kind"] == "refused"] == ["grant"]


async def test_an_end_date_counts_without_anyone_saying_so() -> None:
    hub = await a_hub()
    page = hub.page(replace(a_person(Role.PRIMARY_CARE), ends=hub.clock.now() + timedelta(seconds=30)))
    await hub.settle()
    hub.clock.passed += 40

    await hub.plans.poll()
    await hub.settle()

    assert GOALS in page.ended


async def test_a_session_that_ends_closes_its_sockets_here_and_elsewhere() -> None:
    first = await a_hub()
    second = LiveHub(first.journal, first.clock, first.bus.another())
    person = a_person()
    pages = [first.page(person), second.page(person)]
    await first.settle()
    await second.settle()

    first.plans.sessions_ended([person.session_id])
    for page in pages:
        page.read()

    assert [page.line.closed[0] for page in pages if page.line.closed] == [CloseCode.SIGN_IN, CloseCode.SIGN_IN]


async def test_the_poll_finds_what_nobody_told() -> None:
    hub = await a_hub()
    page, signed_out = hub.peer(), hub.peer()
    await hub.settle()
    await hub.plans.poll()

    del hub.gatekeeper.members[page.participant.person_id]
    hub.gatekeeper.version += 1
    hub.gatekeeper.ended.add(signed_out.participant.session_id)
    await hub.plans.poll()
    await hub.settle()

    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.ACCESS_ENDED
    assert signed_out.line.closed is not None
    assert signed_out.line.closed[0] == CloseCode.SIGN_IN


async def test_a_deaf_process_closes_its_sockets_and_loses_nobody_s_words() -> None:
    hub = await a_hub()
    ann, ben = hub.peer(), hub.peer()
    await hub.settle()
    await hub.plans.poll()
    hub.gatekeeper.away = True
    hub.journal.away = True
    ann.write("x")
    await hub.settle()

    hub.clock.passed += 6
    await hub.plans.poll()
    ann.present(7, {"field": None, "draft": None, "caret": None})
    ann.write("y")
    await hub.settle()
    deaf = (ben.text(), list(ben.presence), ann.saved, hub.plans.counts().storage_away)
    codes = {each.line.closed[0] for each in (ann, ben) if each.line.closed}
    hub.gatekeeper.away = hub.journal.away = False
    await hub.plans.poll()
    await hub.settle()
    for each in (ann, ben):
        each.connect(hub.plans)
    await hub.settle()

    assert deaf == ("Walk to the shop", [], False, True)
    assert codes == {CloseCode.STORAGE_AWAY}
    assert sorted(ben.text()) == sorted(ann.text()) == sorted("xyWalk to the shop")
    assert ann.saved


async def test_a_store_that_keeps_one_waiting_is_as_deaf_as_one_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = await a_hub()
    ann = hub.peer()
    await hub.settle()
    await hub.plans.poll()
    monkeypatch.setattr("hub.enforcement.POLL_SECONDS", 0.01)
    monkeypatch.setattr(hub.plans.enforcement, "poll", asyncio.Event().wait)

    hub.clock.passed += 5
    await hub.plans.poll()

    assert ann.line.closed is not None
    assert ann.line.closed[0] == CloseCode.STORAGE_AWAY


async def test_before_five_seconds_of_silence_nobody_is_turned_out() -> None:
    hub = await a_hub()
    ann = hub.peer()
    await hub.settle()
    await hub.plans.poll()
    hub.gatekeeper.away = True

    hub.clock.passed += 4
    await hub.plans.poll()

    assert ann.line.closed is None
    assert 1 <= hub.plans.enforcement.patience <= 2


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
