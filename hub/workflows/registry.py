"""Every command by its name, and a command built from what a form sent: the one way from a page to a rule.

A form's names are the command's arguments; rows are ``steps.0.title``; the values of a new entry are its fields'
names. What is empty and not required keeps its default.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, Protocol, TypeAlias, Union, get_args, get_origin, runtime_checkable

from crdt.fields import Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import Command, EntryContent, PlanContent
from hub.workflows import (
    advance_care,
    coming_home,
    comments,
    corrections,
    doses,
    entries,
    findings,
    goals,
    handoffs,
    home_reports,
    huddles,
    medications,
    questions,
    readings,
    recommendations,
    referral_asking,
    referrals,
    social_needs,
    suggestions,
    tasks,
    team,
    transitions,
    visits,
)
from hub.workflows.arguments import ROWS_MAX, WORDS_MAX, Argument, arguments_of, row_type
from hub.workflows.suggestions import field_value

_TYPES: Final[tuple[type[Any], ...]] = (
    entries.EntryCreate, entries.EntryRetire, entries.EntryRestore, entries.EntryMove,
    tasks.TaskReceive, tasks.TaskAccept, tasks.TaskReject, tasks.TaskStart, tasks.TaskHold, tasks.TaskResume,
    tasks.TaskComplete, tasks.TaskFail, tasks.TaskCancel, tasks.TaskReassign,
    referral_asking.ReferralAsk,
    referrals.ReferralSend, referrals.ReferralReceive, referrals.ReferralAccept, referrals.ReferralReject,
    referrals.ReferralSchedule, referrals.ReferralSeen, referrals.ReferralNoShow, referrals.ReferralReport,
    referrals.ReferralClose, referrals.ReferralCancel,
    recommendations.ReferralRecommend, recommendations.ReferralDecideRecommendation,
    recommendations.ReferralRecordNeedMet,
    suggestions.SuggestionMake, suggestions.SuggestionAccept, suggestions.SuggestionDecline,
    suggestions.SuggestionKeep,
    comments.CommentMake, comments.CommentResolve, comments.CommentTask,
    medications.MedicationPrepare, medications.MedicationDecide,
    readings.ReadingRecord, readings.ReadingMarkError, readings.ReadingAcknowledge,
    transitions.TransitionRecord, transitions.TransitionContacted, transitions.TransitionVisited,
    transitions.TransitionReconciled, coming_home.TransitionAttempt, coming_home.TransitionTake,
    coming_home.TransitionFollow, coming_home.TransitionCheck, coming_home.TransitionAskResult,
    coming_home.TransitionExpectResult, coming_home.TransitionCodeResult, coming_home.TransitionResult,
    handoffs.HandoffWrite, handoffs.HandoffGive, handoffs.HandoffAccept,
    goals.GoalMove, social_needs.SocialNeedRecordMet, advance_care.AdvanceCareSign, team.TeamAccept, team.TeamSteward,
    huddles.HuddleDecide, huddles.HuddleReadBack, huddles.HuddleSign,
    questions.QuestionAnswer, questions.QuestionReply, questions.QuestionAccept, questions.QuestionPhone,
    questions.QuestionTask, questions.QuestionCalm,
    home_reports.StayConfirm, home_reports.StayKnown, home_reports.StayDeny,
    visits.VisitPublish, findings.FindingSetAside,
    corrections.CorrectionAsk, doses.DoseSay,
)  # fmt: skip

COMMANDS: Final[Mapping[str, type[Any]]] = MappingProxyType({each.name: each for each in _TYPES})
"""Every command that a page may post, by its name."""

Typed: TypeAlias = Mapping[str, Sequence[str]]
"""What a form sent: each name with all its values."""

_AT_ADDRESS: Final = frozenset({"section", "entry"})


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a form, by field, in words for whoever filled it in. ``""`` is the form as a whole."""

    messages: Mapping[str, str]


class _FaultError(ValueError):
    """One argument can't be read; its words are for the person."""


def arguments(name: str) -> tuple[Argument, ...]:
    """Return what a command asks for, in the order of its form, without what the page's address says.

    Raises:
        KeyError: there is no command of that name.
    """
    return tuple(each for each in arguments_of(COMMANDS[name]) if each.name not in _AT_ADDRESS)


@runtime_checkable
class Beginning(Protocol):
    """A command whose form begins with what stands in the plan, and asks for that alone."""

    @staticmethod
    def beginning(plan: PlanContent, entry: EntryContent, now: datetime) -> Mapping[str, str]:
        """Return what its form asks for, each with what it begins with."""
        ...


def beginning(name: str, plan: PlanContent, entry: EntryContent, now: datetime) -> Mapping[str, str] | None:
    """Return what a command's form asks for and begins with, ``None`` where it asks for everything and begins empty.

    Raises:
        KeyError: there is no command of that name.
    """
    of = COMMANDS[name]
    return of.beginning(plan, entry, now) if isinstance(of, Beginning) else None


def build(name: str, form: Typed, *, section: Section | None = None, entry: str = "") -> Command | Faults:
    """Return the command that the form means at this address, or what is wrong with the form.

    Raises:
        KeyError: there is no command of that name.
    """
    of = COMMANDS[name]
    typed: dict[str, object] = {}
    messages: dict[str, str] = {}
    for argument in arguments_of(of):
        if argument.name == "section":
            if section is None:
                return Faults({"": "This command needs a section."})
            typed["section"] = section
        elif argument.name == "entry":
            typed["entry"] = entry or _first(form, "entry")
        elif argument.name == "values":
            assert section is not None, "values belong to a section"
            values, wrong = entry_values(section, form)
            messages |= wrong if not (name == "suggestion.make" and entry) else {}
            typed["values"] = values
        else:
            _fill(typed, messages, argument, form, argument.name)
    if messages:
        return Faults(messages)
    command: Command = of(**typed)
    return command


def entry_values(section: Section, form: Typed) -> tuple[dict[str, Value], dict[str, str]]:
    """Return a new entry's values from a form, and what is wrong with them by field."""
    values: dict[str, Value] = {}
    for field in SECTIONS[section].all_fields:
        if not field.command and any(each.strip() for each in form.get(field.name, ())):
            values[field.name] = _of_field(field, form[field.name])
    return values, entries.faults_of(section, values)


def _of_field(field: Field, sent: Sequence[str]) -> Value:
    if field.kind is Kind.SET:
        split = field.form is Form.LINE
        parts = (part.strip() for each in sent for part in (each.split(",") if split else (each,)))
        return {part: True for part in parts if part}
    return field_value(field, sent[0])


def _first(form: Typed, name: str) -> str:
    sent = form.get(name, ())
    return sent[0] if sent else ""


def _fill(typed: dict[str, object], messages: dict[str, str], argument: Argument, form: Typed, path: str) -> None:
    """Put the argument's value into ``typed``, or its fault into ``messages``."""
    row = row_type(argument.type)
    if row is not None:
        typed[argument.name] = _rows(row, argument.row, form, path, messages)
        return
    sent = [each for each in form.get(path, ()) if each.strip()]
    if not sent:
        hidden = argument.asked is not None and argument.asked.hidden
        if hidden and not argument.required and path in form and _plain(argument.type) is str:
            typed[argument.name] = ""  # The page showed that nothing stood there.
            return
        if argument.required:
            messages[path] = f"Enter {_named(argument)}."
        return
    if any(len(each) > WORDS_MAX for each in sent):
        messages[path] = f"This is over {WORDS_MAX:,} characters. Split it."
        return
    try:
        typed[argument.name] = _read(argument, sent)
    except _FaultError as fault:
        messages[path] = str(fault)


def _named(argument: Argument) -> str:
    label = argument.asked.label if argument.asked is not None else argument.name
    first, rest = label[:1], label[1:]
    return label if rest[:1].isupper() else first.lower() + rest


def _rows(
    of: type[Any], row: tuple[Argument, ...], form: Typed, path: str, messages: dict[str, str]
) -> tuple[object, ...]:
    """Return the rows that hold anything, in order; a row left empty is no row."""
    split = (name.split(".") for name, sent in form.items() if any(map(str.strip, sent)))
    numbers = {int(parts[1]) for parts in split if len(parts) == 3 and parts[0] == path and parts[1].isdecimal()}
    if len(numbers) > ROWS_MAX:
        messages[path] = f"At most {ROWS_MAX} lines of one kind."
        return ()
    made: list[object] = []
    for number in sorted(numbers):
        typed: dict[str, object] = {}
        before = len(messages)
        for argument in row:
            _fill(typed, messages, argument, form, f"{path}.{number}.{argument.name}")
        if len(messages) == before:
            made.append(of(**typed))
    return tuple(made)


def _read(argument: Argument, sent: Sequence[str]) -> object:
    """Return what was sent as the argument's type.

    Raises:
        _FaultError: it can't be read as one.
    """
    hint = argument.type
    if get_origin(hint) is tuple:
        return tuple(each.strip() for each in sent)
    reader = _READERS[_plain(hint)]
    value = reader(sent[0].strip(), _named(argument))
    choices = argument.asked.choices if argument.asked is not None else ()
    if choices and value not in choices:
        raise _FaultError(f"Choose one of: {', '.join(choices)}.")
    return value


def _plain(hint: object) -> object:
    """Return the type without its ``None``."""
    if get_origin(hint) in (Union, UnionType):
        return next(each for each in get_args(hint) if each is not NoneType)
    return hint


def _read_number(sent: str, named: str) -> object:
    try:
        return float(sent)
    except ValueError:
        raise _FaultError(f"Enter a number for {named}, for example 72.5.") from None


def _read_day(sent: str, named: str) -> object:
    try:
        return date.fromisoformat(sent)
    except ValueError:
        raise _FaultError(f"Enter a date for {named}, for example 2026-11-21.") from None


def _read_instant(sent: str, named: str) -> object:
    try:
        read = datetime.fromisoformat(sent)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise _FaultError(f"Enter a date and time for {named}, for example 2026-11-21T08:21:00Z.")
    return read


_READERS: Final[Mapping[object, Callable[[str, str], object]]] = {
    str: lambda sent, named: sent,
    bool: lambda sent, named: sent in ("yes", "on", "true", "1"),
    float: _read_number,
    date: _read_day,
    datetime: _read_instant,
}

assert all(dataclasses.is_dataclass(each) for each in _TYPES), "a command is a frozen dataclass"
