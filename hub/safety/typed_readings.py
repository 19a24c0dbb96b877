"""The one grammar of a reading as people type it, and what is said of a value that can't be or is unlikely.

    reading  = score | pressure | amount
    score    = number [("/" | "of" | "out of" | "de") "10"]                    for pain alone
    pressure = number ("/" | "over" | "sobre" | "por") number [unit]         for blood pressure alone
    amount   = number [unit] { number unit }                                 157 lb 8 oz, each unit smaller
    number   = digits with "." or "," before the decimals, blanks or "," between thousands; "½", "¼", "¾" behind it

The whole of the words is understood or nothing is: what is left over is never dropped. A comma before exactly three
digits is what the measure makes possible (``1,200`` mL are thousands, ``1,234`` mmol/L a decimal comma); where both are
possible the person is asked.
"""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hub.safety.measures import Measurand, MeasureUnit, convert, known_measure, measure_of

TYPED_CHARACTERS_MAX: Final = 60
"""A reading is a number or two with a unit."""

SYSTOLIC: Final = "8480-6"
DIASTOLIC: Final = "8462-4"
"""LOINC codes of the two numbers of a blood pressure."""

_HALVES: Final = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}
_NUMBER: Final = r"[+-]?(?:\d[\d ,.'’]*\d|\d|[.,]\d+)[½¼¾]?|[½¼¾]"
_PRESSURE: Final = re.compile(rf"({_NUMBER})\s*(?:/|over|sobre|por)\s*({_NUMBER})\s*(\D*)", re.IGNORECASE)
_PART: Final = re.compile(
    rf"({_NUMBER})\s*((?:[^\d\s.,+½¼¾-][^\s]*(?:\s+(?:a|minute|hg|m2|[fc])\b)*)?)\s*", re.IGNORECASE
)
_OF_TEN: Final = re.compile(r"\s*(?:/|(?:out )?of|de)\s*10$", re.IGNORECASE)
_OFF_THE_SCALE: Final = {"hi": "above", "high": "above", "lo": "below", "low": "below"}
_SHAPES: Final = tuple(
    re.compile(rf"(?P<whole>{whole})(?:{mark}(?P<decimals>\d+))?")
    for whole, mark in (
        (r"\d*", "[.,]"),
        (r"\d{1,3}(?:[ '’]\d{3})+", "[.,]"),
        (r"\d{1,3}(?:,\d{3})+", r"\."),
        (r"\d{1,3}(?:\.\d{3})+", ","),
    )
)
_EITHER: Final = re.compile(r"[1-9]\d{0,2},\d{3}")
"""Decimals, or thousands: both are written like this."""


@dataclass(frozen=True, slots=True)
class TypedReading:
    """A value in the unit of its entry. ``second`` is the other number of a blood pressure."""

    value: float
    unit: str
    second: float | None = None
    converted: str = ""
    """What was typed where that was another unit, as in ``157 lb``."""


@dataclass(frozen=True, slots=True)
class NotRead:
    """Why nothing is recorded. ``unlikely``: it is recorded as soon as the person says that it is right."""

    words: str
    unlikely: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """The last value of the same measure, in the entry's unit, and how many days ago it was taken."""

    value: float
    days: float


class _UnreadError(ValueError):
    """The words are no reading; the message is for the person."""


def read(
    typed: str, measured: str, unit: str, before: Before | None = None, *, sure: bool = False
) -> TypedReading | NotRead:
    """Return what was typed as a reading of the entry that measures ``measured`` in ``unit``.

    A measure that the table does not know takes a plain number, in its own unit if one is typed. ``sure``: the person
    has said that an unlikely value is right.
    """
    words = _plain(typed)
    measure = measure_of(measured)
    try:
        if not words or len(words) > TYPED_CHARACTERS_MAX:
            raise _UnreadError(f"Enter the number, for example {_example(measure)}.")
        if measure is None:
            return _unknown(words, unit)
        own = measure.unit_called(unit) if unit else measure.unit
        if own is None:
            return _unknown(words, unit)
        return _measured(words, measure, own, unit or measure.unit.name, before, sure=sure)
    except _UnreadError as refusal:
        return NotRead(str(refusal))


def in_unit(value: float, of: str, measured: str, unit: str) -> float | None:
    """Return a stored value in the entry's unit of now; ``None`` where the two units can't be compared."""
    if not of or not unit or of == unit:
        return value
    measure = measure_of(measured)
    was, wanted = (measure.unit_called(of), measure.unit_called(unit)) if measure is not None else (None, None)
    if measure is None or was is None or wanted is None:
        return None
    return value if was.name == wanted.name else _stored(convert(Fraction(str(value)), was, wanted), measure, wanted)


def _measured(
    words: str, measure: Measurand, own: MeasureUnit, shown: str, before: Before | None, *, sure: bool
) -> TypedReading | NotRead:
    if measure.key in ("systolic", "diastolic") and (pair := _PRESSURE.fullmatch(words)):
        return _pressure(pair, measure, own, shown, before, sure=sure)
    value, unit = _amount(_OF_TEN.sub("", words) if measure.key == "pain" else words, measure, own)
    fault = _fault(convert(value, unit, measure.unit), measure, unit, value, own, shown, before)
    stored = _stored(convert(value, unit, own), measure, own)
    converted = words if unit.factor != own.factor or unit.shift != own.shift else ""
    return TypedReading(stored, shown, None, converted) if fault is None or (sure and fault.unlikely) else fault


def _pressure(
    pair: "re.Match[str]", measure: Measurand, own: MeasureUnit, shown: str, before: Before | None, *, sure: bool
) -> TypedReading | NotRead:
    """Return both numbers of a blood pressure, the one that the entry is about first."""
    typed_unit = measure.unit_called(pair[3].strip()) if pair[3].strip() else own
    if typed_unit is None:
        raise _UnreadError(_unknown_unit(pair[3].strip(), measure))
    upper, lower = known_measure(SYSTOLIC), known_measure(DIASTOLIC)
    high, low = _number(pair[1], upper), _number(pair[2], lower)
    if high <= low:
        raise _UnreadError(f"{pair[1].strip()} over {pair[2].strip()} can't be: the first number is the higher one.")
    values = {"systolic": high, "diastolic": low}
    asked: NotRead | None = None
    for each in (upper, lower):
        unit = each.unit_called(typed_unit.name)
        assert unit is not None, "both numbers have the same units"
        value = values[each.key]
        fault = _fault(
            convert(value, unit, each.unit), each, unit, value, own, shown, before if each is measure else None
        )
        if fault is not None and not fault.unlikely:
            return fault
        asked = asked or fault
    if asked is not None and not sure:
        return asked
    first = values[measure.key]
    second = values["diastolic" if measure.key == "systolic" else "systolic"]
    converted = pair[0] if typed_unit.factor != own.factor else ""
    return TypedReading(
        _stored(convert(first, typed_unit, own), measure, own),
        shown,
        _stored(convert(second, typed_unit, own), measure, own),
        converted,
    )


def _amount(words: str, measure: Measurand, own: MeasureUnit) -> tuple[Fraction, MeasureUnit]:
    """Return the number typed and its unit; several of one measure, as in ``157 lb 8 oz``, as one in the first."""
    if (side := _OFF_THE_SCALE.get(words.casefold())) and measure.key == "glucose":
        raise _UnreadError(
            f"The meter shows that this is {side} what it can measure. Call the team now. Nothing is recorded."
        )
    found: list[tuple[Fraction, MeasureUnit]] = []
    at = 0
    while at < len(words):
        part = _PART.match(words, at)
        if part is None or part.end() == at:
            raise _UnreadError(f"“{words}” is not understood. Enter the number, for example {_example(measure)}.")
        unit = measure.unit_called(part[2]) if part[2] else own
        if unit is None:
            raise _UnreadError(_unknown_unit(part[2], measure))
        found.append((_number(part[1], measure, unit), unit))
        at = part.end()
    (value, unit), *rest = found
    for more, smaller in rest:
        if smaller.factor >= unit.factor or smaller.shift or unit.shift or more < 0 or smaller.name == unit.name:
            raise _UnreadError(f"“{words}” is not understood. Enter one number, for example {_example(measure)}.")
        value += more * smaller.factor / unit.factor
    if rest and len({each.name for _, each in found}) != len(found):
        raise _UnreadError(f"“{words}” is not understood. Enter one number, for example {_example(measure)}.")
    return value, unit


def _fault(
    counted: Fraction,
    measure: Measurand,
    unit: MeasureUnit,
    value: Fraction,
    own: MeasureUnit,
    shown: str,
    before: Before | None,
) -> NotRead | None:
    """Return why a value can't be, or what is asked about an unlikely one; it is named as it was typed."""
    told = f"{_told(value)} {unit.name}".strip()
    if not measure.possible.holds(counted):
        meant = [
            f"{_told(value)} {each.name} ({_told(_rounded(convert(value, each, own), measure))} {shown})".strip()
            for each in measure.units[:2]
            if each.factor != unit.factor and measure.likely.holds(convert(value, each, measure.unit))
        ]
        hint = (
            f" If you mean {meant[0]}, type the unit with the number." if meant else " Look again, and enter it anew."
        )
        return NotRead(f"{told} can't be.{hint}")
    if not measure.likely.holds(counted):
        return NotRead(f"{told} is unlikely. Is that right?", unlikely=True)
    if measure.step is not None and before is not None and before.value and before.days <= measure.step.days:
        last = Fraction(str(before.value))
        if abs(convert(value, unit, own) - last) > abs(last) * measure.step.part:
            return NotRead(_differs(told, value, unit, measure, own, shown, last), unlikely=True)
    return None


def _differs(
    told: str, value: Fraction, unit: MeasureUnit, measure: Measurand, own: MeasureUnit, shown: str, last: Fraction
) -> str:
    near = [
        each
        for each in measure.units[:2]
        if each.factor != unit.factor and abs(convert(value, each, own) - last) <= abs(last) * Fraction(1, 10)
    ]
    hint = f" If it is {_told(value)} {near[0].name}, type the unit with the number." if near else ""
    return f"{told} is far from the last one, {_told(last)} {shown}. Is that right?{hint}"


def _unknown(words: str, unit: str) -> TypedReading:
    part = _PART.fullmatch(words)
    if part is None:
        raise _UnreadError(f"“{words}” is not understood. Enter the number, for example 72.5.")
    if part[2] and part[2].casefold() != unit.casefold():
        raise _UnreadError(f"This is measured in {unit}. Enter the number." if unit else "Enter the number alone.")
    both = _readings_of(part[1])
    if len(both) > 1:
        raise _UnreadError(_two_ways(part[1], both))
    return TypedReading(float(both[0]), unit)


def _number(typed: str, measure: Measurand, unit: MeasureUnit | None = None) -> Fraction:
    """Return a number; of two ways to read it the one that the measure makes possible.

    Raises:
        _UnreadError: it is none, or both ways are possible.
    """
    both = _readings_of(typed)
    if len(both) > 1:
        of = unit or measure.unit
        for span in (measure.likely, measure.possible):
            within = [each for each in both if span.holds(convert(each, of, measure.unit))]
            if len(within) == 1:
                return within[0]
        raise _UnreadError(_two_ways(typed, both))
    return both[0]


def _two_ways(typed: str, both: tuple[Fraction, ...]) -> str:
    return f"Is {typed.strip()} {' or '.join(_told(each) for each in both)}? Enter it without the comma."


def _readings_of(typed: str) -> tuple[Fraction, ...]:
    """Return what a number may mean: one way, or two where a comma may stand before decimals or thousands.

    Raises:
        _UnreadError: it is no number.
    """
    words = typed.strip()
    part = _HALVES.get(words[-1:], Fraction(0))
    bare = words.rstrip("½¼¾").strip().lstrip("+-") or "0"
    found = next((match for shape in _SHAPES if (match := shape.fullmatch(bare))), None)
    if found is None or (part and found["decimals"]):
        raise _UnreadError(f"“{words}” is not understood. Enter a number, for example 72.5.")
    sign = -1 if words.startswith("-") else 1
    digits, decimals = re.sub(r"\D", "", found["whole"]) or "0", found["decimals"] or ""
    value = sign * (Fraction(f"{digits}.{decimals or '0'}") + part)
    if _EITHER.fullmatch(bare):
        return (value, sign * Fraction(digits + decimals))
    return (value,)


def _plain(typed: str) -> str:
    """Return the words on one line, with every script's digits as ours, and one sort of decimal mark and minus."""
    told = "".join(str(unicodedata.decimal(each, each)) for each in typed.strip())
    told = told.replace("٫", ".").replace("٬", "'").replace("−", "-").replace("⁄", "/")
    return " ".join(told.split())


def _stored(value: Fraction, measure: Measurand, unit: MeasureUnit) -> float:
    """Return a value as it is kept: to the measure's decimals, one more in a unit larger than the one that counts."""
    return float(_rounded(value, measure, extra=1 if unit.factor > 1 else 0))


def _rounded(value: Fraction, measure: Measurand, extra: int = 1) -> Fraction:
    return Fraction(round(value, measure.decimals + extra))


def _told(value: Fraction) -> str:
    return f"{float(value):.10g}"


def _unknown_unit(typed: str, measure: Measurand) -> str:
    one_each = {(each.factor, each.shift): each.name for each in reversed(measure.units)}
    names = ", ".join(each for each in reversed(one_each.values()) if each)
    return f"“{typed}” is not a unit of this. Enter it in {names}." if names else "Enter the number alone."


def _example(measure: Measurand | None) -> str:
    if measure is None:
        return "72.5"
    return {"systolic": "120/80", "diastolic": "120/80", "temperature": "98.6 F", "pain": "4"}.get(measure.key, "72.5")
