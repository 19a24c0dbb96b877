"""Setting a finding aside: who weighed it and why. It is open again as soon as anything that it rests on changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Append, Change
from crdt.contents import Record
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked, Reason
from hub.workflows.contents import records, stamp, words
from hub.workflows.grants import commanded, missing
from hub.workflows.team import NewId

MEDICATIONS: Final = Section.MEDICATIONS

ASIDE: Final = "set_aside"
"""The log of a medicine or an allergy that holds what was set aside: rule, fingerprint, reason, who and when."""


def asides(plan: PlanContent) -> Mapping[str, Record]:
    """Return what was set aside in a plan by the finding's fingerprint, the latest where there are several."""
    found: dict[str, Record] = {}
    for entry in plan.entries(MEDICATIONS).values():
        for record in records(entry.values, ASIDE).values():
            found[words(record, "fingerprint")] = record
    return found


def set_aside(
    entry: str, rule: str, fingerprint: str, reason: str, actor: Participant, now: datetime, new_id: NewId
) -> Append:
    """Return the record that says who set a finding aside and why."""
    record = {
        "rule": rule,
        "fingerprint": fingerprint,
        "reason": reason.strip(),
        "by": actor.person_id,
        "when": stamp(now),
    }
    return Append(MEDICATIONS, entry, ASIDE, new_id(), record)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSetAside:
    """A clinician has weighed the finding and says why it does not apply; the reason stays with the entry."""

    entry: str
    rule: Annotated[str, Asked("Rule", hidden=True)]
    fingerprint: Annotated[str, Asked("Finding", hidden=True)]
    reason: Reason
    name: ClassVar[str] = "finding.set_aside"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the record; refused without a reason, and for whoever may not decide on the medicine."""
        refusal = missing(self.reason, "reason", "Say why it does not apply.", self.entry)
        entry = refusal or commanded(plan, actor, MEDICATIONS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if self.fingerprint in asides(plan):
            return Refusal("state", "This was set aside already.", self.entry)
        return [set_aside(self.entry, self.rule, self.fingerprint, self.reason, actor, now, new_id)]
