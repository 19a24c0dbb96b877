"""The journal of an entry or a plan in words: who, when, what, from what to what. Bursts are told as one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from crdt.fields import Field, Kind, Scalar
from crdt.sections import SECTIONS, Section
from hub.chain import JSON
from hub.journal import Action, Row
from web.views.fields import Setting, scalar_words
from web.views.words import Moment, moment, short

BURST: Final = timedelta(minutes=5)
"""Edits of one person in one text with no longer pause than this are told as one."""

WORDS_SHOWN: Final = 240

_PLUMBING: Final = frozenset({"position", "source"})
"""Fields that tell a reader nothing."""

_EVENTS: Final[Mapping[str, str]] = {
    "entry.create": "added",
    "entry.edit": "changed",
    "entry.retire": "retired",
    "entry.restore": "restored",
    "entry.move": "moved",
    "suggestion.accept": "accepted a suggestion",
    "suggestion.decline": "declined a suggestion",
    "suggestion.make": "suggested",
    "comment.make": "remarked",
    "reading.record": "recorded a reading",
}
"""Commands in the past tense; any other is told by its own words."""

_VERBS: Final[Mapping[str, str]] = {
    Action.READ: "opened",
    Action.REFUSE: "was refused a change of",
    Action.GRANT: "gave access",
    Action.REVOKE: "ended access",
    Action.CONSENT: "recorded consent",
    Action.INVITE: "invited someone",
    Action.REDEEM: "accepted an invitation",
    Action.EXPORT: "exported",
    Action.DISCLOSE: "disclosed",
    Action.BREAK_GLASS: "opened in an emergency",
    Action.CREATE: "opened the plan",
    Action.IMPORT: "imported into",
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's change: from what to what, or what was typed and how much was taken out of a text."""

    label: str
    before: str = ""
    after: str = ""
    deleted: int = 0
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a history."""

    seq: int
    who: str
    role: str
    when: Moment
    verb: str
    about: str
    changes: tuple[FieldChange, ...] = ()
    refused: bool = False
    reason: str = ""
    rows: int = 1
    person: str = field(default="", compare=False)


def happenings(
    rows: Sequence[Row],
    setting: Setting,
    visible: Callable[[Section, str], bool],
    *,
    fields_of: Mapping[Section, frozenset[str]],
) -> list[Happening]:
    """Return the rows as lines, the newest first, without anything of an entry or field that the reader may not see."""
    lines: list[Happening] = []
    previous: Row | None = None
    for row in rows:
        section = _section(row.section)
        if section is not None and (section not in fields_of or (row.entry and not visible(section, row.entry))):
            continue
        if section is not None and row.field and row.field not in fields_of[section]:
            continue
        if lines and previous is not None and _continues(row, previous):
            lines[-1] = _joined(lines[-1], _happening(row, section, setting, fields_of))
        else:
            lines.append(_happening(row, section, setting, fields_of))
        previous = row
    return lines


def _happening(
    row: Row, section: Section | None, setting: Setting, fields_of: Mapping[Section, frozenset[str]]
) -> Happening:
    person = setting.people.person(row.actor)
    return Happening(
        seq=row.seq,
        who=setting.people.name(row.actor) if row.actor else "The hub",
        role=person.role if person is not None else row.role.replace("_", " "),
        when=moment(row.recorded, setting.reading),
        verb=_verb(row),
        about=SECTIONS[section].title if section is not None else "",
        changes=tuple(_changes(row, section, setting, fields_of)),
        refused=row.outcome == "refused",
        reason=row.reason,
        person=row.actor,
    )


def _verb(row: Row) -> str:
    if row.action is Action.COMMAND and row.event:
        noun, _, verb = row.event.replace("_", " ").partition(".")
        return _EVENTS.get(row.event) or (f"{noun}, {verb}" if verb else noun)
    if row.action is Action.EDIT:
        return "changed"
    return _VERBS.get(row.action, row.action.value)


def _changes(
    row: Row, section: Section | None, setting: Setting, fields_of: Mapping[Section, frozenset[str]]
) -> list[FieldChange]:
    words = row.words
    if section is None or words is None:
        return []
    several = words.get("fields")
    told = several if isinstance(several, list) else [{"field": row.field, **words}]
    found = []
    for each in told:
        if not isinstance(each, Mapping) or (row.entry and each.get("entry", row.entry) != row.entry):
            continue
        declared = SECTIONS[section].field(str(each.get("field", "")))
        if declared is not None and declared.name in fields_of[section] - _PLUMBING:
            found.append(change_of(declared, each, setting))
    return [each for each in found if each.before or each.after or each.deleted]


def change_of(declared: Field, told: Mapping[str, JSON], setting: Setting) -> FieldChange:
    """Return one field's change from its words in the journal."""
    if declared.kind is Kind.TEXT or "inserted" in told:
        deleted = told.get("deleted", 0)
        inserted = short(str(told.get("inserted", "")), WORDS_SHOWN)
        return FieldChange(declared.label, "", inserted, deleted if isinstance(deleted, int) else 0, is_text=True)
    if declared.kind is Kind.SET:
        member = scalar_words(declared, str(told.get("member", "")), setting)
        on = told.get("after") is True
        return FieldChange(declared.label, "" if on else member, member if on else "")
    before, after = (scalar_words(declared, _scalar(told.get(side)), setting) for side in ("before", "after"))
    return FieldChange(declared.label, before, after)


def _scalar(value: JSON) -> Scalar:
    return value if isinstance(value, str | int | float | bool) else None


def _continues(row: Row, newer: Row) -> bool:
    """Say whether a row belongs to the burst of the newer row before it in the list."""
    same = (row.actor, row.section, row.entry, row.field, row.action) == (
        newer.actor, newer.section, newer.entry, newer.field, newer.action,
    )  # fmt: skip
    return same and row.action in (Action.EDIT, Action.READ) and newer.recorded - row.recorded <= BURST


def _joined(newer: Happening, older: Happening) -> Happening:
    """Return one line for both: the newer's words, the older's before."""
    changes = newer.changes
    if len(newer.changes) == len(older.changes) == 1:
        new, old = newer.changes[0], older.changes[0]
        both = short(old.after + new.after, WORDS_SHOWN) if new.is_text else new.after
        changes = (FieldChange(new.label, old.before, both, new.deleted + old.deleted, new.is_text),)
    return Happening(
        newer.seq, newer.who, newer.role, newer.when, newer.verb, newer.about, changes, newer.refused, newer.reason,
        newer.rows + older.rows, newer.person,
    )  # fmt: skip


def _section(value: str) -> Section | None:
    return Section(value) if value in set(Section) else None
