"""Statements that are no allergies are told apart from allergies, and intolerances from both."""

import pytest

from hub.safety.allergens import AllergyKind, read_allergy
from hub.safety.charts import ChartAllergy


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("Nil known", AllergyKind.NONE_KNOWN), ("NKDA", AllergyKind.NONE_KNOWN), ("NKDA.", AllergyKind.NONE_KNOWN),
        ("None", AllergyKind.NONE_KNOWN),
        ("No known drug allergies", AllergyKind.NONE_KNOWN), ("Denies allergies", AllergyKind.NONE_KNOWN),
        ("Sin alergias conocidas", AllergyKind.NONE_KNOWN), ("Unknown", AllergyKind.NOT_KNOWN),
        ("unable to obtain", AllergyKind.NOT_KNOWN),
        ("asked, unknown", AllergyKind.NOT_KNOWN), ("No known allergy to aspirin", AllergyKind.DENIED),
        ("not allergic to penicillin", AllergyKind.DENIED), ("tolerates cephalexin", AllergyKind.TOLERATES),
        ("Morphine sulfate", AllergyKind.ALLERGY), ("peanuts", AllergyKind.ALLERGY), ("penicilin", AllergyKind.UNREAD),
        ("does not tolerate codeine", AllergyKind.INTOLERANCE),
    ],
)  # fmt: skip
def test_a_line_of_the_allergies_is_what_it_says(told: str, kind: AllergyKind) -> None:
    assert read_allergy(ChartAllergy("a", told)).kind is kind


def test_sulfate_is_no_sulfa() -> None:
    assert "sulfonamide_antibiotic" not in read_allergy(ChartAllergy("a", "Morphine sulfate")).classes
    assert "sulfonamide_antibiotic" in read_allergy(ChartAllergy("a", "sulfa drugs")).classes


@pytest.mark.parametrize(
    ("reaction", "severe", "kind"),
    [
        ("anaphylaxis", True, AllergyKind.ALLERGY), ("hives", True, AllergyKind.ALLERGY),
        ("", False, AllergyKind.ALLERGY),
        ("nausea", False, AllergyKind.INTOLERANCE), ("confusion", False, AllergyKind.INTOLERANCE),
        ("nausea and hives", True, AllergyKind.ALLERGY), ("ankle swelling", False, AllergyKind.INTOLERANCE),
    ],
)  # fmt: skip
def test_what_happened_says_whether_it_was_an_allergy(reaction: str, severe: bool, kind: AllergyKind) -> None:
    read = read_allergy(ChartAllergy("a", "codeine", reaction))

    assert (read.severe, read.kind) == (severe, kind)


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_a_refuted_allergy_is_none(verification: str) -> None:
    assert read_allergy(ChartAllergy("a", "penicillin", verification=verification)).kind is AllergyKind.DENIED
