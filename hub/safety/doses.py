"""Doses and frequencies as people write them, read into milligrams a day. What can't be read is ``None``: no guess."""

import re
from dataclasses import dataclass
from typing import Final

from hub.live.commands import EntryContent
from hub.safety.ingredients import BRANDS, INGREDIENTS, Ingredient
from hub.workflows.contents import members, words

_AMOUNT: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(mg|mcg|g)\b", re.IGNORECASE)
_PIECES: Final = re.compile(r"(\d+|one|two|three|four|half a)\s*(?:tablets?|capsules?|pills?)\b", re.IGNORECASE)
_MILLIGRAMS: Final = {"mg": 1.0, "mcg": 0.001, "g": 1000.0}
_NUMBERS: Final = {"half a": 0.5, "once": 1, "one": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}

_EVERY_HOURS: Final = re.compile(r"every (\d{1,2})(?:\s*(?:-|to)\s*\d{1,2})? hours?", re.IGNORECASE)
_TIMES_A_DAY: Final = re.compile(
    r"(once|twice|one|two|three|four|five|six|\d{1,2})(?:\s*times?)?\s*(?:a|per|each|every)?\s*(?:day|daily)\b",
    re.IGNORECASE,
)
_WEEKLY: Final = re.compile(
    r"(once|twice|one|two|three|\d)?(?:\s*times?)?\s*(?:a|per|every|each)?\s*week(?:ly)?\b", re.IGNORECASE
)
_ABBREVIATED: Final = (("bid", 2.0), ("tid", 3.0), ("qid", 4.0))
_WORD: Final = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Medicine:
    """One medicine of the plan as the rules see it."""

    entry: str
    name: str
    ingredients: tuple[Ingredient, ...]
    daily_mg: float | None
    pills_a_day: float | None
    """Times a day times pieces a time, where the frequency can be read."""

    def groups(self) -> frozenset[str]:
        """Return the classes of its ingredients."""
        return frozenset(group for each in self.ingredients for group in each.groups)


def read(entry: EntryContent) -> Medicine:
    """Return the entry as the rules see it: declared ingredients, or else those its name holds."""
    declared = " ".join(members(entry.values, "ingredients"))
    ingredients = ingredients_in(declared) or ingredients_in(words(entry.values, "name"))
    dose, often = words(entry.values, "dose"), words(entry.values, "frequency")
    times = times_a_day(often)
    amount = milligrams(dose)
    if amount is not None and _PIECES.search(dose) is None:
        amount *= pieces(often)
    single = len(ingredients) == 1
    daily = amount * times if amount is not None and times is not None and single else None
    pills = times * pieces(f"{dose} {often}") if times is not None else None
    return Medicine(entry.id, words(entry.values, "name"), ingredients, daily, pills)


def ingredients_in(told: str) -> tuple[Ingredient, ...]:
    """Return the known ingredients that words name, brands included, each once."""
    found: dict[str, Ingredient] = {}
    for word in _WORD.findall(told.lower()):
        for name in BRANDS.get(word, word).split():
            if name in INGREDIENTS:
                found[name] = INGREDIENTS[name]
    return tuple(found.values())


def milligrams(dose: str) -> float | None:
    """Return one dose in milligrams: ``two tablets of 600 mg`` are 1,200; ``None`` where no single amount is named."""
    amounts = _AMOUNT.findall(dose)
    if len(amounts) != 1:
        return None
    number, unit = amounts[0]
    return float(number.replace(",", "")) * _MILLIGRAMS[unit.lower()] * pieces(dose)


def pieces(told: str) -> float:
    """Return how many tablets or capsules a dose has; one where none is said."""
    match = _PIECES.search(told)
    return _number(match[1]) if match is not None else 1.0


def times_a_day(often: str) -> float | None:
    """Return how often a day, ``None`` where it can't be read or is only when needed."""
    told = often.lower()
    if (match := _EVERY_HOURS.search(told)) is not None:
        return 24 / int(match[1]) if int(match[1]) else None
    if "when needed" in told or "as needed" in told:
        return None
    if (match := _TIMES_A_DAY.search(told)) is not None:
        return _number(match[1])
    for short, times in _ABBREVIATED:
        if re.search(rf"\b{short}\b", told):
            return times
    if (match := _WEEKLY.search(told)) is not None:
        return _number(match[1] or "one") / 7
    if re.search(r"\b(daily|every (day|morning|evening|night)|at bedtime|nightly)\b", told):
        return 1.0
    return None


def _number(told: str) -> float:
    return float(_NUMBERS[told.lower()]) if told.lower() in _NUMBERS else float(told)
