"""One medicine as one line, and the allergies of a plan, by the clinical text rules.

Generic name in bold lower case (tall man letters where names are confused), em dashes between attributes, only the
dose labelled, no break inside an attribute, nothing cut.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crdt.fields import Value
from hub.safety.allergens import NO_ALLERGY, AllergyKind, read_allergy
from hub.safety.plan_charts import allergy_line
from web.views.words import NO_BREAK

TALL_MAN: Final = {
    "bupropion": "buPROPion",
    "buspirone": "busPIRone",
    "carbamazepine": "carBAMazepine",
    "oxcarbazepine": "OXcarbazepine",
    "chlorpromazine": "chlorproMAZINE",
    "clonazepam": "clonazePAM",
    "clonidine": "cloNIDine",
    "diphenhydramine": "diphenhydrAMINE",
    "dobutamine": "DOBUTamine",
    "dopamine": "DOPamine",
    "fluoxetine": "FLUoxetine",
    "duloxetine": "DULoxetine",
    "glipizide": "glipiZIDE",
    "glyburide": "glyBURIDE",
    "hydralazine": "hydrALAZINE",
    "hydroxyzine": "hydrOXYzine",
    "lamotrigine": "lamoTRIgine",
    "levetiracetam": "levETIRAcetam",
    "lorazepam": "LORazepam",
    "metformin": "metFORMIN",
    "metronidazole": "metroNIDAZOLE",
    "oxycodone": "oxyCODONE",
    "hydrocodone": "HYDROcodone",
    "prednisone": "predniSONE",
    "prednisolone": "prednisoLONE",
    "quetiapine": "QUEtiapine",
    "risperidone": "risperiDONE",
    "rosuvastatin": "rosuvastatin",
    "sulfadiazine": "sulfaDIAZINE",
    "sulfasalazine": "sulfaSALAzine",
    "tramadol": "traMADol",
    "trazodone": "traZODone",
    "vinblastine": "vinBLAStine",
    "vincristine": "vinCRIStine",
}
"""From the FDA and ISMP lists of look-alike names with recommended tall man letters."""


class AllergyStatus(StrEnum):
    """The four labels; nothing else may stand in their place."""

    KNOWN = "Known allergies"
    NONE_KNOWN = "No known allergies"
    NOT_KNOWN = "Allergies asked, not known"
    NOT_RECORDED = "Allergies not recorded"
    UNAVAILABLE = "Allergies unavailable"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a medicine, with a label where the rules ask for one."""

    words: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class MedicineLine:
    """A medicine in reading order. ``spoken`` is the plain name for screen readers."""

    name: str
    spoken: str
    attributes: tuple[Attribute, ...]

    @property
    def words(self) -> str:
        """The line as text, for journals and titles."""
        rest = [f"{each.label} {each.words}".strip() for each in self.attributes]
        return " — ".join([self.spoken, *rest])


@dataclass(frozen=True, slots=True)
class Allergies:
    """What the banner says about allergies: one of four labels, and the substances with their reactions."""

    status: AllergyStatus
    substances: tuple[tuple[str, str], ...] = ()
    """Each with its reaction, empty where none is recorded."""


def medicine_line(values: Mapping[str, Value]) -> MedicineLine:
    """Return the line of one medicine entry."""
    name = _text(values, "name")
    attributes = [
        Attribute(unbroken(_text(values, "dose")), "DOSE"),
        Attribute(unbroken(_text(values, "route"))),
        Attribute(unbroken(_text(values, "frequency"))),
    ]
    return MedicineLine(tall_man(name), name, tuple(each for each in attributes if each.words))


def allergies(entries: Iterable[Mapping[str, Value]] | None) -> Allergies:
    """Return the statement on allergies of the active entries; ``None`` where the section can't be read."""
    if entries is None:
        return Allergies(AllergyStatus.UNAVAILABLE)
    active = [values for values in entries if values.get("kind") == "allergy" and values.get("status") != "retired"]
    read = [(values, read_allergy(allergy_line(values)).kind) for values in active]
    known = [(values, kind) for values, kind in read if kind not in NO_ALLERGY]
    if known:
        known.sort(key=lambda each: (each[0].get("criticality") != "high", each[1] is AllergyKind.INTOLERANCE))
        return Allergies(AllergyStatus.KNOWN, tuple(_substance(values) for values, _ in known))
    kinds = {kind for _, kind in read}
    if AllergyKind.NONE_KNOWN in kinds:
        return Allergies(AllergyStatus.NONE_KNOWN)
    return Allergies(AllergyStatus.NOT_KNOWN if AllergyKind.NOT_KNOWN in kinds else AllergyStatus.NOT_RECORDED)


def tall_man(name: str) -> str:
    """Return a generic name as it is printed: lower case, or tall man letters; a BRAND in capitals stays."""
    return " ".join(_tall(word) for word in name.split(" "))


def _tall(word: str) -> str:
    if word.lower() in TALL_MAN:
        return TALL_MAN[word.lower()]
    return word.lower() if word.istitle() else word


UNBROKEN_CHARACTERS_MAX: Final = 16
"""A dose of more characters does not fit into one line of a phone."""


def unbroken(words: str) -> str:
    """Return the words so that no line breaks inside them; of long ones a number stays with the word behind it."""
    inside = r"(?<=\d) (?=\S)" if len(words) > UNBROKEN_CHARACTERS_MAX else " "
    return re.sub(inside, NO_BREAK, words)


def _substance(values: Mapping[str, Value]) -> tuple[str, str]:
    return _text(values, "name"), _text(values, "reaction")


def _text(values: Mapping[str, Value], name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""
