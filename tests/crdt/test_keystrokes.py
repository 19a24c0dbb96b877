"""Keystrokes joined into one update say what they said one by one, and whatever comes is passed on."""

import random

from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map

from crdt.documents import Accepted, SectionDocument
from crdt.keystrokes import joined
from crdt.lib0 import NUMBER_MAX
from crdt.updates import FROM_JOURNAL, STRING, read_update
from hub.fuzz.writing import a_struct, written
from tests.crdt.builders import a_peer, a_section, judged, plain, plain_doc, taken

WORDS = ("a", "be", "é", "😀", " ", "\n", "👩\u200d👧")


def a_spell_of_typing(seed: int) -> tuple[SectionDocument, list[bytes]]:
    """Somebody types, jumps, cuts and sets values; the document has none of it yet."""
    chance = random.Random(seed)
    document = a_section()
    peer = a_peer(document)
    at = 0
    for _ in range(chance.randint(1, 40)):
        match chance.randint(0, 9):
            case 0:
                at = chance.randint(0, len(str(peer.text())))
            case 1:
                peer.edit(chance)
                at = 0
                continue
        words = chance.choice(WORDS)
        peer.insert(at, words)
        at += len(words)
    return document, list(peer.sent)


@given(st.integers(0, 2**32))
def test_what_was_typed_in_one_go_is_the_same_joined(seed: int) -> None:
    document, updates = a_spell_of_typing(seed)
    one_by_one, together = SectionDocument(document.section, document.state()), document
    for update in updates:
        taken(one_by_one, update)

    groups = joined(updates)
    for update, _ in groups:
        taken(together, update)

    assert sum(count for _, count in groups) == len(updates)
    assert plain(together) == plain(one_by_one)
    assert together.state() == one_by_one.state()


def test_ten_letters_typed_one_behind_the_other_are_one_update() -> None:
    document = a_section()
    peer = a_peer(document)
    for at, letter in enumerate("Metoprolol"):
        peer.insert(at, letter)

    ((update, count),) = joined(peer.sent)

    assert count == 10
    ((_, (struct,)),) = read_update(update, FROM_JOURNAL).blocks
    assert struct[7] == "Metoprolol"
    verdict = judged(document, update)
    assert isinstance(verdict, Accepted)
    assert verdict.touched[0].inserted == "Metoprolol"


def test_nothing_is_joined_across_a_jump_a_deletion_or_another_page() -> None:
    document = a_section()
    peer, other = a_peer(document, 7), a_peer(document, 8)
    peer.insert(0, "ab")
    peer.insert(0, "c")
    other.insert(0, "d")
    peer.delete(0, 1)

    assert joined([*peer.sent[:2], *other.sent, *peer.sent[2:]]) == [
        (update, 1) for update in [*peer.sent[:2], *other.sent, *peer.sent[2:]]
    ]


@given(st.integers(0, 2**32), st.data())
def test_whatever_comes_is_passed_on_and_nothing_is_left_out(seed: int, data: st.DataObject) -> None:
    _, updates = a_spell_of_typing(seed)
    at = data.draw(st.integers(0, len(updates)))
    broken = bytearray(updates[at % len(updates)])
    broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    noise = data.draw(st.lists(st.binary(max_size=40), max_size=3))
    updates[at:at] = [bytes(broken), *noise]

    groups = joined(updates)

    assert sum(count for _, count in groups) == len(updates)
    passed = 0
    for update, count in groups:
        if count == 1:
            assert update == updates[passed]
        passed += count


def test_clocks_beyond_every_bound_are_left_to_the_gate() -> None:
    right = (5, 0)
    first = written(7, [a_struct(STRING, NUMBER_MAX - 1, "abc", right=right)])
    follows = written(7, [a_struct(STRING, 2, "d", origin=(7, 1), right=right)])

    assert joined([first, follows, first]) == [(first, 1), (follows, 1), (first, 1)]


def test_what_is_cut_out_while_typing_on_stays_cut_out() -> None:
    document = a_section()
    peer = a_peer(document)
    peer.insert(0, "a")
    with peer.doc.transaction():
        peer.insert(1, "b")
        peer.delete(3, 5)

    assert joined(peer.sent) == [(update, 1) for update in peer.sent]


def test_a_replica_takes_what_was_joined() -> None:
    document = a_section()
    peer, reader = a_peer(document, 7), a_peer(document, 8)
    for at, letter in enumerate("😀é a"):
        peer.insert(at, letter)

    ((update, _),) = joined(peer.sent)
    reader.receive(update)

    fresh: Doc[Map[object]] = Doc()
    fresh.apply_update(peer.doc.get_update())
    assert plain_doc(reader.doc) == plain_doc(peer.doc) == plain_doc(fresh)
