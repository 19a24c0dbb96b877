"""What is measured, as data: the units of a measure with their exact conversions, what can be and what is likely.

The table is ``tables/measures.txt``. Nothing here knows a plan: the rules of a reading are in ``hub.workflows``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Final

from hub.safety.tables_reading import listed, rows

_UNIT: Final = re.compile(r"(?P<name>.+?) = (?P<factor>\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?)?)(?: (?P<shift>[+-] .+))?")
_CHANGE: Final = re.compile(r"(\d+)% in (\d+) days")


@dataclass(frozen=True, slots=True)
class MeasureUnit:
    """A unit of a measure: ``value`` of it is ``value x factor + shift`` of the unit that counts, exactly."""

    name: str
    factor: Fraction
    shift: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Span:
    """From ``low`` to ``high``, both included, in the unit that counts."""

    low: Fraction
    high: Fraction

    def holds(self, value: Fraction) -> bool:
        """Say whether the value lies in it."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class MeasureStep:
    """A difference to the last value that is asked about: ``part`` of it within ``days``."""

    part: Fraction
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurand:
    """One line of the table. ``units`` begin with the one that counts."""

    key: str
    units: tuple[MeasureUnit, ...]
    decimals: int
    possible: Span
    likely: Span
    step: MeasureStep | None
    source: str

    @property
    def unit(self) -> MeasureUnit:
        """The unit that counts."""
        return self.units[0]

    def unit_called(self, name: str) -> MeasureUnit | None:
        """Return the unit of that name, however it is spaced or written large or small; ``None`` for no unit of it."""
        wanted = _folded(name)
        return next((each for each in self.units if _folded(each.name) == wanted), None)


def convert(value: Fraction, of: MeasureUnit, to: MeasureUnit) -> Fraction:
    """Return the same amount in another unit of the same measure, exactly."""
    return (value * of.factor + of.shift - to.shift) / to.factor


def measure_of(named: str) -> Measurand | None:
    """Return what an entry measures, by its LOINC code or else by its name; ``None`` for what the table lacks."""
    by_code, by_name = _table()
    code, _, name = named.strip().partition(" ")
    if re.fullmatch(r"\d+-\d", code):
        return by_code.get(code)
    return by_name.get(" ".join(named.casefold().split())) or by_name.get(name.casefold().strip())


def known_measure(code: str) -> Measurand:
    """Return the measure of a code that the table must have.

    Raises:
        KeyError: it has not.
    """
    return _table()[0][code]


def all_measures() -> tuple[tuple[Measurand, tuple[str, ...]], ...]:
    """Return every measure with its LOINC codes, in the order of the table."""
    found: dict[str, tuple[Measurand, list[str]]] = {}
    for code, measure in _table()[0].items():
        found.setdefault(measure.key, (measure, []))[1].append(code)
    return tuple((measure, tuple(codes)) for measure, codes in found.values())


def is_pressure(named: str) -> bool:
    """Say whether both numbers of a blood pressure may be typed for what is measured."""
    measure = measure_of(named)
    return measure is not None and measure.key in ("systolic", "diastolic")


@cache
def _table() -> tuple[Mapping[str, Measurand], Mapping[str, Measurand]]:
    by_code: dict[str, Measurand] = {}
    by_name: dict[str, Measurand] = {}
    for key, codes, names, unit, decimals, possible, likely, step, others, source in rows("measures.txt", 10):
        measure = Measurand(
            key=key,
            units=(MeasureUnit(unit, Fraction(1)), *(_unit(each) for each in listed(others))),
            decimals=int(decimals),
            possible=_span(possible),
            likely=_span(likely),
            step=_step(step),
            source=source,
        )
        assert measure.possible.low <= measure.likely.low <= measure.likely.high <= measure.possible.high, key
        by_code |= dict.fromkeys(listed(codes), measure)
        by_name |= dict.fromkeys(listed(names), measure)
    return MappingProxyType(by_code), MappingProxyType(by_name)


def _unit(told: str) -> MeasureUnit:
    found = _UNIT.fullmatch(told)
    assert found is not None, f"a unit is name = factor: {told}"
    numerator, _, denominator = found["factor"].partition("/")
    shift = (found["shift"] or "+ 0").replace(" ", "")
    upper, _, lower = shift.partition("/")
    return MeasureUnit(
        found["name"], Fraction(numerator) / Fraction(denominator or 1), Fraction(upper) / Fraction(lower or 1)
    )


def _span(told: str) -> Span:
    low, _, high = told.partition("..")
    return Span(Fraction(low), Fraction(high))


def _step(told: str) -> MeasureStep | None:
    found = _CHANGE.fullmatch(told)
    assert found is not None or not told, f"a step is 10% in 14 days: {told}"
    return MeasureStep(Fraction(int(found[1]), 100), int(found[2])) if found is not None else None


def _folded(unit: str) -> str:
    """Return a unit's name as it is compared: no blanks, no degree sign, one micro sign, no case."""
    return re.sub(r"[\s.°]", "", unit.replace("µ", "u").replace("μ", "u")).casefold()
