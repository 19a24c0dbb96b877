"""Which laboratory tests hold which: a panel and its parts, by LOINC code, so that spelling does not decide.

LOINC (Regenstrief Institute, loinc.org), panels and their common parts as written down on 28-Nov-2026; public codes and
short names alone. A test that stands here in no panel is compared by its own code or words.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_LIPIDS: Final = {
    "13457-7": "ldl", "18262-6": "ldl", "2089-1": "ldl", "2085-9": "hdl", "2093-3": "total cholesterol",
    "2571-8": "triglycerides",
}  # fmt: skip
_BASIC: Final = {
    "2345-7": "glucose", "2160-0": "creatinine", "3094-0": "urea nitrogen", "2951-2": "sodium", "2823-3": "potassium",
    "2075-0": "chloride", "2028-9": "carbon dioxide", "17861-6": "calcium", "33914-3": "egfr", "62238-1": "egfr",
    "98979-8": "egfr",
}  # fmt: skip
_LIVER: Final = {
    "1920-8": "ast", "1742-6": "alt", "6768-6": "alkaline phosphatase", "1975-2": "bilirubin", "1751-7": "albumin",
    "2885-2": "total protein",
}  # fmt: skip
_BLOOD: Final = {"718-7": "hemoglobin", "4544-3": "hematocrit", "777-3": "platelets", "6690-2": "leukocytes"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One group: the names it goes by, its own codes, and its parts (code -> short name)."""

    names: tuple[str, ...]
    codes: frozenset[str]
    parts: Mapping[str, str]


PANELS: Final = (
    Panel(("lipid panel", "lipids", "lipid profile", "cholesterol panel"), frozenset({"24331-1", "57698-3"}), _LIPIDS),
    Panel(("basic metabolic panel", "bmp", "chem 7"), frozenset({"24320-4", "51990-0"}), _BASIC),
    Panel(
        ("comprehensive metabolic panel", "cmp"),
        frozenset({"24323-8"}),
        MappingProxyType({**_BASIC, **_LIVER}),
    ),
    Panel(("hepatic panel", "liver panel", "liver function tests", "lfts"), frozenset({"24325-3"}), _LIVER),
    Panel(("complete blood count", "cbc", "blood count"), frozenset({"58410-2", "57021-8"}), _BLOOD),
    Panel(("a1c", "hba1c", "hemoglobin a1c"), frozenset(), {"4548-4": "a1c", "17856-6": "a1c"}),
    Panel(("tsh", "thyroid stimulating hormone"), frozenset(), {"3016-3": "tsh"}),
    Panel(("inr", "prothrombin time"), frozenset(), {"6301-6": "inr"}),
)


def holds(test: str, measure: str) -> bool:
    """Say whether a test that is asked for holds a measure: by its code, as a part of a panel, by its words."""
    asked, code = _words(test), _code(measure)
    for panel in _meant(test):
        if code in panel.parts or code in panel.codes:
            return True
        if not code and _words(measure) & {*panel.parts.values()}:
            return True
    own = _code(test)
    if own:
        return own == code
    return bool(asked) and all(word in measure.lower() for word in asked)


def _meant(test: str) -> Iterator[Panel]:
    told, code = f" {' '.join(re.findall(r'[a-z0-9]+', test.lower()))} ", _code(test)
    for panel in PANELS:
        if code in panel.codes or (not code and any(f" {name} " in told for name in panel.names)):
            yield panel


def _code(told: str) -> str:
    first = told.strip().partition(" ")[0]
    return first if first[:1].isdigit() and "-" in first else ""


def _words(told: str) -> set[str]:
    return set(told.lower().split())
