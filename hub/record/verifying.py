"""What makes a journal true, checked row by row: the chain, the heads, what was signed, and that edits are the plan.

Pure: rows come in by plan and number, the first fault comes out. Nothing is kept but the plan at hand.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

from crdt.contents import SectionContent
from crdt.lib0 import read_number
from crdt.sections import Section
from crdt.updates import UpdateError
from hub.live.open_sections import OpenSection, clients_of
from hub.record.chain import ERASED, GENESIS, SALT_BYTES, HashedRow, OldLine, update_hash, words_hash
from hub.record.erasures import Erasure, erasures_named
from hub.record.journal import EMPTY, Action, Head, Snapshot

LINE_FIELDS: Final = (*OldLine.__struct_fields__, "salt", "content_hash")
"""The columns of a row that are hashed, or hashed beside it; ``words`` is the column ``told`` as text."""


class RowValues(Protocol):
    """The values of ``LINE_FIELDS``, then the hash: a tuple or a record of the database."""

    def __getitem__(self, index: int, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


_PREV_HASH: Final = LINE_FIELDS.index("prev_hash")
_SEQ: Final = LINE_FIELDS.index("seq")
_UPDATE: Final = LINE_FIELDS.index("update")
_SECTION: Final = LINE_FIELDS.index("section")
_ACTOR: Final = LINE_FIELDS.index("actor")
_WORDS: Final = LINE_FIELDS.index("words")
_REASON: Final = LINE_FIELDS.index("reason")
_ACTION: Final = LINE_FIELDS.index("action")
_SALT: Final = LINE_FIELDS.index("salt")
_CONTENT_HASH: Final = LINE_FIELDS.index("content_hash")
_HASH: Final = len(LINE_FIELDS)


class FaultKind(StrEnum):
    """What is wrong, in the words of the report."""

    CHANGED = "changed row"
    """The row does not give its hash: a value was changed, or an actor swapped."""
    MISSING = "missing row"
    """Numbers are left out: a row was deleted."""
    UNLINKED = "row out of the chain"
    """The row does not follow the one before: rows were put in, put in another order, or hashed anew."""
    TRUNCATED = "truncated journal"
    """The head knows of later rows."""
    HEAD = "changed head"
    """The head is not the last row."""
    HEADLESS = "journal without head"
    """The plan has rows and no head."""
    REWRITTEN = "rewritten since it was signed"
    """A signed row has another hash now: the chain was repaired after a change."""
    ROLLED_BACK = "rolled back"
    """The journal ends before a row that was signed."""
    ERASED = "erased plan"
    """A signed plan has no journal."""
    CHECKPOINT = "changed checkpoint"
    """The file of checkpoints is not what its signatures say."""
    EDIT = "edit that can't be replayed"
    """A row's update is not one."""
    SNAPSHOT = "changed snapshot"
    """What would be served is not what the edits give."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing found wrong. ``seq`` is the row's number, 0 where there is none."""

    kind: FaultKind
    plan: str
    seq: int
    detail: str = ""

    def __str__(self) -> str:
        where = f"plan {self.plan}" if self.plan else "the checkpoints"
        row = f", row {self.seq}" if self.seq else ""
        return f"{where}{row}: {self.kind}" + (f" ({self.detail})" if self.detail else "")


class Chain:
    """The chain of one plan, fed in the order of its rows."""

    __slots__ = ("_encode_into", "_named", "erased", "hash", "plan", "seq")

    def __init__(self, plan: str) -> None:
        self.plan = plan
        self.seq = 0
        self.hash = GENESIS
        self.erased: dict[int, Erasure] = {}
        """What is gone of which rows."""
        self._named: dict[int, Erasure] = {}
        """What rows of the journal say is gone."""
        self._encode_into = msgspec.json.Encoder(order="deterministic").encode_into

    @property
    def head(self) -> Head:
        """The end of what was fed."""
        return Head(self.seq, self.hash)

    def feed(self, rows: Iterable[RowValues]) -> Fault | None:
        """Take in rows of the plan; return the first fault and stop there."""
        encode_into, sha256 = self._encode_into, hashlib.sha256
        line = bytearray()  # One for all rows: making and growing a new one each took a third of the time.
        seq, before = self.seq, self.hash
        for row in rows:
            if row[_SEQ] != seq + 1:
                return self._gap(row[_SEQ])
            digest = row[_HASH]
            encode_into(line_of_values(row), line)
            if sha256(line).digest() != digest:
                return Fault(FaultKind.CHANGED, self.plan, seq + 1, "it does not give its hash")
            if row[_PREV_HASH] != before:
                return Fault(FaultKind.UNLINKED, self.plan, seq + 1, "it does not name the hash of the row before")
            if row[_CONTENT_HASH] is not None and (fault := self._said(row, seq + 1)):
                return fault
            seq += 1
            before = digest
            self.seq, self.hash = seq, before
        return None

    def _said(self, row: RowValues, seq: int) -> Fault | None:
        """Check what a row says against its hashes, and note what is gone of it."""
        salt, said, update, reason, told = (
            row[_SALT], row[_CONTENT_HASH], row[_UPDATE], row[_REASON], row[_WORDS],
        )  # fmt: skip
        if not isinstance(salt, bytes) or len(salt) != 2 * SALT_BYTES:
            return Fault(FaultKind.CHANGED, self.plan, seq, "its salt is gone")
        for_update, for_words = salt[:SALT_BYTES], salt[SALT_BYTES:]
        if for_update != ERASED and update_hash(for_update, update) != said[:32]:
            return Fault(FaultKind.CHANGED, self.plan, seq, "its update is another")
        if for_words == ERASED:
            if reason or told is not None:
                return Fault(FaultKind.CHANGED, self.plan, seq, "words stand where they were erased")
        elif words_hash(for_words, reason, None if told is None else told.encode()) != said[32:]:
            return Fault(FaultKind.CHANGED, self.plan, seq, "its words are others")
        if ERASED in (for_update, for_words):
            self.erased[seq] = Erasure.of(seq, salt, update)
        if row[_ACTION] == Action.ERASE:
            for erasure in erasures_named(told):
                self._named[erasure.seq] = erasure
        return None

    def _gap(self, found: int) -> Fault:
        if found <= self.seq:
            return Fault(FaultKind.UNLINKED, self.plan, found, f"it stands after row {self.seq}")
        return Fault(FaultKind.MISSING, self.plan, self.seq + 1, f"row {found} follows row {self.seq}")

    def ends(self, head: Head | None) -> Fault | None:
        """Return what is wrong with the plan's head, once all rows were fed."""
        if head is None:
            return Fault(FaultKind.HEADLESS, self.plan, self.seq) if self.seq else None
        if head.seq > self.seq:
            return Fault(FaultKind.TRUNCATED, self.plan, self.seq + 1, f"the head knows of {head.seq} rows")
        if head != (self.head if self.seq else EMPTY):
            return Fault(FaultKind.HEAD, self.plan, self.seq, f"the head says row {head.seq}")
        for seq, erasure in self.erased.items():
            if erasure != self._named.get(seq):
                return Fault(FaultKind.CHANGED, self.plan, seq, "what it said is gone, and no row says what was erased")
        return None


def line_of_values(row: RowValues) -> HashedRow | OldLine:
    """Return what is hashed of a row."""
    (action, actor, entry, event, field, on_behalf_of, outcome, plan, policy, prev_hash, purpose, reason, recorded,
     role, section, seq, session, update, told, _, said, _) = row  # fmt: skip
    if said is None:
        words = None if told is None else msgspec.Raw(told)
        return OldLine(
            action, actor, entry, event, field, on_behalf_of, outcome, plan, policy, prev_hash, purpose, reason,
            recorded, role, section, seq, session, update, words,
        )  # fmt: skip
    return HashedRow(
        action, actor, said, entry, event, field, on_behalf_of, outcome, plan, policy, prev_hash, purpose, recorded,
        role, section, seq, session,
    )  # fmt: skip


class Replay:
    """The edits of one plan replayed twice: whole, and as a hub serves them, from the snapshots on."""

    def __init__(self, plan: str, snapshots: Mapping[Section, Snapshot]) -> None:
        self._plan = plan
        self._snapshots = snapshots
        self._whole: dict[Section, OpenSection] = {}
        self._served: dict[Section, OpenSection] = {}
        self._unreadable: set[Section] = set()

    def take(self, row: RowValues) -> Fault | None:
        """Replay a row whose place in the chain was checked."""
        update, name, seq = row[_UPDATE], row[_SECTION], row[_SEQ]
        assert isinstance(seq, int), "rows are numbered"
        if not isinstance(update, bytes):
            return None
        try:
            section = Section(str(name))
            for each in self._documents(section):
                if seq > each.seq:
                    each.seq = seq
                    each.document.replay(update)
                    for client in clients_of(update):
                        each.clients.setdefault(client, str(row[_ACTOR]))
        except (UpdateError, ValueError) as error:
            return Fault(FaultKind.EDIT, self._plan, seq, type(error).__name__)
        return None

    def ends(self, last: int) -> Fault | None:
        """Compare what is served with what the edits give, once all rows were taken."""
        for section, snapshot in self._snapshots.items():
            if snapshot.seq > last:
                return Fault(FaultKind.SNAPSHOT, self._plan, snapshot.seq, f"{section} is ahead of the journal")
            whole, served = self._documents(section)
            if section in self._unreadable or _told(whole) != _told(served):
                return Fault(FaultKind.SNAPSHOT, self._plan, snapshot.seq, f"{section} is not what its edits give")
        return None

    def content(self) -> Mapping[Section, SectionContent]:
        """Return what the edits give, for the sections that have any."""
        return {section: each.document.content() for section, each in self._whole.items()}

    def _documents(self, section: Section) -> tuple[OpenSection, OpenSection]:
        if section not in self._whole:
            self._whole[section] = OpenSection(section, None)
            self._served[section] = self._from_snapshot(section)
        return self._whole[section], self._served[section]

    def _from_snapshot(self, section: Section) -> OpenSection:
        snapshot = self._snapshots.get(section)
        if snapshot is None:
            return self._whole[section]
        try:
            return OpenSection(section, snapshot)
        except UpdateError:
            self._unreadable.add(section)
            return OpenSection(section, None)


def _told(section: OpenSection) -> tuple[object, ...]:
    return section.document.content(), _clocks(section.document.state_vector()), section.clients


def _clocks(vector: bytes) -> Mapping[int, int]:
    """Return client id -> next clock; a state vector's bytes have them in no order."""
    count, at = read_number(vector, 0)
    clocks: dict[int, int] = {}
    for _ in range(count):
        client, at = read_number(vector, at)
        clocks[client], at = read_number(vector, at)
    return clocks


def signed_fault(plan: str, signed: Head, stands: bytes | None, end: int | None) -> Fault | None:
    """Return what a signed head shows: ``stands`` is the hash of the row of its number now, ``end`` the last row's."""
    if stands == signed.hash:
        return None
    if stands is not None:
        return Fault(FaultKind.REWRITTEN, plan, signed.seq)
    if not end:
        return Fault(FaultKind.ERASED, plan, 0, f"{signed.seq} rows were signed")
    return Fault(FaultKind.ROLLED_BACK, plan, end + 1, f"{signed.seq} rows were signed")


@dataclass(slots=True)
class Progress:
    """How far a verification is."""

    rows: int = 0
    plans: int = 0
    checkpoints: int = 0
    signed_heads: int = 0
    erased: list[tuple[str, int]] = field(default_factory=list)
    """Rows of which something was erased, by plan and number."""
    last_signed: datetime | None = None
