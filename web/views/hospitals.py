"""The queue of alerts in words: who the message says it is, beside who of ours it may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.adt.events import ToldPatient, Trigger
from hub.adt.scores import Resemblance
from hub.directory.matching import Sameness
from hub.hospitals.applying import TWO_OF_OURS
from hub.hospitals.deciding import RememberedDecision, WaitingMessage
from hub.store.hospital_messages import HospitalMessage
from hub.store.patients import RegisteredPatient
from web.views.directory import patient_line
from web.views.people import SOMEONE
from web.views.words import Moment, Reading, born_words, listed_name, moment, sentence

CANDIDATES_SHOWN: Final = 4

_HAPPENED: Final[Mapping[Trigger, str]] = {
    Trigger.ADMIT: "came to hospital",
    Trigger.REGISTER: "came to hospital",
    Trigger.TRANSFER: "was moved in hospital",
    Trigger.DISCHARGE: "left hospital",
    Trigger.TO_INPATIENT: "was admitted",
    Trigger.TO_OUTPATIENT: "stays in another way than before",
    Trigger.MERGE: "has two numbers, which are joined",
}
_SIGNS: Final = {
    Sameness.SAME: ("good", "same"),
    Sameness.NEAR: ("warn", "nearly"),
    Sameness.DIFFERENT: ("late", "different"),
    Sameness.UNKNOWN: ("quiet", "not known"),
}
_SEXES: Final = {"female": "Female", "male": "Male", "other": "Other"}


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One field of both sides; ``tone`` and ``sign`` say how they compare."""

    label: str
    told: str
    ours: str
    tone: str
    sign: str


@dataclass(frozen=True, slots=True)
class ComparedPatient:
    """One of ours beside the one in the message."""

    patient_id: str
    name: str
    age: str
    verdict: str
    likeliest: bool
    fields: tuple[ComparedField, ...]


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert that waits."""

    message_id: str
    name: str
    happened: str
    facility: str
    when: Moment
    candidates: tuple[ComparedPatient, ...]
    more: int
    two_of_ours: bool


@dataclass(frozen=True, slots=True)
class ParkedView:
    """One message that could not be read or applied."""

    message_id: str
    what: str
    why: str
    sender: str
    when: Moment
    ours: bool
    """It was taken, and can be applied again."""


@dataclass(frozen=True, slots=True)
class RememberedView:
    """One remembered decision: which numbers, whose, who said so, and when."""

    keys: tuple[str, ...]
    numbers: str
    patient_id: str
    name: str
    who: str
    when: Moment


def remembered_view(told: RememberedDecision, names: Mapping[str, str], reading: Reading) -> RememberedView:
    """Return a remembered decision in words."""
    who = f"Decided by {names.get(told.by, SOMEONE)}" if told.by else "A rule was sure"
    line = patient_line(told.patient, reading) if told.patient is not None else None
    return RememberedView(
        told.keys,
        ", ".join(map(_number, told.keys)),
        told.patient.patient_id if told.patient is not None else "",
        line.name if line is not None else "Nobody of ours",
        "The hospital joined the numbers" if told.merged else who,
        moment(told.when, reading),
    )


def _number(key: str) -> str:
    """Return a remembered number without the name of its system, or by what else somebody is known."""
    system, _, value = key.rpartition("|")
    kind = system.partition("|")[0]
    return {"traits": "name, birth date, sex and telephone", "stay": "one stay alone"}.get(kind, value)


def alert_view(waiting: WaitingMessage, reading: Reading) -> AlertView:
    """Return an alert in words."""
    told, event = waiting.event.patient, waiting.event
    shown = waiting.possible[:CANDIDATES_SHOWN]
    return AlertView(
        waiting.message.message_id,
        listed_name(told.family, told.given),
        _HAPPENED.get(event.trigger, "is in hospital: something was corrected"),
        event.visit.facility or event.facility,
        moment(event.occurred, reading),
        tuple(_compared(each, told, reading, likeliest=at == 0) for at, each in enumerate(shown)),
        len(waiting.possible) - len(shown),
        waiting.message.reason == TWO_OF_OURS,
    )


def _compared(
    each: Resemblance[RegisteredPatient], told: ToldPatient, reading: Reading, *, likeliest: bool
) -> ComparedPatient:
    known, fields = each.patient, each.fields
    line = patient_line(known, reading)
    theirs = ", ".join(number.value for number in told.numbers) or "none"
    rows = (
        ("Name", listed_name(told.family, told.given), line.name, fields.name),
        ("Born", _day(sentence(born_words(str(told.born)))), _day(line.born), fields.born),
        ("Sex", _SEXES.get(told.sex, "Not known"), _SEXES.get(known.gender, "Not known"), each.sex),
        ("Phone", told.phone or "none", known.phone or "none", fields.phone),
        ("Number", theirs, line.number or "none", fields.number),
    )
    same = sum(row[3] is Sameness.SAME for row in rows)
    against = sum(row[3] is Sameness.DIFFERENT for row in rows)
    speaks = "nothing speaks against it" if not against else f"{against} speak against it" if against > 1 else ""
    verdict = f"{same} of {len(rows)} are the same, {speaks or '1 speaks against it'}"
    return ComparedPatient(
        known.patient_id, line.name, line.age, verdict, likeliest and not against,
        tuple(ComparedField(label, mine, ours, *_SIGNS[how]) for label, mine, ours, how in rows),
    )  # fmt: skip


def _day(born: str) -> str:
    return born.removeprefix("Born ")


def parked_view(message: HospitalMessage, reading: Reading) -> ParkedView:
    """Return a message that could not be taken, in words."""
    fault = message.fault
    why = fault["words"] if fault is not None else "It could not be written into the plan, and was tried for hours."
    answered = f"{message.answer}: the sender was told" if fault is not None else "Taken, not applied"
    assert message.received is not None, "a row has its instant"
    what = f"{message.trigger or 'A message'} {'by FHIR' if message.door == 'fhir' else 'by HL7 v2'}. {answered}."
    sender = " ".join(filter(None, (message.facility, message.application))) or "a sender that names itself nowhere"
    return ParkedView(message.message_id, what, why, sender, moment(message.received, reading), fault is None)
