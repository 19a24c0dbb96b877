"""Reconciling at once: the decisions on several medicines as one act, taken whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Change
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.safety.weighing import open_dangers
from hub.workflows.grants import barred
from hub.workflows.imagined import imagined
from hub.workflows.medications import MEDICATIONS, MedicationDecide, unreconciled
from hub.workflows.team import NewId

LINES_MAX: Final = 200
"""Medicines decided in one act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationsReconcile:
    """What somebody decided on each of several medicines, on one page; ``despite`` answers dangers that stay."""

    lines: Sequence[MedicationDecide]
    despite: str = ""
    name: ClassVar[str] = "medication.decide"
    """Each of its changes is asked for, and stands in the journal, as the decision on that medicine."""

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return all decisions; the first that can't be taken refuses all, and so does a danger nobody has answered."""
        if not self.lines:
            return Refusal("form", "Decide on at least one medicine.")
        if len(self.lines) > LINES_MAX:
            return Refusal("form", f"Decide on at most {LINES_MAX} medicines at once.")
        changed: list[Change] = []
        for line in self.lines:
            decided = line.changes(plan, actor, now, new_id)
            if isinstance(decided, Refusal):
                return replace(decided, entry=decided.entry or line.entry)
            changed += decided
        return self._dangers(plan, changed, now) or changed

    def _dangers(self, plan: PlanContent, changed: Sequence[Change], now: datetime) -> Refusal | None:
        """Refuse while a danger is open on medicines that this leaves alone; on those it decides the room asks why."""
        mine = {line.entry for line in self.lines}
        for each in open_dangers(imagined(plan, changed, by=0), now):
            if not mine & set(each.medicine_entries):
                told = "Decide on it here too, or set the finding aside with a reason in the plan."
                return Refusal("danger", f"{each.text} {told}", next(iter(each.medicine_entries), ""))
        return None


def to_decide(plan: PlanContent, actor: Participant, now: datetime) -> list[EntryContent]:
    """Return the medicines on which nothing is decided and this person may decide, in the order of the list."""
    return [
        entry
        for entry in unreconciled(plan)
        if barred(plan, actor, MEDICATIONS, Operation.COMMAND, now=now, entry_id=entry.id, command="medication.decide")
        is None
    ]
