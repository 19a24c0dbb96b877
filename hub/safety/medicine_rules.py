"""Rules over the medicines in use and the allergies."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.safety.doses import Medicine, ingredients_in, read
from hub.safety.ingredients import ALLERGY_GROUPS, CROSS_REACTING, INGREDIENTS, ONE_OF_A_CLASS
from hub.workflows.contents import active, words
from hub.workflows.findings import Finding, Severity
from hub.workflows.medications import MEDICATIONS, current, is_medicine

PILLS_A_DAY_MAX: Final = 12
"""More pills a day than this is a burden to talk about."""

_KIDNEY: Final = ("chronic kidney", "ckd", "kidney disease", "renal insufficiency", "kidney failure", "renal failure")
_KIDNEY_CODES: Final = ("N18", "709044004", "I12", "I13")


def medicine_findings(plan: PlanContent) -> tuple[Finding, ...]:
    """Return what the rules find in the medicines in use."""
    medicines = [read(entry) for entry in current(plan) if words(entry.values, "taking") != "on hold"]
    return (
        *_same_ingredient(medicines),
        *_two_of_a_class(medicines),
        *_opioid_and_benzodiazepine(medicines),
        *_nsaid(plan, medicines),
        *_daily_maximum(medicines),
        *_allergies(plan, medicines),
        *_burden(medicines),
    )


def _pairs(medicines: Sequence[Medicine]) -> Iterable[tuple[Medicine, Medicine]]:
    return combinations(medicines, 2)


def _same_ingredient(medicines: Sequence[Medicine]) -> Iterable[Finding]:
    for name in INGREDIENTS:
        having = [each for each in medicines if any(one.name == name for one in each.ingredients)]
        if len(having) > 1:
            yield Finding(
                "same-ingredient",
                Severity.WARNING,
                MEDICATIONS,
                tuple(each.entry for each in having),
                f"{' and '.join(each.name for each in having)} all contain {name}.",
                "Check whether one replaced the other, and stop what is not meant.",
            )


def _two_of_a_class(medicines: Sequence[Medicine]) -> Iterable[Finding]:
    for group, called in ONE_OF_A_CLASS.items():
        having = [each for each in medicines if group in each.groups() and not _low_aspirin(each, group)]
        distinct = {one.name for each in having for one in each.ingredients if group in one.groups}
        if len(distinct) > 1:
            yield Finding(
                "two-of-a-class",
                Severity.WARNING,
                MEDICATIONS,
                tuple(each.entry for each in having),
                f"{' and '.join(each.name for each in having)} are both {called}.",
                "One of them is usually enough. Decide which.",
            )


def _low_aspirin(medicine: Medicine, group: str) -> bool:
    """Say whether it counts as an antiplatelet only: aspirin of at most 325 mg a day, or of unknown dose."""
    aspirin = all(each.name == "aspirin" for each in medicine.ingredients)
    return group == "nsaid" and aspirin and (medicine.daily_mg is None or medicine.daily_mg <= 325)


def _opioid_and_benzodiazepine(medicines: Sequence[Medicine]) -> Iterable[Finding]:
    opioids = [each for each in medicines if "opioid" in each.groups()]
    sedatives = [each for each in medicines if "benzodiazepine" in each.groups()]
    if opioids and sedatives:
        both = [*opioids, *sedatives]
        yield Finding(
            "opioid-and-benzodiazepine",
            Severity.DANGER,
            MEDICATIONS,
            tuple(each.entry for each in both),
            f"{', '.join(each.name for each in both)}: an opioid together with a benzodiazepine can stop breathing "
            "(boxed warning, FDA 2016).",
            "Avoid the combination; where there is no other way, lowest doses, naloxone at home, and a plan to taper.",
        )


def _nsaid(plan: PlanContent, medicines: Sequence[Medicine]) -> Iterable[Finding]:
    nsaids = [each for each in medicines if "nsaid" in each.groups() and not _low_aspirin(each, "nsaid")]
    if not nsaids:
        return
    named, entries = " and ".join(each.name for each in nsaids), tuple(each.entry for each in nsaids)
    kidneys = [each for each in active(plan, Section.CONDITIONS) if _is_kidney_disease(each)]
    if kidneys:
        yield Finding(
            "nsaid-and-kidney",
            Severity.DANGER,
            MEDICATIONS,
            entries,
            f"{named}: an NSAID with {words(kidneys[0].values, 'name')} can make the kidneys worse.",
            "Choose another pain relief, such as acetaminophen.",
        )
    pressure = [each for each in medicines if {"ace_inhibitor", "arb"} & each.groups()]
    if pressure:
        yield Finding(
            "nsaid-and-ace-inhibitor",
            Severity.WARNING,
            MEDICATIONS,
            (*entries, *(each.entry for each in pressure)),
            f"{named} with {pressure[0].name}: less effect on blood pressure and a risk for the kidneys.",
            "Choose another pain relief, or check kidney function and potassium soon.",
        )


def _is_kidney_disease(entry: EntryContent) -> bool:
    if words(entry.values, "clinical_status") in ("resolved", "inactive", "remission"):
        return False
    if words(entry.values, "kind") == "risk":
        return False
    name, code = words(entry.values, "name").lower(), words(entry.values, "code").upper()
    return any(each in name for each in _KIDNEY) or code.startswith(_KIDNEY_CODES)


def _daily_maximum(medicines: Sequence[Medicine]) -> Iterable[Finding]:
    for ingredient in INGREDIENTS.values():
        having = [
            (each, each.daily_mg)
            for each in medicines
            if each.daily_mg is not None and each.ingredients == (ingredient,)
        ]
        total = sum(daily for _, daily in having)
        if ingredient.daily_mg_max and total > ingredient.daily_mg_max:
            yield Finding(
                "daily-maximum",
                Severity.DANGER,
                MEDICATIONS,
                tuple(each.entry for each, _ in having),
                f"{ingredient.name} {total:,.0f} mg a day is above {ingredient.daily_mg_max:,.0f} mg, "
                "the most that its label names.",
                "Lower the dose or the frequency.",
            )


def _allergies(plan: PlanContent, medicines: Sequence[Medicine]) -> Iterable[Finding]:
    for entry in active(plan, MEDICATIONS):
        if is_medicine(entry) or words(entry.values, "verification") == "refuted":
            continue
        named, groups = _allergens(words(entry.values, "name"))
        for medicine in medicines:
            cause = next(
                (each for each in medicine.ingredients if each.name in named or groups & set(each.groups)), None
            )
            if cause is not None:
                shared = next((each for each in cause.groups if each in groups), "")
                yield _allergy(entry, medicine, "" if cause.name in named else shared)


def _allergens(told: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ingredients and the classes that an allergy is about."""
    ingredients = ingredients_in(told)
    lower = told.lower()
    groups = {group for name, group in ALLERGY_GROUPS.items() if name in lower}
    groups |= {group for each in ingredients for group in each.groups if group in CROSS_REACTING}
    return frozenset(each.name for each in ingredients), frozenset(groups)


def _allergy(entry: EntryContent, medicine: Medicine, shared: str) -> Finding:
    """Return the finding; ``shared`` is the class in common, ``""`` where it is the very ingredient."""
    reaction = words(entry.values, "reaction")
    told = f"{words(entry.values, 'name')}{f' ({reaction})' if reaction else ''}"
    exact = not shared
    kin = "contains it" if exact else f"is of the same class ({shared.replace('_', ' ')})"
    return Finding(
        "allergy" if exact else "allergy-class",
        Severity.DANGER if exact or words(entry.values, "criticality") == "high" else Severity.WARNING,
        MEDICATIONS,
        (medicine.entry, entry.id),
        f"Allergy to {told}; {medicine.name} {kin}.",
        "Do not give it before someone has asked what happened then.",
    )


def _burden(medicines: Sequence[Medicine]) -> Iterable[Finding]:
    pills = sum(each.pills_a_day for each in medicines if each.pills_a_day is not None)
    if pills > PILLS_A_DAY_MAX:
        yield Finding(
            "burden-of-pills",
            Severity.ADVICE,
            MEDICATIONS,
            tuple(each.entry for each in medicines),
            f"About {pills:.0f} doses a day from {len(medicines)} medicines.",
            "Ask which of them matter least, and what could be taken together.",
        )


def list_findings(before: Sequence[EntryContent], after: PlanContent) -> tuple[Finding, ...]:
    """Return the medicines of an earlier list that vanished, or changed their dose, with no decision on them."""
    found: list[Finding] = []
    now = {each.id: each for each in active(after, MEDICATIONS) if is_medicine(each)}
    by_name = {words(each.values, "name").lower(): each for each in now.values()}
    for old in before:
        name = words(old.values, "name")
        new = now.get(old.id) or by_name.get(name.lower())
        if new is None and after.entry(MEDICATIONS, old.id) is None:
            told = f"{name} was on the earlier list and is not on this one; nobody decided to stop it."
            found.append(_undecided("medicine-vanished", (old.id,), told))
        elif new is not None and _changed(old, new) and words(new.values, "reconciliation") in ("", "unreconciled"):
            was, is_now = words(old.values, "dose"), words(new.values, "dose")
            told = (
                f"{name} was {was}, {words(old.values, 'frequency')}; now {is_now}, {words(new.values, 'frequency')}."
            )
            found.append(_undecided("medicine-changed", (new.id,), told))
    return tuple(found)


def _changed(old: EntryContent, new: EntryContent) -> bool:
    return any(words(old.values, name).lower() != words(new.values, name).lower() for name in ("dose", "frequency"))


def _undecided(rule: str, entries: tuple[str, ...], told: str) -> Finding:
    return Finding(rule, Severity.WARNING, MEDICATIONS, entries, told, "Decide: continue, change or stop.")
