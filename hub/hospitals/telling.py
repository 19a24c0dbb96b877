"""Who is told of a stay, at once: the patient's doctors, the steward, the care managers, and whoever stands in for one.

The row that they are shown says what happened in one word; where to go on stands beside it on their page.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Final

from auth.decisions import Operation, decide
from auth.policy import ANSWERERS
from auth.roles import Participant, Role
from crdt.sections import Section
from hub.jobs.handlers import Handlers
from hub.live.commands import PlanContent
from hub.record.jobs import Payload
from hub.record.journal import Act, Action, Journal, Narrowed
from hub.store.engine import Engine
from hub.store.notifications import Notifications
from hub.store.participants import Participants
from hub.store.plans import Plans
from hub.workflows.contents import retired
from hub.workflows.contents import words as said
from hub.workflows.home_reports import TELL_REPORT
from hub.workflows.hospital_stays import TELL_STAY
from hub.workflows.question_states import answered

TOLD: Final = frozenset({Role.PRIMARY_CARE, Role.CARE_MANAGER})
ROWS_MAX: Final = 50
"""Rows of the stay that are looked through for this very telling."""


class StayTelling:
    """Works on the jobs ``stay.tell``: once a message and event, however often it is tried."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        content: Callable[[str], Awaitable[PlanContent]],
        written: Callable[[str, int], None],
        now: Callable[[], datetime],
    ) -> None:
        self._journal, self._content, self._written, self._now = journal, content, written, now
        self._notifications, self._participants = Notifications(engine), Participants(engine)
        self._plans = Plans(engine)

    def work_in(self, handlers: Handlers) -> None:
        """Take on the kinds of job that stays, and reports of them from home, make."""
        handlers.add(TELL_STAY, self.tell)
        handlers.add(TELL_REPORT, self.tell_of_report)

    async def tell(self, payload: Payload) -> None:
        """Tell everybody whom it concerns, with a row of the journal.

        Raises:
            JournalAwayError: the journal can't be reached; the job is tried again.
        """
        plan_id, entry = str(payload["plan"]), str(payload["entry"])
        names = ("what", "facility", "setting", "message")
        words = {name: str(payload.get(name, "")) for name in names}
        if await self._told(plan_id, entry, words):
            return
        plan = await self._plans.get(plan_id)
        if plan is None or plan.closed is not None:
            return
        team = await self._participants.of_plan(plan_id, self._now())
        also = str(payload.get("also", "")).split()
        persons = {each.person_id for each in team if self._concerns(each, plan.steward or "", also)}
        told = Act(plan=plan_id, actor="", action=Action.NOTIFY, section=Section.TRANSITIONS.value, entry=entry,
                   event=TELL_STAY, words=words)  # fmt: skip
        async with self._journal.exclusively(plan_id) as turn:
            head = await turn.append([told])
            await self._notifications.tell(turn, persons, plan_id)
        self._written(plan_id, head.seq)

    def _concerns(self, each: Participant, steward: str, also: Collection[str]) -> bool:
        readable = decide(each, Section.TRANSITIONS, Operation.READ, now=self._now()).allowed
        return (
            readable and not each.removed and (each.role in TOLD or each.person_id == steward or each.person_id in also)
        )

    async def tell_of_report(self, payload: Payload) -> None:
        """Tell whoever may settle a report from home, and the steward; nothing where it was settled meanwhile.

        Raises:
            JournalAwayError: the journal can't be reached; the job is tried again.
        """
        plan_id, entry = str(payload["plan"]), str(payload["entry"])
        plan = await self._plans.get(plan_id)
        report = (await self._content(plan_id)).entry(Section.CAREGIVER_LOG, entry) if plan is not None else None
        if plan is None or plan.closed is not None or report is None or retired(report) or answered(report.values):
            return
        reporter = (await self._content(plan_id)).creator(Section.CAREGIVER_LOG, entry)
        told = {name: said(report.values, name) for name in ("whereabouts", "place")} | {"person": reporter}
        section = Section.CAREGIVER_LOG
        if await self._told(plan_id, entry, told, event=TELL_REPORT, section=section):
            return
        now, steward = self._now(), plan.steward or ""
        persons = {
            each.person_id
            for each in await self._participants.of_plan(plan_id, now)
            if not each.removed
            and (each.role in ANSWERERS or each.person_id == steward)
            and decide(each, section, Operation.READ, now=now).allowed
        }
        row = Act(plan=plan_id, actor="", action=Action.NOTIFY, section=section.value, entry=entry, event=TELL_REPORT,
                  words=told)  # fmt: skip
        async with self._journal.exclusively(plan_id) as turn:
            head = await turn.append([row])
            await self._notifications.tell(turn, persons - {reporter}, plan_id)
        self._written(plan_id, head.seq)

    async def _told(
        self, plan: str, entry: str, words: dict[str, str], *, event: str = TELL_STAY,
        section: Section = Section.TRANSITIONS,
    ) -> bool:  # fmt: skip
        """Return whether this was told: a process may end between telling and noting that it did."""
        narrowed = Narrowed(actions=frozenset({Action.NOTIFY}), events=frozenset({event}))
        rows = await self._journal.history(plan, section=section, entry=entry, narrowed=narrowed, limit=ROWS_MAX)
        return any(dict(row.words or {}) == words for row in rows)
