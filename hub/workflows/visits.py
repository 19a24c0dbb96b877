"""A specialist's visit update: the answer, the medicines, what is recommended, plain words and next steps in one act.

All of it stands or none of it. What exceeds the person's grant in a section becomes a suggestion to those who may.
A visit that nobody asked for in the plan opens its own loop, answered already: someone reads it and decides all the
same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar, TypeAlias

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Rewrite
from crdt.fields import Form, Value
from crdt.sections import SECTIONS
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.workflows.arguments import LINE_MAX, ROWS_MAX, Asked, Despite
from hub.workflows.comments import commented
from hub.workflows.contents import words
from hub.workflows.entries import faults_of, made
from hub.workflows.grants import barred, commanded, missing, standing
from hub.workflows.medications import MEDICATIONS, is_medicine
from hub.workflows.recommendations import recommended
from hub.workflows.referral_states import MACHINE
from hub.workflows.referrals import REFERRALS, assigned
from hub.workflows.steps import Step, joined_by, tasks_of
from hub.workflows.suggestions import suggested
from hub.workflows.team import NewId

_Changes: TypeAlias = list[Change] | Refusal

_CHOICES = {each.name: each.choices for each in SECTIONS[MEDICATIONS].fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A medicine that begins."""

    medicine: Annotated[str, Asked("Medicine", help="Generic name first.")]
    dose: Annotated[str, Asked("DOSE")]
    frequency: Annotated[str, Asked("How often")]
    why: Annotated[str, Asked("Why")]
    route: Annotated[str, Asked("Route", Form.CHOICE, choices=_CHOICES["route"])] = "oral"
    times: Annotated[tuple[str, ...], Asked("Times of day", Form.CHOICE, choices=_CHOICES["times"])] = ()
    plain_words: Annotated[str, Asked("In plain words", wide=True)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alter:
    """A medicine that goes on in another dose or frequency."""

    entry: Annotated[str, Asked("Medicine", Form.ENTRY)]
    why: Annotated[str, Asked("Why")]
    dose: Annotated[str, Asked("New dose")] = ""
    frequency: Annotated[str, Asked("New frequency")] = ""
    seen: Annotated[str, Asked("Dose shown", hidden=True)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A medicine that ends."""

    entry: Annotated[str, Asked("Medicine", Form.ENTRY)]
    why: Annotated[str, Asked("Why")]


@dataclass(frozen=True, slots=True)
class _Act:
    """Who does it, to what, when: what every part of the update needs."""

    plan: PlanContent
    actor: Participant
    now: datetime
    new_id: NewId

    def may(self, action: Operation, entry_id: str, field: str, command: str = "") -> bool:
        refusal = barred(
            self.plan,
            self.actor,
            MEDICATIONS,
            action,
            now=self.now,
            entry_id=entry_id,
            field=field,
            command=command,
        )
        return refusal is None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPublish:
    """The update as the specialist filled it in; ``entry`` is the referral that it answers, ``""`` for none.

    Without a referral ``cause`` says why the person came and ``reader`` is who decides on what is recommended.
    """

    entry: str = ""
    cause: Annotated[str, Asked("Why they came")] = ""
    reader: Annotated[str, Asked("Who reads it and decides", Form.PERSON)] = ""
    answer: Annotated[str, Asked("Answer to the question", wide=True)]
    starts: Annotated[tuple[Start, ...], Asked("Start")] = ()
    alters: Annotated[tuple[Alter, ...], Asked("Change")] = ()
    stops: Annotated[tuple[Stop, ...], Asked("Stop")] = ()
    recommendations: Annotated[tuple[str, ...], Asked("Recommendations")] = ()
    plain_words: Annotated[str, Asked("For the family, in plain words", wide=True)] = ""
    nothing_to_tell: Annotated[bool, Asked("Nothing to tell the family")] = False
    steps: Annotated[tuple[Step, ...], Asked("Next steps")] = ()
    despite: Despite = ""
    name: ClassVar[str] = "visit.publish"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return every change of the update in the order of the page, or the first thing that stands against it."""
        fault = self._fault()
        if fault is not None:
            return fault
        act = _Act(plan, actor, now, new_id)
        entry_id, loop = _loop(act, self)
        whole = loop if isinstance(loop, Refusal) else [*loop, *_answered(act, self, entry_id)]
        for number, start in enumerate(self.starts):
            whole = _and(whole, _started(act, start, number))
        for number, alter in enumerate(self.alters):
            whole = _and(whole, _altered(act, alter, f"alters.{number}"))
        for number, stop in enumerate(self.stops):
            whole = _and(whole, _stopped(act, stop, f"stops.{number}"))
        if isinstance(whole, Refusal):
            return whole
        tasks = tasks_of(plan, actor, now, self.steps, "steps", new_id, supports=self.entry)
        if isinstance(tasks, Refusal):
            return tasks
        if not self.entry:
            tasks = [replace(task, values={**task.values, "supports": {entry_id: True}}) for task in tasks]
        return [*whole, *tasks, *joined_by(plan, actor, new_id, tasks)]

    def _fault(self) -> Refusal | None:
        empty = missing(self.answer, "answer", "Answer the question.", self.entry)
        if empty is not None:
            return empty
        if not self.plain_words.strip() and not self.nothing_to_tell:
            told = "Write it for the family, or mark that there is nothing to tell."
            return Refusal("form", told, self.entry, "plain_words")
        for number, said in enumerate(self.recommendations):
            if not 0 < len(said.strip()) <= LINE_MAX:
                return Refusal(
                    "form", f"A recommendation has 1 to {LINE_MAX} characters.", self.entry, f"recommendations.{number}"
                )
        rows = max(map(len, (self.starts, self.alters, self.stops, self.recommendations, self.steps)))
        if rows > ROWS_MAX:
            return Refusal("form", f"At most {ROWS_MAX} lines of one kind.", self.entry)
        named = [each.entry for each in self.alters] + [each.entry for each in self.stops]
        if len(set(named)) < len(named):
            return Refusal("form", "A medicine stands here twice. Change it or stop it, once.", self.entry, "alters")
        return None


def _and(whole: _Changes, part: _Changes) -> _Changes:
    """Return both, or the first refusal: all or nothing."""
    if isinstance(whole, Refusal):
        return whole
    return part if isinstance(part, Refusal) else [*whole, *part]


def _loop(act: _Act, update: VisitPublish) -> tuple[str, _Changes]:
    """Return the referral that is answered with its move, or a new one that begins with its answer."""
    if not update.entry:
        created = _unasked(act, update)
        return ("", created) if isinstance(created, Refusal) else (created.entry, [created])
    entry = commanded(act.plan, act.actor, REFERRALS, update.entry, "referral.report", act.now)
    if isinstance(entry, Refusal):
        return "", entry
    state, why = words(entry.values, "state"), words(entry.values, "state_reason")
    refusal = MACHINE.refusal("report", state, update.entry, why=why)
    return update.entry, refusal or assigned(update.entry, "reported", act.now)


def _unasked(act: _Act, update: VisitPublish) -> Create | Refusal:
    empty = missing(update.cause, "cause", "Say why they came.") or missing(
        update.reader, "reader", "Choose who reads it and decides on what you recommend."
    )
    if empty is not None:
        return empty
    values: dict[str, Value] = {
        "kind": "specialist",
        "to": act.actor.name,
        "recipient": act.actor.person_id,
        "question": update.cause,
        "urgency": "routine",
        "expected_by": act.plan.day_of(act.now).isoformat(),
    }
    created = made(act.plan, act.actor, act.now, REFERRALS, values, act.new_id)
    if isinstance(created, Refusal):
        return replace(created, field="cause" if created.field else "")
    return replace(created, values={**created.values, "state": "reported", "asker": update.reader})


def _answered(act: _Act, update: VisitPublish, entry_id: str) -> list[Change]:
    changed: list[Change] = [Rewrite(REFERRALS, entry_id, "answer", update.answer.strip())]
    if update.plain_words.strip():
        changed.append(Rewrite(REFERRALS, entry_id, "patient_card", update.plain_words.strip()))
    by = act.actor.person_id
    changed += [recommended(entry_id, act.new_id(), said, by, act.now) for said in update.recommendations]
    return changed


def _without_why(why: str, row: str) -> Refusal | None:
    return None if why.strip() else Refusal("form", "Say why.", "", f"{row}.why")


def _started(act: _Act, start: Start, number: int) -> _Changes:
    row = f"starts.{number}"
    values: dict[str, Value] = {
        "kind": "medicine",
        "name": start.medicine.strip(),
        "dose": start.dose.strip(),
        "frequency": start.frequency.strip(),
        "route": start.route,
        "times": dict.fromkeys(start.times, True),
        "plain_words": start.plain_words.strip(),
        "prescriber": act.actor.person_id,
    }
    refusal = _without_why(start.why, row)
    if refusal is not None:
        return refusal
    for name, message in faults_of(MEDICATIONS, values).items():
        return Refusal("form", message, "", f"{row}.{'medicine' if name == 'name' else name}")
    created = made(act.plan, act.actor, act.now, MEDICATIONS, values, act.new_id, beside=number)
    if not isinstance(created, Refusal):
        return [created, _because(act, created.entry, start.why)]
    refusal = barred(act.plan, act.actor, MEDICATIONS, Operation.SUGGEST, now=act.now)
    return refusal or [suggested(MEDICATIONS, "", "", values, start.why, act.actor, act.now, act.new_id())]


def _because(act: _Act, entry_id: str, why: str) -> Change:
    return commented(MEDICATIONS, entry_id, act.new_id(), why, act.actor.person_id, act.now)


def _medicine(act: _Act, entry_id: str, row: str) -> EntryContent | Refusal:
    entry = standing(act.plan, MEDICATIONS, entry_id)
    if isinstance(entry, Refusal):
        return Refusal(entry.code, entry.reason, entry_id, f"{row}.entry")
    if not is_medicine(entry) or words(entry.values, "taking") == "stopped":
        return Refusal("state", f"{words(entry.values, 'name')} is not a medicine in use.", entry_id, f"{row}.entry")
    return entry


def _altered(act: _Act, alter: Alter, row: str) -> _Changes:
    entry = _without_why(alter.why, row) or _medicine(act, alter.entry, row)
    if isinstance(entry, Refusal):
        return entry
    dose = words(entry.values, "dose")
    if alter.seen.strip() and alter.seen.strip() != dose:
        return Refusal("stale", f"The dose was changed meanwhile to {dose}. Look again.", alter.entry, f"{row}.dose")
    wanted = {"dose": alter.dose.strip(), "frequency": alter.frequency.strip()}
    new = {name: value for name, value in wanted.items() if value and value != words(entry.values, name)}
    if not new:
        return Refusal("form", "Enter a dose or a frequency other than the present one.", alter.entry, f"{row}.dose")
    for name, value in new.items():
        field = SECTIONS[MEDICATIONS].field(name)
        assert field is not None, "a medicine has a dose and a frequency"
        if field.fault(value):
            return Refusal("form", field.fault(value), alter.entry, f"{row}.{name}")
    return _edited(act, entry, new, "change", alter.why)


def _stopped(act: _Act, stop: Stop, row: str) -> _Changes:
    entry = _without_why(stop.why, row) or _medicine(act, stop.entry, row)
    if isinstance(entry, Refusal):
        return entry
    return _edited(act, entry, {"taking": "stopped"}, "stop", stop.why)


def _edited(act: _Act, entry: EntryContent, new: dict[str, str], decision: str, why: str) -> _Changes:
    """Return the edits and, from who may decide it, the reconciliation; suggestions from who may not edit."""
    changed: list[Change] = []
    beyond = [name for name in new if not act.may(Operation.WRITE, entry.id, name)]
    for name, value in new.items():
        if not beyond:
            changed.append(Assign(MEDICATIONS, entry.id, name, value))
            continue
        refusal = barred(
            act.plan, act.actor, MEDICATIONS, Operation.SUGGEST, now=act.now, entry_id=entry.id, field=name
        )
        if refusal is not None:
            return refusal
        changed.append(suggested(MEDICATIONS, entry.id, name, value, why, act.actor, act.now, act.new_id()))
    if beyond:
        return changed
    if act.may(Operation.COMMAND, entry.id, "", "medication.decide"):
        changed.append(Assign(MEDICATIONS, entry.id, "reconciliation", decision))
    return [*changed, _because(act, entry.id, why)]
