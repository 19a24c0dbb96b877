"""What people at home read up: their zones as they were set, and what the team gives them to read."""

import pytest

from auth.roles import Narrowing
from crdt.sections import Section
from hub.workflows.learning import addresses_in, measure_zones, to_read
from tests.hub.workflows.plans import Bench


def test_the_zones_of_a_measure_stand_from_green_to_red_as_they_were_set(bench: Bench) -> None:
    bench.put(
        Section.MONITORING, measure="29463-7 Body weight", unit="kg", green="70..74", red="76..",
        red_instructions="Call now.", red_call="emergency number", green_instructions="Go on.",
    )  # fmt: skip
    bench.put(Section.MONITORING, measure="8867-4 Heart rate")

    (weight,) = measure_zones(bench.plan, bench.patient, bench.now)

    assert [(zone, line.low, line.high, line.words, line.call) for zone, line in weight.zones] == [
        ("green", "70", "74", "Go on.", ""), ("red", "76", "", "Call now.", "emergency number"),
    ]  # fmt: skip
    assert {line.unit for _, line in weight.zones} == {"kg"}


def test_what_the_team_gives_to_read_stands_with_its_addresses_and_nothing_else_is_a_link(bench: Bench) -> None:
    told = "See https://heart.example/a, or (https://heart.example/b). Not http://x.example or javascript:alert(1)."
    bench.put(Section.CONDITIONS, name="Heart failure", kind="problem", education=told)
    bench.put(Section.CONDITIONS, name="Asthma", kind="problem")

    (one,) = to_read(bench.plan, bench.patient, bench.now)

    assert (one.about, one.words) == ("Heart failure", told)
    assert one.addresses == ("https://heart.example/a", "https://heart.example/b")


@pytest.mark.parametrize(
    "address", ['https://x.example/"onclick', "https://x", "HTTPS://X.EXAMPLE/ABC", "ftp://x.example"]
)
def test_no_address_carries_more_than_an_address(address: str) -> None:
    assert all('"' not in each and each.startswith("https://") for each in addresses_in(address))
    assert addresses_in("https://x") == ()


def test_nothing_stands_there_of_a_part_that_is_not_shared(bench: Bench) -> None:
    bench.put(Section.CONDITIONS, name="Heart failure", kind="problem", education="https://heart.example/a")
    bench.put(Section.MONITORING, measure="29463-7 Body weight", green="70..74")
    hidden = {each: Narrowing("none", None) for each in (Section.CONDITIONS, Section.MONITORING)}
    daughter = type(bench.daughter)(
        bench.daughter.person_id, bench.daughter.plan_id, "Kate", bench.daughter.role, since=bench.daughter.since,
        consents=hidden,
    )  # fmt: skip

    assert to_read(bench.plan, daughter, bench.now) == ()
    assert measure_zones(bench.plan, daughter, bench.now) == ()
