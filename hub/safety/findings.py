"""The face of this room: what the rules find in one person's chart, and what they could not check.

Pure and deterministic: the same chart, day and tables give the same answer in the same order. Findings support and do
not replace judgement.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from hub.safety.allergens import Allergen, AllergyKind
from hub.safety.charts import Chart
from hub.safety.matching import Match, Seen, matches
from hub.safety.rules import (
    FAMILY_DOES,
    FAMILY_DOES_ES,
    RULES,
    WRITTEN,
    AgeClause,
    FamilyAdvice,
    LabClause,
    MedicineClause,
    Rule,
    Severity,
)

SUPPORTS: Final = "These rules support and do not replace judgement."

MEDICINES_MAX: Final = 200
"""A chart with more medicines than this is not checked: it is no list of one person."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule points at.

    ``medicines`` are their names as written, ``entries`` the ids of all that it rests on, the medicines first.
    ``fingerprint`` changes with every input: what was set aside under another one is open again.
    """

    rule: str
    severity: Severity
    medicines: tuple[str, ...]
    medicine_entries: tuple[str, ...]
    entries: tuple[str, ...]
    text: str
    family: str
    family_es: str
    act: FamilyAdvice
    source: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something that the rules could not check, with the reason. ``entry`` is its id, empty where it has none."""

    what: str
    why: str
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Screening:
    """All that came of a chart. What stands in neither list was checked and found well."""

    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


def check(chart: Chart, today: date) -> Screening:
    """Return what the rules find in a chart on a day, the dangerous first, and what they could not check."""
    if len(chart.medicines) > MEDICINES_MAX:
        return Screening(not_checked=(NotChecked("medicines", f"more than {MEDICINES_MAX} are no list of one person"),))
    seen = Seen(chart, today)
    found = [_finding(rule, match, seen) for rule in RULES.values() for match in matches(rule, seen)]
    ranks = tuple(Severity)
    standing = sorted(_uncovered(found), key=lambda each: ranks.index(each.severity))
    return Screening((*standing, *_contradictions(seen.allergens)), tuple(_not_checked(seen)))


def _contradictions(allergens: Sequence[Allergen]) -> list[Finding]:
    """Return where one line says that an ingredient is tolerated and another that it is not."""
    standing = [each for each in allergens if each.kind in (AllergyKind.ALLERGY, AllergyKind.INTOLERANCE)]
    return [
        _contradiction((each, other))
        for each in allergens
        if each.kind is AllergyKind.TOLERATES
        for other in standing
        if each.names & other.names
    ]


def _contradiction(lines: tuple[Allergen, Allergen]) -> Finding:
    told = " and ".join(f"“{each.line.name}”" for each in lines)
    inputs = [
        "allergy-tolerated",
        *(f"{each.line.entry}\x1f{each.line.name}\x1f{each.line.verification}" for each in lines),
    ]
    return Finding(
        "allergy-tolerated",
        Severity.CAUTION,
        (),
        (),
        tuple(each.line.entry for each in lines if each.line.entry),
        f"The allergies contradict each other: {told}. Ask, and take out what is not so.",
        f"The plan says two things about allergies: {told}. Tell the team which is right.",
        f"El plan dice dos cosas sobre las alergias: {told}. Diga al equipo cuál es la correcta.",
        FamilyAdvice.KEEP,
        f"a record that says both can't be right (written down {WRITTEN})",
        sha256("\x1e".join(inputs).encode()).hexdigest()[:20],
    )


def _uncovered(found: Sequence[Finding]) -> list[Finding]:
    """Leave out what a wider finding on the same medicines says already."""
    wider = [(RULES[each.rule].covers, set(each.medicine_entries)) for each in found if RULES[each.rule].covers]
    return [
        each
        for each in found
        if not any(each.rule in covers and set(each.medicine_entries) <= entries for covers, entries in wider)
    ]


def _finding(rule: Rule, match: Match, seen: Seen) -> Finding:
    told = _told(rule, match, seen)
    medicines = match.products
    others = (
        *(each.line.entry for each in match.allergens),
        *(each.entry for each in match.problems),
        *(each.line.entry for each in match.labs),
    )
    ids = tuple(each.line.entry for each in medicines)
    return Finding(
        rule.id,
        rule.severity,
        tuple(each.line.name for each in medicines),
        ids,
        (*ids, *dict.fromkeys(each for each in others if each)),
        _sentence(rule.text.format(**told)),
        f"{_sentence(rule.family.format(**told))} {FAMILY_DOES[rule.act]}",
        f"{_spanish(rule.family_es.format(**_told(rule, match, seen, 'y')))} {FAMILY_DOES_ES[rule.act]}",
        rule.act,
        f"{_source(rule.source)} (written down {WRITTEN})",
        _fingerprint(rule, match),
    )


def _sentence(told: str) -> str:
    return told[:1].upper() + told[1:]


def _spanish(told: str) -> str:
    """``y`` is ``e`` before the sound of i, as of ibuprofen."""
    return re.sub(r"\by (?=[“\"]?(?:i|hi(?!e)))", "e ", _sentence(told), flags=re.IGNORECASE)


def _source(told: str) -> str:
    """``label warfarin 7, apixaban 7`` is said in full: those labels, their sections."""
    return "; ".join(
        f"FDA labels at DailyMed: {each.removeprefix('label ')}" if each.startswith("label ") else each
        for each in told.split("; ")
    )


def _told(rule: Rule, match: Match, seen: Seen, last: str = "and") -> dict[str, str]:
    names = [_joined([each.line.name for each in slot], last) for slot in match.slots]
    years = seen.chart.age
    return {
        "a": names[0] if names else "",
        "b": names[1] if len(names) > 1 else "",
        "c": names[2] if len(names) > 2 else "",
        "problem": _joined([each.name or each.codes[0] for each in match.problems], last),
        "lab": _joined([each.told(seen.today) for each in match.labs], last),
        "allergy": _joined([_allergy(each.line.name, each.line.reaction) for each in match.allergens[-1:]], last),
        "age": f"{int(years)} years" if years is not None else "",
        **match.told,
    }


def _allergy(name: str, reaction: str) -> str:
    return f"{name} ({reaction})" if reaction.strip() else name


def _joined(names: Sequence[str], last: str) -> str:
    names = list(dict.fromkeys(names))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}" if names else ""


def _fingerprint(rule: Rule, match: Match) -> str:
    inputs: list[str] = [rule.id, rule.severity, rule.match]
    inputs += sorted(
        "\x1f".join((each.entry, each.name, each.dose, each.frequency, each.route, *each.codes, *each.declared))
        for each in (product.line for product in match.products)
    )
    inputs += sorted(f"{each.entry}\x1f{each.name}\x1f{each.status}\x1f{each.codes}" for each in match.problems)
    inputs += sorted(f"{each.line.entry}\x1f{each.line.value}\x1f{each.line.when}" for each in match.labs)
    inputs += sorted(
        "\x1f".join((each.line.entry, each.line.name, each.line.reaction, each.line.criticality))
        for each in match.allergens
    )
    return sha256("\x1e".join(inputs).encode()).hexdigest()[:20]


def _not_checked(seen: Seen) -> list[NotChecked]:
    found = [NotChecked(what, why) for what, why in seen.chart.unread]
    found += [
        NotChecked(each.line.name or "a medicine without a name", why, each.line.entry)
        for each in seen.products
        if (why := each.not_checked)
    ]
    for allergen in seen.allergens:
        if allergen.kind is AllergyKind.UNREAD:
            near = f" Did you mean {' or '.join(allergen.near)}?" if allergen.near else ""
            why = f"the allergy is not known to the rules.{near}"
            found.append(NotChecked(allergen.line.name or "an allergy without a name", why, allergen.line.entry))
        elif allergen.kind is AllergyKind.NOT_KNOWN:
            found.append(NotChecked("allergies", f"recorded as “{allergen.line.name}”: ask", allergen.line.entry))
    asked = _measures_asked(seen)
    found += [NotChecked(what, why) for measure, what, why in seen.labs_unread if measure in asked]
    if seen.chart.age is None and any(_concerns(rule, seen) for rule in RULES.values() if _asks_age(rule)):
        found.append(NotChecked("age", "not given: the rules for older people and for children were not applied"))
    return found


def _asks_age(rule: Rule) -> bool:
    return any(isinstance(clause, AgeClause) for clause in rule.clauses)


def _measures_asked(seen: Seen) -> frozenset[str]:
    """Return the measures that a rule would ask for with these medicines."""
    asked = ((rule, clause) for rule in RULES.values() for clause in rule.clauses if isinstance(clause, LabClause))
    return frozenset(clause.bound.what for rule, clause in asked if _concerns(rule, seen))


def _concerns(rule: Rule, seen: Seen) -> bool:
    first = rule.clauses[0]
    return isinstance(first, MedicineClause) and any(
        first.selector.of(ingredient) for product in seen.products for ingredient in product.ingredients
    )
