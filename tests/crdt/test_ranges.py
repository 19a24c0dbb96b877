"""Ranges: a set of numbers, against Python's own."""

from hypothesis import given
from hypothesis import strategies as st

from crdt.ranges import Ranges

PARTS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8)).map(lambda part: (part[0], part[0] + part[1])))


@given(PARTS, st.integers(0, 45), st.integers(1, 10))
def test_ranges_hold_what_was_added(parts: list[tuple[int, int]], start: int, length: int) -> None:
    ranges = Ranges()
    numbers: set[int] = set()
    for first, end in parts:
        ranges.add(first, end)
        numbers |= set(range(first, end))
    asked = set(range(start, start + length))

    lacking = ranges.lacking(start, start + length)

    assert {number for first, end in lacking for number in range(first, end)} == asked - numbers
    assert all(first < end for first, end in lacking)
    assert ranges.holds(start, start + length) is (asked <= numbers)


@given(PARTS)
def test_ranges_stay_ascending_and_apart(parts: list[tuple[int, int]]) -> None:
    ranges = Ranges()
    for first, end in parts:
        ranges.add(first, end)

    bounds = [bound for pair in zip(ranges.starts, ranges.ends, strict=True) for bound in pair]
    assert bounds == sorted(set(bounds))
