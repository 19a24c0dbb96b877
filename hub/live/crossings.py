"""Two people wrote one field and neither had seen the other's value: the plan keeps the one that does not stand.

It is kept as an open suggestion of whoever wrote it, with ``beside`` for whoever wrote the value that stands, in the
very batch that commits the edit: so nobody's value is overwritten in silence, be it after a minute offline or between
two processes. Texts merge and need none of this; edits of different fields don't cross.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crdt.changes import Amend, Annotate, Change, Root
from crdt.contents import Accepted, Record, Touched
from crdt.documents import server_client
from crdt.fields import Kind, Scalar
from crdt.sections import SECTIONS, Section
from hub.ids import new_id
from hub.live.open_sections import OpenSection
from hub.record.chain import JSON
from hub.record.journal import Row

OPEN_MAX: Final = 50
"""Pairs that a section keeps open; whoever crosses on still has both values in the journal."""

EVENT: Final = "edit.crossed"
"""The event of the rows that keep a value."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the hub itself adds to a batch: a value that no longer stands, kept for both of its writers."""

    section: Section
    accepted: Accepted
    entry: str
    field: str
    writer: str
    """The name of whose edit it came with."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One crossing, by people: ``lost`` is the value that does not stand."""

    entry: str
    field: str
    lost: Scalar
    author: str
    beside: str
    """Who wrote the value that stands."""


def crossed(section: OpenSection, touched: Iterable[Touched], person: str) -> list[Pair]:
    """Return the pairs of values of different people that an edit of ``person`` made; the edit stands applied."""
    pairs = []
    for each in touched:
        crossing = each.crossing
        other = section.person(crossing.client) if crossing is not None else ""
        if crossing is None or each.root is not Root.ENTRIES or other in ("", person):
            continue
        if each.after == crossing.written:
            pairs.append(Pair(each.entry, each.field, crossing.other, other, person))
        else:
            pairs.append(Pair(each.entry, each.field, crossing.written, person, other))
    return pairs


def crossed_by_rows(section: OpenSection, touched: Iterable[Touched], person: str, rows: Sequence[Row]) -> list[Pair]:
    """Return the pairs of an edit of ``person`` and the rows of others that came in before it, unseen by them.

    The section holds both by now; one of the two values stands in it.
    """
    told = {(each.entry, each.field): each for each in touched if each.kind is Kind.REGISTER and not each.member}
    pairs = []
    for row in rows:
        if row.update is None or row.section != section.section or row.actor in ("", person):
            continue
        for entry, field, after in _registers(row):
            each = told.get((entry, field))
            values = section.document.values(entry)
            if each is None or each.root is not Root.ENTRIES or values is None:
                continue
            stands = values.get(field)
            if stands == after != each.after:
                pairs.append(Pair(entry, field, each.after, person, row.actor))
            elif stands == each.after != after:
                pairs.append(Pair(entry, field, after, row.actor, person))
    return pairs


def keep(section: OpenSection, plan_id: str, pairs: Sequence[Pair], writer: str, now: datetime) -> list[Kept]:
    """Have the document keep the values, and return what is to be committed with the edit."""
    kept = []
    for pair in pairs:
        changes = list(_changes(section, pair, now))
        if changes:
            accepted = section.document.perform(changes, client=server_client(plan_id, ""))
            section.own(accepted, "")
            kept.append(Kept(section.section, accepted, pair.entry, pair.field, writer))
    return kept


def _changes(section: OpenSection, pair: Pair, now: datetime) -> Iterator[Change]:
    field = SECTIONS[section.section].field(pair.field)
    if field is None or field.command:
        return
    value = json.dumps(pair.lost, ensure_ascii=False)
    held = _open_pairs(section.document.content().suggestions.items())
    for key, record in held:
        if (record.get("entry"), record.get("field"), record.get("proposer")) == (pair.entry, pair.field, pair.author):
            if record.get("value") != value:
                yield Amend(section.section, Root.SUGGESTIONS, key, "value", value)
            return
    if len(held) < OPEN_MAX:
        record = {
            "entry": pair.entry,
            "field": pair.field,
            "value": value,
            "words": "",
            "proposer": pair.author,
            "beside": pair.beside,
            "made": now.isoformat(timespec="seconds"),
            "state": "open",
        }
        yield Annotate(section.section, Root.SUGGESTIONS, new_id(), record)


def _open_pairs(records: Collection[tuple[str, Record]]) -> list[tuple[str, Record]]:
    return [(key, record) for key, record in records if record.get("beside") and record.get("state") == "open"]


def _registers(row: Row) -> Iterator[tuple[str, str, Scalar]]:
    """Yield the registers of entries that a row says it set."""
    words = row.words or {}
    fields = words.get("fields")
    several = fields if isinstance(fields, list) else [{**words, "entry": row.entry, "field": row.field}]
    for each in several:
        if isinstance(each, dict) and "after" in each and not each.keys() & {"member", "record", "root"}:
            yield str(each.get("entry", "")), str(each.get("field", "")), _scalar(each["after"])


def _scalar(value: JSON) -> Scalar:
    return value if isinstance(value, str | int | float | bool) else None
