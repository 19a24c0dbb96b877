"""After any schedule of faults all replicas are equal, nothing typed is lost, and the journal tells the same story."""

import pytest
from prometheus_client import REGISTRY
from pycrdt import Map

from crdt.documents import SectionDocument
from crdt.sections import Section
from crdt.updates import read_state_vector
from hub.live import committer
from hub.record.journal import EMPTY
from tests.hub.builders import PLAN, LiveHub
from tests.simulation.schedules import World, a_world, heal, replayed, run, with_liars

pytestmark = pytest.mark.anyio
STEPS = 400


def plain(document: SectionDocument) -> dict[str, dict[str, object]]:
    return {entry: dict(content.values) for entry, content in document.content().entries.items()}


def words_of(document: SectionDocument) -> str:
    return "".join(str(content["description"]) for content in plain(document).values())


def shown(world: World) -> list[dict[str, dict[str, str]]]:
    shown = []
    for peer in world.peers:
        entries = peer.docs[Section.GOALS].get("entries", type=Map)
        shown.append({entry: {name: str(entries[entry][name]) for name in entries[entry]} for entry in entries})
    return shown


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a snapshot of whatever was edited."""
    monkeypatch.setattr(committer.Committer.keep_snapshots, "__kwdefaults__", {"edits_min": 1})


def counted() -> float:
    """Return how many live sections, and snapshots, were found not to be what their rows give."""
    names = ("careplan_sections_wrong_total", "careplan_snapshots_wrong_total")
    return sum(REGISTRY.get_sample_value(name) or 0 for name in names)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("number", range(8))
async def test_all_replicas_converge_on_what_the_journal_tells(number: int, seed: int) -> None:
    world = await a_world(seed + number)
    before = counted()

    await run(world, STEPS)
    await heal(world)

    pages = shown(world)
    assert all(page == pages[0] for page in pages)
    told = replayed(world)
    clocks = read_state_vector(told.state_vector())
    assert all(read_state_vector(peer.docs[Section.GOALS].get_state()) == clocks for peer in world.peers)
    for hub in world.hubs:
        document = hub.room(PLAN).sections[Section.GOALS].document
        assert plain(document) == plain(told)
        assert read_state_vector(document.state_vector()) == clocks
    texts = words_of(told)
    assert [word for word in world.typed if word not in texts and word not in world.deleted] == []
    assert [word for word in world.deleted if word in texts] == []
    assert all(peer.saved for peer in world.peers)
    assert counted() == before, "no document ever held what its rows do not give"


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("number", range(8))
async def test_whoever_lies_there_is_one_truth_and_nobody_is_told_saved_of_anything_else(
    number: int, seed: int
) -> None:
    world = await a_world(seed + number)
    await with_liars(world)
    before = counted()

    await run(world, STEPS)
    await heal(world)

    told = replayed(world)
    texts, pages = words_of(told), shown(world)
    fresh = LiveHub(world.hubs[0].journal, world.hubs[0].clock)
    await fresh.plans.content(PLAN)
    for hub in (*world.hubs, fresh):
        assert plain(hub.room(PLAN).sections[Section.GOALS].document) == plain(told)
    assert all(page == pages[0] for page in pages)
    assert [word for word in world.typed if word not in texts and word not in world.deleted] == []
    assert all(peer.saved for peer in world.peers if peer not in world.liars)
    assert {row.event for row in world.hubs[0].journal.rows(PLAN) if row.outcome == "refused"} <= {"differs", "clock"}
    assert counted() == before


@pytest.mark.parametrize("number", range(3))
async def test_no_honest_page_is_refused_and_the_chain_has_no_gap(number: int, seed: int) -> None:
    world = await a_world(seed + number)

    await run(world, STEPS)
    await heal(world)

    rows = world.hubs[0].journal.rows(PLAN)
    assert [row.reason for row in rows if row.outcome == "refused"] == []
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [row.prev_hash for row in rows] == [EMPTY.hash, *(row.hash for row in rows[:-1])]


async def test_every_edit_stands_under_the_person_who_made_it(seed: int) -> None:
    world = await a_world(seed)

    await run(world, STEPS)
    await heal(world)

    for peer in world.peers:
        client = peer.docs[Section.GOALS].client_id
        owners = {hub.room(PLAN).sections[Section.GOALS].clients.get(client) for hub in world.hubs}
        assert owners <= {peer.participant.person_id, None}
