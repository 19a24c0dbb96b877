import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.safety.typed_readings import Before, NotRead, TypedReading, in_unit, read

WEIGHT, PRESSURE, LOWER = "29463-7 Body weight", "8480-6 Systolic blood pressure", "8462-4 Diastolic blood pressure"
WARMTH, SUGAR, PAIN = "8310-5 Body temperature", "2339-0 Glucose", "72514-3 Pain"


@pytest.mark.parametrize(
    ("typed", "measured", "unit", "value", "second", "converted"),
    [
        ("72.5", WEIGHT, "kg", 72.5, None, ""),
        (" 72,5 ", WEIGHT, "kg", 72.5, None, ""),
        ("72.5 kg", WEIGHT, "kg", 72.5, None, ""),
        ("٧٢٫٥", WEIGHT, "kg", 72.5, None, ""),
        ("157 lb", WEIGHT, "kg", 71.21, None, "157 lb"),
        ("157 LBS", WEIGHT, "kg", 71.21, None, "157 LBS"),
        ("157 lb 8 oz", WEIGHT, "kg", 71.44, None, "157 lb 8 oz"),
        ("68.2 kg", WEIGHT, "lb", 150.36, None, "68.2 kg"),
        ("120/80", PRESSURE, "mmHg", 120.0, 80.0, ""),
        ("120 / 80 mm Hg", PRESSURE, "mmHg", 120.0, 80.0, ""),
        ("120 over 80", PRESSURE, "", 120.0, 80.0, ""),
        ("120/80", LOWER, "mmHg", 80.0, 120.0, ""),
        ("118", PRESSURE, "mmHg", 118.0, None, ""),
        ("98.6 F", WARMTH, "°C", 37.0, None, "98.6 F"),
        ("98,6°F", WARMTH, "°C", 37.0, None, "98,6°F"),
        ("37 °C", WARMTH, "°F", 98.6, None, "37 °C"),
        ("98½", WARMTH, "°F", 98.5, None, ""),
        ("5.5 mmol/L", SUGAR, "mg/dL", 99.1, None, "5.5 mmol/L"),
        ("120 mg/dl", SUGAR, "mmol/L", 6.66, None, "120 mg/dl"),
        ("7 out of 10", PAIN, "", 7.0, None, ""),
        ("7/10", PAIN, "", 7.0, None, ""),
        ("12 345", "Steps", "", 12345.0, None, ""),
        ("1,234.5", "Steps", "", 1234.5, None, ""),
        ("1.234,5", "Steps", "", 1234.5, None, ""),
        ("1,234,567", "Steps", "", 1234567.0, None, ""),
    ],
)
def test_a_reading_is_understood_as_people_type_it(
    typed: str, measured: str, unit: str, value: float, second: float | None, converted: str
) -> None:
    found = read(typed, measured, unit)

    assert isinstance(found, TypedReading), found
    assert (found.value, found.second, found.converted) == (value, second, converted)


@pytest.mark.parametrize(
    ("typed", "measured", "unit", "words"),
    [
        ("0", WEIGHT, "kg", "0 kg can't be"),
        ("-5", PRESSURE, "mmHg", "-5 mmHg can't be"),
        ("99999999", PRESSURE, "mmHg", "99999999 mmHg can't be"),
        ("999", WEIGHT, "kg", "999 kg can't be"),
        ("98.6", WARMTH, "°C", "If you mean 98.6 °F (37 °C), type the unit"),
        ("5.5", SUGAR, "mg/dL", "If you mean 5.5 mmol/L (99.09 mg/dL)"),
        ("11/10", PAIN, "", "11 can't be"),
        ("80/120", PRESSURE, "mmHg", "the first number is the higher one"),
        ("120/5", PRESSURE, "mmHg", "5 mmHg can't be"),
        ("1e3", PRESSURE, "mmHg", "not a unit of this"),
        ("72 stone kg", WEIGHT, "kg", "not a unit of this"),
        ("nan", WEIGHT, "kg", "is not understood"),
        ("inf", WEIGHT, "kg", "is not understood"),
        ("a lot", WEIGHT, "kg", "is not understood"),
        ("72 72", WEIGHT, "kg", "is not understood"),
        ("72 kg 71 kg", WEIGHT, "kg", "is not understood"),
        ("120/80 72", PRESSURE, "mmHg", "is not understood"),
        ("1,234", "Steps", "", "Is 1,234 1.234 or 1234?"),
        ("HI", SUGAR, "mg/dL", "above what it can measure. Call the team now"),
        ("", WEIGHT, "kg", "Enter the number"),
        ("7" * 61, WEIGHT, "kg", "Enter the number"),
    ],
)
def test_what_cannot_be_or_is_not_understood_is_refused_with_what_to_do(
    typed: str, measured: str, unit: str, words: str
) -> None:
    found = read(typed, measured, unit, sure=True)

    assert isinstance(found, NotRead)
    assert words in found.words
    assert not found.unlikely


@pytest.mark.parametrize(
    ("typed", "measured", "unit", "before"),
    [
        ("240", PRESSURE, "mmHg", None),
        ("150/135", PRESSURE, "mmHg", None),
        ("43 °C", WARMTH, "°F", None),
        ("157", WEIGHT, "kg", Before(71.2, 1.0)),
    ],
)
def test_the_unlikely_is_asked_about_and_taken_when_it_is_right(
    typed: str, measured: str, unit: str, before: Before | None
) -> None:
    asked = read(typed, measured, unit, before)

    assert isinstance(asked, NotRead)
    assert asked.unlikely
    assert "Is that right?" in asked.words
    assert isinstance(read(typed, measured, unit, before, sure=True), TypedReading)


def test_pounds_typed_for_kilograms_are_asked_about_with_the_unit_that_fits() -> None:
    asked = read("157", WEIGHT, "kg", Before(71.2, 1.0))

    assert isinstance(asked, NotRead)
    assert "If it is 157 lb" in asked.words
    assert isinstance(read("157", WEIGHT, "kg", Before(71.2, 60.0)), TypedReading)


def test_a_comma_before_three_digits_is_what_the_measure_makes_possible() -> None:
    potassium, steps = read("4,125", "2823-3 Potassium", "mmol/L"), read("1,200", SUGAR, "mg/dL", sure=True)

    assert isinstance(potassium, TypedReading)
    assert potassium.value == 4.12
    assert isinstance(steps, TypedReading)
    assert steps.value == 1200


def test_a_stored_value_is_read_in_the_unit_of_now_or_not_at_all() -> None:
    assert in_unit(157, "lb", WEIGHT, "kg") == 71.21
    assert in_unit(71.2, "kg", WEIGHT, "kg") == 71.2
    assert in_unit(5, "", WEIGHT, "kg") == 5
    assert in_unit(5, "furlong", WEIGHT, "kg") is None


@given(st.text(max_size=70), st.sampled_from([WEIGHT, PRESSURE, LOWER, WARMTH, SUGAR, PAIN, "Steps", ""]))
def test_no_words_break_the_grammar(typed: str, measured: str) -> None:
    assert isinstance(read(typed, measured, ""), TypedReading | NotRead)


@given(st.decimals(min_value=20, max_value=200, places=1))
def test_a_plain_number_is_never_another_one(value: object) -> None:
    found = read(str(value), WEIGHT, "kg")

    assert isinstance(found, TypedReading)
    assert found.value == float(str(value))
