"""What a participant's role is worth in a section right now: membership, role, consent, sensitivity, break-glass."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.commands import Operation
from auth.policy import CONFIDENTIAL, MATRIX, Cell, EntryFacts, Grant, N, Precondition, hidden
from auth.roles import CLINICIANS, Narrowing, Participant, Role
from crdt.sections import Section

_DEPENDENT: Final = frozenset({Precondition.ASSIGNED, Precondition.AGENT})


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a participant's cell in a section once membership and consent have spoken.

    ``denied`` is the code of what closes the section, ``reading`` of what leaves it for reading only; else empty.
    """

    cell: Cell
    denied: str = ""
    reading: str = ""
    alone: bool = True
    """May write to the team what nobody else at home reads: a relative only where the patient has agreed."""


def standing_of(participant: Participant, section: Section, now: datetime) -> Standing:
    """Return the participant's cell after membership, role, consent and break-glass: all that needs no entry."""
    cell = MATRIX[participant.role, section]
    glass = participant.broke_glass_until is not None
    denied = membership(participant, now)
    if not denied and cell.grant is Grant.NONE:
        denied = "role-none"
    if not denied:
        denied = _closed_by_consent(participant, section, cell, now)
    if not denied and glass and cell.opening is not Precondition.ALWAYS:
        denied = "consent-needed" if cell.opening is Precondition.CONSENT else "not-assigned"
    if not denied and glass and section is Section.BEHAVIORAL_HEALTH:
        denied = "consent-needed"
    if denied:
        return Standing(N, denied=denied)
    if glass:
        return Standing(cell, reading="break-glass-read-only")
    if participant.closed:
        return Standing(cell, reading="plan-closed")
    narrowing = _narrowing(participant, section, now)
    alone = participant.role is not Role.FAMILY or narrowing == "granted"
    return Standing(cell, reading="consent-read-only" if narrowing == "read" else "", alone=alone)


def granted(standing: Standing, participant: Participant, section: Section) -> Grant:
    """Return the standing as one word; ``NONE`` where an assignment that is not known of would have to open it."""
    if standing.denied:
        return Grant.NONE
    if standing.cell.opening in _DEPENDENT and section not in participant.assigned:
        return Grant.NONE
    return Grant.READ if standing.reading else standing.cell.grant


def sensitivity(
    cell: Cell, participant: Participant, section: Section, action: Operation, entry: EntryFacts | None
) -> str:
    """Return why the entry, or a section that opens by assignment, is out of sight; ``""`` when it is not."""
    if cell.opening in _DEPENDENT and section not in participant.assigned:
        if entry is None or action is Operation.CREATE or hidden(participant, section, entry):
            return "not-assigned"
        return ""
    if entry is not None and action is not Operation.CREATE and hidden(participant, section, entry):
        return "hidden"
    return ""


def membership(participant: Participant, now: datetime) -> str:
    """Return the code of what ends or precedes the membership at ``now``, or ``""`` for a current one."""
    if participant.removed:
        return "removed"
    if participant.ends is not None and participant.ends <= now:
        return "ended"
    if participant.since is not None and participant.since > now:
        return "not-yet"
    if participant.broke_glass_until is not None:
        if participant.role not in CLINICIANS:
            return "break-glass-clinicians"
        if participant.broke_glass_until <= now:
            return "break-glass-over"
    return ""


def _confidential(participant: Participant, now: datetime) -> bool:
    """Return whether the patient is of an age at which a guardian does not see what is confidential."""
    begins = participant.confidential_from
    return participant.role is Role.GUARDIAN and begins is not None and begins <= now


def _narrowing(participant: Participant, section: Section, now: datetime) -> str:
    """Return the access that the consent in force says: ``""`` without one, ``none`` for a word we don't know."""
    narrowing: Narrowing | None = participant.consents.get(section)
    if narrowing is None or (narrowing.ends is not None and narrowing.ends <= now):
        return ""
    return narrowing.access if narrowing.access in ("read", "granted") else "none"


def _closed_by_consent(participant: Participant, section: Section, cell: Cell, now: datetime) -> str:
    if participant.sections is not None and section not in participant.sections:
        return "not-invited"
    access = _narrowing(participant, section, now)
    if access == "none":
        return "consent-hidden"
    if section in CONFIDENTIAL and _confidential(participant, now) and access != "granted":
        return "confidential"
    if cell.opening is Precondition.CONSENT and access != "granted":
        return "consent-needed"
    return ""
