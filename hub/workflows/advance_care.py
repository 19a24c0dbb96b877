"""What the person wants if things change: the code status stands once someone who may signs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Assign, Change
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked
from hub.workflows.contents import words
from hub.workflows.grants import commanded
from hub.workflows.team import NewId

ADVANCE_CARE: Final = Section.ADVANCE_CARE

CODE_STATUSES: Final = (
    "full code", "do not resuscitate", "do not intubate", "comfort measures only", "limited treatment",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceCareSign:
    """A signer states the code status that follows from this wish."""

    entry: str
    code_status: Annotated[str, Asked("Code status", choices=CODE_STATUSES)]
    reason: Annotated[str, Asked("Why", help="Kept with the change.")] = ""
    name: ClassVar[str] = "advance_care.sign"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the code status and who verified it; refused where it stands already."""
        entry = commanded(plan, actor, ADVANCE_CARE, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        field = SECTIONS[ADVANCE_CARE].field("code_status")
        assert field is not None, "a wish has a code status"
        fault = field.fault(self.code_status) or ("" if self.code_status else "Choose the code status.")
        if fault:
            return Refusal("form", fault, self.entry, "code_status")
        signed = words(entry.values, "verified_by")
        if signed and words(entry.values, "code_status") == self.code_status:
            return Refusal("state", f"This is signed already: {self.code_status}.", self.entry, "code_status")
        return [
            Assign(ADVANCE_CARE, self.entry, "code_status", self.code_status),
            Assign(ADVANCE_CARE, self.entry, "verified_by", actor.person_id),
        ]
