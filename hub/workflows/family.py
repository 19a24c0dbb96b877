"""The family's view of a plan: what to take today, what changed, when to call whom. Plain words, or none.

Nothing here shows clinical text where plain words are missing: it says so, and the family can ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from auth.roles import Participant
from crdt.contents import Record
from crdt.sections import CALLS, Section
from hub.live.commands import EntryContent, PlanContent
from hub.safety.allergens import AllergyKind, read_allergy
from hub.safety.measures import is_pressure
from hub.safety.plan_charts import allergy_line
from hub.workflows import monitoring, tasks, zones
from hub.workflows.alarm_wordings import value_told
from hub.workflows.contents import instant, members, number, words
from hub.workflows.digests import FieldEdit
from hub.workflows.doses import ANY_TIME, dose_of, times_due
from hub.workflows.family_news import ChangeTold, changes_told, recent_edits, said
from hub.workflows.grants import visible
from hub.workflows.medications import is_medicine
from hub.workflows.wordings import Changed, is_stale, plain_words

EMERGENCY: Final = CALLS[0]

SENT_SHOWN_MAX: Final = 5
"""Own readings of a measure that can be taken back on the page; the team marks earlier ones."""

NO_PLAIN_WORDS: Final = said("The team has not put this in plain words yet.")
TIMES: Final = (
    said("morning"),
    said("noon"),
    said("evening"),
    said("bedtime"),
    said("when needed"),
    said("at another time"),
)
"""Times of day in the order of the page; the last for a medicine of which no time is said."""

DECIDING: Final[Mapping[str, str]] = {
    "unreconciled": said("your team has not checked it since the hospital stay."),
    "prepared": said("your team is deciding whether to change or stop it."),
}
"""Why a medicine is not settled, by what its reconciliation says."""
SUGGESTED: Final = said("someone on your team has suggested to change or stop it.")
UNFITTING: Final = said("how often it is taken and the times of day do not fit each other.")


class Advice(StrEnum):
    """What the person at home is told to do with a medicine that is not settled."""

    ASK = "ask"
    """Ask before taking it."""
    KEEP = "keep"
    """It must not be stopped suddenly: keep taking it, and call today."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Why a medicine is not simply today's: ``words`` are a sentence for the family, looked up in their language unless
    they are in another than English already."""

    advice: Advice
    words: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class MedicineToday:
    """One medicine at one time of day. ``was`` is the dose before a recent change."""

    entry: str
    name: str
    dose: str
    frequency: str
    plain_words: str
    explained: bool
    """Whether ``plain_words`` are the team's own and not the sentence that there are none."""
    stale: bool
    new: bool
    was: str
    takes: str
    by: str = ""
    """Who changed it in the last days."""
    since: datetime | None = None
    cautions: tuple[Caution, ...] = ()
    said: Mapping[str, Record] = field(default_factory=dict)
    """What was said of today's doses, by time of day."""
    due: tuple[str, ...] = ()
    """The times of day at which something can be said."""


@dataclass(frozen=True, slots=True)
class HelpLine:
    """When to call for help. ``call`` is one of ``CALLS``, ``""`` where the team has not said whom.

    A line of a zone has its measure with where the zone begins and ends, as they were typed.
    """

    words: str
    call: str
    measure: str = ""
    low: str = ""
    high: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Someone to call."""

    name: str
    role: str
    responsible_for: str
    phone: str
    hours: str


@dataclass(frozen=True, slots=True)
class SentReading:
    """A reading that the person of the page sent. ``wrong``: it was entered in error and counts no more."""

    key: str
    told: str
    when: datetime | None
    wrong: bool


@dataclass(frozen=True, slots=True)
class WatchedMeasure:
    """When to worry about one measure, and what to do then; the last reading and its zone beside it."""

    entry: str
    measure: str
    unit: str
    told: str
    """What to do in the zone of the last reading."""
    zone: str
    last: float | None
    when: datetime | None = None
    """When the last reading was taken."""
    value: str = ""
    """The last reading as it is read, both numbers of a blood pressure."""
    at_home: bool = False
    """Someone at home can measure it."""
    call: str = ""
    """Whom to call in that zone: one of ``CALLS``, ``""`` where the team has not said."""
    sent: tuple[SentReading, ...] = ()
    """What this person sent last, the newest first."""
    pressure: bool = False
    """Both numbers may be typed, as in 120/80."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A problem, a stay or a visit with its plain words, ``""`` where the team has written none."""

    section: Section
    entry: str
    name: str
    plain_words: str
    stale: bool
    when: datetime | None = None
    """Of an appointment that is to come."""


@dataclass(frozen=True, slots=True)
class FamilyView:
    """All that the family's page shows, already decided by what this person may see."""

    called: str
    updated: datetime | None
    emergency: tuple[HelpLine, ...]
    """What to call the emergency number for."""
    call: tuple[HelpLine, ...]
    """What to call the team for, the urgent first."""
    unsorted: tuple[HelpLine, ...]
    """What the team wrote for when things get worse without saying whom to call."""
    allergies: tuple[str, ...]
    today: tuple[tuple[str, tuple[MedicineToday, ...]], ...]
    stopped: tuple[str, ...]
    """Medicines that were stopped lately or since this person looked: what to take no more."""
    changes: tuple[ChangeTold, ...]
    contacts: tuple[Contact, ...]
    measures: tuple[WatchedMeasure, ...]
    tasks: tuple[EntryContent, ...]
    questions: tuple[EntryContent, ...]
    problems: tuple[Explained, ...] = ()
    visits: tuple[Explained, ...] = ()
    hidden: frozenset[Section] = frozenset()
    """Sections that are not shared with this person; what they would show is said to be hidden, never to be none."""


def family_view(
    plan: PlanContent,
    viewer: Participant,
    people: Mapping[str, str],
    changed: Changed,
    edits: tuple[FieldEdit, ...],
    now: datetime,
    looked: Mapping[Section, int] | None = None,
    begun: datetime | None = None,
    cautions: Mapping[str, tuple[Caution, ...]] | None = None,
    suggested: frozenset[str] = frozenset(),
    must_go_on: frozenset[str] = frozenset(),
    hidden: frozenset[Section] = frozenset(),
) -> FamilyView:
    """Return the view for one person. ``edits`` tell what changed, ``changed`` what is out of date.

    ``looked`` is the journal's row up to which the person has read each section; ``begun`` is when the plan was
    first written; ``cautions`` are what the safety rules say of a medicine, by entry;
    ``suggested`` are the medicines whose end or change somebody has suggested, ``must_go_on`` those that harm when they
    are stopped suddenly.
    """
    recent = recent_edits(edits, now, looked or {}, begun)
    medicines = [entry for entry in visible(plan, viewer, Section.MEDICATIONS, now) if is_medicine(entry)]
    measures = tuple(_measure(entry, viewer.person_id) for entry in visible(plan, viewer, Section.MONITORING, now))
    about = visible(plan, viewer, Section.ABOUT_ME, now)
    lines = _help_lines(plan, viewer, now)
    unsettled = {
        each.id: _cautions(each, suggested, (cautions or {}).get(each.id, ()), keep=each.id in must_go_on)
        for each in medicines
    }
    return FamilyView(
        called=next((words(each.values, "preferred_name") for each in about), ""),
        updated=max(changed.values(), default=None),
        emergency=tuple(each for each in lines if each.call == EMERGENCY),
        call=tuple(sorted((each for each in lines if each.call in CALLS[1:]), key=lambda each: CALLS.index(each.call))),
        unsorted=tuple(each for each in lines if each.call not in CALLS),
        allergies=_allergies(plan, viewer, now),
        today=_today(medicines, changed, recent, people, unsettled, plan.day_of(now)),
        stopped=_stopped(medicines, recent),
        changes=changes_told(plan, viewer, recent, people, now, looked or {}),
        contacts=contacts_of(plan, viewer, people, now),
        measures=measures,
        tasks=tuple(each for each in visible(plan, viewer, Section.TASKS, now) if tasks.is_open(each.values)),
        questions=tuple(visible(plan, viewer, Section.CAREGIVER_LOG, now)),
        problems=_problems(plan, viewer, changed, now),
        visits=_visits(plan, viewer, changed, now),
        hidden=hidden,
    )


def _in_use(entry: EntryContent) -> bool:
    return words(entry.values, "taking") in ("", "active")


def _cautions(
    entry: EntryContent, suggested: frozenset[str], found: tuple[Caution, ...], *, keep: bool
) -> tuple[Caution, ...]:
    """Return what a danger says of the medicine, then that it is under decision; one that must go on is kept going."""
    keep = keep or any(each.advice is Advice.KEEP for each in found)
    why = DECIDING.get(words(entry.values, "reconciliation"), SUGGESTED if entry.id in suggested else "")
    advice = Advice.KEEP if keep else Advice.ASK
    told = tuple(Caution(advice, each.words, each.language) for each in found if each.words)
    return (*told, Caution(advice, why)) if why else told


def _medicine(
    entry: EntryContent,
    changed: Changed,
    recent: list[FieldEdit],
    people: Mapping[str, str],
    cautions: tuple[Caution, ...],
    today: date,
) -> MedicineToday:
    own = [edit for edit in recent if edit.section is Section.MEDICATIONS and edit.entry == entry.id]
    explained = plain_words(Section.MEDICATIONS, entry)
    dose = next((edit for edit in own if edit.field == "dose" and edit.before), None)
    made = next((edit for edit in own if edit.made), None)
    last, due = dose or made, times_due(entry.values)
    return MedicineToday(
        entry=entry.id,
        name=words(entry.values, "name"),
        dose=words(entry.values, "dose"),
        frequency=words(entry.values, "frequency"),
        plain_words=explained or NO_PLAIN_WORDS,
        explained=bool(explained),
        stale=is_stale(entry, Section.MEDICATIONS, changed),
        new=made is not None,
        was=dose.before if dose is not None else "",
        takes=words(entry.values, "takes"),
        by=people.get(last.actor, "") if last is not None else "",
        since=last.recorded if last is not None else None,
        cautions=cautions,
        said={time: found for time in due if (found := dose_of(entry.values, today, time)) is not None},
        due=due,
    )


def _today(
    medicines: list[EntryContent],
    changed: Changed,
    recent: list[FieldEdit],
    people: Mapping[str, str],
    cautions: Mapping[str, tuple[Caution, ...]],
    today: date,
) -> tuple[tuple[str, tuple[MedicineToday, ...]], ...]:
    by_time: dict[str, list[MedicineToday]] = {time: [] for time in TIMES}
    for entry in medicines:
        if _in_use(entry):
            medicine = _medicine(entry, changed, recent, people, cautions[entry.id], today)
            for time in members(entry.values, "times") or (ANY_TIME,):
                by_time.setdefault(time, []).append(medicine)
    return tuple((time, tuple(some)) for time, some in by_time.items() if some)


def _stopped(medicines: list[EntryContent], recent: list[FieldEdit]) -> tuple[str, ...]:
    ended = {edit.entry for edit in recent if edit.field == "taking" and edit.after == "stopped"}
    return tuple(words(each.values, "name") for each in medicines if each.id in ended and not _in_use(each))


def _allergies(plan: PlanContent, viewer: Participant, now: datetime) -> tuple[str, ...]:
    found = [
        entry
        for entry in visible(plan, viewer, Section.MEDICATIONS, now)
        if not is_medicine(entry)
        and read_allergy(allergy_line(entry.values)).kind not in (AllergyKind.DENIED, AllergyKind.TOLERATES)
    ]
    return tuple(
        f"{words(entry.values, 'name')} ({reaction})" if (reaction := words(entry.values, "reaction")) else
        words(entry.values, "name")
        for entry in found
    )  # fmt: skip


def _sent(entry: EntryContent, person: str) -> tuple[SentReading, ...]:
    mine = [each for each in monitoring.every_reading(entry.values) if words(each[1], "by") == person and person]
    return tuple(
        SentReading(
            key,
            f"{value_told(record)} {words(record, 'unit') or words(entry.values, 'unit')}".strip(),
            monitoring.taken(record),
            bool(words(record, "in_error")),
        )
        for key, record in reversed(mine[-SENT_SHOWN_MAX:])
    )


def _measure(entry: EntryContent, viewer: str) -> WatchedMeasure:
    state = monitoring.zone_state(entry.values)
    return WatchedMeasure(
        entry=entry.id,
        measure=monitoring.measure_name(entry.values),
        unit=words(entry.values, "unit"),
        told=words(entry.values, f"{state.zone}_instructions") if state.zone else "",
        zone=state.zone,
        last=number(state.reading, "value") if state.reading is not None else None,
        when=monitoring.taken(state.reading) if state.reading is not None else None,
        value=value_told(state.reading) if state.reading is not None else "",
        at_home=monitoring.at_home(entry.values),
        pressure=is_pressure(words(entry.values, "measure")),
        call=words(entry.values, f"{state.zone}_call") if state.zone else "",
        sent=_sent(entry, viewer),
    )


def _problems(plan: PlanContent, viewer: Participant, changed: Changed, now: datetime) -> tuple[Explained, ...]:
    """Return the stays and the problems that are there now, those with plain words first."""
    found = [
        Explained(section, entry.id, words(entry.values, name), plain_words(section, entry), stale)
        for section, name in ((Section.TRANSITIONS, "facility"), (Section.CONDITIONS, "name"))
        for entry in visible(plan, viewer, section, now)
        for stale in (is_stale(entry, section, changed),)
        if words(entry.values, "clinical_status") not in ("inactive", "remission", "resolved")
        and words(entry.values, "kind") in ("", "problem")
    ]
    return tuple(sorted(found, key=lambda each: not each.plain_words))


def _visits(plan: PlanContent, viewer: Participant, changed: Changed, now: datetime) -> tuple[Explained, ...]:
    """Return the visits to come, and those of which the team left plain words; the next one first."""
    found = [
        Explained(
            Section.REFERRALS,
            entry.id,
            words(entry.values, "to"),
            plain_words(Section.REFERRALS, entry),
            is_stale(entry, Section.REFERRALS, changed),
            instant(entry.values, "appointment"),
        )
        for entry in visible(plan, viewer, Section.REFERRALS, now)
        if words(entry.values, "state") not in ("draft", "cancelled", "rejected")
    ]
    told = [each for each in found if each.plain_words or (each.when is not None and each.when > now)]
    return tuple(sorted(told, key=lambda each: (each.when is None, each.when or now)))


def _help_lines(plan: PlanContent, viewer: Participant, now: datetime) -> tuple[HelpLine, ...]:
    """Return when to call for help, as the team ordered it: what was said at the last discharges, then the zones."""
    found = [
        HelpLine(words(entry.values, "handoff_contingency"), words(entry.values, "contingency_call"))
        for entry in visible(plan, viewer, Section.TRANSITIONS, now)
    ]
    for zone in ("red", "yellow"):
        found += [
            HelpLine(
                told,
                words(entry.values, f"{zone}_call"),
                monitoring.measure_name(entry.values),
                *zones.bounds(entry.values, zone),
                words(entry.values, "unit"),
            )
            for entry in visible(plan, viewer, Section.MONITORING, now)
            if (told := words(entry.values, f"{zone}_instructions"))
        ]
    return tuple(dict.fromkeys(each for each in found if each.words))


def contacts_of(
    plan: PlanContent, viewer: Participant, people: Mapping[str, str], now: datetime
) -> tuple[Contact, ...]:
    """Return who can be called, the steward first."""
    return tuple(each for each in team_of(plan, viewer, people, now) if each.phone)


def team_of(plan: PlanContent, viewer: Participant, people: Mapping[str, str], now: datetime) -> tuple[Contact, ...]:
    """Return everyone of the team, the steward first; some have no telephone here."""
    team = visible(plan, viewer, Section.CARE_TEAM, now)
    team.sort(key=lambda entry: words(entry.values, "steward") != "yes")
    return tuple(
        Contact(
            people.get(words(entry.values, "person"), words(entry.values, "role")),
            words(entry.values, "role"),
            words(entry.values, "responsible_for"),
            words(entry.values, "phone"),
            words(entry.values, "hours"),
        )
        for entry in team
    )
