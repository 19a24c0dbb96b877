"""The care team: who accepted which part, and who keeps the plan whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from auth.roles import Participant
from crdt.changes import Assign, Change, Create
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.workflows.contents import active, place, retired, words
from hub.workflows.grants import commanded

NewId = Callable[[], str]

TEAM = Section.CARE_TEAM


def next_place(plan: PlanContent, section: Section) -> float:
    """Return the place after the last entry of a section, the retired ones included."""
    places = [place(entry) for entry in plan.entries(section).values()]
    return max((each for each in places if each != float("inf")), default=0.0) + 1.0


def member(plan: PlanContent, person: str) -> EntryContent | None:
    """Return the person's standing entry in the team, the accepted one first."""
    own = [entry for entry in active(plan, TEAM) if words(entry.values, "person") == person]
    own.sort(key=lambda entry: words(entry.values, "accepted") != "yes")
    return own[0] if own else None


def joined(plan: PlanContent, actor: Participant, new_id: NewId, responsible_for: str) -> list[Change]:
    """Return what makes the person an active member of the team; nothing where they are one.

    An accepted part of the work is the ground for it, so it needs no grant of its own in the section of the team.
    """
    entry = member(plan, actor.person_id)
    if entry is not None:
        return [] if words(entry.values, "accepted") == "yes" else [Assign(TEAM, entry.id, "accepted", "yes")]
    return [
        Create(
            TEAM,
            new_id(),
            {
                "person": actor.person_id,
                "role": actor.profession or actor.role.value.replace("_", " "),
                "responsible_for": responsible_for,
                "accepted": "yes",
                "steward": "no",
                "status": "active",
                "source": "person",
                "position": next_place(plan, TEAM),
            },
        )
    ]


def steward(plan: PlanContent) -> str:
    """Return the person who keeps the plan whole, ``""`` where no one does."""
    for entry in active(plan, TEAM):
        if words(entry.values, "steward") == "yes":
            return words(entry.values, "person")
    return ""


def stewards_of_area(plan: PlanContent, area: str) -> tuple[str, ...]:
    """Return the people who accepted responsibility for an area, in the order of the page."""
    standing = [entry for entry in active(plan, TEAM) if words(entry.values, "accepted") == "yes"]
    chosen = [entry for entry in standing if _covers(entry, area)]
    return tuple(words(entry.values, "person") for entry in chosen)


def _covers(entry: EntryContent, area: str) -> bool:
    areas = entry.values.get("areas")
    return not isinstance(areas, str | int | float | bool | None) and areas.get(area) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamAccept:
    """The person named in a team entry says yes to the part."""

    entry: str
    name: ClassVar[str] = "team.accept"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the acceptance; refused for anyone but the person named."""
        entry = commanded(plan, actor, TEAM, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if words(entry.values, "person") != actor.person_id:
            return Refusal("person", "Only the person named accepts this part.", self.entry, "accepted")
        if words(entry.values, "accepted") == "yes":
            return Refusal("state", "You have accepted this part already.", self.entry, "accepted")
        return [Assign(TEAM, self.entry, "accepted", "yes")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSteward:
    """One accepted member becomes the steward; whoever was it before no longer is."""

    entry: str
    name: ClassVar[str] = "team.steward"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the change of stewards; refused for someone who has not accepted their part."""
        entry = commanded(plan, actor, TEAM, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if words(entry.values, "accepted") != "yes":
            return Refusal("state", "Only someone who accepted their part can be steward.", self.entry, "steward")
        if words(entry.values, "steward") == "yes":
            return Refusal("state", "They are the steward already.", self.entry, "steward")
        before = [
            Assign(TEAM, each.id, "steward", "no")
            for each in plan.entries(TEAM).values()
            if words(each.values, "steward") == "yes" and not retired(each)
        ]
        return [*before, Assign(TEAM, self.entry, "steward", "yes")]
