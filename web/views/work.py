"""Waiting on me, across all my patients: what, of whom, how late, and what settles it; and what I asked of others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from crdt.sections import SECTIONS, Section
from hub.workflows.contents import words as register
from hub.workflows.suggestions import is_crossed, proposed
from hub.workflows.waiting import OwnRequest, Waiting, WaitingKind, asked_of_others, by_kind, waiting_on
from web.doors.directory import Patient
from web.views.entries import Reader
from web.views.entries import headline as entry_headline
from web.views.fields import scalar_words, words_of
from web.views.words import count, day, listed_name, sentence, short

KIND_WORDS: Final[Mapping[WaitingKind, str]] = {
    WaitingKind.HELP_NOW: "Words that may mean an emergency: call now",
    WaitingKind.DANGER: "Dangerous medicines",
    WaitingKind.RED_ZONE: "Readings in the red zone",
    WaitingKind.YELLOW_ZONE: "Readings to answer",
    WaitingKind.TASK_TO_ACCEPT: "Tasks to accept",
    WaitingKind.TASK_TO_DO: "Tasks to do",
    WaitingKind.REFERRAL_TO_ANSWER: "Referrals to answer",
    WaitingKind.REFERRAL_TO_DECIDE: "Answers to decide on",
    WaitingKind.MEDICINE_TO_DECIDE: "Medicines to reconcile",
    WaitingKind.IN_HOSPITAL: "In hospital",
    WaitingKind.STAY_REPORT: "Hospital stays told from home, to confirm",
    WaitingKind.HANDOFF: "Handoffs to read back",
    WaitingKind.COMING_HOME: "After coming home",
    WaitingKind.QUESTION: "Questions",
    WaitingKind.ANSWER: "Answers to what you asked",
    WaitingKind.CROSSED: "Changed by two at once",
    WaitingKind.SUGGESTION: "Suggestions",
    WaitingKind.MENTION: "Mentions",
    WaitingKind.READ_BACK: "To read back",
    WaitingKind.SIGNATURE: "To sign",
}

VERBS: Final[Mapping[str, frozenset[str]]] = {
    "accept": frozenset({"task.accept", "referral.accept", "suggestion.accept"}),
    "done": frozenset({"task.complete", "comment.resolve", "question.accept"}),
    "reject": frozenset({"task.reject", "referral.reject", "suggestion.decline", "suggestion.keep"}),
}
"""What one press does to whatever is chosen, by the commands that settle it."""

_SAYS_ITSELF: Final = frozenset({WaitingKind.RED_ZONE, WaitingKind.YELLOW_ZONE})
"""Their words are the value, how it moved and since when."""

VERB_WORDS: Final[Mapping[str, str]] = {"accept": "Accept", "done": "Done", "reject": "Decline"}


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing that waits on the reader. ``name`` is its value in the form: plan, section, entry, key."""

    name: str
    patient: str
    address: str
    words: str
    told: str
    """More about it: what a suggestion proposes, what a remark says."""
    due: str
    late: str
    left: str
    """Of a clock: the time left."""
    verbs: tuple[str, ...]
    seen: str
    """What stands where a suggestion would go: another value there refuses its acceptance."""

    @property
    def control_id(self) -> str:
        """Return an id that is unique on the page."""
        return "item-" + self.name.replace("/", "-")


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind."""

    title: str
    items: tuple[WorkItem, ...]


@dataclass(frozen=True, slots=True)
class AskedView:
    """Something that the reader asked of someone."""

    patient: str
    address: str
    words: str
    of: str
    state: str
    due: str
    late: str
    unowned: bool


@dataclass(frozen=True, slots=True)
class PlanWork:
    """What waits on one person in one plan."""

    patient: Patient
    reader: Reader
    waiting: tuple[Waiting, ...]
    asked: tuple[OwnRequest, ...]


def plan_work(patient: Patient, reader: Reader, away: Mapping[str, str] = MappingProxyType({})) -> PlanWork:
    """Return what waits on the reader in this plan, and what they asked of others there.

    ``away`` has those for whom the reader stands in now, by id, as they are told of: what waits on them waits here as
    well, and says so. The reader sees no more of it than their own part shows, and does it by their own right.
    """
    who, content = reader.participant, reader.content
    mine = waiting_on(content, who, reader.now)
    known = {(each.section, each.entry, each.key) for each in mine}
    others = [
        replace(each, commands=(), instead_of=told)
        for person_id, told in away.items()
        for each in waiting_on(content, replace(who, person_id=person_id), reader.now)
        if (each.section, each.entry, each.key) not in known
    ]
    return PlanWork(patient, reader, (*mine, *others), asked_of_others(content, who, reader.now))


def patient_name(patient: Patient) -> str:
    """Return a patient's name as lists show it."""
    return listed_name(patient.family_name, patient.given_name)


def groups(plans: Sequence[PlanWork]) -> list[Group]:
    """Return what waits by kind, the late first within each."""
    of = {id(item): each for each in plans for item in each.waiting}
    every = sorted((item for each in plans for item in each.waiting), key=lambda it: (-it.late, it.due or date.max))
    return [
        Group(KIND_WORDS[kind], tuple(_item(of[id(it)], it) for it in items)) for kind, items in by_kind(every).items()
    ]


def asked_views(plans: Sequence[PlanWork]) -> list[AskedView]:
    """Return what the reader asked of others, the late and the unowned first."""
    every = [(each, it) for each in plans for it in each.asked]
    every.sort(key=lambda pair: (-pair[1].late, not pair[1].unowned, pair[1].due or date.max))
    return [_asked(each, it) for each, it in every]


def waiting_count(plans: Iterable[PlanWork]) -> int:
    """Return how many things wait on the reader."""
    return sum(len(each.waiting) for each in plans)


def _item(plan: PlanWork, it: Waiting) -> WorkItem:
    told, seen = _told(plan, it)
    verbs = tuple(verb for verb, names in VERBS.items() if names & set(it.commands))
    return WorkItem(
        name="/".join((it.plan_id, it.section, it.entry, it.key)),
        patient=patient_name(plan.patient),
        address=_address(it),
        words=(f"For {it.instead_of}: " if it.instead_of else "")
        + (
            it.words
            if it.section in (Section.MONITORING, Section.TRANSITIONS) and not it.key
            else _headline(plan, it.section, it.entry, it.words)
        ),
        told=told,
        due=day(it.due) if it.due is not None else "",
        late="Late today" if it.late_today else f"{count(it.late, 'day')} late" if it.late else "",
        left=_left(it, plan.reader.setting.reading.today),
        verbs=verbs,
        seen=seen,
    )


def _left(it: Waiting, today: date) -> str:
    """Return the time that a clock leaves, ``""`` for all else."""
    if it.kind is not WaitingKind.COMING_HOME or it.due is None or it.late:
        return ""
    left = (it.due - today).days
    return f"{count(left, 'day')} left" if left > 0 else "the last day"


def _headline(plan: PlanWork, section: Section, entry: str, words: str) -> str:
    found = plan.reader.content.entry(section, entry)
    if found is None:
        return sentence(words)
    return entry_headline(section, found.values, plan.reader.setting.people.name)


def _address(it: Waiting) -> str:
    if it.section is Section.REFERRALS and it.kind is not WaitingKind.MENTION and it.entry:
        return f"/plans/{it.plan_id}/referrals/{it.entry}"
    if it.kind is WaitingKind.HANDOFF:
        return f"/plans/{it.plan_id}/handoff/{it.entry}"
    if it.kind is WaitingKind.COMING_HOME:
        return f"/plans/{it.plan_id}/coming-home/{it.entry}"
    questions = (WaitingKind.QUESTION, WaitingKind.ANSWER, WaitingKind.HELP_NOW)
    if it.section is Section.CAREGIVER_LOG and it.kind in questions and it.entry:
        return f"/plans/{it.plan_id}/questions/{it.entry}"
    return f"/plans/{it.plan_id}#{f'entry-{it.entry}' if it.entry else f'section-{it.section}'}"


def _told(plan: PlanWork, it: Waiting) -> tuple[str, str]:
    content, setting = plan.reader.content.sections.get(it.section), plan.reader.setting
    if content is None or not it.key:
        return "", ""
    if it.kind is WaitingKind.MENTION:
        record = content.comments[it.key]
        return f"{setting.people.author(register(record, 'author'))}: {short(register(record, 'words'))}", ""
    record = content.suggestions[it.key]
    who, value = setting.people.name(register(record, "proposer")), proposed(record)
    declared = SECTIONS[it.section].field(register(record, "field"))
    if declared is None or isinstance(value, dict):
        return f"{who}: {SECTIONS[it.section].noun_of(value if isinstance(value, dict) else {})}", ""
    stands = plan.reader.content.value(it.section, it.entry, declared.name)
    seen = f"{stands:g}" if isinstance(stands, float) else str(stands if stands is not None else "")
    told = f"{who}: {declared.label} {scalar_words(declared, value, setting)}"
    if is_crossed(record):
        return f"{told}; {words_of(declared, stands, setting) or 'nothing'} stands", seen
    return told, seen


def _asked(plan: PlanWork, it: OwnRequest) -> AskedView:
    people = plan.reader.setting.people
    loop = f"/referrals/{it.entry}" if it.section is Section.REFERRALS else f"#entry-{it.entry}"
    return AskedView(
        patient=patient_name(plan.patient),
        address=f"/plans/{plan.patient.plan_id}{loop}",
        words=_headline(plan, it.section, it.entry, it.words),
        of=people.name(it.of) if it.of else "someone outside",
        state=sentence(it.state),
        due=day(it.due) if it.due is not None else "",
        late=f"{count(it.late, 'day')} late" if it.late else "",
        unowned=it.unowned,
    )
