"""What stands in a plan, entry by entry, as a table can hold it beside the journal: the read model.

Lists over many plans (the panel, work lists, agendas, search) read it instead of folding documents. It is written in
the transaction that commits the rows which made it so, says nothing that the journal does not, and can be made anew
from it (``hub.live.read_models``). Empty values are left out and come back by the section's declaration.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from crdt.changes import Root
from crdt.contents import EntryContent, Record, SectionContent, Touched
from crdt.fields import Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.directory.names import search_key
from hub.live.open_sections import OpenSection
from hub.record.chain import storable, storable_json
from hub.record.journal import EntryState

SEARCH_CHARACTERS_MAX: Final = 1_000
"""Of an entry's words that many are searched; what comes later in a long text is read in the plan."""

_decoder: Final = msgspec.json.Decoder(dict)


def states_touched(
    sections: Mapping[Section, OpenSection], touched: Iterable[tuple[Section, Touched]]
) -> list[EntryState]:
    """Return how what was touched stands now, each once. Only with the room's turn held."""
    paths = dict.fromkeys((section, each.root, each.entry) for section, each in touched)
    found = []
    for section, root, key in paths:
        state = _state(sections[section], root, key)
        if state is not None:
            found.append(state)
    return found


def states_of(held: OpenSection) -> list[EntryState]:
    """Return how everything in a section stands."""
    content = held.document.content()
    keys = ((Root.ENTRIES, content.entries), (Root.SUGGESTIONS, content.suggestions), (Root.COMMENTS, content.comments))
    states = (_state(held, root, key) for root, some in keys for key in some)
    return [each for each in states if each is not None]


def content_of_states(section: Section, states: Iterable[EntryState]) -> tuple[SectionContent, dict[int, str]]:
    """Return a section's content, and the people behind the client ids that made its entries."""
    entries: dict[str, EntryContent] = {}
    records: dict[Root, dict[str, Record]] = {Root.SUGGESTIONS: {}, Root.COMMENTS: {}}
    people: dict[int, str] = {}
    for state in states:
        held = _decoder.decode(state.fields)
        if state.root is Root.ENTRIES:
            entries[state.key] = EntryContent(state.key, MappingProxyType(_values(section, held)), state.creator)
            people[state.creator] = state.person
        else:
            records[state.root][state.key] = MappingProxyType(held)
    frozen = {root: MappingProxyType(some) for root, some in records.items()}
    return SectionContent(MappingProxyType(entries), frozen[Root.SUGGESTIONS], frozen[Root.COMMENTS]), people


def _state(held: OpenSection, root: Root, key: str) -> EntryState | None:
    content = held.document.content()
    if root is not Root.ENTRIES:
        record = (content.suggestions if root is Root.SUGGESTIONS else content.comments).get(key)
        if record is None:
            return None
        return EntryState(
            section=held.section, root=root, key=key, creator=0, person="", fields=_encoded(record), search_key=""
        )
    entry = content.entries.get(key)
    if entry is None:
        return None
    return EntryState(
        section=held.section,
        root=root,
        key=key,
        creator=entry.creator,
        person=held.person(entry.creator),
        fields=_encoded({name: _plain(value) for name, value in entry.values.items() if not _is_empty(value)}),
        search_key=search_key(storable(_searched(held.section, entry))),
    )


def _searched(section: Section, entry: EntryContent) -> str:
    """Return the words of an entry that are searched, its headline's first: lines and texts, no ids, no choices."""
    declared = SECTIONS[section]
    fields = sorted(declared.all_fields, key=lambda field: field.name != declared.headline)
    told = []
    for field in fields:
        value = entry.values.get(field.name)
        if isinstance(value, str) and (field.kind is Kind.TEXT or field.form is Form.LINE):
            told.append(value[:SEARCH_CHARACTERS_MAX])
    return " ".join(told)[:SEARCH_CHARACTERS_MAX]


def _is_empty(value: Value) -> bool:
    return value is None or value == "" or (isinstance(value, Mapping) and not value)


def _plain(value: object) -> object:
    return {name: _plain(inner) for name, inner in value.items()} if isinstance(value, Mapping) else value


def _encoded(values: Mapping[str, object]) -> str:
    """Return JSON that Postgres takes: NUL and lone surrogates, which hostile texts may hold, are replaced."""
    try:
        told = msgspec.json.encode(dict(values)).decode()
    except UnicodeEncodeError:
        told = "\\u0000"
    if "\\u0000" in told:
        told = msgspec.json.encode(storable_json(dict(values))).decode()  # type: ignore[arg-type]
    return told


def _values(section: Section, held: Mapping[str, Value]) -> dict[str, Value]:
    """Return every declared field in declared order."""
    values: dict[str, Value] = {}
    for field in SECTIONS[section].all_fields:
        value = held.get(field.name)
        if value is None:
            value = None if field.kind is Kind.REGISTER else "" if field.kind is Kind.TEXT else MappingProxyType({})
        values[field.name] = value
    return values
