"""Telling the plan's steward, and who stands in, of a question that waits past its time."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from crdt.sections import Section
from hub.record.jobs import Payload
from hub.record.journal import Act, Action, Journal, Narrowed
from hub.store.notifications import Notifications
from hub.store.participants import Participants
from hub.store.plans import Plans
from hub.workflows.questions import TELL

ROWS_MAX: Final = 200
"""Commands on one note that are looked through for an answer, the newest first."""

ENDS: Final = frozenset(
    {
        "question.answer", "question.phone", "question.task", "question.accept", "entry.retire", "stay.confirm",
        "stay.known", "stay.deny", "stay.follow",
    }
)  # fmt: skip
"""Commands after which a note waits no more."""


class QuestionTelling:
    """Works on the jobs ``question.tell``: a repetition tells once more, and harms nobody."""

    def __init__(
        self,
        journal: Journal,
        notifications: Notifications,
        participants: Participants,
        plans: Plans,
        written: Callable[[str, int], None],
        now: Callable[[], datetime],
    ) -> None:
        self._journal = journal
        self._notifications = notifications
        self._participants = participants
        self._plans = plans
        self._written = written
        self._now = now

    async def tell(self, payload: Payload) -> None:
        """Tell the steward of today, with a row of the journal; nothing where the note was answered meanwhile.

        Raises:
            JournalAwayError: the journal can't be reached; the job is tried again.
        """
        plan, entry, after = str(payload["plan"]), str(payload["entry"]), payload["after"]
        assert isinstance(after, int), "a row's number"
        stored = await self._plans.get(plan)
        if stored is None or await self._ended(plan, entry, after):
            return
        steward = stored.steward or str(payload["steward"])
        if not steward or await self._participants.load(plan, steward, self._now()) is None:
            return
        section = Section.CAREGIVER_LOG.value
        told = Act(plan=plan, actor="", action=Action.NOTIFY, section=section, entry=entry, event=TELL)
        async with self._journal.exclusively(plan) as turn:
            head = await turn.append([told])
            await self._notifications.tell(turn, [steward], plan)
        self._written(plan, head.seq)

    async def _ended(self, plan: str, entry: str, after: int) -> bool:
        rows = await self._journal.history(
            plan,
            section=Section.CAREGIVER_LOG,
            entry=entry,
            narrowed=Narrowed(actions=frozenset({Action.COMMAND})),
            limit=ROWS_MAX,
        )
        return any(row.event in ENDS for row in rows if row.seq > after and row.outcome == "success")
