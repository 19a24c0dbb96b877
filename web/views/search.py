"""What a search shows: patients who can be told apart, entries in the words of their rows, pages to go to."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from auth.decisions import fields_visible
from crdt.sections import SECTIONS, Section
from hub.directory.names import search_key, sort_key
from web.doors.directory import Membership, Patient
from web.views.entries import Reader, line_words
from web.views.words import born_words, listed_name, sentence

PATIENTS_SHOWN_MAX: Final = 8
ENTRIES_SHOWN_MAX: Final = 12

ACTIONS: Final = (
    ("My patients", "panel", "patients list panel"),
    ("Waiting on me", "work", "tasks work list waiting"),
    ("Huddles", "huddles", "huddle agenda meeting"),
    ("All notices", "notifications", "notices told"),
    ("Read a plan in an emergency", "emergency_find", "emergency break glass"),
    ("Where I am signed in", "sessions", "sessions sign out"),
)
"""(words, route, other words it is found by)"""

_MONTHS: Final = {
    name: str(number)
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep september", "oct october", "nov november", "dec december"), 1,
    )
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PatientFound:
    """A patient of the reader's, with what tells them apart."""

    plan_id: str
    name: str
    gender: str
    born: str
    number: str
    name_key: str


@dataclass(frozen=True, slots=True)
class EntryFound:
    """An entry that says the words, in a plan that the reader may read."""

    plan_id: str
    section: Section
    entry: str
    title: str
    words: str
    patient: str
    born: str


def patients_found(places: Sequence[Membership], text: str) -> list[PatientFound]:
    """Return the reader's patients with these words in the name, this number or this birth date, by name."""
    words, number, born = search_key(text).split(), _bare(text), _date_parts(text)
    if not words:
        return []
    found = [place.patient for place in places if _fits(place.patient, words, number, born)]
    return [_patient(each) for each in sorted(found, key=lambda each: sort_key(_listed(each)))]


def namesakes(found: Sequence[PatientFound]) -> list[str]:
    """Return the names that several of those found have."""
    counted = Counter(each.name_key for each in found)
    return sorted({each.name for each in found if counted[each.name_key] > 1})


def entry_found(
    reader: Reader, patient: Patient, section: Section, key: str, words: Sequence[str]
) -> EntryFound | None:
    """Return the entry where the reader may see it, and sees these words in it; ``None`` else."""
    if not reader.sees(section, key):
        return None
    values = reader.content.entries(section)[key].values
    if values.get("status") == "retired":
        return None
    shown = fields_visible(reader.participant, section, reader.now)
    said = search_key(" ".join(value for name, value in values.items() if name in shown and isinstance(value, str)))
    if not all(word in said for word in words):
        return None
    return EntryFound(
        plan_id=patient.plan_id,
        section=section,
        entry=key,
        title=SECTIONS[section].noun_of(values),
        words=line_words(section, values, reader.setting.people.name),
        patient=_listed(patient),
        born=_born(patient),
    )


def actions_found(text: str) -> list[tuple[str, str]]:
    """Return the pages whose words begin with what was typed, as (words, route)."""
    words = search_key(text).split()
    if not words:
        return []
    return [
        (told, route)
        for told, route, more in ACTIONS
        if all(any(each.startswith(word) for each in f"{search_key(told)} {more}".split()) for word in words)
    ]


def _fits(patient: Patient, words: Sequence[str], number: str, born: tuple[str, ...]) -> bool:
    name = search_key(patient.name)
    if all(word in name for word in words):
        return True
    if number and len(number) >= 3 and number.isdecimal() and _bare(patient.number).startswith(number):
        return True
    return bool(born) and born in _birth_forms(patient)


def _bare(text: str) -> str:
    return "".join(each for each in text.upper() if each.isalnum())


def _date_parts(text: str) -> tuple[str, ...]:
    """Return the numbers of a typed date without leading zeros, months by name as numbers; nothing where it is none."""
    parts = [_MONTHS.get(each, each.lstrip("0")) for each in re.findall(r"[a-z]+|[0-9]+", text.lower())]
    return tuple(parts) if 2 <= len(parts) <= 3 and all(each.isdecimal() for each in parts) else ()


def _birth_forms(patient: Patient) -> set[tuple[str, ...]]:
    """Return the ways in which a birth date is typed: as ISO, day first, month first, with two digits of the year."""
    if patient.born is None:
        return {_date_parts(patient.known_birth)} - {()}
    year, month, day = str(patient.born.year), str(patient.born.month), str(patient.born.day)
    short = year[2:].lstrip("0") or "0"
    return {
        (year, month, day),
        *((day, month, each) for each in (year, short)),
        *((month, day, each) for each in (year, short)),
        (year, month),
    }


def _patient(patient: Patient) -> PatientFound:
    return PatientFound(
        plan_id=patient.plan_id,
        name=_listed(patient),
        gender=patient.gender.capitalize(),
        born=_born(patient),
        number=patient.number,
        name_key=search_key(patient.name),
    )


def _listed(patient: Patient) -> str:
    return listed_name(patient.family_name, patient.given_name)


def _born(patient: Patient) -> str:
    known = patient.known_birth
    return sentence(born_words(known).removeprefix("born ")) if known else "not known"
