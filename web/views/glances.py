"""The plan at a glance: sections as rows in an order that matters, what is settled folded, and which rows are open."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from auth.decisions import EntryFacts, Operation, decide, fields_visible, remark_visible, sections_readable
from crdt.contents import Record
from crdt.fields import Value
from crdt.sections import SECTIONS, Declaration, Section
from hub.workflows import monitoring, tasks
from hub.workflows.contents import words
from hub.workflows.entries import MADE_BY_COMMAND
from hub.workflows.suggestions import is_crossed
from hub.workflows.transition_clocks import clocks
from web.views.badges import OLD_WORDS, Badge, Tone, badges
from web.views.entries import EntryView, Reader, entry_view, finding_badges, findings_on, headline
from web.views.forms import kinds_of
from web.views.lines import line_of
from web.views.rows import RANKS, EntryRow, Glance, Rank, RowMark, RowNote, mark_of
from web.views.sections import access_of, place
from web.views.suggestions import proposed_words
from web.views.words import count, lowered

ROWS_MAX: Final = 60
"""Rows of one section that a page shows at once; the rest is asked for, with its number and its worst said."""

FOLDED_MAX: Final = 30
"""Settled entries that stand folded in the page; more are asked for."""

MARKS_MAX: Final = 2
"""Marks beside a section's title."""

AREAS: Final[Mapping[str, tuple[Section, ...]]] = {
    "now": (Section.MEDICATIONS, Section.TASKS),
    "course": (Section.CONDITIONS, Section.GOALS, Section.REFERRALS),
    "person": (
        Section.ABOUT_ME, Section.MONITORING, Section.TRANSITIONS, Section.CAREGIVER_LOG, Section.SOCIAL_NEEDS,
        Section.HUDDLES, Section.ADVANCE_CARE, Section.BEHAVIORAL_HEALTH, Section.STAFF_NOTES,
    ),
    "people": (Section.CARE_TEAM,),
}  # fmt: skip
"""Where a section stands on the page: what is to be done now, the course of things, who she is, who is with her."""

BRIEF: Final[Mapping[Section, str]] = {
    Section.ABOUT_ME: "About",
    Section.CARE_TEAM: "Team",
    Section.CONDITIONS: "Problems",
    Section.MEDICATIONS: "Medicines",
    Section.MONITORING: "Readings",
    Section.TRANSITIONS: "Hospital",
    Section.SOCIAL_NEEDS: "Social",
    Section.CAREGIVER_LOG: "Home",
    Section.HUDDLES: "Huddle",
    Section.ADVANCE_CARE: "Wishes",
    Section.BEHAVIORAL_HEALTH: "Behaviour",
    Section.STAFF_NOTES: "Notes",
}
"""What the jump bar calls a section, where its title is long."""

TITLES: Final[Mapping[Section, str]] = {
    Section.MONITORING: "Readings",
    Section.CAREGIVER_LOG: "From home",
    Section.SOCIAL_NEEDS: "Social needs",
    Section.STAFF_NOTES: "Team only",
    Section.CARE_TEAM: "Team",
}
"""What heads a section in the narrow column, where its title is long; the whole title stands in its tooltip."""

_SAID_BY_CLOCKS: Final = frozenset({Section.TRANSITIONS, Section.MONITORING})
"""Sections whose state stands in the row itself: in its clocks and the banner, in the mark of its zone."""

_PLAIN_SAID: Final = frozenset({Section.GOALS, Section.TRANSITIONS, Section.CAREGIVER_LOG, Section.REFERRALS})
"""Sections whose quiet state stands in the row already."""


@dataclass(frozen=True, slots=True)
class GlanceSection:
    """One section, closed but for the rows that stand open."""

    declaration: Declaration
    access: str
    may_create: bool
    reason: str
    rows: tuple[EntryRow, ...]
    settled: tuple[EntryRow, ...]
    retired: tuple[EntryRow, ...]
    opened: Mapping[str, EntryView] = field(default_factory=dict)
    seq: int = 0
    news: int = 0
    """Entries that others changed since the reader looked."""
    more: int = 0
    """Rows that are there and not shown."""
    more_worst: RowMark | None = None
    counts: Mapping[Rank, int] = field(default_factory=dict)
    """How many entries have this as their loudest mark."""
    waiting_words: str = ""
    """What all that wait have in common, ``""`` where they differ."""
    upto: int = ROWS_MAX

    @property
    def section(self) -> Section:
        """The section's id."""
        return self.declaration.section

    @property
    def brief(self) -> str:
        """The section in a word, for the jump bar."""
        return BRIEF.get(self.section, self.declaration.title)

    @property
    def title(self) -> str:
        """The words above its rows."""
        return TITLES.get(self.section, self.declaration.title)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of entry the reader may add, one empty word where there is but one kind."""
        return (kinds_of(self.section) or ("",)) if self.may_create else ()

    @property
    def total(self) -> int:
        """All entries of the section that the reader sees, shown or not."""
        return len(self.rows) + len(self.settled) + len(self.retired) + self.more

    @property
    def standing(self) -> int:
        """The entries that are not settled."""
        return len(self.rows) + self.more

    @property
    def worst(self) -> Rank:
        """The loudest rank in it."""
        return min(self.counts, key=RANKS.index, default=Rank.PLAIN)

    @property
    def marks(self) -> tuple[RowMark, ...]:
        """What stands beside the section's title: danger and late with their numbers, else what waits."""
        told = []
        if danger := self.counts.get(Rank.DANGER):
            told.append(RowMark(Rank.DANGER, str(danger), "alert", f"{danger} in danger"))
        if late := self.counts.get(Rank.LATE):
            told.append(RowMark(Rank.LATE, f"{late} late", "late"))
        if (waits := self.counts.get(Rank.WAITS)) and len(told) < MARKS_MAX:
            told.append(RowMark(Rank.WAITS, f"{waits} {self.waiting_words or 'waiting'}", "ring"))
        if (open_still := self.counts.get(Rank.SUGGESTS)) and len(told) < MARKS_MAX:
            told.append(RowMark(Rank.SUGGESTS, str(open_still), "pencil", count(open_still, "suggestion")))
        return tuple(told)

    @property
    def settled_words(self) -> str:
        """How many are folded, and why: ``2 done, 1 cancelled``."""
        kinds: dict[str, int] = {}
        for row in self.settled:
            kinds[row.line.settled] = kinds.get(row.line.settled, 0) + 1
        return ", ".join(f"{number} {kind}" for kind, number in kinds.items())


def glance_of(reader: Reader) -> Glance:
    """Return what the reader's rows are made with."""
    people = reader.setting.people.by_id.values()
    return Glance(reader.setting, frozenset(person.person_id for person in people if person.patient_side))


def glance_section(
    reader: Reader, section: Section, *, opened: Collection[str] = (), upto: int = ROWS_MAX
) -> GlanceSection:
    """Return one section that the reader may read; the rows named in ``opened`` stand open and are never folded."""
    declaration = SECTIONS[section]
    rows = _rows(reader, section)
    active = sorted((row for row in rows if not row.retired), key=_order)
    standing = [row for row in active if not row.line.settled or row.entry_id in opened]
    settled = [row for row in active if row.line.settled and row.entry_id not in opened]
    retired = [row for row in rows if row.retired]
    shown = [row for index, row in enumerate(standing) if index < upto or row.entry_id in opened]
    hidden = [row for index, row in enumerate(standing) if index >= upto and row.entry_id not in opened]
    counts: dict[Rank, int] = {}
    for row in standing:
        if row.worst is not Rank.PLAIN:
            counts[row.worst] = counts.get(row.worst, 0) + 1
    access, reason = access_of(reader, section)
    return GlanceSection(
        declaration=declaration,
        access=access,
        may_create=creatable(reader, section, has_one=bool(active)),
        reason=reason,
        rows=tuple(shown),
        settled=tuple(settled),
        retired=tuple(retired),
        opened={row.entry_id: entry_view(reader, section, row.entry_id) for row in rows if row.entry_id in opened},
        seq=reader.content.seq,
        news=sum(row.news for row in rows),
        more=len(hidden),
        more_worst=_worst_mark(hidden),
        counts={rank: counts[rank] for rank in RANKS if rank in counts and rank is not Rank.GOOD},
        waiting_words=_shared_words(standing),
        upto=upto,
    )


def glance_row(reader: Reader, section: Section, entry: str) -> EntryRow:
    """Return one entry's row."""
    return next(row for row in _rows(reader, section, only=entry))


def opened_alone(reader: Reader, section: Section, entry: str) -> GlanceSection:
    """Return what an opened row needs of its section, without the section's other rows."""
    access, reason = access_of(reader, section)
    view = entry_view(reader, section, entry)
    return GlanceSection(SECTIONS[section], access, False, reason, (), (), (), {entry: view}, reader.content.seq)


def creatable(reader: Reader, section: Section, *, has_one: bool) -> bool:
    """Say whether the reader may add an entry to the section by its form."""
    mine = EntryFacts(creator=reader.participant.person_id)
    if not decide(reader.participant, section, Operation.CREATE, entry=mine, now=reader.now).allowed:
        return False
    return section not in MADE_BY_COMMAND and not (SECTIONS[section].single and has_one)


def plan_areas(reader: Reader) -> dict[str, tuple[Section, ...]]:
    """Return the sections that the reader may read, by where they stand; the others leave no trace."""
    readable = sections_readable(reader.participant, reader.now)
    return {area: tuple(each for each in sections if each in readable) for area, sections in AREAS.items()}


def _rows(reader: Reader, section: Section, only: str = "") -> list[EntryRow]:
    """Return the rows of the entries that the reader sees, in the order of their places."""
    content = reader.content.sections.get(section)
    if content is None:
        return []
    seen = fields_visible(reader.participant, section, reader.now)
    remarks = _by_entry(content.comments)
    suggestions = _by_entry(content.suggestions)
    glance = glance_of(reader)
    entries = reader.content.entries(section)
    ordered = sorted(entries, key=lambda each: place(each, entries[each].values))
    found = []
    for entry in [only] if only else ordered:
        if reader.sees(section, entry):
            values = {name: value for name, value in entries[entry].values.items() if name in seen}
            values.setdefault("status", entries[entry].values.get("status"))
            found.append(
                _row(reader, section, entry, values, glance, remarks.get(entry, ()), suggestions.get(entry, ()))
            )
    return found


def _row(
    reader: Reader,
    section: Section,
    entry: str,
    values: Mapping[str, Value],
    glance: Glance,
    remarks: Iterable[Record],
    suggestions: Iterable[Record],
) -> EntryRow:
    if section in (Section.CAREGIVER_LOG, Section.STAFF_NOTES):
        glance = replace(glance, by=reader.setting.people.name(reader.content.creator(section, entry)))
    if section is Section.TRANSITIONS:
        stay = reader.content.entries(section)[entry]
        glance = replace(glance, clocks=clocks(reader.content, stay, reader.setting.reading.today))
    line = line_of(section, values, glance)
    retired = values.get("status") == "retired"
    mine, open_remarks = _remarks(reader, section, remarks, glance)
    return EntryRow(
        section=section,
        entry_id=entry,
        headline=headline(section, values, reader.setting.people.name),
        line=line,
        marks=() if retired else _marks(reader, section, entry, values, line.marks, allergy=line.allergy),
        notes=()
        if retired
        else (*_finding_notes(reader, section, entry), *mine, *_proposals(section, suggestions, glance)),
        remarks=open_remarks,
        news=entry in reader.news,
        tick=section is Section.TASKS and not retired and _may_complete(reader, entry, values),
        retired=retired,
        retired_reason=words(values, "retired_reason"),
    )


def _marks(
    reader: Reader,
    section: Section,
    entry: str,
    values: Mapping[str, Value],
    own: tuple[RowMark, ...],
    *,
    allergy: bool,
) -> tuple[RowMark, ...]:
    told = findings_on(reader, section, entry)
    found: list[Badge] = [*reader.findings.get(entry, ()), *finding_badges(told)]
    if not allergy and section not in _SAID_BY_CLOCKS:
        found += badges(section, values, reader.setting.people, reader.setting.reading)
    if reader.setting.reading.died and not allergy:
        asks = (Rank.DANGER, Rank.LATE, Rank.WAITS)
        own = tuple(mark for mark in own if mark.rank not in asks)
        found = [badge for badge in found if mark_of(badge).rank not in asks]
    elif entry in reader.stale:
        found.append(OLD_WORDS)
    if section is Section.TASKS:
        return _task_marks(found)
    never = section is Section.MONITORING and not reader.setting.reading.died
    if never and monitoring.never_began(reader.content.entries(section)[entry], reader.now):
        own = (*own, RowMark(Rank.WAITS, "no reading yet", "ring"))
    loud = [badge for badge in found if badge.tone is not Tone.PLAIN]
    quiet = [] if section in _PLAIN_SAID else [badge for badge in found if badge.tone is Tone.PLAIN]
    marks = [*own, *(mark_of(badge) for badge in loud or quiet)]
    return _loudest(sorted(marks, key=lambda mark: RANKS.index(mark.rank)))


def _loudest(marks: list[RowMark]) -> tuple[RowMark, ...]:
    """Return one mark for what is loudest in a row; what is equally loud stands beside it, all of it in its title."""
    if not marks:
        return ()
    first, *others = marks
    equal = [mark.words for mark in others if mark.rank is first.rank]
    told = ", ".join([first.words, *map(lowered, equal)])
    whole = "; ".join(mark.whole or mark.words for mark in marks)
    return (replace(first, words=told, whole=whole if whole != told else ""),)


def _task_marks(found: list[Badge]) -> tuple[RowMark, ...]:
    """Return a task's loudest mark alone; that it is due today stands in the day's own column."""
    first = next((badge for badge in found if not badge.today), None)
    if first is None:
        return ()
    rest = "; ".join(badge.words for badge in found)
    return (replace(mark_of(first), whole=rest if rest != first.words else ""),)


def _remarks(
    reader: Reader, section: Section, records: Iterable[Record], glance: Glance
) -> tuple[tuple[RowNote, ...], int]:
    """Return the open remarks that call the reader, as lines below the row, and how many are open in all."""
    me = {reader.participant.person_id, reader.participant.role.value}
    mine, number = [], 0
    for record in records:
        author = words(record, "author")
        if words(record, "resolved_by") or not remark_visible(reader.participant, section, author, reader.now):
            continue
        number += 1
        if me & set(words(record, "mentions").split()):
            who = glance.person(record, "author")
            mine.append(RowNote(Rank.WAITS, f"{who} asks you", words(record, "words")))
    return tuple(mine), number


def _finding_notes(reader: Reader, section: Section, entry: str) -> Iterable[RowNote]:
    """Return what the rules say of the entry, the dangerous and the unchecked in full; cautions wait in the entry."""
    told = findings_on(reader, section, entry)
    for each in told.open:
        if each.severity == "danger":
            yield RowNote(Rank.DANGER, each.word, each.text)
    for unread in told.not_checked:
        yield RowNote(Rank.WAITS, "Not checked", unread.why)


def _proposals(section: Section, records: Iterable[Record], glance: Glance) -> Iterable[RowNote]:
    for record in records:
        declared = SECTIONS[section].field(words(record, "field"))
        if words(record, "state") != "open" or declared is None:
            continue
        told = proposed_words(declared, record.get("value"), glance.setting)
        who = glance.person(record, "proposer")
        if is_crossed(record):
            beside = glance.person(record, "beside")
            yield RowNote(
                Rank.WAITS, f"Also changed by {who}", f"{declared.label} {told or 'empty'}, unseen by {beside}"
            )
            continue
        yield RowNote(Rank.SUGGESTS, f"{who} suggests", f"{declared.label} {told}", words(record, "words"))


def _may_complete(reader: Reader, entry: str, values: Mapping[str, Value]) -> bool:
    if "complete" not in tasks.MACHINE.verbs_from(words(values, "state")):
        return False
    facts = reader.facts(Section.TASKS, entry)
    return decide(
        reader.participant, Section.TASKS, Operation.COMMAND, entry=facts, now=reader.now, command="task.complete"
    ).allowed


def _order(row: EntryRow) -> tuple[object, ...]:
    """Allergies, then danger, then what the section itself puts first; what is equal stays in its place."""
    danger = 1 if Rank.DANGER is not row.worst else 0
    return (not row.line.allergy, danger, row.line.order)


def _by_entry(records: Mapping[str, Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for _, record in sorted(records.items()):
        found.setdefault(words(record, "entry"), []).append(record)
    return found


def _worst_mark(rows: Collection[EntryRow]) -> RowMark | None:
    """Return what the rows that are not shown hold at their worst, with its number; ``None`` for nothing loud."""
    for rank, said, icon in ((Rank.DANGER, "in danger", "alert"), (Rank.LATE, "late", "late")):
        number = sum(row.worst is rank for row in rows)
        if number:
            return RowMark(rank, f"{number} {said}", icon)
    return None


def _shared_words(rows: Iterable[EntryRow]) -> str:
    told = {mark.words for row in rows if row.worst is Rank.WAITS for mark in row.marks[:1] if mark.rank is Rank.WAITS}
    return next(iter(told)).lower().rpartition(", ")[2] if len(told) == 1 else ""
