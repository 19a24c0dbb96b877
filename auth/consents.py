"""What the patient's consent may say of one person and section, and who may record it.

The patient decides; primary care and the care manager record what the patient agreed to, saying how. A consent hides
a section, makes it reading only, or opens the one restricted section that waits for it; and it may let a relative write
to the team alone. It never widens anything else.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from auth.policy import MATRIX, Grant, Precondition
from auth.roles import Narrowing, Participant, Role
from auth.standings import membership
from crdt.sections import SECTIONS, Section

RECORDERS: Final = frozenset({Role.PATIENT, Role.PRIMARY_CARE, Role.CARE_MANAGER})
TEXT_VERSION: Final = "2026-11"
"""Version of the words that the page shows to whoever agrees."""


class How(StrEnum):
    """How the patient agreed."""

    PAGE = "page"
    """The patient did it on the page."""
    IN_PERSON = "in person"
    TELEPHONE = "telephone"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent as recorded: an append to the record, the latest of a person and section counts."""

    plan_id: str
    person_id: str
    section: Section
    narrowing: Narrowing | None
    """``None`` takes an earlier consent back."""
    agreed_by: str
    recorded_by: str
    how: How
    text_version: str
    recorded: datetime


@dataclass(frozen=True, slots=True)
class ConsentRefusal:
    """Why it can't be recorded: a code, and a sentence for the page."""

    code: str
    reason: str


def record(
    recorder: Participant,
    subject: Participant,
    section: Section,
    narrowing: Narrowing | None,
    *,
    how: How,
    now: datetime,
) -> Consent | ConsentRefusal:
    """Return the consent to keep, or why it can't be. The patient is ``recorder.patient_id`` for staff."""
    refusal = _may_not_record(recorder, subject, how, now) or _fault(subject, section, narrowing, how, now)
    if refusal is not None:
        return refusal
    patient = recorder.person_id if recorder.role is Role.PATIENT else recorder.patient_id
    return Consent(
        plan_id=recorder.plan_id,
        person_id=subject.person_id,
        section=section,
        narrowing=narrowing,
        agreed_by=patient,
        recorded_by=recorder.person_id,
        how=how,
        text_version=TEXT_VERSION,
        recorded=now,
    )


def choices(role: Role, section: Section) -> tuple[str, ...]:
    """Return what a consent may say for someone of this role, for the settings page; empty where nothing is open."""
    cell = MATRIX[role, section]
    if role is Role.PATIENT or cell.grant is Grant.NONE:
        return ()
    if cell.opening is Precondition.CONSENT:
        return ("none", "granted")
    if role is Role.FAMILY and section is Section.CAREGIVER_LOG:
        return ("none", "read", "granted")
    return ("none",) if cell.grant is Grant.READ else ("none", "read")


def _may_not_record(recorder: Participant, subject: Participant, how: How, now: datetime) -> ConsentRefusal | None:
    if membership(recorder, now) or recorder.broke_glass_until is not None:
        return ConsentRefusal("not-member", "You have no access to this plan.")
    if recorder.plan_id != subject.plan_id:
        return ConsentRefusal("other-plan", "You have no access to this plan.")
    if recorder.role not in RECORDERS:
        return ConsentRefusal("recorder", "Only the patient, primary care or the care manager records a consent.")
    if recorder.person_id == subject.person_id:
        return ConsentRefusal("self", "Nobody records a consent about themselves.")
    if recorder.role is Role.PATIENT:
        return None if how is How.PAGE else ConsentRefusal("how", "The patient agrees on the page.")
    if how is How.PAGE or not recorder.patient_id:
        return ConsentRefusal("how", "Say how the patient agreed: in person, by telephone or in writing.")
    return None


def _fault(
    subject: Participant, section: Section, narrowing: Narrowing | None, how: How, now: datetime
) -> ConsentRefusal | None:
    if subject.role is Role.PATIENT:
        return ConsentRefusal("patient", "The patient's own view can't be narrowed.")
    if narrowing is None:
        return None
    title = SECTIONS[section].title
    if narrowing.access not in choices(subject.role, section):
        return ConsentRefusal("access", f"That can't be chosen for {title}.")
    if narrowing.ends is not None and narrowing.ends <= now:
        return ConsentRefusal("ends", "The end date has passed.")
    if narrowing.access != "granted" or MATRIX[subject.role, section].opening is not Precondition.CONSENT:
        return None
    if narrowing.ends is None:
        return ConsentRefusal("ends", f"Opening {title} needs an end date.")
    if how not in (How.PAGE, How.WRITTEN):
        return ConsentRefusal("how", f"Opening {title} needs the patient's agreement in writing.")
    return None
