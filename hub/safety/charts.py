"""What the rules see of one person: medicines, allergies, problems, measured values, age and sex. Plain values only.

A plan, a FHIR Bundle and a plain list each become a ``Chart``; the rules know nothing else.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from hub.safety.directions import NO_RATE, Directions, understand
from hub.safety.names import INGREDIENTS, RXCUIS, Ingredient, Naming, ProductForm, read_name, strengths_of_brand
from hub.safety.sigs import Part, scan
from hub.safety.wordings import bare

_WEIGHED = frozenset({Part.MASS, Part.STRENGTHS, Part.VOLUME, Part.CONCENTRATION})
"""What directions say of an amount that needs no strength of a brand."""


@dataclass(frozen=True, slots=True)
class ChartMedicine:
    """A medicine as it is written. ``entry`` is its id where it comes from; ``codes`` are RxNorm codes."""

    entry: str
    name: str
    dose: str = ""
    frequency: str = ""
    route: str = ""
    codes: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    """Times of day that were chosen, without "when needed"."""


@dataclass(frozen=True, slots=True)
class ChartAllergy:
    """An allergy as it is written."""

    entry: str
    name: str
    reaction: str = ""
    verification: str = ""
    criticality: str = ""
    intolerance: bool = False


@dataclass(frozen=True, slots=True)
class ChartProblem:
    """A problem as it is written, with its ICD-10-CM and SNOMED CT codes."""

    entry: str
    name: str
    codes: tuple[str, ...] = ()
    status: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ChartValue:
    """One measured value; ``when`` is ``None`` where no day is told."""

    entry: str
    name: str
    value: float
    unit: str = ""
    codes: tuple[str, ...] = ()
    when: date | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is known of one person. ``age`` in years, ``None`` where unknown; ``sex`` is female, male or empty."""

    medicines: tuple[ChartMedicine, ...] = ()
    allergies: tuple[ChartAllergy, ...] = ()
    problems: tuple[ChartProblem, ...] = ()
    labs: tuple[ChartValue, ...] = ()
    age: float | None = None
    sex: str = ""
    unread: tuple[tuple[str, str], ...] = ()
    """What the source held and nobody could read: (what, why)."""


@dataclass(frozen=True)
class Product:
    """One medicine as understood: its ingredients, its form, and what its directions come to."""

    line: ChartMedicine

    @cached_property
    def naming(self) -> Naming:
        """The name as read: by its words, else by declared ingredients, else by an ingredient's code."""
        told = read_name(self.line.name, self.line.route)
        if told.ingredients:
            return told
        declared = read_name(", ".join(self.line.declared), self.line.route) if self.line.declared else Naming()
        if declared.ingredients:
            return Naming(declared.ingredients, declared.form, told.strength, "", ())
        coded = tuple(dict.fromkeys(RXCUIS[code] for code in self.line.codes if code in RXCUIS))
        if coded and not self.line.name.strip():
            return Naming(tuple(INGREDIENTS[each] for each in coded), told.form)
        return told

    @property
    def ingredients(self) -> tuple[Ingredient, ...]:
        """The known ingredients."""
        return self.naming.ingredients

    @property
    def contradicts(self) -> str:
        """The ingredient that the code names and the words do not, ``""`` where they agree."""
        coded = [RXCUIS[code] for code in self.line.codes if code in RXCUIS]
        known = {each.name for each in self.ingredients}
        return next((each for each in coded if known and each not in known), "")

    @property
    def form(self) -> ProductForm:
        """The form; an ingredient that reaches the whole body in any form is never local."""
        form = self.naming.form
        everywhere = any("systemic_any_form" in each.classes for each in self.ingredients)
        if form is ProductForm.SYSTEMIC and not everywhere and (self._puffed or self._local_by_nature):
            return ProductForm.LOCAL
        return ProductForm.PATCH if form is ProductForm.LOCAL and everywhere else form

    @cached_property
    def _puffed(self) -> bool:
        told = f" {self.line.dose} {self.line.frequency} ".lower()
        return any(f" {word}" in told for word in ("puff", "spray", "inhal", "drop in each eye", "nebul"))

    @cached_property
    def _local_by_nature(self) -> bool:
        """Its strength is in percent, as that of creams and eye drops, or there is no product for the whole body."""
        if self.ingredients and all("never_systemic" in each.classes for each in self.ingredients):
            return True
        told = bare(f"{self.line.name} {self.line.dose} {self.line.frequency} {self.line.route}")
        percent = "%" in f"{self.naming.strength} {self.line.dose}"
        return percent and re.search(r"\b(?:oral|orally|po|mouth|syrup|elixir|solucion oral)\b", told) is None

    @cached_property
    def directions(self) -> Directions:
        """What the dose and the frequency come to, with the strength that the name says."""
        parts = max(1, len(self.ingredients))
        strengths = self._strengths(parts)
        dose = self.line.dose
        if not dose.strip() and not self.line.frequency.strip():
            return Directions(lacks="no dose is given")
        if any(each.part is Part.CONCENTRATION for each in scan(self.naming.strength, parts=parts).pieces):
            dose = f"{self.naming.strength}, {dose}"
        told = understand(dose, self.line.frequency, parts=parts, strengths=strengths)
        if told.lacks and not told.single and self._one_piece(strengths, parts):
            # "metformin 500 mg tablet, twice daily": one piece each time.
            return understand(f"1 tablet, {dose}", self.line.frequency, parts=parts, strengths=strengths)
        return told

    def _one_piece(self, strengths: tuple[float, ...], parts: int) -> bool:
        pieces = [*scan(self.line.dose, parts=parts).pieces, *scan(self.line.frequency, parts=parts).pieces]
        amounts = (Part.MASS, Part.COUNT, Part.BARE, Part.VOLUME, Part.STRENGTHS)
        return bool(strengths) and not any(each.part in amounts for each in pieces)

    @property
    def strengths(self) -> tuple[float, ...]:
        """The milligrams of each ingredient in one piece, as the name or the directions say them, else nothing."""
        return self._strengths(max(1, len(self.ingredients))) or self.directions.strengths

    def _strengths(self, parts: int) -> tuple[float, ...]:
        """Return the milligrams of each ingredient in one piece, as the name says them, else nothing."""
        pieces = scan(self.naming.strength, parts=parts).pieces
        told = [each.values for each in pieces if each.part is Part.STRENGTHS]
        masses = [each.value for each in pieces if each.part is Part.MASS and each.unit == "mg"]
        if len(told) == 1 and len(told[0]) == parts:
            return told[0]
        if masses or told:
            return tuple(masses) if len(masses) == parts and not told else ()
        brand = strengths_of_brand(self.line.name)
        weighed = {each.part for each in scan(self.line.dose, parts=parts).pieces} & _WEIGHED
        return brand if len(brand) == parts and not weighed and self.form is ProductForm.SYSTEMIC else ()

    def daily_mg(self, ingredient: str) -> float | None:
        """Return the most in one day of the ingredient in milligrams, ``None`` where it is not known."""
        return self._of(ingredient, self.directions.daily)

    def single_mg(self, ingredient: str) -> float | None:
        """Return the milligrams of the ingredient in one taking, ``None`` where they are not known."""
        return self._of(ingredient, self.directions.single)

    def _of(self, ingredient: str, amounts: tuple[float, ...] | None) -> float | None:
        names = [each.name for each in self.ingredients]
        if amounts is None or ingredient not in names or len(amounts) != len(names):
            return None
        return amounts[names.index(ingredient)]

    @property
    def not_checked(self) -> str:
        """Why the rules could not check all of it, ``""`` where they could."""
        naming, directions = self.naming, self.directions
        near = f" Did you mean {' or '.join(naming.near)}?" if naming.near else ""
        if not self.ingredients:
            return f"the name is not known.{near}" if self.line.name.strip() else "it has no name and no known code"
        if self.contradicts:
            return f"the code means {self.contradicts}, the words do not"
        if naming.left:
            return f"“{naming.left}” in the name is not understood.{near}"
        if self.form in (ProductForm.LOCAL, ProductForm.PATCH):
            return ""
        if directions.fault:
            return f"dose or how often: {directions.fault}"
        asked = any(each.daily_mg_max is not None for each in self.ingredients)
        if directions.lacks and (asked or directions.lacks == NO_RATE):
            return f"the amount in a day: {directions.lacks}"
        return self.times_contradict

    @property
    def times_contradict(self) -> str:
        """Why the chosen times of day do not fit how often it is taken: of two lists merged into one both may stand."""
        told, chosen = self.directions, self.line.times
        if not chosen or told.when_needed or told.times is None or told.days_a_week != 7 or told.times == len(chosen):
            return ""
        return f"the times of day ({', '.join(chosen)}) do not fit how often it is taken"
