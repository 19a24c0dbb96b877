"""Names of one word, dates known in part, and ages as clinicians say them."""

from datetime import date

import pytest

from web.views.words import age, born_words, listed_name

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("born", "words"),
    [
        (date(2026, 11, 27), "0d"), (date(2026, 11, 18), "9d"), (date(2026, 10, 31), "27d"),
        (date(2026, 10, 30), "4w"), (date(2026, 8, 28), "13w"), (date(2026, 8, 27), "3m"), (date(2025, 10, 23), "13m"),
        (date(2024, 11, 28), "23m"), (date(2024, 11, 27), "2y"), (date(1956, 2, 29), "70y"), (date(2026, 11, 30), ""),
    ],
)  # fmt: skip
def test_an_age_is_said_in_days_weeks_months_or_years(born: date, words: str) -> None:
    assert age(born, TODAY) == words


def test_a_date_of_birth_says_what_is_known_of_it() -> None:
    assert born_words("1956-05-14") == "born 14-May-1956"
    assert born_words("1956-05") == "born in May 1956"
    assert born_words("1956") == "born in 1956"
    assert born_words("") == "birth date not known"


def test_who_has_one_name_is_listed_by_it_alone() -> None:
    assert listed_name("Suharto", "") == "SUHARTO"
    assert listed_name("Whitfield", "Mary") == "WHITFIELD, Mary"
