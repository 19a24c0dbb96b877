"""What is replayed for reading is what stood there, at every step; and each word has its writer."""

import random

from hypothesis import given
from hypothesis import strategies as st

from crdt.documents import SectionDocument
from crdt.readings import PastSection
from tests.crdt.builders import READ, WALK, Peer, a_peer, a_section, taken


def creators(document: SectionDocument) -> dict[str, int]:
    return {entry: it.creator for entry, it in document.content().entries.items()}


@given(st.integers(0, 2**32))
def test_the_journal_replayed_to_any_row_is_what_stood_there(seed: int) -> None:
    chance = random.Random(seed)
    document = a_section()
    journal, stood = [document.state()], [document.content()]
    peers = [Peer(chance.choice((3, 1 << 31, 99)) + at) for at in range(3)]
    for peer in peers:
        peer.receive(journal[0])
        peer.start_undo()
    for _ in range(chance.randint(1, 40)):
        peer = chance.choice(peers)
        peer.edit(chance)
        if chance.random() < 0.6:
            for update in peer.sent:
                accepted = taken(document, update)
                if accepted.changes:
                    journal.append(accepted.update)
                    stood.append(document.content())
            peer.sent.clear()
            peer.receive(document.missing_from(peer.doc.get_state()))

    upto = chance.randrange(len(journal))
    past = PastSection(document.section, creators(document))
    past.take(journal[: upto + 1])

    assert past.content() == stood[upto]
    for entry in (WALK, READ):
        assert past.words(entry, "description") == stood[upto].entries[entry].values["description"]


def test_a_fold_that_goes_on_is_the_fold_from_the_start() -> None:
    document = a_section()
    peer = a_peer(document)
    journal = [document.state()]
    for number in range(20):
        peer.insert(number % 5, "é😀x")
        journal.append(taken(document, peer.sent.pop()).update)

    past = PastSection(document.section, creators(document))
    for update in journal:
        past.take([update])

    assert past.content() == document.content()


@given(st.integers(0, 2**32))
def test_every_word_of_a_text_is_told_with_the_id_it_was_written_under(seed: int) -> None:
    chance = random.Random(seed)
    document = a_section()
    first, second = a_peer(document, 7), a_peer(document, 8)
    for _ in range(chance.randint(0, 25)):
        peer, other = chance.choice(((first, second), (second, first)))
        at = chance.randint(0, len(str(peer.text())))
        if chance.random() < 0.7:
            peer.insert(at, chance.choice("aé😀") * chance.randint(1, 3) if peer is first else "B")
        else:
            peer.delete(at, at + chance.randint(1, 4))
        for update in peer.sent:
            other.receive(taken(document, update).update)
        peer.sent.clear()

    told = document.passages(WALK, "description")

    assert "".join(each.words for each in told) == document.content().entries[WALK].values["description"]
    for each in told:
        if each.client == 8:
            assert set(each.words) == {"B"}
        elif each.client == 7:
            assert set(each.words) <= set("aé😀")
    assert document.passages("nothing", "description") == []
    assert document.passages(WALK, "unit") == []
