"""A section as it was: replayed for reading alone, without the index that judging needs.

Who replays a journal for reading trusts it; ten thousand updates take some 30 ms. What only ids can tell (who made an
entry) never changes, so it is taken from the section as it stands.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pycrdt import Doc, Map, Text

from crdt.changes import Root
from crdt.contents import EntryContent, Record, SectionContent
from crdt.fields import Kind, Scalar, Value
from crdt.lib0 import NUMBER_MAX
from crdt.sections import SECTIONS, Section
from crdt.updates import merge


class PastSection:
    """A section's document as of some row; ``take`` moves it on. Belongs to the thread that made it."""

    def __init__(self, section: Section, creators: Mapping[str, int]) -> None:
        self._declaration = SECTIONS[section]
        self._creators = creators
        self._doc: Doc[Map[object]] = Doc()
        self._roots = {root: self._doc.get(root, type=Map) for root in Root}

    def take(self, updates: Iterable[bytes]) -> None:
        """Take in updates of the journal, in its order."""
        several = list(updates)
        if several:
            self._doc.apply_update(merge(several))

    def content(self) -> SectionContent:
        """Return the section as plain values, as ``SectionDocument.content`` does."""
        found = {
            entry: EntryContent(entry, MappingProxyType(self._values(held)), self._creators.get(entry, 0))
            for entry, held in self._roots[Root.ENTRIES].items()
            if isinstance(held, Map)
        }
        return SectionContent(MappingProxyType(found), self._records(Root.SUGGESTIONS), self._records(Root.COMMENTS))

    def words(self, entry: str, field: str) -> str:
        """Return what a text says, ``""`` where there is none."""
        held = self._roots[Root.ENTRIES].get(entry, None)
        text = held.get(field, None) if isinstance(held, Map) else None
        return str(text) if isinstance(text, Text) else ""

    def _values(self, held: "Map[object]") -> dict[str, Value]:
        return {field.name: _value(field.kind, held.get(field.name, None)) for field in self._declaration.all_fields}

    def _records(self, root: Root) -> Mapping[str, Record]:
        return MappingProxyType(
            {
                key: MappingProxyType(_scalars(held.items()))
                for key, held in self._roots[root].items()
                if isinstance(held, Map)
            }
        )


def _value(kind: Kind, held: object) -> Value:
    items = held.items() if isinstance(held, Map) else ()
    match kind:
        case Kind.TEXT:
            return str(held) if isinstance(held, Text) else ""
        case Kind.SET:
            return MappingProxyType({key: on for key, on in items if isinstance(on, bool)})
        case Kind.LOG:
            return MappingProxyType(
                {key: MappingProxyType(_scalars(record.items())) for key, record in items if isinstance(record, dict)}
            )
        case Kind.REGISTER:
            return _scalar(held)


def _scalars(items: Iterable[tuple[str, object]]) -> dict[str, Scalar]:
    return {key: _scalar(value) for key, value in items}


def _scalar(held: object) -> Scalar:
    """Return the plain value, a whole number as ``int``: the journal's readers know one kind, as the gate does."""
    if isinstance(held, float) and held.is_integer() and abs(held) <= NUMBER_MAX:
        return int(held)
    return held if isinstance(held, str | int | float | bool) else None
