"""The family's page as values: tasks, notes and contacts in rows, and the words that are looked up in its language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from auth.decisions import Operation, entry_visible, facts_of
from auth.roles import Participant, Role
from crdt.fields import Value
from crdt.sections import CALLS, TEAM_ALONE, Section
from hub.live.commands import EntryContent, PlanContent, SectionContent
from hub.workflows import tasks
from hub.workflows.alarm_wordings import value_told
from hub.workflows.contents import day, headline, instant, words
from hub.workflows.doses import DoseSay
from hub.workflows.family import Contact, FamilyView
from hub.workflows.grants import barred
from hub.workflows.home_reports import ANSWERS, is_report, own_words
from hub.workflows.monitoring import Alarmed, alarm, counted
from hub.workflows.question_states import (
    CAREGIVER_LOG,
    Side,
    asked_by_team,
    overdue,
    promised,
    turn_of,
    turns,
)
from hub.workflows.questions import QuestionAccept, QuestionReply
from hub.workflows.zones import zone_of_reading
from web.doors.directory import Patient
from web.languages import Language, _
from web.views.attachments import AttachmentView, attached_to
from web.views.words import Reading

SECTIONS_SHOWN: Final = (
    Section.ABOUT_ME,
    Section.MEDICATIONS,
    Section.MONITORING,
    Section.TASKS,
    Section.CAREGIVER_LOG,
    Section.REFERRALS,
    Section.TRANSITIONS,
    Section.CONDITIONS,
    Section.CARE_TEAM,
)
"""What the page is made of; nothing else is loaded for it."""

BLOCKS: Final[Mapping[str, tuple[Section, ...]]] = {
    "now": (Section.MONITORING, Section.TRANSITIONS, Section.CARE_TEAM),
    "today": (Section.MEDICATIONS,),
    "measure": (Section.MONITORING,),
    "tasks": (Section.TASKS,),
    "changes": SECTIONS_SHOWN[1:],
    "notes": (Section.CAREGIVER_LOG,),
    "visits": (Section.REFERRALS,),
    "problems": (Section.CONDITIONS, Section.TRANSITIONS),
    "contacts": (Section.CARE_TEAM,),
}
"""The parts of the page in their order, each with the sections whose changes renew it."""

KINDS: Final = {
    "question": _("Question"),
    "observation": _("Observation"),
    "concern": _("Worry"),
    "strain": _("Strain"),
}

WHERE: Final = {
    "emergency room": _("In the emergency room"),
    "hospital": _("In hospital"),
    "home again": _("Home again"),
}
"""What can be told of a hospital stay."""

USUAL: Final = (
    _("once daily"), _("twice daily"), _("two times daily"), _("three times daily"), _("four times daily"),
    _("once daily at bedtime"), _("once daily in the morning"), _("when needed for chest pain"), _("as needed"),
    _("every other day"), _("once weekly"), _("primary care"), _("nurse care manager"), _("care manager"),
    _("pharmacist"), _("social worker"), _("cardiology"), _("nephrology"), _("pulmonology"), _("daughter"), _("son"),
    _("wife"), _("husband"), _("Body weight"), _("Systolic blood pressure"), _("Diastolic blood pressure"),
    _("Blood pressure"), _("Heart rate"), _("Blood glucose"), _("Body temperature"), _("Oxygen saturation"),
    _("Mon to Fri, 8 to 5"), _("Mon to Fri, 8 to 6"), _("Mon to Fri, 9 to 5"), _("evenings"),
)  # fmt: skip
"""What teams write so often, and so plainly, that the catalogue may say it in another language."""

CLOCK: Final = _("Check the day and the hour.")

REFUSALS: Final = (
    _("Enter a number, for example 72.5."), _("Enter a number for reading, for example 72.5."), _("Enter reading."),
    _("Enter in their words."), _("This time lies ahead. When was it taken?"),
    _("This was taken more than a year ago."), _("This reading is recorded already."),
    _("This has reached the team already."), _("This has ended. Ask anew."), _("Nobody has answered yet."),
    _("Write your answer."),
    _("Enter the number alone."),
    _("The meter shows that this is above what it can measure. Call the team now. Nothing is recorded."),
    _("The meter shows that this is below what it can measure. Call the team now. Nothing is recorded."),
    _("It is marked already."),
    _("This medicine is not taken at this time any more."),
    _("This is too long ago. Tell the team in your words."),
    _("Write what is not right."),
    _("Nobody answers for this plan yet. Call the clinic and say what is not right."),
    _("What matters most is needed."), _("Enter what matters most."), _("Goal is needed."), _("Enter goal."),
    _("This is no longer in the plan."),
    _("This reading is not in the plan."),
    _("Choose a photo or a PDF."),
    _("This file is over 30 MB. Send a smaller one."),
    _("This PDF is over 10 MB. Send it in parts, or as photos."),
    _("This is neither a photo (JPEG, PNG or WebP) nor a PDF. Send it as one of these."),
    _("This photo is in the format HEIC. Set the camera to “Most compatible”, or send a picture of the screen."),
    _("This photo can't be read. Take it again, or send another one."),
    _("This picture has too many pixels. Send a smaller one."),
    _("You have sent many files in this hour. Wait a while, or call the team."),
    _("20 photos and papers stand here already. Ask anew."),
    _("This plan holds as many photos and papers as it may. Call the team."),
    _("This is not shown any more."), _("Only who sent it, or the team, hides it."),
)  # fmt: skip
"""What the rules answer to the forms of this page."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task that the family may see; ``act`` is what the reader can do about it now."""

    entry: str
    title: str
    due: str
    late: bool
    owner: str
    mine: bool
    act: str


@dataclass(frozen=True, slots=True)
class SaidRow:
    """One thing that was said; ``answers``: by the other side than whoever began."""

    words: str
    by: str
    when: str
    answers: bool
    attached: tuple[AttachmentView, ...] = ()
    """Photos and papers that came with it."""


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What was asked or told, by those at home or by the team, all that was said then, and how it stands."""

    entry: str
    kind: str
    alone: bool
    """Only the team and who wrote it read it."""
    said: tuple[SaidRow, ...]
    whom: str
    """Who of the team reads it, ``""`` for the team."""
    waits: str
    """``team``, ``home`` where somebody at home is asked, ``""`` for nothing that waits."""
    due: str
    """By when the team answers."""
    late: bool
    ended: str
    reply: bool
    """The reader may say more."""
    accept: bool
    """The reader asked, and has an answer."""


TOPIC_WORDS: Final = {
    "medicines": _("Medicines"),
    "appointments": _("Appointments"),
    "forms": _("Forms"),
    "transport": _("Transport"),
    "worry": _("Worry"),
    "other": _("Something else"),
}
ENDINGS: Final = {
    "answered": _("Ended: it is answered."),
    "task": _("Ended: the team does it as a task."),
    "telephone": _("Ended: answered by telephone."),
}


@dataclass(frozen=True, slots=True)
class May:
    """What the reader may do on this page."""

    notes: bool
    readings: frozenset[str]
    """Measures to which they may add a reading."""
    doses: frozenset[str]
    """Medicines of which they may say whether a dose was taken."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whom to call: the emergency number, and the team's telephones in the order in which one calls them."""

    emergency: str
    team: tuple[str, ...]


def numbers_of(patient: Patient, contacts: tuple[Contact, ...]) -> Numbers:
    """Return the numbers of the plan's organisation; the team's first contact comes before its switchboard."""
    found = (*(each.phone for each in contacts[:1]), patient.day_phone, patient.night_phone)
    return Numbers(patient.emergency_number, tuple(dict.fromkeys(each for each in found if each)))


RED_SAID: Final = _("Sent. This is in the red zone.")
ZONE_SAID: Final = {
    "red": RED_SAID,
    "yellow": _("Sent. This is in the yellow zone."),
    "green": _("Sent. This is in the green zone."),
}


def reading_answer(values: Mapping[str, Value], person: str, numbers: Numbers, language: Language) -> str:
    """Return what is said to who sent the last reading of a measure: its zone, what to do, and whom to call.

    Red always names a number: the team's, and the emergency number where the team has not said which.
    """
    mine = [record for _, record in counted(values) if words(record, "by") == person]
    if not mine:
        return language.say(_("Sent."))
    last = max(mine, key=lambda record: words(record, "sent"))
    zone = zone_of_reading(values, last)
    standing = alarm(values, instant(last, "sent") or datetime.max.replace(tzinfo=UTC))
    if zone == "green" and standing is not None and standing.about is Alarmed.TREND and standing.reading is last:
        zone = "yellow"
    said = [language.say(ZONE_SAID.get(zone, _("Sent.")))]
    if typed := words(last, "typed"):
        told = {"typed": typed, "value": f"{value_told(last)} {words(last, 'unit')}".strip()}
        said.append(language.say(_("%(typed)s is %(value)s.")) % told)
    said += [words(values, f"{zone}_instructions")] if zone else []
    said.append(_to_call(zone, words(values, f"{zone}_call"), numbers, language))
    return " ".join(each for each in said if each)


def _to_call(zone: str, call: str, numbers: Numbers, language: Language) -> str:
    said, told = language.say, {"number": numbers.emergency, "phones": ", ".join(numbers.team)}
    emergency = said(_("Call %(number)s now.")) % told
    if zone not in ("red", "yellow") or (zone == "yellow" and not call):
        return ""
    if call == CALLS[0]:
        return emergency
    if not numbers.team:
        return emergency if zone == "red" else ""
    if call == CALLS[2] and zone == "yellow":
        return said(_("Call the team in opening hours: %(phones)s.")) % told
    team = said(_("Call the team now: %(phones)s.")) % told
    return team if zone == "yellow" else f"{team} {said(_('If it gets worse, call %(number)s.')) % told}"


def as_family(participant: Participant) -> Participant:
    """Return the reader as the page is made for: who is not of the family sees what any relative would."""
    at_home = participant.role in (Role.FAMILY, Role.GUARDIAN)
    return participant if at_home else replace(participant, person_id="", role=Role.FAMILY)


def content_for(
    plan: PlanContent, readers: tuple[Participant, ...], now: datetime, shown: Sequence[Section] = SECTIONS_SHOWN
) -> PlanContent:
    """Return of the plan what the page may be made of: nothing that any of the readers may not see is left in it."""
    sections: dict[Section, SectionContent] = {}
    for section in shown:
        seen = {
            entry.id: entry
            for entry in plan.entries(section).values()
            for facts in (facts_of(section, plan.creator(section, entry.id), entry.values),)
            if all(entry_visible(reader, section, facts, now) for reader in readers)
        }
        sections[section] = SectionContent(entries=seen)
    return replace(plan, sections=sections)


def name_of(plan: PlanContent, entry: str) -> str:
    """Return the name of what a question is about, ``""`` where the reader sees no such entry."""
    sections = (each for each in plan.sections if plan.entry(each, entry) is not None)
    return next((headline(each, plan.entries(each)[entry]) for each in sections), "")


def task_rows(
    view: FamilyView, reader: Participant, people: Mapping[str, str], language: Language, reading: Reading
) -> list[TaskRow]:
    """Return the open tasks, the reader's own first, then by day."""
    rows = [_task(entry, reader, people, language, reading) for entry in sorted(view.tasks, key=_due)]
    return sorted(rows, key=lambda row: not row.mine)


def _due(entry: EntryContent) -> str:
    return words(entry.values, "due") or "9"


def _task(
    entry: EntryContent, reader: Participant, people: Mapping[str, str], language: Language, reading: Reading
) -> TaskRow:
    owner, due = words(entry.values, "owner"), day(entry.values, "due")
    verbs = tasks.MACHINE.verbs_from(words(entry.values, "state"))
    mine = owner == reader.person_id
    return TaskRow(
        entry=entry.id,
        title=words(entry.values, "title"),
        due=language.near_day(due, reading) if due is not None else "",
        late=tasks.overdue(entry.values, reading.today),
        owner=people.get(owner, ""),
        mine=mine,
        act=next((verb for verb in ("complete", "accept") if mine and verb in verbs), ""),
    )


def note_rows(
    view: FamilyView, plan: PlanContent, reader: Participant, people: Mapping[str, str], language: Language,
    reading: Reading,
) -> list[NoteRow]:  # fmt: skip
    """Return what was asked and told, what the reader is to answer first, then the newest."""
    rows = [
        (instant(entry.values, "when"), _note(entry, plan, reader, people, language, reading))
        for entry in view.questions
    ]
    rows.sort(key=lambda each: (each[1].waits != "home", -(each[0].timestamp() if each[0] is not None else 0.0)))
    return [row for _when, row in rows]


def _note(
    entry: EntryContent, plan: PlanContent, reader: Participant, people: Mapping[str, str], language: Language,
    reading: Reading,
) -> NoteRow:  # fmt: skip
    values, turn, until = entry.values, turn_of(entry.values), promised(plan, entry)
    asker = plan.creator(CAREGIVER_LOG, entry.id)
    waits = {Side.ASKED: "home" if asked_by_team(values) else "team", Side.ASKER: "", Side.NOBODY: ""}[turn]

    def may_do(command: str) -> bool:
        return barred(plan, reader, CAREGIVER_LOG, Operation.COMMAND, now=reading.now, entry_id=entry.id,
                      command=command) is None  # fmt: skip

    report = is_report(values)
    said = tuple(
        SaidRow(
            own_words(values, plan.zone) if report and each.side is Side.ASKER else _translated(each.words, language),
            people.get(each.by or asker, ""),
            language.when(each.when, reading) if each.when is not None else "",
            each.side is Side.ASKED,
            attached_to(plan, entry, each.key, reader, reading.now),
        )
        for each in turns(values)
    )
    kind = KINDS.get(words(values, "kind"), "")
    topic = TOPIC_WORDS.get(words(values, "topic"), "")
    open_still = not words(values, "ended") and turn is not Side.NOBODY and not report
    return NoteRow(
        entry=entry.id,
        kind=_report_told(values, language, reading) if report else language.say(topic or kind),
        alone=words(values, "readers") == TEAM_ALONE,
        said=said,
        whom=people.get(words(values, "to"), ""),
        waits=waits,
        due=language.when(until, reading) if until is not None else "",
        late=waits == "team" and overdue(plan, entry, reading.now),
        ended=language.say(ENDINGS.get(words(values, "ended"), "")),
        reply=open_still and may_do(QuestionReply.name),
        accept=turn is Side.ASKER and may_do(QuestionAccept.name),
    )


def _translated(answer: str, language: Language) -> str:
    return language.say(answer) if answer in ANSWERS else answer


def _report_told(values: Mapping[str, Value], language: Language, reading: Reading) -> str:
    """Return what was told of a hospital stay, in the page's language."""
    since = instant(values, "since")
    where = language.say(WHERE.get(words(values, "whereabouts"), ""))
    told = ", ".join(filter(None, (where, words(values, "place"))))
    when = language.when(since, reading) if since is not None else ""
    return f"{told}. {language.say(_('Since %(when)s')) % {'when': when}}" if when else told


def may(plan: PlanContent, reader: Participant, view: FamilyView, now: datetime, *, preview: bool) -> May:
    """Return what the reader may do here; someone who previews the page does nothing."""
    if preview:
        return May(notes=False, readings=frozenset(), doses=frozenset())
    notes = barred(plan, reader, Section.CAREGIVER_LOG, Operation.CREATE, now=now) is None
    measures = frozenset(
        each.entry
        for each in view.measures
        if each.at_home
        and barred(
            plan, reader, Section.MONITORING, Operation.COMMAND, now=now, entry_id=each.entry, command="reading.record"
        )
        is None
    )
    doses = frozenset(
        each.entry
        for each in {each.entry: each for _time, some in view.today for each in some}.values()
        if barred(
            plan, reader, Section.MEDICATIONS, Operation.COMMAND, now=now, entry_id=each.entry, command=DoseSay.name
        )
        is None
    )
    return May(notes=notes, readings=measures, doses=doses)


def density(view: FamilyView) -> str:
    """Return how closely the printed sheet is set, so that it stays one sheet: measured on A4 and Letter."""
    first, rows = set[str](), 0
    for it in (each for _time, some in view.today for each in some):
        told = sum(_ADVICE_CHARACTERS + (len(each.words) if it.entry not in first else 0) for each in it.cautions)
        said = told + len(it.plain_words if it.explained else "")
        rows += max(-(-said // _WORDS_CHARACTERS), _lines(it.name, _NAME_CHARACTERS))
        first.add(it.entry)
    lines = (*view.emergency, *view.call, *view.unsorted)
    sentences = sum(_lines(f"{each.measure}{each.low}{each.high} {each.words}", _SENTENCE_CHARACTERS) for each in lines)
    height = _ROW_HEIGHT * rows + sentences + len(view.contacts) / 2
    return next((name for name, most in _DENSITIES if height <= most), _DENSEST)


def _lines(words: str, width: int) -> int:
    return max(1, -(-len(words) // width))


_WORDS_CHARACTERS, _NAME_CHARACTERS, _SENTENCE_CHARACTERS = 34, 16, 70
_ADVICE_CHARACTERS = 28
"""What to do, before why: "Ask before you take this:" and the longest of its translations, rounded."""
_ROW_HEIGHT = 1.2
_DENSITIES: Final = (("calm", 22.0), ("even", 31.0), ("full", 42.0))
_DENSEST: Final = "dense"
"""Lines of 14 points that fit, and where the text gets smaller instead."""
