"""My patients in the order in which they need me: safety, then what is overdue, then news, then the quiet ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from auth.decisions import sections_readable
from auth.roles import CLINICIANS
from crdt.fields import Value
from crdt.sections import SECTIONS, Section
from hub.record.journal import Latest, Row
from web.doors.directory import Patient
from web.views.badges import Badge, Tone, badges
from web.views.banner import Banner, banner
from web.views.entries import Reader, headline
from web.views.findings import findings_view
from web.views.news import News, news_of
from web.views.people import PersonView
from web.views.words import Moment, count, moment, short

NEWS_SHOWN_MAX: Final = 3
CONCERNS_SHOWN_MAX: Final = 4
NAMED_MAX: Final = 3
"""Entries named in one line; the rest is counted."""


class Order(IntEnum):
    """What puts one patient before another; never the number of edits."""

    SAFETY = 0
    OVERDUE = 1
    MINE = 2
    NEWS = 3
    QUIET = 4


SAFETY_SECTIONS: Final = frozenset({Section.MEDICATIONS, Section.TRANSITIONS, Section.MONITORING, Section.ADVANCE_CARE})


_LOUD: Final = SAFETY_SECTIONS | {Section.TASKS, Section.REFERRALS}
"""Sections whose warnings are told to everyone: what nobody has accepted, and who has not been heard of."""

_IN_BANNER: Final = frozenset({"Watcher", "Unstable"})
"""Said beside the patient's name."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Something of an entry that asks for attention now."""

    badge: Badge
    title: str
    section: Section
    entries: tuple[tuple[str, str], ...]
    """Those it is true of, as (id, headline): several medicines that are not reconciled are one concern."""
    mine: bool

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """The entries that the line names."""
        return self.entries[:NAMED_MAX]


@dataclass(frozen=True, slots=True)
class PatientCard:
    """One patient on the panel."""

    plan_id: str
    banner: Banner
    order: Order
    news: tuple[News, ...]
    news_count: int
    concerns: tuple[Concern, ...]
    present: tuple[PersonView, ...]
    last: Moment | None
    last_by: str
    seq: int
    """The journal's row up to which this card tells; what is marked as seen is exactly what it told."""
    may_huddle: bool = False
    """The reader is one of the team, who put patients on the agenda of a huddle."""

    @property
    def tone(self) -> str:
        """The card's tone for the stylesheet; the words beside it say the same."""
        return {Order.SAFETY: "alert", Order.OVERDUE: "warn", Order.MINE: "warn", Order.NEWS: "news"}.get(
            self.order, "quiet"
        )

    @property
    def summary(self) -> str:
        """What is new, in words."""
        return f"{count(self.news_count, 'change')} since you looked" if self.news_count else "Nothing new"


def patient_card(
    patient: Patient,
    reader: Reader,
    rows: Sequence[Row],
    last: Latest | None,
    present: Sequence[PersonView],
) -> PatientCard:
    """Return one patient's card: only of sections and entries that the reader may see, not of their own edits.

    ``rows`` are what others did since the reader looked, ``last`` is the last change of anything they read.
    """
    readable = sections_readable(reader.participant, reader.now)
    news = news_of(reader, rows)
    concerns = _concerns(reader, readable)
    told = banner(patient, reader)
    return PatientCard(
        plan_id=patient.plan_id,
        banner=told,
        order=_order(news, concerns, watched=bool(told.watcher)),
        news=tuple(news[:NEWS_SHOWN_MAX]),
        news_count=len(news),
        concerns=tuple(concerns[:CONCERNS_SHOWN_MAX]),
        present=tuple(present),
        last=moment(last.recorded, reader.setting.reading) if last is not None else None,
        last_by=reader.setting.people.name(last.actor) if last is not None else "",
        seq=reader.content.seq,
        may_huddle=reader.participant.role in CLINICIANS,
    )


def _dangers(reader: Reader) -> list[Concern]:
    """Return the dangerous findings about medicines that nobody has answered."""
    told = findings_view(reader.participant, reader.content, reader.setting.people.name, reader.now)
    return [
        Concern(
            Badge(short(each.text), Tone.ALERT),
            SECTIONS[Section.MEDICATIONS].title,
            Section.MEDICATIONS,
            ((each.entry, headline(Section.MEDICATIONS, values, reader.setting.people.name)),),
            mine=False,
        )
        for each in told.open
        if each.severity == "danger" and (values := _values(reader, each.entry))
    ]


def _values(reader: Reader, entry: str) -> Mapping[str, Value]:
    held = reader.content.entry(Section.MEDICATIONS, entry)
    return held.values if held is not None else {}


def _concerns(reader: Reader, readable: frozenset[Section]) -> list[Concern]:
    """Return what asks for attention, the most urgent first; an allergy stands in the banner already."""
    found = []
    for section in SECTIONS:
        if section not in readable:
            continue
        for entry, it in reader.content.entries(section).items():
            if it.values.get("status") == "retired" or it.values.get("kind") == "allergy":
                continue
            if reader.sees(section, entry):
                found += _concerns_of(reader, section, entry)
    found += _dangers(reader)
    grouped: dict[tuple[Section, str, bool], Concern] = {}
    for each in found:
        key = (each.section, each.badge.words, each.mine)
        known = grouped.get(key)
        grouped[key] = each if known is None else replace(known, entries=known.entries + each.entries)
    return sorted(grouped.values(), key=lambda each: (each.badge.tone is not Tone.ALERT, not each.mine))


def _concerns_of(reader: Reader, section: Section, entry: str) -> list[Concern]:
    values = reader.content.entries(section)[entry].values
    setting = reader.setting
    words = headline(section, values, setting.people.name)
    mine = reader.participant.person_id in (values.get("owner"), values.get("recipient"))
    return [
        Concern(badge, SECTIONS[section].title, section, ((entry, words),), mine)
        for badge in badges(section, values, setting.people, setting.reading)
        if badge.words not in _IN_BANNER
        and (badge.tone is Tone.ALERT or (badge.tone is Tone.WARN and (mine or _loud(section, badge))))
    ]


def _loud(section: Section, badge: Badge) -> bool:
    """Say whether a warning is everyone's: who owes something today is told to them alone."""
    return section in _LOUD and badge.words != "Due today"


def _order(news: Sequence[News], concerns: Sequence[Concern], *, watched: bool) -> Order:
    if watched:
        return Order.SAFETY
    alerts = [each for each in concerns if each.badge.tone is Tone.ALERT]
    alarmed = any(each.section in SAFETY_SECTIONS for each in alerts)
    if alarmed or any(each.section is Section.MEDICATIONS for each in news):
        return Order.SAFETY
    if alerts:
        return Order.OVERDUE
    if any(each.mine for each in concerns):
        return Order.MINE
    return Order.NEWS if news else Order.QUIET


def ordered_cards(cards: Sequence[PatientCard]) -> list[PatientCard]:
    """Return the cards in the order in which they need the reader, then by name."""
    return sorted(cards, key=lambda each: (each.order, each.banner.name))
