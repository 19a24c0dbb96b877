"""A panel holds its parts by their codes, however either is spelt."""

import pytest

from hub.workflows.panels import PANELS, holds

LDL = "13457-7 LDL cholesterol"


@pytest.mark.parametrize("test", ["lipid panel", "Lipid Panel, fasting", "24331-1 Lipid panel", "LDL", LDL, "lipids"])
def test_a_lipid_panel_holds_the_ldl_that_was_measured(test: str) -> None:
    assert holds(test, LDL)


@pytest.mark.parametrize(
    ("test", "measure"),
    [
        ("BMP", "2823-3 Potassium"),
        ("comprehensive metabolic panel", "1742-6 ALT"),
        ("CBC", "718-7 Hemoglobin"),
        ("HbA1c", "4548-4 Hemoglobin A1c"),
        ("liver panel", "alt"),
    ],
)
def test_a_panel_holds_its_part(test: str, measure: str) -> None:
    assert holds(test, measure)


@pytest.mark.parametrize(
    ("test", "measure"),
    [
        ("lipid panel", "2823-3 Potassium"),
        ("CBC", "4548-4 Hemoglobin A1c"),
        ("4548-4 Hemoglobin A1c", "718-7 Hemoglobin"),
        ("echocardiogram", LDL),
        ("", LDL),
    ],
)
def test_what_is_another_test_is_not_held(test: str, measure: str) -> None:
    assert not holds(test, measure)


def test_every_part_has_a_code_of_loinc_s_form() -> None:
    for panel in PANELS:
        for code in {*panel.codes, *panel.parts}:
            number, _, check = code.partition("-")
            digits = [int(each) for each in reversed(number)]
            doubled = [sum(divmod(each * 2, 10)) if place % 2 == 0 else each for place, each in enumerate(digits)]
            assert (10 - sum(doubled) % 10) % 10 == int(check), code
