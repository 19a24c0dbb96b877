"""What the patient's consent may say of one person and section, and who may record it.

The patient decides, or a guardian in their place; primary care and the care manager record what they agreed to, saying
how. What a guardian sees is not theirs to change, nor another guardian's. A consent hides a section, makes it reading
only, or opens the one restricted section that waits for it; it may let a relative write to the team alone, and a
guardian see what is confidential to a minor. It never widens anything else.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from auth.policy import CONFIDENTIAL, MATRIX, Grant, Precondition
from auth.roles import AS_PATIENT, PATIENT_SIDE, Narrowing, Participant, Role
from auth.standings import membership
from crdt.sections import SECTIONS, Section

RECORDERS: Final = AS_PATIENT | {Role.PRIMARY_CARE, Role.CARE_MANAGER}
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
    guardian: str = "",
) -> Consent | ConsentRefusal:
    """Return the consent to keep, or why it can't be.

    For staff who agreed is ``guardian``, a present one of the plan, or without one the patient.
    """
    agreed_by = recorder.person_id if recorder.role in AS_PATIENT else guardian or recorder.patient_id
    refusal = _may_not_record(recorder, subject, how, now, agreed_by) or _fault(subject, section, narrowing, how, now)
    if refusal is None and subject.role is Role.GUARDIAN:
        refusal = _of_guardian(recorder, section, narrowing, agreed_by)
    if refusal is not None:
        return refusal
    return Consent(
        plan_id=recorder.plan_id,
        person_id=subject.person_id,
        section=section,
        narrowing=narrowing,
        agreed_by=agreed_by,
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
    if role is Role.GUARDIAN and section in CONFIDENTIAL:
        return ("none", "granted")
    return ("none",) if cell.grant is Grant.READ else ("none", "read")


def _of_guardian(
    recorder: Participant, section: Section, narrowing: Narrowing | None, agreed_by: str
) -> ConsentRefusal | None:
    """Return why this may not change what a guardian sees: the team may, and the patient opens what is confidential."""
    opens = section in CONFIDENTIAL and (narrowing is None or narrowing.access == "granted")
    if recorder.role is Role.PATIENT and opens:
        return None
    if recorder.role in PATIENT_SIDE:
        return ConsentRefusal("guardian", "Only the care team changes what a guardian sees. Ask them.")
    if narrowing is not None and narrowing.access == "granted" and agreed_by != recorder.patient_id:
        return ConsentRefusal("guardian", "Only the patient opens what is confidential to a guardian.")
    return None


def _may_not_record(
    recorder: Participant, subject: Participant, how: How, now: datetime, agreed_by: str
) -> ConsentRefusal | None:
    if membership(recorder, now) or recorder.broke_glass_until is not None:
        return ConsentRefusal("not-member", "You have no access to this plan.")
    if recorder.plan_id != subject.plan_id:
        return ConsentRefusal("other-plan", "You have no access to this plan.")
    if recorder.role not in RECORDERS:
        words = "Only the patient, a guardian, primary care or the care manager records a consent."
        return ConsentRefusal("recorder", words)
    if recorder.person_id == subject.person_id:
        return ConsentRefusal("self", "Nobody records a consent about themselves.")
    if recorder.role in AS_PATIENT:
        return None if how is How.PAGE else ConsentRefusal("how", "The patient agrees on the page.")
    if not agreed_by:
        return ConsentRefusal("agreed", "Nobody can agree yet. Invite the patient, or a guardian of theirs, first.")
    if how is How.PAGE:
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
