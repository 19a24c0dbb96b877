"""How the server's own changes are written: into a copy of the document, as one update."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from pycrdt import Doc, Map, Text, TransactionEvent

from crdt.changes import Amend, Annotate, Append, Assign, Change, Create, Decide, Include, Rewrite, Root
from crdt.fields import MEMBER_CHARACTERS_MAX, SET_MEMBERS_MAX, TEXT_CHARACTERS_MAX, Field, Kind, Scalar
from crdt.sections import SECTIONS, Declaration, Section
from crdt.updates import EMPTY_UPDATE

DIFF_CHARACTERS_MAX: Final = 2_000
"""Above this many changed characters a rewrite replaces the changed middle as a whole."""

CHARACTER_DIFF_CHARACTERS_MAX: Final = 200
"""Up to this many changed characters a rewrite is compared character by character, above it word by word."""

_WORDS: Final = re.compile(r"\w+|\W")

LOG_RECORDS_MAX: Final = 5_000
"""Records of one log."""


class ChangeError(ValueError):
    """A change that does not fit its section. ``field`` names the field, the message is a sentence for the person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def author(section: Section, state: bytes, changes: Sequence[Change], client: int) -> bytes:
    """Return the update that makes these changes to that state under that client id.

    Raises:
        ChangeError: one of them does not fit; nothing is made then.
    """
    copy: Doc[Map[object]] = Doc(client_id=client)
    roots = {root: copy.get(root, type=Map) for root in Root}
    copy.apply_update(state)
    written: list[bytes] = []
    subscription = copy.observe(lambda event: _keep(event, written))
    with copy.transaction():
        for change in changes:
            _write(SECTIONS[section], roots, change)
    copy.unobserve(subscription)
    return written[0] if written else EMPTY_UPDATE


def _keep(event: TransactionEvent, written: list[bytes]) -> None:
    written.append(event.update)


def _write(declaration: Declaration, roots: Mapping[Root, Map[object]], change: Change) -> None:
    if change.section is not declaration.section:
        raise ChangeError("", f"A change of {change.section} can't be made in {declaration.section}.")
    match change:
        case Create():
            _create(declaration, roots[Root.ENTRIES], change)
        case Annotate():
            _annotate(roots[change.root], change)
        case Amend():
            record = roots[change.root].get(change.key)
            if not isinstance(record, Map):
                raise ChangeError(change.name, "It is not in the plan any more.")
            record[change.name] = _checked(change.name, change.value)
        case _:
            field, fields = _target(declaration, roots[Root.ENTRIES], change.entry, change.field)
            _write_field(field, fields, change)


def _target(declaration: Declaration, entries: Map[object], entry: str, name: str) -> tuple[Field, Map[object]]:
    fields = entries.get(entry)
    if not isinstance(fields, Map):
        raise ChangeError(name, f"This {declaration.noun} is not in the plan.")
    field = declaration.field(name)
    if field is None:
        raise ChangeError(name, f"A {declaration.noun} has no such field.")
    return field, fields


def _write_field(field: Field, fields: Map[object], change: Assign | Rewrite | Include | Append | Decide) -> None:
    match change:
        case Assign(value=value):
            _of_kind(field, Kind.REGISTER)
            _without_fault(field, value)
            if not _same(fields.get(field.name), value):
                fields[field.name] = value
        case Rewrite(words=words):
            _of_kind(field, Kind.TEXT)
            _rewrite(field, _part(fields, field, Text), words)
        case Include(member=member, present=present):
            _of_kind(field, Kind.SET)
            _include(field, _part(fields, field, Map), member, present)
        case Append(key=key, record=record):
            _of_kind(field, Kind.LOG)
            _append(field, _part(fields, field, Map), key, record)
        case Decide(key=key, name=name, value=value):
            _of_kind(field, Kind.LOG)
            log = _part(fields, field, Map)
            assert isinstance(log, Map), "a log field is a map"
            known = log.get(key)
            if not isinstance(known, Mapping):
                raise ChangeError(field.name, f"{field.label} has no such record.")
            log[key] = {**known, name: _checked(field.name, value)}


def _part(fields: Map[object], field: Field, kind: Callable[[], object]) -> object:
    """Return the field's container, made now for an entry older than the field."""
    found = fields.get(field.name)
    if found is None:
        fields[field.name] = kind()
        found = fields[field.name]
    return found


def _of_kind(field: Field, kind: Kind) -> None:
    if field.kind is not kind:
        raise ChangeError(field.name, f"{field.label} is a {field.kind}, not a {kind}.")


def _same(known: object, value: object) -> bool:
    return known == value and isinstance(known, bool) is isinstance(value, bool)


def _without_fault(field: Field, value: object) -> None:
    fault = field.fault(value)
    if not fault and isinstance(value, str) and not _is_plain(value):
        fault = f"{field.label} takes words."
    if fault:
        raise ChangeError(field.name, fault)


def _create(declaration: Declaration, entries: Map[object], change: Create) -> None:
    """Make an entry with every container in place, so that no two people ever make the same one twice."""
    if entries.get(change.entry) is not None:
        raise ChangeError("", f"This {declaration.noun} is in the plan already.")
    kind = change.values.get("kind")
    for name in change.values:
        if declaration.field(name) is None:
            raise ChangeError(name, f"A {declaration.noun} has no field {name}.")
    for field in declaration.all_fields:
        given = change.values.get(field.name)
        applies = not field.only_for or field.only_for == kind
        if field.required and applies and (given is None or given == "" or given == {}):
            raise ChangeError(field.name, f"{field.label} is needed.")
    entries[change.entry] = Map()
    fields = entries[change.entry]
    assert isinstance(fields, Map), "it was made one line above"
    for field in declaration.all_fields:
        _fill(field, fields, change.values.get(field.name))


def _fill(field: Field, fields: Map[object], given: object) -> None:
    if field.kind is Kind.REGISTER:
        _without_fault(field, given)
        if given is not None:
            fields[field.name] = given
        return
    fields[field.name] = Text() if field.kind is Kind.TEXT else Map()
    part = fields[field.name]
    if not given:
        return
    if field.kind is Kind.TEXT:
        if not isinstance(given, str):
            raise ChangeError(field.name, f"{field.label} takes words.")
        _rewrite(field, part, given)
        return
    if not isinstance(given, Mapping):
        raise ChangeError(field.name, f"{field.label} takes members.")
    for key, value in given.items():
        if field.kind is Kind.SET:
            _include(field, part, key, value is True)
        else:
            _append(field, part, key, value)


def _rewrite(field: Field, part: object, words: str) -> None:
    assert isinstance(part, Text), "a text field is a text"
    if len(words) > TEXT_CHARACTERS_MAX:
        raise ChangeError(field.name, f"{field.label} holds {TEXT_CHARACTERS_MAX} characters at most. Split it.")
    if not _is_plain(words):
        raise ChangeError(field.name, f"{field.label} takes words.")
    old = str(part)
    for start, end, replacement in reversed(smallest_edits(old, words)):
        first = len(old[:start].encode())
        if end > start:
            del part[first : first + len(old[start:end].encode())]
        if replacement:
            part.insert(first, replacement)


def _is_plain(words: str) -> bool:
    """Return whether these are whole characters that every peer and the journal can hold."""
    return not any(character in "\x00\ufffd" or "\ud800" <= character <= "\udfff" for character in words)


def _checked(name: str, value: Scalar) -> Scalar:
    if isinstance(value, str) and (len(value) > TEXT_CHARACTERS_MAX or not _is_plain(value)):
        raise ChangeError(name, f"These words are over {TEXT_CHARACTERS_MAX} characters or damaged.")
    return value


def smallest_edits(old: str, new: str) -> list[tuple[int, int, str]]:
    """Return (start, end, replacement) in code points of the old text, ascending: what differs, and little more.

    The common beginning and end are left alone; what is between is compared by words, by characters when short.
    """
    start = 0
    limit = min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < limit - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    was, now = old[start : len(old) - tail], new[start : len(new) - tail]
    if not was or not now:
        return [(start, start + len(was), now)] if was or now else []
    if len(was) + len(now) > DIFF_CHARACTERS_MAX:
        return [(start, start + len(was), now)]
    by_characters = len(was) + len(now) <= CHARACTER_DIFF_CHARACTERS_MAX
    was_parts = list(was) if by_characters else _WORDS.findall(was)
    now_parts = list(now) if by_characters else _WORDS.findall(now)
    offsets = [start]
    for part in was_parts:
        offsets.append(offsets[-1] + len(part))
    return [
        (offsets[i], offsets[j], "".join(now_parts[k:m]))
        for tag, i, j, k, m in SequenceMatcher(None, was_parts, now_parts, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


def _include(field: Field, part: object, member: str, present: bool) -> None:
    assert isinstance(part, Map), "a set field is a map"
    if not member or len(member) > MEMBER_CHARACTERS_MAX:
        raise ChangeError(field.name, f"{field.label} takes words of 1 to {MEMBER_CHARACTERS_MAX} characters.")
    _without_fault(field, member)
    known = part.get(member)
    if known is None and len(part) >= SET_MEMBERS_MAX:
        raise ChangeError(field.name, f"{field.label} holds {SET_MEMBERS_MAX} at most.")
    if known is not present:
        part[member] = present


def _append(field: Field, part: object, key: str, record: object) -> None:
    assert isinstance(part, Map), "a log field is a map"
    if key in part:
        raise ChangeError(field.name, f"{field.label} has this record already.")
    if len(part) >= LOG_RECORDS_MAX:
        raise ChangeError(field.name, f"{field.label} holds {LOG_RECORDS_MAX} records at most.")
    if not isinstance(record, Mapping):
        raise ChangeError(field.name, f"{field.label} takes records.")
    part[key] = {name: _checked(field.name, value) for name, value in record.items()}


def _annotate(root: Map[object], change: Annotate) -> None:
    if root.get(change.key) is not None:
        raise ChangeError("", "It is in the plan already.")
    root[change.key] = Map()
    record = root[change.key]
    assert isinstance(record, Map), "it was made one line above"
    for name, value in change.record.items():
        record[name] = _checked(name, value)
