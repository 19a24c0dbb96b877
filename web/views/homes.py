"""The pages of those at home, the family's and the patient's own: one computation makes both; how they differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth.roles import Participant, Role
from crdt.sections import Section
from web.views.family import BLOCKS, SECTIONS_SHOWN


@dataclass(frozen=True, slots=True)
class Home:
    """One of the pages: whose it is, its word in addresses and routes, its parts and what they are made of."""

    roles: frozenset[Role]
    name: str
    sections: tuple[Section, ...]
    """Nothing else is loaded for it."""
    blocks: Mapping[str, tuple[Section, ...]]
    """The parts in their order, each with the sections whose changes renew it."""
    after_death: tuple[str, ...] = ("notes", "contacts")
    """Parts that stay once the patient has died: nothing asks anything of the family any more."""

    def is_of(self, participant: Participant) -> bool:
        """Say whether the page is this person's own; anyone else sees it as a preview, if at all."""
        return participant.role in self.roles


FAMILY: Final = Home(frozenset({Role.FAMILY, Role.GUARDIAN}), "family", SECTIONS_SHOWN, BLOCKS)

MINE: Final = Home(
    frozenset({Role.PATIENT}),
    "mine",
    (*SECTIONS_SHOWN, Section.GOALS),
    {
        "now": BLOCKS["now"],
        "today": BLOCKS["today"],
        "measure": BLOCKS["measure"],
        "visits": BLOCKS["visits"],
        "tasks": BLOCKS["tasks"],
        "changes": BLOCKS["changes"],
        "notes": BLOCKS["notes"],
        "goals": (Section.ABOUT_ME, Section.GOALS),
        "team": (Section.CARE_TEAM,),
        "who": (Section.CARE_TEAM,),
        "problems": BLOCKS["problems"],
        "wrong": (Section.TASKS,),
    },
    ("notes", "team"),
)

HOMES: Final = {role: home for home in (FAMILY, MINE) for role in home.roles}
"""The page on which each of the patient's side lands."""


def address_of(participant: Participant) -> str:
    """Return where this person's own page of the plan is, ``""`` for someone who has the team's."""
    home = HOMES.get(participant.role)
    return f"/plans/{participant.plan_id}/{home.name}" if home is not None else ""
