"""The sheet of a signed list of medicines in the family's language. What people wrote stands as they wrote it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from hub.workflows.contents import plain_day
from hub.workflows.list_sheets import PARTS
from web.languages import Language, _

TITLES: Final[Mapping[str, str]] = {
    "new": _("New"),
    "changed": _("Changed"),
    "stopped": _("Stopped: do not take it any more"),
    "held": _("On hold"),
    "same": _("The same"),
    "open": _("Not decided yet"),
}
assert list(TITLES) == list(PARTS), "a sheet has the parts of the signed list, in their order"

_WHY: Final = (
    _("Both lists say the same."),
    _("New, from %(source)s."),
    _("As %(source)s says."),
    _("Not on the list of %(source)s."),
    _("Not to be taken any more."),
)
"""Reasons that the hub gives where nobody typed one (hub/workflows/list_decisions.py)."""

_MONTHS: Final[Mapping[str, int]] = {plain_day(date(2000, month, 1))[3:6]: month for month in range(1, 13)}
_DATED: Final = re.compile(
    rf"(?P<source>.+) of (?P<day>[0-3][0-9])-(?P<month>{'|'.join(_MONTHS)})-(?P<year>[0-9]{{4}})"
)
DENSITIES: Final = ((28, "dense"), (20, "full"), (12, "even"))
"""From so many medicines on the text is smaller, so that the paper stays one page."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One medicine on the sheet."""

    name: str
    now: str
    was: str
    until: str
    said: str
    """What the family is to know, else why it is so."""


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One part of the sheet."""

    name: str
    title: str
    lines: tuple[SheetLine, ...]


def sheet_parts(told: Mapping[str, Sequence[Mapping[str, str]]], language: Language) -> tuple[SheetPart, ...]:
    """Return the parts that hold anything, in their order; ``told`` is the sheet as it was signed."""
    return tuple(
        SheetPart(name, language.say(title), tuple(_line(each, name, language) for each in told[name]))
        for name, title in TITLES.items()
        if told.get(name)
    )


def density(parts: Sequence[SheetPart]) -> str:
    """Return how small the text has to be, ``""`` for as large as it is."""
    many = sum(len(each.lines) for each in parts)
    return next((name for least, name in DENSITIES if many >= least), "")


def _line(told: Mapping[str, str], part: str, language: Language) -> SheetLine:
    now = "" if part == "stopped" else _how(told.get("now", ""), language)
    until = told.get("until_day", "")
    return SheetLine(
        name=told.get("name", ""),
        now=now,
        was=_how(told.get("was", ""), language),
        until=language.day(date.fromisoformat(until)) if until else told.get("until", ""),
        said=told.get("words") or _why(told.get("why", ""), language),
    )


def _how(told: str, language: Language) -> str:
    """Return dose, way and how often, those of them that are usual words in the language."""
    return ", ".join(language.say(each) for each in told.split(", ")) if told else ""


def source_words(told: str, language: Language) -> str:
    """Return the name of a list with the day it is of, as in ``Northside General of 21-Nov-2026``."""
    found = _DATED.fullmatch(told)
    if found is None:
        return told
    day = date(int(found["year"]), _MONTHS[found["month"]], int(found["day"]))
    return language.say(_("%(source)s of %(day)s")) % {"source": found["source"], "day": language.day(day)}


def _why(told: str, language: Language) -> str:
    for sentence, shape in _shapes():
        if (found := shape.fullmatch(told)) is not None:
            return language.say(sentence) % {
                name: source_words(each, language) for name, each in found.groupdict().items()
            }
    return told


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((each, re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(each)))) for each in _WHY)
