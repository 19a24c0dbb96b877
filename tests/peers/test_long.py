"""Nothing a stock client brings is too large to be saved, and no section it opens has become too large."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.harness import browsers
from tests.harness.hubs import Hub
from tests.peers.peers import Peer, a_peer

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST, CARE_MANAGER = "Dr. Elena Ruiz", "Tom Becker, PharmD", "Grace Kim, RN"
MEDICATIONS = "medications"
CORRECTIONS = int(os.environ.get("CAREPLAN_CORRECTIONS", "20000"))
A_TEXT = 10_000
"""Slips in one text: as many letters stay between them."""

Join = Callable[[Hub, str], Peer]


@pytest.fixture
def join() -> Iterator[Join]:
    browsers.packages()
    with ExitStack() as stack:
        yield lambda hub, person: stack.enter_context(a_peer(hub, person, hub.plan("Mary")))


def texts(peer: Peer) -> list[dict[str, str]]:
    """The paths of texts of medicines."""
    entries = peer("entries", section=MEDICATIONS)
    medicines = [key for key, it in entries.items() if it["kind"] == "medicine"]
    fields = ("instructions", "plain_words")
    return [{"section": MEDICATIONS, "entry": entry, "field": field} for field in fields for entry in medicines]


def test_five_notes_of_sixteen_thousand_characters_from_away_are_saved(running_hub: Hub, join: Join) -> None:
    doctor, pharmacist = join(running_hub, DOCTOR), join(running_hub, PHARMACIST)
    for peer in (doctor, pharmacist):
        peer("open", section=MEDICATIONS)
    notes = texts(doctor)[:5]
    doctor("cut")

    for number, note in enumerate(notes):
        doctor("insert", **note, index=0, words=f"note {number} " + "w" * 16_000)
    doctor("back")

    for number, note in enumerate(notes):
        pharmacist("includes", **note, words=f"note {number} " + "w" * 16_000)
    doctor("saved", section=MEDICATIONS)
    assert len(doctor("closings")) == 1, "its own cut, and nothing after it"


def test_who_pastes_two_hundred_thousand_characters_hears_why_they_are_not_saved_and_goes_on(
    running_hub: Hub, join: Join
) -> None:
    doctor = join(running_hub, DOCTOR)
    doctor("open", section=MEDICATIONS)
    note = texts(doctor)[0]
    standing = doctor("value", **note)

    doctor("insert", **note, index=0, words="p" * 200_000)
    refused = doctor("notice", kind="refused")
    doctor("anew", section=MEDICATIONS)
    doctor("insert", **note, index=0, words="Shorter. ")
    doctor("saved", section=MEDICATIONS)

    assert (refused["code"], refused["entry"], refused["field"]) == ("length", note["entry"], note["field"])
    assert doctor("value", **note) == f"Shorter. {standing}"
    assert [code for code, _ in doctor("closings")] == [1009]


def test_a_section_with_a_long_past_opens_for_whoever_comes_new_and_takes_their_edits(
    running_hub: Hub, join: Join
) -> None:
    doctor = join(running_hub, DOCTOR)
    doctor("open", section=MEDICATIONS)
    notes = texts(doctor)
    doctor("cut")
    for at in range(CORRECTIONS // A_TEXT):
        doctor("correct", **notes[at], count=A_TEXT)
    doctor("back")
    doctor("saved", section=MEDICATIONS)

    late = join(running_hub, CARE_MANAGER)
    opened = late("open", section=MEDICATIONS)
    pharmacist = join(running_hub, PHARMACIST)
    pharmacist("open", section=MEDICATIONS)
    pharmacist("insert", **notes[0], index=0, words="New. ")
    pharmacist("saved", section=MEDICATIONS)

    assert opened["denied"] is None
    late("includes", **notes[0], words="New. " + "x" * A_TEXT)
    assert late("closings") == pharmacist("closings") == []
