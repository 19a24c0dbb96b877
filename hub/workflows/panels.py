"""Which laboratory tests hold which: a panel and its parts, by LOINC code, so that spelling does not decide.

LOINC (Regenstrief Institute, loinc.org), panels and their common parts as written down on 28-Nov-2026; public codes and
short names alone. A test that stands here in no group is compared by its own code or words.
"""

import re
from collections.abc import Collection, Mapping
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

    @property
    def analytes(self) -> frozenset[str]:
        """What it measures; a test without parts measures itself."""
        return frozenset(self.parts.values()) or frozenset({self.names[0]})


def _alone(names: str, codes: str) -> Panel:
    """Return a test of one thing, whichever of its codes names it."""
    known = tuple(each.strip() for each in names.split(","))
    return Panel(known, frozenset(), MappingProxyType(dict.fromkeys(codes.split(), known[0])))


PANELS: Final = (
    Panel(("lipid panel", "lipids", "lipid profile", "cholesterol panel"), frozenset({"24331-1", "57698-3"}), _LIPIDS),
    Panel(
        ("comprehensive metabolic panel", "cmp"),
        frozenset({"24323-8"}),
        MappingProxyType({**_BASIC, **_LIVER}),
    ),
    Panel(("basic metabolic panel", "bmp", "chem 7"), frozenset({"24320-4", "51990-0"}), _BASIC),
    Panel(("hepatic panel", "liver panel", "liver function tests", "lfts"), frozenset({"24325-3"}), _LIVER),
    Panel(("complete blood count", "cbc", "blood count"), frozenset({"58410-2", "57021-8"}), _BLOOD),
    Panel(("urinalysis", "ua"), frozenset({"24356-8"}), MappingProxyType({})),
    _alone("a1c, hba1c, hemoglobin a1c", "4548-4 17856-6"),
    _alone("tsh, thyroid stimulating hormone, thyrotropin", "3016-3"),
    _alone("free t4, t4 free, free thyroxine", "3024-7"),
    _alone("inr, prothrombin time", "6301-6"),
    _alone("blood culture, blood cultures", "600-7 17934-1 17935-8"),
    _alone("urine culture, urine cultures", "630-4"),
    _alone("sputum culture, respiratory culture", "6460-0 43409-2"),
    _alone("pathology, biopsy, surgical pathology, histology", "11529-5"),
    _alone("troponin, hs troponin, troponin i, troponin t", "10839-9 89579-7 6598-7 67151-1"),
    _alone("bnp, b type natriuretic peptide", "30934-4 42637-9"),
    _alone("nt probnp, probnp", "33762-6"),
    _alone("crp, c reactive protein", "1988-5"),
    _alone("d dimer", "48065-7"),
    _alone("ferritin", "2276-4"),
    _alone("vitamin b12, b12", "2132-9"),
    _alone("vitamin d, 25 oh vitamin d", "1989-3 62292-8"),
    _alone("magnesium", "19123-9"),
    _alone("phosphate, phosphorus", "2777-1"),
    _alone("albumin creatinine ratio, uacr, microalbumin", "9318-7 14959-1"),
)

_BESIDE: Final = frozenset(
    {"test", "tests", "level", "levels", "serum", "plasma", "blood", "cholesterol", "direct", "calculated", "fasting",
     "repeat", "final", "pending"}
)  # fmt: skip
"""Words beside a test's name that do not make another test of it."""

_CODE: Final = re.compile(r"(?<![\w-])[0-9]{1,7}-[0-9](?![\w-])")


def holds(test: str, measure: str) -> bool:
    """Say whether a test that is asked for holds a measure: by its code, as a part of a panel, by its words."""
    if analytes(test) & analytes(measure):
        return True
    own = code_in(test)
    if own:
        return own == code_in(measure)
    asked = set(test.lower().split())
    return bool(asked) and all(word in measure.lower() for word in asked)


def answers(test: str, codes: Collection[str]) -> bool:
    """Say whether a result with these codes (of what was ordered and what was measured) is of a test that is awaited.

    A panel is answered by its own code, or by three quarters of what it measures: one value of it leaves the rest to
    come (the share is the house's own, 2026-11).
    """
    own = code_in(test)
    if own in codes:
        return True
    wanted = analytes(test)
    if not wanted:
        return False
    if any(each in panel.codes and panel.analytes == wanted for panel in PANELS for each in codes):
        return True
    told = {name for each in codes for name in _of_code(each)}
    return len(wanted & told) * 4 >= len(wanted) * 3


def analytes(told: str) -> frozenset[str]:
    """Return what a test measures, whether a code, a name or both stand there; empty for one that is not known here."""
    code = code_in(told)
    if code:
        return _of_code(code)
    words = f" {' '.join(re.findall(r'[a-z0-9]+', told.lower()))} "
    found = [panel.analytes for panel in PANELS if any(f" {name} " in words for name in panel.names)]
    if found:
        return frozenset().union(*found)
    parts = {name for panel in PANELS for name in panel.parts.values()}
    named = next((name for name in parts if f" {name} " in words), "")
    beside = set(words.replace(f" {named} ", " ").split()) if named else set()
    return frozenset({named}) if named and beside <= _BESIDE else frozenset()


def code_in(told: str) -> str:
    """Return the LOINC code that stands in the words, ``""`` for none."""
    return next((each for each in _CODE.findall(told) if is_loinc(each)), "")


def is_loinc(code: str) -> bool:
    """Say whether it has the form of a LOINC code, its check digit right (Mod 10, LOINC Users' Guide)."""
    if not _CODE.fullmatch(code):
        return False
    number, _, check = code.partition("-")
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(number)))
    return (10 - sum(each // 10 + each % 10 for each in doubled) % 10) % 10 == int(check)


def usual_code(test: str) -> str:
    """Return the code by which a test of this name is usually ordered, ``""`` for one that is not known here."""
    wanted = analytes(test)
    for panel in PANELS:
        if wanted and panel.analytes == wanted:
            return min(panel.codes) if panel.codes else next(iter(panel.parts))
    return next((code for panel in PANELS for code, name in panel.parts.items() if wanted == {name}), "")


def _of_code(code: str) -> frozenset[str]:
    own = next((panel.analytes for panel in PANELS if code in panel.codes), None)
    return own or frozenset(name for panel in PANELS if (name := panel.parts.get(code)))
