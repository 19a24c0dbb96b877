"""Telling people of a reading: the responder at once, backup and steward when nobody has answered by their instant.

What a reading causes is put down with it (``hub.workflows.readings``); here it is done, unless it was answered before.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from crdt.sections import Section
from hub.record.jobs import Payload
from hub.record.journal import Act, Action, Journal, Narrowed
from hub.store.notifications import Notifications
from hub.store.participants import Participants
from hub.workflows.readings import ReadingAcknowledge, ReadingMarkError

ROWS_MAX: Final = 200
"""Commands on one measure that are looked through for an answer, the newest first."""


class AlarmTelling:
    """Works on the jobs ``reading.tell``: a repetition tells once more, and harms nobody."""

    def __init__(
        self,
        journal: Journal,
        notifications: Notifications,
        participants: Participants,
        written: Callable[[str, int], None],
        now: Callable[[], datetime],
    ) -> None:
        self._journal = journal
        self._written = written
        self._notifications = notifications
        self._participants = participants
        self._now = now

    async def tell(self, payload: Payload) -> None:
        """Tell the person of the job, with a row of the journal; nothing where the reading was answered meanwhile.

        Raises:
            JournalAwayError: the journal can't be reached; the job is tried again.
        """
        plan, entry, person = (str(payload[name]) for name in ("plan", "entry", "person"))
        after = payload["after"]
        assert isinstance(after, int), "a row's number"
        if await self._answered(plan, entry, str(payload["key"]), after):
            return
        if await self._participants.load(plan, person, self._now()) is None:
            return
        words = {"person": person, "zone": str(payload["zone"])}
        section = Section.MONITORING.value
        told = Act(
            plan=plan, actor="", action=Action.NOTIFY, section=section, entry=entry, event="reading.tell", words=words
        )
        async with self._journal.exclusively(plan) as turn:
            head = await turn.append([told])
            await self._notifications.tell(turn, [person], plan)
        self._written(plan, head.seq)

    async def _answered(self, plan: str, entry: str, key: str, after: int) -> bool:
        """Return whether somebody has said what was done since, or this very reading was entered in error."""
        rows = await self._journal.history(
            plan,
            section=Section.MONITORING,
            entry=entry,
            narrowed=Narrowed(actions=frozenset({Action.COMMAND})),
            limit=ROWS_MAX,
        )
        return any(
            row.event == ReadingAcknowledge.name or (row.event == ReadingMarkError.name and key in str(row.words))
            for row in rows
            if row.seq > after and row.outcome == "success"
        )
