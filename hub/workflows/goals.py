"""Goals: proposed, agreed, worked on, reached or let go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Assign, Change
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked
from hub.workflows.contents import words
from hub.workflows.grants import commanded
from hub.workflows.states import Machine, move
from hub.workflows.team import NewId

GOALS: Final = Section.GOALS

OPEN: Final = frozenset({"proposed", "accepted", "active", "on hold"})

MACHINE: Final = Machine(
    "goal",
    {
        "accepted": move(["", "proposed"], "accepted", "accepted"),
        "active": move(["", "proposed", "accepted", "on hold", "completed"], "active", "made active"),
        "on hold": move(["accepted", "active"], "on hold", "put on hold"),
        "completed": move(["active"], "completed", "completed"),
        "cancelled": move(["", *sorted(OPEN)], "cancelled", "cancelled"),
    },
)
"""A goal that slips after it was reached becomes active again; one that was cancelled is set anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalMove:
    """A goal goes to another state of its life."""

    entry: str
    to: Annotated[str, Asked("State", choices=tuple(MACHINE.moves))]
    name: ClassVar[str] = "goal.move"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the new state."""
        entry = commanded(plan, actor, GOALS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if self.to not in MACHINE.moves:
            return Refusal("form", f"Choose one of: {', '.join(MACHINE.moves)}.", self.entry, "lifecycle")
        refusal = MACHINE.refusal(self.to, words(entry.values, "lifecycle"), self.entry)
        return refusal or [Assign(GOALS, self.entry, "lifecycle", self.to)]
