"""The patient banner by the NHS Common User Interface: no label on the name, every other value labelled, no colons."""

from collections.abc import Mapping
from dataclasses import dataclass

from auth.decisions import sections_readable
from crdt.fields import Value
from crdt.sections import Section
from web.doors.directory import Patient
from web.views.entries import Reader
from web.views.medicines import Allergies, allergies
from web.views.words import age, born_words, language, listed_name, sentence

NOT_KNOWN = "Not known"


@dataclass(frozen=True, slots=True)
class Banner:
    """Who the plan is for."""

    name: str
    given: str
    preferred: str
    born: str
    age: str
    gender: str
    number: str
    allergies: Allergies
    watcher: str
    """``Watcher`` or ``Unstable`` after a move between places of care, else empty."""
    speaks: str
    code_status: str


def banner(patient: Patient, reader: Reader) -> Banner:
    """Return the banner; what stands in a section the reader may not read is unavailable or left out."""
    readable = sections_readable(reader.participant, reader.now)
    about = _first(reader, Section.ABOUT_ME) if Section.ABOUT_ME in readable else {}
    wishes = _active(reader, Section.ADVANCE_CARE) if Section.ADVANCE_CARE in readable else []
    today = reader.setting.reading.today
    return Banner(
        name=listed_name(patient.family_name, patient.given_name),
        given=patient.given_name or patient.family_name,
        preferred=_unless(str(about.get("preferred_name") or ""), patient.given_name),
        born=sentence(born_words(patient.known_birth).removeprefix("born ")) if patient.known_birth else NOT_KNOWN,
        age=age(patient.born, today) if patient.born is not None else "",
        gender=patient.gender.capitalize() or NOT_KNOWN,
        number=patient.number or NOT_KNOWN,
        allergies=allergies(_active(reader, Section.MEDICATIONS) if Section.MEDICATIONS in readable else None),
        watcher=_watcher(reader) if Section.TRANSITIONS in readable else "",
        speaks=_speaks(about),
        code_status=next((str(each["code_status"]) for each in wishes if each.get("code_status")), ""),
    )


def _unless(name: str, same: str) -> str:
    return "" if name.strip().lower() == same.strip().lower() else name


def _active(reader: Reader, section: Section) -> list[Mapping[str, Value]]:
    entries = reader.content.entries(section)
    seen = [values.values for entry, values in entries.items() if reader.sees(section, entry)]
    return [values for values in seen if values.get("status") != "retired"]


def _first(reader: Reader, section: Section) -> Mapping[str, Value]:
    return next(iter(_active(reader, section)), {})


def _watcher(reader: Reader) -> str:
    severities = {str(values.get("severity") or "") for values in _active(reader, Section.TRANSITIONS)}
    return next((level.capitalize() for level in ("unstable", "watcher") if level in severities), "")


def _speaks(about: Mapping[str, Value]) -> str:
    tag = str(about.get("language") or "")
    if not tag or tag.split("-")[0] == "en":
        return ""
    return language(tag) + (", interpreter needed" if about.get("interpreter") == "yes" else "")
