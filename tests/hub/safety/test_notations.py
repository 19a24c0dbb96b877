"""Forms refuse a dose without its unit and notations that are misread, and name the right form."""

import pytest

from crdt.sections import Section
from hub.safety.notations import fault_of_dose, fault_of_frequency
from hub.workflows.entries import faults_of


@pytest.mark.parametrize(
    ("dose", "right"),
    [
        ("5", "unit"), (".5 mg", "0.5"), ("5.0 mg", "Write 5"), ("5000U", "5000 units"), ("50 µg", "50 mcg"),
        ("50 ug", "50 mcg"), ("1/2", "unit"), ("10 IU", "10 units"),
    ],
)  # fmt: skip
def test_a_dose_that_is_misread_is_refused_with_the_right_form(dose: str, right: str) -> None:
    assert right in fault_of_dose(dose)


@pytest.mark.parametrize(
    "dose",
    ["5 mg", "0.5 mg", "1 tablet", "5000 units", "50 mcg", "1,000 mg", "10/325 mg", "2 puffs", "one tablet", "12.5 mg"],
)
def test_a_dose_as_it_should_be_is_taken(dose: str) -> None:
    assert fault_of_dose(dose) == ""


@pytest.mark.parametrize(("often", "right"), [("QD", "daily"), ("q.o.d.", "every other day"), ("QHS", "at bedtime")])
def test_a_rate_that_is_misread_is_refused_with_the_right_form(often: str, right: str) -> None:
    assert right in fault_of_frequency(often)


@pytest.mark.parametrize("often", ["once daily", "BID", "every 8 hours", "TID", "twice a day as needed"])
def test_a_rate_as_it_should_be_is_taken(often: str) -> None:
    assert fault_of_frequency(often) == ""


def test_a_new_medicine_says_it_beside_its_field() -> None:
    values = {"kind": "medicine", "name": "warfarin", "dose": "5", "frequency": "QD"}

    assert set(faults_of(Section.MEDICATIONS, values)) == {"dose", "frequency"}
