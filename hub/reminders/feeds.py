"""A calendar that somebody subscribes to: an address that nobody guesses, which ends when they say so.

It tells when appointments are and nothing else. Who holds the address needs no sign-in, so it is asked each time what
its person may see now; that it was asked stands in the journals of the plans, once a day.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from auth.roles import Role
from hub.ids import HUB
from hub.record.journal import Act, Action, Journal
from hub.reminders.finding import appointments
from hub.reminders.people import ReminderPeople
from hub.store.calendar_feeds import CalendarFeeds

TOKEN_BYTES: Final = 32
TOKEN_CHARACTERS_MAX: Final = 100
NOTED_EVERY: Final = timedelta(days=1)


class FeedKeeping:
    """Making, asking and ending these addresses."""

    def __init__(
        self,
        journal: Journal,
        people: ReminderPeople,
        rows: CalendarFeeds,
        record: Callable[[Sequence[Act]], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._journal, self._people, self._record, self._now = journal, people, record, now
        self.rows = rows

    async def make(self, person: str, role: Role, session: str) -> str:
        """Give somebody a new address and return its secret part, which is kept nowhere; the one before ends."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        act = Act(
            plan=HUB, actor=person, action=Action.GRANT, role=role, session=session, entry=person, event="calendar.make"
        )
        async with self._journal.exclusively(HUB) as turn:
            await self.rows.put(turn, person, _hash(token))
            await turn.append([act])
        return token

    async def end(self, person: str, role: Role, session: str) -> None:
        """Have somebody's address lead nowhere."""
        act = Act(
            plan=HUB, actor=person, action=Action.REVOKE, role=role, session=session, entry=person, event="calendar.end"
        )
        async with self._journal.exclusively(HUB) as turn:
            await self.rows.end(turn, person)
            await turn.append([act])

    async def appointments(self, token: str) -> tuple[str, list[tuple[str, datetime]]] | None:
        """Return whose address it is and the appointments that this person may see now; ``None`` for no address.

        Raises:
            JournalAwayError: that it was asked can't be written down; then nothing is told.
        """
        feed = await self.rows.by_token(_hash(token)) if len(token) <= TOKEN_CHARACTERS_MAX else None
        known = await self._people.reminded([feed.person]) if feed is not None else {}
        if feed is None or feed.person not in known:
            return None
        now = self._now()
        contents = await self._people.contents(await self._people.open_plans(feed.person, now))
        parts = await self._people.parts(feed.person, contents, now)
        found = {plan: appointments(contents[plan], part, now) for plan, part in parts.items()}
        if feed.used is None or feed.used <= now - NOTED_EVERY:
            asked = [
                Act(plan=plan, actor=feed.person, action=Action.EXPORT, role=part.role, event="calendar.read")
                for plan, part in parts.items()
                if found[plan]
            ]
            await self._record(asked)
            await self.rows.used(feed.person, now)
        times = [(entry.id, when) for some in found.values() for entry, when in some]
        return known[feed.person].terms.language, sorted(times, key=lambda each: each[1])


def _hash(token: str) -> bytes:
    return sha256(b"calendar:" + token.encode()).digest()
