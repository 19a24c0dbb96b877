"""Two values of one field, neither seen by the other's writer: one stands, the other is kept for both to see."""

import pytest

from auth.roles import Role
from crdt.contents import Record
from crdt.sections import Section
from hub.record.journal import Action
from tests.hub.builders import ENTRY, PLAN, LiveHub, Peer, a_hub, settle

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


def kept(hub: LiveHub) -> list[Record]:
    return list(hub.room().sections[GOALS].document.content().suggestions.values())


def value(hub: LiveHub, name: str) -> object:
    return (hub.room().sections[GOALS].document.values(ENTRY) or {})[name]


async def two_pages(hub: LiveHub, *, turned: bool) -> tuple[Peer, Peer]:
    """Return two pages in sync, the one with the lower client id first, or last: Yjs decides by it."""
    pages = hub.peer(Role.CARE_MANAGER), hub.peer(Role.PRIMARY_CARE)
    await hub.settle()
    return (pages[1], pages[0]) if turned else pages


async def away_and_back(hub: LiveHub, page: Peer, *, there: Peer, says: str, meanwhile: str) -> None:
    page.disconnect()
    await hub.settle()
    page.set("unit", "typed first")
    page.set("unit", says)
    there.set("unit", meanwhile)
    await hub.settle()
    page.connect(hub.plans)
    await hub.settle()


@pytest.mark.parametrize("turned", [False, True])
async def test_an_edit_made_offline_beside_a_newer_one_keeps_the_value_that_does_not_stand(turned: bool) -> None:
    hub = await a_hub()
    offline, there = await two_pages(hub, turned=turned)

    await away_and_back(hub, offline, there=there, says="15 mg", meanwhile="30 mg")

    stands = value(hub, "unit")
    assert stands in ("15 mg", "30 mg")
    (record,) = kept(hub)
    writers = {"15 mg": offline.participant.person_id, "30 mg": there.participant.person_id}
    assert record["value"] == ('"30 mg"' if stands == "15 mg" else '"15 mg"')
    assert (record["proposer"], record["beside"]) == (writers[str(record["value"])[1:-1]], writers[str(stands)])
    assert (record["entry"], record["field"], record["state"]) == (ENTRY, "unit", "open")
    assert offline.value("unit") == there.value("unit") == stands


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("says", "meanwhile"), [("", "30 mg"), ("15 mg", "")])
async def test_who_empties_a_field_beside_another_who_fills_it_crosses_too(
    turned: bool, says: str, meanwhile: str
) -> None:
    hub = await a_hub()
    offline, there = await two_pages(hub, turned=turned)

    await away_and_back(hub, offline, there=there, says=says, meanwhile=meanwhile)

    (record,) = kept(hub)
    assert {f'"{value(hub, "unit")}"', record["value"]} == {f'"{says}"', f'"{meanwhile}"'}


async def test_the_value_is_kept_in_the_commit_of_the_edit_and_is_told_from_the_journal_alone() -> None:
    hub = await a_hub()
    offline, there = await two_pages(hub, turned=False)

    await away_and_back(hub, offline, there=there, says="15 mg", meanwhile="30 mg")

    edit, keeping = [row for row in hub.journal.rows() if row.update is not None][-2:]
    assert (edit.action, edit.actor) == (Action.EDIT, offline.participant.person_id)
    assert (keeping.action, keeping.actor, keeping.event) == (Action.COMMAND, "", "edit.crossed")
    assert (keeping.section, keeping.entry, keeping.field) == (GOALS, ENTRY, "unit")
    fresh = await LiveHub(hub.journal.beside(), hub.clock).plans.content(PLAN)
    assert [dict(each) for each in fresh.sections[GOALS].suggestions.values()] == [dict(each) for each in kept(hub)]


async def test_of_one_who_crosses_twice_the_last_value_is_kept_once() -> None:
    hub = await a_hub()
    one, other = await two_pages(hub, turned=False)

    await away_and_back(hub, one, there=other, says="15 mg", meanwhile="30 mg")
    await away_and_back(hub, one, there=other, says="16 mg", meanwhile="31 mg")

    assert len(kept(hub)) == 1
    assert kept(hub)[0]["value"] != f'"{value(hub, "unit")}"'


@pytest.mark.parametrize("turned", [False, True])
async def test_nothing_crosses_in_different_fields_in_texts_in_equal_values_or_with_oneself(turned: bool) -> None:
    hub = await a_hub()
    offline, there = await two_pages(hub, turned=turned)
    mine = hub.page(offline.participant)
    await hub.settle()

    offline.disconnect()
    offline.set("unit", "15 mg")
    offline.write("first ")
    offline.set("measure", "weight")
    there.set("target_low", 72.0)
    there.write("second ")
    there.set("measure", "weight")
    mine.set("unit", "30 mg")
    await hub.settle()
    offline.connect(hub.plans)
    await hub.settle()

    assert kept(hub) == []
    assert set(offline.text().split()) >= {"first", "second"}


async def test_who_has_seen_a_value_may_change_it_and_nothing_crosses() -> None:
    hub = await a_hub()
    one, other = await two_pages(hub, turned=False)

    for page, says in ((one, "15 mg"), (other, "30 mg"), (one, "20 mg")):
        page.set("unit", says)
        await hub.settle()

    assert kept(hub) == []


@pytest.mark.parametrize("turned", [False, True])
async def test_values_of_two_processes_that_had_not_heard_of_each_other_cross_too(turned: bool) -> None:
    first = await a_hub()
    second = LiveHub(first.journal.beside(), first.clock, first.bus.another())
    for hub in (first, second):
        hub.bus.listen(lambda note: None)
    here, there = (second.peer(), first.peer()) if turned else (first.peer(), second.peer())
    await settle([first, second])

    here.set("unit", "4 mg")
    there.set("unit", "40 mg")
    await first.beat()
    await second.beat()
    await settle([first, second])
    for hub in (first, second):
        await hub.plans.poll()
    await settle([first, second])

    stands = value(first, "unit")
    assert stands == value(second, "unit") == here.value("unit") == there.value("unit")
    (record,) = kept(second)
    assert kept(first) == [record]
    assert record["value"] == ('"40 mg"' if stands == "4 mg" else '"4 mg"')
    assert {record["proposer"], record["beside"]} == {here.participant.person_id, there.participant.person_id}
