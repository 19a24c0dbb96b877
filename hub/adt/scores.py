"""Is the one in the message one of ours? Field by field, then a score, then one of three answers. Pure.

A number of the organisation decides, unless both name and date of birth speak against it: numbers are mistyped, too.
Without one, only name, whole date of birth, sex and telephone together do, and only where nobody else comes near.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from hub.adt.events import PatientNumber, ToldPatient
from hub.directory.matching import Likeness, Sameness, Traits, likeness
from hub.directory.names import number_key, search_key

_POINTS: Final = {
    "name": {Sameness.SAME: 4, Sameness.NEAR: 2, Sameness.DIFFERENT: -4},
    "born": {Sameness.SAME: 4, Sameness.NEAR: 1, Sameness.DIFFERENT: -4},
    "sex": {Sameness.SAME: 1, Sameness.DIFFERENT: -2},
    "phone": {Sameness.SAME: 2, Sameness.DIFFERENT: -1},
    "number": {Sameness.SAME: 8, Sameness.DIFFERENT: -4},
}
SURE: Final = 11
"""All of name, birth date, sex and telephone the same."""
POSSIBLE: Final = 3
"""From here on somebody is shown as who it may be, and keeps another one from being sure."""

Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class Resemblance(Generic[Known]):
    """One of ours beside the one in the message."""

    patient: Known
    fields: Likeness
    sex: Sameness

    @property
    def score(self) -> int:
        """Points for what is the same, against what is not."""
        told = {"sex": self.sex, **{name: getattr(self.fields, name) for name in ("name", "born", "phone", "number")}}
        return sum(_POINTS[name].get(sameness, 0) for name, sameness in told.items())

    @property
    def by_number(self) -> bool:
        """The same number of the same system, and not both name and date of birth against it."""
        other = self.fields.name is Sameness.DIFFERENT and self.fields.born is Sameness.DIFFERENT
        return self.fields.number is Sameness.SAME and not other


@dataclass(frozen=True, slots=True)
class KnownTraits:
    """What is known of one of ours."""

    traits: Traits
    sex: str
    numbers: tuple[PatientNumber, ...]


def resemblance(told: ToldPatient, known: KnownTraits, patient: Known) -> Resemblance[Known]:
    """Return how the one in the message compares with one of ours; numbers of different systems say nothing."""
    typed = Traits(told.name, told.born, told.phone, frozenset())
    fields = likeness(typed, known.traits)
    systems = {each.system for each in told.numbers} & {each.system for each in known.numbers}
    mine = {(each.system, number_key(each.value)) for each in told.numbers if each.system in systems}
    theirs = {(each.system, number_key(each.value)) for each in known.numbers if each.system in systems}
    number = Sameness.UNKNOWN if not systems else Sameness.SAME if mine & theirs else Sameness.DIFFERENT
    known_sexes = {"female", "male", "other"}
    if told.sex not in known_sexes or known.sex not in known_sexes:
        sex = Sameness.UNKNOWN
    else:
        sex = Sameness.SAME if told.sex == known.sex else Sameness.DIFFERENT
    initial = fields.name is Sameness.NEAR and _without_initials(told.name) == _without_initials(known.traits.name)
    name = Sameness.SAME if initial else fields.name
    return Resemblance(patient, Likeness(name, fields.born, fields.phone, number), sex)


def _without_initials(name: str) -> list[str]:
    """Return the words of a name: an initial in the middle, which one of two records often lacks, is none."""
    return sorted(word for word in search_key(name).split() if len(word) > 1)


@dataclass(frozen=True, slots=True)
class WhoItIs(Generic[Known]):
    """Who it is, where that is sure; else who it may be, the likeliest first; nobody where none comes near."""

    sure: Known | None
    possible: Sequence[Resemblance[Known]]


def who_it_is(found: Sequence[Resemblance[Known]]) -> WhoItIs[Known]:
    """Return what follows from all who were compared."""
    possible = sorted(
        (each for each in found if each.score >= POSSIBLE or each.fields.number is Sameness.SAME),
        key=lambda each: -each.score,
    )
    numbered = [each for each in possible if each.by_number]
    if len(numbered) == 1:
        return WhoItIs(numbered[0].patient, possible)
    if not numbered and len(possible) == 1 and possible[0].score >= SURE:
        return WhoItIs(possible[0].patient, possible)
    return WhoItIs(None, possible)
