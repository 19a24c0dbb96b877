"""Builders: a plan in memory, people in it, and a bench that performs commands on it by the rules alone."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from auth.roles import Participant, Role
from crdt.changes import Change, Create
from crdt.sections import Section
from hub.live.authority import refused
from hub.live.commands import Command, EntryContent, PlanContent, Refusal
from hub.live.performing import placed
from hub.workflows.imagined import imagined

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""A Friday."""

PLAN = "0190aaaa-0000-7000-8000-000000000001"

_ids = itertools.count(1)


def an_id() -> str:
    """Return an id that nothing else has; ids sort in the order in which they were made."""
    return f"0190cccc-0000-7000-8000-{next(_ids):012x}"


def a_person(role: Role, *, name: str = "", patient: str = "") -> Participant:
    """Return a member of the plan since last year."""
    person = an_id()
    since = NOW - timedelta(days=365)
    return Participant(person, PLAN, name or role.value, role, since=since, patient_id=patient or person)


@dataclass
class Bench:
    """A plan that moves on with each command; time stands still unless it is moved."""

    plan: PlanContent = field(default_factory=lambda: PlanContent(PLAN, {}))
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.patient = a_person(Role.PATIENT, name="Mary Whitfield")
        self.doctor = self._member(Role.PRIMARY_CARE)
        self.specialist = self._member(Role.SPECIALIST)
        self.nurse = self._member(Role.CARE_MANAGER)
        self.pharmacist = self._member(Role.PHARMACIST)
        self.social = self._member(Role.SOCIAL_WORKER)
        self.daughter = self._member(Role.FAMILY)
        self.everyone = (
            self.patient, self.doctor, self.specialist, self.nurse, self.pharmacist, self.social, self.daughter,
        )  # fmt: skip

    def _member(self, role: Role) -> Participant:
        return a_person(role, patient=self.patient.person_id)

    def judge(self, actor: Participant, command: Command) -> Sequence[Change] | Refusal:
        """Return what the command would do now: a rule never goes beyond what the room lets its command do."""
        changes = command.changes(self.plan, actor, self.now, an_id)
        if not isinstance(changes, Refusal):
            beyond = refused(self.plan, placed(self.plan, actor), command, changes, self.now)
            assert beyond is None, beyond
        return changes

    def perform(self, actor: Participant, command: Command) -> list[str]:
        """Do it, and return the ids of what it made, in order; a refusal fails the test."""
        changes = self.judge(actor, command)
        assert not isinstance(changes, Refusal), changes
        client = next((c for c, person in self.plan.people.items() if person == actor.person_id), 0)
        client = client or len(self.plan.people) + 1
        people = {**self.plan.people, client: actor.person_id}
        self.plan = imagined(PlanContent(PLAN, self.plan.sections, people, self.plan.seq + 1), changes, by=client)
        return [change.entry for change in changes if isinstance(change, Create)]

    def refused(self, actor: Participant, command: Command) -> Refusal:
        """Return the refusal; the test fails where there is none."""
        judged = self.judge(actor, command)
        assert isinstance(judged, Refusal), f"allowed: {judged}"
        return judged

    def put(self, section: Section, *, by: Any = None, **values: Any) -> str:
        """Put an entry into the plan as it is, past all rules."""
        entry, actor = an_id(), by or self.nurse
        client = next((c for c, person in self.plan.people.items() if person == actor.person_id), 0)
        client = client or len(self.plan.people) + 1
        people = {**self.plan.people, client: actor.person_id}
        whole = {"status": "active", "position": float(len(self.plan.entries(section)) + 1), **values}
        plan = PlanContent(PLAN, self.plan.sections, people, self.plan.seq + 1)
        self.plan = imagined(plan, [Create(section, entry, whole)], by=client)
        return entry

    def entry(self, section: Section, entry_id: str) -> EntryContent:
        """Return the entry, which is there."""
        found = self.plan.entry(section, entry_id)
        assert found is not None, "the entry is in the plan"
        return found

    def value(self, section: Section, entry_id: str, name: str) -> Any:
        """Return one value."""
        return self.entry(section, entry_id).values.get(name)

    def day(self, offset: int) -> str:
        """Return a date, days from now."""
        return (self.now + timedelta(days=offset)).date().isoformat()
