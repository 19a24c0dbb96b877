"""Follows the journals and puts down what somebody is to be told: whatever way a change came in, none is missed.

The journal is the outbox's source: a plan is read from the row where it was left, and how far it was read is kept in
the transaction that keeps what follows. A pass that is cut off is done again and finds the same, by the same keys.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from hub.jobs.handlers import Handlers
from hub.jobs.letters import Channel
from hub.live.commands import PlanContent
from hub.record.jobs import Payload
from hub.reminders.choices import Matter
from hub.reminders.finding import Reminder, happened, planned
from hub.reminders.hours import after_quiet, next_time
from hub.reminders.people import ReminderPeople
from hub.store.reminders import ROWS_MAX, Behind, Reminders
from hub.workflows.edits import edits_of

LOOK: Final = "reminders.look"
DIGESTS: Final = "reminders.digests"
FORGET: Final = "reminders.forget"
LOOK_EVERY: Final = timedelta(seconds=15)
DIGESTS_EVERY: Final = timedelta(minutes=10)
PLANS_AT_ONCE_MAX: Final = 50
LOOK_SECONDS_MAX: Final = 30.0
"""After this a pass leaves the rest to the next: a job that takes longer is cut off."""


class ReminderLooking:
    """Works on the passes over journals."""

    def __init__(
        self, rows: Reminders, people: ReminderPeople, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._rows, self._people, self._now, self._new_id = rows, people, now, new_id

    def work_in(self, handlers: Handlers) -> None:
        """Take on the kinds of job that are done again and again."""
        handlers.add_every(LOOK, LOOK_EVERY, self.look)
        handlers.add_every(DIGESTS, DIGESTS_EVERY, self.plan_digests)
        handlers.add_every(FORGET, timedelta(days=1), self.forget)

    async def look(self, _payload: Payload) -> None:
        """Read every journal that has gone on.

        Raises:
            JournalAwayError: the store can't be reached; what was not read is read the next time.
        """
        began = self._now()
        while (self._now() - began).total_seconds() < LOOK_SECONDS_MAX:
            behind = await self._rows.behind(PLANS_AT_ONCE_MAX)
            contents = await self._people.contents({each.plan for each in behind if each.anew})
            for each in behind:
                await self._read(each, contents.get(each.plan))
            if len(behind) < PLANS_AT_ONCE_MAX:
                return

    async def plan_digests(self, _payload: Payload) -> None:
        """Put down the next digest of whoever wants one and has none ahead."""
        ahead, now = await self._rows.awaiting(Matter.WAITING), self._now()
        found = []
        for person_id, each in (await self._people.everybody()).items():
            terms = each.terms
            if terms.channel(Matter.WAITING) is not Channel.PAGE and person_id not in ahead:
                due = after_quiet(next_time(terms.hour, now, terms.zone), terms.quiet, terms.zone)
                day = due.astimezone(terms.zone).date().isoformat()
                found.append((self._new_id(), Reminder(person_id, "", Matter.WAITING, "", "", day, due)))
        await self._rows.put(found, now)

    async def forget(self, _payload: Payload) -> None:
        """Forget what was told long ago."""
        await self._rows.forget()

    async def _read(self, behind: Behind, content: PlanContent | None) -> None:
        if content is None:
            await self._rows.read_on(behind)
            return
        rows = await self._rows.changes(behind)
        until = rows[-1].seq if len(rows) == ROWS_MAX else behind.until
        edits, now = edits_of(rows), self._now()
        team = await self._people.team(content, now)
        known = await self._people.reminded({each.person_id for each in team})
        away = await self._people.away(now)
        ahead, news = [], []
        for viewer in team:
            if viewer.person_id in known:
                terms = known[viewer.person_id].terms
                ahead += planned(content, viewer, terms, now)
                told = happened(content, viewer, terms, edits, now, begun=behind.begun)
                stands_in = away.get(viewer.person_id) in known
                news += [each for each in told if each.matter is not Matter.HOSPITAL or not stands_in]
        await self._rows.read(behind, until, self._named(ahead), self._named(news), now)

    def _named(self, found: Iterable[Reminder]) -> list[tuple[str, Reminder]]:
        return [(self._new_id(), each) for each in found]
