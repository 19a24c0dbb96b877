"""Stays in hospital and the way home, recorded by hand; the clocks that then run are in ``transition_clocks``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from auth.decisions import EntryFacts, Operation, decide
from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Include, Rewrite
from crdt.fields import Form, Kind, Value
from crdt.sections import CALLS, SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.arguments import Asked
from hub.workflows.clock_alarms import tellings_of
from hub.workflows.contents import instant, stamp, words
from hub.workflows.grants import commanded
from hub.workflows.medications import MEDICATIONS, current, unreconciled
from hub.workflows.ongoing_stays import going_on
from hub.workflows.team import NewId, next_place
from hub.workflows.transition_clocks import VISIT_DAYS, dues

TRANSITIONS: Final = Section.TRANSITIONS

EVENTS: Final = ("admitted", "discharged", "transferred", "visited", "died")
SEVERITIES: Final = ("stable", "watcher", "unstable")
SETTINGS: Final = (
    "emergency department", "observation", "inpatient", "psychiatric hospital", "rehabilitation hospital",
    "long-term hospital", "skilled nursing", "home", "hospice",
)  # fmt: skip
DESTINATIONS: Final = (
    "home", "home with home health", "assisted living", "skilled nursing", "another hospital", "hospice",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRecord:
    """An admission, discharge, transfer or visit, typed in. With ``entry`` a recorded admission ends."""

    entry: str = ""
    event: Annotated[str, Asked("Event", Form.CHOICE, choices=EVENTS)]
    facility: Annotated[str, Asked("Place")] = ""
    setting: Annotated[str, Asked("Setting", Form.CHOICE, choices=SETTINGS)] = ""
    destination: Annotated[str, Asked("Where to", Form.CHOICE, choices=DESTINATIONS)] = ""
    start: Annotated[datetime | None, Asked("From", Form.INSTANT)] = None
    end: Annotated[datetime | None, Asked("To", Form.INSTANT)] = None
    reason: Annotated[str, Asked("Reason", wide=True)] = ""
    visit_days: Annotated[str, Asked("Visit within (days)", Form.CHOICE, choices=VISIT_DAYS)] = "14"
    severity: Annotated[str, Asked("Illness severity", Form.CHOICE, choices=SEVERITIES)] = ""
    pending: Annotated[
        tuple[str, ...],
        Asked("Results still to come", help="Several, with commas between: lipid panel, blood culture."),
    ] = ()
    summary: Annotated[str, Asked("Summary", wide=True)] = ""
    actions: Annotated[str, Asked("Actions", wide=True)] = ""
    contingency: Annotated[str, Asked("If things change", wide=True)] = ""
    contingency_call: Annotated[str, Asked("Then", Form.CHOICE, choices=CALLS)] = ""
    plain_words: Annotated[str, Asked("In plain words", wide=True)] = ""
    name: ClassVar[str] = "transition.record"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the stay with its clocks; a discharge makes every medicine in use wait for a decision."""
        fault = self._fault(now)
        if fault is not None:
            return fault
        stay = self._ended(plan, actor, now) if self.entry else self._new(plan, actor, now, new_id)
        if isinstance(stay, Refusal) or self.event not in ("discharged", "transferred"):
            return stay
        waiting = [
            Assign(MEDICATIONS, medicine.id, "reconciliation", "unreconciled")
            for medicine in current(plan)
            if words(medicine.values, "reconciliation") != "unreconciled"
        ]
        return [*stay, *waiting]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the tellings of the clocks before they are late."""
        return tellings_of(plan, changes, now)

    def _fault(self, now: datetime) -> Refusal | None:
        for name, chosen, choices in (
            ("event", self.event, EVENTS),
            ("setting", self.setting, ("", *SETTINGS)),
            ("destination", self.destination, ("", *DESTINATIONS)),
            ("visit_days", self.visit_days, VISIT_DAYS),
            ("severity", self.severity, ("", *SEVERITIES)),
            ("contingency_call", self.contingency_call, ("", *CALLS)),
        ):
            if chosen not in choices:
                return Refusal("form", f"Choose one of: {', '.join(filter(None, choices))}.", self.entry, name)
        return self._fault_of_times(now)

    def _fault_of_times(self, now: datetime) -> Refusal | None:
        if not self.entry and not self.facility.strip():
            return Refusal("form", "Enter the place.", "", "facility")
        if not self.entry and self.start is None:
            return Refusal("form", "Enter when it began.", "", "start")
        if self.event == "discharged" and self.end is None:
            return Refusal("form", "Enter when they left.", self.entry, "end")
        if self.start is not None and self.end is not None and self.end < self.start:
            return Refusal("form", "They can't have left before they came.", self.entry, "end")
        for name, value in (("start", self.start), ("end", self.end)):
            if value is not None and value > now + timedelta(minutes=5):
                return Refusal("form", "This lies ahead. Record it when it happened.", self.entry, name)
        if self.event == "discharged" and not self.destination:
            return Refusal("form", "Say where they went: what is due now depends on it.", self.entry, "destination")
        return None

    def _values(self, plan: PlanContent, setting: str) -> dict[str, Value]:
        values: dict[str, Value] = {"event": self.event}
        if self.end is not None:
            values["end"] = stamp(self.end)
        if self.event == "discharged" and self.end is not None:
            set_by = dues(setting, self.destination, plan.day_of(self.end), int(self.visit_days))
            values |= {name: due.isoformat() for name, due in set_by.items()}
            values |= {"medicines_reconciled": "no"} if "visit_due" in set_by else {}
        typed = {
            "setting": self.setting, "destination": self.destination, "severity": self.severity, "reason": self.reason,
            "plain_words": self.plain_words, "handoff_summary": self.summary, "handoff_actions": self.actions,
            "handoff_contingency": self.contingency, "contingency_call": self.contingency_call,
        }  # fmt: skip
        return values | {name: value.strip() for name, value in typed.items() if value.strip()}

    def _results(self) -> list[str]:
        """Return the results that are still to come, each once; several may stand in one line."""
        told = (part for each in self.pending for part in re.split("[,\n]", each))
        return list(dict.fromkeys(" ".join(each.split()) for each in told if each.strip()))

    def _new(self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId) -> list[Change] | Refusal:
        assert self.start is not None, "asked for by _fault"
        if self.event == "discharged" and not self.setting:
            return self._unplaced()
        values = self._values(plan, self.setting) | {
            "facility": self.facility.strip(),
            "start": stamp(self.start),
            "pending_results": dict.fromkeys(self._results(), True),
            "status": "active",
            "source": "person",
            "position": next_place(plan, TRANSITIONS),
        }
        known = EntryFacts(creator=actor.person_id, values=values)
        decision = decide(actor, TRANSITIONS, Operation.CREATE, entry=known, now=now)
        if not decision.allowed:
            return Refusal(decision.code, decision.reason)
        return [Create(TRANSITIONS, new_id(), values)]

    def _ended(self, plan: PlanContent, actor: Participant, now: datetime) -> list[Change] | Refusal:
        entry = commanded(plan, actor, TRANSITIONS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        event = words(entry.values, "event")
        if not going_on(entry, now) or self.event not in ("discharged", "transferred"):
            told = f"This stay is recorded as {event} now; only one that goes on ends."
            return Refusal("state", told, self.entry, "event")
        setting, began = self.setting or words(entry.values, "setting"), instant(entry.values, "start")
        if self.event == "discharged" and not setting:
            return self._unplaced()
        if self.end is not None and began is not None and self.end < began:
            return Refusal("form", "They can't have left before they came.", self.entry, "end")
        waits = [Include(TRANSITIONS, self.entry, "pending_results", each, True) for each in self._results()]
        return [*(self._set(name, value) for name, value in self._values(plan, setting).items()), *waits]

    def _unplaced(self) -> Refusal:
        told = "Say what kind of place they left: what is due now depends on it."
        return Refusal("form", told, self.entry, "setting")

    def _set(self, name: str, value: Value) -> Change:
        field = SECTIONS[TRANSITIONS].field(name)
        assert field is not None, "a stay's values have declared fields"
        assert isinstance(value, str), "every value of a stay's end is words"
        if field.kind is Kind.TEXT:
            return Rewrite(TRANSITIONS, self.entry, name, value)
        return Assign(TRANSITIONS, self.entry, name, value)


def _discharge(
    plan: PlanContent, actor: Participant, now: datetime, entry_id: str, command: str, field: str
) -> EntryContent | Refusal:
    entry = commanded(plan, actor, TRANSITIONS, entry_id, command, now)
    if isinstance(entry, Refusal):
        return entry
    if words(entry.values, "event") != "discharged":
        return Refusal("state", "Its clocks start with a discharge.", entry_id, field)
    if words(entry.values, field) not in ("", "no"):
        return Refusal("state", "This was noted already.", entry_id, field)
    return entry


def _noted(
    plan: PlanContent, actor: Participant, now: datetime, entry_id: str, command: str, field: str, when: datetime | None
) -> list[Change] | Refusal:
    entry = _discharge(plan, actor, now, entry_id, command, field)
    if isinstance(entry, Refusal):
        return entry
    noted, left = when or now, instant(entry.values, "end")
    if noted > now + timedelta(minutes=5):
        return Refusal("form", "This lies ahead. Note it when it happened.", entry_id, "when")
    if left is not None and noted < left:
        return Refusal("form", "This lies before the discharge.", entry_id, "when")
    return [Assign(TRANSITIONS, entry_id, field, stamp(noted))]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionContacted:
    """Someone spoke with the person or the family after the discharge."""

    entry: str
    when: Annotated[datetime | None, Asked("When", Form.INSTANT)] = None
    name: ClassVar[str] = "transition.contacted"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the end of the clock for the contact."""
        return _noted(plan, actor, now, self.entry, self.name, "contact_done", self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionVisited:
    """The visit after the discharge took place."""

    entry: str
    when: Annotated[datetime | None, Asked("When", Form.INSTANT)] = None
    name: ClassVar[str] = "transition.visited"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the end of the clock for the visit."""
        return _noted(plan, actor, now, self.entry, self.name, "visit_done", self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionReconciled:
    """Every medicine in use was decided after the discharge."""

    entry: str
    name: ClassVar[str] = "transition.reconciled"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the statement; refused while a medicine waits, naming them."""
        entry = _discharge(plan, actor, now, self.entry, self.name, "medicines_reconciled")
        if isinstance(entry, Refusal):
            return entry
        waiting = [words(each.values, "name") for each in unreconciled(plan)]
        if waiting:
            told = f"Decide first: {', '.join(waiting)}."
            return Refusal("open", told, self.entry, "medicines_reconciled")
        return [Assign(TRANSITIONS, self.entry, "medicines_reconciled", "yes")]
