"""One value as an element of FHIR R4 and back. Reading is lenient: what can't be read is ``None``, never an error.

Kinds beside those that a field's form implies: ``code`` and ``coding`` and ``concept`` (a choice by its map, or its
words), ``problem code`` and ``RxNorm code`` (a Coding), ``measure`` (a LOINC code and its name), ``amount`` (a
Quantity as in ``40 mg``), ``range`` (low and high), ``readings`` (an Observation each: see ``hub.fhir.observing``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from crdt.fields import Field, Form, Scalar
from crdt.sections import Section
from hub.fhir.codes import ABSENT, LOINC, LOINC_FORM, MAPS, RXNORM, problem_coding
from hub.fhir.places import FhirPlace, Json

NUMBER_MAX: Final = 1e15
"""A number above is no measured value, and floats above are not exact."""

_AMOUNT: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) ?([^\d\s].{0,60})")
_RANGE: Final = re.compile(r"(-?\d+(?:\.\d+)?)?\.\.(-?\d+(?:\.\d+)?)?")
_FHIR_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class References(Protocol):
    """How people and entries are named: by whoever writes a plan, or reads a file."""

    def person(self, person_id: str) -> Json | None:
        """Return the Reference to a person, ``None`` where they may not be named."""

    def entry(self, entry_id: str) -> Json | None:
        """Return the Reference to an entry, ``None`` where it does not leave with this one."""

    def person_of(self, reference: object) -> str | None:
        """Return the id of the person that a Reference names, ``None`` for someone unknown here."""

    def entry_of(self, reference: object) -> str | None:
        """Return the id of the entry that a Reference names, ``None`` for one unknown here."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A field of a section at its place."""

    section: Section
    field: Field
    place: FhirPlace


def written(typed: Typed, value: Scalar, refer: References) -> object | None:
    """Return a scalar as the element at its place, ``None`` where R4 can't say it there."""
    field, kind = typed.field, typed.place.kind
    if field.form in (Form.PERSON, Form.ENTRY):
        named = str(value)
        return refer.person(named) if field.form is Form.PERSON else refer.entry(named)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value
    if field.form is Form.INSTANT:
        return fhir_instant(value)
    return _worded(typed, kind, value)


def _worded(typed: Typed, kind: str, value: str) -> object | None:
    mapped = MAPS.get((typed.section, typed.field.name))
    code = mapped.codes.get(value, "") if mapped is not None else ""
    match kind:
        case "code":
            return code or None
        case "concept" | "coding":
            coding = {"system": mapped.system_of(value), "code": code} if mapped is not None and code else {}
            if kind == "coding":
                return {**coding, "display": value}
            return {**({"coding": [coding]} if coding else {}), "text": value}
        case "problem code":
            return problem_coding(value)
        case "RxNorm code":
            return {"system": RXNORM, "code": value}
        case "measure":
            return _measure(value)
        case "amount":
            amount = _AMOUNT.fullmatch(value)
            return {"value": _number(amount.group(1)), "unit": amount.group(2)} if amount else None
        case "range":
            return _range(value)
        case _:
            return value


def _measure(value: str) -> Json:
    code, _, name = value.partition(" ")
    if LOINC_FORM.fullmatch(code):
        coding = {"system": LOINC, "code": code, **({"display": name} if name else {})}
        return {"coding": [coding], "text": name or code}
    return {"text": value}


def _range(value: str) -> Json | None:
    found = _RANGE.fullmatch(value)
    low, high = found.groups() if found else (None, None)
    ends = {"low": low, "high": high}
    return {name: {"value": _number(end)} for name, end in ends.items() if end is not None} or None


def read(typed: Typed, element: object, refer: References) -> Scalar:
    """Return what an element says as the field holds it, ``None`` where it says nothing that can be read."""
    field, kind = typed.field, typed.place.kind
    if field.form is Form.PERSON:
        return refer.person_of(element)
    if field.form is Form.ENTRY:
        return refer.entry_of(element)
    if field.form is Form.NUMBER:
        return number_of(element)
    match kind:
        case "code" | "coding" | "concept":
            return _choice(typed, element)
        case "problem code" | "RxNorm code":
            return _code_in(element, RXNORM if kind == "RxNorm code" else "")
        case "measure":
            return measure_words(element)
        case "amount":
            return _amount(element)
        case "range":
            return _range_words(element)
        case _ if field.form is Form.DATE:
            return element[:10] if isinstance(element, str) else None
        case _:
            return words_of(element)


def _choice(typed: Typed, element: object) -> str | None:
    mapped = MAPS.get((typed.section, typed.field.name))
    told: list[object] = [element] if isinstance(element, str) else []
    codings = list_of(element, "coding") if typed.place.kind == "concept" else [element]
    for coding in codings:
        if isinstance(coding, dict):
            told += [coding.get("code"), coding.get("display")]
    if isinstance(element, dict):
        told.insert(0, element.get("text"))
    for each in told:
        if isinstance(each, str):
            choice = mapped.choice(each) if mapped is not None else ""
            if each.lower() in typed.field.choices or choice:
                return each.lower() if each.lower() in typed.field.choices else choice
    return None


def _code_in(element: object, system: str) -> str | None:
    if not isinstance(element, dict) or element.get("system") == ABSENT or (system and element.get("system") != system):
        return None
    code = element.get("code")
    return code if isinstance(code, str) else None


def measure_words(element: object) -> str | None:
    """Return a concept as a measure's words: its LOINC code, where it has one, and its name."""
    codings = [each for each in list_of(element, "coding") if isinstance(each, dict)]
    coded = next((each for each in codings if each.get("system") == LOINC and each.get("code")), None)
    name = words_of(element)
    if coded is None:
        return name
    code = str(coded["code"])
    return code if not name or name == code else f"{code} {name}"


def words_of(element: object) -> str | None:
    """Return what stands for an element in words: itself, its text, the display or else the code of a coding."""
    if isinstance(element, str):
        return element if element.strip() else None
    if not isinstance(element, dict):
        return None
    codings = [each for each in list_of(element, "coding") if isinstance(each, dict) and each.get("system") != ABSENT]
    told = [element.get("text"), element.get("display"), *(each.get("display") for each in codings)]
    told += [each.get("code") for each in codings]
    return next((each for each in told if isinstance(each, str) and each.strip()), None)


def _amount(element: object) -> str | None:
    value = element.get("value") if isinstance(element, dict) else None
    if not isinstance(element, dict) or number_of(value) is None:
        return None
    unit = element.get("unit") or element.get("code") or ""
    return f"{plain_number(value)} {unit}".strip()


def _range_words(element: object) -> str | None:
    if not isinstance(element, dict):
        return None
    ends = [element.get(name) for name in ("low", "high")]
    numbers = [number_of(each.get("value")) if isinstance(each, dict) else None for each in ends]
    low, high = ("" if each is None else plain_number(each) for each in numbers)
    return f"{low}..{high}" if low or high else None


def list_of(element: object, name: str) -> list[Any]:
    """Return the list of that name in an element, ``[]`` where it has none."""
    found = element.get(name) if isinstance(element, Mapping) else None
    return found if isinstance(found, list) else []


def number_of(element: object) -> float | int | None:
    """Return a number that JSON holds, ``None`` for anything else."""
    if isinstance(element, bool) or not isinstance(element, int | float):
        return None
    return element if abs(element) < NUMBER_MAX else None


def plain_number(value: object) -> str:
    """Return a number without a needless point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _number(told: str) -> int | float:
    return float(told) if "." in told else int(told)


def fhir_instant(told: str) -> str | None:
    """Return an instant of ours as R4 writes a dateTime (with its seconds), ``None`` for what is none."""
    if _FHIR_INSTANT.fullmatch(told):
        return told
    try:
        read = datetime.fromisoformat(told)
    except ValueError:
        return None
    return read.isoformat(timespec="seconds") if read.tzinfo is not None and read.year >= 1 else None
