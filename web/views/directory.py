"""Patients and people of the directory as its pages show them: identity alone, and what happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.directory.matching import Likeness, Sameness
from hub.store.happenings import DirectoryRow
from hub.store.patients import RegisteredPatient
from web.views.words import Moment, Reading, age, born_words, listed_name, moment, sentence

_EVENTS = {
    "person.add": "added", "person.change": "changed", "person.deactivate": "deactivated",
    "person.activate": "activated", "person.link": "linked with the work account", "patient.register": "registered",
    "patient.change": "changed", "patient.died": "recorded as having died", "patient.lives": "recorded as living",
    "patient.moved": "recorded as moved", "patient.same": "linked with another record of the patient",
    "organisation.change": "changed",
    "person.settle": "given what their groups say", "person.away": "recorded as away",
    "person.back": "recorded as back",
    "person.admit": "let in without a group",
    "person.let_go": "let go by the identity provider",
    "unit.add": "added", "unit.change": "changed", "unit.end": "ended",
}  # fmt: skip
_SIGNS = {Sameness.SAME: "same", Sameness.NEAR: "near", Sameness.DIFFERENT: "different", Sameness.UNKNOWN: "not known"}


@dataclass(frozen=True, slots=True)
class DirectoryRowView:
    """One line of a history."""

    when: Moment
    who: str
    what: str
    changes: Sequence[str]


@dataclass(frozen=True, slots=True)
class PatientLine:
    """A patient in a list."""

    patient_id: str
    name: str
    age: str
    born: str
    number: str
    phone: str


@dataclass(frozen=True, slots=True)
class LikelyPatient:
    """A patient who may be the one being registered, field by field."""

    line: PatientLine
    very: bool
    fields: Sequence[tuple[str, str, str]]
    """Label, how it compares, and the value there."""


def happening_views(rows: Sequence[DirectoryRow], names: Mapping[str, str], reading: Reading) -> list[DirectoryRowView]:
    """Return a history's lines."""
    return [
        DirectoryRowView(
            moment(row.recorded, reading),
            names.get(row.actor, "") or ("the command line" if not row.actor else "someone"),
            _EVENTS.get(row.event, row.event),
            _changes(row.words),
        )
        for row in rows
    ]


def _changes(words: Mapping[str, object]) -> list[str]:
    before, after = words.get("before"), words.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    return [
        f"{sentence(str(name).replace('_', ' '))}: {_said(before.get(name))} → {_said(value)}"
        for name, value in after.items()
        if before.get(name) != value
    ]


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else str(value or "nothing")


def patient_line(patient: RegisteredPatient, reading: Reading) -> PatientLine:
    """Return a patient for a list."""
    whole = patient.born.whole
    return PatientLine(
        patient.patient_id,
        listed_name(patient.family, patient.given),
        age(whole, reading.today) if whole is not None else "",
        sentence(born_words(str(patient.born))),
        ", ".join(each.value for each in patient.numbers),
        patient.phone,
    )


def candidate(patient: RegisteredPatient, alike: Likeness, reading: Reading) -> LikelyPatient:
    """Return a patient beside what is typed."""
    line = patient_line(patient, reading)
    fields = (
        ("Name", _SIGNS[alike.name], line.name),
        ("Born", _SIGNS[alike.born], line.born),
        ("Telephone", _SIGNS[alike.phone], line.phone or "none"),
        ("Number", _SIGNS[alike.number], line.number or "none"),
    )
    return LikelyPatient(line, alike.very, fields)
