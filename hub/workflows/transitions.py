"""Stays in hospital and the way home: recorded by hand, with the clocks that run after a discharge.

The clocks are those of transitional care management (CMS, MLN908628): interactive contact within two business days,
a visit within 7 days (high complexity) or 14, and 30 days in which all of it counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, ClassVar, Final

from auth.decisions import Action, EntryFacts, decide
from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Rewrite
from crdt.fields import Form, Kind, Value
from crdt.sections import CALLS, SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.workflows.arguments import Asked
from hub.workflows.business_days import business_days_after
from hub.workflows.contents import Values, day, instant, stamp, words
from hub.workflows.grants import commanded
from hub.workflows.medications import MEDICATIONS, current, unreconciled
from hub.workflows.team import NewId, next_place

TRANSITIONS: Final = Section.TRANSITIONS

CONTACT_BUSINESS_DAYS: Final = 2
WINDOW_DAYS: Final = 30
VISIT_DAYS: Final = ("7", "14")
EVENTS: Final = ("admitted", "discharged", "transferred", "visited")
SEVERITIES: Final = ("stable", "watcher", "unstable")
SETTINGS: Final = ("emergency department", "inpatient", "skilled nursing", "home", "hospice")


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the clocks after a discharge: ``late`` days past its day, 0 where it was met or still runs."""

    name: str
    due: date
    done: bool
    late: int


def clocks(values: Values, today: date) -> tuple[Clock, ...]:
    """Return the clocks that were started by this discharge, in the order in which they end."""
    found: list[Clock] = []
    for name, due, done in (("contact", "contact_due", "contact_done"), ("visit", "visit_due", "visit_done")):
        ends = day(values, due)
        if ends is not None:
            met = instant(values, done) is not None
            found.append(Clock(name, ends, met, 0 if met else max((today - ends).days, 0)))
    ended = instant(values, "end")
    if found and ended is not None:
        ends = ended.date() + timedelta(days=WINDOW_DAYS)
        met = words(values, "medicines_reconciled") == "yes"
        found.append(Clock("medicines reconciled", ends, met, 0 if met else max((today - ends).days, 0)))
    return tuple(found)


def in_window(values: Values, today: date) -> bool:
    """Say whether the 30 days after this discharge still run."""
    ended = instant(values, "end")
    return (
        words(values, "event") == "discharged"
        and ended is not None
        and ended.date() <= today <= ended.date() + timedelta(days=WINDOW_DAYS)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRecord:
    """An admission, discharge, transfer or visit, typed in. With ``entry`` a recorded admission ends."""

    entry: str = ""
    event: Annotated[str, Asked("Event", Form.CHOICE, choices=EVENTS)]
    facility: Annotated[str, Asked("Place")] = ""
    setting: Annotated[str, Asked("Setting", Form.CHOICE, choices=SETTINGS)] = ""
    start: Annotated[datetime | None, Asked("From", Form.INSTANT)] = None
    end: Annotated[datetime | None, Asked("To", Form.INSTANT)] = None
    reason: Annotated[str, Asked("Reason", wide=True)] = ""
    visit_days: Annotated[str, Asked("Visit within (days)", Form.CHOICE, choices=VISIT_DAYS)] = "14"
    severity: Annotated[str, Asked("Illness severity", Form.CHOICE, choices=SEVERITIES)] = ""
    pending: Annotated[tuple[str, ...], Asked("Results still to come")] = ()
    summary: Annotated[str, Asked("Summary", wide=True)] = ""
    actions: Annotated[str, Asked("Actions", wide=True)] = ""
    contingency: Annotated[str, Asked("If things change", wide=True)] = ""
    contingency_call: Annotated[str, Asked("Then", Form.CHOICE, choices=CALLS)] = ""
    plain_words: Annotated[str, Asked("In plain words", wide=True)] = ""
    name: ClassVar[str] = "transition.record"
    authorises: ClassVar[bool] = True

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

    def _fault(self, now: datetime) -> Refusal | None:
        for name, chosen, choices in (
            ("event", self.event, EVENTS),
            ("setting", self.setting, ("", *SETTINGS)),
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
        return None

    def _values(self) -> dict[str, Value]:
        values: dict[str, Value] = {"event": self.event}
        if self.end is not None:
            values["end"] = stamp(self.end)
        if self.event == "discharged" and self.end is not None:
            home = self.end.astimezone(UTC).date()
            values["contact_due"] = business_days_after(home, CONTACT_BUSINESS_DAYS).isoformat()
            values["visit_due"] = (home + timedelta(days=int(self.visit_days))).isoformat()
            values["medicines_reconciled"] = "no"
        typed = {
            "setting": self.setting, "severity": self.severity, "reason": self.reason, "plain_words": self.plain_words,
            "handoff_summary": self.summary, "handoff_actions": self.actions, "handoff_contingency": self.contingency,
            "contingency_call": self.contingency_call,
        }  # fmt: skip
        return values | {name: value.strip() for name, value in typed.items() if value.strip()}

    def _new(self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId) -> list[Change] | Refusal:
        assert self.start is not None, "asked for by _fault"
        values = self._values() | {
            "facility": self.facility.strip(),
            "start": stamp(self.start),
            "pending_results": {each.strip(): True for each in self.pending if each.strip()},
            "status": "active",
            "source": "person",
            "position": next_place(plan, TRANSITIONS),
        }
        known = EntryFacts(creator=actor.person_id, values=values)
        decision = decide(actor, TRANSITIONS, Action.CREATE, entry=known, now=now)
        if not decision.allowed:
            return Refusal(decision.code, decision.reason)
        return [Create(TRANSITIONS, new_id(), values)]

    def _ended(self, plan: PlanContent, actor: Participant, now: datetime) -> list[Change] | Refusal:
        entry = commanded(plan, actor, TRANSITIONS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        event = words(entry.values, "event")
        if event != "admitted" or self.event not in ("discharged", "transferred"):
            told = f"This stay is recorded as {event} now; only an admission ends."
            return Refusal("state", told, self.entry, "event")
        began = instant(entry.values, "start")
        if self.end is not None and began is not None and self.end < began:
            return Refusal("form", "They can't have left before they came.", self.entry, "end")
        return [self._set(name, value) for name, value in self._values().items()]

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
    authorises: ClassVar[bool] = True

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
    authorises: ClassVar[bool] = True

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
    authorises: ClassVar[bool] = True

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
