"""Honest peers: whatever they do, offline or not, is taken, and every replica ends the same."""

import random

from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map

from crdt.documents import Accepted, Refusal, SectionDocument
from crdt.sections import Section
from crdt.updates import FROM_JOURNAL, merge, read_state_vector, read_update, write_state_vector
from tests.crdt.builders import Peer, a_section, index_of, live_of, plain, plain_doc, taken


def flush(document: SectionDocument, peer: Peer, journal: list[bytes]) -> None:
    """Send what the peer wrote, one frame an edit, as an open page does."""
    for update in peer.sent:
        journal.append(taken(document, update).update)
    peer.sent.clear()


def sync(document: SectionDocument, peer: Peer, journal: list[bytes]) -> None:
    """Come back after a while away: both steps of the sync, the whole delete set included."""
    peer.receive(document.missing_from(peer.doc.get_state()))
    accepted = taken(document, peer.doc.get_update(document.state_vector()))
    if accepted.changes:
        journal.append(accepted.update)
    peer.sent.clear()


def a_day(seed: int) -> tuple[SectionDocument, list[Peer], list[bytes], bytes]:
    """Some peers edit at once, go offline and come back, in an order that the seed decides."""
    chance = random.Random(seed)
    document = a_section()
    start = document.state()
    journal: list[bytes] = []
    peers = [Peer(chance.choice((3, 1 << 31, 99)) + at, skip_gc=chance.random() < 0.3) for at in range(3)]
    for peer in peers:
        peer.receive(start)
        peer.start_undo()
    for _ in range(chance.randint(1, 60)):
        peer = chance.choice(peers)
        for _ in range(chance.randint(1, 4)):
            peer.edit(chance)
        match chance.randint(0, 3):
            case 0:
                flush(document, peer, journal)
            case 1:
                sync(document, peer, journal)
    for _ in range(2):
        for peer in peers:
            sync(document, peer, journal)
    return document, peers, journal, start


@given(st.integers(0, 2**32))
def test_honest_peers_are_always_taken_and_converge(seed: int) -> None:
    document, peers, _, _ = a_day(seed)

    content = plain(document)
    assert content == plain_doc(live_of(document))
    for peer in peers:
        assert plain_doc(peer.doc) == content
        whole_delete_set = peer.doc.get_update(document.state_vector())
        verdict = document.judge(whole_delete_set, client=NOBODY, may=forbidden)
        assert isinstance(verdict, Accepted), "a reader's sync step 2 is no write"
        assert not verdict.changes


@given(st.integers(0, 2**32))
def test_the_journal_and_the_state_give_the_document_again(seed: int) -> None:
    document, _, journal, start = a_day(seed)

    fresh: Doc[Map[object]] = Doc()
    for update in [start, *journal]:
        fresh.apply_update(update)
    replayed = SectionDocument(document.section, start)
    for update in journal:
        replayed.replay(update)
        replayed.replay(update)
    reloaded = SectionDocument(document.section, document.state())
    merged = SectionDocument(document.section, merge([start, *journal]))

    assert plain_doc(fresh) == plain(document)
    for other in (replayed, reloaded, merged, read_later(document.section, start, journal, seed)):
        assert plain(other) == plain(document)
        assert deleted(other) == deleted(document)
        assert index_of(other).clocks() == index_of(document).clocks()
        assert lengths(other) == lengths(document)
    assert deleted(document) == deleted_of_state(document.state())


def read_later(section: Section, start: bytes, journal: list[bytes], seed: int) -> SectionDocument:
    """Follow a journal without an index; then one is made while the rest of the journal comes in."""
    later = SectionDocument(section, start, later=True)
    known = random.Random(seed).randint(0, len(journal))
    for update in journal[:known]:
        later.replay(update)
    reading = later.reading()
    for update in journal[known:]:
        later.replay(update)
    reading.read()
    assert later.unread
    later.adopt(reading)
    assert not later.unread
    return later


@given(st.integers(0, 2**32))
def test_a_section_without_an_index_answers_as_one_with(seed: int) -> None:
    document, _, _, _ = a_day(seed)
    clocks = index_of(document).clocks()
    chance = random.Random(seed)
    behind = write_state_vector({client: chance.randint(0, clock + 1) for client, clock in clocks.items()})

    reloaded = SectionDocument(document.section, document.state())
    for state_vector in (b"\x00", document.state_vector(), behind):
        later = SectionDocument(document.section, document.state(), later=True)
        assert read_state_vector(later.state_vector()) == clocks
        assert read_update(later.missing_from(state_vector), FROM_JOURNAL) == read_update(
            reloaded.missing_from(state_vector), FROM_JOURNAL
        )
    later = SectionDocument(document.section, document.state(), later=True)
    assert later.content() == document.content()


@given(st.integers(0, 2**32))
def test_who_only_reads_makes_no_index(seed: int) -> None:
    document, peers, _, _ = a_day(seed)
    later = SectionDocument(document.section, document.state(), later=True)

    for peer in peers:
        verdict = later.judge(peer.doc.get_update(later.state_vector()), client=NOBODY, may=forbidden)
        assert isinstance(verdict, Accepted)
        assert not verdict.changes
    assert later.unread

    words = peers[0].text()
    if len(str(words)):
        del words[0 : len(str(words)[0].encode())]
        verdict = later.judge(peers[0].sent[-1], client=NOBODY, may=forbidden)
        assert isinstance(verdict, Refusal)
        assert verdict.code == "grant"


@given(st.integers(0, 2**32))
def test_a_day_can_go_on_after_a_reload(seed: int) -> None:
    document, peers, _, _ = a_day(seed)
    reloaded = SectionDocument(document.section, document.state(), later=bool(seed % 2))
    chance = random.Random(seed + 1)

    for _ in range(10):
        for peer in peers:
            peer.edit(chance)
        sync(reloaded, chance.choice(peers), [])
    for _ in range(2):
        for peer in peers:
            sync(reloaded, peer, [])

    assert all(plain_doc(peer.doc) == plain(reloaded) for peer in peers)


def deleted(document: SectionDocument) -> dict[int, list[tuple[int, int]]]:
    return {
        client: list(zip(author.dead.starts, author.dead.ends, strict=True))
        for client, author in index_of(document).authors.items()
        if author.dead.starts
    }


def deleted_of_state(state: bytes) -> dict[int, list[tuple[int, int]]]:
    ranges: dict[int, list[tuple[int, int]]] = {}
    for client, start, end in read_update(state, FROM_JOURNAL).deletes:
        ranges.setdefault(client, []).append((start, end))
    return ranges


def lengths(document: SectionDocument) -> dict[tuple[str, str], int]:
    return {
        (container.entry, container.name): container.sequence.length
        for container in index_of(document).containers.values()
        if container.sequence is not None
    }


class Nobody:
    def may_write_as(self, client_id: int) -> bool:
        return False


NOBODY = Nobody()


def forbidden(entry: str, name: str) -> str:
    return "You may only read this."


def test_the_texts_are_as_long_as_they_say() -> None:
    document, _, _, _ = a_day(5)

    for (entry, name), length in lengths(document).items():
        values = document.values(entry)
        assert values is not None
        assert len(str(values[name])) == length
