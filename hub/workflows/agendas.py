"""The agenda of a huddle, ranked by what is dangerous, and the card of each patient in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.safety.weighing import open_dangers
from hub.workflows import home_reports, monitoring, question_states, referral_states, tasks, transition_clocks
from hub.workflows.alarm_wordings import alarm_told, never_told
from hub.workflows.coming_home import STAY
from hub.workflows.contents import active, day, headline, in_days, instant, plain_day, words
from hub.workflows.digests import DigestLine
from hub.workflows.medications import MEDICATIONS, unreconciled
from hub.workflows.ongoing_stays import ongoing, stay_told
from hub.workflows.transition_clocks import clock_told


class Cause(StrEnum):
    """Why a patient stands on the agenda, the most dangerous first."""

    HELP_NOW = "words that may mean an emergency"
    IN_HOSPITAL = "in hospital"
    DISCHARGE = "discharged"
    RED_ZONE = "red zone"
    DANGER = "dangerous medicine"
    YELLOW_ZONE = "reading to answer"
    TASK_OVERDUE = "task overdue"
    TASK_UNOWNED = "task nobody accepted"
    REFERRAL_LATE = "referral past its date"
    UNRECONCILED = "medicine not reconciled"
    STAY_REPORT = "hospital stay told from home"
    QUESTION = "question"
    STALE = "review date passed"
    PINNED = "pinned"


_RANKS = {cause: rank for rank, cause in enumerate(Cause)}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to talk about a patient, with where it stands in the plan."""

    cause: Cause
    section: Section | None
    entry: str
    words: str
    who: str = ""
    """Who has taken it upon themselves, where that is known."""
    clocks: tuple[transition_clocks.TransitionClock, ...] = ()
    """Of a discharge: those that still run."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What the ranking needs of a patient. ``pinned`` is the reason someone pinned them, ``""`` for no pin."""

    plan: PlanContent
    patient: str
    pinned: str = ""


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One patient on the agenda, with the reasons in order of danger."""

    plan_id: str
    patient: str
    flags: tuple[Reason, ...]


def agenda(briefs: Iterable[Brief], now: datetime) -> tuple[AgendaItem, ...]:
    """Return the patients worth talking about, ranked: whoever has more of a more dangerous cause comes first.

    Compares the counts cause by cause, so the order can be explained in one sentence; ties go by name.
    """
    items = [AgendaItem(each.plan.plan_id, each.patient, flags(each, now)) for each in briefs]
    return tuple(sorted((item for item in items if item.flags), key=_order))


def _order(item: AgendaItem) -> tuple[tuple[int, ...], str, str]:
    counts = [0] * len(_RANKS)
    for flag in item.flags:
        counts[_RANKS[flag.cause]] -= 1
    return tuple(counts), item.patient.casefold(), item.plan_id


def flags(brief: Brief, now: datetime) -> tuple[Reason, ...]:
    """Return the reasons to talk about a patient, the most dangerous first; of the dead only what someone pinned."""
    pins = (Reason(Cause.PINNED, None, "", brief.pinned),) if brief.pinned else ()
    if brief.plan.deceased:
        return pins
    plan, today = brief.plan, brief.plan.day_of(now)
    found = [
        *_dangers(plan, now),
        *_in_hospital(plan, now),
        *_transitions(plan, today),
        *_zones(plan, now),
        *_tasks(plan, today),
        *_referrals(plan, now, today),
    ]
    found += [
        Reason(Cause.UNRECONCILED, MEDICATIONS, entry.id, headline(MEDICATIONS, entry)) for entry in unreconciled(plan)
    ]
    urgent, reports = question_states.urgent(plan), home_reports.open_reports(plan)
    asked = [*question_states.unanswered(plan), *question_states.late_within_team(plan, now)]
    found += [
        Reason(
            cause, Section.CAREGIVER_LOG, entry.id, headline(Section.CAREGIVER_LOG, entry) + _waits(plan, entry, now)
        )
        for cause, entries in (
            (Cause.HELP_NOW, urgent),
            (Cause.STAY_REPORT, [each for each in reports if each not in urgent]),
            (Cause.QUESTION, [each for each in asked if each not in (*urgent, *reports)]),
        )
        for entry in entries
    ]
    found += [*_stale(plan, today), *pins]
    return tuple(sorted(found, key=lambda flag: _RANKS[flag.cause]))


def _waits(plan: PlanContent, entry: EntryContent, now: datetime) -> str:
    """Return how late the answer is, ``""`` for one in time."""
    late = question_states.days_late(plan, entry, now)
    if question_states.late_today(plan, entry, now):
        return ", answer late today"
    return f", answer {in_days(late)} late" if late else ""


def _dangers(plan: PlanContent, now: datetime) -> Iterable[Reason]:
    for each in open_dangers(plan, now):
        if each.entries:
            yield Reason(Cause.DANGER, MEDICATIONS, each.entries[0], each.text)


def _in_hospital(plan: PlanContent, now: datetime) -> Iterable[Reason]:
    entry = ongoing(plan, now)
    if entry is not None:
        who = transition_clocks.clock_owners(entry.values).get(STAY, "")
        told = stay_told(entry, plan.zone) + ("" if who else ", nothing decided: nobody follows it yet")
        yield Reason(Cause.IN_HOSPITAL, Section.TRANSITIONS, entry.id, told, who)


def _transitions(plan: PlanContent, today: date) -> Iterable[Reason]:
    for entry in active(plan, Section.TRANSITIONS):
        if not transition_clocks.in_window(plan, entry, today):
            continue
        running = [clock for clock in transition_clocks.clocks(plan, entry, today) if not clock.done]
        if running:
            late = [clock.name for clock in running if clock.late]
            told = f"{', '.join(late)} overdue" if late else clock_told(running[0], today)
            words_of = f"home from {headline(Section.TRANSITIONS, entry)}, {told}"
            yield Reason(Cause.DISCHARGE, Section.TRANSITIONS, entry.id, words_of, clocks=tuple(running))


def _zones(plan: PlanContent, now: datetime) -> Iterable[Reason]:
    for entry in active(plan, Section.MONITORING):
        standing = monitoring.alarm(entry.values, now)
        if standing is not None:
            cause = Cause.RED_ZONE if standing.zone == "red" else Cause.YELLOW_ZONE
            yield Reason(cause, Section.MONITORING, entry.id, alarm_told(entry.values, standing, plan.zone))
        elif (since := monitoring.never_began(entry, now)) is not None:
            told = never_told(entry.values, since, plan.zone)
            yield Reason(Cause.YELLOW_ZONE, Section.MONITORING, entry.id, told)


def _tasks(plan: PlanContent, today: date) -> Iterable[Reason]:
    for entry in active(plan, Section.TASKS):
        told = headline(Section.TASKS, entry)
        if late := tasks.days_late(entry.values, today):
            yield Reason(Cause.TASK_OVERDUE, Section.TASKS, entry.id, f"{told}, {in_days(late)}")
        elif tasks.unowned(entry.values):
            yield Reason(Cause.TASK_UNOWNED, Section.TASKS, entry.id, told)


def _referrals(plan: PlanContent, now: datetime, today: date) -> Iterable[Reason]:
    for entry in active(plan, Section.REFERRALS):
        late = referral_states.silence(entry.values, now, today).late
        if late:
            told = f"{headline(Section.REFERRALS, entry)}, {in_days(late)}"
            yield Reason(Cause.REFERRAL_LATE, Section.REFERRALS, entry.id, told)


def _stale(plan: PlanContent, today: date) -> Iterable[Reason]:
    for section in Section:
        for entry in active(plan, section):
            due = day(entry.values, "review_due")
            if due is not None and due < today:
                yield Reason(Cause.STALE, section, entry.id, headline(section, entry))


@dataclass(frozen=True, slots=True)
class Worry:
    """What somebody worries about; ``said`` tells who said it at home and when, ``""`` for what the plan tells."""

    words: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """The five rows of a patient in the huddle; decide, do and if are what is typed there and what stands."""

    changed: tuple[DigestLine, ...]
    worry: tuple[Worry, ...]
    decided: tuple[EntryContent, ...]
    """Decisions of today, the latest last."""
    do: tuple[EntryContent, ...]
    """Open tasks, the overdue and unowned first."""
    contingencies: tuple[str, ...]


def card(plan: PlanContent, changed: Sequence[DigestLine], people: Mapping[str, str], now: datetime) -> Card:
    """Return a patient's card. ``changed`` is the digest since the last huddle, for the one who looks."""
    today = plan.day_of(now)
    open_tasks = [entry for entry in active(plan, Section.TASKS) if tasks.is_open(entry.values) or _rejected(entry)]
    open_tasks.sort(key=lambda entry: (-tasks.days_late(entry.values, today), not tasks.unowned(entry.values)))
    decided = tuple(each for each in active(plan, Section.HUDDLES) if day(each.values, "date") == today)
    dangers = tuple(Worry(each.text) for each in open_dangers(plan, now))
    return Card(tuple(changed), dangers + _worries(plan, people), decided, tuple(open_tasks), _contingencies(plan))


def _rejected(entry: EntryContent) -> bool:
    return words(entry.values, "state") == "rejected"


def last_huddle(plan: PlanContent, today: date) -> date | None:
    """Return the day of the last huddle before today that decided anything."""
    days = [day(entry.values, "date") for entry in plan.entries(Section.HUDDLES).values()]
    return max((each for each in days if each is not None and each < today), default=None)


def _worries(plan: PlanContent, people: Mapping[str, str]) -> tuple[Worry, ...]:
    told: list[Worry] = []
    for entry in question_states.unanswered(plan):
        by = people.get(plan.creator(Section.CAREGIVER_LOG, entry.id), "from home")
        when = instant(entry.values, "when")
        on = f", {plain_day(plan.day_of(when))}" if when is not None else ""
        told.append(Worry(headline(Section.CAREGIVER_LOG, entry), f"{by}{on}"))
    for entry in active(plan, Section.TRANSITIONS):
        if words(entry.values, "severity") in ("watcher", "unstable"):
            told.append(Worry(words(entry.values, "handoff_summary") or words(entry.values, "severity")))
    return tuple(told)


def _contingencies(plan: PlanContent) -> tuple[str, ...]:
    told = [words(entry.values, "red_instructions") for entry in active(plan, Section.MONITORING)]
    told += [words(entry.values, "handoff_contingency") for entry in active(plan, Section.TRANSITIONS)]
    told += [words(entry.values, "contingency") for entry in active(plan, Section.HUDDLES)]
    return tuple(dict.fromkeys(each for each in told if each))
