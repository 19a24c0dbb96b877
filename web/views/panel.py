"""My patients, one row each, in the order in which they need me; narrowed, grouped and cut into pages.

The worst reason and what waits on the reader are the lines that head the plan itself (``web.views.next_lines``).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final
from urllib.parse import urlencode

from auth.roles import CLINICIANS
from crdt.sections import Section
from hub.directory.names import search_key, sort_key
from hub.record.journal import Latest, Row
from hub.workflows.contents import active, words
from web.doors.directory import Patient
from web.views.banner import Banner, banner
from web.views.entries import Reader
from web.views.news import News, news_of
from web.views.next_lines import NextLine, next_view
from web.views.people import PersonView
from web.views.rows import RANKS, Rank
from web.views.words import Moment, count, moment

PAGE_ROWS: Final = 50
FOLDED_MIN: Final = 5
"""So many patients with nothing new are folded under their count."""

QUERY_CHARACTERS_MAX: Final = 100


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

SORTS: Final = {"": "by what matters", "name": "by name", "born": "by birth date", "changed": "by last change"}


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
    changed: str = ""
    present: tuple[PersonView, ...] = ()
    same_name: bool = False
    """Another of the reader's patients has this name."""

    @property
    def tone(self) -> str:
        """The row's tone for the stylesheet; the words beside it say the same."""
        return self.order.name.lower()


def patient_row(patient: Patient, reader: Reader, rows: Sequence[Row], last: Latest | None) -> PatientRow:
    """Return one patient's row: only of sections and entries that the reader may see, not of their own edits.

    ``rows`` are what others did since the reader looked, ``last`` is the last change of anything they read.
    """
    news, told, found = news_of(reader, rows), banner(patient, reader), next_view(reader)
    lines = sorted((*found.mine, *found.others), key=lambda line: RANKS.index(line.rank))
    worst = lines[0] if lines else None
    mine = [line for line in found.mine if line is not worst and line.mark != "Danger"]
    order = _order(worst, bool(found.mine), bool(news), told.watcher)
    return PatientRow(
        plan_id=patient.plan_id,
        banner=told,
        order=order,
        worst=worst,
        more=max(found.total - 1, 0),
        mine=mine[0] if mine else None,
        mine_more=max(len(mine) - 1 + found.mine_more, 0) if mine else 0,
        news=news[0] if news else None,
        news_count=len(news),
        last=moment(last.recorded, reader.setting.reading) if last is not None else None,
        last_by=reader.setting.people.name(last.actor) if last is not None else "",
        seq=reader.content.seq,
        name_key=search_key(patient.name),
        sort_key=sort_key(told.name),
        searched=_searched(patient, told, (*found.mine, *found.others)),
        born=patient.known_birth,
        may_huddle=reader.participant.role in CLINICIANS,
        from_home=any(line.section is Section.CAREGIVER_LOG for line in lines),
        from_hospital=bool(told.watcher) or _after_hospital(reader),
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


@dataclass(frozen=True, slots=True)
class PanelAsked:
    """What the reader asked of the panel, as the address says it."""

    text: str = ""
    only: str = ""
    sort: str = ""
    page: int = 1
    flat: bool = False
    """One list, without groups."""

    def address(self, **changes: object) -> str:
        """Return the address of the panel with these changes; another choice begins at its first page."""
        now = replace(self, page=1, **changes) if "page" not in changes else replace(self, **changes)  # type: ignore[arg-type]
        told = {"q": now.text, "only": now.only, "sort": now.sort, "flat": "yes" if now.flat else ""}
        told["page"] = str(now.page) if now.page > 1 else ""
        query = urlencode({name: value for name, value in told.items() if value})
        return f"/panel?{query}" if query else "/panel"


def panel_asked(query: Mapping[str, str]) -> PanelAsked:
    """Return what an address asks; what it can't mean counts as not asked."""
    page = query.get("page", "")
    return PanelAsked(
        text=query.get("q", "").strip()[:QUERY_CHARACTERS_MAX],
        only=only if (only := query.get("only", "")) in CHIPS else "",
        sort=sort if (sort := query.get("sort", "")) in SORTS else "",
        page=max(int(page), 1) if page.isdecimal() and len(page) <= 5 else 1,
        flat=query.get("flat") == "yes",
    )


CHIPS: Final = {
    "danger": "Danger",
    "late": "Late",
    "mine": "For me",
    "changed": "Changed",
    "home": "From home",
    "hospital": "From hospital",
}


def _fits(row: PatientRow, only: str) -> bool:
    match only:
        case "danger":
            return row.order is Order.DANGER
        case "late":
            return row.order is Order.LATE
        case "mine":
            return row.mine is not None
        case "changed":
            return row.news_count > 0
        case "home":
            return row.from_home
        case "hospital":
            return row.from_hospital
    return True


@dataclass(frozen=True, slots=True)
class PanelGroup:
    """Rows under one heading, and how many belong there on all pages."""

    words: str
    total: int
    rows: tuple[PatientRow, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class PanelView:
    """One page of the panel."""

    asked: PanelAsked
    chips: tuple[tuple[str, str, int], ...]
    """(name, words, how many) of each way to narrow the list."""
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


def panel_view(rows: Sequence[PatientRow], asked: PanelAsked) -> PanelView:
    """Return the page that is asked for; patients of one name are marked, wherever the other one is."""
    names = Counter(row.name_key for row in rows)
    wanted = search_key(asked.text).split()
    number = "".join(each for each in asked.text.lower() if each.isalnum())
    named = [
        replace(row, same_name=True) if names[row.name_key] > 1 else row
        for row in rows
        if all(word in row.searched for word in wanted) or (number.isdecimal() and number in row.searched.split())
    ]
    fitting = _sorted([row for row in named if _fits(row, asked.only)], asked.sort)
    pages = max(-(-len(fitting) // PAGE_ROWS), 1)
    page = min(asked.page, pages)
    part = fitting[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    return PanelView(
        asked=replace(asked, page=page),
        chips=tuple((name, told, sum(_fits(row, name) for row in named)) for name, told in CHIPS.items()),
        groups=_groups(part, fitting, grouped=not asked.sort and not asked.flat),
        total=len(rows),
        found=len(fitting),
        first=(page - 1) * PAGE_ROWS,
        shown=len(part),
        pages=pages,
    )


def _groups(part: Sequence[PatientRow], fitting: Sequence[PatientRow], *, grouped: bool) -> tuple[PanelGroup, ...]:
    if not grouped:
        return (PanelGroup("", len(fitting), tuple(part)),) if part else ()
    totals = Counter(row.order for row in fitting)
    of = {order: tuple(row for row in part if row.order is order) for order in Order}
    folds = totals[Order.QUIET] > FOLDED_MIN and len(totals) > 1
    return tuple(
        PanelGroup(GROUP_WORDS[order], totals[order], rows, folded=order is Order.QUIET and folds)
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
