"""One decision a line, and one list that comes of them: continue, change to (which), stop, hold until, ask.

The rule pairs the lists anew on the plan as it stands: a line without a decision refuses the signature, by its name, so
that no medicine of either list is dropped without one. A question is a line that stays open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar, Final

from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Rewrite
from crdt.fields import Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.safety.findings import Finding
from hub.safety.notations import faults_of_medicine
from hub.safety.pairing import FORM, STRENGTH
from hub.safety.weighing import open_dangers
from hub.workflows.comments import commented
from hub.workflows.contents import plain_day, words
from hub.workflows.entries import made
from hub.workflows.imagined import imagined
from hub.workflows.medicine_lists import (
    THE_PLAN,
    LineGroup,
    ListedMedicine,
    ListLine,
    MedicineList,
    lines_of,
)
from hub.workflows.steps import Step, joined_by, tasks_of
from hub.workflows.team import NewId

MEDICATIONS: Final = Section.MEDICATIONS

CONTINUE, CHANGE, STOP, HOLD, ASK = "continue", "change", "stop", "hold", "ask"
CHOICES: Final = (CONTINUE, CHANGE, STOP, HOLD, ASK)
OPEN: Final = frozenset({ASK})
"""A question to somebody is no decision: the line stays open until it is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDecision:
    """What somebody decided on a line. ``which``: the place of the item whose words count, where it is a change."""

    decision: str
    which: int | None = None
    dose: str = ""
    frequency: str = ""
    reason: str = ""
    until: date | None = None
    asked: str = ""
    """Whom, where it is a question; ``reason`` is the question."""
    family: str = ""
    """What it means, in words for the family."""
    despite: str = ""
    """Why it is right all the same, where a danger stands against it."""
    person: str = ""
    when: datetime | None = None


def sources_of(lists: Sequence[MedicineList]) -> dict[str, str]:
    """Return each list's name in a sentence, the plan's among them."""
    named = {
        each.list_id: f"{each.source} of {plain_day(date.fromisoformat(each.written))}" if each.written else each.source
        for each in lists
    }
    return {THE_PLAN: "the plan", **named}


def said(medicine: ListedMedicine) -> str:
    """Return a medicine in one sentence."""
    told = " ".join(each for each in (medicine.name, medicine.dose, medicine.route, medicine.frequency) if each)
    return f"{told}, to be stopped" if medicine.stopped else told


def both_sources(line: ListLine, sources: Mapping[str, str]) -> str:
    """Return what each list says of the line, and which list says nothing of it."""
    by_list = {each.list_id: said(each.medicine) for each in line.items}
    told = [f"{name[:1].upper()}{name[1:]}: {by_list.get(list_id, 'not on it')}" for list_id, name in sources.items()]
    return "; ".join(told) + "."


def taken(line: ListLine, decision: LineDecision) -> ListedMedicine:
    """Return the medicine that the decision leaves, or stops."""
    medicine = line.items[decision.which or 0].medicine if decision.decision == CHANGE else line.items[0].medicine
    typed = {name: told for name in ("dose", "frequency") if (told := getattr(decision, name).strip())}
    return replace(medicine, **typed)


def why(line: ListLine, decision: LineDecision, sources: Mapping[str, str]) -> str:
    """Return the reason: the one that was typed, else where the words come from."""
    if decision.reason.strip():
        return decision.reason.strip()
    from_list = sources.get(line.items[decision.which or 0].list_id, "")
    match decision.decision:
        case "continue" if line.group is LineGroup.SAME:
            return "Both lists say the same."
        case "continue" if line.group is LineGroup.OTHER:
            return f"New, from {from_list}."
        case "change":
            return f"As {from_list} says."
        case "stop" if line.group is LineGroup.HOME:
            others = [name for list_id, name in sources.items() if list_id not in {each.list_id for each in line.items}]
            return f"Not on the list of {' or '.join(others)}." if others else "Not to be taken any more."
        case _:
            return ""


def fault(line: ListLine, decision: LineDecision, today: date) -> Refusal | None:
    """Return what is wrong with a decision, beside the field it is about."""
    if decision.decision not in CHOICES:
        return Refusal("form", "Continue, change, stop, hold or ask.", line.key, "decision")
    if decision.which is not None and not 0 <= decision.which < len(line.items):
        return Refusal("form", "Choose which of the lists counts.", line.key, "which")
    if decision.decision == CHANGE and decision.which is None and not (decision.dose or decision.frequency).strip():
        return Refusal("form", "Enter the new dose or how often, or choose which list counts.", line.key, "dose")
    if decision.decision == ASK:
        return None if decision.asked else Refusal("form", "Choose whom to ask.", line.key, "asked")
    if decision.decision == HOLD and (decision.until is None or decision.until <= today):
        return Refusal("form", "Enter until when, a day after today.", line.key, "until")
    medicine = taken(line, decision)
    if decision.decision in (CONTINUE, CHANGE) and medicine.stopped:
        return Refusal(
            "form", "The list says to stop it. Stop it, or change to the other list's.", line.key, "decision"
        )
    return _fault_of_words(line, decision, medicine)


def _fault_of_words(line: ListLine, decision: LineDecision, medicine: ListedMedicine) -> Refusal | None:
    if decision.decision == STOP:
        return None
    for name, told in (("dose", medicine.dose), ("frequency", medicine.frequency)):
        declared = SECTIONS[MEDICATIONS].field(name)
        assert declared is not None, "a medicine has a dose and how often it is taken"
        if not told and not line.entry:
            sentence = f"No list says the {'dose' if name == 'dose' else 'rate'}. Choose Change and enter it."
            return Refusal("form", sentence, line.key, name)
        if wrong := declared.fault(told):
            return Refusal("form", wrong, line.key, name)
    for name, wrong in faults_of_medicine(decision.dose.strip(), decision.frequency.strip()).items():
        return Refusal("form", wrong, line.key, name)
    return None


def open_lines(lines: Sequence[ListLine], decisions: Mapping[str, LineDecision]) -> list[ListLine]:
    """Return the lines that nobody has decided, or of which somebody was asked."""
    return [each for each in lines if each.key not in decisions or decisions[each.key].decision in OPEN]


def _changes_of(
    plan: PlanContent,
    actor: Participant,
    now: datetime,
    line: ListLine,
    decision: LineDecision,
    sources: Mapping[str, str],
    new_id: NewId,
    *,
    beside: int = 0,
) -> list[Change] | Refusal:
    """Return what one decision without a fault changes; the comment beside the medicine names both sources."""
    medicine, reason = taken(line, decision), why(line, decision, sources)
    if line.entry:
        entry = line.entry
        changed = _edited(plan, line, decision, medicine)
    else:
        created = _created(plan, actor, now, decision, medicine, new_id, beside)
        if isinstance(created, Refusal):
            return replace(created, entry=line.key)
        entry, changed = created.entry, [created]
    if decision.decision != CONTINUE or not line.entry or decision.reason.strip():
        told = f"Decided to {decision.decision}. {reason} {both_sources(line, sources)}"
        changed.append(commented(MEDICATIONS, entry, new_id(), told, actor.person_id, now))
    return changed


def _edited(plan: PlanContent, line: ListLine, decision: LineDecision, medicine: ListedMedicine) -> list[Change]:
    held = plan.entries(MEDICATIONS)[line.entry].values
    taking = {STOP: "stopped", HOLD: "on hold"}.get(decision.decision, "active")
    changed: list[Change] = [Assign(MEDICATIONS, line.entry, "reconciliation", decision.decision)]
    if words(held, "taking") != taking:
        changed.append(Assign(MEDICATIONS, line.entry, "taking", taking))
    until = decision.until.isoformat() if decision.decision == HOLD and decision.until is not None else ""
    if words(held, "hold_until") != until:
        changed.append(Assign(MEDICATIONS, line.entry, "hold_until", until))
    if decision.decision == CHANGE:
        named = ("name", "rxcui") if {STRENGTH, FORM} & set(line.differs) and decision.which else ()
        for name in (*named, "dose", "route", "frequency"):
            told = getattr(medicine, name)
            if told and told != words(held, name):
                changed.append(Assign(MEDICATIONS, line.entry, name, told))
    if decision.family.strip():
        changed.append(Rewrite(MEDICATIONS, line.entry, "plain_words", decision.family.strip()))
    return changed


def _created(
    plan: PlanContent,
    actor: Participant,
    now: datetime,
    decision: LineDecision,
    medicine: ListedMedicine,
    new_id: NewId,
    beside: int,
) -> Create | Refusal:
    stops = decision.decision == STOP
    values: dict[str, Value] = {
        "kind": "medicine",
        "name": medicine.name,
        "dose": medicine.dose or ("not said" if stops else ""),
        "frequency": medicine.frequency or ("not said" if stops else ""),
        "taking": {STOP: "stopped", HOLD: "on hold"}.get(decision.decision, "active"),
    }
    told = {"rxcui": medicine.rxcui, "instructions": medicine.instructions, "plain_words": decision.family.strip()}
    route = SECTIONS[MEDICATIONS].field("route")
    if route is not None and medicine.route in route.choices:
        told["route"] = medicine.route
    values |= {name: value for name, value in told.items() if value}
    created = made(plan, actor, now, MEDICATIONS, values, new_id, beside=beside)
    if isinstance(created, Refusal):
        return created
    more: dict[str, Value] = {"reconciliation": decision.decision}
    if decision.decision == HOLD and decision.until is not None:
        more["hold_until"] = decision.until.isoformat()
    return replace(created, values={**created.values, **more})


def outcome(plan: PlanContent, lines: Sequence[ListLine], decisions: Mapping[str, LineDecision]) -> PlanContent:
    """Return the plan as it would be: what is decided as decided, the rest as if all that is on a list were taken.

    A medicine that is in no plan yet stands under its line's key. For the rules alone: nothing of it is kept.
    """
    changed: list[Change] = []
    for line in lines:
        chosen = decisions.get(line.key)
        chosen = chosen if chosen is not None and chosen.decision not in OPEN else LineDecision(decision=CONTINUE)
        medicine = taken(line, chosen)
        use = {STOP: "stopped", HOLD: "on hold"}.get(chosen.decision, "stopped" if medicine.stopped else "active")
        values: dict[str, Value] = {
            "kind": "medicine", "name": medicine.name, "dose": medicine.dose, "frequency": medicine.frequency,
            "route": medicine.route, "rxcui": medicine.rxcui, "taking": use, "status": "active",
        }  # fmt: skip
        if line.entry:
            changed += [
                Assign(MEDICATIONS, line.entry, name, value) for name, value in values.items() if isinstance(value, str)
            ]
        else:
            changed.append(Create(MEDICATIONS, line.key, values))
    return imagined(plan, changed, by=0)


def dangers(
    plan: PlanContent, lines: Sequence[ListLine], decisions: Mapping[str, LineDecision], now: datetime
) -> list[tuple[Finding, list[ListLine]]]:
    """Return the dangers of the list that would come out, each with the lines it is about."""
    by_entry = {line.entry or line.key: line for line in lines}
    return [
        (each, [by_entry[entry] for entry in each.medicine_entries if entry in by_entry])
        for each in open_dangers(outcome(plan, lines, decisions), now)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicinesSign:
    """All decisions become one list: refused while a line is open, or a danger stands that nobody answered."""

    lists: tuple[MedicineList, ...]
    decisions: Mapping[str, LineDecision]
    steps: tuple[Step, ...] = ()
    """What follows: the pharmacy is told, the bottle leaves the house."""
    name: ClassVar[str] = "medication.reconcile"

    @property
    def despite(self) -> str:
        """Why the dangers that stay are right all the same, as each line's reason says."""
        return " ".join(dict.fromkeys(each.despite.strip() for each in self.decisions.values() if each.despite.strip()))

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return what all decisions change, and the tasks; all or nothing."""
        if not self.lists:
            return Refusal("state", "No list waits for decisions. Somebody may have signed it meanwhile.")
        lines, sources = lines_of(plan, self.lists), sources_of(self.lists)
        missing = open_lines(lines, self.decisions)
        if missing:
            return Refusal("open", f"Decide first: {', '.join(each.name for each in missing)}.", missing[0].key)
        for line in lines:
            wrong = fault(line, self.decisions[line.key], plan.day_of(now))
            if wrong is not None:
                return replace(wrong, reason=f"{line.name}: {wrong.reason}")
        for finding, about in dangers(plan, lines, self.decisions, now):
            if not any(self.decisions[line.key].despite.strip() for line in about):
                told = f"{finding.text} Stop one of them, or say why it is right all the same."
                return Refusal("danger", told, about[0].key if about else "", "despite")
        changed: list[Change] = []
        beside = 0
        for line in lines:
            made_of = _changes_of(plan, actor, now, line, self.decisions[line.key], sources, new_id, beside=beside)
            if isinstance(made_of, Refusal):
                return replace(made_of, reason=f"{line.name}: {made_of.reason}")
            beside += not line.entry
            changed += made_of
        tasks = tasks_of(plan, actor, now, self.steps, "steps", new_id)
        if isinstance(tasks, Refusal):
            return tasks
        return [*changed, *tasks, *joined_by(plan, actor, new_id, tasks)]
