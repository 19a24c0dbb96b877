"""How a dose must be written in forms and commands: with its unit, and without the notations that are misread.

The list is of facts that ISMP published as error-prone (its text is not copied); each refusal names the right form.
Stored and imported values are never altered by it.
"""

import re
from collections.abc import Callable
from typing import Final

from hub.safety.directions import NO_UNIT, understand
from hub.safety.wordings import bare, numbered

_ERRORS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"(?<![\d.])\.(\d+)"), lambda found: f"Write 0.{found[1]}: a leading point is read over."),
    (re.compile(r"\b(\d+)\.0+(?!\d)"), lambda found: f"Write {found[1]}: {found[0]} is read as {found[1]}0."),
    (re.compile(r"\b(\d[\d,. ]*?) ?(?:u|iu)\b"), lambda found: f"Write {found[1].strip()} units: U is read as 0."),
    (re.compile(r"\b(\d[\d,.]*) ?(?:ug|μg)\b"), lambda found: f"Write {found[1]} mcg: the sign is read as mg."),
    (re.compile(r"\bq\.?o\.?d\b\.?"), lambda found: "Write every other day: QOD is misread."),
    (re.compile(r"\b(?:q\.?d|o\.?d)\b\.?"), lambda found: "Write daily: QD is read as four times a day."),
    (re.compile(r"\b(?:q\.?h\.?s|h\.?s)\b\.?"), lambda found: "Write at bedtime: HS is misread."),
    (re.compile(r"\bt\.?i\.?w\b\.?"), lambda found: "Write 3 times a week: TIW is misread."),
)


def fault_of_dose(dose: str) -> str:
    """Return what is wrong with a dose as a person types it, with the right form; ``""`` where nothing is."""
    told = bare(dose)
    wrong = next((say(found) for shape, say in _ERRORS if (found := shape.search(told))), "")
    if wrong:
        return wrong
    if understand(dose).fault == NO_UNIT or re.fullmatch(r"\d[\d.]*(?:/\d+)*", numbered(dose)):
        return "Write the dose with its unit, as in 5 mg or 1 tablet."
    return ""


def fault_of_frequency(frequency: str) -> str:
    """Return what is wrong with how often, with the right form; ``""`` where nothing is."""
    told = bare(frequency)
    return next((say(found) for shape, say in _ERRORS if (found := shape.search(told))), "")


def faults_of_medicine(dose: str, frequency: str) -> dict[str, str]:
    """Return what is wrong with a medicine's dose and rate, by field."""
    faults = {"dose": fault_of_dose(dose) if dose else "", "frequency": fault_of_frequency(frequency)}
    return {name: fault for name, fault in faults.items() if fault}
