"""What anyone's Yjs client meets at the hub: the stock provider, unchanged, in every test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.harness import browsers
from tests.harness.hubs import Hub
from tests.peers.peers import Peer, a_peer

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST, CARE_MANAGER = "Dr. Elena Ruiz", "Tom Becker, PharmD", "Grace Kim, RN"
MEDICATIONS = "medications"

Join = Callable[..., Peer]


@pytest.fixture
def join() -> Iterator[Callable[..., Peer]]:
    """Join the plan of Mary on a hub as a person; every peer is gone after the test."""
    browsers.packages()
    with ExitStack() as stack:
        yield lambda hub, person: stack.enter_context(a_peer(hub, person, hub.plan("Mary")))


def in_medicines(join: Join, hub: Hub, person: str) -> Peer:
    """A peer that has the medicines."""
    peer = join(hub, person)
    assert peer("open", section=MEDICATIONS)["denied"] is None
    return peer


def a_medicine(peer: Peer) -> dict[str, str]:
    """The path of a medicine's entry, as the peers' acts take it."""
    entries = peer("entries", section=MEDICATIONS)
    return {"section": MEDICATIONS, "entry": next(key for key, it in entries.items() if it["kind"] == "medicine")}


def test_two_who_write_in_one_text_at_once_end_with_the_same_words(shared_hub: Hub, join: Join) -> None:
    doctor, pharmacist = (in_medicines(join, shared_hub, each) for each in (DOCTOR, PHARMACIST))
    text = a_medicine(doctor) | {"field": "instructions"}

    for count in range(20):
        doctor("insert", **text, index=0, words=f"d{count} ")
        pharmacist("insert", **text, words=f" p{count}😀é")

    doctor("includes", **text, words="p19😀é")
    pharmacist("includes", **text, words="d19 ")
    for peer in (doctor, pharmacist):
        peer("saved", section=MEDICATIONS)
    assert doctor("value", **text) == pharmacist("value", **text)


def test_of_two_values_of_one_register_both_end_with_the_same(shared_hub: Hub, join: Join) -> None:
    doctor, pharmacist = (in_medicines(join, shared_hub, each) for each in (DOCTOR, PHARMACIST))
    dose = a_medicine(doctor) | {"field": "dose"}

    doctor("set", **dose, value="12 mg")
    pharmacist("set", **dose, value="13 mg")
    for peer in (doctor, pharmacist):
        peer("saved", section=MEDICATIONS)

    last = in_medicines(join, shared_hub, CARE_MANAGER)("value", **dose)
    assert last in ("12 mg", "13 mg")
    for peer in (doctor, pharmacist):
        peer("holds", **dose, value=last)


def test_a_refused_peer_hears_why_and_goes_on_with_a_new_document(shared_hub: Hub, join: Join) -> None:
    doctor, manager = (in_medicines(join, shared_hub, each) for each in (DOCTOR, CARE_MANAGER))
    dose = a_medicine(doctor) | {"field": "dose"}
    standing = doctor("value", **dose)

    manager("set", **dose, value="99 mg")
    refused = manager("notice", kind="refused")
    again = manager("anew", section=MEDICATIONS)

    assert (refused["document"], refused["entry"], refused["field"]) == (MEDICATIONS, dose["entry"], "dose")
    assert refused["reason"]
    assert again["denied"] is None
    assert manager("value", **dose) == doctor("value", **dose) == standing
    assert manager("closings") == []


def test_no_peer_makes_an_entry(shared_hub: Hub, join: Join) -> None:
    doctor, pharmacist = (in_medicines(join, shared_hub, each) for each in (DOCTOR, PHARMACIST))

    doctor("make", section=MEDICATIONS, entry="0190aaaa-0000-7000-8000-000000000001")

    assert doctor("notice", kind="refused")["code"] == "path"
    assert "0190aaaa-0000-7000-8000-000000000001" not in pharmacist("entries", section=MEDICATIONS)


def test_what_was_written_away_from_the_line_arrives_with_it(shared_hub: Hub, join: Join) -> None:
    doctor, pharmacist = (in_medicines(join, shared_hub, each) for each in (DOCTOR, PHARMACIST))
    text = a_medicine(doctor) | {"field": "plain_words"}
    doctor("cut")

    doctor("insert", **text, index=0, words="Written offline. ")
    pharmacist("insert", **text, words=" Meanwhile.")
    pharmacist("saved", section=MEDICATIONS)
    doctor("back")

    pharmacist("includes", **text, words="Written offline. ")
    doctor("includes", **text, words=" Meanwhile.")
    doctor("saved", section=MEDICATIONS)
    assert doctor("value", **text) == pharmacist("value", **text)


def test_a_killed_hub_costs_no_acknowledged_word_and_takes_the_others_when_it_is_back(
    running_hub: Hub, join: Join
) -> None:
    doctor, pharmacist = (in_medicines(join, running_hub, each) for each in (DOCTOR, PHARMACIST))
    text = a_medicine(doctor) | {"field": "instructions"}
    doctor("insert", **text, index=0, words="Acknowledged. ")
    doctor("saved", section=MEDICATIONS)

    running_hub.kill()
    doctor("away")
    doctor("insert", **text, index=0, words="While it was down. ")
    pharmacist("insert", **text, words=" Also then.")
    running_hub.start()

    for peer in (doctor, pharmacist):
        peer("includes", **text, words="While it was down. ")
        peer("includes", **text, words=" Also then.")
        peer("saved", section=MEDICATIONS)
    fresh = in_medicines(join, running_hub, CARE_MANAGER)("value", **text)
    assert fresh == doctor("value", **text) == pharmacist("value", **text)
    assert fresh.count("Acknowledged. ") == 1


def test_a_section_one_may_not_read_is_denied_in_the_words_for_one_that_does_not_exist(
    shared_hub: Hub, join: Join
) -> None:
    patient = join(shared_hub, "Mary Whitfield")

    denied = patient("open", section="staff_notes")
    unknown = patient("open", section="no_such_section")

    assert denied == unknown
    assert denied["denied"]


def test_who_is_here_is_signed_by_the_hub_whatever_a_page_says(shared_hub: Hub, join: Join) -> None:
    doctor, pharmacist = (in_medicines(join, shared_hub, each) for each in (DOCTOR, PHARMACIST))
    field = f"{MEDICATIONS}/{a_medicine(doctor)['entry']}/dose"
    for peer in (doctor, pharmacist):
        peer("open", section="plan")

    pharmacist("say", state={"field": field, "draft": "80 mg", "caret": None, "name": "Dr. Nobody", "person": "x"})

    others = doctor("present", people=1, draft="80 mg")
    assert [(each["name"], each["draft"]) for each in others] == [(PHARMACIST, "80 mg")]


def test_a_hub_that_ends_in_order_tells_its_peers_to_come_back(running_hub: Hub, join: Join) -> None:
    doctor = in_medicines(join, running_hub, DOCTOR)
    text = a_medicine(doctor) | {"field": "instructions"}

    doctor("insert", **text, index=0, words="Before it ended. ")
    doctor("saved", section=MEDICATIONS)
    running_hub.restart()
    doctor("insert", **text, index=0, words="And after. ")

    doctor("back")
    doctor("saved", section=MEDICATIONS)
    assert next(code for code, _ in doctor("closings")) == 1012
    assert "And after. Before it ended. " in in_medicines(join, running_hub, PHARMACIST)("value", **text)
