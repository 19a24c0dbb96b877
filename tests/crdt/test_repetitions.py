"""What is repeated is what was said before, however either is cut, and whatever was deleted since."""

import random

import pytest
from pycrdt import Doc, Map, Text, UndoManager

from crdt.repetitions import is_repeated
from crdt.updates import COLLECTED, DELETED, FROM_JOURNAL, PLAIN, STRING, Squashed, Struct, read_update
from hub.fuzz.writing import a_struct

ME = 7
ONE, TWO = (3, 0), (3, 9)


@pytest.mark.parametrize(
    ("said", "known", "same"),
    [
        ("abcd", "abcd", True),
        ("abcd", "abxd", False),
        ("né😀s", "né😀s", True),
        ("né😀s", "né😁s", False),
    ],
)
@pytest.mark.parametrize("cut", [1, 2, 4])
def test_words_are_compared_unit_by_unit_however_they_are_cut(said: str, known: str, same: bool, cut: int) -> None:
    whole = a_struct(STRING, 5, known, origin=ONE, right=TWO)
    raw = said.encode("utf-16-le")
    parts = [a_struct(STRING, 5, raw[: 2 * cut].decode("utf-16-le"), origin=ONE, right=TWO)]
    if raw[2 * cut :]:
        parts.append(a_struct(STRING, 5 + cut, raw[2 * cut :].decode("utf-16-le"), origin=(ME, 4 + cut), right=TWO))

    assert is_repeated(ME, parts, [whole]) is same
    assert is_repeated(ME, [whole], parts) is same


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (a_struct(PLAIN, 0, True, origin=ONE), a_struct(PLAIN, 0, 1, origin=ONE)),
        (a_struct(PLAIN, 0, {"a": [1]}, origin=ONE), a_struct(PLAIN, 0, {"a": [True]}, origin=ONE)),
        (a_struct(PLAIN, 0, None, origin=ONE), a_struct(PLAIN, 0, "", origin=ONE)),
        (a_struct(PLAIN, 0, "x", parent="entries", key="a"), a_struct(PLAIN, 0, "x", parent="entries", key="b")),
        (a_struct(PLAIN, 0, "x", parent=ONE, key="a"), a_struct(PLAIN, 0, "x", parent=TWO, key="a")),
        (a_struct(PLAIN, 0, "x", origin=ONE), a_struct(STRING, 0, "x", origin=ONE)),
        (a_struct(DELETED, 0, origin=ONE), a_struct(STRING, 0, "x", origin=TWO)),
    ],
)
def test_what_differs_in_value_place_or_kind_is_not_repeated(said: Struct, known: Struct) -> None:
    assert not is_repeated(ME, [said], [known])
    assert is_repeated(ME, [said], [said])


def test_values_that_were_replaced_are_compared_one_by_one() -> None:
    known = a_struct(PLAIN, 4, Squashed(("a", "b", "c")), length=3, origin=ONE)

    assert is_repeated(ME, [a_struct(PLAIN, 5, "b", origin=(ME, 4))], [known])
    assert not is_repeated(ME, [a_struct(PLAIN, 5, "c", origin=(ME, 4))], [known])


def test_what_was_deleted_may_have_lost_its_words_and_what_was_collected_its_place() -> None:
    word = a_struct(STRING, 0, "x", origin=ONE)

    assert is_repeated(ME, [a_struct(DELETED, 0, origin=ONE)], [word])
    assert is_repeated(ME, [word], [a_struct(DELETED, 0, origin=ONE)])
    assert is_repeated(ME, [a_struct(COLLECTED, 0)], [word])


@pytest.mark.parametrize("number", range(20))
def test_whatever_a_page_has_typed_it_repeats_truly_from_any_clock_on(number: int, seed: int) -> None:
    chance = random.Random(seed + number)
    page: Doc[Map[object]] = Doc(client_id=ME)
    root = page.get("entries", type=Map)
    root["text"], root["value"] = Text("né😀"), 0
    undo = UndoManager(scopes=[root], capture_timeout_millis=0)
    told: list[bytes] = []
    for _ in range(30):
        before = page.get_state()
        _do_something(chance, root, undo)
        told.append(page.get_update(before))
    hub: Doc[Map[object]] = Doc(client_id=8)
    hub.apply_update(page.get_update())

    known = dict(read_update(hub.get_update(), FROM_JOURNAL).blocks)[ME]
    for update in told:
        for client, structs in read_update(update, FROM_JOURNAL).blocks:
            assert is_repeated(client, structs, known)


def _do_something(chance: random.Random, root: "Map[object]", undo: UndoManager) -> None:
    text = root["text"]
    assert isinstance(text, Text)
    match chance.choice(("type", "type", "delete", "set", "undo")):
        case "type":
            text.insert(0, chance.choice(("a", "bé", "😀")))
        case "delete" if str(text):
            del text[0 : len(str(text)[0].encode())]
        case "set":
            root["value"] = chance.choice((1, True, "x", 2.5))
        case "undo":
            undo.undo()
