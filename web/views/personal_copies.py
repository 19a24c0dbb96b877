"""A copy of a plan for the person it is about: what they may see of it in words, and who has looked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from crdt.fields import Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent
from hub.record.journal import Action
from hub.store.audits import Question, Trace
from hub.workflows.contents import active, headline, members, plain_day, plain_instant, plainly, records, words
from web.views.people import ROLE_WORDS

LOOKS_MAX: Final = 5_000
"""Looks that one copy lists; older ones are asked for at the privacy officer."""

_LOOKS: Final = frozenset({Action.READ, Action.EXPORT, Action.DISCLOSE, Action.BREAK_GLASS})
_PLUMBING: Final = frozenset({"status", "retired_reason", "position", "source"})


@dataclass(frozen=True, slots=True)
class CopyEntry:
    """One entry: its headline, and each field that says something, by its label."""

    headline: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CopySection:
    """One section with its standing entries."""

    title: str
    entries: tuple[CopyEntry, ...]


@dataclass(frozen=True, slots=True)
class PersonalCopy:
    """The whole copy. ``looks`` are when, who, in what role, and at what."""

    patient: str
    born: str
    numbers: tuple[str, ...]
    made: str
    sections: tuple[CopySection, ...]
    team: tuple[tuple[str, str], ...]
    looks: tuple[tuple[str, str, str, str], ...]

    def as_data(self) -> dict[str, object]:
        """Return it as plain data, for a file that another program reads."""
        return asdict(self)


def looks_of(plan_id: str) -> Question:
    """Return the question for the rows of everyone who looked."""
    return Question(plan=plan_id, actions=_LOOKS, outcome="success")


def sections_of(seen: PlanContent, names: Callable[[str], str]) -> tuple[CopySection, ...]:
    """Return the sections of a plan that holds nothing but what the person may see."""
    found: list[CopySection] = []
    for section in Section:
        entries = tuple(
            CopyEntry(
                names(words(entry.values, "person")) if section is Section.CARE_TEAM else headline(section, entry),
                tuple(_fields(seen, section, entry.values, names)),
            )
            for entry in active(seen, section)
        )
        if entries:
            found.append(CopySection(SECTIONS[section].title, entries))
    return tuple(found)


def looks_told(
    rows: Sequence[Trace], names: Callable[[str], str], zone: tzinfo
) -> tuple[tuple[str, str, str, str], ...]:
    """Return who looked: rows of one person, sign-in and day are one line, the newest first."""
    visits: dict[tuple[str, str, date], list[Trace]] = {}
    for row in rows:
        visits.setdefault((row.actor, row.session, row.recorded.astimezone(zone).date()), []).append(row)
    return tuple(
        (
            plain_instant(some[0].recorded, zone),
            names(some[0].actor) if some[0].actor else "the operator of the hub",
            _ROLES.get(some[0].role, some[0].role),
            ", ".join(dict.fromkeys(SECTIONS[Section(row.section)].title for row in some if row.section)) or "the plan",
        )
        for some in visits.values()
    )


_ROLES: Final[Mapping[str, str]] = {role.value: told for role, told in ROLE_WORDS.items()}


def _fields(
    plan: PlanContent, section: Section, values: Mapping[str, Value], names: Callable[[str], str]
) -> Sequence[tuple[str, str]]:
    declared = [each for each in SECTIONS[section].all_fields if each.name not in _PLUMBING]
    told = [(each.label, _told(plan, each, values, names)) for each in declared if each.name in values]
    return [(label, value) for label, value in told if value]


def _told(plan: PlanContent, field: Field, values: Mapping[str, Value], names: Callable[[str], str]) -> str:
    if field.kind is Kind.LOG:
        return "; ".join(_record(each, names, plan.zone) for each in records(values, field.name).values())
    if field.kind is Kind.SET:
        return ", ".join(_scalar(plan, field, each, names) for each in members(values, field.name))
    value = values.get(field.name)
    return "" if value is None or isinstance(value, Mapping) else _scalar(plan, field, str(value), names)


def _scalar(plan: PlanContent, field: Field, value: str, names: Callable[[str], str]) -> str:
    if field.form is Form.PERSON:
        return names(value) if value else ""
    if field.form is Form.ENTRY:
        for section in Section:
            entry = plan.entry(section, value)
            if entry is not None:
                return headline(section, entry)
        return ""
    return plainly(value, field.form, plan.zone)


def _record(record: Mapping[str, object], names: Callable[[str], str], zone: tzinfo) -> str:
    parts = []
    for name, value in record.items():
        said = names(str(value)) if name in ("who", "by", "person", "author") else str(value)
        if value not in (None, "") and name not in ("device", "session"):
            parts.append(f"{name.replace('_', ' ')} {_instant(said, zone)}")
    return ", ".join(parts)


def _instant(said: str, zone: tzinfo) -> str:
    try:
        if len(said) == len("2026-11-27"):
            return plain_day(date.fromisoformat(said))
        return plain_instant(datetime.fromisoformat(said), zone)
    except ValueError:
        return said
