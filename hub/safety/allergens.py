"""Allergies as people write them: what they are about, what happened, and statements that are no allergies at all."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.safety.charts import ChartAllergy
from hub.safety.names import INGREDIENTS, PHRASE_WORDS_MAX, PHRASES, key_of, read_name
from hub.safety.tables_reading import listed, rows
from hub.safety.wordings import bare


class AllergyKind(StrEnum):
    """What a line of the allergies says."""

    ALLERGY = "allergy"
    INTOLERANCE = "intolerance"
    NONE_KNOWN = "none known"
    NOT_KNOWN = "not known"
    DENIED = "denied"
    TOLERATES = "tolerates"
    UNREAD = "not understood"


NO_ALLERGY: Final = frozenset(
    {AllergyKind.NONE_KNOWN, AllergyKind.NOT_KNOWN, AllergyKind.DENIED, AllergyKind.TOLERATES}
)
"""Lines among the allergies that name none: statements, what was refuted, what is tolerated."""


@dataclass(frozen=True, slots=True)
class Allergen:
    """``names``: ingredients; ``classes``: classes; ``other`` for what no medicine holds (peanuts, pollen)."""

    line: ChartAllergy
    kind: AllergyKind
    names: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    severe: bool = False
    anaphylaxis: bool = False
    swelling: bool = False
    cough: bool = False
    near: tuple[str, ...] = ()


def _words() -> dict[str, tuple[str, ...]]:
    return {key_of(word): listed(means) for words, means in rows("allergens.txt", 2) for word in listed(words)}


_ALLERGENS: Final = _words()
_REACTIONS: Final = {
    kind: re.compile(
        r"(?<![a-z])(?:"
        + "|".join(
            re.escape(each.rstrip("*")) + (r"\w*" if each.endswith("*") else "")
            for each in sorted(listed(words), key=len, reverse=True)
        )
        + r")(?![a-z])"
    )
    for kind, words in rows("reactions.txt", 2)
}
_ANY: Final = r"(?:any|all|medicines?|medications?|drugs?|meds|anything|foods?|environmental|medicamentos)"
_NONE: Final = re.compile(
    rf"(?:n\.?k\.?d\.?a\.?|n\.?k\.?a\.?|nkma|nkfa|nil(?: known)?|none(?: known| reported| recorded)?|"
    rf"no(?: known)?(?: (?:drug|medication|medicine|food|environmental|latex|or|and|other|/))* allerg(?:y|"
    rf"ies)(?: known| reported)?|"
    rf"no known(?: drug| medication)?(?: allerg\w+)?|(?:patient |pt )?denies(?: any| all)?(?: known)?(?: drug|"
    rf" medication)? ?allergies|"
    rf"(?:no known allerg(?:y|ies)|not allergic|no allerg(?:y|ies)) to(?: {_ANY})+|not allergic(?: to any\w*)?|"
    rf"sin alergias(?: conocidas)?(?: a medicamentos)?|ninguna(?: conocida)?|niega alergias|"
    rf"no alergias(?: conocidas)?|"
    rf"no conocidas|no|negative|-)[. ]*"
)
_NOT_KNOWN: Final = re.compile(
    r"(?:unknown(?: allerg(?:y|ies))?|allerg(?:y|ies) unknown|not known|not recorded|not on file|not asked|unable to "
    r"(?:obtain|assess|ask)|unobtainable|asked,? (?:but )?(?:not known|unknown)|no information\b.*|desconocid[ao]s?|"
    r"\?+|n/a|not documented|to be determined|tbd|pending)[. ]*"
)
_DENIED: Final = re.compile(
    r"\b(?:no (?:known )?(?:allerg(?:y|ies)|reaction|sensitivity)|not allergic|denies|denied|refuted|ruled out|"
    r"not (?:a )?true allergy|delabell?ed|no longer allergic|outgrown|outgrew|no es alergic[ao])\b"
)
_TOLERATES: Final = re.compile(
    r"\b(?:tolerates?|tolerated|tolerating|can take|takes? it well|no problem with|tolera)\b"
)
_NOT_TOLERATED: Final = re.compile(
    r"\b(?:(?:does|did|do|can) ?(?:not|n't|nt) tolerate|intolerant|intolerance|unable to tolerate)\b"
)


def read_allergy(line: ChartAllergy) -> Allergen:
    """Return what one line of the allergies says."""
    told = " ".join(bare(line.name).split())
    verification = bare(line.verification)
    if _NONE.fullmatch(told):
        return Allergen(line, AllergyKind.NONE_KNOWN)
    if _NOT_KNOWN.fullmatch(told):
        return Allergen(line, AllergyKind.NOT_KNOWN)
    names, classes = _about(told)
    if verification in ("refuted", "entered-in-error", "entered in error", "inactive", "resolved"):
        return Allergen(line, AllergyKind.DENIED, names, classes)
    unable = _NOT_TOLERATED.search(told) is not None
    if verification == "tolerates" or (_TOLERATES.search(told) and not unable):
        return Allergen(line, AllergyKind.TOLERATES, names, classes)
    if _DENIED.search(told):
        return Allergen(line, AllergyKind.DENIED, names, classes)
    if not names and not classes:
        return Allergen(line, AllergyKind.UNREAD, near=read_name(line.name).near)
    return _with_reaction(line, told, names, classes, unable)


def _with_reaction(
    line: ChartAllergy, told: str, names: frozenset[str], classes: frozenset[str], unable: bool
) -> Allergen:
    happened = f"{told} ; {bare(line.reaction)}"
    mild = _REACTIONS["intolerance"].search(happened) is not None or unable or line.intolerance
    rest = _REACTIONS["intolerance"].sub(" ", happened)
    severe = _REACTIONS["severe"].search(rest) is not None or bare(line.criticality) == "high"
    anaphylaxis = _REACTIONS["anaphylaxis"].search(rest) is not None
    swelling = _REACTIONS["swelling"].search(rest) is not None
    cough = _REACTIONS["cough"].search(rest) is not None and not severe
    kind = AllergyKind.INTOLERANCE if (mild or cough) and not severe else AllergyKind.ALLERGY
    return Allergen(line, kind, names, classes, severe, anaphylaxis, swelling, cough)


def _about(told: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ingredients and the classes that words are about; ``other`` is the class of what is no medicine."""
    tokens = key_of(told).split()
    names: set[str] = set()
    classes: set[str] = set()
    at = 0
    while at < len(tokens):
        for length in range(min(PHRASE_WORDS_MAX, len(tokens) - at), 0, -1):
            phrase = " ".join(tokens[at : at + length])
            if phrase in _ALLERGENS:
                for each in _ALLERGENS[phrase]:
                    (classes if each.startswith("@") or each == "other" else names).add(each.removeprefix("@"))
            elif phrase in PHRASES:
                names.update(PHRASES[phrase])
            else:
                continue
            at += length
            break
        else:
            at += 1
    return frozenset(names), frozenset(classes)


def classes_of(allergen: Allergen) -> frozenset[str]:
    """Return the classes that the allergen names or belongs to."""
    of_names = (INGREDIENTS[name].classes for name in allergen.names if name in INGREDIENTS)
    return allergen.classes.union(*of_names)
