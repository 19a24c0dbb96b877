"""A room: commit, relay, acknowledge; one gate; whose client id; no audit, no data."""

import asyncio
from dataclasses import replace

import pytest
from pycrdt import Doc, Map

from auth.roles import Role
from crdt.fields import TEXT_CHARACTERS_MAX
from crdt.frames import Frame, FrameKind, encode
from crdt.gate import PEER_CLIENT_MAX
from crdt.sections import Section
from crdt.sessions import DENIED
from hub.live import inboxes, rooms
from hub.live.lines import CloseCode
from hub.record.journal import Action
from tests.hub.builders import PLAN, LiveHub, Make, a_hub, a_person, an_id, reads, two_in_a_hub
from tests.hub.peers import ENTRY, Peer

pytestmark = pytest.mark.anyio
GOALS, NOTES = Section.GOALS, Section.STAFF_NOTES


async def test_nothing_is_relayed_or_called_saved_before_it_is_committed() -> None:
    hub, ann, ben = await two_in_a_hub()
    hub.journal.hold = asyncio.Event()

    ann.write("x")
    beat = asyncio.ensure_future(hub.plans.committer.beat())
    for _ in range(20):
        await asyncio.sleep(0)
    before = (list(ben.line.out), list(ann.line.out), len(hub.journal.edits()))
    hub.journal.hold.set()
    await beat

    assert before == ([], [], 1)
    assert ben.line.out
    assert ann.line.out
    assert len(hub.journal.edits()) == 2


async def test_a_long_answer_comes_packed_to_who_unpacks_it_and_as_ever_to_others() -> None:
    hub, ann, _ = await two_in_a_hub()
    ann.write("She walks to the shop. " * 300)
    await hub.settle()

    unpacking = Peer(a_person(Role.PRIMARY_CARE))
    unpacking.unpacks = True
    hub.gatekeeper.members[unpacking.participant.person_id] = unpacking.participant
    hub.peers.append(unpacking)
    unpacking.connect(hub.plans)
    plain = hub.peer(Role.PRIMARY_CARE)
    await hub.settle()
    ann.write("Then ")
    await hub.settle()

    assert unpacking.packed == 1, "what is short is not packed"
    assert sum(map(len, unpacking.line.written)) < sum(map(len, plain.line.written)) / 4
    assert unpacking.text() == plain.text() == ann.text()
    assert unpacking.unsaved == plain.unsaved


async def test_a_joiner_is_not_answered_from_what_is_not_committed() -> None:
    hub, ann, _ = await two_in_a_hub()
    hub.journal.hold = asyncio.Event()
    ann.write("SECRET")
    beat = asyncio.ensure_future(hub.plans.committer.beat())
    await asyncio.sleep(0)

    late = hub.peer()
    for _ in range(20):
        await asyncio.sleep(0)
    told = b"".join(late.line.written)
    hub.journal.hold.set()
    await beat
    await hub.settle()

    assert b"SECRET" not in told
    assert late.text().startswith("SECRET")


async def test_no_content_goes_out_before_the_row_of_its_reading_is_committed() -> None:
    hub = await a_hub()
    hub.journal.hold = asyncio.Event()

    ann = hub.peer()
    for _ in range(5):
        beat = asyncio.ensure_future(hub.plans.committer.beat())
        for _ in range(20):
            await asyncio.sleep(0)
        if not beat.done():
            break
    told = b"".join(ann.line.written)
    hub.journal.hold.set()
    await beat
    await hub.settle()

    assert b"Walk" not in told
    assert ann.text() == "Walk to the shop"
    assert reads(hub.journal.rows()) == [(ann.participant.person_id, "goals")]


async def test_a_reading_is_one_row_a_visit_however_often_the_page_reconnects() -> None:
    hub, ann, _ = await two_in_a_hub()

    for _ in range(3):
        ann.disconnect()
        ann.connect(hub.plans)
        await hub.settle()

    assert reads(hub.journal.rows()).count((ann.participant.person_id, "goals")) == 1


async def test_an_edit_reaches_the_others_once_and_its_author_not_at_all() -> None:
    hub, ann, ben = await two_in_a_hub()
    ann.line.written.clear()

    ann.write("x")
    await hub.settle()

    assert ben.text() == "xWalk to the shop"
    assert ann.saved
    assert len(ann.line.written) == 1, "the acknowledgement and nothing else"


async def test_the_keystrokes_of_a_beat_in_one_field_are_one_row() -> None:
    hub, ann, _ = await two_in_a_hub()

    for letter in "abc":
        ann.write(letter)
    ann.set("priority", "high")
    await hub.settle()

    edits = hub.journal.edits()[1:]
    assert [(row.field, row.words) for row in edits] == [
        ("description", {"inserted": "abc", "deleted": 0}),
        ("priority", {"before": None, "after": "high"}),
    ]
    assert {row.actor for row in edits} == {ann.participant.person_id}
    assert ann.saved


async def test_of_what_was_typed_in_one_go_what_still_fits_stands_and_the_rest_is_refused() -> None:
    hub = await a_hub()
    peer, reader = hub.peer(), hub.peer()
    await hub.settle()
    room_left = TEXT_CHARACTERS_MAX - len(peer.text())
    peer.write("x" * (room_left - 2))
    await hub.settle()
    before = peer.text()

    for at, letter in enumerate("abcd"):
        peer.write(letter, at=at)
    await hub.settle()

    assert reader.text() == "ab" + before
    refused = [row for row in hub.journal.rows() if row.action is Action.REFUSE]
    assert [(row.event, row.field) for row in refused] == [("length", "description")]
    assert peer.ended[GOALS], "it hears of it, and joins anew"
    assert hub.journal.edits()[-1].words == {"inserted": "ab", "deleted": 0}


async def test_every_message_is_acknowledged_though_they_share_a_row() -> None:
    hub, ann, _ = await two_in_a_hub()

    for letter in "abcdef":
        ann.write(letter)

    assert ann.unsaved[GOALS] == 6
    await hub.settle()
    assert ann.unsaved[GOALS] == 0


async def test_a_refusal_reaches_its_author_alone_and_is_journaled() -> None:
    hub, _, ben = await two_in_a_hub()
    reader = hub.peer(Role.PHARMACIST)
    await hub.settle()
    before = len(ben.seen)

    reader.write("no")
    await hub.settle()

    assert [notice["kind"] for notice in reader.notices] == ["refused"]
    assert reader.notices[0]["field"] == "description"
    assert GOALS in reader.ended
    assert len(ben.seen) == before
    row = hub.journal.rows()[-1]
    assert (row.action, row.outcome, row.actor) == (Action.REFUSE, "refused", reader.participant.person_id)
    assert row.update is None


async def test_after_a_refusal_one_joins_anew_and_goes_on() -> None:
    hub, _, _ = await two_in_a_hub()
    page = hub.peer(Role.PHARMACIST)
    await hub.settle()
    page.write("no")
    page.write("still on its way")
    await hub.settle()

    page.begin_anew(GOALS)
    await hub.settle()

    assert page.text() == "Walk to the shop"
    assert page.line.closed is None


async def test_a_client_id_belongs_to_who_first_wrote_with_it() -> None:
    hub, ann, ben = await two_in_a_hub()
    ann.write("x")
    await hub.settle()
    client = ann.docs[GOALS].client_id

    thief: Doc[Map[object]] = Doc(client_id=client)
    thief.apply_update(ben.docs[GOALS].get_update())
    ben.docs[GOALS] = thief
    ben.write("y")
    await hub.settle()

    assert [notice["code"] for notice in ben.notices if notice["kind"] == "refused"] == ["client"]
    assert ann.text() == "xWalk to the shop"


async def test_who_wrote_with_a_client_id_is_known_again_from_the_journal_alone() -> None:
    hub, ann, _ = await two_in_a_hub()
    ann.write("x")
    await hub.settle()

    other = LiveHub(hub.journal, hub.clock)
    other.page(ann.participant)
    await other.settle()

    assert other.room().sections[GOALS].clients == hub.room().sections[GOALS].clients


@pytest.mark.parametrize("kind", [FrameKind.UPDATE, FrameKind.SYNC_STEP_2])
async def test_both_ways_to_write_pass_the_same_gate(kind: FrameKind) -> None:
    hub, ann, _ = await two_in_a_hub()
    reader = hub.peer(Role.PHARMACIST)
    await hub.settle()

    reader.say(GOALS, kind, reader.write("no", send=False))
    await hub.settle()

    assert ann.text() == "Walk to the shop"
    assert [notice["kind"] for notice in reader.notices] == ["refused"]


HOSTILE = [
    bytes.fromhex(each)
    for each in (
        "010102000401056f7264657204f09f988000",
        "0301012d0a05010114a1011d0200010000",
        "010101000000014d010005",
        "0100010500",
        "01014d01000000",
        "02010105410321050101ffffffff07000500",
        "02004d01014dffffffff0f0005014d010101",
    )
]


@pytest.mark.parametrize("update", HOSTILE)
async def test_a_hostile_update_ends_its_document_and_others_notice_nothing(update: bytes) -> None:
    hub, ann, ben = await two_in_a_hub()
    before = len(ben.seen)

    ann.say(GOALS, FrameKind.UPDATE, update)
    await hub.settle()

    assert GOALS in ann.ended
    assert len(ben.seen) == before
    assert ben.line.closed is None


async def test_a_client_of_pycrdt_writes_under_a_small_id_and_not_under_one_of_its_own() -> None:
    hub, ann, _ = await two_in_a_hub()
    ann.begin_anew_with(GOALS, Doc())
    await hub.settle()
    large = ann.docs[GOALS].client_id
    ann.write("Refused. ")
    await hub.settle()
    refused = [notice["code"] for notice in ann.notices]

    ann.begin_anew_with(GOALS, Doc(client_id=PEER_CLIENT_MAX))
    await hub.settle()
    ann.write("Taken. ")
    await hub.settle()

    assert large > PEER_CLIENT_MAX
    assert refused == ["client"]
    assert ann.saved
    assert ann.text() == "Taken. Walk to the shop"


async def test_one_bad_frame_closes_only_its_sender() -> None:
    hub, ann, ben = await two_in_a_hub()

    ann.send(b"\xff\xff\xff")
    ben.write("y")
    await hub.settle()

    assert ann.line.closed is not None
    assert ann.line.closed[0] == CloseCode.BAD_FRAME
    assert ben.saved


async def test_five_hundred_pages_at_once_load_a_cold_plan_once() -> None:
    hub = await a_hub()
    await hub.plans.tidy()
    hub.clock.passed += 120
    await hub.plans.tidy()
    assert not hub.plans._rooms
    hub.journal.loads = 0

    pages = [hub.peer(Role.CARE_MANAGER) for _ in range(500)]
    await hub.settle()

    assert hub.journal.loads == 1
    assert all(page.text() == "Walk to the shop" for page in pages)


async def test_a_section_one_may_not_read_sends_no_byte() -> None:
    hub = await a_hub(section=NOTES)
    await hub.plans.perform(PLAN, a_person(), Make(NOTES, (an_id(),), {"words": "SECRET"}))
    patient = hub.peer(Role.PATIENT, NOTES, GOALS)
    colleague = hub.peer(Role.CARE_MANAGER, NOTES)
    await hub.settle()

    patient.say(NOTES, FrameKind.SYNC_STEP_1, b"\x00")
    colleague.write("SECRET", field="words", section=NOTES)
    colleague.present(7, {"field": f"staff_notes/{ENTRY}/words", "draft": "SECRET", "caret": None})
    await hub.settle()

    told = b"".join(patient.line.written)
    assert b"SECRET" not in told
    assert patient.denied == ["staff_notes"]
    assert not any(notice.get("section") == "staff_notes" for notice in patient.notices)
    denial = encode(Frame(NOTES, FrameKind.PERMISSION_DENIED, DENIED.encode()))
    assert b"staff_notes" not in told.replace(denial, b"")


async def test_a_sender_with_a_full_share_of_the_inbox_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "INBOX_FRAMES_MAX", 4)
    hub, ann, _ = await two_in_a_hub()

    for letter in "abcd":
        ann.write(letter)
    resting = ann.line.breathing
    await hub.settle()

    assert resting
    assert not ann.line.breathing
    assert ann.saved


async def test_what_had_arrived_counts_though_its_sender_has_gone() -> None:
    hub, ann, ben = await two_in_a_hub()

    ann.write("last words ")
    ann.disconnect()
    await hub.settle()

    assert ben.text() == "last words Walk to the shop"


async def test_typing_before_the_first_sync_is_done_loses_nothing() -> None:
    hub, ann, ben = await two_in_a_hub()
    ben.disconnect()
    ben.write("offline ")
    ben.connect(hub.plans)
    ben.write("early ")
    await hub.settle()

    assert ann.text() == "early offline Walk to the shop"
    assert ben.saved
    assert ben.notices == [] or all(notice["kind"] != "refused" for notice in ben.notices)


async def test_readers_without_the_document_hear_that_words_changed() -> None:
    hub, ann, _ = await two_in_a_hub()
    daughter = hub.peer(Role.FAMILY)
    await hub.settle()

    ann.write("x")
    await hub.settle()

    told = [notice for notice in daughter.notices if notice["kind"] == "changed"]
    assert told
    assert told[0]["section"] == "goals"
    assert told[0]["entries"] == [ENTRY]
    assert told[0]["structure"] is False
    assert b"Walk" not in b"".join(daughter.line.written)


async def test_a_command_tells_every_page_to_look_at_the_structure() -> None:
    hub, ann, ben = await two_in_a_hub()

    await hub.plans.perform(PLAN, ann.participant, Make(GOALS, (an_id(),), {"description": "More", "voice": an_id()}))
    await hub.settle()

    told = [notice for notice in ben.notices if notice["kind"] == "changed"]
    assert told[0]["structure"] is True
    assert told[0]["by"] == "Ann"


async def test_refusals_without_end_end_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "REFUSALS_MAX", 3)
    hub = await a_hub()
    page = hub.peer(Role.PHARMACIST)
    await hub.settle()

    for _ in range(3):
        page.write("no")
        await hub.settle()
        page.begin_anew(GOALS)
        await hub.settle()

    assert page.line.closed is not None
    assert page.line.closed[0] == CloseCode.BAD_FRAME


async def test_a_room_that_fails_ends_and_the_pages_come_back_to_a_fresh_one(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, ann, ben = await two_in_a_hub()
    document = hub.room().sections[GOALS].document

    def broken(*_: object) -> None:
        raise RuntimeError("a document failed")

    monkeypatch.setattr(document, "apply", broken)
    ann.write("poison")
    await hub.settle()
    codes = (ann.line.closed, ben.line.closed)
    ben.connect(hub.plans)
    await hub.settle()

    assert codes[0] is not None
    assert codes[0][0] == CloseCode.BAD_FRAME
    assert codes[1] is not None
    assert codes[1][0] == CloseCode.BUSY
    assert ben.text() == "Walk to the shop"


async def test_a_notice_tells_nobody_of_an_entry_that_is_kept_from_them() -> None:
    behavioural = Section.BEHAVIORAL_HEALTH
    hub = await a_hub(entries=())
    person = replace(a_person(Role.SOCIAL_WORKER), assigned=frozenset({behavioural}))
    page = hub.page(person, GOALS)
    await hub.settle()
    own, others = an_id(), an_id()

    for entry, provider in ((own, person.person_id), (others, an_id())):
        values = {"need": "SECRET", "provider": provider}
        await hub.plans.perform(PLAN, a_person(Role.BEHAVIORAL_HEALTH), Make(behavioural, (entry,), values))
        await hub.settle()

    told = [notice["entries"] for notice in page.notices if notice.get("section") == "behavioral_health"]
    assert told == [[own]]
    assert others.encode() not in b"".join(page.line.written)
