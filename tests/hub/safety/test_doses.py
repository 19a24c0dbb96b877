import pytest

from hub.safety.doses import ingredients_in, milligrams, times_a_day


@pytest.mark.parametrize(
    ("dose", "mg"),
    [
        ("40 mg", 40), ("1,000 mg", 1000), ("1 g", 1000), ("50 mcg", 0.05), ("2 tablets of 600 mg", 1200),
        ("half a tablet of 25 mg", 12.5), ("49 mg/51 mg", None), ("10 units", None), ("", None), ("one tablet", None),
    ],
)  # fmt: skip
def test_a_dose_is_read_or_left_alone(dose: str, mg: float | None) -> None:
    assert milligrams(dose) == mg


@pytest.mark.parametrize(
    ("often", "times"),
    [
        ("once daily", 1), ("twice a day", 2), ("three times per day", 3), ("3 times daily", 3), ("daily", 1),
        ("every 6 hours", 4), ("every 4 to 6 hours when needed", 6), ("at bedtime", 1), ("every morning", 1),
        ("once a week", 1 / 7), ("bid", 2), ("two tablets, three times per day", 3),
        ("when needed", None), ("", None), ("as the doctor said", None), ("every other day", None),
        ("every 0 hours", None),
    ],
)  # fmt: skip
def test_a_frequency_is_read_or_left_alone(often: str, times: float | None) -> None:
    assert times_a_day(often) == times


def test_names_are_read_by_whole_words() -> None:
    assert [each.name for each in ingredients_in("Percocet 5/325")] == ["oxycodone", "acetaminophen"]
    assert ingredients_in("aspirinlike") == ()
