"""Who hears what: nobody whose access went, nobody of what they may not read; and what waits in a room is bounded."""

import asyncio
from dataclasses import replace

import pytest

from auth.roles import Narrowing, Role
from crdt.changes import Annotate, Root
from crdt.sections import Section
from hub.live import inboxes
from hub.live.commands import Done
from hub.live.lines import CloseCode
from tests.hub.builders import PLAN, Changing, a_hub, a_person, an_id
from tests.hub.peers import ENTRY

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


async def test_who_lost_a_section_while_a_commit_was_under_way_is_not_sent_what_it_committed() -> None:
    hub = await a_hub()
    page, other = hub.peer(Role.PRIMARY_CARE), hub.peer()
    await hub.settle()
    hub.clock.passed += 1
    hub.journal.hold = asyncio.Event()
    other.write("SECRET")
    beat = asyncio.create_task(hub.beat())
    await asyncio.sleep(0)

    person = page.participant
    hub.gatekeeper.members[person.person_id] = replace(person, consents={GOALS: Narrowing("none")})
    await hub.plans.enforcement.reassess(PLAN)
    hub.journal.hold.set()
    await beat
    await hub.settle()

    assert other.saved
    assert b"SECRET" not in b"".join(page.line.written)


async def test_of_what_has_no_entry_only_those_hear_who_may_read_the_section() -> None:
    hub = await a_hub()
    hidden = hub.page(replace(a_person(Role.PRIMARY_CARE), consents={GOALS: Narrowing("none")}), Section.TASKS)
    reader = hub.page(a_person(Role.SOCIAL_WORKER), Section.TASKS)
    await hub.settle()
    before = [len(page.notices) for page in (hidden, reader)]

    author = a_person()
    said = Annotate(GOALS, Root.COMMENTS, an_id(), {"entry": ENTRY, "words": "x", "author": author.person_id})
    assert isinstance(await hub.plans.perform(PLAN, author, Changing([said])), Done)
    await hub.settle()

    told = [page.notices[start:] for page, start in zip((hidden, reader), before, strict=True)]
    assert [[notice["section"] for notice in each if notice["kind"] == "changed"] for each in told] == [[], ["goals"]]


async def test_what_waits_in_a_room_in_all_is_bounded_and_who_goes_beyond_comes_back_with_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = await a_hub()
    first, second = hub.peer(), hub.peer(Role.PRIMARY_CARE)
    await hub.settle()
    monkeypatch.setattr(inboxes, "ROOM_INBOX_BYTES_MAX", 3_000)

    first.write("a" * 2_000)
    second.write("b" * 2_000)
    second.read()

    assert first.line.closed is None
    assert second.line.closed is None or second.line.closed[0] == CloseCode.BUSY
    assert second.place is None
    await hub.settle()
    second.connect(hub.plans)
    await hub.settle()
    assert first.saved
    assert second.saved
    assert sorted(set(first.text())) == sorted(set(second.text()))
    assert {"a", "b"} <= set(first.text())
