"""Telling people of a clock after a discharge while there is time: its owner, then their backup and the steward."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from auth.decisions import Operation, decide
from auth.roles import Participant, Role
from crdt.sections import Section
from hub.jobs.handlers import Handlers
from hub.live.commands import PlanContent
from hub.record.jobs import Payload
from hub.record.journal import Act, Action, Journal, Narrowed
from hub.store.notifications import Notifications
from hub.store.participants import Participants
from hub.store.plans import Plans
from hub.workflows.clock_alarms import BEHIND, TELL_CLOCK, still_runs, whom_to_tell
from hub.workflows.contents import headline, retired
from hub.workflows.transition_clocks import clock_owners

ROWS_MAX: Final = 50
"""Rows of the stay that are looked through for this very telling."""


class ClockTelling:
    """Works on the jobs ``clock.tell``: each once, however often it is tried."""

    def __init__(
        self,
        journal: Journal,
        notifications: Notifications,
        participants: Participants,
        plans: Plans,
        content: Callable[[str], Awaitable[PlanContent]],
        written: Callable[[str, int], None],
        now: Callable[[], datetime],
    ) -> None:
        self._journal, self._notifications, self._participants = journal, notifications, participants
        self._plans, self._content, self._written, self._now = plans, content, written, now

    def work_in(self, handlers: Handlers) -> None:
        """Take on the kind of job that clocks make."""
        handlers.add(TELL_CLOCK, self.tell)

    async def tell(self, payload: Payload) -> None:
        """Tell whose turn it is, with a row of the journal; nothing where the clock was met, moved or ended meanwhile.

        Raises:
            JournalAwayError: the journal can't be reached; the job is tried again.
        """
        plan_id, entry_id = str(payload["plan"]), str(payload["entry"])
        name, due, step = str(payload["clock"]), str(payload["due"]), str(payload["step"])
        stored = await self._plans.get(plan_id)
        if stored is None or stored.closed is not None or stored.deceased:
            return
        plan = await self._content(plan_id)
        entry = plan.entry(Section.TRANSITIONS, entry_id)
        if entry is None or retired(entry) or still_runs(plan, entry, name, due, self._now()) is None:
            return
        words = {"clock": name, "due": due, "step": step, "facility": headline(Section.TRANSITIONS, entry),
                 "person": clock_owners(entry.values).get(name, "")}  # fmt: skip
        if await self._told(plan_id, entry_id, words):
            return
        apart = words["person"] if step == BEHIND else ""
        persons = await self._reached(plan_id, whom_to_tell(plan, entry, name, step), apart, stored.steward or "")
        if not persons:
            return
        told = Act(plan=plan_id, actor="", action=Action.NOTIFY, section=Section.TRANSITIONS.value, entry=entry_id,
                   event=TELL_CLOCK, words=words)  # fmt: skip
        async with self._journal.exclusively(plan_id) as turn:
            head = await turn.append([told])
            await self._notifications.tell(turn, persons, plan_id)
        self._written(plan_id, head.seq)

    async def _reached(self, plan_id: str, named: tuple[str, ...], apart: str, steward: str) -> set[str]:
        """Return those of the named who take part; else the steward of the directory, else primary care.

        ``apart`` was told before, and is told again where there is nobody else.
        """
        everyone = await self._participants.of_plan(plan_id, self._now())
        team = {each.person_id for each in everyone if self._reads(each)}
        doctors = {each.person_id for each in everyone if each.role is Role.PRIMARY_CARE}
        for group in (set(named), {steward}, doctors):
            if found := (group & team) - {apart}:
                return found
        return {apart} & team

    def _reads(self, each: Participant) -> bool:
        return not each.removed and decide(each, Section.TRANSITIONS, Operation.READ, now=self._now()).allowed

    async def _told(self, plan: str, entry: str, words: dict[str, str]) -> bool:
        """Return whether this step was told: a process may end between telling and noting that it did."""
        narrowed = Narrowed(actions=frozenset({Action.NOTIFY}), events=frozenset({TELL_CLOCK}))
        rows = await self._journal.history(
            plan, section=Section.TRANSITIONS, entry=entry, narrowed=narrowed, limit=ROWS_MAX
        )
        same = ("clock", "due", "step")
        return any(all((row.words or {}).get(name) == words[name] for name in same) for row in rows)
