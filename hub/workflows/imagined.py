"""A plan as it will be after some changes, without a document: so that one batch can hold commands that build on each
other, each judged on what the ones before it made."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crdt.changes import Amend, Annotate, Append, Assign, Change, Create, Decide, Include, Rewrite, Root
from crdt.contents import Record, SectionContent
from crdt.fields import Kind, Scalar, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent


def imagined(plan: PlanContent, changes: Sequence[Change], *, by: int) -> PlanContent:
    """Return the plan with the changes made by the client id ``by``."""
    sections = dict(plan.sections)
    for change in changes:
        content = sections.get(change.section, SectionContent())
        sections[change.section] = _changed(content, change, by)
    return replace(plan, sections=sections)


def _changed(content: SectionContent, change: Change, by: int) -> SectionContent:
    match change:
        case Create(section, entry, values):
            whole = {**_empty(section), **values}
            return replace(content, entries={**content.entries, entry: EntryContent(entry, whole, by)})
        case Annotate(_, Root.SUGGESTIONS, key, record):
            return replace(content, suggestions={**content.suggestions, key: record})
        case Annotate(_, _, key, record):
            return replace(content, comments={**content.comments, key: record})
        case Amend(_, root, key, name, value):
            return _amended(content, root, key, name, value)
        case Assign(_, entry, field, value):
            return _set(content, entry, field, value)
        case Rewrite(_, entry, field, words):
            return _set(content, entry, field, words)
        case Include(_, entry, field, member, present):
            return _set(content, entry, field, {**_mapping(content, entry, field), member: present})
        case Append(_, entry, field, key, record):
            return _set(content, entry, field, {**_records(content, entry, field), key: record})
        case Decide(_, entry, field, key, name, value):
            log = _records(content, entry, field)
            return _set(content, entry, field, {**log, key: {**log[key], name: value}})


def _empty(section: Section) -> dict[str, Value]:
    blanks: Mapping[Kind, Value] = {Kind.REGISTER: None, Kind.TEXT: "", Kind.SET: {}, Kind.LOG: {}}
    return {field.name: blanks[field.kind] for field in SECTIONS[section].all_fields}


def _set(content: SectionContent, entry_id: str, field: str, value: Value) -> SectionContent:
    entry = content.entries[entry_id]
    changed = replace(entry, values={**entry.values, field: value})
    return replace(content, entries={**content.entries, entry_id: changed})


def _amended(content: SectionContent, root: Root, key: str, name: str, value: Scalar) -> SectionContent:
    if root is Root.SUGGESTIONS:
        return replace(content, suggestions={**content.suggestions, key: {**content.suggestions[key], name: value}})
    return replace(content, comments={**content.comments, key: {**content.comments[key], name: value}})


def _mapping(content: SectionContent, entry: str, field: str) -> Mapping[str, bool]:
    value = content.entries[entry].values.get(field)
    return {key: each is True for key, each in value.items()} if isinstance(value, Mapping) else {}


def _records(content: SectionContent, entry: str, field: str) -> dict[str, Record]:
    value = content.entries[entry].values.get(field)
    some = value.items() if isinstance(value, Mapping) else ()
    return {key: each for key, each in some if isinstance(each, Mapping)}
