"""An ADT or ORU^R01 message of HL7 v2 (2.1 to 2.8), read into an event; what means nothing here is passed over.

Reading may take a quarter of a second for the largest that is let in: call it off the event loop.
"""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from hub.adt.answers import (
    DATA_TYPE,
    REQUIRED_MISSING,
    SEGMENT_SEQUENCE,
    TABLE_VALUE,
    UNSUPPORTED_EVENT,
    UNSUPPORTED_MESSAGE,
    UNSUPPORTED_VERSION,
    AnswerCode,
    MessageFault,
)
from hub.adt.events import OF_VISITS, HospitalEvent, PatientNumber, ToldPatient, ToldResult, ToldVisit, Trigger
from hub.adt.headers import Header
from hub.adt.instants import birth_of, instant_of, offset_of
from hub.adt.texts import CharsetError, decoded, unescaped
from hub.directory.names import cleaned

if TYPE_CHECKING:
    from hl7 import Message, Segment  # type: ignore[import-untyped]

SEPARATORS_MAX: Final = 20_000
"""Fields, components and repetitions of a message; parsing takes time by their number, not by the length."""
SEGMENTS_MAX: Final = 1_000
NUMBERS_MAX: Final = 40
TEXT_CHARACTERS_MAX: Final = 500
VERSIONS: Final = ("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8")
_SEXES: Final = {"F": "female", "M": "male", "O": "other", "A": "other"}
NOT_OF_PATIENTS: Final = frozenset({"VN", "AN", "ANON", "FI", "SS", "DL", "PPN"})
"""Identifier types (table 0203) of visits and accounts, and of people outside of care: nothing to know a patient by."""


class MessageError(Exception):
    """The message can't be taken as it is."""

    def __init__(self, fault: MessageFault) -> None:
        super().__init__(fault.words)
        self.fault = fault


def event_of(message: bytes, header: Header, zone: tzinfo) -> HospitalEvent:
    """Return what the message tells; times without an offset are of MSH-7's offset, else of ``zone``.

    Raises:
        MessageError: it can't be read, or lacks what the event needs.
    """
    trigger = _supported(header)
    parsed = _parsed(message, header)
    segments = _Segments(parsed, header)
    sent = segments.text("MSH", 7)
    at = offset_of(sent) or zone
    occurred = instant_of(segments.text("EVN", 2), at) or instant_of(sent, at)
    if occurred is None:
        raise _error("Neither EVN-2 nor MSH-7 says when it happened.", REQUIRED_MISSING, "EVN^1^2")
    patient = _patient(segments, header)
    if not patient.numbers and not patient.family:
        raise _error("PID-3 and PID-5 are empty: nobody can say who it is.", REQUIRED_MISSING, "PID^1^3")
    visit = _visit(segments, header, at) if trigger is not Trigger.RESULT else ToldVisit()
    if trigger in OF_VISITS and not visit.number:
        where, what = ("PV1^1^19", "PV1-19 and PID-18") if segments.has("PV1") else ("PV1", "PV1")
        raise _error(f"{what}: there is no number of the visit, and so nothing to put in order.",
                     REQUIRED_MISSING, where)  # fmt: skip
    merged = tuple(_numbers(segments, "MRG", 1, header)) or tuple(_numbers(segments, "MRG", 4, header))
    if trigger is Trigger.MERGE and not (merged and patient.numbers):
        raise _error("A merge needs the numbers of both: PID-3 and MRG-1.", REQUIRED_MISSING, "MRG^1^1")
    results = results_of(parsed, header) if trigger is Trigger.RESULT else ()
    if trigger is Trigger.RESULT and not results:
        raise _error("There is no OBR: nothing says of which test this is.", REQUIRED_MISSING, "OBR")
    return HospitalEvent(
        application=header.sending_application,
        facility=header.sending_facility,
        control=header.control,
        trigger=trigger,
        occurred=occurred,
        training=header.processing in ("T", "D"),
        patient=patient,
        merged=merged,
        visit=visit,
        results=results,
    )


def _error(words: str, number: str, where: str, code: AnswerCode = AnswerCode.ERROR) -> MessageError:
    return MessageError(MessageFault(code, number, where, words))


def _supported(header: Header) -> Trigger:
    if header.kind not in ("ADT", "ORU"):
        words = "This port takes ADT and ORU messages only (MSH-9.1)."
        raise _error(words, UNSUPPORTED_MESSAGE, "MSH^1^9^1^1", AnswerCode.REJECT)
    taken = [each for each in Trigger if (each is Trigger.RESULT) == (header.kind == "ORU")]
    trigger = next((each for each in taken if each.value == header.trigger), None)
    if trigger is None:
        words = f"This event is not taken (MSH-9.2). Taken of {header.kind} are: {', '.join(taken)}."
        raise _error(words, UNSUPPORTED_EVENT, "MSH^1^9^1^2", AnswerCode.REJECT)
    if header.version and header.version[:3] not in VERSIONS:
        raise _error("MSH-12: versions 2.1 to 2.8 are taken.", UNSUPPORTED_VERSION, "MSH^1^12", AnswerCode.REJECT)
    if not header.control:
        raise _error("MSH-10 is empty: the message needs an id of its own.", REQUIRED_MISSING, "MSH^1^10")
    if header.processing not in ("", "P", "T", "D"):
        raise _error("MSH-11 is P, T or D.", TABLE_VALUE, "MSH^1^11")
    return trigger


def _parsed(message: bytes, header: Header) -> "Message":
    import hl7  # noqa: PLC0415 - where a message is read; every process of the hub would pay for it

    try:
        text = decoded(message, header)
    except CharsetError as error:
        raise _error(str(error), DATA_TYPE, "MSH^1^18") from None
    lines = [line for line in text.replace("\r\n", "\r").replace("\n", "\r").split("\r") if line.strip()]
    lines[0] = lines[0].lstrip("\ufeff \t")
    separators = sum(text.count(each) for each in (header.field_separator, *header.encoding_characters[:2]))
    if len(lines) > SEGMENTS_MAX or separators > SEPARATORS_MAX:
        raise _error("The message has more segments or fields than any ADT message.", SEGMENT_SEQUENCE, "MSH")
    known = [line for line in lines if line[:3] in ("MSH", "EVN", "PID", "PV1", "PV2", "MRG", "OBR", "OBX")]
    try:
        return hl7.parse("\r".join(known))
    except (IndexError, KeyError, ValueError, TypeError, hl7.HL7Exception):
        raise _error("The message can't be taken apart: check MSH-1, MSH-2 and the ends of segments.",
                     SEGMENT_SEQUENCE, "MSH") from None  # fmt: skip


class _Segments:
    """The message's first segment of each name, by field, repetition and component; what is not there is empty."""

    def __init__(self, message: "Iterable[Segment]", header: Header) -> None:
        self._header = header
        self._first = {str(each[0]): each for each in reversed(list(message))}

    def has(self, name: str) -> bool:
        return name in self._first

    def repetitions(self, name: str, field: int) -> Sequence[Sequence[Sequence[str]]]:
        """Return repetitions of components of subcomponents, as text that may hold escapes."""
        segment = self._first.get(name)
        if segment is None or len(segment) <= field:
            return []
        told = segment[field]
        if isinstance(told, str) or not hasattr(told, "__iter__"):
            return [[[str(told)]]]
        return [_components(each) for each in told]

    def text(self, name: str, field: int, component: int = 1, part: int = 1) -> str:
        """Return one component of the first repetition."""
        found = self.repetitions(name, field)
        return _at(found[0], component, part, self._header) if found else ""


def _components(repetition: object) -> Sequence[Sequence[str]]:
    if isinstance(repetition, str) or not isinstance(repetition, list):
        return [[str(repetition)]]
    return [[str(part) for part in each] if isinstance(each, list) else [str(each)] for each in repetition]


def _at(components: Sequence[Sequence[str]], component: int, part: int, header: Header) -> str:
    if len(components) < component or len(components[component - 1]) < part:
        return ""
    told = cleaned(unescaped(components[component - 1][part - 1], header))[:TEXT_CHARACTERS_MAX]
    return "" if told == '""' else told  # Two quotes say that the value is empty (2.5.3).


def _numbers(segments: _Segments, name: str, field: int, header: Header) -> list[PatientNumber]:
    """Return the numbers of a field of type CX, with the system that each is of."""
    found = []
    for each in segments.repetitions(name, field)[:NUMBERS_MAX]:
        value = _at(each, 1, 1, header)
        if value and _at(each, 5, 1, header).upper() not in NOT_OF_PATIENTS:
            parts = [_at(each, 4, part, header) for part in (1, 2, 3)]
            found.append(PatientNumber(number_system(parts, header.sending_facility), value))
    return list(dict.fromkeys(found))


def number_system(authority: Sequence[str], facility: str) -> str:
    """Return how the hub names the system of a number whose authority is namespace, universal id and its type.

    A namespace alone means something within its sender only, so it is put under the sending facility.
    """
    namespace, universal, kind = (*authority, "", "", "")[:3]
    if universal and kind.upper() in ("ISO", "") and universal.replace(".", "").isdecimal():
        return f"urn:oid:{universal}"
    if universal:
        return universal if ":" in universal else f"urn:{kind.lower() or 'x'}:{universal}"
    return f"urn:hl7:{facility}:{namespace}" if namespace else f"urn:hl7:{facility}"


def _patient(segments: _Segments, header: Header) -> ToldPatient:
    numbers = _numbers(segments, "PID", 3, header) or _numbers(segments, "PID", 2, header)
    given = " ".join(filter(None, (segments.text("PID", 5, 2), segments.text("PID", 5, 3))))
    address = (segments.text("PID", 11, each) for each in (1, 2, 3, 4, 5))
    phones = [segments.text("PID", 13), segments.text("PID", 13, 12)]
    parts = [segments.text("PID", 13, each) for each in (6, 7)]  # Area and local number (XTN).
    return ToldPatient(
        family=segments.text("PID", 5),
        given=given,
        born=birth_of(segments.text("PID", 7)),
        sex=_SEXES.get(segments.text("PID", 8).upper(), ""),
        phone=next(filter(None, phones), " ".join(filter(None, parts))),
        address=", ".join(filter(None, address)),
        numbers=tuple(numbers),
        dead=segments.text("PID", 30).upper() == "Y" or bool(segments.text("PID", 29)),
    )


def _visit(segments: _Segments, header: Header, at: tzinfo) -> ToldVisit:
    for name, field in (("PV1", 19), ("PID", 18), ("PV1", 50)):
        number = segments.text(name, field)
        if number:
            parts = [segments.text(name, field, 4, part) for part in (1, 2, 3)]
            number = f"{number_system(parts, header.sending_facility)}|{number}"
            break
    reason = segments.text("PV2", 3, 2) or segments.text("PV2", 3)
    return ToldVisit(
        number=number,
        kind=segments.text("PV1", 2).upper(),
        facility=segments.text("PV1", 3, 4),
        ward=segments.text("PV1", 3),
        reason=reason,
        admitted=instant_of(segments.text("PV1", 44), at),
        left=instant_of(segments.text("PV1", 45), at) or instant_of(segments.text("EVN", 6), at),
        disposition=segments.text("PV1", 36),
    )


RESULTS_MAX: Final = 50
VALUES_MAX: Final = 60
_SETTLED: Final = frozenset({"F", "C", "U"})
"""Result statuses (HL7 tables 0123, 0085) that say it is final, or corrected since."""


def results_of(message: "Message", header: Header) -> tuple[ToldResult, ...]:
    """Return the results in the order of the message; an OBX before any OBR belongs to none."""
    groups: list[list[_Segments]] = []
    for each in message:
        name = str(each[0])
        if name == "OBR":
            groups.append([_Segments([each], header)])
        elif name == "OBX" and groups and len(groups[-1]) <= VALUES_MAX:
            groups[-1].append(_Segments([each], header))
    return tuple(_result(group[0], group[1:], header.sending_facility) for group in groups[:RESULTS_MAX])


def _result(order: _Segments, values: Sequence[_Segments], facility: str) -> ToldResult:
    numbers, filler = (order.text("OBR", 2), order.text("OBR", 3)), order.text("OBR", 3)
    codes = [*_loinc(order, "OBR", 4), *(code for each in values for code in _loinc(each, "OBX", 3))]
    states = {order.text("OBR", 25).upper(), *(each.text("OBX", 11).upper() for each in values)} - {""}
    told = "; ".join(filter(None, map(_value, values)))
    return ToldResult(
        numbers=tuple(filter(None, dict.fromkeys(numbers))),
        codes=tuple(dict.fromkeys(codes)),
        name=order.text("OBR", 4, 2) or order.text("OBR", 4, 5) or order.text("OBR", 4),
        final=bool(states) and states <= _SETTLED,
        words=told[:RESULT_CHARACTERS_MAX],
        identifier=f"{facility}|{filler}" if filler else "",
    )


RESULT_CHARACTERS_MAX: Final = 3_000


def _loinc(segment: _Segments, name: str, field: int) -> list[str]:
    """Return the codes of a coded field that say they are of LOINC."""
    pairs = ((1, 3), (4, 6))
    return [code for at, of in pairs if segment.text(name, field, of).upper() in ("LN", "LOINC")
            and (code := segment.text(name, field, at))]  # fmt: skip


def _value(segment: _Segments) -> str:
    """Return one value in words, as in ``LDL 128 mg/dL (0-100, H)``."""
    kind = segment.text("OBX", 2).upper()
    name = segment.text("OBX", 3, 2) or segment.text("OBX", 3, 5) or segment.text("OBX", 3)
    if kind == "SN":
        value = "".join(segment.text("OBX", 5, each) for each in (1, 2, 3, 4))
    elif kind in ("ED", "RP"):
        value = "a document that stays with the laboratory"
    else:
        value = segment.text("OBX", 5, 2 if kind in ("CE", "CWE", "CNE") else 1) or segment.text("OBX", 5)
    beside = ", ".join(filter(None, (segment.text("OBX", 7), segment.text("OBX", 8))))
    told = " ".join(filter(None, (name, value, segment.text("OBX", 6))))
    return f"{told} ({beside})" if beside else told
