"""To whom a question goes: by its topic to who answers for that part of the plan, and to who stands in meanwhile."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from auth.roles import CLINICIANS, Role
from hub.directory.houses import OTHER
from hub.live.commands import PlanContent
from hub.workflows.team import steward, stewards_of_area

AREAS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "medicines": ("medicines",),
        "appointments": ("coordination", "transitions"),
        "forms": ("social", "coordination"),
        "transport": ("social", "coordination"),
        "worry": ("monitoring", "coordination"),
        OTHER: ("coordination",),
    }
)
"""The areas of responsibility that a topic leads to, the first that somebody has accepted."""

_THEN: Final = (Role.CARE_MANAGER, Role.PRIMARY_CARE, Role.SOCIAL_WORKER)
"""Who reads it where nobody has accepted the area and the plan has no steward."""


def route(plan: PlanContent, topic: str, members: Mapping[str, Role], away: Mapping[str, str]) -> str:
    """Return the person whom a topic leads to, ``""`` where the plan has nobody who could read it.

    ``members`` are the plan's people of today with their roles, ``away`` those who are absent now with who stands in.
    """
    named = [person for area in AREAS.get(topic, AREAS[OTHER]) for person in stewards_of_area(plan, area)]
    named += [steward(plan)]
    named += [person for role in _THEN for person, its in members.items() if its is role]
    for person in named:
        there = standing_in(person, away)
        if members.get(there) in CLINICIANS:
            return there
    return ""


def standing_in(person: str, away: Mapping[str, str]) -> str:
    """Return who reads what is sent to a person now: themself, or who stands in; of two who are away, the second."""
    return away.get(person, person)
