"""What follows where a letter could not be delivered: somebody of the team is to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from auth.roles import Participant
from crdt.changes import Change, Create
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import LINE_MAX
from hub.workflows.team import NewId, next_place

WHY = {
    "no-such-mailbox": "The mail server of the address says that there is no such mailbox.",
    "no-address": "What was given is no e-mail address.",
    "no-such-number": "The gateway for text messages says that there is no such number.",
    "undelivered": "The gateway for text messages says that it did not arrive.",
    "bounced": "It was sent, and came back.",
    "unanswered": "It may have arrived: the mail server took it, or was cut off, and did not say.",
    "expired": "The mail server did not take it for a day.",
}
ELSE = "The mail server did not take it."


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFail:
    """The hub's own: a letter was given up, and ``owner`` gets a task. The same letter twice makes one task."""

    letter: str
    owner: str
    code: str
    person: str = ""
    """Whom a reminder was for, by name; ``""`` for an invitation's letter."""
    name: ClassVar[str] = "letter.fail"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the task, due today; of an invitation it names nobody, since not everyone may see invitations."""
        title = "An invitation's letter could not be delivered: call, or send it anew"
        detail = f"{WHY.get(self.code, ELSE)} The plan's page of invitations shows whose it is."
        if self.person:
            title = f"A reminder did not reach {self.person}: call, and ask for another address or number"
            detail = f"{WHY.get(self.code, ELSE)} What it was about stands in the plan."
        if plan.entry(Section.TASKS, self.letter) is not None:
            return []
        return [
            Create(
                Section.TASKS,
                self.letter,
                {
                    "title": title[:LINE_MAX],
                    "detail": detail,
                    "owner": self.owner,
                    "due": now.astimezone(plan.zone).date().isoformat(),
                    "priority": "routine",
                    "state": "requested",
                    "requester": "",
                    "status": "active",
                    "position": next_place(plan, Section.TASKS),
                },
            )
        ]
