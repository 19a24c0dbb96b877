"""What a visit's messages say together, whatever came first, twice or late."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adt.events import HospitalEvent
from hub.adt.stays import Stay, stay_of
from tests.hub.adt.messages import MARY, an_event, at

CAME = an_event("A04", at=at(27, 15), kind="E")
ADMITTED = an_event("A06", at=at(27, 19), kind="I")
MOVED = an_event("A02", at=at(28, 9), kind="I", pv1={3: "ICU^1^1^NORTHSIDE GENERAL"})
CORRECTED = an_event("A08", at=at(28, 10), kind="I", more="PV2|||^Heart failure")
LEFT = an_event("A03", at=at(30, 17), kind="I", pv1={36: "03", 45: at(30, 16)})


def facts(stay: Stay | None) -> tuple[object, ...]:
    return (stay.event, stay.setting, stay.ward, stay.destination) if stay is not None else ()


STORY: list[tuple[HospitalEvent, tuple[str, ...]]] = [
    (CAME, ("visited", "emergency department", "3W", "")),
    (ADMITTED, ("admitted", "inpatient", "3W", "")),
    (MOVED, ("admitted", "inpatient", "ICU", "")),
    (an_event("A12", at=at(28, 11), kind="I"), ("admitted", "inpatient", "3W", "")),
    (LEFT, ("discharged", "inpatient", "3W", "skilled nursing")),
    (an_event("A13", at=at(30, 18), kind="I"), ("admitted", "inpatient", "3W", "")),
    (an_event("A03", at=at(30, 20), kind="I", pv1={36: "01"}), ("discharged", "inpatient", "3W", "home")),
]


def test_each_message_moves_the_stay_and_each_cancel_takes_back_what_it_names() -> None:
    for count in range(1, len(STORY) + 1):
        assert facts(stay_of(event for event, _ in STORY[:count])) == STORY[count - 1][1]


def test_the_instants_are_those_of_the_hospital() -> None:
    stay = stay_of([CAME, LEFT])

    assert stay is not None
    assert (stay.start, stay.end) == (datetime(2026, 11, 27, 15, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC))


@given(order=st.permutations([event for event, _ in STORY] + [CORRECTED]), again=st.lists(st.integers(0, 7)))
def test_neither_order_nor_doubling_of_messages_changes_anything(
    order: Sequence[HospitalEvent], again: list[int]
) -> None:
    told = [*order, *(order[at] for at in again)]

    assert stay_of(told) == stay_of([event for event, _ in STORY] + [CORRECTED])


def test_a_cancelled_admission_leaves_the_visit_that_came_before_it() -> None:
    admitted = an_event("A01", at=at(27, 19), kind="I")
    cancel = an_event("A11", at=at(27, 20), kind="I")

    assert facts(stay_of([CAME, admitted, cancel])) == ("visited", "emergency department", "3W", "")
    assert stay_of([admitted, cancel]) is None
    assert stay_of([cancel, admitted]) is None, "the cancel came first"


@pytest.mark.parametrize(
    ("trigger", "kind", "setting"),
    [("A04", "O", ""), ("A05", "P", ""), ("A01", "O", "observation"), ("A04", "OBS", "observation"),
     ("A01", "E", "emergency department"), ("A08", "I", ""), ("A07", "O", ""), ("A01", "", "inpatient")],
)  # fmt: skip
def test_a_visit_of_an_hour_is_no_stay(trigger: str, kind: str, setting: str) -> None:
    stay = stay_of([an_event(trigger, kind=kind)])

    assert (stay.setting if stay is not None else "") == setting


def test_a_death_is_told_by_the_disposition_or_the_patient() -> None:
    dead = an_event("A08", at=at(29, 8), kind="I", person=MARY + "|" * 17 + "Y")

    assert facts(stay_of([ADMITTED, an_event("A03", at=at(29, 8), kind="I", pv1={36: "20"})]))[0] == "died"
    assert facts(stay_of([ADMITTED, dead]))[0] == "died"


def test_a_discharge_without_its_admission_is_a_stay_whose_beginning_nobody_told() -> None:
    stay = stay_of([LEFT])

    assert stay is not None
    assert (stay.event, stay.start) == ("discharged", None)
