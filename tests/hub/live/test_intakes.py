"""Long answers: whatever somebody typed while away, and whatever a section has become, is taken in beat by beat."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pycrdt import Map

from auth.roles import Role
from crdt.documents import SectionDocument
from crdt.frames import FRAME_BYTES_MAX, FrameKind
from crdt.sections import Section
from crdt.updates import FRESH_DELETE_RANGES_MAX, FROM_JOURNAL, STRING, read_update
from hub.fuzz.writing import a_struct, written
from hub.live import committer, inboxes
from hub.live.open_sections import OpenSection
from hub.record.journal import Act, Action, Batch
from tests.hub.builders import PLAN, LiveHub, a_hub, a_person, an_id
from tests.hub.peers import ENTRY, Peer

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS
LETTERS_A_WORD = 5
SENTENCE = "The knee is stiff in the morning and better after the walk. "


def type_away(peer: Peer, keys: int, *, takes_back: int = 20) -> None:
    """Type that many keys with the line down; every so many of them is a slip that is taken back."""
    text = peer.docs[GOALS].get("entries", type=Map)[ENTRY]["description"]
    for key in range(keys):
        if key % takes_back == takes_back - 1:
            text.insert(key, "q")
            del text[key : key + 1]
        text.insert(key, SENTENCE[key % len(SENTENCE)])


async def a_long_past(hub: LiveHub, entries: Sequence[str], *, clients: int, corrections: int) -> None:
    """Let so many pages have typed in the descriptions of these goals, one after the other, with so many slips each."""
    document = SectionDocument(GOALS)
    for row in hub.journal.edits():
        assert row.update is not None
        document.replay(row.update)
    texts = {each.entry: each.struct for each in document._index.containers.values() if each.name == "description"}
    head = (await hub.journal.heads([PLAN]))[PLAN]
    acts = []
    for client in range(clients):
        typed = a_struct(STRING, 0, "xq" * corrections, parent=texts[entries[client % len(entries)]])
        slips = [(client + 1, 2 * at + 1, 2 * at + 2) for at in range(corrections)]
        update = written(client + 1, [typed], slips)
        acts.append(Act(plan=PLAN, actor=an_id(), action=Action.EDIT, section=GOALS, update=update))
    await hub.journal.append([Batch(PLAN, head, tuple(acts))])


async def settled(hub: LiveHub, peer: Peer) -> int:
    """Settle, and return how many beats it took."""
    for beats in range(2_000):
        await hub.settle(1)
        if peer.saved and not hub.room()._inbox:
            await hub.settle()
            return beats
    raise AssertionError("it never settled")


def edit(peer: Peer, change: Callable[[Any], None]) -> bytes:
    """Send a change as providers do: what it did alone, without what was deleted long ago."""
    doc, updates = peer.docs[GOALS], []
    subscription = doc.observe(lambda event: updates.append(event.update))
    with doc.transaction():
        change(doc.get("entries", type=Map))
    doc.unobserve(subscription)
    (update,) = updates
    peer.unsaved[GOALS] += 1
    peer.say(GOALS, FrameKind.UPDATE, update)
    return bytes(update)


async def until_taken_in(hub: LiveHub, peer: Peer) -> None:
    """Settle until an answer of this page is being taken in."""
    for _ in range(40):
        await hub.settle(1)
        assert peer.place is not None
        reading = peer.place[1].readings.get(GOALS)
        if reading is not None and reading.intake is not None:
            return
    raise AssertionError("nothing is taken in")


@pytest.mark.parametrize(("words_a_minute", "takes_back"), [(60, 20), (45, 8)])
async def test_an_hour_of_typing_away_from_the_line_is_saved_when_it_is_back(
    words_a_minute: int, takes_back: int
) -> None:
    hub = await a_hub()
    ann = hub.peer(name="Ann")
    await hub.settle()
    ann.disconnect()
    type_away(ann, words_a_minute * LETTERS_A_WORD * 60, takes_back=takes_back)

    ann.connect(hub.plans)
    await settled(hub, ann)

    assert not ann.ended
    late = hub.peer(name="Late")
    await hub.settle()
    assert late.text() == ann.text()


async def test_what_waits_behind_a_long_answer_is_judged_after_it_and_nothing_is_called_saved_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(committer, "EFFORT_STEPS_MAX", 500)
    hub = await a_hub()
    ann, ben = hub.peer(name="Ann"), hub.peer(Role.PRIMARY_CARE, name="Ben")
    await hub.settle()
    ann.disconnect()
    type_away(ann, 3_000, takes_back=3)
    ann.connect(hub.plans)
    await until_taken_in(hub, ann)

    ann.write("Behind it. ")
    waited = 0
    while hub.room()._inbox:
        assert not ann.saved
        ben.write("b")
        await hub.settle(1)
        waited += 1
    await hub.settle()

    assert waited > 2
    assert ann.saved
    assert ben.saved
    assert ann.text() == ben.text()
    assert "Behind it. " in ben.text()


async def test_a_page_that_comes_back_and_repeats_a_hundred_thousand_deletions_changes_nothing() -> None:
    entries = [an_id() for _ in range(6)]
    hub = await a_hub(entries=entries)
    await a_long_past(hub, entries, clients=100, corrections=1_000)

    late = hub.peer(Role.PATIENT, name="Late")
    await settled(hub, late)
    late.disconnect()
    late.connect(hub.plans)
    beats = await settled(hub, late)

    assert not late.ended
    assert late.text(entry=entries[0]).count("x") == 17_000
    repeated = late.docs[GOALS].get_update(late.docs[GOALS].get_state())
    assert len(repeated) > 3 * FRAME_BYTES_MAX
    assert [row.action for row in hub.journal.rows() if row.actor == late.participant.person_id] == [Action.READ]
    assert beats > 1
    ann = hub.peer(name="Ann")
    await hub.settle()
    edit(ann, lambda all_entries: all_entries[entries[0]]["description"].insert(0, "New. "))
    await settled(hub, ann)
    assert late.text(entry=entries[0]).startswith("New. ")


async def test_a_long_answer_that_is_refused_leaves_nothing_behind_and_says_why() -> None:
    hub = await a_hub()
    reader = hub.page(a_person(Role.PATIENT, name="Reader"))
    ann = hub.peer(name="Ann")
    await hub.settle()
    reader.disconnect()
    type_away(reader, 3_000, takes_back=3)
    before = len(hub.journal.edits())

    reader.connect(hub.plans)
    await hub.settle()

    assert GOALS in reader.ended
    assert [notice["kind"] for notice in reader.notices] == ["refused"]
    assert len(hub.journal.edits()) == before
    assert ann.text() == "Walk to the shop"


async def test_a_text_that_was_corrected_two_thousand_times_is_deleted_by_one_edit() -> None:
    entry = an_id()
    hub = await a_hub(entries=[entry])
    await a_long_past(hub, [entry], clients=2, corrections=2_000)
    ann, ben = hub.peer(name="Ann"), hub.peer(Role.PRIMARY_CARE, name="Ben")
    await hub.settle()

    update = edit(ann, lambda entries: entries[entry]["description"].clear())
    edit(ann, lambda entries: entries[entry]["description"].insert(0, "New."))
    await settled(hub, ann)

    assert len(read_update(update, FROM_JOURNAL).deletes) > FRESH_DELETE_RANGES_MAX
    assert not ann.ended
    assert ann.text(entry=entry) == ben.text(entry=entry) == "New."


async def test_a_socket_with_a_long_answer_waiting_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "INBOX_BYTES_MAX", 8 << 10)
    monkeypatch.setattr(committer, "EFFORT_STEPS_MAX", 500)
    hub = await a_hub()
    ann = hub.peer(name="Ann")
    await hub.settle()
    ann.disconnect()
    type_away(ann, 3_000, takes_back=3)
    ann.connect(hub.plans)
    await until_taken_in(hub, ann)

    rested = ann.line.breathing
    await settled(hub, ann)

    assert rested
    assert not ann.line.breathing


async def test_who_leaves_while_a_long_answer_is_taken_in_has_it_all_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "EFFORT_STEPS_MAX", 500)
    hub = await a_hub()
    ann = hub.peer(name="Ann")
    await hub.settle()
    ann.disconnect()
    type_away(ann, 3_000, takes_back=3)
    ann.connect(hub.plans)
    await until_taken_in(hub, ann)

    ann.disconnect()
    await hub.settle(100)

    late = hub.peer(name="Late")
    await hub.settle()
    assert late.text() == ann.text()


async def test_a_section_that_is_loaded_anew_meanwhile_is_surveyed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "EFFORT_STEPS_MAX", 500)
    hub = await a_hub()
    ann = hub.peer(name="Ann")
    await hub.settle()
    ann.disconnect()
    type_away(ann, 3_000, takes_back=3)
    ann.connect(hub.plans)
    await until_taken_in(hub, ann)
    section = hub.room().sections[GOALS]
    assert ann.place is not None
    first = ann.place[1].readings[GOALS].intake

    section.begin_again(OpenSection(GOALS, section.snapshot()))
    await hub.settle(1)
    second = ann.place[1].readings[GOALS].intake
    await settled(hub, ann)

    assert first is not second
    late = hub.peer(name="Late")
    await hub.settle()
    assert late.text() == ann.text()


async def test_who_says_again_what_others_wrote_is_told_that_it_is_saved_and_goes_on() -> None:
    hub = await a_hub()
    ann, ben = hub.peer(name="Ann"), hub.peer(Role.PRIMARY_CARE, name="Ben")
    await hub.settle()
    ann.write("a")
    await hub.settle()
    rows = len(hub.journal.rows())

    ben.unsaved[GOALS] += 1
    ben.say(GOALS, FrameKind.UPDATE, ben.docs[GOALS].get_update(b"\x00"))
    await hub.settle()

    assert not ben.ended
    assert ben.saved
    assert len(hub.journal.rows()) == rows
    ben.write("b")
    await hub.settle()
    assert ann.text() == "baWalk to the shop"


async def test_a_stranger_to_a_section_sends_no_long_message_of_it() -> None:
    hub = await a_hub()
    ann = hub.peer(name="Ann")
    await hub.settle()
    assert ann.place is not None
    _, connection = ann.place

    def bound(document: str, kind: FrameKind) -> int:
        head = bytes((len(document),)) + document.encode() + bytes(kind.value) + b"\xff\xff\xff\x03"
        return connection.session.bytes_max(head.ljust(72, b"\0"))

    assert bound("goals", FrameKind.SYNC_STEP_2) > 8 << 20
    assert bound("goals", FrameKind.SYNC_STEP_1) > 1 << 20
    assert bound("goals", FrameKind.UPDATE) == FRAME_BYTES_MAX
    assert bound("medications", FrameKind.SYNC_STEP_2) == FRAME_BYTES_MAX
    assert bound("nothing", FrameKind.SYNC_STEP_2) == FRAME_BYTES_MAX
