"""Presence: signed by the hub, shown only where one may read, gone with the socket."""

from typing import Any

import pytest

from auth.roles import Role
from crdt.sections import Section
from hub.live.lines import CloseCode
from tests.hub.builders import ENTRY, LiveHub, Peer, a_hub, settle

pytestmark = pytest.mark.anyio
IN_DESCRIPTION = {"field": f"goals/{ENTRY}/description", "draft": "Wal", "caret": None}


async def two_in_a_hub() -> tuple[LiveHub, Peer, Peer]:
    hub = await a_hub()
    ann, ben = hub.peer(name="Ann"), hub.peer(Role.PRIMARY_CARE, name="Ben")
    await hub.settle()
    return hub, ann, ben


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

    assert ben.presence[-1] == (7, 4, None)
    assert await hub.plans.present(hub.room().plan_id) == []


async def test_a_state_under_somebody_elses_id_is_not_obeyed() -> None:
    hub, ann, ben = await two_in_a_hub()
    ann.present(7, IN_DESCRIPTION)
    await hub.settle()

    ben.present(7, None, clock=9)
    await hub.settle()

    assert last(ann, 7) is None or last(ann, 7)["name"] == "Ann"
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
        ann.present(7, {"field": None, "draft": str(clock), "caret": None}, clock=clock)
        if clock % 50 == 0:
            await hub.beat()
            hub.clock.passed += 0.02
    await hub.settle()

    assert len(ben.line.written) - before <= 5
    assert ben.presence[-1][1] == 500


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
