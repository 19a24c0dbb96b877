"""Entries of any section: made from a form, retired with a reason, restored, moved up and down. Never deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.decisions import EntryFacts, Operation, decide
from auth.roles import PATIENT_SIDE, Participant
from crdt.changes import Assign, Change, Create
from crdt.fields import SET_MEMBERS_MAX, TEXT_CHARACTERS_MAX, Field, Form, Kind, Value
from crdt.sections import ALLERGY_STATEMENTS, SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.safety.allergens import AllergyKind, read_allergy
from hub.safety.charts import ChartAllergy
from hub.safety.notations import faults_of_medicine
from hub.workflows import referral_states, tasks
from hub.workflows.arguments import Asked, Despite, Reason
from hub.workflows.contents import active, members, place, retired, stamp, words
from hub.workflows.grants import barred, commanded, missing
from hub.workflows.team import NewId, joined, next_place
from hub.workflows.zones import zone_faults

MADE_BY_COMMAND: Final[Mapping[Section, str]] = {
    Section.HUDDLES: "A huddle's decision is recorded in the huddle.",
    Section.TRANSITIONS: "A stay is recorded with its dates, so that its clocks run.",
}
"""Sections whose entries need more than a form's fields; the sentence says where they come from."""


def asked_fields(section: Section, values: Mapping[str, Value]) -> tuple[Field, ...]:
    """Return the free fields that apply to an entry with these values (its ``kind`` chooses among them)."""
    kind = words(values, "kind")
    return tuple(
        field
        for field in SECTIONS[section].all_fields
        if not field.command and (not field.only_for or not kind or field.only_for == kind)
    )


def faults_of(section: Section, values: Mapping[str, Value]) -> dict[str, str]:
    """Return what is wrong with a new entry's values, by field, in words for their author."""
    applying = {field.name: field for field in asked_fields(section, values)}
    faults = {name: "This is not a field to fill in." for name in values if name not in applying}
    for name, field in applying.items():
        fault = _fault(field, values.get(name))
        if fault and not (name == "name" and words(values, "statement") in ALLERGY_STATEMENTS):
            faults[name] = fault
    if section is Section.MEDICATIONS and words(values, "kind") != "allergy":
        faults = {**faults_of_medicine(words(values, "dose"), words(values, "frequency")), **faults}
    if section is Section.MONITORING:
        faults = {**zone_faults(values), **faults}
    return faults


def _fault(field: Field, value: Value) -> str:
    match field.kind:
        case Kind.LOG:
            return f"{field.label} is filled by commands."
        case Kind.SET:
            return _fault_of_set(field, value)
        case Kind.TEXT if value is not None and not isinstance(value, str):
            return f"{field.label} takes words."
        case Kind.TEXT if isinstance(value, str) and len(value) > TEXT_CHARACTERS_MAX:
            return f"This is over {TEXT_CHARACTERS_MAX:,} characters. Split it."
        case _:
            empty = value is None or (isinstance(value, str) and not value.strip())
            if field.required and empty:
                return f"{'Choose' if field.choices or field.form is Form.PERSON else 'Enter'} {_named(field)}."
            return "" if field.kind is Kind.TEXT else field.fault(value)


def _named(field: Field) -> str:
    return field.label if field.label.isupper() else field.label[0].lower() + field.label[1:]


def _fault_of_set(field: Field, value: Value) -> str:
    if value is None:
        return ""
    if not isinstance(value, Mapping):
        return f"{field.label} takes a list."
    if len(value) > SET_MEMBERS_MAX:
        return f"{field.label} takes at most {SET_MEMBERS_MAX}."
    return next((fault for fault in map(field.fault, value) if fault), "")


def unknown_references(plan: PlanContent, section: Section, values: Mapping[str, Value]) -> dict[str, str]:
    """Return a message for each field that names an entry which is not in the plan."""
    faults: dict[str, str] = {}
    for field in SECTIONS[section].fields:
        if field.form is not Form.ENTRY or field.name not in values:
            continue
        named = members(values, field.name) if field.kind is Kind.SET else (words(values, field.name),)
        sections = (Section(field.refers_to),) if field.refers_to else tuple(Section)
        if any(name and not any(plan.entry(each, name) for each in sections) for name in named):
            faults[field.name] = f"Choose one from the list for {_named(field)}."
    return faults


def _statement(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return what a line of the allergies states as a choice, also where it was typed as a name; the words stay."""
    statement, name = words(values, "statement"), words(values, "name")
    if statement:
        return {} if name else {"name": statement}
    meant = {AllergyKind.NONE_KNOWN: ALLERGY_STATEMENTS[0], AllergyKind.NOT_KNOWN: ALLERGY_STATEMENTS[1]}
    kind = read_allergy(ChartAllergy("", name)).kind
    return {"statement": meant[kind]} if kind in meant else {}


def first_values(section: Section, values: Mapping[str, Value], actor: Participant, now: datetime) -> dict[str, Value]:
    """Return the command fields with which an entry of this section begins."""
    match section:
        case Section.TASKS:
            return tasks.begun(actor, words(values, "owner"))
        case Section.REFERRALS:
            return {"state": "draft", "asker": actor.person_id, "state_since": stamp(now)}
        case Section.MEDICATIONS if words(values, "kind") == "allergy":
            return _statement(values)
        case Section.MEDICATIONS if words(values, "kind") == "medicine":
            return {"reconciliation": "unreconciled", "taking": words(values, "taking") or "active"}
        case Section.GOALS:
            return {"lifecycle": "proposed"}
        case Section.CARE_TEAM:
            return {"accepted": "yes" if words(values, "person") == actor.person_id else "asked", "steward": "no"}
        case Section.CAREGIVER_LOG:
            return {"asked_from": "home" if actor.role in PATIENT_SIDE else "team"}
        case Section.BEHAVIORAL_HEALTH:
            return {"part2": "no"}
        case _:
            return {}


def made(
    plan: PlanContent,
    actor: Participant,
    now: datetime,
    section: Section,
    values: Mapping[str, Value],
    new_id: NewId,
    *,
    beside: int = 0,
) -> Create | Refusal:
    """Return the new entry, or the first fault, with ``decide`` asked. ``beside`` entries of the section precede it.

    For every command that makes entries: the form's faults, references and grant are the same wherever one is made.
    """
    faults = faults_of(section, values) or unknown_references(plan, section, values)
    for name, message in faults.items():
        return Refusal("form", message, "", name)
    whole: dict[str, Value] = {
        **{name: value.strip() if isinstance(value, str) else value for name, value in values.items()},
        **first_values(section, values, actor, now),
        "status": "active",
        "source": "person",
        "position": next_place(plan, section) + beside,
    }
    known = EntryFacts(creator=actor.person_id, values=whole)
    decision = decide(actor, section, Operation.CREATE, entry=known, now=now)
    if not decision.allowed:
        return Refusal(decision.code, decision.reason)
    return Create(section, new_id(), whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCreate:
    """A new entry from the fields of a form."""

    section: Section
    values: Mapping[str, Value]
    despite: Despite = ""
    name: ClassVar[str] = "entry.create"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the entry; a task for oneself is accepted at once, and makes one a member of the team."""
        if self.section in MADE_BY_COMMAND:
            return Refusal("command", MADE_BY_COMMAND[self.section])
        declaration = SECTIONS[self.section]
        if declaration.single and active(plan, self.section):
            return Refusal("state", f"The plan has its {declaration.noun} already. Edit that one.")
        created = made(plan, actor, now, self.section, self.values, new_id)
        if isinstance(created, Refusal):
            return created
        if self.section is Section.TASKS and created.values["state"] == "accepted":
            return [created, *joined(plan, actor, new_id, words(created.values, "title"))]
        return [created]


def unfinished(section: Section, state: str) -> str:
    """Return why an entry in this state may not leave the plan yet, ``""`` where it may."""
    if section is Section.TASKS and state in tasks.OPEN:
        return f"This task is {state} now. Complete or cancel it first."
    if section is Section.REFERRALS and state in referral_states.OPEN:
        return f"This referral is {state} now. Close or cancel it first."
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRetire:
    """An entry leaves the plan with a reason; it stays in the history."""

    section: Section
    entry: str
    reason: Reason
    name: ClassVar[str] = "entry.retire"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the retirement; refused without a reason, and for what is not finished."""
        empty = missing(self.reason, "reason", "Say why it leaves the plan.", self.entry)
        entry = empty or commanded(plan, actor, self.section, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        under_way = unfinished(self.section, words(entry.values, "state"))
        if under_way:
            return Refusal("state", under_way, self.entry)
        return [
            Assign(self.section, self.entry, "status", "retired"),
            Assign(self.section, self.entry, "retired_reason", self.reason.strip()),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRestore:
    """A retired entry stands in the plan again, at the end of its list."""

    section: Section
    entry: str
    despite: Despite = ""
    name: ClassVar[str] = "entry.restore"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the restoration; refused for what was never retired."""
        refusal = barred(plan, actor, self.section, Operation.COMMAND, now=now, entry_id=self.entry, command=self.name)
        if refusal is not None:
            return refusal
        entry = plan.entry(self.section, self.entry)
        if entry is None:
            return Refusal("gone", f"This {SECTIONS[self.section].noun} is not in the plan.", self.entry)
        noun = SECTIONS[self.section].noun_of(entry.values)
        if not retired(entry):
            return Refusal("state", f"This {noun} stands in the plan already.", self.entry)
        if SECTIONS[self.section].single and active(plan, self.section):
            return Refusal("state", f"The plan has another {noun} now. Retire that one first.", self.entry)
        return [
            Assign(self.section, self.entry, "status", "active"),
            Assign(self.section, self.entry, "retired_reason", ""),
            Assign(self.section, self.entry, "position", next_place(plan, self.section)),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMove:
    """An entry changes places with its neighbour above or below."""

    section: Section
    entry: str
    direction: Annotated[str, Asked("Where to", choices=("up", "down"))]
    name: ClassVar[str] = "entry.move"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the new places; refused at the end of the list. A list with ties is numbered anew."""
        if self.direction not in ("up", "down"):
            return Refusal("form", "Choose up or down.", self.entry, "direction")
        entry = commanded(plan, actor, self.section, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        order = [each.id for each in active(plan, self.section)]
        here = order.index(self.entry)
        there = here + (-1 if self.direction == "up" else 1)
        if not 0 <= there < len(order):
            return Refusal("state", f"It stands {'first' if there < 0 else 'last'} already.", self.entry)
        order[here], order[there] = order[there], order[here]
        standing = plan.entries(self.section)
        placed = enumerate(order, start=1)
        return [
            Assign(self.section, each, "position", float(number))
            for number, each in placed
            if place(standing[each]) != float(number)
        ]
