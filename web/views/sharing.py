"""Who can see what, in words: a table of people and sections, one person's settings, and who looked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.break_glass import BreakGlass, Verdict, review_overdue
from auth.consents import Consent, choices
from auth.decisions import Grant, Operation, decide, grant_of
from auth.policy import CONFIDENTIAL
from auth.roles import Participant, Role
from auth.standings import membership
from crdt.sections import SECTIONS, Section
from hub.exchange.askers import BY_APP
from hub.record.journal import Action as Act
from hub.store.audits import Trace
from web.views.inviting import BASIS_WORDS, HOW_WORDS, last_day
from web.views.people import ROLE_WORDS, PersonView, PlanPeople
from web.views.words import Moment, Reading, count, day, moment

GRANT_WORDS: Final[Mapping[Grant, str]] = {
    Grant.WRITE: "changes",
    Grant.WRITE_OWN: "changes own",
    Grant.CONTRIBUTE: "adds",
    Grant.PROPOSE: "suggests",
    Grant.READ: "reads",
}
OWN_WORDS: Final[Mapping[str, str]] = {
    GRANT_WORDS[Grant.WRITE]: "you read and change it",
    GRANT_WORDS[Grant.WRITE_OWN]: "you read it and change what is yours",
    GRANT_WORDS[Grant.CONTRIBUTE]: "you read it and add to it",
    GRANT_WORDS[Grant.PROPOSE]: "you read it and suggest changes",
    GRANT_WORDS[Grant.READ]: "you read it",
}
"""The same to the person's own eyes, and in their language."""

_CLOSED: Final[Mapping[str, str]] = {
    "confidential": "confidential",
    "consent-hidden": "hidden",
    "consent-needed": "needs consent",
    "not-invited": "not shared",
    "not-assigned": "if named in it",
}
ACCESS_WORDS: Final[Mapping[str, str]] = {
    "": "As the role says",
    "read": "Reading only",
    "none": "Hidden",
    "granted": "Open",
}
_ENDED: Final[Mapping[str, str]] = {
    "removed": "Access ended",
    "ended": "Access has run out",
    "not-yet": "Access has not begun",
    "break-glass-over": "Emergency reading is over",
}


@dataclass(frozen=True, slots=True)
class SharingCell:
    """What one person can do in one section."""

    words: str
    open: bool
    narrowed: bool
    """The patient's consent says something of it."""
    until: str = ""


@dataclass(frozen=True, slots=True)
class ConsentChoice:
    """One thing that a consent may say."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SectionSetting:
    """One section of one person's settings."""

    section: Section
    title: str
    cell: SharingCell
    choices: tuple[ConsentChoice, ...]
    """Empty where nothing can be chosen."""
    recorded: str
    """The consent in force, in words."""


@dataclass(frozen=True, slots=True)
class SharingPerson:
    """One person of the plan with what they can see."""

    person: PersonView
    role: str
    cells: tuple[tuple[str, SharingCell], ...]
    """By the section's title, in the order of the page."""
    ended: str
    until: str
    is_patient: bool
    summary: str
    acts: tuple[str, ...] = ()
    """Of a guardian: why they act for the patient, what shows it, and what is closed to them from when on."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One visit of one person: who looked at what, and when."""

    who: str
    role: str
    what: str
    when: Moment
    emergency: bool


@dataclass(frozen=True, slots=True)
class ReadingView:
    """One emergency reading."""

    plan_id: str
    person_id: str
    who: str
    profession: str
    reason: str
    when: Moment
    began: str
    state: str
    overdue: bool
    open: bool
    pending: bool
    review_words: str


def cell_of(participant: Participant, section: Section, reading: Reading) -> SharingCell:
    """Return what the person can do in the section, in a word or two."""
    now = reading.now
    narrowing = participant.consents.get(section)
    stands = narrowing is not None and (narrowing.ends is None or narrowing.ends > now)
    ends = narrowing.ends if stands and narrowing is not None else None
    until = day(last_day(ends, reading.zone)) if ends is not None else ""
    grant = grant_of(participant, section, now)
    if grant is not Grant.NONE:
        return SharingCell(GRANT_WORDS[grant], True, stands, until)
    code = decide(participant, section, Operation.READ, now=now).code
    return SharingCell(_CLOSED.get(code, "no"), False, stands, until)


def access_words(participant: Participant, now: datetime) -> list[tuple[Section, str, str]]:
    """Return each section with its title and what the person can do there, for the person's own eyes."""
    cells = [(section, cell_of(participant, section, Reading(now))) for section in SECTIONS]
    return [(section, SECTIONS[section].title, OWN_WORDS.get(cell.words, cell.words)) for section, cell in cells]


def sharing_person(participant: Participant, view: PersonView, reading: Reading) -> SharingPerson:
    """Return one column of the table."""
    code = membership(participant, reading.now)
    cells = tuple((SECTIONS[each].title, cell_of(participant, each, reading)) for each in SECTIONS)
    seen = sum(1 for _, cell in cells if cell.open)
    changed = sum(1 for _, cell in cells if cell.words.startswith("changes"))
    ends = participant.ends
    return SharingPerson(
        person=view,
        role=ROLE_WORDS[participant.role],
        cells=cells,
        ended=_ENDED.get(code, ""),
        until=day(last_day(ends, reading.zone)) if ends is not None else "",
        is_patient=participant.role is Role.PATIENT,
        summary=f"sees {count(seen, 'section')}, changes {changed}",
        acts=_acts(participant, reading),
    )


def _acts(participant: Participant, reading: Reading) -> tuple[str, ...]:
    if participant.role is not Role.GUARDIAN:
        return ()
    told = [f"Acts for the patient, {BASIS_WORDS[participant.basis]}. Shown by: {participant.authority}."]
    begins = participant.confidential_from
    if begins is not None:
        titles = " and ".join(SECTIONS[each].title.lower() for each in SECTIONS if each in CONFIDENTIAL)
        when = "are" if begins <= reading.now else f"are from {day(begins.astimezone(reading.zone).date())} on"
        told.append(f"{titles.capitalize()} {when} between the patient and the team, unless the patient opens them.")
    return tuple(told)


def settings_of(
    participant: Participant, consents: Mapping[tuple[str, Section], Consent], people: PlanPeople, reading: Reading
) -> list[SectionSetting]:
    """Return the settings of one person, section by section."""
    found = []
    for section in SECTIONS:
        offered = choices(participant.role, section)
        consent = consents.get((participant.person_id, section))
        narrowing = participant.consents.get(section)
        stands = narrowing is not None and (narrowing.ends is None or narrowing.ends > reading.now)
        access = narrowing.access if stands and narrowing is not None else ""
        found.append(
            SectionSetting(
                section=section,
                title=SECTIONS[section].title,
                cell=cell_of(participant, section, reading),
                choices=tuple(
                    ConsentChoice(each, ACCESS_WORDS[each], each == access) for each in ("", *offered) if offered
                ),
                recorded=_recorded(consent, people, reading) if consent is not None and stands else "",
            )
        )
    return found


def _recorded(consent: Consent, people: PlanPeople, reading: Reading) -> str:
    when = day(consent.recorded.astimezone(reading.zone).date())
    return f"{people.name(consent.agreed_by)} agreed {HOW_WORDS[consent.how]}, {when}, recorded by " + people.name(
        consent.recorded_by
    )


def looked(rows: Sequence[Trace], names: Mapping[str, str], people: PlanPeople, reading: Reading) -> list[Looked]:
    """Return the visits that the rows tell of, the newest first: rows of one person, session and day are one."""
    visits: dict[tuple[str, str, str, str], list[Trace]] = {}
    for row in rows:
        key = (row.actor, row.session, f"{row.recorded.astimezone(reading.zone):%Y-%m-%d}", _kind(row))
        visits.setdefault(key, []).append(row)
    return [_visit(each, names, people, reading) for each in visits.values()]


def _kind(row: Trace) -> str:
    if row.event.startswith("fhir."):
        return f"fhir {row.purpose}"
    return row.event if row.action is not Act.READ or row.event else "sections"


def _visit(rows: Sequence[Trace], names: Mapping[str, str], people: PlanPeople, reading: Reading) -> Looked:
    latest = rows[0]
    person = people.person(latest.actor)
    titles = list(dict.fromkeys(SECTIONS[Section(row.section)].title for row in reversed(rows) if row.section))
    subject = latest.entry
    what = (
        {
            "panel": "a line on their list of patients",
            "work": "what waits on them",
            "sharing.preview": f"the plan as {names.get(subject, people.name(subject))} sees it",
            "sharing.show": "who sees what",
            "sharing.looks": "who looked",
            "break_glass.begin": "opened the plan in an emergency",
            "version.read": "the plan as it was on another day",
            "version.compare": "the plan on two days, side by side",
        }.get(latest.event)
        or (f"by the {latest.purpose.replace(BY_APP, 'app ', 1)}" if latest.purpose.startswith(BY_APP) else "")
        or ", ".join(titles)
        or ("an export of the record" if latest.action in (Act.EXPORT, Act.DISCLOSE) else "the plan")
    )
    role = person.role if person is not None else ROLE_WORDS.get(_role(latest.role), "")
    who = names.get(latest.actor) or people.name(latest.actor)
    return Looked(who, role, what, moment(latest.recorded, reading), person is None)


def _role(words: str) -> Role:
    return next((each for each in Role if each.value == words), Role.AUDITOR)


def reading_view(glass: BreakGlass, reading: Reading, *, names: Mapping[str, str]) -> ReadingView:
    """Return one emergency reading in words."""
    reviewer = names.get(glass.reviewer, "the privacy officer")
    state = {
        Verdict.PENDING: "Waits for its review",
        Verdict.JUSTIFIED: f"Found justified by {reviewer}",
        Verdict.UNJUSTIFIED: f"Found not justified by {reviewer}",
    }[glass.verdict]
    return ReadingView(
        plan_id=glass.plan_id,
        person_id=glass.person_id,
        who=glass.name,
        profession=glass.profession or ROLE_WORDS[glass.role],
        reason=glass.reason,
        when=moment(glass.began, reading),
        began=glass.began.isoformat(),
        state=state,
        overdue=review_overdue(glass, reading.now),
        open=glass.until > reading.now,
        pending=glass.verdict is Verdict.PENDING,
        review_words=glass.review_words,
    )
