"""Statements that are no allergies are told apart from allergies, and intolerances from both."""

import pytest

from hub.safety.allergens import Kind, read_allergy
from hub.safety.charts import ChartAllergy


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("Nil known", Kind.NONE_KNOWN), ("NKDA", Kind.NONE_KNOWN), ("NKDA.", Kind.NONE_KNOWN),
        ("None", Kind.NONE_KNOWN),
        ("No known drug allergies", Kind.NONE_KNOWN), ("Denies allergies", Kind.NONE_KNOWN),
        ("Sin alergias conocidas", Kind.NONE_KNOWN), ("Unknown", Kind.NOT_KNOWN), ("unable to obtain", Kind.NOT_KNOWN),
        ("asked, unknown", Kind.NOT_KNOWN), ("No known allergy to aspirin", Kind.DENIED),
        ("not allergic to penicillin", Kind.DENIED), ("tolerates cephalexin", Kind.TOLERATES),
        ("Morphine sulfate", Kind.ALLERGY), ("peanuts", Kind.ALLERGY), ("penicilin", Kind.UNREAD),
        ("does not tolerate codeine", Kind.INTOLERANCE),
    ],
)  # fmt: skip
def test_a_line_of_the_allergies_is_what_it_says(told: str, kind: Kind) -> None:
    assert read_allergy(ChartAllergy("a", told)).kind is kind


def test_sulfate_is_no_sulfa() -> None:
    assert "sulfonamide_antibiotic" not in read_allergy(ChartAllergy("a", "Morphine sulfate")).classes
    assert "sulfonamide_antibiotic" in read_allergy(ChartAllergy("a", "sulfa drugs")).classes


@pytest.mark.parametrize(
    ("reaction", "severe", "kind"),
    [
        ("anaphylaxis", True, Kind.ALLERGY), ("hives", True, Kind.ALLERGY), ("", False, Kind.ALLERGY),
        ("nausea", False, Kind.INTOLERANCE), ("confusion", False, Kind.INTOLERANCE),
        ("nausea and hives", True, Kind.ALLERGY), ("ankle swelling", False, Kind.INTOLERANCE),
    ],
)  # fmt: skip
def test_what_happened_says_whether_it_was_an_allergy(reaction: str, severe: bool, kind: Kind) -> None:
    read = read_allergy(ChartAllergy("a", "codeine", reaction))

    assert (read.severe, read.kind) == (severe, kind)


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_a_refuted_allergy_is_none(verification: str) -> None:
    assert read_allergy(ChartAllergy("a", "penicillin", verification=verification)).kind is Kind.DENIED
