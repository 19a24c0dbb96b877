"""A referral composed and sent in one act, with the tests done already, and a warning before one is repeated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, ClassVar, Final

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Assign, Change
from crdt.fields import Form, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked
from hub.workflows.awaited_results import results_come
from hub.workflows.contents import instant, number, plain_day, words
from hub.workflows.earlier_results import LATELY, EarlierResult, results_at_hand
from hub.workflows.entries import made
from hub.workflows.grants import barred, missing, standing, visible
from hub.workflows.monitoring import readings, taken
from hub.workflows.referral_states import MACHINE
from hub.workflows.referrals import REFERRALS, assigned
from hub.workflows.team import NewId

LINE_SHOWN_MAX: Final = 200
_CHOICES: Final = {each.name: each.choices for each in SECTIONS[REFERRALS].fields}


def measured(value: float, unit: str) -> str:
    """Return a result as it is read: ``128 mg/dL``, ``0.9``."""
    return f"{value:g} {unit}".strip()


def name_of(measure: str) -> str:
    """Return a measure's words without its code."""
    code, _, name = measure.partition(" ")
    return name if name and code.replace("-", "").isdigit() else measure


def told(plan: PlanContent, result: EarlierResult) -> str:
    """Return an earlier result in one line, its name once."""
    name = name_of(result.name)
    said = result.said if result.said.casefold().startswith(name.casefold()) else f"{name} {result.said}"
    return f"{said} on {plain_day(plan.day_of(result.when))}"


def results_offered(plan: PlanContent, viewer: Participant, now: datetime) -> tuple[str, ...]:
    """Return the last result of each measure that the viewer may see, and what came of a stay lately, as lines for
    ``tests_done``."""
    found: list[str] = []
    for entry in visible(plan, viewer, Section.MONITORING, now):
        counted = readings(entry.values)
        when = taken(counted[-1]) if counted else None
        value = number(counted[-1], "value") if counted else None
        if when is not None and value is not None:
            result = measured(value, words(entry.values, "unit"))
            found.append(f"{name_of(words(entry.values, 'measure'))} {result}, {plain_day(plan.day_of(when))}")
    for stay in visible(plan, viewer, Section.TRANSITIONS, now):
        for record in results_come(stay.values):
            when = instant(record, "when")
            if when is not None and now - when < LATELY:
                told = f"{name_of(words(record, 'result'))}: {words(record, 'words')}"[:LINE_SHOWN_MAX]
                found.append(f"{told}, {plain_day(plan.day_of(when))}")
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAsk:
    """A new referral, sent at once, or kept as a draft for someone who is still to be invited."""

    kind: Annotated[str, Asked("Kind", choices=_CHOICES["kind"])]
    to: Annotated[str, Asked("To", help="The practice, service or person, as the family would call it.")]
    question: Annotated[str, Asked("Question", wide=True, help="What do you want to know or have done?")]
    urgency: Annotated[str, Asked("Urgency", choices=_CHOICES["urgency"])]
    expected_by: Annotated[date, Asked("Answer expected by", Form.DATE)]
    recipient: Annotated[str, Asked("Person in this plan", Form.PERSON, help="Leave it open for someone outside.")] = ""
    need: Annotated[str, Asked("For the need", Form.ENTRY)] = ""
    tests_done: Annotated[tuple[str, ...], Asked("Tests already done", help="So that nobody repeats them.")] = ()
    tests_asked: Annotated[str, Asked("Tests you ask for", help="Several, with commas between.")] = ""
    repeat_why: Annotated[str, Asked("Why again", help="A test above was done within its interval.")] = ""
    patient_card: Annotated[
        str, Asked("For the patient", wide=True, help="Why, how to book, and what happens after, in plain words.")
    ] = ""
    send: Annotated[bool, Asked("Send", hidden=True)] = False
    name: ClassVar[str] = "referral.ask"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the referral; refused for a repeated test without a reason, and for a day that has passed."""
        refusal = missing(self.question, "question", "Write the question first.")
        if refusal is not None:
            return refusal
        if self.expected_by < plan.day_of(now):
            return Refusal("form", "The day for the answer has passed. Choose a later one.", "", "expected_by")
        again = self.repeated(plan, actor, now)
        if again and not self.repeat_why.strip():
            at_hand = "; ".join(f"{told(plan, each)}, again from {plain_day(each.again)}" for each in again)
            return Refusal("form", f"Done already: {at_hand}. Leave it out, or say why again.", "", "repeat_why")
        created = made(plan, actor, now, REFERRALS, self._values(), new_id)
        if isinstance(created, Refusal) or not self.send:
            return created if isinstance(created, Refusal) else [created]
        return [replace(created, values={**created.values, "state": "requested"})]

    def repeated(self, plan: PlanContent, viewer: Participant, now: datetime) -> tuple[EarlierResult, ...]:
        """Return the results at hand, of those the viewer may see, that make an asked test unnecessary."""
        looked_at = (Section.MONITORING, Section.TRANSITIONS)
        seen = {entry.id for section in looked_at for entry in visible(plan, viewer, section, now)}
        tests = (each.strip() for each in self.tests_asked.split(","))
        found = (result for test in tests if test for result in results_at_hand(plan, test, now))
        return tuple({(each.entry, each.name): each for each in found if each.entry in seen}.values())

    def _values(self) -> dict[str, Value]:
        asked = f"\n\nTests asked for: {self.tests_asked.strip()}" if self.tests_asked.strip() else ""
        why = f" (again because: {self.repeat_why.strip()})" if asked and self.repeat_why.strip() else ""
        values: dict[str, Value] = {
            "kind": self.kind,
            "to": self.to.strip(),
            "recipient": self.recipient,
            "question": f"{self.question.strip()}{asked}{why}",
            "urgency": self.urgency,
            "expected_by": self.expected_by.isoformat(),
            "tests_done": dict.fromkeys(self.tests_done, True),
            "need": self.need,
            "patient_card": self.patient_card.strip(),
        }
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralTakeUp:
    """Who was invited to answer a referral, and has come in by that invitation, is its recipient and has it.

    Nobody types this: whoever redeems the invitation issues it, and the asker's invitation is its authority.
    """

    entry: str
    name: ClassVar[str] = "referral.take_up"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the move to ``received`` with the person named; refused once somebody is, and out of state."""
        unseen = barred(plan, actor, REFERRALS, Operation.READ, now=now, entry_id=self.entry)
        entry = unseen or standing(plan, REFERRALS, self.entry)
        if isinstance(entry, Refusal):
            return entry
        state, why = words(entry.values, "state"), words(entry.values, "state_reason")
        refusal = MACHINE.refusal("receive", state, self.entry, why=why)
        if refusal is None and words(entry.values, "recipient"):
            refusal = Refusal("state", "Someone has this referral already.", self.entry, "recipient")
        return refusal or [
            Assign(REFERRALS, self.entry, "recipient", actor.person_id),
            *assigned(self.entry, MACHINE.moves["receive"].target, now),
        ]
