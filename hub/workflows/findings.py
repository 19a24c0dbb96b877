"""Findings: what a rule found, and setting it aside with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from auth.decisions import Action
from auth.roles import Participant
from crdt.changes import Amend, Change, Root
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked, Reason
from hub.workflows.comments import commented, comments_on
from hub.workflows.contents import words
from hub.workflows.grants import barred, missing, standing
from hub.workflows.team import NewId


class Severity(StrEnum):
    """How much it matters, from the most to the least."""

    DANGER = "danger"
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule points at. ``entries`` are what it is about, the one it is shown on first."""

    rule: str
    severity: Severity
    section: Section
    entries: tuple[str, ...]
    explanation: str
    advice: str

    @property
    def key(self) -> str:
        """The same for the same finding as long as it is about the same entries."""
        return f"{self.rule}:{','.join(sorted(self.entries))}"


_ASIDE: Final = "Set aside: "


def aside(plan: PlanContent, finding: Finding) -> str:
    """Return why the finding was set aside, ``""`` where it was not."""
    prefix = f"{_ASIDE}{finding.key}. "
    for entry in finding.entries[:1]:
        for record in comments_on(plan, finding.section, entry).values():
            if words(record, "words").startswith(prefix):
                return words(record, "words").removeprefix(prefix)
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSetAside:
    """A clinician has weighed the finding and says why it does not apply; the reason stays with the entry."""

    section: Section
    entry: str
    key: Annotated[str, Asked("Finding", hidden=True)]
    reason: Reason
    name: ClassVar[str] = "finding.set_aside"
    authorises: ClassVar[bool] = True

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the reason as a resolved comment on the entry; refused without a reason."""
        refusal = missing(self.reason, "reason", "Say why it does not apply.", self.entry) or barred(
            plan, actor, self.section, Action.COMMENT, now=now, entry_id=self.entry
        )
        entry = refusal or standing(plan, self.section, self.entry)
        if isinstance(entry, Refusal):
            return entry
        key = new_id()
        said = f"{_ASIDE}{self.key}. {self.reason.strip()}"
        return [
            commented(self.section, self.entry, key, said, actor.person_id, now),
            Amend(self.section, Root.COMMENTS, key, "resolved_by", actor.person_id),
        ]
