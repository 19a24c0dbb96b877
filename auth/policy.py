"""The role x section matrix as a table, and the rules over single fields and entries.

A cell says what a role may do in a section at most; consent, sensitivity and assignment only take away from it.
Nothing here knows of time or membership: ``decisions.py`` asks in order and calls these pure functions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from auth.roles import PATIENT_SIDE, Participant, Role
from crdt.fields import Value
from crdt.sections import SECTIONS, TEAM_ALONE, Section


class Grant(StrEnum):
    """What a role may do in a section, in one word for the page."""

    NONE = "none"
    READ = "read"
    PROPOSE = "propose"
    """Read; an edit lands as a suggestion."""
    CONTRIBUTE = "contribute"
    """New entries and own entries, or one part of every entry."""
    WRITE_OWN = "write_own"
    """Every field of some entries: one's own, of one kind, or drafts."""
    WRITE = "write"


class Reach(StrEnum):
    """Which existing entries a cell lets its role write."""

    NOTHING = "nothing"
    OWN = "own"
    COMMUNITY = "community"
    """Referrals to community services."""
    DRAFT = "draft"
    """Wishes that nobody has verified yet."""
    ANY = "any"


class Precondition(StrEnum):
    """What must be true before a cell counts at all."""

    ALWAYS = "always"
    CONSENT = "consent"
    """A current ``granted`` consent for this person."""
    ASSIGNED = "assigned"
    """The person owns the entry; others stay out of sight."""
    AGENT = "agent"
    """The person is named as the one who speaks for the patient."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix."""

    grant: Grant
    reach: Reach = Reach.NOTHING
    creates: bool = False
    parts: frozenset[str] | None = None
    """The only fields it lets one write; ``None`` for all that are free."""
    shows: frozenset[str] | None = None
    """The only fields it lets one see; ``None`` for all."""
    opening: Precondition = Precondition.ALWAYS


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What a decision may need to know of an entry. On creation: its first values, with the creator filled in."""

    creator: str = ""
    owners: frozenset[str] = frozenset()
    """Persons who count as owners beside those named by the section's owner fields in ``values``."""
    values: Mapping[str, Value] = field(default_factory=dict)


N = Cell(Grant.NONE)
R = Cell(Grant.READ)
P = Cell(Grant.PROPOSE)
C = Cell(Grant.CONTRIBUTE, Reach.OWN, creates=True)
W = Cell(Grant.WRITE, Reach.ANY, creates=True)
W_OWN = Cell(Grant.WRITE_OWN, Reach.OWN, creates=True)
"""Also "W own, P": whoever may do more than read may suggest, so the P needs no cell of its own."""
W_COMMUNITY = Cell(Grant.WRITE_OWN, Reach.COMMUNITY, creates=True)
W_DRAFT = Cell(Grant.WRITE_OWN, Reach.DRAFT, creates=True)
W_ANSWER = Cell(Grant.CONTRIBUTE, Reach.ANY, creates=True, parts=frozenset({"answer"}))
ASKS = Cell(Grant.CONTRIBUTE, creates=True, parts=frozenset())
"""New questions; what was asked changes by commands alone."""
C_TAKES = Cell(Grant.CONTRIBUTE, Reach.ANY, parts=frozenset({"takes"}))
C_READINGS = Cell(Grant.CONTRIBUTE, parts=frozenset())
COMPLETE_OWN = Cell(Grant.CONTRIBUTE, Reach.OWN, parts=frozenset({"outcome"}))
R_DECISION = Cell(Grant.READ, shows=frozenset({"decision", "family_words"}))
R_AGENT = Cell(Grant.READ, opening=Precondition.AGENT)
R_CONSENT = Cell(Grant.READ, opening=Precondition.CONSENT)
R_CONTACT = Cell(
    Grant.READ,
    shows=frozenset({"preferred_name", "language", "interpreter", "communication_needs", "contact_preference"}),
)
"""How one speaks with the patient, and nothing of what they said about themself."""
R_WHOM = Cell(Grant.READ, shows=frozenset({"person", "role", "phone", "hours"}))
"""Whom one calls, and not for what: what somebody answers for is often the title of a task."""
HANDLES_OWN = Cell(Grant.CONTRIBUTE, parts=frozenset(), opening=Precondition.ASSIGNED)
"""What names the person; it changes by commands alone."""
COMPLETES_OWN = Cell(Grant.CONTRIBUTE, Reach.OWN, parts=frozenset({"outcome"}), opening=Precondition.ASSIGNED)
"""What names the person, to be done and its outcome told; nothing else is in sight."""
C_ASSIGNED = Cell(Grant.CONTRIBUTE, Reach.OWN, creates=True, opening=Precondition.ASSIGNED)

COLUMNS: Final = (
    Role.PRIMARY_CARE,
    Role.SPECIALIST,
    Role.CARE_MANAGER,
    Role.PHARMACIST,
    Role.SOCIAL_WORKER,
    Role.BEHAVIORAL_HEALTH,
    Role.PATIENT,
    Role.FAMILY,
    Role.AUDITOR,
    Role.ADMIN,
    Role.REGISTRAR,
    Role.REFERRAL_COORDINATOR,
    Role.FACILITY_NURSE,
    Role.COMMUNITY_WORKER,
    Role.GUARDIAN,
)

_ROWS: Final[Mapping[Section, tuple[Cell, ...]]] = {
    Section.ABOUT_ME: (W, R, W, R, W, R, W, C, N, N, N, R, R, R_CONTACT, W),
    Section.CARE_TEAM: (W, C, W, R, C, C, R, R, N, W, N, R, R, R_WHOM, R),
    Section.CONDITIONS: (W, W_OWN, P, R, R, R, P, R, N, N, N, N, R, N, P),
    Section.GOALS: (W, W_OWN, W, P, W, P, W_OWN, C, N, N, N, N, R, N, W_OWN),
    Section.MEDICATIONS: (W, W_OWN, P, W, R, R, C_TAKES, C_TAKES, N, N, N, N, P, N, C_TAKES),
    Section.TASKS: (W, C, W, C, C, C, C, COMPLETE_OWN, N, N, N, C, C, COMPLETES_OWN, C),
    Section.REFERRALS: (W, W_OWN, W, R, W_COMMUNITY, R, R, R, N, N, N, W, N, HANDLES_OWN, R),
    Section.MONITORING: (W, W_OWN, W, R, R, R, C_READINGS, C_READINGS, N, N, N, N, R, N, C_READINGS),
    Section.TRANSITIONS: (W, C, W, C, C, R, R, R, N, N, N, N, C, N, R),
    Section.SOCIAL_NEEDS: (R, R, W, N, W, R, C, N, N, N, N, N, N, N, C),
    Section.CAREGIVER_LOG: (W_ANSWER, ASKS, W_ANSWER, ASKS, W, ASKS, W_OWN, W_OWN, N, N, N, N, N, N, W_OWN),
    Section.HUDDLES: (W, W, W, W, W, W, R_DECISION, N, N, N, N, N, N, N, R_DECISION),
    Section.ADVANCE_CARE: (W, R, C, R, C, R, W_DRAFT, R_AGENT, N, N, N, N, R, N, W_DRAFT),
    Section.BEHAVIORAL_HEALTH: (R_CONSENT, N, N, N, C_ASSIGNED, W, R, N, N, N, N, N, N, N, R),
    Section.STAFF_NOTES: (W, W, W, W, W, W, N, N, N, N, N, N, N, N, N),
}

MATRIX: Final[Mapping[tuple[Role, Section], Cell]] = MappingProxyType(
    {(role, section): cell for section, cells in _ROWS.items() for role, cell in zip(COLUMNS, cells, strict=True)}
)
"""Every role's cell in every section."""

CONFIDENTIAL: Final = frozenset({Section.SOCIAL_NEEDS, Section.BEHAVIORAL_HEALTH})
"""Closed to the guardian of a minor from an age on that the organisation sets, unless the minor opens them.

Care that minors may seek in confidence stands there: mental health, drugs and alcohol, violence at home (laws of the
states differ; 45 CFR 164.502(g)(3) follows them).
"""

ANSWERERS: Final = frozenset({Role.PRIMARY_CARE, Role.CARE_MANAGER, Role.SOCIAL_WORKER})
"""Who answers what the people at home ask."""

_UNOWNED_STATES: Final = frozenset({None, "", "requested", "received", "rejected"})
"""A task in these may be given to someone else by a plain edit: nobody's acceptance stands on it."""


def related(person: str, section: Section, entry: EntryFacts) -> bool:
    """Return whether ``person`` made the entry or is named by one of the section's owner fields."""
    if not person:
        return False
    if person == entry.creator or person in entry.owners:
        return True
    return any(entry.values.get(name) == person for name in SECTIONS[section].owners)


def reaches(cell: Cell, person: str, section: Section, entry: EntryFacts) -> bool:
    """Return whether the cell lets ``person`` write this entry."""
    match cell.reach:
        case Reach.ANY:
            return True
        case Reach.OWN:
            return related(person, section, entry)
        case Reach.COMMUNITY:
            return entry.values.get("kind") == "community"
        case Reach.DRAFT:
            return not entry.values.get("verified_by")
        case Reach.NOTHING:
            return False


def hidden(participant: Participant, section: Section, entry: EntryFacts) -> bool:
    """Return whether this entry is kept from this participant although they read the section.

    A task is the family's to see when marked so, or when it is theirs; a ``no`` hides it in any case. What was written
    to the team alone is nobody's to see at home but of who wrote it.
    """
    if section is Section.CAREGIVER_LOG and participant.role in PATIENT_SIDE:
        alone = entry.values.get("readers") == TEAM_ALONE
        return alone and (not participant.person_id or participant.person_id != entry.creator)
    if participant.role is Role.FAMILY:
        if section is Section.SOCIAL_NEEDS:
            return entry.values.get("sensitive") != "no"
        if section is Section.TASKS:
            visible = entry.values.get("family_visible")
            return visible != "yes" and (visible == "no" or not related(participant.person_id, section, entry))
    if section is Section.ADVANCE_CARE and MATRIX[participant.role, section].opening is Precondition.AGENT:
        return section not in participant.assigned and entry.values.get("agent") != participant.person_id
    if MATRIX[participant.role, section].opening is Precondition.ASSIGNED:
        return not related(participant.person_id, section, entry)
    return False


def hides_entries(role: Role, section: Section) -> bool:
    """Return whether ``hidden`` can be true for some entry, given the role and section."""
    if MATRIX[role, section].opening in (Precondition.ASSIGNED, Precondition.AGENT):
        return True
    if section is Section.CAREGIVER_LOG and role in PATIENT_SIDE:
        return True
    return role is Role.FAMILY and section in (Section.SOCIAL_NEEDS, Section.TASKS)


def signed(entry: EntryFacts) -> bool:
    """Return whether a huddle entry carries a signature or the hash of what was signed."""
    signers = entry.values.get("signed_by")
    if isinstance(signers, Mapping):
        return any(signers.values()) or bool(entry.values.get("content_hash"))
    return bool(signers) or bool(entry.values.get("content_hash"))


def patients_words(participant: Participant, entry: EntryFacts) -> bool:
    """Return whether a goal is in the words of the patient, and the participant is someone else."""
    voice = entry.values.get("voice")
    if not voice or participant.role is Role.PATIENT:
        return False
    return voice == participant.patient_id if participant.patient_id else voice != participant.person_id


def field_rule(participant: Participant, section: Section, name: str, entry: EntryFacts) -> str:
    """Return the code of the rule that keeps this participant from this field of this entry, or ``""``."""
    match section:
        case Section.HUDDLES if signed(entry):
            return "huddle-signed"
        case Section.GOALS if name in ("description", "voice") and patients_words(participant, entry):
            return "patients-words"
        case Section.TASKS if name == "owner" and entry.values.get("state") not in _UNOWNED_STATES:
            return "task-owned"
        case Section.REFERRALS if name == "kind" and participant.role is Role.SOCIAL_WORKER:
            return "referral-kind"
        case Section.CAREGIVER_LOG if name == "answer" and participant.role not in ANSWERERS:
            return "answer-team"
        case _:
            return ""


def first_value_rule(participant: Participant, section: Section, entry: EntryFacts, *, alone: bool = True) -> str:
    """Return the code of the rule that a new entry's first values break for this participant, or ``""``.

    ``alone`` says whether they may write what nobody else at home reads.

    Guards what a signature, a decision or an answer stands for; the workflows choose the other first values.
    """
    values = entry.values
    match section:
        case Section.ADVANCE_CARE if values.get("code_status") or values.get("verified_by"):
            return "" if participant.role is Role.PRIMARY_CARE else "signer-only"
        case Section.MEDICATIONS if values.get("reconciliation") not in (None, "", "unreconciled"):
            return "" if _reconciles(participant, entry) else "reconciliation-later"
        case Section.HUDDLES if signed(entry):
            return "sign-later"
        case Section.CAREGIVER_LOG if values.get("readers") == TEAM_ALONE and not alone:
            return "team-alone"
        case Section.CAREGIVER_LOG if MATRIX[participant.role, section].creates and _only_asks(participant, values):
            return "no-create"
        case Section.CAREGIVER_LOG if values.get("answer") or values.get("answered_by") or values.get("stay"):
            return "" if participant.role in ANSWERERS else "answer-team"
        case Section.CARE_TEAM if values.get("steward") == "yes":
            return "" if MATRIX[participant.role, section] is W else "steward-only"
        case _:
            return ""


def _only_asks(participant: Participant, values: Mapping[str, Value]) -> bool:
    """Say whether somebody who may add questions of the team alone adds something else: nobody speaks for a home."""
    return MATRIX[participant.role, Section.CAREGIVER_LOG] in (W_ANSWER, ASKS) and values.get("asked_from") != "team"


def _reconciles(participant: Participant, entry: EntryFacts) -> bool:
    if participant.role in (Role.PRIMARY_CARE, Role.PHARMACIST):
        return True
    prescriber = entry.values.get("prescriber")
    return participant.role is Role.SPECIALIST and bool(prescriber) and prescriber == participant.person_id


def looks_into_entry(section: Section, name: str) -> bool:
    """Return whether ``field_rule`` needs the entry to judge this field."""
    return section is Section.HUDDLES or (section, name) in _LOOKING


_LOOKING: Final = frozenset({(Section.GOALS, "description"), (Section.GOALS, "voice"), (Section.TASKS, "owner")})
