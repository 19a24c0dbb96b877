"""The rules, read from their tables: what each asks for, as clauses that the matching takes apart.

A line is ``id (> ids it covers) | severity | match | for clinicians | for the family | in Spanish | ask or keep |
source``. Clauses of a match stand apart by `` + ``: a selector of medicines (``@class``, names, ``-`` takes out, bounds
in brackets), ``problem:``, ``lab:``, ``age``, ``sex:``, ``allergy:``, or one of the words of ``SPECIAL``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Final, TypeAlias

from hub.safety.conditions import MEASURES, PROBLEMS
from hub.safety.names import INGREDIENTS, Ingredient
from hub.safety.tables_reading import listed, rows

WRITTEN: Final = "27-Nov-2026"
"""The day on which the lines were written down from their sources."""

FILES: Final = (
    "rules_interactions.txt", "rules_problems.txt", "rules_labs.txt", "rules_allergies.txt", "rules_duplicates.txt",
    "rules_ages.txt",
)  # fmt: skip


class Severity(StrEnum):
    """How much a finding matters, from the most to the least."""

    DANGER = "danger"
    CAUTION = "caution"
    NOTE = "note"


class FamilyAdvice(StrEnum):
    """What the family does until somebody has answered."""

    ASK = "ask"
    KEEP = "keep"


FAMILY_DOES: Final = MappingProxyType(
    {FamilyAdvice.ASK: "Ask before you take this.", FamilyAdvice.KEEP: "Keep taking it, and call today."}
)
FAMILY_DOES_ES: Final = MappingProxyType(
    {FamilyAdvice.ASK: "Pregunte antes de tomarlo.", FamilyAdvice.KEEP: "Siga tomándolo y llame hoy."}
)


@dataclass(frozen=True, slots=True)
class Selector:
    """Ingredients by class and by name, without those taken out."""

    classes: frozenset[str]
    names: frozenset[str]
    without: frozenset[str]

    def takes(self, name: str, classes: frozenset[str]) -> bool:
        """Say whether the ingredient is meant."""
        if name in self.without or self.without & {f"@{each}" for each in classes}:
            return False
        return name in self.names or bool(self.classes & classes)

    def of(self, ingredient: Ingredient) -> bool:
        """Say whether the ingredient is meant."""
        return self.takes(ingredient.name, ingredient.classes)


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound on ``dose`` (mg a day), ``single`` (mg at a time), ``days`` (a week), a lab's value, or the age."""

    what: str
    op: str
    number: float

    def holds(self, value: float | None) -> bool:
        """Say whether the value is within; what is not known is not."""
        if value is None:
            return False
        return {
            "<": value < self.number, "<=": value <= self.number, ">": value > self.number, ">=": value >= self.number,
        }[self.op]  # fmt: skip


@dataclass(frozen=True, slots=True)
class MedicineClause:
    """A medicine; ``local`` forms count where ``any_form``, and alone where ``local_only``."""

    selector: Selector
    bounds: tuple[Bound, ...] = ()
    any_form: bool = False
    local_only: bool = False


@dataclass(frozen=True, slots=True)
class ManyClause:
    """So many different ingredients of one selector in so many products."""

    count: int
    selector: Selector
    any_form: bool = False
    without_low_aspirin: bool = False
    without_as_needed: bool = False


@dataclass(frozen=True, slots=True)
class ProblemClause:
    """One of these problems."""

    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class LabClause:
    """The newest value of a measure within a bound."""

    bound: Bound


@dataclass(frozen=True, slots=True)
class AgeClause:
    """An age within a bound, in years."""

    bound: Bound


@dataclass(frozen=True, slots=True)
class SexClause:
    """One sex."""

    sex: str


@dataclass(frozen=True, slots=True)
class AllergyClause:
    """What an allergy is about. ``reaction`` is severe, swelling, cough, with ``not `` before it, or empty."""

    selector: Selector
    reaction: str = ""


class SpecialClause(StrEnum):
    """Matches that are about the chart as a whole."""

    SAME = "same"
    SAME_ANTICOAGULANT = "same @anticoagulant"
    ABOVE_MOST = "above most"
    SAME_ALLERGY = "allergy:same"
    SAME_INTOLERANCE = "intolerance:same"
    CONTRADICTION = "contradiction"


Clause: TypeAlias = (
    MedicineClause | ManyClause | ProblemClause | LabClause | AgeClause | SexClause | AllergyClause | SpecialClause
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the tables. ``family`` says what it means in plain words, ``family_es`` the same in Spanish; ``act``
    what the family does."""

    id: str
    severity: Severity
    clauses: tuple[Clause, ...]
    match: str
    text: str
    family: str
    family_es: str
    act: FamilyAdvice
    source: str
    covers: frozenset[str] = field(default=frozenset())
    table: str = ""


_BRACKET: Final = re.compile(r"\[([^\]]*)\]")
_BOUND: Final = re.compile(r"(\w+?) ?(<=|>=|<|>) ?(\d+(?:\.\d+)?)")


def _selector(told: str) -> Selector:
    classes, names, without = set(), set(), set()
    for each in listed(told):
        bare_name = each.removeprefix("-")
        known = bare_name.removeprefix("@") in CLASSES if bare_name.startswith("@") else True
        assert known, f"no ingredient is of the class {bare_name}"
        if each.startswith("-"):
            without.add(bare_name)
        elif each.startswith("@"):
            classes.add(each.removeprefix("@"))
        else:
            assert each in INGREDIENTS or each in ("iodine", "fish"), f"{each} is not in the table of ingredients"
            names.add(each)
    return Selector(frozenset(classes), frozenset(names), frozenset(without))


CLASSES: Final = frozenset(each for ingredient in INGREDIENTS.values() for each in ingredient.classes)


def _clause(told: str) -> Clause:
    if told in tuple(SpecialClause):
        return SpecialClause(told)
    marks = _BRACKET.findall(told)
    rest = _BRACKET.sub("", told).strip()
    if rest.startswith("problem:"):
        keys = frozenset(listed(rest.removeprefix("problem:")))
        assert keys <= set(PROBLEMS), f"no such problem: {keys - set(PROBLEMS)}"
        return ProblemClause(keys)
    if rest.startswith("lab:"):
        bound = _bound(rest.removeprefix("lab:"))
        assert bound.what in MEASURES, f"no such measure: {bound.what}"
        return LabClause(bound)
    if rest.startswith("allergy:"):
        reaction = next((each for each in marks if each != "any"), "")
        return AllergyClause(_selector(rest.removeprefix("allergy:")), reaction)
    if rest.startswith("sex:"):
        return SexClause(rest.removeprefix("sex:"))
    if re.match(r"age ?[<>]", rest):
        return AgeClause(_bound(rest))
    many = re.match(r"(two|three):(.*)", rest)
    if many is not None:
        return ManyClause(
            {"two": 2, "three": 3}[many[1]], _selector(many[2]), "any" in marks, "not low aspirin" in marks,
            "not as needed" in marks,
        )  # fmt: skip
    bounds = tuple(_bound(each) for each in marks if each not in ("any", "local"))
    return MedicineClause(_selector(rest), bounds, "any" in marks, "local" in marks)


def _bound(told: str) -> Bound:
    found = _BOUND.fullmatch(told.strip())
    assert found is not None, f"no bound: {told}"
    return Bound(found[1], found[2], float(found[3]))


def _rule(row: tuple[str, ...], table: str) -> Rule:
    named, severity, match, text, family, family_es, act, source = row
    rule_id, _, covered = (each.strip() for each in named.partition(">"))
    clauses = tuple(_clause(each.strip()) for each in match.split(" + "))
    return Rule(
        rule_id,
        Severity(severity),
        clauses,
        match,
        text,
        family,
        family_es,
        FamilyAdvice(act),
        source,
        frozenset(listed(covered)),
        table,
    )


def _rules() -> dict[str, Rule]:
    made: dict[str, Rule] = {}
    for table in FILES:
        for row in rows(table, 8):
            rule = _rule(row, table)
            assert rule.id not in made, f"{rule.id} stands twice"
            made[rule.id] = rule
    for rule in made.values():
        assert rule.covers <= set(made), f"{rule.id} covers what is no rule: {rule.covers - set(made)}"
    return made


RULES: Final[Mapping[str, Rule]] = MappingProxyType(_rules())


def _version() -> str:
    room = files("hub.safety") / "tables"
    tables = sorted((each for each in room.iterdir() if each.name.endswith(".txt")), key=lambda each: each.name)
    return sha256(b"\0".join(each.read_bytes() for each in tables)).hexdigest()[:12]


VERSION: Final = _version()
"""Changes with every change of a table; a cache of findings is of one version."""
