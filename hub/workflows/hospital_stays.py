"""A stay in the plan as a hospital tells it: the hub's own command, which changes what the hospital's word changed.

What people wrote meanwhile stays: of a stay, only those fields are set of which the hospital says something else than
it did before. A discharge that is taken back takes back its clocks, and the medicines that it made wait and that nobody
has decided on since stand as they stood.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Rewrite
from crdt.fields import Kind, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.clock_alarms import tellings_of
from hub.workflows.contents import instant, retired, words
from hub.workflows.home_reports import joined_reports
from hub.workflows.medications import MEDICATIONS, current
from hub.workflows.team import NewId, next_place
from hub.workflows.transition_clocks import VISIT_DAYS, dues

TRANSITIONS: Final = Section.TRANSITIONS
TELL_STAY: Final = "stay.tell"
"""The kind of the job that tells people of a stay, and the event of the row that they are shown."""
OVER: Final = frozenset({"discharged", "died"})
TAKEN_BACK: Final = "The hospital took it back."
OF_ANOTHER: Final = "The hospital's messages were of somebody else."
_CLOCKS: Final = ("contact_due", "visit_due", "medicines_reconciled")
_DAYS: Final = int(VISIT_DAYS[-1])
"""Until a person says that it is to be seen within a week."""

Told = Mapping[str, str]
"""A stay's fields as the hospital tells them; what it does not tell is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StayFollow:
    """The stay ``entry`` is as the hospital now tells it; ``stay`` is empty where it tells of none any more.

    ``was`` is what it told before. ``marked`` says how the medicines stood that its discharge made wait.
    """

    entry: str
    was: Told
    stay: Told
    marked: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    """The message that brought it, as the job names it."""
    moved: bool = False
    """The patient was moved within the hospital, of which the plan says nothing."""
    another: bool = False
    """What was told was of somebody else: a stay that a person recorded stands, and is told no more."""
    name: ClassVar[str] = "stay.follow"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return what differs; nothing where all of it stands there already."""
        standing = plan.entry(TRANSITIONS, self.entry)
        reports = joined_reports(plan, self.entry, self.stay) if self.stay else []
        if standing is None:
            return [*self._made(plan), *self._medicines(plan), *reports] if self.stay else []
        if not self.stay:
            why = OF_ANOTHER if self.another else TAKEN_BACK
            out = [self._set("status", "retired"), self._set("retired_reason", why)]
            stands = retired(standing) or (self.another and words(standing.values, "source") == "person")
            gone = [] if stands else out
            return [*gone, *self._medicines(plan)]
        told = {name: value for name, value in self.stay.items() if value != self.was.get(name, "")}
        told |= self._clocks(plan, standing.values)
        if retired(standing) and words(standing.values, "retired_reason") in (TAKEN_BACK, OF_ANOTHER):
            told |= {"status": "active", "retired_reason": ""}
        changed = [self._set(name, value) for name, value in told.items() if words(standing.values, name) != value]
        return [*changed, *self._medicines(plan), *reports]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the tellings of its clocks, and of the stay: once for what a person would call an event."""
        clocks, what = tellings_of(plan, changes, now), self._what()
        if not what:
            return clocks
        facility = self.stay.get("facility") or self.was.get("facility", "")
        payload = {"plan": plan.plan_id, "entry": self.entry, "what": what, "facility": facility,
                   "setting": self.stay.get("setting", ""), "message": self.message}  # fmt: skip
        return [Job(kind=TELL_STAY, payload=payload), *clocks]

    def _what(self) -> str:
        """Return what happened, in one word."""
        before, after = self.was.get("event", ""), self.stay.get("event", "")
        if not after:
            return ("of-another" if self.another else "taken-back") if before else ""
        if before in OVER and after not in OVER:
            return "back"
        if before != after:
            return {"visited": "emergency", "admitted": "admitted", "discharged": "left", "died": "died"}[after]
        if any(self.was.get(name, "") != self.stay.get(name, "") for name in ("facility", "setting", "destination")):
            return "changed"
        return "moved" if self.moved else ""

    def _made(self, plan: PlanContent) -> list[Change]:
        values: dict[str, Value] = {name: value for name, value in self.stay.items() if value}
        values |= {name: value for name, value in self._clocks(plan, {}).items() if value}
        values |= {"status": "active", "source": "import", "position": next_place(plan, TRANSITIONS)}
        return [Create(TRANSITIONS, self.entry, values)]

    def _clocks(self, plan: PlanContent, standing: Mapping[str, Value]) -> dict[str, str]:
        """Return the clocks where leaving, or where to, is told anew; none any more where it was taken back."""
        decides = ("event", "setting", "destination", "end")
        if all(self.was.get(name, "") == self.stay.get(name, "") for name in decides):
            return {}
        none = dict.fromkeys(_CLOCKS, "")
        left = instant(self.stay, "end")
        if self.stay.get("event") != "discharged" or left is None:
            return none if self.was.get("event") in OVER else {}
        setting = self.stay.get("setting", "")
        due = dues(setting, self.stay.get("destination", ""), plan.day_of(left), _DAYS)
        told = none | {name: day.isoformat() for name, day in due.items()}
        if "visit_due" in due:
            told["medicines_reconciled"] = words(standing, "medicines_reconciled") or "no"
        return told

    def _medicines(self, plan: PlanContent) -> list[Change]:
        """Return that medicines in use wait, where the patient has just left; that they don't, where they have not."""
        before, after = self.was.get("event", ""), self.stay.get("event", "")
        if after == "discharged" and before != "discharged":
            return [
                Assign(MEDICATIONS, each.id, "reconciliation", "unreconciled")
                for each in current(plan)
                if words(each.values, "reconciliation") != "unreconciled"
            ]
        if before == "discharged" and after != "discharged":
            return [
                Assign(MEDICATIONS, each.id, "reconciliation", self.marked[each.id])
                for each in current(plan)
                if each.id in self.marked and words(each.values, "reconciliation") == "unreconciled"
            ]
        return []

    def _set(self, name: str, value: str) -> Change:
        declared = SECTIONS[TRANSITIONS].field(name)
        if declared is not None and declared.kind is Kind.TEXT:
            return Rewrite(TRANSITIONS, self.entry, name, value)
        return Assign(TRANSITIONS, self.entry, name, value)


def standing_of_medicines(plan: PlanContent) -> dict[str, str]:
    """Return how each medicine in use stands that a discharge makes wait."""
    return {
        each.id: words(each.values, "reconciliation")
        for each in current(plan)
        if words(each.values, "reconciliation") != "unreconciled"
    }
