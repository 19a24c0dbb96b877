"""Who is told that an invitation's letter could not be delivered: the plan's steward, by a task."""

from typing import Protocol

from auth.roles import Participant
from hub.jobs.handlers import NotDoneError
from hub.jobs.letters import Posted
from hub.live.authority import the_hub
from hub.live.commands import Command, Outcome, Refused
from hub.store.plans import Plans as StoredPlans
from hub.workflows.letters import LetterFail


class ActedOn(Protocol):
    """The live plans, as far as the hub acts on them itself."""

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        """Perform a command, committed before this returns."""


class Undelivered:
    """Tells of letters that were given up."""

    def __init__(self, live: ActedOn, stored: StoredPlans) -> None:
        self._live = live
        self._stored = stored

    async def tell(self, letter: Posted) -> None:
        """Give the plan's steward a task, or whoever sent the letter where it has none; once a letter.

        Raises:
            NotDoneError: the plan did not take the task.
        """
        plan = await self._stored.get(letter.plan)
        if plan is None:
            return
        command = LetterFail(letter=letter.letter_id, owner=plan.steward or letter.sender, code=letter.reason)
        outcome = await self._live.perform(letter.plan, the_hub(letter.plan), command)
        if isinstance(outcome, Refused):
            raise NotDoneError(outcome.code)
