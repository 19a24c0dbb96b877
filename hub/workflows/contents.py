"""Reading an entry's plain values: the typed glance that rules and views share."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import TypeAlias

from crdt.contents import Record
from crdt.fields import Form, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent

Values: TypeAlias = Mapping[str, Value]

HEADLINE_CHARACTERS_MAX = 120
"""A headline longer than this is cut at a word; a medicine's name never is."""


def words(values: Mapping[str, Value] | Record, name: str) -> str:
    """Return a register's or a text's words without outer blanks, ``""`` where there are none."""
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def number(values: Mapping[str, Value] | Record, name: str) -> float | None:
    """Return a register's number, ``None`` where there is none."""
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def members(values: Values, name: str) -> tuple[str, ...]:
    """Return the present members of a set, in order of their names."""
    value = values.get(name)
    if not isinstance(value, Mapping):
        return ()
    return tuple(sorted(member for member, present in value.items() if present is True))


def records(values: Values, name: str) -> dict[str, Record]:
    """Return a log's records by key, in order of their keys (which are minted in order of time)."""
    value = values.get(name)
    if not isinstance(value, Mapping):
        return {}
    return {key: record for key, record in sorted(value.items()) if isinstance(record, Mapping)}


def day(values: Mapping[str, Value] | Record, name: str) -> date | None:
    """Return a register's date, ``None`` where there is none or it is not one."""
    try:
        return date.fromisoformat(words(values, name))
    except ValueError:
        return None


def instant(values: Mapping[str, Value] | Record, name: str) -> datetime | None:
    """Return a register's instant, ``None`` where there is none, it is not one, or it lacks an offset."""
    try:
        read = datetime.fromisoformat(words(values, name))
    except ValueError:
        return None
    return read if read.tzinfo is not None else None


def stamp(now: datetime) -> str:
    """Return an instant as a register holds it."""
    return now.isoformat(timespec="seconds")


def plain_day(value: date) -> str:
    """Return a date as it is read in the clinic, as in ``21-Nov-2026``."""
    return value.strftime("%d-%b-%Y")


def plain_instant(value: datetime, zone: tzinfo) -> str:
    """Return an instant as it is read in the clinic, as in ``21-Nov-2026 08:21``, by the clock of the zone."""
    local = value.astimezone(zone)
    return f"{plain_day(local.date())} {local:%H:%M}"


def plainly(value: str, form: Form, zone: tzinfo) -> str:
    """Return a register's words as they are read: dates and instants in the clinic's form, all else as it stands."""
    try:
        if form is Form.DATE:
            return plain_day(date.fromisoformat(value))
        if form is Form.INSTANT:
            return plain_instant(datetime.fromisoformat(value), zone)
    except ValueError:
        return value
    return value


def retired(entry: EntryContent) -> bool:
    """Say whether the entry was taken out of the plan."""
    return words(entry.values, "status") == "retired"


def active(plan: PlanContent, section: Section) -> list[EntryContent]:
    """Return the section's entries that stand in the plan, in the order of the page."""
    standing = [entry for entry in plan.entries(section).values() if not retired(entry)]
    return sorted(standing, key=lambda entry: (place(entry), entry.id))


def place(entry: EntryContent) -> float:
    """Return the entry's place in the list; one without a place stands last."""
    position = number(entry.values, "position")
    return position if position is not None else float("inf")


def in_days(count: float) -> str:
    """Return ``1 day``, ``3 days``."""
    return f"{count:.0f} day" if count == 1 else f"{count:.0f} days"


def headline(section: Section, entry: EntryContent) -> str:
    """Return the words that stand for the entry in lists and sentences."""
    declaration = SECTIONS[section]
    full = words(entry.values, declaration.headline) or f"{declaration.noun} without a name"
    if len(full) <= HEADLINE_CHARACTERS_MAX or section is Section.MEDICATIONS:
        return full
    return full[:HEADLINE_CHARACTERS_MAX].rsplit(" ", 1)[0] + " ..."
