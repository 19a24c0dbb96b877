"""An entry as one line of the plan: text as clinicians write it, with its worst marks, in an order that matters.

A row is made from an entry's values alone, without its fields and controls, so that a plan of a thousand entries costs
little; ``web.views.entries`` makes what stands in an opened row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from crdt.fields import Value
from crdt.sections import Section
from hub.workflows.transition_clocks import TransitionClock
from web.views.badges import Badge, Tone
from web.views.fields import Setting


class Rank(StrEnum):
    """What a mark means, the loudest first: a fill is kept for the first two."""

    DANGER = "danger"
    LATE = "late"
    WAITS = "waits"
    SUGGESTS = "suggests"
    GOOD = "good"
    PLAIN = "plain"


RANKS: Final = tuple(Rank)

_OF_TONE: Final[Mapping[Tone, Rank]] = {
    Tone.DANGER: Rank.DANGER,
    Tone.ALERT: Rank.LATE,
    Tone.WARN: Rank.WAITS,
    Tone.GOOD: Rank.GOOD,
    Tone.PLAIN: Rank.PLAIN,
}


@dataclass(frozen=True, slots=True)
class RowMark:
    """One state of an entry, in few words. ``icon`` is a shape, so that the rank never hangs on colour."""

    rank: Rank
    words: str
    icon: str = ""
    whole: str = ""
    """The same in full, where the few words leave something out."""


@dataclass(frozen=True, slots=True)
class CellPart:
    """Words of a cell. ``shows`` names the field whose value they are as it stands: an open page follows it itself."""

    words: str
    shows: str = ""


@dataclass(frozen=True, slots=True)
class RowCell:
    """One column of a row; its parts stand with commas between."""

    role: str
    parts: tuple[CellPart, ...]
    strong: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock of a stay: what it counts, where it stands."""

    rank: Rank
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The last readings of a measure as points of a small chart, 0 to 100 both ways, with its zones from the top."""

    words: str
    """All of it for those who do not see it, and for print."""
    points: tuple[tuple[float, float], ...]
    bands: tuple[tuple[str, float, float], ...]
    """(zone, top, height)"""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """What one section's entry says in its row."""

    name: str
    cells: tuple[RowCell, ...] = ()
    voice: bool = False
    """Words of the patient or the family: the one use of the serif."""
    plain: bool = False
    """The name is a sentence rather than a name."""
    shows: str = ""
    spoken: str = ""
    """The name for screen readers, where it is printed with tall man letters."""
    settled: str = ""
    """Why it is folded away: done, stopped, resolved; empty while it matters."""
    order: tuple[float | str, ...] = ()
    marks: tuple[RowMark, ...] = ()
    times: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    """Of a referral: done, here or ahead, for each step of the loop."""
    clocks: tuple[ClockLine, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    trend: Trend | None = None
    allergy: bool = False


@dataclass(frozen=True, slots=True)
class RowNote:
    """One line below a row: a remark for the reader, or a suggestion."""

    rank: Rank
    who: str
    words: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry, closed."""

    section: Section
    entry_id: str
    headline: str
    line: EntryLine
    marks: tuple[RowMark, ...] = ()
    notes: tuple[RowNote, ...] = ()
    remarks: int = 0
    """Open comments that the reader may see."""
    news: bool = False
    tick: bool = False
    """The reader may complete it from here."""
    retired: bool = False
    retired_reason: str = ""

    @property
    def worst(self) -> Rank:
        """The loudest rank of its marks and notes."""
        ranks = [mark.rank for mark in self.marks] + [note.rank for note in self.notes]
        ranks += [clock.rank for clock in self.line.clocks if not self.retired and not self.line.settled]
        return min(ranks, key=RANKS.index, default=Rank.PLAIN)


@dataclass(frozen=True, slots=True)
class Glance:
    """What a line is made with: who is who, when it is read, and what other entries are called."""

    setting: Setting
    patient: frozenset[str] = field(default_factory=frozenset)
    """Person ids of the patient and the family: their words have a voice."""
    by: str = ""
    """Who made the entry, where its row says so."""
    clocks: tuple[TransitionClock, ...] = ()
    """Those that run after the entry's discharge."""

    def person(self, values: Mapping[str, Value], name: str, *, is_first: bool = False) -> str:
        """Return a person of the entry by the name that colleagues use, ``""`` where nobody is named.

        With ``is_first`` someone of the patient's side goes by the first name.
        """
        person_id = values.get(name)
        found = self.setting.people.person(person_id) if isinstance(person_id, str) else None
        if found is not None and found.patient_side and found.name.split():
            return found.name.split()[0] if is_first else found.name
        return short_name(self.setting.people.name(person_id)) if isinstance(person_id, str) and person_id else ""


def short_name(name: str) -> str:
    """Return ``Dr. Ruiz`` for ``Dr. Elena Ruiz``, ``Tom Becker`` for ``Tom Becker, PharmD``."""
    bare = name.partition(",")[0].strip()
    words = bare.split()
    if len(words) > 2 and words[0].rstrip(".").lower() in ("dr", "prof"):
        return f"{words[0]} {words[-1]}"
    return bare


def mark_of(badge: Badge) -> RowMark:
    """Return a badge as the mark of a row: in few words, the whole of it kept for whoever asks."""
    rank = _OF_TONE[badge.tone]
    words = badge.brief or badge.words
    icon = {Rank.DANGER: "alert", Rank.LATE: "late", Rank.WAITS: "ring", Rank.GOOD: "check"}.get(rank, "")
    if rank is Rank.LATE and not badge.late:
        icon = "alert"
    if rank is Rank.WAITS and badge.asks:
        icon = "ask"
    return RowMark(rank, words, icon, "" if words == badge.words else badge.words)
