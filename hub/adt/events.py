"""One event as a hospital tells it, whichever standard it came by."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.directory.births import NOT_KNOWN, BirthDate


class Trigger(StrEnum):
    """What happened, by the code of HL7 v2 (chapter 3); a FHIR notification is told by the same."""

    ADMIT = "A01"
    TRANSFER = "A02"
    DISCHARGE = "A03"
    REGISTER = "A04"
    PRE_ADMIT = "A05"
    TO_INPATIENT = "A06"
    TO_OUTPATIENT = "A07"
    UPDATE = "A08"
    CANCEL_ADMIT = "A11"
    CANCEL_TRANSFER = "A12"
    CANCEL_DISCHARGE = "A13"
    ADD_PERSON = "A28"
    UPDATE_PERSON = "A31"
    MERGE = "A40"
    RESULT = "R01"
    """Of an ORU message, or a DiagnosticReport: results of tests."""


OF_VISITS: Final = frozenset(Trigger) - {Trigger.ADD_PERSON, Trigger.UPDATE_PERSON, Trigger.MERGE, Trigger.RESULT}
"""Those that speak of a stay, and so need to say which."""

CANCELS: Final = {
    Trigger.CANCEL_ADMIT: frozenset({Trigger.ADMIT, Trigger.REGISTER}),
    Trigger.CANCEL_TRANSFER: frozenset({Trigger.TRANSFER}),
    Trigger.CANCEL_DISCHARGE: frozenset({Trigger.DISCHARGE}),
}
"""What each takes back: the latest of these before it."""


@dataclass(frozen=True, slots=True)
class PatientNumber:
    """A number of a system, as a registered patient has them."""

    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPatient:
    """Who it is, as the hospital has them."""

    family: str = ""
    given: str = ""
    born: BirthDate = NOT_KNOWN
    sex: str = ""
    """``female``, ``male``, ``other`` or nothing."""
    phone: str = ""
    address: str = ""
    numbers: tuple[PatientNumber, ...] = ()
    dead: bool = False

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldVisit:
    """Which stay, and what is said of it in this event; empty where nothing is said."""

    number: str = ""
    """The hospital's number of the visit with its system, compared as it stands."""
    kind: str = ""
    """The patient class as the hospital codes it (HL7 table 0004), in capitals."""
    facility: str = ""
    ward: str = ""
    reason: str = ""
    admitted: datetime | None = None
    left: datetime | None = None
    disposition: str = ""
    """The code of the discharge disposition (the two digits of UB-04), or one of ``DESTINATIONS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldResult:
    """One result as a laboratory tells it: an OBR with its OBX, a DiagnosticReport with its Observations."""

    numbers: tuple[str, ...] = ()
    """Of the order and of the specimen: the placer's and the filler's (OBR-2, OBR-3)."""
    codes: tuple[str, ...] = ()
    """LOINC codes of the test and of what was measured (OBR-4, OBX-3)."""
    name: str = ""
    final: bool = False
    """Neither preliminary nor incomplete, nor taken back (OBR-25, OBX-11: F, C, U)."""
    words: str = ""
    """The values in one line."""
    identifier: str = ""
    """The sender's own name for it, as ``system|value``: what comes under it again is a correction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalEvent:
    """A message, read."""

    application: str
    """MSH-3."""
    facility: str
    """MSH-4."""
    control: str
    """MSH-10: no two messages of one sender have the same."""
    trigger: Trigger
    occurred: datetime
    """When it was recorded there (EVN-2, else MSH-7); events of a visit are put in this order."""
    training: bool = False
    """MSH-11 says that it is no message of production: it is answered, and nothing follows."""
    patient: ToldPatient
    merged: tuple[PatientNumber, ...] = ()
    """Of a merge, the numbers that end (MRG-1); ``patient.numbers`` go on."""
    visit: ToldVisit = field(default_factory=ToldVisit)
    results: tuple[ToldResult, ...] = ()
