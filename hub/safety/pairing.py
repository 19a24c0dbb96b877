"""Are two lines of two lists the same medicine? Compared by ingredient, form, strength and directions, never by name.

A brand and its generic are the same. What is not understood is never called the same: the most that can be said of it
is that the words are alike, and a person decides.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from hub.safety.charts import ChartMedicine, Product
from hub.safety.directions import Directions
from hub.safety.names import ProductForm, key_of
from hub.safety.sigs import Part, scan
from hub.safety.wordings import bare

PRODUCTS_KEPT_MAX: Final = 4_000
"""Lines whose reading is kept in memory."""

COMPARISONS_KEPT_MAX: Final = 20_000
"""Comparisons that are kept: every look at two lists makes them all again."""

NAME, FORM, STRENGTH, DOSE, OFTEN, ROUTE = "NAME", "FORM", "STRENGTH", "DOSE", "HOW OFTEN", "ROUTE"
"""What may differ between two lines of one medicine, in the words of the page."""


class Kinship(IntEnum):
    """How alike two lines are, from not at all to the same."""

    NONE = 0
    INGREDIENT = 1
    """Two medicines that share an ingredient: taken together, it is taken twice."""
    SIMILAR = 2
    SAME = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike two lines are, and what differs."""

    likeness: Kinship
    differs: tuple[str, ...] = ()


_RELEASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("er", "xr", "xl", "extended"), "extended"),
    **dict.fromkeys(("sr", "sustained", "12hr"), "sustained"),
    **dict.fromkeys(("cr", "controlled"), "controlled"),
    **dict.fromkeys(("la",), "long acting"),
    **dict.fromkeys(("dr", "ec", "enteric", "delayed"), "delayed"),
}
_ALWAYS_EXTENDED: Final = frozenset({("metoprolol", "succinate")})
"""An ingredient of which this salt exists as extended release alone (DailyMed, label of metoprolol succinate)."""
_SALTS: Final = frozenset({"succinate", "tartrate", "fumarate", "citrate", "acetate", "carbonate", "besylate"})
_LIQUIDS: Final = frozenset({"liquid", "solution", "soln", "suspension", "susp", "syrup", "elixir"})
_SITES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("eye", "eyes", "ophthalmic", "eyedrops"), "eye"),
    **dict.fromkeys(("ear", "ears", "otic", "eardrops"), "ear"),
    **dict.fromkeys(("nasal", "nostril", "nose"), "nose"),
    **dict.fromkeys(("inhaler", "inhaled", "inhalation", "hfa", "puff", "puffs", "nebulizer", "mdi"), "lungs"),
    **dict.fromkeys(("gel", "cream", "ointment", "lotion", "topical", "topically", "foam", "shampoo"), "skin"),
    **dict.fromkeys(("vaginal", "vaginally"), "vagina"),
}
_MOMENTS: Final = (
    ("morning", re.compile(r"\b(?:morning|mornings|breakfast|qam|am)\b")),
    ("noon", re.compile(r"\b(?:noon|midday|lunch)\b")),
    ("evening", re.compile(r"\b(?:evening|evenings|dinner|supper|qpm|pm)\b")),
    ("bedtime", re.compile(r"\b(?:bedtime|bed|nightly|qhs|night|sleep)\b")),
)
_COUNTED: Final = frozenset(Part) - {Part.FILLER, Part.FORM, Part.OPEN, Part.EACH}


@lru_cache(maxsize=PRODUCTS_KEPT_MAX)
def product_of(line: ChartMedicine) -> Product:
    """Return the line as the rules read it; kept, since each line is compared with many."""
    return Product(line)


@lru_cache(maxsize=COMPARISONS_KEPT_MAX)
def compared(one: Product, other: Product) -> Comparison:
    """Return how alike two lines are, whichever stands first."""
    first, second = {each.name for each in one.ingredients}, {each.name for each in other.ingredients}
    if not first or not second or one.contradicts or other.contradicts:
        return _by_words(one, other)
    if not first & second:
        return Comparison(Kinship.NONE)
    if first != second or one.form is not other.form or _elsewhere(one, other):
        return Comparison(Kinship.INGREDIENT)
    differs = [
        told
        for told, found in (
            (NAME, key_of(one.naming.left) != key_of(other.naming.left)),
            (FORM, _made(one) != _made(other)),
            (STRENGTH, _strengths_differ(one, other)),
            *_directions_differ(one, other),
        )
        if found
    ]
    return Comparison(Kinship.SIMILAR if differs else Kinship.SAME, tuple(differs))


def pairs(left: Sequence[Product], right: Sequence[Product]) -> dict[int, tuple[int, Comparison]]:
    """Return the pairs of two lists: place in ``right`` -> place in ``left``; each line is in one pair at most.

    The same is paired before the similar, and of the similar first what differs least.
    """
    found = [
        (told.likeness, -len(told.differs), -here, -there, told)
        for here, one in enumerate(left)
        for there, other in enumerate(right)
        if (told := compared(one, other)).likeness >= Kinship.SIMILAR
    ]
    taken: set[int] = set()
    made: dict[int, tuple[int, Comparison]] = {}
    for _, _, here, there, told in sorted(found, key=lambda each: each[:4], reverse=True):
        if -here not in taken and -there not in made:
            taken.add(-here)
            made[-there] = (-here, told)
    return made


def _by_words(one: Product, other: Product) -> Comparison:
    """Compare lines of which a name is not known: alike where the words are, and never the same."""
    told = [" ".join(word for word in key_of(each.line.name).split() if word.isalpha()) for each in (one, other)]
    if not told[0] or told[0] != told[1] or one.contradicts or other.contradicts:
        return Comparison(Kinship.NONE)
    differs = [name for name, found in _directions_differ(one, other) if found]
    return Comparison(Kinship.SIMILAR, (NAME, *differs))


def _elsewhere(one: Product, other: Product) -> bool:
    """Say whether both are local and known to be for different places of the body."""
    sites = [
        {_SITES[word] for word in re.findall(r"[a-z]+", bare(f"{each.line.name} {each.line.route}")) if word in _SITES}
        for each in (one, other)
    ]
    return one.form is ProductForm.LOCAL and bool(sites[0] and sites[1]) and not sites[0] & sites[1]


def _made(product: Product) -> tuple[str, str, bool]:
    """Return how the product is made, as far as it changes what is taken: release, salt, liquid or not."""
    told = re.findall(r"[a-z0-9]+", bare(f"{product.line.name} {product.line.dose}"))
    release = next((_RELEASES[word] for word in told if word in _RELEASES), "")
    salt = next((word for word in told if word in _SALTS), "")
    names = [each.name for each in product.ingredients]
    if len(names) == 1 and (names[0], salt) in _ALWAYS_EXTENDED:
        release = "extended"
    if release and (*names, "succinate") == ("metoprolol", "succinate"):
        salt = "succinate"
    return release, salt, bool(_LIQUIDS & set(told)) and product.form is ProductForm.SYSTEMIC


def _strengths_differ(one: Product, other: Product) -> bool:
    """Say whether one piece is of another strength: half a tablet of 20 mg is not one of 10 mg to who takes it."""
    first, second = one.strengths, other.strengths
    if first and second:
        return first != second
    told = [re.findall(r"[\d.]+", each.naming.strength) for each in (one, other)]
    if not first and not second and told[0] and told[1]:
        return told[0] != told[1]  # Inhalers and patches, of which a piece is not counted in milligrams.
    known, unknown = (one, other) if first else (other, one)
    single = known.directions.single
    return bool(known.strengths and single and single != known.strengths and unknown.directions.single)


def _directions_differ(one: Product, other: Product) -> list[tuple[str, bool]]:
    mine, theirs = one.directions, other.directions
    routes = {bare(each.line.route) for each in (one, other)} - {""}
    apart = len(routes) > 1 and one.form is ProductForm.SYSTEMIC and "sublingual" in routes
    if mine.fault or theirs.fault or _unsaid(mine) or _unsaid(theirs):
        dose = bare(one.line.dose) != bare(other.line.dose)
        often = bare(one.line.frequency) != bare(other.line.frequency)
        same = _plain(one) == _plain(other)  # One may have written in one field what the other wrote in two.
        return [(DOSE, dose and not same), (OFTEN, often and not dose and not same), (ROUTE, apart)]
    if mine.single is not None and theirs.single is not None:
        dose = mine.single != theirs.single
    else:
        dose = _amounts(one) != _amounts(other)
    moments = [_moments(each) for each in (one, other)]
    often = (
        (mine.times, mine.days_a_week, mine.when_needed) != (theirs.times, theirs.days_a_week, theirs.when_needed)
        or (bool(moments[0] and moments[1]) and moments[0] != moments[1])
    )  # fmt: skip
    return [(DOSE, dose), (OFTEN, often), (ROUTE, apart)]


def _unsaid(told: Directions) -> bool:
    return told.times is None and not told.when_needed


def _plain(product: Product) -> str:
    return bare(f"{product.line.dose} {product.line.frequency}")


def _amounts(product: Product) -> list[tuple[Part, float, str, tuple[float, ...]]]:
    """Return what the directions count, without the rate: puffs, drops, units, patches."""
    told = scan(f"{product.line.dose}", parts=max(1, len(product.ingredients))).pieces
    rates = {Part.TIMES, Part.DAILY, Part.MOMENT, Part.MEALS, Part.DAYS, Part.ONCE, Part.NEEDED, Part.LASTS}
    return sorted((each.part, each.value, each.unit, each.values) for each in told if each.part in _COUNTED - rates)


def _moments(product: Product) -> frozenset[str]:
    told = _plain(product)
    return frozenset(name for name, shape in _MOMENTS if shape.search(told))
