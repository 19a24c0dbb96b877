"""A list of medicines as somebody typed or pasted it, one a line, read into names, doses and how often.

What can't be cut stays in the name; the person who brings the list sees each line as it was read, and corrects it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from crdt.fields import LINE_CHARACTERS_MAX
from hub.safety.listed_charts import medicine_of
from hub.safety.pairing import product_of
from hub.workflows.medicine_lists import MEDICINES_MAX, ListedMedicine

_BULLET: Final = re.compile(r"^\s*(?:[-*•·]\s*|\d{1,2}[.)]\s+|\[[ x]?\]\s*)", re.I)
_HEADING: Final = re.compile(r"[^\d]{0,80}:")
_STOPS: Final = re.compile(
    r"\b(?:stop(?:ped)?(?: taking)?|discontinued?|d/c'?d|do not take|no longer take)\b(?: these| this)?:?", re.I
)
_ROUTES: Final = (
    ("oral", re.compile(r"\b(?:by mouth|orally|oral|po)\b", re.I)),
    ("sublingual", re.compile(r"\b(?:under the tongue|sublingual(?:ly)?|sl)\b", re.I)),
    ("subcutaneous", re.compile(r"\b(?:under the skin|subcutaneous(?:ly)?|subcut|subq)\b", re.I)),
)
_RATE: Final = re.compile(
    r"\b(?:once|twice|thrice|(?:one|two|three|four|\d+) ?(?:times|x)\b|daily|every|each|q ?\d+|qd|bid|tid|qid|qhs|qam|"
    r"qpm|prn|as needed|when needed|if needed|at bed|at night|in the (?:morning|evening)|nightly|weekly|monthly)",
    re.I,
)
_EDGES: Final = " \t,;:.-–—|"


def read_typed(told: str) -> tuple[ListedMedicine, ...]:
    """Return the medicines of a text, at most ``MEDICINES_MAX``; below a heading that says stop, they are stopped."""
    found: list[ListedMedicine] = []
    stopping = False
    for line in told.splitlines():
        bare = _BULLET.sub("", line).strip()[:LINE_CHARACTERS_MAX]
        if _HEADING.fullmatch(bare):
            stopping = _STOPS.search(bare) is not None
        elif any(each.isalpha() for each in bare) and len(found) < MEDICINES_MAX:
            found.append(_one(bare, stopping=stopping))
    return tuple(found)


def _one(line: str, *, stopping: bool) -> ListedMedicine:
    stops = _STOPS.search(line)
    words = (line[: stops.start()] + " " + line[stops.end() :]) if stops else line
    read = medicine_of("", " ".join(re.sub(r"\s*[|\t]\s*", ", ", words).split()))
    whole = ListedMedicine(name=read.name.strip(_EDGES), frequency=read.dose, original=line)
    return replace(cut(whole), stopped=stopping or stops is not None)


def cut(medicine: ListedMedicine) -> ListedMedicine:
    """Return the medicine with its directions cut into dose, route and how often, where they stand in one."""
    told, route = medicine.frequency, medicine.route
    for name, shape in _ROUTES:
        if shape.search(told) and route in ("", name):
            route, told = name, shape.sub(" ", told, count=1)
            break
    dose = medicine.dose
    rate = _RATE.search(told)
    if not dose:
        dose = told[: rate.start()] if rate else told
        told = told[rate.start() :] if rate else ""
    dose = re.sub(r"[-–,;\s]*\b(?:take|use|inject|apply)\b\s*", ", ", dose.strip(_EDGES), flags=re.I)
    if not dose.strip(_EDGES):
        dose = product_of(medicine.line).naming.strength
    return replace(medicine, dose=_tidy(dose), route=route, frequency=_tidy(told))


def _tidy(told: str) -> str:
    return " ".join(told.split()).strip(_EDGES)[:LINE_CHARACTERS_MAX]


def of_rows(rows: Sequence[tuple[str, str, str, bool, str]]) -> tuple[ListedMedicine, ...]:
    """Return the medicines of a form's rows (name, dose, how often, stopped, route); a row without a name is none."""
    return tuple(
        ListedMedicine(name=_tidy(name), dose=_tidy(dose), frequency=_tidy(often), stopped=stopped, route=_tidy(route))
        for name, dose, often, stopped, route in rows[:MEDICINES_MAX]
        if name.strip()
    )
