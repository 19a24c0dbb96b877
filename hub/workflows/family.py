"""The family's view of a plan: what to take today, what changed, when to call whom. Plain words, or none.

Nothing here shows clinical text where plain words are missing: it says so, and the family can ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.roles import Participant
from crdt.sections import Section
from hub.commands import EntryContent, PlanContent
from hub.workflows import monitoring, tasks
from hub.workflows.contents import active, members, number, words
from hub.workflows.digests import Edit, collapsed
from hub.workflows.grants import visible
from hub.workflows.medications import is_medicine

NO_PLAIN_WORDS: Final = "The team has not put this in plain words yet."
STALE_WORDS: Final = "This was changed since it was put in plain words. Ask if something does not fit."

TIMES: Final = ("morning", "noon", "evening", "bedtime", "when needed", "at another time")
"""Times of day in the order of the page; the last for a medicine of which no time is said."""

TELLS: Final = frozenset({"name", "dose", "frequency", "instructions", "taking", "times", "route"})
"""Fields whose change makes a medicine's plain words out of date."""

NEW_FOR: Final = timedelta(days=7)
"""A change is told to the family for this long."""

Changed = Mapping[tuple[Section, str, str], datetime]
"""When each field was last changed, from the journal."""


@dataclass(frozen=True, slots=True)
class MedicineToday:
    """One medicine at one time of day. ``was`` is the dose before a change of the last days."""

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


@dataclass(frozen=True, slots=True)
class ChangeTold:
    """One change of the last days, in words for everyday life."""

    entry: str
    words: str
    recorded: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Someone to call."""

    name: str
    role: str
    responsible_for: str
    phone: str
    hours: str


@dataclass(frozen=True, slots=True)
class Watch:
    """When to worry about one measure, and what to do then; the last reading and its zone beside it."""

    entry: str
    measure: str
    unit: str
    emergency: str
    call: str
    zone: str
    last: float | None


@dataclass(frozen=True, slots=True)
class FamilyView:
    """All that the family's page shows, already decided by what this person may see."""

    called: str
    updated: datetime | None
    emergency: tuple[str, ...]
    """What to call the emergency number for."""
    call: tuple[str, ...]
    """What to call the nurse for."""
    allergies: tuple[str, ...]
    today: tuple[tuple[str, tuple[MedicineToday, ...]], ...]
    stopped: tuple[str, ...]
    """Medicines that ended in the last days: what to take no more."""
    changes: tuple[ChangeTold, ...]
    contacts: tuple[Contact, ...]
    measures: tuple[Watch, ...]
    tasks: tuple[EntryContent, ...]
    questions: tuple[EntryContent, ...]


def family_view(
    plan: PlanContent,
    viewer: Participant,
    people: Mapping[str, str],
    changed: Changed,
    edits: tuple[Edit, ...],
    now: datetime,
) -> FamilyView:
    """Return the view for one person. ``edits`` of the last days tell what changed; ``changed`` what is out of date."""
    recent = [edit for edit in collapsed(edits) if edit.recorded > now - NEW_FOR]
    medicines = [entry for entry in visible(plan, viewer, Section.MEDICATIONS, now) if is_medicine(entry)]
    measures = tuple(_measure(entry) for entry in visible(plan, viewer, Section.MONITORING, now))
    return FamilyView(
        called=next((words(each.values, "preferred_name") for each in active(plan, Section.ABOUT_ME)), ""),
        updated=max(changed.values(), default=None),
        emergency=_lines(plan, viewer, now, measures, "emergency"),
        call=_lines(plan, viewer, now, measures, "call"),
        allergies=_allergies(plan, viewer, now),
        today=_today(medicines, changed, recent),
        stopped=_stopped(medicines, recent),
        changes=_changes(medicines, recent, people),
        contacts=_contacts(plan, viewer, people, now),
        measures=measures,
        tasks=tuple(each for each in visible(plan, viewer, Section.TASKS, now) if tasks.is_open(each.values)),
        questions=tuple(visible(plan, viewer, Section.CAREGIVER_LOG, now)),
    )


def is_stale(entry: EntryContent, section: Section, changed: Changed) -> bool:
    """Say whether the entry's plain words are older than what they explain."""
    told = changed.get((section, entry.id, "plain_words"))
    if told is None:
        return False
    return any(when > told for (_, entry_id, field), when in changed.items() if entry_id == entry.id and field in TELLS)


def _in_use(entry: EntryContent) -> bool:
    return words(entry.values, "taking") in ("", "active")


def _medicine(entry: EntryContent, changed: Changed, recent: list[Edit]) -> MedicineToday:
    own = [edit for edit in recent if edit.section is Section.MEDICATIONS and edit.entry == entry.id]
    explained = words(entry.values, "plain_words")
    return MedicineToday(
        entry=entry.id,
        name=words(entry.values, "name"),
        dose=words(entry.values, "dose"),
        frequency=words(entry.values, "frequency"),
        plain_words=explained or NO_PLAIN_WORDS,
        explained=bool(explained),
        stale=bool(explained) and is_stale(entry, Section.MEDICATIONS, changed),
        new=any(edit.made for edit in own),
        was=next((edit.before for edit in own if edit.field == "dose" and edit.before), ""),
        takes=words(entry.values, "takes"),
    )


def _today(
    medicines: list[EntryContent], changed: Changed, recent: list[Edit]
) -> tuple[tuple[str, tuple[MedicineToday, ...]], ...]:
    by_time: dict[str, list[MedicineToday]] = {time: [] for time in TIMES}
    for entry in medicines:
        if _in_use(entry):
            for time in members(entry.values, "times") or (TIMES[-1],):
                by_time.setdefault(time, []).append(_medicine(entry, changed, recent))
    return tuple((time, tuple(some)) for time, some in by_time.items() if some)


def _stopped(medicines: list[EntryContent], recent: list[Edit]) -> tuple[str, ...]:
    ended = {edit.entry for edit in recent if edit.field == "taking" and edit.after == "stopped"}
    return tuple(words(each.values, "name") for each in medicines if each.id in ended and not _in_use(each))


def _changes(medicines: list[EntryContent], recent: list[Edit], people: Mapping[str, str]) -> tuple[ChangeTold, ...]:
    named = {entry.id: words(entry.values, "name") for entry in medicines}
    told: list[ChangeTold] = []
    made = {edit.entry for edit in recent if edit.made}
    for edit in recent:
        name = named.get(edit.entry) if edit.section is Section.MEDICATIONS else None
        sentence = _sentence(edit, name, made) if name else ""
        if sentence:
            told.append(ChangeTold(edit.entry, sentence, edit.recorded, people.get(edit.actor, "the team")))
    return tuple(sorted(told, key=lambda each: each.recorded, reverse=True))


def _sentence(edit: Edit, name: str, made: set[str]) -> str:
    if edit.made:
        return f"{name} is new."
    if edit.entry in made:
        return ""
    match edit.field:
        case "dose":
            return f"{name}: {edit.after} now (was {edit.before})." if edit.before else f"{name}: {edit.after}."
        case "frequency":
            return f"{name}: {edit.after} now (was {edit.before})." if edit.before else f"{name}: {edit.after}."
        case "taking" if edit.after == "stopped":
            return f"Stop taking {name}."
        case "taking" if edit.after == "on hold":
            return f"Do not take {name} for now."
        case "taking" if edit.after == "active":
            return f"Take {name} again."
        case _:
            return ""


def _allergies(plan: PlanContent, viewer: Participant, now: datetime) -> tuple[str, ...]:
    found = [
        entry
        for entry in visible(plan, viewer, Section.MEDICATIONS, now)
        if not is_medicine(entry) and words(entry.values, "verification") != "refuted"
    ]
    return tuple(
        f"{words(entry.values, 'name')} ({reaction})" if (reaction := words(entry.values, "reaction")) else
        words(entry.values, "name")
        for entry in found
    )  # fmt: skip


def _measure(entry: EntryContent) -> Watch:
    state = monitoring.zone_state(entry.values)
    name = words(entry.values, "measure")
    code, _, rest = name.partition(" ")
    return Watch(
        entry=entry.id,
        measure=rest if code[:1].isdigit() and rest else name,
        unit=words(entry.values, "unit"),
        emergency=words(entry.values, "red_instructions"),
        call=words(entry.values, "yellow_instructions"),
        zone=state.zone,
        last=number(state.reading, "value") if state.reading is not None else None,
    )


def _lines(
    plan: PlanContent, viewer: Participant, now: datetime, measures: tuple[Watch, ...], which: str
) -> tuple[str, ...]:
    told = [each.emergency if which == "emergency" else each.call for each in measures]
    if which == "emergency":
        stays = visible(plan, viewer, Section.TRANSITIONS, now)
        told = [words(entry.values, "handoff_contingency") for entry in stays] + told
    return tuple(dict.fromkeys(each for each in told if each))


def _contacts(plan: PlanContent, viewer: Participant, people: Mapping[str, str], now: datetime) -> tuple[Contact, ...]:
    """Return who can be called, the steward first."""
    team = [entry for entry in visible(plan, viewer, Section.CARE_TEAM, now) if words(entry.values, "phone")]
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
