"""Sends what waits, and says to a person where it can't: the plan's steward gets a task."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from hub.jobs.handlers import Handlers, Patience
from hub.jobs.letters import RETURNED, SEND, UNANSWERED_MAX, Letter, LetterWay, NotSentError, Posted
from hub.process import measures
from hub.record.jobs import Payload

PATIENCE: Final = Patience(tries_max=40, first=timedelta(seconds=5), longest=timedelta(hours=1))
"""More than a letter lasts: its own end comes first."""
FORGET: Final = "letters.forget"

Tell = Callable[[Posted], Awaitable[None]]
"""Says to people of the plan that a letter was given up; bears being asked twice."""


class LetterRows(Protocol):
    """Letters as they are kept; ``hub.store.letters.Letters`` is the one in service."""

    async def begin(self, letter_id: str) -> tuple[Posted, Letter] | None:
        """Note durably that the letter is begun, and return it; ``None`` where there is nothing to do any more."""

    async def answered(self, letter_id: str) -> None:
        """Note that the letter did not leave this time, which is certain."""

    async def sent(self, letter_id: str, gateway: str) -> None:
        """Note that it left, and by which name the other side tells of it."""

    async def failed(self, letter_id: str, reason: str) -> Posted | None:
        """Note that it is given up, and return it."""

    async def get(self, letter_id: str) -> Posted | None:
        """Return how a letter stands."""

    async def forget(self) -> None:
        """Forget the letters of long ago."""


class Posting:
    """Works on letters."""

    def __init__(self, letters: LetterRows, send: LetterWay, tell: Tell, now: Callable[[], datetime]) -> None:
        self._letters = letters
        self._send = send
        self._tell = tell
        self._now = now

    def work_in(self, handlers: Handlers) -> None:
        """Take on the kinds of job that letters make."""
        handlers.add(SEND, self.send, given_up=self.given_up, patience=PATIENCE)
        handlers.add(RETURNED, self.returned)
        handlers.add_every(FORGET, timedelta(days=1), self.forget)

    async def send(self, payload: Payload) -> None:
        """LetterWay one letter, unless it was sent, has expired, or may have been sent twice already.

        Raises:
            NotSentError: it did not leave, as far as is known.
        """
        letter_id = str(payload["letter"])
        found = await self._letters.begin(letter_id)
        if found is None:
            return
        posted, letter = found
        if posted.unanswered > UNANSWERED_MAX:
            raise NotSentError("unanswered", for_good=True)
        if posted.expires <= self._now():
            raise NotSentError("expired", for_good=True)
        gateway = ""
        if letter.address:
            try:
                gateway = await self._send(letter) or ""
            except NotSentError as error:
                if not error.unanswered:
                    await self._letters.answered(letter_id)
                raise
        await self._letters.sent(letter_id, gateway)
        measures.LETTERS.labels(posted.channel, "sent").inc()

    async def given_up(self, payload: Payload, code: str) -> None:
        """Mark the letter as failed, and tell those who can call instead."""
        failed = await self._letters.failed(str(payload["letter"]), code)
        if failed is not None:
            measures.LETTERS.labels(failed.channel, "failed").inc()
            await self._tell(failed)

    async def returned(self, payload: Payload) -> None:
        """Tell people of a letter that had left and did not arrive."""
        letter = await self._letters.get(str(payload["letter"]))
        if letter is not None:
            measures.LETTERS.labels(letter.channel, "returned").inc()
            await self._tell(letter)

    async def forget(self, _payload: Payload) -> None:
        """Forget old letters."""
        await self._letters.forget()
