"""The journal's rows as edits for digests and for the family: who changed which field from what to what, when."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from crdt.sections import Section
from hub.record.chain import JSON
from hub.record.journal import CHANGES_CONTENT, Action, Row
from hub.workflows.digests import FieldEdit

_SECTIONS = frozenset(Section)


def edits_of(rows: Iterable[Row]) -> tuple[FieldEdit, ...]:
    """Return the edits that the rows tell of, in their order; an entry that was made is one edit with ``made``.

    Refusals, readings, suggestions and comments are no edits. A text's ``before`` and ``after`` are only words that
    went and came, so they say that it changed and not what it says.
    """
    rows = tuple(rows)
    said = {about: row.reason for row in rows if isinstance(about := _explained(row), int)}
    found: list[FieldEdit] = []
    for row in rows:
        if row.outcome == "success" and row.action in CHANGES_CONTENT and row.section in _SECTIONS:
            touched = list(_touched(row))
            made = {str(each["entry"]) for each in touched if _makes(each)}
            found += [_edit(row, entry, "status", "", "active", made=True) for entry in sorted(made)]
            edits = (_told(row, each) for each in touched if str(each["entry"]) not in made)
            found += [replace(edit, why=said.get(row.seq, row.reason)) for edit in edits]
    return tuple(found)


def _explained(row: Row) -> JSON:
    """Return which row this one gives the reason for, ``None`` where it is no such row."""
    return (row.words or {}).get("of") if row.action is Action.EXPLAIN else None


def _touched(row: Row) -> Iterable[Mapping[str, JSON]]:
    words = row.words or {}
    several = words.get("fields")
    each_of = several if isinstance(several, list) else [{"entry": row.entry, "field": row.field, **words}]
    for each in each_of:
        if isinstance(each, dict) and each.get("entry") and each.get("field") and "root" not in each:
            yield each


def _makes(touched: Mapping[str, JSON]) -> bool:
    return touched["field"] == "status" and not touched.get("before") and touched.get("after") == "active"


def _told(row: Row, touched: Mapping[str, JSON]) -> FieldEdit:
    entry, field = str(touched["entry"]), str(touched["field"])
    if "record" in touched and "inserted" in touched:
        return _edit(row, entry, field, "", str(touched["inserted"]))
    if "inserted" in touched:
        return _edit(row, entry, field, "earlier words" if touched.get("deleted") else "", str(touched["inserted"]))
    if "member" in touched:
        member, present = str(touched["member"]), touched.get("after") is True
        return _edit(row, entry, field, "" if present else member, member if present else "")
    return _edit(row, entry, field, _plain(touched.get("before")), _plain(touched.get("after")))


def _plain(value: JSON) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _edit(row: Row, entry: str, field: str, before: str, after: str, *, made: bool = False) -> FieldEdit:
    return FieldEdit(Section(row.section), entry, field, before, after, row.actor, row.recorded, made, row.seq)
