"""Suggestions: an edit by someone who may not make it, which the section's writer makes as their own or declines.

A suggestion about one field names its entry; one for a new entry leaves ``entry`` and ``field`` empty and carries the
entry's values. ``value`` is JSON text in both.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Amend, Annotate, Assign, Change, Rewrite, Root
from crdt.contents import Record
from crdt.fields import TEXT_CHARACTERS_MAX, Field, Kind, Scalar, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked, Despite, Key, Reason, Seen
from hub.workflows.contents import stamp, words
from hub.workflows.entries import faults_of, made
from hub.workflows.grants import barred, missing, standing
from hub.workflows.team import NewId

_TO: Final = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:-|\u2013|to)\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)
"""A range as people write it: ``60 - 80``, ``60 to 80``."""

VALUE_CHARACTERS_MAX = 2 * TEXT_CHARACTERS_MAX
"""JSON text of a proposal; a new entry with more is split."""


def proposed(record: Record) -> Scalar | dict[str, Value]:
    """Return the value that a suggestion proposes, or a new entry's values; ``None`` where it can't be read."""
    try:
        value: Scalar | dict[str, Value] = json.loads(words(record, "value"))
    except ValueError:
        return None
    return value


def suggested(
    section: Section,
    entry_id: str,
    field: str,
    value: Scalar | Mapping[str, Value],
    why: str,
    actor: Participant,
    now: datetime,
    key: str,
) -> Annotate:
    """Return the open suggestion as a change."""
    record: dict[str, Scalar] = {
        "entry": entry_id,
        "field": field,
        "value": json.dumps(value, ensure_ascii=False),
        "words": why.strip(),
        "proposer": actor.person_id,
        "made": stamp(now),
        "state": "open",
    }
    return Annotate(section, Root.SUGGESTIONS, key, record)


def is_crossed(record: Record) -> bool:
    """Return whether it holds a value that another's crossed, unseen (``hub.live.crossings``), and not a proposal."""
    return bool(words(record, "beside"))


MEDICINE_FIELDS: Final = frozenset({"dose", "frequency", "taking"})


def open_suggestions(plan: PlanContent, section: Section, entry_id: str = "") -> dict[str, Record]:
    """Return the section's open suggestions by key, of one entry where it is named."""
    content = plan.sections.get(section)
    if content is None:
        return {}
    return {
        key: record
        for key, record in content.suggestions.items()
        if words(record, "state") == "open" and entry_id in ("", words(record, "entry"))
    }


def suggested_medicines(plan: PlanContent) -> frozenset[str]:
    """Return the medicines for which an open suggestion names another dose, another rhythm or an end."""
    proposals = open_suggestions(plan, Section.MEDICATIONS).values()
    return frozenset(words(each, "entry") for each in proposals if words(each, "field") in MEDICINE_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionMake:
    """A proposed value for one field of an entry, or (with ``values``) a proposed new entry."""

    section: Section
    entry: str = ""
    field: Annotated[str, Asked("Field", hidden=True)] = ""
    value: Annotated[str, Asked("Proposed", wide=True)] = ""
    values: Mapping[str, Value] | None = None
    words: Annotated[str, Asked("Why", wide=True)] = ""
    name: ClassVar[str] = "suggestion.make"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the open suggestion; refused where the value could not stand in the field, or stands there already."""
        refusal = barred(plan, actor, self.section, Operation.SUGGEST, now=now, entry_id=self.entry, field=self.field)
        if refusal is not None:
            return refusal
        if not self.entry:
            return self._new_entry(actor, now, new_id)
        entry = standing(plan, self.section, self.entry)
        if isinstance(entry, Refusal):
            return entry
        field = SECTIONS[self.section].field(self.field)
        value, fault = _typed(field, self.value)
        if fault:
            return Refusal("form", fault, self.entry, self.field)
        if value == entry.values.get(self.field):
            return Refusal("state", "It says that already.", self.entry, self.field)
        return [suggested(self.section, self.entry, self.field, value, self.words, actor, now, new_id())]

    def _new_entry(self, actor: Participant, now: datetime, new_id: NewId) -> Sequence[Change] | Refusal:
        values = dict(self.values or {})
        for name, message in faults_of(self.section, values).items():
            return Refusal("form", message, "", name)
        if len(json.dumps(values)) > VALUE_CHARACTERS_MAX:
            return Refusal("form", "This is too long for one suggestion. Split it.")
        return [suggested(self.section, "", "", values, self.words, actor, now, new_id())]


def _typed(field: Field | None, value: str) -> tuple[Scalar, str]:
    """Return the typed value as the field holds it, and what is wrong with it."""
    if field is None or field.command or field.kind not in (Kind.REGISTER, Kind.TEXT):
        return None, "Nothing can be suggested for this field."
    typed = field_value(field, value)
    if field.required and not value.strip():
        return None, f"{field.label} can't be empty."
    if field.kind is Kind.TEXT:
        long = len(value) > TEXT_CHARACTERS_MAX
        return typed, f"This is over {TEXT_CHARACTERS_MAX:,} characters. Split it." if long else ""
    return typed, field.fault(typed)


def field_value(field: Field, typed: str) -> Scalar:
    """Return what was typed as the field's scalar: a number where it takes numbers and can be read as one."""
    if field.kind is Kind.REGISTER and field.form == "number" and typed.strip():
        try:
            return float(typed)
        except ValueError:
            return typed
    if field.kind is Kind.REGISTER and field.form == "range" and (ends := _TO.fullmatch(typed.strip())):
        return f"{ends[1]}..{ends[2]}"
    return typed.strip()


def _open(plan: PlanContent, section: Section, key: str) -> Record | Refusal:
    content = plan.sections.get(section)
    record = content.suggestions.get(key) if content is not None else None
    if record is None:
        return Refusal("gone", "This suggestion is not in the plan.")
    if words(record, "state") != "open":
        return Refusal("state", f"This suggestion was {words(record, 'state')} already.", words(record, "entry"))
    return record


def _decided(section: Section, key: str, state: str, actor: Participant, now: datetime, reason: str) -> list[Change]:
    said = {"state": state, "decided_by": actor.person_id, "decided": stamp(now), "reason": reason.strip()}
    return [Amend(section, Root.SUGGESTIONS, key, name, value) for name, value in said.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionAccept:
    """The writer makes the proposed edit as their own; the suggestion keeps the proposer's name."""

    section: Section
    key: Key
    seen: Seen = None
    despite: Despite = ""
    name: ClassVar[str] = "suggestion.accept"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the edit and the decision; refused where the field changed since the page showed ``seen``."""
        record = _open(plan, self.section, self.key)
        if isinstance(record, Refusal):
            return record
        edit = self._edit(plan, actor, now, new_id, record)
        if isinstance(edit, Refusal):
            return edit
        return [edit, *_decided(self.section, self.key, "accepted", actor, now, "")]

    def _edit(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId, record: Record
    ) -> Change | Refusal:
        entry_id, name = words(record, "entry"), words(record, "field")
        value = proposed(record)
        if not entry_id:
            return made(plan, actor, now, self.section, value if isinstance(value, dict) else {}, new_id)
        refusal = barred(plan, actor, self.section, Operation.WRITE, now=now, entry_id=entry_id, field=name)
        entry = refusal or standing(plan, self.section, entry_id)
        if isinstance(entry, Refusal):
            return entry
        field = SECTIONS[self.section].field(name)
        assert field is not None, "a suggestion names a declared field"
        assert not isinstance(value, dict), "a suggestion for a field is a scalar"
        now_there = entry.values.get(name)
        if self.seen is not None and self.seen != _shown(now_there):
            return Refusal("stale", f"{field.label} was changed meanwhile to: {_shown(now_there)}.", entry_id, name)
        if field.kind is Kind.TEXT:
            return Rewrite(self.section, entry_id, name, str(value))
        return Assign(self.section, entry_id, name, value)


def _shown(value: Value) -> str:
    """Return a scalar as a page shows it: a whole number without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionDecline:
    """The writer says no, and why."""

    section: Section
    key: Key
    reason: Reason
    name: ClassVar[str] = "suggestion.decline"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the decision; a reason is required, and the grant to have made the edit."""
        empty = missing(self.reason, "reason", "Say why you decline it.")
        record = empty or _open(plan, self.section, self.key)
        if isinstance(record, Refusal):
            return record
        entry_id, name = words(record, "entry"), words(record, "field")
        action = Operation.WRITE if entry_id else Operation.CREATE
        refusal = barred(plan, actor, self.section, action, now=now, entry_id=entry_id, field=name)
        return refusal or _decided(self.section, self.key, "declined", actor, now, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionKeep:
    """Of two values that crossed the one that stands is kept. It needs no reason: nothing changes."""

    section: Section
    key: Key
    name: ClassVar[str] = "suggestion.keep"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the decision; refused to whoever may not write the field, and where somebody proposes."""
        record = _open(plan, self.section, self.key)
        if isinstance(record, Refusal):
            return record
        entry_id, name = words(record, "entry"), words(record, "field")
        if not is_crossed(record):
            return Refusal("state", "Say why you decline it.", entry_id)
        refusal = barred(plan, actor, self.section, Operation.WRITE, now=now, entry_id=entry_id, field=name)
        return refusal or _decided(self.section, self.key, "declined", actor, now, "")
