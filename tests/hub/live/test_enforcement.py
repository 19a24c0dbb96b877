"""Access that ends, ends now: at open sockets, at the next write, at other processes, and where nobody told."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from auth.roles import Narrowing, Role
from crdt.sections import Section
from hub.live.lines import CloseCode
from tests.hub.builders import PLAN, LiveHub, a_hub, a_person

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


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
    monkeypatch.setattr("hub.live.enforcement.POLL_SECONDS", 0.01)
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
