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
from web.languages import Language, _, language
from web.views.inviting import BASIS_WORDS, HOW_WORDS, last_day
from web.views.people import ROLE_WORDS, PersonView, PlanPeople
from web.views.words import Moment, Reading

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

CLOSED: Final[Mapping[str, str]] = {
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
ENDED: Final[Mapping[str, str]] = {
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


ENGLISH: Final = language("en")
SEES: Final = _("sees %(seen)s sections, changes %(changed)s")


def cell_of(participant: Participant, section: Section, reading: Reading, spoken: Language = ENGLISH) -> SharingCell:
    """Return what the person can do in the section, in a word or two."""
    now = reading.now
    narrowing = participant.consents.get(section)
    stands = narrowing is not None and (narrowing.ends is None or narrowing.ends > now)
    ends = narrowing.ends if stands and narrowing is not None else None
    until = spoken.plain_day(last_day(ends, reading.zone)) if ends is not None else ""
    grant = grant_of(participant, section, now)
    if grant is not Grant.NONE:
        return SharingCell(GRANT_WORDS[grant], True, stands, until)
    code = decide(participant, section, Operation.READ, now=now).code
    return SharingCell(CLOSED.get(code, "no"), False, stands, until)


def access_words(participant: Participant, now: datetime) -> list[tuple[Section, str, str]]:
    """Return each section with its title and what the person can do there, for the person's own eyes."""
    cells = [(section, cell_of(participant, section, Reading(now))) for section in SECTIONS]
    return [(section, SECTIONS[section].title, OWN_WORDS.get(cell.words, cell.words)) for section, cell in cells]


def sharing_person(
    participant: Participant, view: PersonView, reading: Reading, spoken: Language = ENGLISH
) -> SharingPerson:
    """Return one column of the table."""
    code = membership(participant, reading.now)
    cells = tuple((spoken.say(SECTIONS[each].title), cell_of(participant, each, reading, spoken)) for each in SECTIONS)
    seen = sum(1 for _, cell in cells if cell.open)
    changed = sum(1 for _, cell in cells if cell.words.startswith("changes"))
    ends = participant.ends
    return SharingPerson(
        person=view,
        role=ROLE_WORDS[participant.role],
        cells=cells,
        ended=spoken.say(ENDED.get(code, "")),
        until=spoken.plain_day(last_day(ends, reading.zone)) if ends is not None else "",
        is_patient=participant.role is Role.PATIENT,
        summary=spoken.say(SEES) % {"seen": seen, "changed": changed},
        acts=_acts(participant, reading, spoken),
    )


def _acts(participant: Participant, reading: Reading, spoken: Language) -> tuple[str, ...]:
    if participant.role is not Role.GUARDIAN:
        return ()
    say = spoken.say
    basis = say(BASIS_WORDS[participant.basis])
    told = [say(_("Acts for the patient, %(basis)s. Shown by: %(shown)s.")) % {
        "basis": basis, "shown": participant.authority.rstrip("."),
    }]  # fmt: skip
    begins = participant.confidential_from
    if begins is not None:
        titles = ", ".join(say(SECTIONS[each].title) for each in SECTIONS if each in CONFIDENTIAL)
        since = spoken.plain_day(begins.astimezone(reading.zone).date())
        closed = say(
            _("From %(day)s on, between the patient and the team alone, unless the patient opens it: %(titles)s.")
        )
        told.append(closed % {"day": since, "titles": titles})
    return tuple(told)


def settings_of(
    participant: Participant,
    consents: Mapping[tuple[str, Section], Consent],
    people: PlanPeople,
    reading: Reading,
    spoken: Language = ENGLISH,
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
                cell=cell_of(participant, section, reading, spoken),
                choices=tuple(
                    ConsentChoice(each, ACCESS_WORDS[each], each == access) for each in ("", *offered) if offered
                ),
                recorded=_recorded(consent, people, reading, spoken) if consent is not None and stands else "",
            )
        )
    return found


def _recorded(consent: Consent, people: PlanPeople, reading: Reading, spoken: Language) -> str:
    return spoken.say(_("%(who)s agreed %(how)s, %(day)s, recorded by %(by)s")) % {
        "who": people.name(consent.agreed_by),
        "how": spoken.say(HOW_WORDS[consent.how]),
        "day": spoken.plain_day(consent.recorded.astimezone(reading.zone).date()),
        "by": people.name(consent.recorded_by),
    }


def looked(
    rows: Sequence[Trace], names: Mapping[str, str], people: PlanPeople, reading: Reading, spoken: Language = ENGLISH
) -> list[Looked]:
    """Return the visits that the rows tell of, the newest first: rows of one person, session and day are one."""
    visits: dict[tuple[str, str, str, str], list[Trace]] = {}
    for row in rows:
        key = (row.actor, row.session, f"{row.recorded.astimezone(reading.zone):%Y-%m-%d}", _kind(row))
        visits.setdefault(key, []).append(row)
    return [_visit(each, names, people, reading, spoken) for each in visits.values()]


def _kind(row: Trace) -> str:
    if row.event.startswith("fhir."):
        return f"fhir {row.purpose}"
    return row.event if row.action is not Act.READ or row.event else "sections"


_LOOKED_AT: Final[Mapping[str, str]] = {
    "panel": _("a line on their list of patients"),
    "work": _("what waits on them"),
    "sharing.preview": _("the plan as %(name)s sees it"),
    "sharing.show": _("who sees what"),
    "sharing.looks": _("who looked"),
    "break_glass.begin": _("opened the plan in an emergency"),
    "version.read": _("the plan as it was on another day"),
    "version.compare": _("the plan on two days, side by side"),
}


def _visit(
    rows: Sequence[Trace], names: Mapping[str, str], people: PlanPeople, reading: Reading, spoken: Language
) -> Looked:
    latest, say = rows[0], spoken.say
    person = people.person(latest.actor)
    titles = list(dict.fromkeys(say(SECTIONS[Section(row.section)].title) for row in reversed(rows) if row.section))
    app = latest.purpose.removeprefix(BY_APP) if latest.purpose.startswith(BY_APP) else ""
    exported = _("an export of the record") if latest.action in (Act.EXPORT, Act.DISCLOSE) else _("the plan")
    what = (
        say(_LOOKED_AT.get(latest.event, "")).replace("%(name)s", names.get(latest.entry, people.name(latest.entry)))
        or (say(_("by the app %(name)s")) % {"name": app} if app else "")
        or ", ".join(titles)
        or say(exported)
    )
    role = person.role if person is not None else ROLE_WORDS.get(_role(latest.role), "")
    who = names.get(latest.actor) or people.name(latest.actor)
    return Looked(who, role, what, spoken.moment(latest.recorded, reading), person is None)


_VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.PENDING: _("Waits for its review"),
    Verdict.JUSTIFIED: _("Found justified by %(who)s"),
    Verdict.UNJUSTIFIED: _("Found not justified by %(who)s"),
}


def _role(words: str) -> Role:
    return next((each for each in Role if each.value == words), Role.AUDITOR)


def reading_view(
    glass: BreakGlass, reading: Reading, *, names: Mapping[str, str], spoken: Language = ENGLISH
) -> ReadingView:
    """Return one emergency reading in words."""
    reviewer = names.get(glass.reviewer, "") or spoken.say(_("the privacy officer"))
    state = spoken.say(_VERDICTS[glass.verdict]) % {"who": reviewer}
    return ReadingView(
        plan_id=glass.plan_id,
        person_id=glass.person_id,
        who=glass.name,
        profession=glass.profession or spoken.say(ROLE_WORDS[glass.role]),
        reason=glass.reason,
        when=spoken.moment(glass.began, reading),
        began=glass.began.isoformat(),
        state=state,
        overdue=review_overdue(glass, reading.now),
        open=glass.until > reading.now,
        pending=glass.verdict is Verdict.PENDING,
        review_words=glass.review_words,
    )
