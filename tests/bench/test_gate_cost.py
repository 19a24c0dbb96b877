"""What the gate costs, as a multiple of applying the same updates to a bare document in the same run."""

import random
import time
from statistics import median

import pytest
from pycrdt import Doc, Map

from crdt.documents import SectionDocument
from tests.crdt.builders import ANYONE, Peer, a_peer, a_section, allowed, taken

EDITS_BEFORE = 10_000
EDITS_MEASURED = 500
TIMES_BARE_APPLY_MAX = 20
"""Six to eight are measured; a bare apply takes about 4 us, so this is the 60 us of the design with room for noise."""


@pytest.fixture(scope="module")
def long_lived() -> tuple[SectionDocument, Peer]:
    """A section with ten thousand edits behind it, and the page that made them."""
    document = a_section()
    peer = a_peer(document)
    chance = random.Random(1)
    for number in range(EDITS_BEFORE):
        length = len(str(peer.text()))
        if number % 2:
            peer.entry()["unit"] = f"unit {number}"
        elif length > 300:
            peer.delete(length // 3, length // 3 + 7)
        else:
            peer.insert(chance.randint(0, length), "word "[: chance.randint(1, 5)])
        taken(document, peer.sent.pop())
    return document, peer


@pytest.mark.slow
@pytest.mark.parametrize("what", ["register", "text"])
def test_a_one_field_update_costs_a_few_bare_applies(what: str, long_lived: tuple[SectionDocument, Peer]) -> None:
    document, peer = long_lived
    bare: Doc[Map[object]] = Doc()
    bare.apply_update(document.state())
    chance = random.Random(2)
    gated_seconds: list[float] = []
    bare_seconds: list[float] = []
    for number in range(EDITS_MEASURED):
        if what == "register":
            peer.entry()["unit"] = f"{what} {number}"
        else:
            peer.insert(chance.randint(0, len(str(peer.text()))), "x")
        update = peer.sent.pop()

        start = time.perf_counter()
        accepted = document.judge(update, client=ANYONE, may=allowed)
        document.apply(accepted)  # type: ignore[arg-type]
        middle = time.perf_counter()
        bare.apply_update(update)
        end = time.perf_counter()

        gated_seconds.append(middle - start)
        bare_seconds.append(end - middle)

    assert median(gated_seconds) < TIMES_BARE_APPLY_MAX * median(bare_seconds)
