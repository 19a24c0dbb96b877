"""Names of medicines as people write them, read into ingredients. A name that is not known is said, never guessed.

The tables hold generic names, US brands, common abbreviations and Spanish names; RxNorm ingredient codes are public
(National Library of Medicine). A misspelt name offers the near one for a person to choose.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from hub.safety.tables_reading import listed, plain_words, rows
from hub.safety.wordings import bare, numbered

NAME_CHARACTERS_MAX: Final = 300
"""A name longer than this is not read."""
NAMES_KEPT_MAX: Final = 4_096
"""How many names as read are remembered: to look for what an unknown one is near to takes some 10 ms."""

PHRASE_WORDS_MAX: Final = 5


class ProductForm(StrEnum):
    """How a product reaches the body, as far as the rules ask."""

    SYSTEMIC = "systemic"
    LOCAL = "local"
    PATCH = "patch"
    INJECTION = "injection"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """``daily_mg_max``: the most a day by mouth for an adult in milligrams, ``None`` where this table says none."""

    name: str
    classes: frozenset[str]
    daily_mg_max: float | None


@dataclass(frozen=True, slots=True)
class Naming:
    """What a name says. ``strength``: the words of it that are amounts. ``left``: words that were not understood.

    ``near``: known names that a misspelt one may mean. Without ``ingredients`` the name is not known.
    """

    ingredients: tuple[Ingredient, ...] = ()
    form: ProductForm = ProductForm.SYSTEMIC
    strength: str = ""
    left: str = ""
    near: tuple[str, ...] = ()


def _ingredients() -> dict[str, Ingredient]:
    made: dict[str, Ingredient] = {}
    for name, classes, most, _ in rows("ingredients.txt", 4):
        number = re.fullmatch(r"(\d+(?:\.\d+)?) mg", most)
        assert number is not None or not most, f"{name}: the most a day is in mg"
        assert name not in made, f"{name} stands twice"
        made[name] = Ingredient(name, frozenset(listed(classes)), float(number[1]) if number else None)
    return made


INGREDIENTS: Final[Mapping[str, Ingredient]] = MappingProxyType(_ingredients())


def key_of(told: str) -> str:
    """Return a name in the form in which names are looked up: plain lower-case words, one blank apart."""
    return " ".join(_flat(_plain(told)).split())


def _plain(told: str) -> str:
    text = re.sub(r"\[[^\]]*\]", " ", numbered(re.sub(r"[®™©]", " ", told)))
    return text.replace("'", "")


def _flat(text: str) -> str:
    return re.sub(r"(?<!\d)\.|\.(?!\d)", " ", re.sub(r"[^a-z0-9#.]", " ", text))


def _phrases() -> dict[str, tuple[str, ...]]:
    made: dict[str, tuple[str, ...]] = {}
    for name, _, _, others in rows("ingredients.txt", 4):
        for each in (name, *listed(others)):
            made.setdefault(key_of(each), (name,))
    for names, parts in rows("combinations.txt", 2):
        ingredients = tuple(each.strip() for each in parts.split(" + "))
        assert all(each in INGREDIENTS for each in ingredients), f"{names}: an ingredient is not in the table"
        for each in listed(names):
            made[key_of(each)] = ingredients
    return made


PHRASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(_phrases())
"""A known name in its plain form -> its ingredients, in the order in which their strengths are written."""

BRAND_STRENGTHS: Final[Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        key_of(name): tuple(map(float, listed(strengths)))
        for names, strengths in rows("brand_strengths.txt", 2)
        for name in listed(names)
    }
)
"""A brand of one strength in its plain form -> milligrams of each ingredient in one piece."""


def strengths_of_brand(name: str) -> tuple[float, ...]:
    """Return the milligrams in one piece of a brand that is sold in one strength alone, else nothing."""
    told = key_of(name).split()
    known = (" ".join(told[:length]) for length in range(len(told), 0, -1))
    return next((BRAND_STRENGTHS[each] for each in known if each in BRAND_STRENGTHS), ())


RXCUIS: Final[Mapping[str, str]] = MappingProxyType({row[0]: row[1] for row in rows("rxnorm.txt", 2)})
"""RxNorm code of an ingredient -> its name."""

assert all(name in INGREDIENTS for name in RXCUIS.values()), "a code is of an ingredient of the table"

_FORMS: Final = {word: ProductForm(kind) for kind, words in rows("forms.txt", 2) for word in listed(words)}
_BRAND_FORMS: Final = {
    key_of(name): ProductForm(kind) for kind, names in rows("brand_forms.txt", 2) for name in listed(names)
}
FORM_WORDS: Final = frozenset(_FORMS)
"""Words that say a form."""
_FILLERS: Final = plain_words("fillers.txt") | frozenset(_FORMS)
_MINERALS: Final = frozenset({"potassium", "calcium", "magnesium", "zinc", "iron", "alcohol"})
_VAGUE: Final = frozenset({"insulin", "insulina", "inh", "estrogen", "estrogens", "oxygen", "glucose"})
"""Phrases that beside the name of another ingredient say only its kind or its form, as in ``Lantus insulin``."""
_NEGATIONS: Final = frozenset({"non", "no", "not", "free", "without", "never", "sin", "except", "anti"})
_AMOUNT: Final = re.compile(
    r"\d[\d.]*(?:\s?[/-]\s?\d[\d.]*)*\s?(?:mgs?|mcg|ug|μg|g|gm|meq|mmol|units?|unt|iu|ml|%)?(?![a-z])"
    r"(?:\s?/\s?[\d.]*\s?(?:mg|mcg|g|ml|hr|h|hours?|actuation|act|puff|spray|tablet|tab|blister|inh)(?![a-z]))*"
)
_ROUTES: Final = {
    **dict.fromkeys(
        ("topical", "eye", "ear", "nasal", "inhaled", "vaginal", "ophthalmic", "otic", "inhalation"), ProductForm.LOCAL
    ),
    **dict.fromkeys(("subcutaneous", "intramuscular", "intravenous"), ProductForm.INJECTION),
    "transdermal": ProductForm.PATCH,
}
_LOCAL_PATCHES: Final = frozenset({"lidocaine", "diclofenac", "capsaicin", "methyl salicylate", "menthol", "camphor"})


def read_name(told: str, route: str = "") -> Naming:
    """Return what a medicine's name says. ``route`` is how it is given, ``""`` where that is not said."""
    if not told.strip():
        return Naming()
    if len(told) > NAME_CHARACTERS_MAX:
        return Naming(left="a name of this length")
    return _read(told, route)


@lru_cache(maxsize=NAMES_KEPT_MAX)
def _read(told: str, route: str) -> Naming:
    text = re.sub(r"\b\d+ ?(?:hr|hour)\b", " ", _plain(told))
    found, rest, brands = _matched(text)
    words = _flat(rest).split()
    if _NEGATIONS & set(words):
        return Naming(left=bare(told))
    amounts = " ".join(each[0].strip() for each in _AMOUNT.finditer(rest))
    others = _flat(_AMOUNT.sub(" ", rest)).split()
    left = tuple(word for word in others if word not in _FILLERS and not word.isdecimal())
    form = _form(found, {*others, *words}, brands, bare(route))
    ingredients = tuple(INGREDIENTS[name] for name in found)
    if not found:
        return Naming(form=form, strength=amounts, left=" ".join(left) or bare(told), near=_near(left))
    return Naming(ingredients, form, amounts, " ".join(left), _near(left) if left else ())


def _matched(text: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Return the ingredients that known phrases name, the text with these phrases blanked, and the phrases."""
    flat = _flat(text)
    tokens = [(each[0], each.start(), each.end()) for each in re.finditer(r"\S+", flat)]
    found: dict[str, None] = {}
    vague: dict[str, None] = {}
    phrases: list[str] = []
    rest = list(text)
    at = 0
    while at < len(tokens):
        for length in range(min(PHRASE_WORDS_MAX, len(tokens) - at), 0, -1):
            phrase = " ".join(word for word, _, _ in tokens[at : at + length])
            if phrase not in PHRASES or (phrase in _MINERALS and _a_salt(phrases, text, tokens[at][1])):
                continue
            (vague if phrase in _VAGUE else found).update(dict.fromkeys(PHRASES[phrase]))
            phrases.append(phrase)
            start, end = tokens[at][1], tokens[at + length - 1][2]
            rest[start:end] = " " * (end - start)
            at += length
            break
        else:
            at += 1
    return tuple(found or vague), "".join(rest), tuple(phrases)


def _a_salt(phrases: list[str], text: str, start: int) -> bool:
    """Say whether a mineral's name is only the salt of the ingredient before it, as in ``losartan potassium``."""
    return bool(phrases) and re.search(r"(?:[/+,&]|\band|\bwith|\bplus) ?$", text[:start]) is None


def _form(found: tuple[str, ...], words: set[str], brands: tuple[str, ...], route: str) -> ProductForm:
    told = {_FORMS[word] for word in words if word in _FORMS}
    told |= {_BRAND_FORMS[each] for each in brands if each in _BRAND_FORMS and not told}
    told |= {each for word in route.split() if (each := _ROUTES.get(word) or _FORMS.get(word)) is not None}
    if ProductForm.PATCH in told:
        return ProductForm.LOCAL if set(found) & _LOCAL_PATCHES else ProductForm.PATCH
    if ProductForm.LOCAL in told:
        return ProductForm.LOCAL
    return ProductForm.INJECTION if ProductForm.INJECTION in told else ProductForm.SYSTEMIC


def _near(left: tuple[str, ...]) -> tuple[str, ...]:
    """Return known names that the unknown words may be misspellings of, the nearest first, three at most."""
    found: dict[str, None] = {}
    for phrase in (" ".join(left), *left):
        if len(phrase) >= 4:
            found.update(dict.fromkeys(get_close_matches(phrase, PHRASES, n=2, cutoff=0.8)))
    return tuple(found)[:3]
