"""A section with two entries, and peers that edit it as a browser does."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from pycrdt import Doc, Map, Text, TransactionEvent, UndoManager

from crdt.changes import Change, Create, Include
from crdt.documents import Accepted, Refusal, SectionDocument, server_client
from crdt.fields import Value
from crdt.index import Index
from crdt.sections import Section

WALK = "019ab000-0000-7000-8000-000000000001"
READ = "019ab000-0000-7000-8000-000000000002"
MARY = "019ab000-0000-7000-8000-0000000000aa"
HUB_CLIENT = server_client("plan", MARY)
WORDS = ("a", "be", "é", "😀", "👩‍👧 ok", "line\n", "Metoprolol 25 mg")


class Anyone:
    """Lets anyone write under any client id."""

    def may_write_as(self, _client_id: int) -> bool:
        """Return true."""
        return True


def allowed(entry: str, name: str) -> str:
    """Let everyone change everything."""
    return ""


def a_section(section: Section = Section.GOALS) -> SectionDocument:
    """Goals with two entries; the first has words and a member."""
    document = SectionDocument(section)
    values: dict[str, Value] = {"description": "walk né😀 daily", "voice": MARY, "unit": "km"}
    changes: list[Change] = [
        Create(section, WALK, values),
        Create(section, READ, {"description": "read", "voice": MARY}),
        Include(section, WALK, "addresses", READ, True),
    ]
    document.perform(changes, client=HUB_CLIENT)
    return document


def judged(document: SectionDocument, update: bytes) -> Accepted | Refusal:
    """Pass an update through the gate, with the right to everything."""
    return document.judge(update, client=Anyone(), may=allowed)


def index_of(document: SectionDocument) -> Index:
    """Return what the gate knows of the document, made anew where it was not made yet."""
    return document._index


def live_of(document: SectionDocument) -> Doc[Map[object]]:
    """Return the document of yrs itself."""
    return document._live


def plain(document: SectionDocument) -> dict[str, dict[str, object]]:
    """The content as nested dicts, without what is empty: what ``plain_doc`` gives for a bare document."""
    return {
        entry: _filled({name: _thawed(value) for name, value in content.values.items()})
        for entry, content in document.content().entries.items()
    }


def plain_doc(doc: Doc[Map[object]]) -> dict[str, dict[str, object]]:
    """The content of a bare document as nested dicts, without what is empty."""
    entries = doc.get("entries", type=Map).to_py() or {}
    return {entry: _filled(values) for entry, values in entries.items() if isinstance(values, dict)}


def _filled(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def _thawed(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


@dataclass
class Peer:
    """A browser: its own document, what it has written, an undo stack."""

    client: int
    skip_gc: bool = False
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.doc: Doc[Map[object]] = Doc(client_id=self.client, skip_gc=self.skip_gc)
        self.doc.get("entries", type=Map)
        self._receiving = False
        self._subscription = self.doc.observe(self._keep)
        self.undo: UndoManager | None = None

    def _keep(self, event: TransactionEvent) -> None:
        if not self._receiving:
            self.sent.append(event.update)

    def receive(self, update: bytes) -> None:
        """Take in what others wrote."""
        self._receiving = True
        self.doc.apply_update(update)
        self._receiving = False

    def start_undo(self) -> None:
        """Remember what is written from now on, to take it back."""
        self.undo = UndoManager(scopes=[self.doc.get("entries", type=Map)], capture_timeout_millis=0)

    def entry(self, entry: str = WALK) -> Map[object]:
        """Return an entry as this peer has it."""
        found = self.doc.get("entries", type=Map)[entry]
        assert isinstance(found, Map)
        return found

    def text(self, entry: str = WALK, name: str = "description") -> Text:
        """Return a text as this peer has it."""
        found = self.entry(entry)[name]
        assert isinstance(found, Text)
        return found

    def members(self, entry: str = WALK, name: str = "addresses") -> Map[object]:
        """Return a set as this peer has it."""
        found = self.entry(entry)[name]
        assert isinstance(found, Map)
        return found

    def insert(self, at: int, words: str, entry: str = WALK, name: str = "description") -> None:
        """Insert at a code point."""
        text = self.text(entry, name)
        text.insert(len(str(text)[:at].encode()), words)

    def delete(self, start: int, end: int, entry: str = WALK, name: str = "description") -> None:
        """Delete from a code point up to another."""
        text = self.text(entry, name)
        words = str(text)
        first = len(words[:start].encode())
        if words[start:end]:
            del text[first : first + len(words[start:end].encode())]

    def edit(self, chance: random.Random) -> None:
        """Do one thing that a person could do."""
        entry = chance.choice((WALK, READ))
        words = str(self.text(entry))
        at = chance.randint(0, len(words))
        match chance.randint(0, 6):
            case 0 | 1:
                self.insert(at, chance.choice(WORDS), entry)
            case 2:
                self.delete(at, at + chance.randint(1, 6), entry)
            case 3:
                self.entry(entry)["unit"] = chance.choice(("km", "mi", "", None))
            case 4:
                self.entry(entry)["target_low"] = chance.choice((1, 2.5, -3, None))
            case 5:
                self.members(entry)[chance.choice((MARY, READ, WALK))] = chance.random() < 0.5
            case 6 if self.undo is not None and self.undo.can_undo():
                self.undo.undo()
            case _:
                with self.doc.transaction():
                    self.insert(at, chance.choice(WORDS), entry)
                    self.delete(0, 2, entry)
                    self.entry(entry)["priority"] = chance.choice(("high", "low"))
                    self.entry(entry)["priority"] = "medium"
