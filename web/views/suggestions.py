"""A proposed edit beside the field it is about."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from crdt.fields import Field, Kind, Scalar
from crdt.sections import Declaration
from web.views.fields import FieldAccess, Setting, scalar_words
from web.views.words import Moment, instant_of, moment


@dataclass(frozen=True, slots=True)
class Suggested:
    """An open suggestion: what, why, from whom, and whether the reader decides on it."""

    key: str
    field: str
    label: str
    words: str
    why: str
    proposer: str
    made: Moment | None
    may_decide: bool
    beside: str = ""
    """Who wrote the value that stands, where the two crossed."""


def suggested(
    declaration: Declaration, key: str, record: Mapping[str, Scalar], access: FieldAccess, setting: Setting
) -> Suggested:
    """Return the view of one suggestion record, whose field the declaration knows."""
    declared = declaration.field(str(record["field"]))
    assert declared is not None, "a suggestion names a field of its section"
    made = instant_of(record.get("made"))
    return Suggested(
        key=key,
        field=declared.name,
        label=declared.label,
        words=proposed_words(declared, record.get("value"), setting),
        why=str(record.get("words") or ""),
        proposer=setting.people.name(str(record.get("proposer") or "")),
        made=moment(made, setting.reading) if made is not None else None,
        may_decide=access is FieldAccess.WRITE,
        beside=setting.people.name(str(record["beside"])) if record.get("beside") else "",
    )


def proposed_words(declared: Field, value: Scalar, setting: Setting) -> str:
    """Return a proposed value in words; it is kept as JSON of a scalar, or as plain words of a text."""
    if not isinstance(value, str):
        return ""
    try:
        scalar = json.loads(value)
    except ValueError:
        return value
    if isinstance(scalar, dict | list):
        return value
    return str(scalar) if declared.kind is Kind.TEXT else scalar_words(declared, scalar, setting)
