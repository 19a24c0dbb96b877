"""How likely somebody being registered is a patient who is registered already, field by field. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import jellyfish

from hub.directory.births import BirthDate
from hub.directory.names import search_key, sounds

LETTERS_APART_MAX: Final = 2
"""Typing slips in a name: changed, missing, added or swapped letters."""


class Sameness(StrEnum):
    """How one field compares."""

    SAME = "same"
    NEAR = "near"
    DIFFERENT = "different"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of one of the two."""

    name: str
    born: BirthDate
    phone: str
    numbers: frozenset[str]
    """Record numbers as they are compared."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two compare. ``very`` asks for a decision before somebody new is made."""

    name: Sameness
    born: Sameness
    phone: Sameness
    number: Sameness

    @property
    def worth_showing(self) -> bool:
        """A like name or the same number; or the same date of birth with the same telephone."""
        alike = {Sameness.SAME, Sameness.NEAR}
        both = self.born is Sameness.SAME and self.phone is Sameness.SAME
        return self.name in alike or self.number is Sameness.SAME or both

    @property
    def very(self) -> bool:
        """The same number, or a like name together with date of birth or telephone and nothing that speaks against."""
        if self.number is Sameness.SAME:
            return True
        if self.name not in (Sameness.SAME, Sameness.NEAR):
            return False
        return self.born is Sameness.SAME or (self.phone is Sameness.SAME and self.born is not Sameness.DIFFERENT)

    @property
    def rank(self) -> tuple[int, ...]:
        """Sorts the likeliest first."""
        order = [Sameness.SAME, Sameness.NEAR, Sameness.UNKNOWN, Sameness.DIFFERENT]
        return (not self.very, *(order.index(each) for each in (self.number, self.born, self.name, self.phone)))


def likeness(typed: Traits, known: Traits) -> Likeness:
    """Return how somebody being typed compares with a patient."""
    return Likeness(
        name=_names(typed.name, known.name),
        born=_births(typed.born, known.born),
        phone=_phones(typed.phone, known.phone),
        number=_numbers(typed.numbers, known.numbers),
    )


def _names(typed: str, known: str) -> Sameness:
    mine, theirs = sorted(search_key(typed).split()), sorted(search_key(known).split())
    if not mine or not theirs:
        return Sameness.UNKNOWN
    if mine == theirs:
        return Sameness.SAME
    left, near = list(theirs), 0
    for word in mine:
        found = next((each for each in left if _near(word, each)), None)
        if found is not None:
            left.remove(found)
            near += 1
    needed = min(len(mine), len(theirs))
    return Sameness.NEAR if near >= max(needed, 1) else Sameness.DIFFERENT


def _near(word: str, other: str) -> bool:
    if word == other:
        return True
    slips = LETTERS_APART_MAX if min(len(word), len(other)) > 5 else 1
    if min(len(word), len(other)) > 2 and jellyfish.damerau_levenshtein_distance(word, other) <= slips:
        return True
    return bool(sounds(word)) and sounds(word) == sounds(other) and word[0] == other[0]


def _births(typed: BirthDate, known: BirthDate) -> Sameness:
    if not typed.year or not known.year:
        return Sameness.UNKNOWN
    if typed == known:
        return Sameness.SAME
    pairs = [(typed.year, known.year), (typed.month, known.month), (typed.day, known.day)]
    differing = sum(1 for mine, theirs in pairs if mine and theirs and mine != theirs)
    swapped = typed.year == known.year and (typed.month, typed.day) == (known.day, known.month)
    return Sameness.NEAR if differing == 0 or swapped else Sameness.DIFFERENT


def _phones(typed: str, known: str) -> Sameness:
    mine, theirs = ("".join(filter(str.isdigit, each))[-7:] for each in (typed, known))
    if len(mine) < 4 or len(theirs) < 4:
        return Sameness.UNKNOWN
    return Sameness.SAME if mine == theirs else Sameness.DIFFERENT


def _numbers(typed: frozenset[str], known: frozenset[str]) -> Sameness:
    if not typed or not known:
        return Sameness.UNKNOWN
    return Sameness.SAME if typed & known else Sameness.DIFFERENT
