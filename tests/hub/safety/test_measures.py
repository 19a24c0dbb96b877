from fractions import Fraction

import pytest

from hub.safety.measures import convert, measure_of


@pytest.mark.parametrize(
    ("measured", "value", "of", "to", "expected"),
    [
        ("29463-7 Body weight", "157", "lb", "kg", Fraction("71.21400209")),
        ("29463-7 Body weight", "70", "kg", "lb", Fraction(70) / Fraction("0.45359237")),
        ("8310-5 Body temperature", "98.6", "°F", "°C", Fraction(37)),
        ("8310-5 Body temperature", "37", "°C", "°F", Fraction("98.6")),
        ("8310-5 Body temperature", "-40", "°F", "°C", Fraction(-40)),
        ("2339-0 Glucose", "5.5", "mmol/L", "mg/dL", Fraction("99.088")),
        ("13457-7 LDL cholesterol", "2", "mmol/L", "mg/dL", Fraction("77.34")),
        ("2160-0 Creatinine", "88.42", "umol/L", "mg/dL", Fraction(1)),
        ("2823-3 Potassium", "4.1", "mEq/L", "mmol/L", Fraction("4.1")),
        ("4548-4 Hemoglobin A1c", "53", "mmol/mol", "%", Fraction("7.00044")),
    ],
)
def test_units_are_converted_exactly(measured: str, value: str, of: str, to: str, expected: Fraction) -> None:
    measure = measure_of(measured)
    assert measure is not None
    one, other = measure.unit_called(of), measure.unit_called(to)
    assert one is not None
    assert other is not None

    assert convert(Fraction(value), one, other) == expected
    assert convert(expected, other, one) == Fraction(value)


def test_a_measure_is_found_by_its_code_or_by_its_name() -> None:
    weight = measure_of("29463-7 Gewicht")

    assert weight is not None
    assert weight.key == "weight"
    assert measure_of("Body weight") is weight
    assert measure_of("Steps a day") is None
    assert measure_of("99999-9 Body weight") is None


@pytest.mark.parametrize("name", ["mm Hg", "mmHg", "mm[Hg]"])
def test_a_unit_is_known_however_it_is_written(name: str) -> None:
    measure = measure_of("Blood pressure")
    assert measure is not None

    unit = measure.unit_called(name)

    assert unit is not None
    assert unit.factor == 1
