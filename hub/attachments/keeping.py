"""Keeping what people send: first what it shows, then the plan's word that it is there, or neither.

What a file shows is kept before the plan names it, so that the plan names nothing that is not there. A job in the
transaction of the plan's rows notes that it does; what no plan names is forgotten after ``UNNAMED_KEPT``.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import BinaryIO, Final, Protocol

from auth.roles import Participant
from hub.attachments.taking_in import SENT_BYTES_MAX, NotTakenError, Taken, taken_in
from hub.jobs.handlers import Handlers
from hub.live.commands import Command, Outcome, Refused
from hub.record.jobs import Payload
from hub.store.attachments import Attachments
from hub.store.engine import Engine
from hub.workflows.attachments import KEEP, Attached

AN_HOUR_MAX: Final = 40
"""Files of one person in an hour; each takes a processor for up to seconds, and room for ever."""
UNNAMED_KEPT: Final = timedelta(days=7)
FORGET: Final = "attachments.forget"
TOO_OFTEN: Final = "You have sent many files in this hour. Wait a while, or call the team."


class Performs(Protocol):
    """The live plans, as far as they are needed here."""

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        """Perform a command, committed before this returns."""


class AttachmentKeeping:
    """Takes files in, and hands them out. Its methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(self, engine: Engine, plans: Performs, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self.rows = Attachments(engine)
        self._plans, self._now, self._new_id = plans, now, new_id
        self._alone = asyncio.Semaphore(1)

    async def taken(self, actor: Participant, file: BinaryIO) -> Taken:
        """Return what is kept of a file.

        Raises:
            NotTakenError: it can't be taken; the message is for the person.
        """
        if await self.rows.lately(actor.person_id, self._now() - timedelta(hours=1)) >= AN_HOUR_MAX:
            raise NotTakenError(TOO_OFTEN)
        async with self._alone:
            return await asyncio.to_thread(lambda: taken_in(file.read(SENT_BYTES_MAX + 1)))

    async def send(self, actor: Participant, taken: Taken, saying: Callable[[Attached], Command]) -> Outcome:
        """Keep it and have the plan name it, by the command that ``saying`` makes of it; nothing is kept if refused."""
        attached = Attached(self._new_id(), taken.kind, len(taken.content), taken.digest)
        await self.rows.put(actor.plan_id, actor.person_id, attached, taken.content)
        outcome = await self._plans.perform(actor.plan_id, actor, saying(attached))
        if isinstance(outcome, Refused):
            await self.rows.drop(attached.key)
        return outcome

    def work_in(self, handlers: Handlers) -> None:
        """Take on the jobs that attachments make."""
        handlers.add(KEEP, self._noted)
        handlers.add_every(FORGET, timedelta(days=1), self._forget)

    async def _noted(self, payload: Payload) -> None:
        await self.rows.named(
            str(payload["attachment"]), str(payload["entry"]), hidden=bool(payload["hidden"]), now=self._now()
        )

    async def _forget(self, _payload: Payload) -> None:
        await self.rows.forget(self._now() - UNNAMED_KEPT)
