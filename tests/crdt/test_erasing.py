"""An update whose words and values are gone folds into the very same section, whatever was written since."""

import random

import pytest
from pycrdt import Doc, Map, Text

from crdt.documents import SectionDocument
from crdt.erasing import deleted_in, emptied
from crdt.sections import Section
from crdt.updates import read_state_vector
from tests.crdt.builders import ANYONE, READ, WALK, a_section, allowed, plain, plain_doc


@pytest.mark.parametrize("number", range(12))
def test_what_is_deleted_can_be_taken_out_of_every_update_and_the_section_stays_what_it_is(
    number: int, seed: int
) -> None:
    chance = random.Random(seed + number)
    document = a_section()
    ground = document.state()
    peers = [a_page(ground, client) for client in (11, 12)]
    told: list[bytes] = []
    for step in range(60):
        peer = chance.choice(peers)
        before = peer.get_state()
        _edit(chance, peer, step)
        update = peer.get_update(before)
        verdict = document.judge(update, client=ANYONE, may=allowed)
        document.apply(verdict)  # type: ignore[arg-type]
        told.append(update)
        for other in peers:
            other.apply_update(update)

    dead = deleted_in(document.state())
    rest = [emptied(update, dead) for update in told]
    again = SectionDocument(Section.GOALS, ground)
    bare: Doc[Map[object]] = Doc()
    bare.apply_update(ground)
    for each in rest:
        again.replay(each.update)
        bare.apply_update(each.update)

    assert plain(again) == plain(document)
    assert deleted_in(again.state()).keys() == dead.keys()
    assert read_state_vector(again.state_vector()) == read_state_vector(document.state_vector())
    assert plain_doc(bare) == plain(document)
    assert sum(each.gone for each in rest) > 0
    words, living = b"".join(each.update for each in rest), str(plain(document))
    values = [f"secret {step}." for step in range(60)]
    assert [value for value in values if value.encode() in words and value not in living] == []
    assert sum(each.left for each in rest) == sum(
        len(word) for word in "".join(living.split("secret")) if "一" <= word <= "鿿"
    ) + (len([value for value in values if value in living]))


def a_page(state: bytes, client: int) -> "Doc[Map[object]]":
    page: Doc[Map[object]] = Doc(client_id=client)
    page.apply_update(state)
    return page


def _edit(chance: random.Random, peer: "Doc[Map[object]]", step: int) -> None:
    entry = peer.get("entries", type=Map)[chance.choice((WALK, READ))]
    assert isinstance(entry, Map)
    text = entry["description"]
    assert isinstance(text, Text)
    match chance.choice(("type", "type", "delete", "set")):
        case "type":
            at = chance.randrange(len(str(text)) + 1)
            text.insert(len(str(text)[:at].encode()), chr(0x4E00 + step) * 4)
        case "delete" if len(str(text)) > 4:
            at = chance.randrange(len(str(text)) - 3)
            start = len(str(text)[:at].encode())
            del text[start : start + len(str(text)[at : at + 3].encode())]
        case _:
            entry["unit"] = f"secret {step}."
