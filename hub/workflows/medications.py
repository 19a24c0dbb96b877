"""Reconciling medicines: the care manager prepares, the prescriber, a pharmacist or primary care decides each one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Assign, Change
from crdt.sections import SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.safety.notations import faults_of_medicine
from hub.workflows.arguments import Asked, Despite, Seen
from hub.workflows.comments import commented
from hub.workflows.contents import active, words
from hub.workflows.grants import barred, commanded
from hub.workflows.team import NewId

MEDICATIONS: Final = Section.MEDICATIONS

DECISIONS: Final = ("continue", "change", "stop")
UNDECIDED: Final = frozenset({"", "unreconciled", "prepared"})


def is_medicine(entry: EntryContent) -> bool:
    """Say whether the entry is a medicine and not an allergy."""
    return words(entry.values, "kind") != "allergy"


def current(plan: PlanContent) -> list[EntryContent]:
    """Return the medicines in use: neither stopped, nor only planned, nor retired."""
    return [
        entry
        for entry in active(plan, MEDICATIONS)
        if is_medicine(entry) and words(entry.values, "taking") in ("", "active", "on hold")
    ]


def unreconciled(plan: PlanContent) -> list[EntryContent]:
    """Return the medicines in use on which nothing was decided since they came in or the person last came home."""
    return [entry for entry in current(plan) if words(entry.values, "reconciliation") in UNDECIDED]


def _medicine(
    plan: PlanContent, actor: Participant, now: datetime, entry_id: str, command: str
) -> EntryContent | Refusal:
    entry = commanded(plan, actor, MEDICATIONS, entry_id, command, now)
    if isinstance(entry, Refusal):
        return entry
    if not is_medicine(entry):
        return Refusal("state", "Only a medicine is reconciled, not an allergy.", entry_id)
    decided = words(entry.values, "reconciliation")
    if decided not in UNDECIDED:
        return Refusal("state", f"It was decided already: {decided}.", entry_id, "reconciliation")
    return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationPrepare:
    """Someone compared the lists and proposes what to do; the one who decides sees it as a comment."""

    entry: str
    proposal: Annotated[str, Asked("Proposal", choices=DECISIONS)]
    words: Annotated[str, Asked("What was found", wide=True)]
    name: ClassVar[str] = "medication.prepare"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``prepared`` and the proposal as a comment."""
        entry = _medicine(plan, actor, now, self.entry, self.name)
        if isinstance(entry, Refusal):
            return entry
        if self.proposal not in DECISIONS:
            return Refusal("form", "Propose to continue, change or stop it.", self.entry, "proposal")
        if not self.words.strip():
            return Refusal("form", "Say what was found.", self.entry, "words")
        said = f"Proposal: {self.proposal}. {self.words.strip()}"
        return [
            Assign(MEDICATIONS, self.entry, "reconciliation", "prepared"),
            commented(MEDICATIONS, self.entry, new_id(), said, actor.person_id, now),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationDecide:
    """Continue, change or stop one medicine. A change needs the new dose or frequency; change and stop need a why."""

    entry: str
    decision: Annotated[str, Asked("Decision", choices=DECISIONS)]
    reason: Annotated[str, Asked("Why", help="Required when you change or stop it.")] = ""
    dose: Annotated[str, Asked("New dose")] = ""
    frequency: Annotated[str, Asked("New frequency")] = ""
    seen: Seen = None
    despite: Despite = ""
    name: ClassVar[str] = "medication.decide"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the decision with its reason as a comment; refused where the dose changed since ``seen``."""
        entry = _medicine(plan, actor, now, self.entry, self.name)
        if isinstance(entry, Refusal):
            return entry
        dose = words(entry.values, "dose")
        if self.seen is not None and self.seen.strip() != dose:
            return Refusal("stale", f"The dose was changed meanwhile to {dose}. Look again.", self.entry, "dose")
        return self._fault() or self._decided(plan, actor, now, new_id)

    def _fault(self) -> Refusal | None:
        if self.decision not in DECISIONS:
            return Refusal("form", "Continue, change or stop it.", self.entry, "decision")
        if self.decision != "continue" and not self.reason.strip():
            return Refusal("form", f"Say why you {self.decision} it.", self.entry, "reason")
        changing = bool(self.dose.strip() or self.frequency.strip())
        if changing is not (self.decision == "change"):
            told = "Enter the new dose or frequency." if not changing else "Choose change to enter a new dose."
            return Refusal("form", told, self.entry, "dose")
        for name, value in (("dose", self.dose), ("frequency", self.frequency)):
            field = SECTIONS[MEDICATIONS].field(name)
            assert field is not None, "a medicine has a dose and a frequency"
            fault = field.fault(value.strip()) or faults_of_medicine(self.dose, self.frequency).get(name, "")
            if fault:
                return Refusal("form", fault, self.entry, name)
        return None

    def _decided(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        changed: list[Change] = [Assign(MEDICATIONS, self.entry, "reconciliation", self.decision)]
        if self.decision == "stop":
            changed.append(Assign(MEDICATIONS, self.entry, "taking", "stopped"))
        for name, value in (("dose", self.dose.strip()), ("frequency", self.frequency.strip())):
            if not value:
                continue
            refusal = barred(plan, actor, MEDICATIONS, Operation.WRITE, now=now, entry_id=self.entry, field=name)
            if refusal is not None:
                return refusal
            changed.append(Assign(MEDICATIONS, self.entry, name, value))
        if self.reason.strip():
            said = f"Decided to {self.decision}. {self.reason.strip()}"
            changed.append(commented(MEDICATIONS, self.entry, new_id(), said, actor.person_id, now))
        return changed
