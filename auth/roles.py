"""Roles, and the participant who holds one in a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crdt.sections import Section


class Role(StrEnum):
    """In what capacity a person takes part in a plan."""

    PRIMARY_CARE = "primary_care"
    SPECIALIST = "specialist"
    CARE_MANAGER = "care_manager"
    PHARMACIST = "pharmacist"
    SOCIAL_WORKER = "social_worker"
    BEHAVIORAL_HEALTH = "behavioral_health"
    PATIENT = "patient"
    FAMILY = "family"
    AUDITOR = "auditor"
    ADMIN = "admin"
    REGISTRAR = "registrar"
    """Keeps identities and opens plans; sees no content."""
    REFERRAL_COORDINATOR = "referral_coordinator"
    """Sends referrals on their way, books and follows them up; of the rest of a plan sees what that needs."""
    FACILITY_NURSE = "facility_nurse"
    """Nurse of a nursing facility or of home health, for as long as the stay lasts."""
    COMMUNITY_WORKER = "community_worker"
    """Works for a service in the community; sees only referrals and tasks that name them."""
    GUARDIAN = "guardian"
    """Acts for a patient who is a minor or can't decide: as the patient, by law, and until a day."""


class Basis(StrEnum):
    """Why a guardian acts for the patient; ``NONE`` for everyone else."""

    NONE = ""
    MINOR = "minor"
    """The patient is a minor: it ends when they come of age, and what is confidential then is closed to it before."""
    INCAPABLE = "incapable"
    """The patient is an adult who can't decide: a court or the patient's own health care proxy says so."""


CLINICIANS = frozenset(
    {Role.PRIMARY_CARE, Role.SPECIALIST, Role.CARE_MANAGER, Role.PHARMACIST, Role.SOCIAL_WORKER, Role.BEHAVIORAL_HEALTH}
)
STAFF_OF_PLANS = CLINICIANS | {Role.REFERRAL_COORDINATOR, Role.FACILITY_NURSE, Role.COMMUNITY_WORKER}
"""Who of the staff takes part in plans. Emergencies, huddles and units stay with the clinicians among them."""
PATIENT_SIDE = frozenset({Role.PATIENT, Role.FAMILY, Role.GUARDIAN})
AS_PATIENT = frozenset({Role.PATIENT, Role.GUARDIAN})
"""Whose own word on a page is the patient's consent."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The patient's consent for one person and section: ``access`` is at most this, until ``ends``."""

    access: str
    """``"none"`` hides the section, ``"read"`` allows reading only, ``"granted"`` opens a restricted section."""
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """A person with access to one plan in one role. Loaded from the store, never from a claim."""

    person_id: str
    plan_id: str
    name: str
    role: Role
    profession: str = ""
    """Shown with the name, as in ``cardiology``."""
    since: datetime | None = None
    ends: datetime | None = None
    removed: bool = False
    sections: frozenset[Section] | None = None
    """An invitation's choice of sections; ``None`` where the role alone decides."""
    consents: Mapping[Section, Narrowing] = field(default_factory=dict)
    broke_glass_until: datetime | None = None
    """End of a break-glass reading, for a clinician who is not a member."""
    session_id: str = ""
    patient_id: str = ""
    """The person the plan is for. Where it is empty, any words with a voice count as the patient's."""
    assigned: frozenset[Section] = frozenset()
    """Sections with an entry that names this person as its owner; opens what is read or added to "if assigned"."""
    closed: bool = False
    """The plan was closed: it is for reading only until it is opened again."""
    on_behalf_of: str = ""
    """The organisation that a machine acts for; empty for a person."""
    basis: Basis = Basis.NONE
    authority: str = ""
    """What shows that a guardian may act, as in ``birth certificate``."""
    confidential_from: datetime | None = None
    """From when on confidential sections are closed to this guardian of a minor; ``None``: never."""
