"""The people of a plan as a page shows them: name, role in words, a colour that never stands alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from auth.roles import PATIENT_SIDE, Participant, Role
from web.views.words import initials

HUES: Final = 8
"""Colours of presence; the stylesheet has one rule for each."""

ROLE_WORDS: Final[Mapping[Role, str]] = {
    Role.PRIMARY_CARE: "primary care",
    Role.SPECIALIST: "specialist",
    Role.CARE_MANAGER: "care manager",
    Role.PHARMACIST: "pharmacist",
    Role.SOCIAL_WORKER: "social worker",
    Role.BEHAVIORAL_HEALTH: "behavioural health",
    Role.PATIENT: "patient",
    Role.FAMILY: "family",
    Role.AUDITOR: "auditor",
    Role.ADMIN: "administrator",
    Role.REGISTRAR: "registrar",
    Role.REFERRAL_COORDINATOR: "referral coordinator",
    Role.FACILITY_NURSE: "facility nurse",
    Role.COMMUNITY_WORKER: "community worker",
    Role.GUARDIAN: "guardian",
}

THE_HUB: Final = "The hub for a hospital"
"""Who wrote a remark that no person wrote."""
SOMEONE: Final = "someone no longer in this plan"


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person of the plan."""

    person_id: str
    name: str
    role: str
    hue: int
    initials: str
    patient_side: bool = False
    """The patient or someone of the family."""


@dataclass(frozen=True, slots=True)
class PlanPeople:
    """The people of one plan by id, in the order of the team."""

    by_id: Mapping[str, PersonView] = field(default_factory=dict)
    systems: Mapping[str, str] = field(default_factory=dict)
    """Names of the machines that may write here, which nobody can choose as a person."""
    guardians: tuple[Participant, ...] = ()
    """Who acts for the patient, or did."""

    def name(self, person_id: str) -> str:
        """Return the name of a person or a machine, or words for someone who is not in the plan any more."""
        person = self.by_id.get(person_id)
        return person.name if person is not None else self.systems.get(person_id, SOMEONE)

    def author(self, person_id: str) -> str:
        """Return who wrote a remark: a person, or the hub where a hospital told something."""
        return self.name(person_id) if person_id else THE_HUB

    def person(self, person_id: str) -> PersonView | None:
        """Return the person, ``None`` where the plan has no such person."""
        return self.by_id.get(person_id)


def role_words(participant: Participant) -> str:
    """Return profession or role in words, as stands after a name."""
    return participant.profession or ROLE_WORDS[participant.role]


def hue_of(person_id: str) -> int:
    """Return a person's colour, 1 to ``HUES``: theirs on every page and in every plan.

    FNV-1a of the id, as static/src/people.js has it for people whom a page does not know: tests/vectors/hues.json holds
    both to the same.
    """
    found = 0x811C9DC5
    for letter in person_id:
        found = (found ^ ord(letter)) * 0x01000193 & 0xFFFFFFFF
    return found % HUES + 1


def people_of(participants: Iterable[Participant]) -> PlanPeople:
    """Return the plan's people."""
    ordered = sorted(participants, key=lambda each: (each.since is None, each.since, each.person_id))
    return PlanPeople(
        {
            each.person_id: PersonView(
                each.person_id,
                each.name,
                role_words(each),
                hue_of(each.person_id),
                initials(each.name),
                each.role in PATIENT_SIDE,
            )
            for each in ordered
        },
        guardians=tuple(each for each in ordered if each.role is Role.GUARDIAN),
    )


def own_chip(person_id: str, name: str, role: str = "") -> PersonView:
    """Return a person as pages that belong to no plan show them to themselves."""
    return PersonView(person_id, name, role, hue_of(person_id), initials(name))
