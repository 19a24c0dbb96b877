"""A snapshot is kept only as what its rows give; a document that has gone another way is found and loaded anew."""

import asyncio
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from crdt.documents import SectionDocument
from crdt.sections import Section
from hub.live import committer
from hub.live.lines import CloseCode
from hub.record.folding import digest_of, folded, is_same
from hub.record.journal import Snapshot
from tests.hub.builders import PLAN, LiveHub, a_hub
from tests.hub.peers import ENTRY, Peer

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a snapshot after every edit, on this thread: another takes its time on a busy machine."""
    monkeypatch.setattr(committer.Committer.keep_snapshots, "__kwdefaults__", {"edits_min": 1})
    monkeypatch.setattr(asyncio, "to_thread", at_once)


async def at_once(work: Callable[[], object]) -> object:
    return work()


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(f"careplan_{name}_wrong_total") or 0.0


async def a_page() -> tuple[LiveHub, Peer]:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()
    return hub, page


async def kept(hub: LiveHub) -> Snapshot:
    kept: Snapshot = (await hub.journal.snapshots(PLAN, [GOALS]))[GOALS]
    return kept


def unit(snapshot: Snapshot) -> object:
    values = SectionDocument(GOALS, snapshot.state).values(ENTRY)
    assert values is not None
    return values["unit"]


async def test_what_is_kept_is_what_the_rows_give_and_grows_from_what_was_kept_before() -> None:
    hub, page = await a_page()

    page.set("unit", "kg")
    await hub.settle()
    first = await kept(hub)
    page.set("unit", "km")
    page.write("More ")
    await hub.settle()

    second = await kept(hub)
    steps = await hub.journal.steps(PLAN, [GOALS], upto=second.seq)
    assert first.seq < second.seq == hub.room().head.seq
    assert (unit(first), unit(second)) == ("kg", "km")
    assert is_same(second, folded(GOALS, None, steps, second.seq))
    assert second.clients == hub.room().sections[GOALS].clients


async def test_a_document_that_holds_what_stands_in_no_row_is_found_and_neither_kept_nor_shown_on() -> None:
    hub, page = await a_page()
    stray = Peer(page.participant)
    stray.docs[GOALS].apply_update(page.docs[GOALS].get_update())
    update = stray.edit(GOALS, lambda entries: entries[ENTRY].update({"unit": "40 mg"}), send=False)
    hub.room().sections[GOALS].document.replay(update)
    wrong = counted("sections")

    page.write("Now ")
    await hub.settle()

    assert counted("sections") == wrong + 1
    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.BUSY
    assert unit(await kept(hub)) is None
    page.connect(hub.plans)
    await hub.settle()
    values = hub.room().sections[GOALS].document.values(ENTRY)
    assert values is not None
    assert (values["unit"], values["description"]) == (None, "Now Walk to the shop")


async def test_a_snapshot_that_does_not_give_what_the_whole_journal_does_is_thrown_away_and_the_section_stays() -> None:
    hub, page = await a_page()
    page.set("unit", "kg")
    await hub.settle()
    good = await kept(hub)
    other = SectionDocument(GOALS, good.state)
    stray = Peer(page.participant)
    stray.docs[GOALS].apply_update(good.state)
    other.replay(stray.edit(GOALS, lambda entries: entries[ENTRY].update({"unit": "40 mg"}), send=False))
    await hub.journal.drop_snapshot(PLAN, good)
    await hub.journal.keep_snapshot(PLAN, Snapshot(GOALS, good.seq, other.state(), good.clients))
    wrong = counted("snapshots")

    page.write("Now ")
    await hub.settle()

    assert counted("snapshots") == wrong + 1
    assert page.line.closed is None
    assert page.saved
    assert unit(await kept(hub)) == "kg"


async def test_who_owns_which_client_id_is_part_of_what_is_compared() -> None:
    hub, page = await a_page()
    hub.room().sections[GOALS].clients[page.docs[GOALS].client_id] = "someone else"
    hub.room().sections[GOALS].clients[4_711] = page.participant.person_id
    wrong = counted("sections")

    stray = hub.peer()
    await hub.settle()
    stray.write("Now ")
    await hub.settle()

    assert counted("sections") == wrong + 1
    assert 4_711 not in (await kept(hub)).clients


@pytest.mark.parametrize("changed", ["plan", "section", "seq", "state", "clients", "row"])
def test_everything_a_snapshot_says_is_in_its_digest(changed: str) -> None:
    said = Snapshot(GOALS, 3, b"state", {7: "ana", 8: "ben"})
    other = {
        "section": Snapshot(Section.TASKS, 3, b"state", {7: "ana", 8: "ben"}),
        "seq": Snapshot(GOALS, 4, b"state", {7: "ana", 8: "ben"}),
        "state": Snapshot(GOALS, 3, b"stats", {7: "ana", 8: "ben"}),
        "clients": Snapshot(GOALS, 3, b"state", {7: "ben", 8: "ana"}),
    }.get(changed, said)
    plan, row = ("q" if changed == "plan" else "p"), (b"2" if changed == "row" else b"1")

    assert digest_of("p", said, b"1") == digest_of("p", Snapshot(GOALS, 3, b"state", {8: "ben", 7: "ana"}), b"1")
    assert digest_of(plan, other, row) != digest_of("p", said, b"1")
