"""Who is told that a letter or text message could not be delivered: the plan's steward, by a task.

An address or number that does not exist is not written to again: the person's page says so.
"""

from typing import Final, Protocol

from auth.roles import Participant
from hub.jobs.handlers import NotDoneError
from hub.jobs.letters import Channel, Posted
from hub.live.authority import the_hub
from hub.live.commands import Command, Outcome, Refused
from hub.reminders.keeping import ReminderKeeping
from hub.store.people import People
from hub.store.plans import Plans as StoredPlans
from hub.workflows.letters import LetterFail

GONE: Final = frozenset({"no-such-mailbox", "no-address", "bounced"})
NO_SUCH_NUMBER: Final = "no-such-number"


class ActedOn(Protocol):
    """The live plans, as far as the hub acts on them itself."""

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        """Perform a command, committed before this returns."""


class Undelivered:
    """Tells of letters that were given up."""

    def __init__(self, live: ActedOn, stored: StoredPlans, people: People, reminders: ReminderKeeping) -> None:
        self._live = live
        self._stored = stored
        self._people = people
        self._reminders = reminders

    async def tell(self, letter: Posted) -> None:
        """Give the plan's steward a task, or whoever sent the letter where it has none; once a letter.

        Raises:
            NotDoneError: the plan did not take the task.
        """
        name = await self._no_more(letter) if letter.person else ""
        plan = await self._stored.get(letter.plan)
        if plan is None:
            return
        command = LetterFail(
            letter=letter.letter_id, owner=plan.steward or letter.sender, code=letter.reason, person=name
        )
        outcome = await self._live.perform(letter.plan, the_hub(letter.plan), command)
        if isinstance(outcome, Refused):
            raise NotDoneError(outcome.code)

    async def _no_more(self, letter: Posted) -> str:
        """Have nothing more go where nobody is, and return the name of whom it was for."""
        person = await self._people.get(letter.person)
        if person is None:
            return ""
        if letter.channel is Channel.TEXT and letter.reason == NO_SUCH_NUMBER:
            choice = await self._reminders.choices.get(person.person_id)
            await self._reminders.stop_texts([choice], stopped=True, why=letter.reason)
        elif letter.channel is Channel.MAIL and letter.reason in GONE:
            await self._reminders.mail_failed(person.person_id, person.email)
        return person.name
