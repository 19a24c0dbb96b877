"""The list of medicines of a C-CDA document (HL7 CDA R2, Consolidated CDA R2.1): what it codes, and what it only tells.

Every entry of the section is counted, and every line of its narrative: what could not be read as a medicine comes back
as its narrative, so that nothing of a list is left out silently. No DTD and no entity is taken. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from xml.etree import ElementTree

from crdt.fields import LINE_CHARACTERS_MAX
from hub.safety.pairing import product_of
from hub.workflows.medicine_lists import MEDICINES_MAX, ListedMedicine
from hub.workflows.typed_lists import read_typed

DOCUMENT_BYTES_MAX: Final = 10 << 20
"""A larger document is refused before it is read."""

DEPTH_MAX: Final = 100
"""Elements within elements; a document of C-CDA has about thirty."""

_CDA: Final = "{urn:hl7-org:v3}"
_SECTIONS: Final = ("10183-2", "75311-1", "10160-0", "42346-7")
"""LOINC codes of sections that are a list of medicines to take: at discharge first, then the current, at admission."""

_RXNORM: Final = "2.16.840.1.113883.6.88"
_ENDED: Final = frozenset({"aborted", "cancelled", "nullified"})
_EVENTS: Final[Mapping[str, str]] = {
    "HS": "at bedtime", "AC": "before meals", "PC": "after meals", "ACM": "before breakfast", "ACV": "before dinner",
    "PCM": "after breakfast", "PCV": "after dinner", "C": "with meals", "CM": "with breakfast", "CV": "with dinner",
}  # fmt: skip
"""Codes of the vocabulary TimingEvent."""
_PERIODS: Final[Mapping[tuple[float, str], str]] = {
    (24, "h"): "once daily", (1, "d"): "once daily", (12, "h"): "every 12 hours", (8, "h"): "every 8 hours",
    (6, "h"): "every 6 hours", (4, "h"): "every 4 hours", (7, "d"): "once weekly", (1, "wk"): "once weekly",
}  # fmt: skip
_PIECES: Final = frozenset({"", "1", "tablet", "tablets", "tbl", "tab", "capsule", "capsules", "cap"})
_UNITS: Final[Mapping[str, str]] = {"h": "hours", "d": "days", "wk": "weeks", "mo": "months", "min": "minutes"}


_FORMS: Final = frozenset(
    {"tablet", "tablets", "capsule", "capsules", "solution", "actuat", "inhalant", "extended", "release", "daily",
     "every", "hours", "mouth", "needed", "active", "twice", "times", "suspension", "injection", "topical"}
)  # fmt: skip
"""Words of many medicines: they name none."""


class ClinicalDocumentError(Exception):
    """It is no document that can be read; the message is for whoever brings it."""


@dataclass(frozen=True, slots=True)
class NotReadLine:
    """What a list says that could not be read as a medicine: its narrative, and why."""

    words: str
    why: str


@dataclass(frozen=True, slots=True)
class DocumentMedicines:
    """The medicines of a document's list, and what of the list was not read."""

    title: str
    source: str
    written: str
    """The day of the document, ``""`` where it does not say it."""
    person: str
    """Whom it is about, and ``born``: the day of their birth; ``""`` where it does not say it."""
    born: str
    medicines: tuple[ListedMedicine, ...]
    unread: tuple[NotReadLine, ...]


def document_medicines(document: bytes) -> DocumentMedicines:
    """Return what the list of medicines in a document says. Linear in its length.

    Raises:
        ClinicalDocumentError: it is too long, no C-CDA, or holds no list of medicines.
    """
    root = _parsed(document)
    sections = {_code(each): each for each in root.iter(f"{_CDA}section")}
    section = next((sections[code] for code in _SECTIONS if code in sections), None)
    if section is None:
        raise ClinicalDocumentError("This document has no section with a list of medicines.")
    narrative = _Narrative(section.find(f"{_CDA}text"))
    medicines: list[ListedMedicine] = []
    unread: list[NotReadLine] = []
    for entry in section.findall(f"{_CDA}entry"):
        activities = list(entry.iter(f"{_CDA}substanceAdministration"))
        read = _medicine(activities[0], narrative) if activities else "It is no medicine that can be read."
        if any(each.find(f"{_CDA}doseQuantity") is not None for each in activities[1:]):
            read = "It has several doses, one after another."
        if isinstance(read, ListedMedicine) and len(medicines) < MEDICINES_MAX:
            medicines.append(read)
        else:
            why = read if isinstance(read, str) else f"Only {MEDICINES_MAX} medicines are taken of one list."
            unread.append(NotReadLine(narrative.of(entry) or _words(entry) or "An entry without any words", why))
    unread += [NotReadLine(words, "It stands in the text alone.") for words in narrative.untold(medicines)]
    head = root.find(f"{_CDA}custodian/{_CDA}assignedCustodian/{_CDA}representedCustodianOrganization/{_CDA}name")
    patient = root.find(f"{_CDA}recordTarget/{_CDA}patientRole/{_CDA}patient")
    return DocumentMedicines(
        title=_words(section.find(f"{_CDA}title")) or "Medications",
        source=_words(head),
        written=_day(root.find(f"{_CDA}effectiveTime")),
        person=_words(patient.find(f"{_CDA}name")) if patient is not None else "",
        born=_day(patient.find(f"{_CDA}birthTime")) if patient is not None else "",
        medicines=tuple(medicines),
        unread=tuple(dict.fromkeys(unread)),
    )


def _parsed(document: bytes) -> ElementTree.Element:
    if len(document) > DOCUMENT_BYTES_MAX:
        raise ClinicalDocumentError(f"A document has at most {DOCUMENT_BYTES_MAX >> 20} MB.")
    try:
        text = document.decode("utf-16" if document[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise ClinicalDocumentError("The characters of this file are not UTF-8.") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ClinicalDocumentError("A document with a DTD is not taken.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - there is no DTD and so no entity in it, as was just seen
    except ElementTree.ParseError:
        raise ClinicalDocumentError("This file is no XML that can be read.") from None
    if root.tag != f"{_CDA}ClinicalDocument":
        raise ClinicalDocumentError("This is no C-CDA document: it does not begin with ClinicalDocument.")
    if _depth(root) > DEPTH_MAX:
        raise ClinicalDocumentError(f"Its elements stand more than {DEPTH_MAX} deep in each other.")
    return root


def _depth(root: ElementTree.Element) -> int:
    level, depth = [root], 0
    while level and depth <= DEPTH_MAX:
        level, depth = [child for each in level for child in each], depth + 1
    return depth


def _medicine(activity: ElementTree.Element, narrative: "_Narrative") -> ListedMedicine | str:
    """Return the medicine that an activity is, or why it can't be said."""
    if activity.get("negationInd") == "true":
        return "It says that something is not taken."
    status = _attribute(activity.find(f"{_CDA}statusCode"), "code").lower()
    ended = _interval_end(activity)
    if status == "completed" and ended:
        return f"It says that it was taken until {ended}."
    material = activity.find(f".//{_CDA}manufacturedMaterial")
    if material is None:
        return "It names no product."
    code = material.find(f"{_CDA}code")
    codes = [code, *code.findall(f"{_CDA}translation")] if code is not None else []
    coded = next((each for each in codes if each.get("codeSystem") == _RXNORM and each.get("code")), None)
    original = narrative.words(code.find(f"{_CDA}originalText")) if code is not None else ""
    displays = [each.get("displayName", "") for each in codes]
    name = next(filter(None, [*displays, original, _words(material.find(f"{_CDA}name"))]), "")
    if not name.strip():
        return "It names no product."
    told = narrative.words(activity.find(f"{_CDA}text"))
    often = _often(activity)
    said = next(iter(read_typed(told)), ListedMedicine(name=""))
    return ListedMedicine(
        name=_line(name), dose=_dose(activity.find(f"{_CDA}doseQuantity"), name) or said.dose,
        route=_route(activity.find(f"{_CDA}routeCode")) or said.route,
        frequency=often or said.frequency, rxcui=coded.get("code", "")[:20] if coded is not None else "",
        original=_line(told or original), stopped=status in _ENDED,
    )  # fmt: skip


def _route(code: ElementTree.Element | None) -> str:
    return _line(_attribute(code, "displayName")).lower().removesuffix(" route of administration")


def _dose(quantity: ElementTree.Element | None, name: str) -> str:
    """Return the dose; of one tablet of a strength that stands in the name, that strength, as a list at home has it."""
    value, unit = _attribute(quantity, "value"), _attribute(quantity, "unit")
    if not value:
        return ""
    strength = product_of(ListedMedicine(name=name).line).naming.strength
    if value in ("1", "1.0") and unit.strip("{}").lower() in _PIECES and strength:
        return strength
    piece = next((each for each in ("tablet", "capsule") if each in name.lower()), "")
    if piece and unit.strip("{}").lower() in _PIECES:
        return f"{value} {piece}{'' if value == '1' else 's'}"
    return _line(f"{value} {'' if unit == '1' else unit.strip('{}')}")


def _often(activity: ElementTree.Element) -> str:
    """Return how often, as it is usually said; ``""`` where it is not coded, or in a way that has no usual words."""
    kind = "{http://www.w3.org/2001/XMLSchema-instance}type"
    told: list[str] = []
    for each in activity.iter(f"{_CDA}effectiveTime"):
        form, period = each.get(kind, "").rpartition(":")[2], each.find(f"{_CDA}period")
        if form == "PIVL_TS" and period is not None:
            told.append(_period(_attribute(period, "value"), _attribute(period, "unit")))
        if form == "EIVL_TS":
            told.append(_EVENTS.get(_attribute(each.find(f"{_CDA}event"), "code"), ""))
    found = " ".join(filter(None, told))
    needed = activity.find(f"{_CDA}precondition") is not None
    return f"{found} as needed" if found and needed else found


def _period(value: str, unit: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return ""
    if unit == "d" and 0 < number < 1:
        number, unit = round(number * 24, 2), "h"
    usual = _PERIODS.get((number, unit), "")
    return usual or (f"every {number:g} {_UNITS[unit]}" if unit in _UNITS and number > 0 else "")


def _interval_end(activity: ElementTree.Element) -> str:
    high = next((each.find(f"{_CDA}high") for each in activity.findall(f"{_CDA}effectiveTime")), None)
    return _day(high)


class _Narrative:
    """The section's text: what its ids name, and its lines."""

    def __init__(self, text: ElementTree.Element | None) -> None:
        elements = list(text.iter()) if text is not None else []
        self._named = {each.get("ID", ""): each for each in elements if each.get("ID")}
        tables = [each for each in elements if each.tag == f"{_CDA}tr" and each.find(f"{_CDA}td") is not None]
        items = [each for each in elements if each.tag == f"{_CDA}item"]
        paragraphs = [each for each in elements if each.tag == f"{_CDA}paragraph"]
        self._lines = tables or items or paragraphs or ([text] if text is not None and _words(text) else [])
        self._used: set[str] = set()

    def words(self, text: ElementTree.Element | None) -> str:
        """Return what a text says: its own words, or those that its reference names."""
        if text is None:
            return ""
        reference = text.find(f"{_CDA}reference")
        key = _attribute(reference, "value").removeprefix("#")
        if key in self._named:
            self._used.add(key)
            return _words(self._named[key])
        return _words(text)

    def of(self, entry: ElementTree.Element) -> str:
        """Return the line that an entry refers to, ``""`` for none; it is told of with the entry."""
        keys = {_attribute(each, "value").removeprefix("#") for each in entry.iter(f"{_CDA}reference")} & set(
            self._named
        )
        self._used |= keys
        return next((_line(_words(each)) for each in self._lines if _ids(each) & keys), "")

    def untold(self, medicines: Sequence[ListedMedicine]) -> Iterator[str]:
        """Yield the lines that no entry refers to and in which no medicine stands that was read: one a medicine."""
        rest = [names for each in medicines if (names := _names(each.name))]
        for line in self._lines:
            words = _words(line)
            if not words or _ids(line) & self._used:
                continue
            told = _names(words)
            known = next((each for each in rest if each & told), None)
            if known is None:
                yield _line(words)
            else:
                rest.remove(known)


def _ids(element: ElementTree.Element) -> set[str]:
    return {each.get("ID", "") for each in element.iter() if each.get("ID")}


def _names(told: str) -> frozenset[str]:
    """Return the words by which a medicine is known again: of its ingredient, and of its brand."""
    return frozenset(re.findall(r"[^\W\d_]{5,}", told.casefold())) - _FORMS


def _code(section: ElementTree.Element) -> str:
    return _attribute(section.find(f"{_CDA}code"), "code")


def _attribute(element: ElementTree.Element | None, name: str) -> str:
    return element.get(name, "").strip() if element is not None else ""


def _words(element: ElementTree.Element | None) -> str:
    return " ".join(" ".join(element.itertext()).split()) if element is not None else ""


def _line(words: str) -> str:
    return " ".join(words.split())[:LINE_CHARACTERS_MAX]


def _day(element: ElementTree.Element | None) -> str:
    """Return the day of a time such as ``20261121``, ``""`` for none."""
    found = re.match(r"(\d{4})(\d\d)(\d\d)", _attribute(element, "value"))
    try:
        return date(*(int(each) for each in found.groups())).isoformat() if found else ""
    except ValueError:
        return ""
