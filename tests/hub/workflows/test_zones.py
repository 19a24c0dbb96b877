from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.fields import Value
from hub.workflows.zones import in_range, persistence, trend_rules, zone_faults, zone_of, zone_of_reading

WEIGHT: dict[str, Value] = {"green": "66..69", "yellow": "69.1..70.4", "red": "70.5..", "persistence": "2 of 3"}


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


def test_a_severe_lower_number_is_red_whatever_the_upper_one_is() -> None:
    values: dict[str, Value] = {"measure": "8480-6 Systolic blood pressure", "green": "100..139", "red": "180.."}

    assert zone_of_reading(values, {"value": 130.0, "second": 120.0}) == "red"
    assert zone_of_reading(values, {"value": 130.0, "second": 119.0}) == "green"
    assert zone_of_reading({**values, "measure": "29463-7 Body weight"}, {"value": 130.0, "second": 130.0}) == "green"


@pytest.mark.parametrize(
    ("changed", "field", "told"),
    [
        ({"green": "80..60"}, "green", "Write 60..80"),
        ({"green": "60..80", "yellow": "", "red": "70..90"}, "red", "70..80 is in the green zone as well"),
        ({"green": "66..69", "yellow": "72..", "red": "70..71"}, "yellow", "between green and red"),
        ({"green": "90..", "yellow": "..80", "red": "81..89"}, "yellow", "between green and red"),
        ({"persistence": "3 of 2"}, "persistence", "3 of 2 can't be"),
        ({"persistence": "0 of 2"}, "persistence", "0 of 2 can't be"),
        ({"persistence": "two of three"}, "persistence", "in numbers, as in 2 of 3"),
        ({"repeat_days": -1.0}, "repeat_days", "from 0 to 366"),
        ({"expected_days": 0.0}, "expected_days", "from 1 to 366"),
        ({"backup_minutes": 0.0}, "backup_minutes", "from 5 to 1440"),
        ({"trend": "fast"}, "trend", "+2 in 3 days"),
    ],
)
def test_zones_that_cannot_be_meant_are_told_beside_their_field(changed: dict[str, Any], field: str, told: str) -> None:
    faults = zone_faults({**WEIGHT, **changed})

    assert list(faults) == [field]
    assert told in faults[field]


def test_zones_that_touch_and_rules_that_can_be_meant_have_no_fault() -> None:
    assert zone_faults(WEIGHT) == {}
    assert zone_faults({"green": "100..130", "yellow": "130..160", "red": "160..", "persistence": "1 of 1"}) == {}
    assert zone_faults({"green": "90..100", "yellow": "88..89", "red": "..87"}) == {}
    assert zone_faults({"trend": "+2 in 3 days; -5 % in 30 days", "expected_days": 1.0, "repeat_days": 0.0}) == {}


def test_rules_of_a_change_are_read_with_their_way_amount_and_days() -> None:
    assert trend_rules({"trend": "+2 kg in 3 days; -5 % in 30 days; 1.5 in 1 day"}) == (
        ("+", 2.0, False, 3),
        ("-", 5.0, True, 30),
        ("", 1.5, False, 1),
    )
