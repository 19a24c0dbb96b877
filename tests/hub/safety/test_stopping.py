"""Medicines that must not be stopped suddenly."""

import pytest

from hub.safety.names import INGREDIENTS
from hub.safety.stopping import MUST_GO_ON, must_go_on


def test_every_class_is_one_of_the_tables() -> None:
    assert {name for each in INGREDIENTS.values() for name in each.classes} >= MUST_GO_ON


@pytest.mark.parametrize(
    ("name", "goes_on"),
    [
        ("ticagrelor", True), ("Brilinta", True), ("aspirin", True), ("metoprolol succinate ER", True),
        ("Eliquis", True), ("levetiracetam", True), ("prednisone", True), ("insulin glargine", True),
        ("clonidine", True), ("sertraline", True), ("nitroglycerin", True), ("albuterol", True),
        ("naproxen", False), ("ibuprofen", False), ("lisinopril", False), ("atorvastatin", False), ("", False),
        ("unknown pill", False),
    ],
)  # fmt: skip
def test_a_medicine_that_harms_when_it_is_stopped_suddenly_goes_on(name: str, goes_on: bool) -> None:
    assert must_go_on(name) is goes_on
