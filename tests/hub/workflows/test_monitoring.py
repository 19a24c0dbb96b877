import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.fields import Value
from crdt.sections import Section
from hub.workflows.monitoring import ReadingRecord, in_range, persistence, readings, zone_of, zone_state
from tests.hub.workflows.plans import NOW, Bench

MONITORING = Section.MONITORING
WEIGHT: dict[str, Value] = {"green": "66..69", "yellow": "69.1..70.4", "red": "70.5..", "persistence": "2 of 3"}


def a_measure(bench: Bench) -> str:
    values = {"measure": "29463-7 Body weight", "unit": "kg", "responder": bench.nurse.person_id, **WEIGHT}
    return bench.put(MONITORING, **values)


def with_readings(*values: float) -> dict[str, Value]:
    log: dict[str, Any] = {
        f"key-{number}": {"value": value, "when": (NOW - timedelta(days=len(values) - number)).isoformat()}
        for number, value in enumerate(values)
    }
    return {**WEIGHT, "readings": log}


@pytest.mark.parametrize(
    ("values", "zone", "count"),
    [
        ((), "", 0),
        ((68.0,), "", 0),
        ((68.0, 68.2), "green", 2),
        ((68.0, 70.6, 68.1), "green", 3),
        ((68.0, 70.6, 71.2), "red", 2),
        ((70.6, 71.2, 68.0, 68.0), "green", 3),
        ((69.5, 70.6, 68.0), "yellow", 2),
    ],
)
def test_a_zone_counts_once_it_was_reached_n_of_m_times(values: tuple[float, ...], zone: str, count: int) -> None:
    state = zone_state(with_readings(*values))

    assert (state.zone, state.count) == (zone, count)


def test_where_ranges_overlap_the_worse_one_counts() -> None:
    assert zone_of({"green": "60..100", "red": "90.."}, 95) == "red"


def test_a_value_between_the_zones_is_not_green() -> None:
    assert zone_of(WEIGHT, 70.45) == "yellow"
    assert zone_of(WEIGHT, 60) == "yellow"
    assert zone_of({"red": "180.."}, 120) == ""


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-500, 500), st.integers(0, 500))
def test_a_range_holds_what_lies_between_its_ends(value: float, low: int, width: int) -> None:
    high = low + width

    assert in_range(value, f"{low}..{high}") == (low <= value <= high)
    assert in_range(value, f"{low}..") == (low <= value)
    assert in_range(value, f"..{high}") == (value <= high)


@pytest.mark.parametrize("told", ["", "..", "often", "5 of 3", "0 of 3"])
def test_a_persistence_that_makes_no_sense_is_one_of_one(told: str) -> None:
    assert persistence({"persistence": told}) == (1, 1)
    assert not in_range(1, told)


@given(st.permutations([3.0, 1.0, 2.0]))
def test_readings_are_ordered_by_when_they_were_taken(order: list[float]) -> None:
    log: dict[str, Any] = {
        f"key-{number}": {"value": value, "when": (NOW + timedelta(hours=value)).isoformat()}
        for number, value in enumerate(order)
    }

    assert [each["value"] for each in readings({"readings": log})] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("who", ["patient", "daughter", "nurse"])
def test_home_and_the_care_manager_record_readings(bench: Bench, who: str) -> None:
    entry, actor = a_measure(bench), getattr(bench, who)

    bench.perform(actor, ReadingRecord(entry=entry, value=71.2, device="bathroom scale"))

    record = readings(bench.entry(MONITORING, entry).values)[-1]
    assert (record["value"], record["unit"], record["by"]) == (71.2, "kg", actor.person_id)


def test_a_pharmacist_records_none(bench: Bench) -> None:
    assert bench.refused(bench.pharmacist, ReadingRecord(entry=a_measure(bench), value=70)).code != "form"


@pytest.mark.parametrize(
    ("value", "ago", "field"),
    [(math.nan, 0, "value"), (math.inf, 0, "value"), (70, -1, "when"), (70, 400, "when")],
)
def test_what_cannot_be_is_not_recorded(bench: Bench, value: float, ago: int, field: str) -> None:
    command = ReadingRecord(entry=a_measure(bench), value=value, when=NOW - timedelta(days=ago))

    assert bench.refused(bench.patient, command).field == field


def test_the_same_reading_sent_twice_is_recorded_once(bench: Bench) -> None:
    command = ReadingRecord(entry=a_measure(bench), value=70, when=NOW)
    bench.perform(bench.patient, command)

    assert bench.refused(bench.patient, command).code == "state"
