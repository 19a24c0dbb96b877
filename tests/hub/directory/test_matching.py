"""Who may be somebody registered already: likely by name and date, never by a name alone."""

import pytest

from hub.directory.births import NOT_KNOWN, BirthDate, BirthDateError, birth_date, typed_birth_date
from hub.directory.matching import Sameness, Traits, likeness

MARY = Traits("Mary Whitfield", BirthDate(1956, 5, 14), "(555) 555-0121", frozenset({"1297287652"}))


def test_a_slip_in_the_name_with_the_same_date_is_very_likely() -> None:
    alike = likeness(Traits("Mary Whitfeld", BirthDate(1956, 5, 14), "", frozenset()), MARY)

    assert alike.name is Sameness.NEAR
    assert alike.very


def test_the_same_name_with_another_date_is_shown_and_not_very_likely() -> None:
    alike = likeness(Traits("Mary Whitfield", BirthDate(1972, 11, 3), "", frozenset()), MARY)

    assert alike.worth_showing
    assert not alike.very


def test_the_same_number_is_very_likely_whatever_the_name() -> None:
    assert likeness(Traits("Xu", NOT_KNOWN, "", frozenset({"1297287652"})), MARY).very


def test_part_of_a_date_that_fits_is_near_and_day_and_month_may_be_swapped() -> None:
    assert likeness(Traits("M", BirthDate(1956), "", frozenset()), MARY).born is Sameness.NEAR
    swapped = Traits("M", BirthDate(1956, 4, 5), "", frozenset())
    assert likeness(swapped, Traits("M", BirthDate(1956, 5, 4), "", frozenset())).born is Sameness.NEAR


def test_nothing_in_common_is_not_shown() -> None:
    assert not likeness(Traits("Omar Rahman", BirthDate(1990, 1, 1), "", frozenset()), MARY).worth_showing


@pytest.mark.parametrize("text", ["", "1956", "1956-05", "1956-05-14"])
def test_as_much_of_a_date_of_birth_as_is_known_is_kept(text: str) -> None:
    assert str(birth_date(text)) == text


@pytest.mark.parametrize(
    "parts", [("1956", "", "3"), ("", "5", ""), ("1956", "2", "30"), ("12", "", ""), ("x", "", "")]
)
def test_what_is_no_date_of_birth_is_refused_with_words(parts: tuple[str, str, str]) -> None:
    with pytest.raises(BirthDateError):
        typed_birth_date(*parts)


def test_a_date_of_birth_in_the_future_is_refused() -> None:
    with pytest.raises(BirthDateError, match="future"):
        typed_birth_date("2030", "1", "1", today=birth_date("2026-11-27").whole)
