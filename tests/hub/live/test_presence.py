"""Presence: signed by the hub, shown only where one may read, gone with the socket."""

import json
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from pycrdt import Awareness, Doc

from auth.roles import Role
from crdt.sections import Section
from hub.live.lines import CloseCode
from hub.live.presence import Presences
from tests.harness import browsers
from tests.hub.builders import START, LiveHub, a_hub, settle, two_in_a_hub
from tests.hub.peers import ENTRY, Peer

pytestmark = pytest.mark.anyio
IN_DESCRIPTION = {"field": f"goals/{ENTRY}/description", "draft": "Wal", "caret": None}


def last(peer: Peer, client: int) -> Any:
    return [state for at, _, state in peer.presence if at == client][-1]


async def test_the_hub_writes_who_it_is_whatever_the_page_says() -> None:
    hub, ann, ben = await two_in_a_hub()

    ann.present(7, {**IN_DESCRIPTION, "name": "Dr. Ruiz", "person": "someone", "role": "admin"})
    await hub.settle()

    state = last(ben, 7)
    assert (state["person"], state["name"], state["role"]) == (ann.participant.person_id, "Ann", "care_manager")
    assert (state["field"], state["draft"]) == (IN_DESCRIPTION["field"], "Wal")


async def test_a_reader_without_the_section_sees_who_is_here_but_not_where() -> None:
    hub, ann, _ = await two_in_a_hub()
    daughter = hub.peer(Role.FAMILY)
    await hub.settle()

    ann.present(7, IN_DESCRIPTION)
    await hub.settle()

    state = last(daughter, 7)
    assert state["name"] == "Ann"
    assert (state["field"], state["draft"], state["caret"]) == (None, None, None)


async def test_nobody_appears_in_a_section_that_they_may_not_read() -> None:
    hub, _, ben = await two_in_a_hub()
    patient = hub.peer(Role.PATIENT)
    await hub.settle()

    patient.present(8, {"field": f"staff_notes/{ENTRY}/words", "draft": "x", "caret": None})
    await hub.settle()

    assert last(ben, 8)["field"] is None


async def test_a_joiner_hears_who_was_here_before() -> None:
    hub, ann, _ = await two_in_a_hub()
    ann.present(7, IN_DESCRIPTION)
    await hub.settle()

    late = hub.peer(Role.PRIMARY_CARE)
    await hub.settle()

    assert last(late, 7)["name"] == "Ann"
    assert last(late, 7)["field"] == IN_DESCRIPTION["field"]


async def test_who_leaves_is_taken_out_at_once() -> None:
    hub, ann, ben = await two_in_a_hub()
    ann.present(7, IN_DESCRIPTION, clock=3)
    await hub.settle()

    ann.disconnect()
    await hub.settle()

    (*_, (_, here, _)), (client, clock, state) = ben.presence[:-1], ben.presence[-1]
    assert (client, state) == (7, None)
    assert clock > here
    assert await hub.plans.present(hub.room().plan_id) == []


async def test_a_state_under_somebody_elses_id_is_not_obeyed() -> None:
    hub, ann, ben = await two_in_a_hub()
    third = hub.peer(Role.PRIMARY_CARE)
    ann.present(7, IN_DESCRIPTION)
    await hub.settle()

    ben.present(7, None, clock=9)
    await hub.settle()

    assert last(third, 7)["name"] == "Ann"
    assert [each.name for each in await hub.plans.present(hub.room().plan_id)] == ["Ann"]


async def test_the_same_person_takes_a_half_dead_sockets_place() -> None:
    hub, ann, ben = await two_in_a_hub()
    ann.present(7, IN_DESCRIPTION)
    await hub.settle()
    again = hub.page(ann.participant)
    await hub.settle()

    again.present(7, {"field": None, "draft": None, "caret": None}, clock=2)
    await hub.settle()
    ann.disconnect()
    await hub.settle()

    assert last(ben, 7)["name"] == "Ann"


@pytest.mark.parametrize(
    "state",
    [{"field": 5}, {"field": "goals/" + "x" * 300}, {"caret": "abc"}, [1], {"caret": {"item": {"client": "x"}}}],
)
async def test_a_broken_state_closes_its_sender_alone(state: Any) -> None:
    hub, ann, ben = await two_in_a_hub()

    ann.present(7, state)
    await hub.settle()

    assert ann.line.closed is not None
    assert ann.line.closed[0] == CloseCode.BAD_FRAME
    assert ben.line.closed is None


async def test_a_flood_of_presence_goes_out_ten_times_a_second() -> None:
    hub, ann, ben = await two_in_a_hub()
    before = len(ben.line.written)

    for clock in range(1, 501):
        ann.present(7, {**IN_DESCRIPTION, "draft": str(clock)}, clock=clock)
        if clock % 50 == 0:
            await hub.beat()
            hub.clock.passed += 0.02
    await hub.settle()

    assert len(ben.line.written) - before <= 5
    assert last(ben, 7)["draft"] == "500"


async def test_people_at_another_process_are_here_too_and_expire_when_it_dies() -> None:
    first = await a_hub()
    second = LiveHub(first.journal, first.clock, first.bus.another())
    ann, ben = first.peer(name="Ann"), second.peer(Role.PRIMARY_CARE)
    await settle([first, second])

    ann.present(7, IN_DESCRIPTION)
    await settle([first, second])
    here = last(ben, 7)
    first.bus.listen(lambda note: None)
    first.bus._peers.remove(first.bus)
    first.clock.passed += 60
    await second.plans.poll()
    await settle([second])

    assert here["name"] == "Ann"
    assert here["field"] == IN_DESCRIPTION["field"]
    assert last(ben, 7) is None


async def test_a_process_that_opens_a_plan_asks_who_is_there() -> None:
    first = await a_hub()
    second = LiveHub(first.journal, first.clock, first.bus.another())
    ann = first.peer(name="Ann")
    await settle([first])
    ann.present(7, IN_DESCRIPTION)
    await settle([first])

    ben = second.peer(Role.PRIMARY_CARE, Section.GOALS)
    await settle([first, second])

    assert last(ben, 7)["name"] == "Ann"


STOCK = """
import { Awareness, applyAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness"
import * as Y from "yjs"
const awareness = new Awareness(new Y.Doc())
for (const told of JSON.parse(process.argv[1])) {
  if (told === null) removeAwarenessStates(awareness, [...awareness.getStates().keys()], "the line was lost")
  else applyAwarenessUpdate(awareness, Uint8Array.from(told), "hub")
}
process.stdout.write(JSON.stringify(Object.fromEntries(awareness.getStates())))
process.exit(0)
"""
"""What a page of y-protocols shows after these updates; ``null`` is a line that was lost, as the provider takes it."""


def of_pycrdt(told: list[bytes | None]) -> dict[int, Any]:
    awareness = Awareness(Doc(client_id=1))
    for update in told:
        if update is None:
            awareness.remove_awareness_states(list(awareness.states), "the line was lost")
        else:
            awareness.apply_awareness_update(update, "hub")
    return {client: state for client, state in awareness.states.items() if client != 1}


def of_yjs(told: list[bytes | None]) -> dict[int, Any]:
    browsers.packages()
    given = json.dumps([None if update is None else list(update) for update in told])
    command = [str(browsers.node()), "--input-type=module", "--eval", STOCK, given]
    done = subprocess.run(command, cwd=browsers.ROOT, capture_output=True, text=True, check=True)
    shown = {int(client): state for client, state in json.loads(done.stdout).items()}
    return {client: state for client, state in shown.items() if "person" in state}


STOCK_PAGES = [of_pycrdt, pytest.param(of_yjs, marks=pytest.mark.slow)]


async def six_in_fields() -> tuple[LiveHub, list[Peer]]:
    hub = await a_hub()
    here = [hub.peer(Role.PRIMARY_CARE, name=f"Person {index}") for index in range(6)]
    await hub.settle()
    for index, each in enumerate(here):
        each.present(100 + index, {**IN_DESCRIPTION, "draft": str(index)})
    await hub.settle()
    return hub, here


def fields_of(shown: dict[int, Any]) -> dict[int, str | None]:
    return {client: state["field"] for client, state in shown.items()}


@pytest.mark.parametrize("stock", STOCK_PAGES)
async def test_whoever_opens_a_page_sees_which_field_each_of_the_others_is_in(stock: Any) -> None:
    hub, _ = await six_in_fields()

    late = hub.peer(Role.PRIMARY_CARE)
    await hub.settle()

    assert fields_of(stock(late.awareness)) == {100 + index: IN_DESCRIPTION["field"] for index in range(6)}


@pytest.mark.parametrize("stock", STOCK_PAGES)
async def test_whoever_opens_a_section_later_sees_who_was_in_it_before(stock: Any) -> None:
    hub, _ = await six_in_fields()
    late = hub.peer(Role.PRIMARY_CARE, Section.MEDICATIONS)
    await hub.settle()
    before = fields_of(stock(late.awareness))

    late.sections = (Section.MEDICATIONS, Section.GOALS)
    late.docs[Section.GOALS] = Doc(client_id=999_999)
    late.join(Section.GOALS)
    await hub.settle()

    assert set(before.values()) == {None}
    assert fields_of(stock(late.awareness)) == {100 + index: IN_DESCRIPTION["field"] for index in range(6)}


@pytest.mark.parametrize("stock", STOCK_PAGES)
async def test_a_page_whose_line_was_lost_sees_all_who_are_still_there_once_it_is_back(stock: Any) -> None:
    hub, here = await six_in_fields()
    page = hub.peer(Role.PRIMARY_CARE)
    await hub.settle()
    told: list[bytes | None] = [*page.awareness, None]
    page.disconnect()
    here[0].disconnect()
    page.awareness.clear()

    page.connect(hub.plans)
    await hub.settle()

    assert fields_of(stock([*told, *page.awareness])) == {100 + index: IN_DESCRIPTION["field"] for index in range(1, 6)}


async def test_every_state_that_is_told_has_a_higher_clock_than_the_one_before() -> None:
    hub, here = await six_in_fields()
    late = hub.peer(Role.PRIMARY_CARE, name="Late")
    await hub.settle()
    for draft in ("a", "ab", "abc"):
        here[0].present(100, {**IN_DESCRIPTION, "draft": draft})  # A page may well say one clock twice.
        await hub.settle()

    told = [clock for client, clock, _ in late.presence if client == 100]

    assert told == sorted(set(told))
    assert last(late, 100)["draft"] == "abc"
    assert max(told) < 1 << 32


async def test_nobody_is_told_of_themselves() -> None:
    hub, here = await six_in_fields()
    hub.peer(Role.PRIMARY_CARE)
    await hub.settle()

    for index, each in enumerate(here):
        assert 100 + index not in [client for client, _, _ in each.presence]


@pytest.mark.parametrize("stock", STOCK_PAGES)
async def test_a_page_that_did_not_read_sees_who_came_moved_and_went_meanwhile(stock: Any) -> None:
    hub, here = await six_in_fields()
    slow, quiet = hub.peer(Role.PRIMARY_CARE, name="Slow"), hub.peer(Role.PRIMARY_CARE, name="Quiet")
    await hub.settle()
    slow.line.paused = True
    told = len(slow.awareness)

    here[0].disconnect()
    await hub.settle()
    here[1].present(101, {"field": None, "draft": None, "caret": None})
    quiet.present(200, IN_DESCRIPTION)
    await hub.settle()
    while_paused = slow.awareness[told:]
    slow.line.paused = False
    assert slow.place is not None
    slow.place[0].resumed(slow.place[1])
    await hub.settle()

    shown = fields_of(stock(slow.awareness))
    assert while_paused == []
    assert shown == {101: None} | dict.fromkeys((102, 103, 104, 105, 200), IN_DESCRIPTION["field"])


def test_what_is_told_within_one_moment_has_a_higher_clock_each_time_and_goes_on_at_another_process() -> None:
    here, elsewhere = Presences(), Presences()

    clocks = [here.tell_clock(START) for _ in range(5)]

    assert clocks == sorted(set(clocks))
    assert elsewhere.tell_clock(START + timedelta(seconds=1)) > clocks[-1]
