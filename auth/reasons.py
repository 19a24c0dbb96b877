"""The sentence that goes with every answer: shown on the page, kept in the journal. Built once for each case."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from auth.policy import COLUMNS, MATRIX, Grant, Reach
from auth.roles import Role
from crdt.sections import SECTIONS, Section

ROLE_NAMES: Final[Mapping[Role, str]] = MappingProxyType(
    {
        Role.PRIMARY_CARE: "primary care",
        Role.SPECIALIST: "the specialist",
        Role.CARE_MANAGER: "the care manager",
        Role.PHARMACIST: "the pharmacist",
        Role.SOCIAL_WORKER: "the social worker",
        Role.BEHAVIORAL_HEALTH: "behavioural health",
        Role.PATIENT: "the patient",
        Role.FAMILY: "the family",
        Role.AUDITOR: "an auditor",
        Role.ADMIN: "an administrator",
        Role.REGISTRAR: "a registrar",
        Role.REFERRAL_COORDINATOR: "the referral coordinator",
        Role.FACILITY_NURSE: "the facility nurse",
        Role.COMMUNITY_WORKER: "the community worker",
        Role.GUARDIAN: "the guardian",
    }
)

SUGGEST_INSTEAD: Final = " Send a suggestion instead."

_SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "member": "You take part in this plan as {role}.",
        "own": "You wrote this or it is yours.",
        "break-glass": "You are reading in an emergency. It is recorded and will be reviewed.",
        "other-plan": "You have no access to this plan.",
        "removed": "Your access to this plan was ended. Ask the care manager if you need it again.",
        "ended": "Your access to this plan has run out. Ask the care manager to renew it.",
        "not-yet": "Your access to this plan has not begun yet.",
        "break-glass-over": "Your emergency reading is over.",
        "break-glass-clinicians": "Only clinicians may open a plan in an emergency.",
        "break-glass-read-only": "In an emergency you may read, not change.",
        "role-none": "This part of the plan is not open to {role}.",
        "not-invited": "Your invitation does not include {title}.",
        "consent-hidden": "The patient does not share {title} with you.",
        "confidential": "At the patient's age {title} stays between the patient and the team.",
        "plan-closed": "This plan is closed and can only be read. Its steward can open it again.",
        "consent-read-only": "The patient lets you read {title}, not change it.",
        "consent-needed": "{title} opens only with the patient's consent.",
        "not-assigned": "{title} opens only for those whom an entry names.",
        "hidden": "This is not shared with you.",
        "field-hidden": "This part of the entry is not shared with you.",
        "read-only": "Only {writers} may change {title}.",
        "propose-only": "Only {writers} may change {title}.",
        "no-create": "You can't add to {title}.",
        "not-own": "In {title} you may change only your own entries.",
        "part-only": "In {title} you may change only one part of an entry.",
        "community-only": "The social worker handles referrals to community services only.",
        "not-draft": "This was verified and stays as it is. Add a new one.",
        "entry-needed": "It depends on the entry, and none was named.",
        "unknown-field": "There is no such field.",
        "unknown-command": "There is no such command here.",
        "command-field": "This changes only by its own command.",
        "huddle-signed": "This decision is signed and stays as it is. Add a new one that amends it.",
        "patients-words": "These are the patient's own words. Only the patient changes them.",
        "task-owned": "Someone has accepted this task. Reassign it instead.",
        "referral-kind": "The kind of a referral stays as it was made.",
        "team-alone": "The patient has not agreed that you write to the team alone.",
        "answer-team": "Only primary care, the care manager or the social worker answers.",
        "signer-only": "Only primary care signs a code status.",
        "reconciliation-later": "Only the prescriber, a pharmacist or primary care decides on this.",
        "sign-later": "A decision is signed after it is written.",
        "steward-only": "Only primary care, the care manager or an administrator names the steward.",
        "no-suggestion": "You can't send a suggestion here.",
        "no-comment": "You can't comment here.",
    }
)


def writing_roles(section: Section) -> list[Role]:
    """Return the roles that may write any entry of the section; where there is none, those that may write some."""
    every = [role for role in COLUMNS if MATRIX[role, section].grant is Grant.WRITE]
    return every or [role for role in COLUMNS if MATRIX[role, section].reach is not Reach.NOTHING]


@cache
def writers(section: Section) -> str:
    """Return who may write any entry of the section, as in ``primary care and the pharmacist``."""
    names = [ROLE_NAMES[role] for role in writing_roles(section)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(code: str, role: Role, section: Section) -> str:
    """Return the sentence of a code for this role and section."""
    return _SENTENCES[code].format(role=ROLE_NAMES[role], title=SECTIONS[section].title, writers=writers(section))


CODES: Final = frozenset(_SENTENCES)
"""Every code that has a sentence; command refusals have the code ``command-refused`` and the command's own sentence."""


def template(code: str) -> str:
    """Return the sentence of a code before ``{role}``, ``{title}`` and ``{writers}`` are filled in."""
    return _SENTENCES[code]


@cache
def origins() -> Mapping[str, tuple[str, Role, Section]]:
    """Return for every sentence there can be of which code, role and section it is made: for who translates it.

    The journal keeps the English sentence; a page in another language says the same from these.
    """
    return MappingProxyType(
        {
            sentence(code, role, section): (code, role, section)
            for code in _SENTENCES
            for role in Role
            for section in Section
        }
    )
