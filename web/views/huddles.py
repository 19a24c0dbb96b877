"""A huddle as pages show it: the agenda with its reasons, the five rows of a patient, who is there, what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from auth.decisions import EntryFacts, Operation, decide, fields_visible, sections_readable
from crdt.contents import SectionContent
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.record.journal import Row
from hub.workflows import agendas, tasks
from hub.workflows.contents import active, day, headline, instant, members, records, words
from hub.workflows.digests import DigestLine, FieldEdit, digest
from hub.workflows.edits import edits_of
from hub.workflows.huddle_notes import BEYOND, REMARK, decision_of, lacks, tasks_in
from hub.workflows.huddle_states import SECONDS_PER_ITEM, Course, Huddle, Stand, spent
from hub.workflows.huddles import content_hash, has_read_back, is_signed, owners_of, signers, to_read_back
from hub.workflows.medications import current
from web.doors.directory import Account, Patient
from web.views.banner import Banner, banner
from web.views.entries import Reader
from web.views.medicines import MedicineLine, medicine_line
from web.views.next_lines import NextLine, next_view
from web.views.people import PersonView, hue_of, own_chip
from web.views.rows import RANKS
from web.views.words import Moment, count, listed_name, moment
from web.views.words import day as day_words

CHANGED_SHOWN_MAX: Final = 40
CHANGED_OPEN_MAX: Final = 4
"""Of these so many stand open, so that worry, medicines and the read-back stay in sight; the others unfold."""

WHY_SHOWN_MAX: Final = 5
FLAGS_SHOWN_MAX: Final = 4
UNKNOWN: Final = "A patient you do not take part in"
_SINCE_DAYS: Final = 7
"""Without an earlier huddle, changes of so many days are told."""

_TOUCHED: Final = frozenset({"huddle.next", "huddle.park", "huddle.end", "huddle.note", "huddle.decide"})
"""Rows of a plan that say that a huddle talked about the patient."""

_OWN: Final = "the reader"
"""Stands for the reader in a digest, which otherwise leaves out one's own changes; a huddle is told of everyone's."""


def seen_content(reader: Reader) -> PlanContent:
    """Return the plan as far as the reader may see it: sections, entries and fields."""
    sections: dict[Section, SectionContent] = {}
    for section in sections_readable(reader.participant, reader.now):
        names = fields_visible(reader.participant, section, reader.now)
        entries = {
            key: replace(entry, values={name: value for name, value in entry.values.items() if name in names})
            for key, entry in reader.content.entries(section).items()
            if reader.sees(section, key)
        }
        sections[section] = SectionContent(entries=entries)
    return replace(reader.content, sections=sections)


def someone(person: Account | None, person_id: str) -> PersonView:
    """Return a person of the hub as a chip; a colour that is theirs in every huddle."""
    if person is None:
        return PersonView(person_id, "someone who left", "", hue_of(person_id), "?")
    return own_chip(person_id, person.name, person.profession or person.role.replace("_", " "))


def clock(seconds: int) -> str:
    """Return ``01:12``."""
    return f"{seconds // 60:02d}:{seconds % 60:02d}"


def tone_of(seconds: int) -> str:
    """Return how the bar of a patient's time looks: calm, ``warn`` from three quarters, ``alert`` from the whole."""
    if seconds >= SECONDS_PER_ITEM:
        return "alert"
    return "warn" if seconds * 4 >= SECONDS_PER_ITEM * 3 else "calm"


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One patient of an agenda."""

    plan_id: str
    name: str
    known: bool
    stand: Stand
    flagged: bool
    flags: tuple[agendas.Reason, ...]
    seconds: int = 0

    @property
    def shown(self) -> tuple[agendas.Reason, ...]:
        """The reasons that the line names."""
        return self.flags[:FLAGS_SHOWN_MAX]

    @property
    def time(self) -> str:
        """How long the patient took, as ``01:12``."""
        return clock(self.seconds) if self.seconds else ""


def patient_name(patient: Patient) -> str:
    """Return ``SMITH, Rosa``."""
    return listed_name(patient.family_name, patient.given_name)


def agenda_lines(
    huddle: Huddle, known: Mapping[str, tuple[Patient, PlanContent]], now: datetime
) -> tuple[AgendaLine, ...]:
    """Return the huddle's agenda; of patients the reader takes no part in only that there is one."""
    lines = []
    for item in huddle.items:
        found = known.get(item.plan_id)
        flags = agendas.flags(agendas.Brief(found[1], ""), now) if found is not None else ()
        name = patient_name(found[0]) if found is not None else UNKNOWN
        seconds = spent(huddle, item.plan_id, now)
        lines.append(AgendaLine(item.plan_id, name, found is not None, item.stand, item.flagged, tuple(flags), seconds))
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class Do:
    """One task of the card."""

    entry: str
    title: str
    owner: str
    due: str
    state: str
    lacks: tuple[str, ...]
    late: int
    here: bool
    """Made or taken up in this huddle."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One owner's word."""

    name: str
    state: str
    """``confirmed``, ``waiting`` or ``away``: not in this huddle, accepts in their own time."""
    words: str = ""
    when: Moment | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True)
class HuddleCard:
    """The five rows of one patient, for one reader."""

    plan_id: str
    banner: Banner
    since: Moment | None
    why: tuple[NextLine, ...]
    """Why the patient is talked about: what is open, the worst first, each with the act that settles it."""
    why_more: int
    medicines: tuple[tuple[str, MedicineLine], ...]
    """Those in use, as (entry, line)."""
    changed: tuple[DigestLine, ...]
    more: int
    worry: tuple[agendas.Worry, ...]
    decided: tuple[str, ...]
    earlier: tuple[str, ...]
    do: tuple[Do, ...]
    others: tuple[Do, ...]
    """Open tasks from before this huddle, the overdue and unowned first."""
    contingencies: tuple[str, ...]
    own_if: tuple[str, ...]
    remarks: tuple[str, ...]
    read_backs: tuple[ReadBack, ...]
    to_say: str
    """The tasks the reader has to read back, in words; ``""`` for none."""
    decision: str
    """The id of this huddle's decision, ``""`` where nothing is decided yet."""
    signed: bool
    may_refer: bool
    """The reader may ask for a referral."""
    hash: str
    signed_by: tuple[str, ...]

    @property
    def unfinished(self) -> bool:
        """A task lacks its owner or its day."""
        return any(each.lacks for each in self.do)


def card_of(huddle: Huddle, patient: Patient, reader: Reader, rows: Sequence[Row]) -> HuddleCard:
    """Return the card. ``rows`` are the plan's latest, the newest first."""
    content = seen_content(reader)
    names = {key: each.name for key, each in reader.setting.people.by_id.items()}
    decision = decision_of(content, huddle.huddle_id)
    own = tasks_in(content, decision)
    since = _since(huddle, content, rows, reader.now)
    changed = [line for line in _changed(reader, content, rows, names, since) if line.entry not in {e.id for e in own}]
    told = agendas.card(content, changed, names, reader.now)
    earlier = [each for each in told.decided if decision is None or each.id != decision.id]
    own_if = _lines(decision, "contingency")
    found = next_view(reader)
    why = sorted((*found.mine, *found.others), key=lambda line: RANKS.index(line.rank))
    return HuddleCard(
        plan_id=patient.plan_id,
        banner=banner(patient, reader),
        since=moment(since, reader.setting.reading) if since is not None else None,
        why=tuple(why[:WHY_SHOWN_MAX]),
        why_more=max(0, found.total - WHY_SHOWN_MAX),
        medicines=tuple(
            (each.id, medicine_line(each.values))
            for each in current(reader.content)
            if reader.sees(Section.MEDICATIONS, each.id)
        ),
        changed=tuple(changed[:CHANGED_SHOWN_MAX]),
        more=max(0, len(changed) - CHANGED_SHOWN_MAX),
        worry=told.worry,
        decided=_lines(decision, "decision"),
        earlier=tuple(words(each.values, "decision") for each in earlier),
        do=(*_caught(decision), *(_do(reader, each, here=True) for each in own)),
        others=tuple(_do(reader, each, here=False) for each in told.do if each.id not in {e.id for e in own})[:6],
        contingencies=tuple(each for each in told.contingencies if each not in own_if and "\n".join(own_if) != each),
        own_if=own_if,
        remarks=_remarks(huddle, reader, rows, content),
        read_backs=_read_backs(reader, content, decision),
        to_say=_to_say(reader, content, decision),
        decision=decision.id if decision is not None else "",
        signed=decision is not None and is_signed(decision),
        may_refer=decide(
            reader.participant,
            Section.REFERRALS,
            Operation.CREATE,
            entry=EntryFacts(creator=reader.participant.person_id, values={"kind": "community"}),
            now=reader.now,
        ).allowed,
        hash=content_hash(reader.content.entries(Section.HUDDLES)[decision.id]) if decision is not None else "",
        signed_by=tuple(names.get(each, "someone") for each in signers(decision)) if decision is not None else (),
    )


def _lines(decision: EntryContent | None, name: str) -> tuple[str, ...]:
    said = words(decision.values, name).split("\n") if decision is not None else []
    return tuple(each for each in said if each and each != BEYOND)


def _since(huddle: Huddle, content: PlanContent, rows: Sequence[Row], now: datetime) -> datetime | None:
    for row in rows:  # Of a line that made a task, too, the row of the decision says in which huddle it was typed.
        told = row.event in _TOUCHED and row.outcome == "success" and row.section in ("", Section.HUDDLES)
        if told and _huddle_of(row, content) != huddle.huddle_id:
            return row.recorded
    last = agendas.last_huddle(content, content.day_of(now))
    if last is not None:
        return datetime.combine(last, time(12), content.zone)
    return now - timedelta(days=_SINCE_DAYS)


def _huddle_of(row: Row, content: PlanContent) -> str:
    if row.event in ("huddle.note", "huddle.decide"):
        entry = content.entry(Section.HUDDLES, row.entry)
        return words(entry.values, "huddle") if entry is not None else row.event
    return str((row.words or {}).get("huddle", ""))


def _changed(
    reader: Reader, content: PlanContent, rows: Sequence[Row], names: Mapping[str, str], since: datetime | None
) -> list[DigestLine]:
    me = reader.participant.person_id
    edits: Iterable[FieldEdit] = edits_of(reversed(rows))
    everyone = [replace(each, actor=_OWN) if each.actor == me else each for each in edits]
    people = {**names, _OWN: reader.setting.people.name(me)}
    told = digest(content, reader.participant, everyone, people, reader.now, since=since)
    return [line for line in told if line.section not in (Section.HUDDLES, REMARK)]


def _caught(decision: EntryContent | None) -> tuple[Do, ...]:
    """Return what is to be done and is no task yet, because it lacks its owner or its day."""
    waiting = members(decision.values, "unassigned") if decision is not None else ()
    return tuple(
        Do("", each, "", "", "not asked yet", ("day",) if "@" in each else ("owner", "day"), 0, True)
        for each in waiting
    )


def _do(reader: Reader, task: EntryContent, *, here: bool) -> Do:
    due = day(task.values, "due")
    owner = words(task.values, "owner")
    return Do(
        entry=task.id,
        title=headline(Section.TASKS, task),
        owner=reader.setting.people.name(owner) if owner else "",
        due=day_words(due) if due is not None else "",
        state=words(task.values, "state"),
        lacks=lacks(task) if here else (),
        late=tasks.days_late(task.values, reader.setting.reading.today),
        here=here,
    )


def _read_backs(reader: Reader, content: PlanContent, decision: EntryContent | None) -> tuple[ReadBack, ...]:
    if decision is None:
        return ()
    said = {words(each, "person"): each for each in records(decision.values, "read_back").values()}
    attending = set(members(decision.values, "attendees"))
    found = []
    for owner in owners_of(content, decision):
        name, mine = reader.setting.people.name(owner), owner == reader.participant.person_id
        if owner in said:
            when = instant(said[owner], "when")
            told = moment(when, reader.setting.reading) if when is not None else None
            found.append(ReadBack(name, "confirmed", words(said[owner], "words"), told, mine))
        else:
            found.append(ReadBack(name, "waiting" if owner in attending or mine else "away", mine=mine))
    return tuple(found)


def _to_say(reader: Reader, content: PlanContent, decision: EntryContent | None) -> str:
    me = reader.participant.person_id
    if decision is None or is_signed(decision) or me in has_read_back(decision):
        return ""
    own = owners_of(content, decision).get(me, [])
    return "; ".join(headline(Section.TASKS, content.entries(Section.TASKS)[each]) for each in own)


def _remarks(huddle: Huddle, reader: Reader, rows: Sequence[Row], content: PlanContent) -> tuple[str, ...]:
    """Return the team's own remarks made while the huddle ran; nobody sees them who may not read that section."""
    if huddle.started is None:
        return ()
    end = huddle.ended or reader.now
    during = {row.entry for row in rows if row.section == REMARK and huddle.started <= row.recorded <= end}
    return tuple(words(each.values, "words") for each in active(content, REMARK) if each.id in during)


@dataclass(frozen=True, slots=True)
class HuddleTally:
    """What came of a huddle, in numbers alone."""

    patients: int
    minutes: int
    actions: int
    parked: int
    waiting: int
    carried: int

    @property
    def words(self) -> str:
        """The line at the end: ``9 patients, 18 min, 12 actions, 2 parked``."""
        told = [count(self.patients, "patient"), f"{self.minutes} min", count(self.actions, "action"),
                f"{self.parked} parked"]  # fmt: skip
        if self.waiting:
            told.append(f"{self.waiting} not reached")
        return ", ".join(told)


def tally_of(huddle: Huddle, contents: Iterable[PlanContent], now: datetime) -> HuddleTally:
    """Return the numbers; tasks are counted over all plans, also those the reader takes no part in."""
    actions = sum(len(tasks_in(each, decision_of(each, huddle.huddle_id))) for each in contents)
    carried = [item for item in huddle.items if item.stand is Stand.CARRIED]
    parked = huddle.tally(Stand.PARKED) + sum(item.before is Stand.PARKED for item in carried)
    missed = huddle.tally(Stand.WAITING) + sum(item.before is Stand.WAITING for item in carried)
    reached = len(huddle.items) if huddle.course is not Course.ENDED else len(huddle.items) - missed
    return HuddleTally(reached, huddle.minutes(now), actions, parked, missed, len(carried))


def owing(content: PlanContent, huddle_id: str) -> int:
    """Return how many owners who attend have yet to read back."""
    decision = decision_of(content, huddle_id)
    return len(to_read_back(content, decision)) if decision is not None else 0
