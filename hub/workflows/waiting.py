"""What waits on me, across plans; and what I asked of others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from auth.decisions import Operation, remark_visible
from auth.roles import Participant, Role
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.safety.weighing import open_dangers
from hub.workflows import (
    handoffs,
    home_reports,
    huddles,
    monitoring,
    question_states,
    referral_states,
    tasks,
    transition_clocks,
)
from hub.workflows.alarm_wordings import alarm_told, never_told
from hub.workflows.coming_home import STAY
from hub.workflows.comments import comments_on
from hub.workflows.contents import active, day, headline, members, words
from hub.workflows.grants import barred, visible
from hub.workflows.medications import MEDICATIONS, unreconciled
from hub.workflows.ongoing_stays import ongoing, stay_told
from hub.workflows.suggestions import is_crossed, open_suggestions


class WaitingKind(StrEnum):
    """Why something waits on a person, in the order of the list."""

    HELP_NOW = "words that may mean an emergency"
    DANGER = "dangerous medicine"
    RED_ZONE = "red zone"
    YELLOW_ZONE = "reading to answer"
    TASK_TO_ACCEPT = "task to accept"
    TASK_TO_DO = "task to do"
    REFERRAL_TO_ANSWER = "referral to answer"
    REFERRAL_TO_DECIDE = "referral to decide"
    MEDICINE_TO_DECIDE = "medicine to decide"
    STAY_REPORT = "hospital stay told from home"
    IN_HOSPITAL = "in hospital"
    HANDOFF = "handoff to read back"
    COMING_HOME = "after coming home"
    CROSSED = "changed by two at once"
    QUESTION = "question"
    ANSWER = "answer to a question"
    SUGGESTION = "suggestion"
    MENTION = "mention"
    READ_BACK = "read back"
    SIGNATURE = "signature"


RECEIVERS = frozenset({Role.PRIMARY_CARE, Role.CARE_MANAGER})
"""On whom a handoff waits to be read back; others of the team may take it, too."""

_AT_ONCE = {WaitingKind.HELP_NOW: 0, WaitingKind.RED_ZONE: 1}
"""They come before whatever is late."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits on a person. ``commands`` are those which settle it, the most likely first."""

    kind: WaitingKind
    plan_id: str
    section: Section
    entry: str
    words: str
    due: date | None
    late: int
    """Days past its day; 0 where it is in time."""
    commands: tuple[str, ...]
    key: str = ""
    """Of the suggestion or comment, where it is one."""
    late_today: bool = False
    """It became late today; ``late`` is 1 then, so that it comes before what is in time."""
    instead_of: str = ""
    """For whom the reader stands in with it, as told, ``""`` for what waits on the reader themself."""


def waiting_on(plan: PlanContent, viewer: Participant, now: datetime) -> tuple[Waiting, ...]:
    """Return what waits on the viewer in this plan: a possible emergency first, the late, then by kind and day.

    Nothing waits once the patient has died.
    """
    if plan.deceased:
        return ()
    found = [
        *_tasks(plan, viewer, now),
        *_referrals(plan, viewer, now),
        *_monitoring(plan, viewer, now),
        *_dangers(plan, viewer, now),
        *_medicines(plan, viewer, now),
        *_coming_home(plan, viewer, now),
        *_questions(plan, viewer, now),
        *_crossed(plan, viewer, now),
        *_suggestions(plan, viewer, now),
        *_mentions(plan, viewer, now),
        *_huddles(plan, viewer, now),
    ]
    return tuple(sorted(found, key=_urgency))


def _urgency(it: Waiting) -> tuple[int, int, int, date]:
    return _AT_ONCE.get(it.kind, len(_AT_ONCE)), -it.late, tuple(WaitingKind).index(it.kind), it.due or date.max


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A task or referral that the viewer asked of someone, and where it stands."""

    section: Section
    entry: str
    words: str
    of: str
    """Person id, ``""`` for a place outside the hub."""
    state: str
    due: date | None
    late: int
    unowned: bool


def asked_of_others(plan: PlanContent, viewer: Participant, now: datetime) -> tuple[OwnRequest, ...]:
    """Return what the viewer asked of others and is still open, the late and the unowned first; none of the dead."""
    if plan.deceased:
        return ()
    today, me = plan.day_of(now), viewer.person_id
    found: list[OwnRequest] = []
    for entry in visible(plan, viewer, Section.TASKS, now):
        values, owner = entry.values, words(entry.values, "owner")
        if words(values, "requester") == me != owner and (tasks.is_open(values) or tasks.unowned(values)):
            late = tasks.days_late(values, today)
            found.append(
                OwnRequest(
                    Section.TASKS, entry.id, headline(Section.TASKS, entry), owner, words(values, "state"),
                    day(values, "due"), late, tasks.unowned(values),
                )
            )  # fmt: skip
    for entry in visible(plan, viewer, Section.REFERRALS, now):
        values, state = entry.values, words(entry.values, "state")
        if words(values, "asker") == me and state in referral_states.UNDERWAY:
            late = referral_states.silence(values, now, plan.day_of(now)).late
            found.append(
                OwnRequest(
                    Section.REFERRALS, entry.id, headline(Section.REFERRALS, entry), words(values, "recipient"), state,
                    day(values, "expected_by"), late, state in ("requested", "received"),
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda each: (-each.late, not each.unowned, each.due or date.max)))


def _item(
    plan: PlanContent,
    kind: WaitingKind,
    section: Section,
    entry: EntryContent,
    *commands: str,
    told: str = "",
    due: date | None = None,
    late: int = 0,
    key: str = "",
) -> Waiting:
    return Waiting(kind, plan.plan_id, section, entry.id, told or headline(section, entry), due, late, commands, key)


def _tasks(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    for entry in visible(plan, viewer, Section.TASKS, now):
        state = words(entry.values, "state")
        if words(entry.values, "owner") != viewer.person_id or state not in tasks.OPEN:
            continue
        kind = WaitingKind.TASK_TO_ACCEPT if state in tasks.ASKED else WaitingKind.TASK_TO_DO
        verbs = ("accept", "reject") if state in tasks.ASKED else ("complete", "start", "hold", "resume", "fail")
        possible = tuple(f"task.{verb}" for verb in verbs if verb in tasks.MACHINE.verbs_from(state))
        late = tasks.days_late(entry.values, plan.day_of(now))
        yield _item(plan, kind, Section.TASKS, entry, *possible, due=day(entry.values, "due"), late=late)


def _referrals(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    for entry in visible(plan, viewer, Section.REFERRALS, now):
        values, state = entry.values, words(entry.values, "state")
        due, late = day(values, "expected_by"), referral_states.silence(values, now, plan.day_of(now)).late
        if words(values, "recipient") == viewer.person_id and state in referral_states.UNDERWAY:
            asked = state in ("requested", "received")
            verbs = ("referral.accept", "referral.reject") if asked else ("visit.publish", "referral.schedule")
            yield _item(plan, WaitingKind.REFERRAL_TO_ANSWER, Section.REFERRALS, entry, *verbs, due=due, late=late)
        elif words(values, "asker") == viewer.person_id and state in ("reported", "rejected"):
            settle = ["referral.send", "referral.cancel"] if state == "rejected" else ["referral.close"]
            if referral_states.undecided(values):
                settle.insert(0, "referral.decide_recommendation")
            yield _item(plan, WaitingKind.REFERRAL_TO_DECIDE, Section.REFERRALS, entry, *settle, due=due)


def _monitoring(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    for entry in visible(plan, viewer, Section.MONITORING, now):
        standing = monitoring.alarm(entry.values, now)
        if standing is not None and monitoring.told_to(plan, entry, standing, viewer.person_id, now):
            kind = WaitingKind.RED_ZONE if standing.zone == "red" else WaitingKind.YELLOW_ZONE
            told = alarm_told(entry.values, standing, plan.zone)
            yield _item(plan, kind, Section.MONITORING, entry, "reading.acknowledge", told=told)
        since = monitoring.never_began(entry, now)
        if since is not None and monitoring.first_waits_on(plan, entry, viewer.person_id):
            told = never_told(entry.values, since, plan.zone)
            yield _item(plan, WaitingKind.YELLOW_ZONE, Section.MONITORING, entry, told=told)


def _dangers(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    """Dangers wait on the prescriber, else on who is responsible for medicines, else on primary care."""
    for finding in open_dangers(plan, now):
        held = [entry for each in finding.entries if (entry := plan.entry(MEDICATIONS, each)) is not None]
        if (
            held
            and _answers_for(plan, held, viewer)
            and barred(plan, viewer, MEDICATIONS, Operation.READ, now=now, entry_id=held[0].id) is None
        ):
            yield _item(plan, WaitingKind.DANGER, MEDICATIONS, held[0], told=finding.text)


def _answers_for(plan: PlanContent, held: Iterable[EntryContent], viewer: Participant) -> bool:
    """Return whether the viewer answers for these medicines."""
    prescribers = {words(each.values, "prescriber") for each in held} - {""}
    responsible = {
        words(each.values, "person")
        for each in active(plan, Section.CARE_TEAM)
        if "medicines" in members(each.values, "areas")
    } - {""}
    asked = prescribers or responsible
    return viewer.person_id in asked if asked else viewer.role is Role.PRIMARY_CARE


def _owns(plan: PlanContent, section: Section, entry: EntryContent, viewer: Participant) -> bool:
    """Return whether an entry is the viewer's: of whom it names, else of primary care."""
    if section is MEDICATIONS:
        return _answers_for(plan, [entry], viewer)
    named = {words(entry.values, name) for name in ("owner", "responder")} - {""}
    return viewer.person_id in named if named else viewer.role is Role.PRIMARY_CARE


def _crossed(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    """Two values of one field, neither seen by the other's writer, wait on both writers and on the entry's owner."""
    for section in plan.sections:
        for key, record in open_suggestions(plan, section).items():
            entry = plan.entry(section, words(record, "entry"))
            if entry is None or not is_crossed(record) or words(entry.values, "status") == "retired":
                continue
            wrote = viewer.person_id in (words(record, "proposer"), words(record, "beside"))
            field = words(record, "field")
            refusal = barred(plan, viewer, section, Operation.WRITE, now=now, entry_id=entry.id, field=field)
            if refusal is None and (wrote or _owns(plan, section, entry, viewer)):
                yield _item(plan, WaitingKind.CROSSED, section, entry, "suggestion.keep", "suggestion.accept", key=key)


def _medicines(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    for entry in unreconciled(plan):
        refusal = barred(
            plan, viewer, MEDICATIONS, Operation.COMMAND, now=now, entry_id=entry.id, command="medication.decide"
        )
        if refusal is None:
            yield _item(plan, WaitingKind.MEDICINE_TO_DECIDE, MEDICATIONS, entry, "medication.decide")


def _coming_home(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    """A clock waits on whoever took it, from the first day on; what nobody took stands with the plan's reasons."""
    today, stay = plan.day_of(now), ongoing(plan, now)
    for entry in visible(plan, viewer, Section.TRANSITIONS, now):
        mine = transition_clocks.clock_owners(entry.values)
        if stay is not None and entry.id == stay.id and mine.get(STAY) == viewer.person_id:
            told = stay_told(entry, plan.zone)
            yield _item(plan, WaitingKind.IN_HOSPITAL, Section.TRANSITIONS, entry, told=told)
        handed = handoffs.last_step(entry.values)
        waits = handed is not None and words(handed, "step") == handoffs.HANDED_OVER
        if waits and handed is not None and words(handed, "by") != viewer.person_id and viewer.role in RECEIVERS:
            told = f"Handoff of {headline(Section.TRANSITIONS, entry)}"
            yield _item(plan, WaitingKind.HANDOFF, Section.TRANSITIONS, entry, told=told)
        for clock in transition_clocks.clocks(plan, entry, today):
            if not clock.done and mine.get(clock.name) == viewer.person_id:
                told = f"{clock.name.capitalize()} after {headline(Section.TRANSITIONS, entry)}"
                settle = {"contact": "transition.attempt", "visit": "transition.visited"}
                command = settle.get(clock.name, "transition.reconciled")
                yield _item(
                    plan, WaitingKind.COMING_HOME, Section.TRANSITIONS, entry, command, told=told, due=clock.due,
                    late=clock.late,
                )  # fmt: skip


def _questions(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    section = Section.CAREGIVER_LOG
    for entry in active(plan, section):
        urgent = question_states.is_urgent(entry.values)
        whom = None if urgent else question_states.waits_on(plan, entry, now)
        if whom is not None and viewer.person_id not in whom:
            continue
        if barred(plan, viewer, section, Operation.COMMAND, now=now, entry_id=entry.id, command="question.answer"):
            continue
        kind, settle = _asked(entry, urgent=urgent)
        due, late = question_states.due_of(plan, entry), question_states.days_late(plan, entry, now)
        item = _item(plan, kind, section, entry, *settle, due=due, late=late)
        yield replace(item, late_today=question_states.late_today(plan, entry, now))


def _asked(entry: EntryContent, *, urgent: bool) -> tuple[WaitingKind, tuple[str, ...]]:
    """Return why a note waits, and the commands that settle it."""
    report = home_reports.is_report(entry.values)
    settle: tuple[str, ...] = ("stay.confirm", "stay.known", "stay.deny")
    if not report:
        settle = ("question.answer", "question.calm" if urgent else "question.phone")
    if urgent:
        return WaitingKind.HELP_NOW, settle
    if report:
        return WaitingKind.STAY_REPORT, settle
    if question_states.turn_of(entry.values) is question_states.Side.ASKER:
        return WaitingKind.ANSWER, ("question.accept", "question.answer")
    return WaitingKind.QUESTION, settle


def _suggestions(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    for section in plan.sections:
        for key, record in open_suggestions(plan, section).items():
            entry = plan.entry(section, words(record, "entry"))
            if (
                is_crossed(record)
                or words(record, "proposer") == viewer.person_id
                or (entry is None and words(record, "entry"))
            ):
                continue
            action = Operation.WRITE if entry is not None else Operation.CREATE
            name = words(record, "field")
            entry_id = entry.id if entry is not None else ""
            if barred(plan, viewer, section, action, now=now, entry_id=entry_id, field=name) is None:
                told = headline(section, entry) if entry is not None else "a new entry"
                settle = ("suggestion.accept", "suggestion.decline")
                yield Waiting(WaitingKind.SUGGESTION, plan.plan_id, section, entry_id, told, None, 0, settle, key)


def _mentions(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    called = {viewer.person_id, viewer.role.value}
    for section in plan.sections:
        for entry in visible(plan, viewer, section, now):
            for key, record in comments_on(plan, section, entry.id).items():
                mentions = set(words(record, "mentions").split())
                if (
                    called & mentions
                    and not words(record, "resolved_by")
                    and words(record, "author") != viewer.person_id
                    and remark_visible(viewer, section, words(record, "author"), now)
                ):
                    yield _item(plan, WaitingKind.MENTION, section, entry, "comment.resolve", key=key)


def _huddles(plan: PlanContent, viewer: Participant, now: datetime) -> Iterable[Waiting]:
    me = viewer.person_id
    for entry in visible(plan, viewer, Section.HUDDLES, now):
        owing = huddles.to_read_back(plan, entry)
        if me in owing and not huddles.is_signed(entry):
            yield _item(plan, WaitingKind.READ_BACK, Section.HUDDLES, entry, "huddle.read_back")
        elif me in members(entry.values, "attendees") and me not in huddles.signers(entry) and not owing:
            yield _item(plan, WaitingKind.SIGNATURE, Section.HUDDLES, entry, "huddle.sign")


def by_kind(found: Iterable[Waiting]) -> Mapping[WaitingKind, tuple[Waiting, ...]]:
    """Return what waits by kind, in the order of the kinds; kinds with nothing are left out."""
    some = tuple(found)
    told = ((kind, tuple(each for each in some if each.kind is kind)) for kind in WaitingKind)
    return {kind: items for kind, items in told if items}
