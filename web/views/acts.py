"""What a reader may do with an entry besides editing it: the commands that the state allows and ``decide`` grants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.decisions import EntryFacts, Operation, decide
from auth.roles import Participant
from crdt.sections import Section
from hub.workflows import referral_states, tasks
from hub.workflows.home_reports import is_report
from hub.workflows.monitoring import alarm
from hub.workflows.question_states import WANTS_ANSWER, Side, answered, is_urgent, turn_of
from hub.workflows.states import Machine


@dataclass(frozen=True, slots=True)
class CommandButton:
    """One command of an entry: a button, or a link to the form that asks for its words."""

    name: str
    words: str
    asks: bool = False
    """It has a form: a reason, a date, a person."""
    leading: bool = False
    """Stands on the entry itself rather than in its menu."""
    tone: str = ""
    values: tuple[tuple[str, str], ...] = ()


_MACHINES: Final[Mapping[Section, tuple[str, Machine]]] = {
    Section.TASKS: ("task", tasks.MACHINE),
    Section.REFERRALS: ("referral", referral_states.MACHINE),
}

_PLAIN: Final = frozenset(
    {"task.receive", "task.accept", "task.start", "task.resume", "referral.send", "referral.receive",
     "question.calm", "question.accept", "referral.accept", "referral.seen", "referral.close", "team.accept"}
)  # fmt: skip
"""Commands that ask for nothing: one press does them."""

_LEADING: Final = frozenset(
    {"task.accept", "task.start", "task.complete", "task.resume", "referral.send", "referral.accept",
     "referral.schedule", "referral.report", "referral.close", "reading.record", "reading.acknowledge",
     "question.answer", "question.reply", "question.accept", "stay.confirm",
     "medication.decide", "medication.prepare", "team.accept", "huddle.sign", "transition.contacted",
     "transition.visited"}
)  # fmt: skip
"""The next step of an entry's life, on its face; the rest wait in the menu."""

_WORDS: Final[Mapping[str, str]] = {
    "task.receive": "Mark as received",
    "task.accept": "Accept",
    "task.reject": "Can't take it",
    "task.start": "Start",
    "task.hold": "Put on hold",
    "task.resume": "Resume",
    "task.complete": "Complete",
    "task.fail": "Give up",
    "task.cancel": "Cancel",
    "task.reassign": "Ask someone else",
    "referral.send": "Send",
    "referral.receive": "Mark as received",
    "referral.accept": "Accept",
    "referral.reject": "Decline",
    "referral.schedule": "Book",
    "referral.seen": "Seen",
    "referral.no_show": "Did not come",
    "referral.report": "Answer",
    "referral.close": "Close the loop",
    "referral.cancel": "Cancel",
}

_OTHERS: Final[Mapping[Section, tuple[tuple[str, str], ...]]] = {
    Section.MEDICATIONS: (("medication.prepare", "Prepare"), ("medication.decide", "Reconcile")),
    Section.MONITORING: (("reading.acknowledge", "Say what was done"), ("reading.record", "Record a reading")),
    Section.TRANSITIONS: (
        ("transition.contacted", "Contact made"),
        ("transition.visited", "Visit done"),
        ("transition.reconciled", "Medicines reconciled"),
    ),
    Section.GOALS: (("goal.move", "Change state"),),
    Section.SOCIAL_NEEDS: (("social_need.record_met", "Record whether it was met"),),
    Section.CARE_TEAM: (("team.accept", "Accept the part"), ("team.steward", "Make steward")),
    Section.CAREGIVER_LOG: (
        ("stay.confirm", "Confirm as a stay"),
        ("stay.known", "It is a known one"),
        ("stay.deny", "Not so"),
        ("question.answer", "Answer"),
        ("question.reply", "Say more"),
        ("question.accept", "It is answered"),
        ("question.phone", "Answered by telephone"),
        ("question.task", "Make it a task"),
        ("question.calm", "Not an emergency"),
    ),
    Section.HUDDLES: (("huddle.read_back", "Read back"), ("huddle.sign", "Sign")),
    Section.ADVANCE_CARE: (("advance_care.sign", "Sign"),),
}


def acts(participant: Participant, section: Section, facts: EntryFacts, now: datetime) -> tuple[CommandButton, ...]:
    """Return the commands one may issue on this entry now, in the order of the page."""

    def may(name: str) -> bool:
        return decide(participant, section, Operation.COMMAND, entry=facts, now=now, command=name).allowed

    if facts.values.get("status") == "retired":
        return (CommandButton("entry.restore", "Restore"),) if may("entry.restore") else ()
    found = [_act(name, words) for name, words in _of_section(section, facts, now) if may(name)]
    if may("entry.move"):
        found += [
            CommandButton("entry.move", "Move up", values=(("direction", "up"),)),
            CommandButton("entry.move", "Move down", values=(("direction", "down"),)),
        ]
    if may("entry.retire"):
        found.append(CommandButton("entry.retire", "Retire", asks=True))
    return tuple(found)


def _of_section(section: Section, facts: EntryFacts, now: datetime) -> tuple[tuple[str, str], ...]:
    if section in _MACHINES:
        noun, machine = _MACHINES[section]
        names = [f"{noun}.{verb}" for verb in machine.verbs_from(str(facts.values.get("state") or ""))]
        if referral_states.may_close_early(facts.values):
            names.append("referral.close")
        return tuple((name, _WORDS.get(name, name.partition(".")[2].capitalize())) for name in names)
    return tuple((name, words) for name, words in _OTHERS.get(section, ()) if _applies(name, facts, now))


def _applies(name: str, facts: EntryFacts, now: datetime) -> bool:
    """Say whether an entry's values leave something for the command to do."""
    values = facts.values
    match name:
        case "reading.acknowledge":
            return alarm(values, now) is not None
        case "medication.prepare":
            return values.get("kind") == "medicine" and values.get("reconciliation") == "unreconciled"
        case "medication.decide":
            return values.get("kind") == "medicine" and values.get("reconciliation") in ("unreconciled", "prepared")
        case "transition.contacted":
            return not values.get("contact_done")
        case "transition.visited":
            return not values.get("visit_done")
        case "transition.reconciled":
            return values.get("medicines_reconciled") != "yes"
        case "team.accept":
            return values.get("accepted") != "yes"
        case "team.steward":
            return values.get("steward") != "yes"
        case "question.calm":
            return is_urgent(values)
        case "stay.confirm" | "stay.known" | "stay.deny":
            return is_report(values) and not answered(values)
        case "question.accept":
            return turn_of(values) is Side.ASKER
        case "question.answer" | "question.phone" | "question.task" | "question.reply":
            asks = values.get("kind") in WANTS_ANSWER or turn_of(values) is not Side.NOBODY
            return asks and not values.get("ended") and not is_report(values)
        case "huddle.read_back" | "huddle.sign":
            return not values.get("content_hash") or name == "huddle.sign"
        case "advance_care.sign":
            return not values.get("verified_by")
    return True


def _act(name: str, words: str) -> CommandButton:
    return CommandButton(name, words, asks=name not in _PLAIN, leading=name in _LEADING)
