"""One section's live document: a Yjs document, the index of its structs, and its content as plain values."""

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pycrdt import Doc, Map, Text

from crdt import authoring, gate
from crdt.authoring import ChangeError
from crdt.changes import Change, Root
from crdt.contents import Accepted, EntryContent, Record, Refusal, SectionContent, Touched
from crdt.fields import Kind, Scalar, Value
from crdt.gate import ClientClaim, May
from crdt.held import Held
from crdt.index import PATIENCE, Index
from crdt.intakes import Intake
from crdt.passages import Passage, passages
from crdt.places import Container, Place
from crdt.sections import SECTIONS, Section
from crdt.trials import Trial
from crdt.updates import (
    EMPTY_UPDATE,
    FROM_JOURNAL,
    FROM_PEERS,
    Limits,
    UpdateError,
    read_state_vector,
    read_update,
    write_state_vector,
)

SERVER_CLIENT_MIN: Final = 1 << 32
SERVER_CLIENT_MAX: Final = (1 << 53) - 1


_NO_BLOCKS: Final = b"\x00"


def server_client(plan_id: str, person_id: str) -> int:
    """Return the client id under which the server writes for that person in that plan: always the same one.

    It is at least 2**32, where no browser's id is, and under 2**53, which every peer can hold.
    """
    digest = hashlib.sha256(f"{plan_id}/{person_id}".encode()).digest()
    return SERVER_CLIENT_MIN + int.from_bytes(digest[:8]) % (SERVER_CLIENT_MAX + 1 - SERVER_CLIENT_MIN)


class SectionDocument:
    """A section as it stands, and the only way to change it.

    ``judge`` and ``apply`` take what peers send, ``perform`` what commands do, ``replay`` what the journal holds.
    """

    def __init__(self, section: Section, state: bytes | None = None, *, later: bool = False) -> None:
        """Start empty, or from a state of our own journal or snapshot, which is trusted.

        With ``later``, the index is made when somebody first writes, or asks for values: those who only follow are
        answered without it, at a hundredth of the time and a third of the memory. Damage shows only then.

        Raises:
            UpdateError: the state is damaged.
        """
        self.section = section
        self._declaration = SECTIONS[section]
        self._known = Index(section)
        self._unread = later
        self._read_behind: list[bytes] = []
        """Replayed since ``reading`` was handed out."""
        self._live: Doc[Map[object]] = Doc()
        for root in Root:
            self._live.get(root, type=Map)
        self._held = Held(self._live.get_update)
        self._judged: tuple[Accepted, Trial] | None = None
        self._texts: dict[Place, Text] = {}
        self._content = SectionContent()
        self._entries: dict[str, EntryContent] = {}
        self._stale_entries: set[str] = set()
        self._stale_records = False
        if state is not None:
            self.replay(state)

    @property
    def _index(self) -> Index:
        if self._unread:
            reading = self.reading()
            reading.read()
            self.adopt(reading)
        return self._known

    @property
    def unread(self) -> bool:
        """The index is still to be made."""
        return self._unread

    @property
    def stale(self) -> int:
        """How many entries' values ``content`` would make anew."""
        return len(self._stale_entries)

    def reading(self) -> "IndexBuild":
        """Return the work of making the index, which may be done on another thread, for ``adopt``."""
        self._read_behind = []
        return IndexBuild(self.section, self._live.get_update())

    def adopt(self, reading: "IndexBuild") -> None:
        """Take over the index of the latest ``reading``, once it is read; nothing where there is one by now.

        Raises:
            UpdateError: what was replayed meanwhile is damaged.
        """
        if not self._unread:
            return
        for update in self._read_behind:
            reading.take(update)
        self._unread, self._read_behind = False, []
        self._known = reading.index
        for place in reading.contested:
            place.value = self._live_value(place)
        self._stale_entries.update(self._known.roots[Root.ENTRIES].places)
        self._stale_records = True

    def intake(self, update: bytes, *, client: ClientClaim, may: May) -> Intake:
        """Return the work of taking in what may be long; its slices are for ``judge``."""
        self._settle()
        return Intake(self._index, update, client, may, self._held)

    def began(self, intake: Intake) -> bool:
        """Return whether that intake is of this very document, and not of one that was loaded anew since."""
        return intake.index is self._known

    def judge(self, update: bytes, *, client: ClientClaim, may: May, limits: Limits = FROM_PEERS) -> Accepted | Refusal:
        """Return what the update would do, or why it is refused; the document stays as it is."""
        self._settle()
        if self.repeats(update):
            return Accepted(update, None, ())
        verdict = gate.judge(self._index, update, client, may, self._held, limits)
        if isinstance(verdict, Refusal):
            return verdict
        accepted = _accepted(verdict)
        self._judged = accepted, verdict
        return accepted

    def repeats(self, update: bytes) -> bool:
        """Return whether it is seen without the index that the update is the answer of a page that only read: no edit,
        and no deletion but ours.
        """
        if update == EMPTY_UPDATE:
            return True
        if not self._unread or not update.startswith(_NO_BLOCKS):
            return False
        try:
            theirs = read_update(update, FROM_PEERS).deletes
        except UpdateError:
            return False
        ours = read_update(self._live.get_update(self._live.get_state()), FROM_JOURNAL).deletes
        return set(ours).issuperset(theirs)

    def apply(self, accepted: Accepted) -> None:
        """Do what ``judge`` accepted.

        Raises:
            UpdateError: another update came between and this one no longer fits.
        """
        if not accepted.changes:
            return
        if self._judged is None or self._judged[0] is not accepted:
            self.replay(accepted.update)
            return
        _, trial = self._judged
        self._judged = None
        self._move_on(trial)

    def replay(self, update: bytes) -> None:
        """Take an update of our own journal; what is known already is passed over.

        Raises:
            UpdateError: it is damaged, or builds on what is not there; the document stays as it is.
        """
        self._settle()
        if self._unread:
            self._live.apply_update(update)
            self._read_behind.append(update)
            return
        self._move_on(_tried(self._known, update))

    def perform(self, changes: Sequence[Change], *, client: int) -> Accepted:
        """Make a command's changes under a client id of the server's, all or none, and return what they did.

        Raises:
            ChangeError: a change does not fit the section as it is.
        """
        assert SERVER_CLIENT_MIN <= client <= SERVER_CLIENT_MAX, "a command writes under a server's client id"
        self._settle()
        update = authoring.author(self.section, self.state(), changes, client)
        trial = _tried(self._index, update)
        accepted = _accepted(trial)
        self._move_on(trial)
        return accepted

    def state_vector(self) -> bytes:
        """Return client id -> next clock of everything known; what was judged and not applied stays judged."""
        return self._live.get_state()

    def missing_from(self, state_vector: bytes) -> bytes:
        """Return one update with every edit that a replica at that state lacks.

        Clocks ahead of ours count as ours, and one that stands inside a surrogate pair as the one before it.

        Raises:
            UpdateError: it is no state vector.
        """
        self._settle()
        theirs = read_state_vector(state_vector)
        ours = read_state_vector(self._live.get_state())
        clocks = {client: min(known, theirs.get(client, 0)) for client, known in ours.items()}
        if any(0 < clock < ours[client] for client, clock in clocks.items()):
            low_halves = self._index.low_halves
            clocks = {client: clock - ((client, clock) in low_halves) for client, clock in clocks.items()}
        return self._live.get_update(write_state_vector(clocks))

    def state(self) -> bytes:
        """Return everything as one compact update, for snapshots."""
        return self._live.get_update()

    def content(self) -> SectionContent:
        """Return the section as plain values; the same object until something changes."""
        index = self._index
        if self._stale_entries:
            roots = index.roots[Root.ENTRIES].places
            for entry in self._stale_entries:
                container = self._container(roots[entry]) if entry in roots else None
                if container is not None:
                    self._entries[entry] = self._entry(entry, container)
            self._stale_entries.clear()
            self._content = SectionContent(
                MappingProxyType(dict(self._entries)), self._content.suggestions, self._content.comments
            )
        if self._stale_records:
            self._stale_records = False
            self._content = SectionContent(
                self._content.entries, self._records(Root.SUGGESTIONS), self._records(Root.COMMENTS)
            )
        return self._content

    def creator(self, entry: str) -> int | None:
        """Return the client id that made the entry, or None when there is none."""
        place = self._index.roots[Root.ENTRIES].places.get(entry)
        return place.last.client if place is not None and place.last is not None else None

    def values(self, entry: str) -> Mapping[str, Value] | None:
        """Return the entry's values, or None when there is no such entry."""
        known = self.content().entries.get(entry)
        return known.values if known else None

    def passages(self, entry: str, field: str) -> list[Passage]:
        """Return who wrote which words of a text, by client id; nothing where there is no such text."""
        self._settle()
        place = self._index.roots[Root.ENTRIES].places.get(entry)
        container = self._container(place) if place is not None else None
        held = container.places.get(field) if container is not None else None
        text = self._container(held) if held is not None else None
        if text is None or text.sequence is None:
            return []
        return passages(text.sequence, self._index.authors, self._words(text))

    def _settle(self) -> None:
        """Forget what was judged and not applied."""
        if self._judged is not None:
            self._judged[1].take_back()
            self._judged = None

    def _move_on(self, trial: Trial) -> None:
        self._held.forget()
        try:
            self._live.apply_update(trial.update)
        except BaseException:  # A panic of pycrdt is no ``Exception``; it goes on to the committer, the boundary.
            trial.take_back()  # Not believed to happen; the caller drops the document and loads the journal anew.
            raise
        trial.keep()
        for place, tally in trial.tallies.items():
            if tally.contested:
                place.value = self._live_value(place)
            if place.container.name in (Root.SUGGESTIONS, Root.COMMENTS):
                self._stale_records = True
            else:
                self._stale_entries.add(place.entry or place.key)

    def _live_value(self, place: Place) -> Scalar:
        """Return what the live document holds under a key: after a contest it has the last word."""
        path = [place.entry, place.container.name, place.key] if place.container.name else [place.entry, place.key]
        found: object = self._live.get(Root.ENTRIES, type=Map)
        for key in path:
            found = found.get(key) if isinstance(found, Map) else None
        return found if isinstance(found, str | int | float | bool) else None

    def _container(self, place: Place) -> Container | None:
        last = place.last
        return self._index.containers.get((last.client, last.end - 1)) if last is not None else None

    def _entry(self, entry: str, container: Container) -> EntryContent:
        values: dict[str, Value] = {}
        for field in self._declaration.all_fields:
            place = container.places.get(field.name)
            if field.kind is Kind.REGISTER:
                values[field.name] = _scalar(place.value) if place else None
                continue
            inner = self._container(place) if place else None
            if field.kind is Kind.TEXT:
                values[field.name] = self._words(inner) if inner else ""
            elif field.kind is Kind.SET:
                values[field.name] = MappingProxyType(_members(inner) if inner else {})
            else:
                values[field.name] = MappingProxyType(_log(inner) if inner else {})
        creator = self.creator(entry)
        assert creator is not None, "an entry was made by someone"
        return EntryContent(entry, MappingProxyType(values), creator)

    def _words(self, container: Container) -> str:
        place = container.sequence
        assert place is not None, "a text is one sequence"
        if not place.length:
            return ""
        text = self._texts.get(place)
        if text is None:
            fields = self._live.get(Root.ENTRIES, type=Map)[container.entry]
            assert isinstance(fields, Map), "an entry is a map"
            found = fields[container.name]
            assert isinstance(found, Text), "the index holds the same kinds as the document"
            text = self._texts[place] = found
        return str(text)

    def _records(self, root: Root) -> Mapping[str, Record]:
        records: dict[str, Record] = {}
        for key, place in self._index.roots[root].places.items():
            container = self._container(place)
            if container is not None:
                records[key] = MappingProxyType(self._index.record(container))
        return MappingProxyType(records)


class IndexBuild:
    """An index on its way. Only ``read`` may run on another thread."""

    __slots__ = ("_state", "contested", "index")

    def __init__(self, section: Section, state: bytes) -> None:
        self.index = Index(section)
        self.contested: dict[Place, None] = {}
        """Places on whose values the live document has the last word."""
        self._state = state

    def read(self) -> None:
        """Read the whole state.

        Raises:
            UpdateError: it is damaged.
        """
        self.take(self._state)

    def take(self, update: bytes) -> None:
        """Read what was replayed behind it. Raises as ``read`` does."""
        trial = _tried(self.index, update)
        trial.keep()
        self.contested.update(dict.fromkeys(place for place, tally in trial.tallies.items() if tally.contested))


def _tried(index: Index, data: bytes) -> Trial:
    """Return the trial of an update of our own.

    Raises:
        UpdateError: it is damaged, or builds on what is not there; the index stays as it is.
    """
    update = read_update(data, FROM_JOURNAL)
    trial = Trial(index, data)
    index.patience = PATIENCE
    try:
        for client, struct in index.in_order(update):
            trial.write(client, struct, index.place(struct))
        for client, start, end in update.deletes:
            trial.delete(client, start, end)
    except UpdateError:
        trial.take_back()
        raise
    return trial


def _accepted(trial: Trial) -> Accepted:
    clients = trial.clients
    return Accepted(trial.update, clients[0] if clients else None, trial.touched())


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, str | int | float | bool) else None


def _members(container: Container) -> dict[str, bool]:
    return {member: place.value for member, place in container.places.items() if isinstance(place.value, bool)}


def _log(container: Container) -> dict[str, Mapping[str, Scalar]]:
    return {
        key: MappingProxyType({name: _scalar(value) for name, value in place.value.items()})
        for key, place in container.places.items()
        if isinstance(place.value, dict)
    }


__all__ = [
    "EMPTY_UPDATE",
    "Accepted",
    "ChangeError",
    "ClientClaim",
    "EntryContent",
    "May",
    "Refusal",
    "SectionContent",
    "SectionDocument",
    "Touched",
    "UpdateError",
    "server_client",
]
