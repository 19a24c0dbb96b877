"""What an app asks for and was given, as the person reads it: a line for each kind of thing, in the plan's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from auth.app_tokens import PATIENT
from auth.decisions import sections_readable
from auth.machine_sight import CLOSED, app_sight, types_of
from auth.roles import Participant
from auth.scopes import SmartScope, read_scope
from crdt.sections import SECTIONS, Section
from hub.store.apps import AppAccess
from web.views.words import Moment, Reading, day_and_time, moment

_OTHERS: Final = {
    "Patient": "Who the patient is: name, date of birth, numbers, telephone",
    "CarePlan": "The plan as a whole: what belongs to it",
    "CareTeam": "The care team",
    "List": "The list of medicines",
    "Practitioner": "Names of the staff who take part",
    "PractitionerRole": "What the staff do in the plan",
    "RelatedPerson": "Names of family and friends who take part",
    "Organization": "The home organisation",
    "Provenance": "Who changed what last",
}
"""Types that are of no section, or of all."""

_SHORTER: Final = {"MedicationStatement": "Medicines", "AllergyIntolerance": "Allergies"}
"""Types of which one section has several."""

_ORDER: Final = tuple(dict.fromkeys([*_OTHERS, *(kind for each in Section for kind in sorted(types_of(each)))]))


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """One thing that an app may read."""

    scope: str
    words: str


@dataclass(frozen=True, slots=True)
class AccessView:
    """What a person gave to an app, as a row."""

    access_id: str
    app: str
    of: str
    """The patient whom it is about, in words."""
    lines: Sequence[str]
    made: Moment
    used: Moment | None
    ends: str
    opens: bool


def scope_lines(scopes: Iterable[str], parts: Sequence[Participant], now: datetime) -> list[ScopeLine]:
    """Return a line for each scope that may open something to whoever has one of these parts, in the plan's order.

    What opens where an entry names the person counts as open: which entries do is asked with each reading.
    """
    named = [replace(part, assigned=frozenset(Section)) for part in parts]
    found = []
    for each in _smart(scopes):
        readable = {section for part in named for section in sections_readable(app_sight(part, [each]), now)}
        words = _words(each, readable)
        if words and parts:
            found.append(ScopeLine(str(each), words))
    return found


def _smart(scopes: Iterable[str]) -> list[SmartScope]:
    """Return the scopes of resources, in the order in which a person reads them."""
    found = [read_scope(each) for each in scopes if "/" in each and each != PATIENT]
    return sorted(found, key=lambda each: _ORDER.index(each.kind) if each.kind in _ORDER else len(_ORDER))


def _words(scope: SmartScope, readable: Iterable[Section]) -> str:
    """Return what a scope is about, ``""`` where nothing of it may be read."""
    if scope.kind == "*":
        return "Everything that you see, but behavioural health and team notes"
    titles = [SECTIONS[each].title for each in Section if each in readable and scope.kind in types_of(each)]
    words = _OTHERS.get(scope.kind) or (titles and _SHORTER.get(scope.kind)) or ", ".join(titles)
    return f"{words} (only some)" if words and scope.category else words


def access_views(given: Iterable[AppAccess], now: datetime, reading: Reading) -> list[AccessView]:
    """Return what a person gave, as rows."""
    return [
        AccessView(
            access_id=each.access_id,
            app=each.app,
            of=each.patient_name or "all plans that you take part in",
            lines=[_plain(scope) for scope in _smart(each.scope)],
            made=moment(each.made, reading),
            used=moment(each.used, reading) if each.used is not None else None,
            ends=day_and_time(each.ended or each.ends, reading),
            opens=each.opens(now),
        )
        for each in given
    ]


def _plain(scope: SmartScope) -> str:
    return _words(scope, [each for each in Section if each not in CLOSED])
