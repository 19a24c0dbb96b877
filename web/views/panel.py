"""My patients, one row each, in the order in which they need me; narrowed, grouped and cut into pages.

The worst reason and what waits on the reader are the lines that head the plan itself (``web.views.next_lines``).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final, TypeAlias

from auth.roles import CLINICIANS
from crdt.sections import Section
from hub.directory.names import search_key, sort_key
from hub.record.journal import Latest, Row
from hub.workflows.contents import active, words
from web.doors.directory import Patient
from web.views.banner import Banner, banner
from web.views.entries import Reader
from web.views.news import News, news_of
from web.views.next_lines import About, NextLine, next_lines
from web.views.panel_asking import CHIPS, REASONS, PanelAsked
from web.views.people import PersonView
from web.views.rows import RANKS, Rank
from web.views.words import Moment, count, moment

PAGE_ROWS: Final = 50
FOLDED_MIN: Final = 5
"""So many patients with nothing new are folded under their count."""


class Order(IntEnum):
    """What puts one patient before another; never the number of edits."""

    DANGER = 0
    LATE = 1
    MINE = 2
    NEWS = 3
    QUIET = 4


GROUP_WORDS: Final = {
    Order.DANGER: "Danger now",
    Order.LATE: "Late",
    Order.MINE: "For you, not late",
    Order.NEWS: "Changed",
    Order.QUIET: "Nothing new",
}


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One patient on the panel."""

    plan_id: str
    banner: Banner
    order: Order
    worst: NextLine | None
    more: int
    """Reasons besides the worst one."""
    mine: NextLine | None
    mine_more: int
    news: News | None
    """What changed, in clinical order the first."""
    news_count: int
    last: Moment | None
    last_by: str
    seq: int
    """The journal's row up to which this row tells; what is marked as seen is exactly what it told."""
    name_key: str
    """The patient's name as names are compared."""
    sort_key: str
    searched: str
    """The words it is narrowed by: name, number, birth date, what it says."""
    born: str
    may_huddle: bool = False
    """The reader is one of the team, who put patients on the agenda of a huddle."""
    from_home: bool = False
    """Words of the patient or the family wait for an answer."""
    from_hospital: bool = False
    """In hospital, or its clocks run."""
    for_me: bool = False
    """Something waits on the reader, be it the worst reason or another."""
    steward: str = ""
    """Who answers for the plan, by id, and by name."""
    steward_name: str = ""
    reasons: frozenset[About] = frozenset()
    """What its lines are about, those that are not shown as well."""
    changed: str = ""
    present: tuple[PersonView, ...] = ()
    same_name: bool = False
    """Another of the reader's patients has this name."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of which the row shows something, besides who the patient is."""
        lines = (each.section for each in (self.worst, self.mine, self.news) if each is not None)
        told = {each for each in lines if each is not None}
        return tuple(sorted(told | ({Section.TRANSITIONS} if self.banner.watcher else set())))

    @property
    def tone(self) -> str:
        """The row's tone for the stylesheet; the words beside it say the same."""
        return self.order.name.lower()


def patient_row(patient: Patient, reader: Reader, rows: Sequence[Row], last: Latest | None) -> PatientRow:
    """Return one patient's row: only of sections and entries that the reader may see, not of their own edits.

    ``rows`` are what others did since the reader looked, ``last`` is the last change of anything they read.
    """
    news, told, (of_reader, others) = news_of(reader, rows), banner(patient, reader), next_lines(reader)
    lines = sorted((*of_reader, *others), key=lambda line: RANKS.index(line.rank))
    worst = lines[0] if lines else None
    mine = [line for line in of_reader if line is not worst and line.about is not About.SAFETY]
    order = _order(worst, bool(of_reader), bool(news), told.watcher)
    return PatientRow(
        plan_id=patient.plan_id,
        banner=told,
        order=order,
        worst=worst,
        more=max(len(lines) - 1, 0),
        mine=mine[0] if mine else None,
        mine_more=max(len(mine) - 1, 0),
        news=news[0] if news else None,
        news_count=len(news),
        last=moment(last.recorded, reader.setting.reading) if last is not None else None,
        last_by=reader.setting.people.name(last.actor) if last is not None else "",
        seq=reader.content.seq,
        name_key=search_key(patient.name),
        sort_key=sort_key(told.name),
        searched=_searched(patient, told, lines),
        born=patient.known_birth,
        may_huddle=reader.participant.role in CLINICIANS,
        from_home=any(line.section is Section.CAREGIVER_LOG for line in lines),
        from_hospital=bool(told.watcher) or _after_hospital(reader),
        for_me=any(not line.of_team for line in of_reader),
        steward=patient.steward,
        steward_name=reader.setting.people.name(patient.steward) if patient.steward else "",
        reasons=frozenset(line.about for line in lines if line.about is not None),
        changed=last.recorded.isoformat() if last is not None else "",
    )


def _after_hospital(reader: Reader) -> bool:
    stays = active(reader.content, Section.TRANSITIONS)
    seen = (each for each in stays if reader.sees(Section.TRANSITIONS, each.id))
    return any(words(each.values, "event") and words(each.values, "visit_done") != "yes" for each in seen)


def _order(worst: NextLine | None, mine: bool, news: bool, watcher: str) -> Order:
    if (worst is not None and worst.rank is Rank.DANGER) or watcher == "Unstable":
        return Order.DANGER
    if worst is not None and worst.rank is Rank.LATE:
        return Order.LATE
    if mine or watcher:
        return Order.MINE
    return Order.NEWS if news else Order.QUIET


def _searched(patient: Patient, told: Banner, lines: Iterable[NextLine]) -> str:
    number = "".join(each for each in patient.number if each.isalnum())
    said = " ".join(f"{line.mark} {line.strong} {line.rest}" for line in lines)
    return search_key(f"{patient.name} {patient.number} {number} {told.born} {patient.known_birth} {said}")


def _fits(row: PatientRow, only: str) -> bool:
    match only:
        case "danger":
            return row.order is Order.DANGER
        case "late":
            return row.order is Order.LATE
        case "mine":
            return row.for_me
        case "changed":
            return row.news_count > 0
        case "home":
            return row.from_home
        case "hospital":
            return row.from_hospital
    return True


@dataclass(frozen=True, slots=True)
class PanelFacts:
    """What a panel is narrowed and grouped by that stands in no plan."""

    me: str = ""
    """The reader, by id."""
    units: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """By person (id, name) of the units they work in: a patient is where the steward of the plan is."""
    huddles: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """By id the title of each huddle that is not over, and the plans on its agenda."""

    def units_of(self, row: PatientRow) -> tuple[tuple[str, str], ...]:
        """Return the units (id, name) where a patient is."""
        return self.units.get(row.steward, ())


@dataclass(frozen=True, slots=True)
class PanelGroup:
    """Rows under one heading, and how many belong there on all pages."""

    words: str
    total: int
    rows: tuple[PatientRow, ...]
    folded: bool = False


Way: TypeAlias = tuple[str, str, int]
"""A way to narrow the list: its value in the address, its words, how many patients it would leave."""


@dataclass(frozen=True, slots=True)
class PanelView:
    """One page of the panel."""

    asked: PanelAsked
    whose: tuple[int, int]
    """How many patients are everyone, and how many mine."""
    chips: tuple[Way, ...]
    reasons: tuple[Way, ...]
    units: tuple[Way, ...]
    huddles: tuple[Way, ...]
    unchipped: int
    """How many fit all that is asked besides the chip."""
    groups: tuple[PanelGroup, ...]
    total: int
    """All patients of the reader."""
    found: int
    """Those that fit what is asked."""
    first: int
    shown: int
    pages: int

    @property
    def words(self) -> str:
        """Which of how many are shown."""
        if not self.found:
            return f"None of {count(self.total, 'patient')}"
        span = f"{self.first + 1} to {self.first + self.shown} of " if self.pages > 1 else ""
        fitting = f"{self.found} of {count(self.total, 'patient')}" if self.found < self.total else None
        return span + (fitting or count(self.total, "patient"))

    @property
    def narrowing(self) -> tuple[tuple[str, str], ...]:
        """What narrows the list besides whose and which chip, in words, and the address without it."""
        asked = self.asked
        chosen = (("reason", self.reasons), ("unit", self.units), ("huddle", self.huddles))
        told = [
            (next((words for value, words, _ in of if value == getattr(asked, name)), UNKNOWN[name]), name)
            for name, of in chosen
            if getattr(asked, name)
        ]
        if asked.text:
            told.insert(0, (f"“{asked.text}”", "text"))
        return tuple((words, asked.address(**{name: ""})) for words, name in told)


UNKNOWN: Final = {"reason": "", "unit": "A unit that is no more", "huddle": "A huddle that is over"}
"""What a saved view may still ask for."""


def panel_view(rows: Sequence[PatientRow], asked: PanelAsked, facts: PanelFacts | None = None) -> PanelView:
    """Return the page that is asked for; patients of one name are marked, wherever the other one is.

    Beside each way to narrow the list stands how many it would leave with all else that is asked.
    """
    known = facts or PanelFacts()
    names = Counter(row.name_key for row in rows)
    marked = [replace(row, same_name=True) if names[row.name_key] > 1 else row for row in rows]
    tests = _tests(asked, known)

    def fitting(*but: str) -> list[PatientRow]:
        used = [test for name, test in tests.items() if name not in but]
        return [row for row in marked if all(test(row) for test in used)]

    found = _sorted(fitting(), asked.sort)
    if asked.group in ("unit", "steward"):
        found.sort(key=lambda row: _heading_key(row, asked.group, known))
    pages = max(-(-len(found) // PAGE_ROWS), 1)
    page = min(asked.page, pages)
    part = found[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    whose, unchipped = fitting("who"), fitting("only")
    return PanelView(
        asked=replace(asked, page=page),
        whose=(len(whose), sum(_is_mine(row, known.me) for row in whose)),
        chips=tuple((name, told, sum(_fits(row, name) for row in unchipped)) for name, told in CHIPS.items()),
        unchipped=len(unchipped),
        reasons=_reasons(fitting("reason")),
        units=_units(fitting("unit"), known),
        huddles=_agendas(fitting("huddle"), known),
        groups=_grouped(part, found, asked, known),
        total=len(rows),
        found=len(found),
        first=(page - 1) * PAGE_ROWS,
        shown=len(part),
        pages=pages,
    )


def _tests(asked: PanelAsked, facts: PanelFacts) -> dict[str, Callable[[PatientRow], bool]]:
    """Return the questions that a patient must answer, by what asks them; nothing that is not asked."""
    tests: dict[str, Callable[[PatientRow], bool]] = {}
    if asked.text:
        wanted = search_key(asked.text).split()
        number = "".join(each for each in asked.text.lower() if each.isalnum())
        tests["text"] = lambda row: (
            all(word in row.searched for word in wanted) or (number.isdecimal() and number in row.searched.split())
        )
    if asked.mine:
        tests["who"] = lambda row: _is_mine(row, facts.me)
    if asked.only:
        tests["only"] = lambda row: _fits(row, asked.only)
    if asked.reason:
        tests["reason"] = lambda row: asked.reason in row.reasons
    if asked.unit:
        tests["unit"] = lambda row: any(unit == asked.unit for unit, _ in facts.units_of(row))
    if asked.huddle:
        plans = facts.huddles.get(asked.huddle, ("", frozenset()))[1]
        tests["huddle"] = lambda row: row.plan_id in plans
    return tests


def _is_mine(row: PatientRow, me: str) -> bool:
    return row.for_me or (bool(me) and row.steward == me)


def _reasons(rows: Sequence[PatientRow]) -> tuple[Way, ...]:
    many = Counter(reason for row in rows for reason in row.reasons)
    return tuple((each.value, told, many[each]) for each, told in REASONS.items())


def _units(rows: Sequence[PatientRow], facts: PanelFacts) -> tuple[Way, ...]:
    many = Counter(unit for row in rows for unit in facts.units_of(row))
    known = {unit for units in facts.units.values() for unit in units}
    return tuple((unit, name, many[unit, name]) for unit, name in sorted(known, key=lambda each: sort_key(each[1])))


def _agendas(rows: Sequence[PatientRow], facts: PanelFacts) -> tuple[Way, ...]:
    shown = {row.plan_id for row in rows}
    return tuple((huddle, title, len(plans & shown)) for huddle, (title, plans) in facts.huddles.items())


def _heading(row: PatientRow, group: str, facts: PanelFacts) -> str:
    if group == "steward":
        return row.steward_name or "Without a steward"
    return ", ".join(name for _, name in facts.units_of(row)) or "In no unit"


def _heading_key(row: PatientRow, group: str, facts: PanelFacts) -> tuple[bool, str]:
    """Return where a heading stands: by name, those without one at the end."""
    without = not row.steward if group == "steward" else not facts.units_of(row)
    return without, sort_key(_heading(row, group, facts))


def _grouped(
    part: Sequence[PatientRow], found: Sequence[PatientRow], asked: PanelAsked, facts: PanelFacts
) -> tuple[PanelGroup, ...]:
    if asked.group in ("unit", "steward"):
        heading = {row.plan_id: _heading(row, asked.group, facts) for row in found}
        totals = Counter(heading.values())
        shown = dict.fromkeys(heading[row.plan_id] for row in part)
        return tuple(
            PanelGroup(words, totals[words], tuple(row for row in part if heading[row.plan_id] == words))
            for words in shown
        )
    if asked.sort or asked.group == "no":
        return (PanelGroup("", len(found), tuple(part)),) if part else ()
    totals_of = Counter(row.order for row in found)
    of = {order: tuple(row for row in part if row.order is order) for order in Order}
    folds = totals_of[Order.QUIET] > FOLDED_MIN and len(totals_of) > 1
    return tuple(
        PanelGroup(GROUP_WORDS[order], totals_of[order], rows, folded=order is Order.QUIET and folds)
        for order, rows in of.items()
        if rows
    )


def _sorted(rows: Sequence[PatientRow], sort: str) -> list[PatientRow]:
    """Return the rows in order; by what matters: the worst first, then the watched, the late longest, by name."""
    match sort:
        case "name":
            return sorted(rows, key=lambda row: row.sort_key)
        case "born":
            return sorted(rows, key=lambda row: (row.born, row.sort_key))
        case "changed":
            return sorted(rows, key=lambda row: row.changed, reverse=True)
    return sorted(rows, key=lambda row: (row.order, not row.banner.watcher, -_days(row.worst), row.sort_key))


def _days(line: NextLine | None) -> int:
    """Return by how many days a line says it is late."""
    first = line.mark.split()[0] if line is not None and line.rank is Rank.LATE else ""
    return int(first) if first.isdecimal() else 0
