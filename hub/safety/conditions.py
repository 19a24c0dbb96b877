"""Problems and measured values as the rules ask for them: by code, by words, by LOINC, with units and days."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from hub.safety.charts import ChartProblem, ChartValue
from hub.safety.tables_reading import listed, rows
from hub.safety.wordings import bare

_GONE: Final = frozenset({"resolved", "inactive", "remission"})
_STAYS: Final = frozenset({"heart_attack", "stroke", "brain_bleed", "vte", "angioedema", "breast_cancer", "long_qt"})
"""Problems that matter when they are over."""
_PASSES: Final = frozenset({"pregnancy", "wants_pregnancy", "breastfeeding", "hyperkalemia", "hyponatremia",
    "bowel_obstruction", "hepatitis_active", "delirium", "bleeding"})  # fmt: skip
"""Problems of which a history says nothing about today."""
_DENIED: Final = re.compile(
    r"\b(?:no|not|non|denies|denied|without|negative|rule out|ruled out|r o|family history|fh of|fhx|screening|screen|"
    r"mother|father|brother|sister|sibling|parent|son|daughter|grandmother|grandfather|wife|husband|sin|prevention of|"
    r"prophylaxis|unlikely|absent|never|pre)\b"
)
_RISK: Final = re.compile(r"\b(?:risk|at risk|risk for|risk of)\b")
_PAST: Final = re.compile(r"\b(?:history of|h o|hx of|hx|previous|prior|past|s p|status post|after)\b")
_CALLED_RISKS: Final = frozenset({"falls"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that rules ask for."""

    key: str
    name: str
    words: re.Pattern[str]
    icd: tuple[str, ...]
    snomed: frozenset[str]


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    shapes = (re.escape(_flat(each.rstrip("*"))) + (r"\w*" if each.endswith("*") else "") for each in words)
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(sorted(shapes, key=len, reverse=True))})(?![a-z0-9])")


def _flat(told: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9.+]", " ", bare(told).replace("'", "")).split())


PROBLEMS: Final[Mapping[str, Problem]] = MappingProxyType(
    {
        key: Problem(key, name, _pattern(listed(words)), listed(icd), frozenset(listed(snomed)))
        for key, name, words, icd, snomed in rows("problems.txt", 5)
    }
)


def keys_of(line: ChartProblem) -> frozenset[str]:
    """Return the problems of the table that a line of the chart is."""
    if line.kind == "risk" and not PROBLEMS["falls"].words.search(_flat(line.name)):
        return frozenset()
    return frozenset(key for key, problem in PROBLEMS.items() if _is(problem, line))


def _is(problem: Problem, line: ChartProblem) -> bool:
    if line.status.lower() in _GONE and problem.key not in _STAYS:
        return False
    codes = {each.strip().upper().split()[0] for each in line.codes if each.strip()}
    if any(code.startswith(prefix) for code in codes for prefix in problem.icd) or codes & problem.snomed:
        return True
    told = _flat(line.name)
    if any(
        re.search(rf"(?<![a-z0-9]){re.escape(prefix.lower())}[0-9a-z.]*(?![a-z0-9])", told) for prefix in problem.icd
    ):
        return True
    found = problem.words.search(told)
    if found is None:
        return False
    before, after = told[: found.start()], told[found.end() :]
    if _DENIED.search(before) or re.search(r"\b(?:ruled out|resolved|negative|test negative|unlikely)\b", after):
        return False
    if problem.key == "glaucoma_unsaid" and re.search(r"\b(?:open|wide|suspect|narrow|clos)", told):
        return False
    if problem.key not in _CALLED_RISKS and (_RISK.search(before) or re.match(r" ?risk\b", after)):
        return False
    return not (problem.key in _PASSES and _PAST.search(before))


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured quantity that rules ask for. ``factors``: unit as written -> factor to ``unit``."""

    key: str
    name: str
    unit: str
    codes: frozenset[str]
    words: frozenset[str]
    fresh_days: int
    factors: Mapping[str, float]


def _measure(row: tuple[str, ...]) -> Measure:
    key, name, unit, codes, words, fresh, factors = row
    by_unit = dict(each.rsplit("=", 1) for each in listed(factors))
    return Measure(
        key, name, unit, frozenset(listed(codes)), frozenset(map(_flat, listed(words))), int(fresh),
        {told: float(factor) for told, factor in by_unit.items()},
    )  # fmt: skip


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType({row[0]: _measure(row) for row in rows("labs.txt", 7)})

UNITLESS: Final = frozenset({"egfr", "inr", "potassium", "sodium", "lithium", "qtc", "heart_rate", "a1c", "systolic"})
"""Measures that are read without a unit, because all units in use give the same number."""


@dataclass(frozen=True, slots=True)
class Value:
    """The newest value of a measure, in the unit that counts."""

    measure: Measure
    value: float
    line: ChartValue
    made_of: str = ""
    """What it was worked out from."""

    def days(self, today: date) -> int | None:
        """Return how old it is, ``None`` where its day is not told."""
        return (today - self.line.when).days if self.line.when is not None else None

    def told(self, today: date) -> str:
        """Return it as a clinician reads it: name, number, unit, day and age."""
        number = f"{self.value:g}"
        unit = f" {self.measure.unit}" if self.measure.unit else ""
        unit += f" from {self.made_of}" if self.made_of else ""
        days = self.days(today)
        when = "no day told"
        if self.line.when is not None and days is not None:
            ago = "today" if days == 0 else f"{days} day{'s' * (days != 1)} ago"
            when = f"{self.line.when.strftime('%d-%b-%Y')}, {ago}"
        return f"{self.measure.name} {number}{unit} ({when})"


def newest(labs: Sequence[ChartValue], today: date) -> tuple[dict[str, Value], list[tuple[str, str, str]]]:
    """Return the newest value of each measure, and what could not be read: (measure, what, why)."""
    found: dict[str, Value] = {}
    unread: list[tuple[str, str, str]] = []
    for line in sorted(labs, key=lambda each: each.when or date.min):
        measure = measure_of(line)
        if measure is None or (line.when is not None and line.when > today):
            continue
        factor = measure.factors.get(" ".join(line.unit.lower().split()))
        if factor is None and not line.unit.strip() and measure.key in UNITLESS:
            factor = 1.0
        if factor is None:
            unread.append(
                (measure.key, f"{measure.name} {line.value:g} {line.unit}".strip(), "unit missing or not known")
            )
            continue
        found[measure.key] = Value(measure, line.value * factor, line)
    for key, value in list(found.items()):
        days = value.days(today)
        if days is not None and days > value.measure.fresh_days:
            unread.append((key, value.told(today), "too old to go by; measure again"))
            del found[key]
    return found, unread


def with_kidneys(found: dict[str, Value], age: float | None, sex: str) -> list[tuple[str, str, str]]:
    """Put the eGFR of a creatinine that is newer than any eGFR among the values; return what that lacks.

    CKD-EPI 2021 without race (Inker, N Engl J Med 2021;385:1737), for adults.
    """
    creatinine, egfr = found.get("creatinine"), found.get("egfr")
    if creatinine is None or (egfr is not None and (egfr.line.when or date.min) >= (creatinine.line.when or date.min)):
        return []
    told = f"creatinine {creatinine.value:.3g} mg/dL"
    if age is None or sex not in _KIDNEYS:
        return [("egfr", told, "the eGFR is not given, and can't be worked out without age and sex")]
    if age < ADULT_YEARS_MIN or creatinine.value <= 0:
        return []
    scale, power, factor = _KIDNEYS[sex]
    part = creatinine.value / scale
    value = 142 * min(part, 1.0) ** power * max(part, 1.0) ** -1.2 * 0.9938**age * factor
    found["egfr"] = Value(MEASURES["egfr"], float(round(value)), creatinine.line, told)
    return []


_KIDNEYS: Final = {"female": (0.7, -0.241, 1.012), "male": (0.9, -0.302, 1.0)}
ADULT_YEARS_MIN: Final = 18


def measure_of(line: ChartValue) -> Measure | None:
    """Return the measure that a value is of, ``None`` where no rule asks for it."""
    for measure in MEASURES.values():
        if measure.codes & set(line.codes):
            return measure
    if line.codes and any(re.fullmatch(r"\d{1,6}-\d", code) for code in line.codes):
        return None
    return next((each for each in MEASURES.values() if _flat(line.name) in each.words), None)
