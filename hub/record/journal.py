"""The journal: the append-only record of a plan, and therefore the plan (invariant 1).

Rows of one plan are numbered from 1 without a gap and chained by hash. Who holds a journal sees a ``Protocol``;
``hub.store.journal.PostgresJournal`` is the durable one, ``tests.harness.journal_memory.MemoryJournal`` the one for
tests, and both pass the same acceptance tests.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple, Protocol, TypeAlias

import msgspec

from crdt.changes import Root
from crdt.sections import Section
from hub.record.chain import (
    GENESIS,
    JSON,
    HashedRow,
    OldLine,
    canonical,
    content_hash,
    line_hash,
    salts,
    storable,
    storable_json,
)
from hub.record.jobs import Job

ROWS_READ_MAX: Final = 10_000
"""No reader gets more rows than this at once; it asks again from the last."""

NAME_CHARACTERS_MAX: Final = 200
"""An entry's or field's name from a hostile frame is cut here; an index takes no long ones."""


class Action(StrEnum):
    """What happened, as far as the record distinguishes it; the event names it more closely."""

    EDIT = "edit"
    COMMAND = "command"
    READ = "read"
    REFUSE = "refuse"
    CREATE = "create"
    """A plan was opened for a patient."""
    GRANT = "grant"
    REVOKE = "revoke"
    CONSENT = "consent"
    INVITE = "invite"
    REDEEM = "redeem"
    BREAK_GLASS = "break-glass"
    REVIEW = "review"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    SEARCH = "search"
    EXPORT = "export"
    IMPORT = "import"
    DISCLOSE = "disclose"
    NOTIFY = "notify"
    EXPLAIN = "explain"
    """Why an earlier edit was made, said afterwards by whoever made it; changes nothing."""
    VERSION = "version"
    """A name for the plan as it stood at this row."""
    ADMIN = "admin"
    ERASE = "erase"
    """What earlier rows said was erased from the record, by law or by a patient's right; names the rows."""


CHANGES_CONTENT: Final = frozenset({Action.EDIT, Action.COMMAND, Action.IMPORT})
"""Rows of these may carry an update."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person did, or was refused, before it has its place in the journal. Make a changed copy with
    ``msgspec.structs.replace``."""

    plan: str
    actor: str
    """Person id; empty for the hub itself."""
    action: Action
    role: str = ""
    session: str = ""
    section: str = ""
    entry: str = ""
    field: str = ""
    on_behalf_of: str = ""
    purpose: str = ""
    policy: str = ""
    """The version of the policy that decided."""
    outcome: str = "success"
    """``success``, ``refused`` or ``failed``."""
    reason: str = ""
    update: bytes | None = None
    """The CRDT update of an edit or command; the fold of a section's updates is the section."""
    words: Mapping[str, JSON] | None = None
    """The change in plain values: before, after, what was inserted. Names, numbers, texts; no NUL."""
    event: str = ""
    """The command's or event's name, as in ``task.accept``."""


class Head(msgspec.Struct, frozen=True):
    """The end of a plan's journal: the last row's number (0 before the first) and hash."""

    seq: int
    hash: bytes


EMPTY: Final = Head(0, GENESIS)
"""The head of a plan nothing has happened in."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """An act in its place. ``told`` is the canonical JSON of ``words``, decoded only when asked for.

    The order of the fields is that of the journal's columns.
    """

    plan: str
    seq: int
    recorded: datetime
    actor: str
    on_behalf_of: str
    role: str
    session: str
    action: Action
    section: str
    entry: str
    field: str
    event: str
    purpose: str
    policy: str
    outcome: str
    reason: str
    update: bytes | None
    told: str | None
    prev_hash: bytes
    hash: bytes
    salt: bytes | None = None
    """Of the update, then of words and reason; none in rows of earlier versions, ``ERASED`` where that part is gone."""
    content_hash: bytes | None = None

    @property
    def words(self) -> Mapping[str, JSON] | None:
        """The change in plain values, as the act had them."""
        return None if self.told is None else _words_decoder.decode(self.told)


_words_decoder: Final[msgspec.json.Decoder[dict[str, JSON]]] = msgspec.json.Decoder(dict)


class EntryState(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, a suggestion or a comment as it stands at a head: one row of the read model beside the journal."""

    section: Section
    root: Root
    key: str
    creator: int
    """The client id that made the entry; 0 of a suggestion or comment."""
    person: str
    """Whose client id that is."""
    fields: str
    """The values that are not empty, as JSON."""
    search_key: str
    """The words it is found by, folded as names are; empty of suggestions and comments."""


class Batch(msgspec.Struct, frozen=True):
    """Acts for one plan, to follow exactly the head given; none of them is written when the head has moved on.

    ``states`` say how everything stands that the acts changed, to be kept in the same transaction; ``None`` where that
    is not known: then the plan's entries are to be read from its documents until they are made anew.
    """

    plan: str
    head: Head
    acts: Sequence[Act]
    states: Sequence[EntryState] | None = None

    @property
    def keeps_states(self) -> bool:
        """Whether the read model goes on saying what the journal says."""
        return self.states is not None or all(act.update is None for act in self.acts)


class Snapshot(msgspec.Struct, frozen=True):
    """A cache of a section at a row (invariant 1): ``clients`` says to whom each CRDT client id belongs."""

    section: Section
    seq: int
    state: bytes
    clients: Mapping[int, str]


class Latest(msgspec.Struct, frozen=True):
    """Who last changed a field, and when."""

    actor: str
    recorded: datetime
    seq: int


FieldPath: TypeAlias = tuple[Section, str, str]
"""Section, entry, field."""


class FoldStep(NamedTuple):
    """One row's part in the fold: nothing but what a replay needs."""

    seq: int
    section: Section
    update: bytes
    actor: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which rows of a plan's history are asked for. ``since`` is the first instant, ``until`` the first one after."""

    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    actions: frozenset[Action] | None = None
    events: frozenset[str] | None = None
    sections: frozenset[Section] | None = None
    """Rows of these sections, and of none."""


EVERYTHING: Final = Narrowed()


class JournalAwayError(Exception):
    """The journal can't be reached. What was being appended may or may not be in it: read the head before going on."""


class JournalRefusedError(Exception):
    """The journal was reached, took none of these rows, and never will: one of them breaks a rule of the database."""


def chained(batch: Batch, recorded: datetime) -> list[Row]:
    """Return the batch's acts as rows that follow its head: numbered, linked and hashed.

    Text that Postgres can't hold (NUL, lone surrogates: hostile frames have both) is replaced by U+FFFD.

    Raises:
        ValueError: words hold a number that JSON can't (2**53 or beyond, not a number).
    """
    rows: list[Row] = []
    seq, prev_hash = batch.head.seq, batch.head.hash
    for act, salt in zip(batch.acts, salts(len(batch.acts)), strict=True):
        assert act.plan == batch.plan, "a batch holds acts of one plan"
        seq += 1
        row = _row(act, seq, prev_hash, recorded, salt)
        rows.append(row)
        prev_hash = row.hash
    return rows


def head_after(head: Head, rows: Sequence[Row]) -> Head:
    """Return the head once the rows stand behind it."""
    return Head(rows[-1].seq, rows[-1].hash) if rows else head


def is_row_of(act: Act, row: Row) -> bool:
    """Return whether this row is that act in every column, bytes and words included: written by us, or just like it."""
    if act.plan != row.plan or row.salt is None:
        return False  # What has no salt was written by an earlier version, and so not by us.
    return _row(act, row.seq, row.prev_hash, row.recorded, row.salt).hash == row.hash


def line_of(row: Row) -> HashedRow | OldLine:
    """Return what is hashed of a row."""
    if row.content_hash is None:
        return OldLine(
            row.action, row.actor, row.entry, row.event, row.field, row.on_behalf_of, row.outcome, row.plan,
            row.policy, row.prev_hash, row.purpose, row.reason, row.recorded, row.role, row.section, row.seq,
            row.session, row.update, None if row.told is None else msgspec.Raw(row.told),
        )  # fmt: skip
    return HashedRow(
        row.action, row.actor, row.content_hash, row.entry, row.event, row.field, row.on_behalf_of, row.outcome,
        row.plan, row.policy, row.prev_hash, row.purpose, row.recorded, row.role, row.section, row.seq, row.session,
    )  # fmt: skip


def _row(act: Act, seq: int, prev_hash: bytes, recorded: datetime, salt: bytes) -> Row:
    try:
        if _is_unstorable(act):
            act = _storable(act)
        told, said, digest = _sealed(act, seq, prev_hash, recorded, salt)
    except UnicodeEncodeError:
        act = _storable(act)
        told, said, digest = _sealed(act, seq, prev_hash, recorded, salt)
    if told is not None and b"\\u0000" in told:
        act = _storable(act)
        told, said, digest = _sealed(act, seq, prev_hash, recorded, salt)
    return Row(
        plan=act.plan, seq=seq, recorded=recorded, actor=act.actor, on_behalf_of=act.on_behalf_of, role=act.role,
        session=act.session, action=act.action, section=act.section, entry=act.entry, field=act.field,
        event=act.event, purpose=act.purpose, policy=act.policy, outcome=act.outcome, reason=act.reason,
        update=act.update, told=None if told is None else told.decode(), prev_hash=prev_hash, hash=digest,
        salt=salt, content_hash=said,
    )  # fmt: skip


def _sealed(act: Act, seq: int, prev_hash: bytes, recorded: datetime, salt: bytes) -> tuple[bytes | None, bytes, bytes]:
    """Return the words' canonical JSON, the hash of what the row says, and the hash of the row."""
    told = None if act.words is None else canonical(act.words)
    said = content_hash(salt, act.update, act.reason, told)
    line = HashedRow(
        act.action, act.actor, said, act.entry, act.event, act.field, act.on_behalf_of, act.outcome, act.plan,
        act.policy, prev_hash, act.purpose, recorded, act.role, act.section, seq, act.session,
    )  # fmt: skip
    return told, said, line_hash(line)


def _is_unstorable(act: Act) -> bool:
    return (
        len(act.entry) > NAME_CHARACTERS_MAX
        or len(act.field) > NAME_CHARACTERS_MAX
        or "\0" in act.entry
        or "\0" in act.field
        or "\0" in act.reason
        or "\0" in act.event
        or "\0" in act.purpose
    )


def _storable(act: Act) -> Act:
    words = act.words
    if words is not None:
        words = {storable(name): storable_json(value) for name, value in words.items()}
    names = {name: storable(getattr(act, name))[:NAME_CHARACTERS_MAX] for name in ("entry", "field", "event")}
    reason, purpose = storable(act.reason), storable(act.purpose)
    return msgspec.structs.replace(act, words=words, reason=reason, purpose=purpose, **names)


class Turn(Protocol):
    """A transaction that holds a plan's head: what is appended and changed in it commits together or not at all."""

    @property
    def head(self) -> Head:
        """The head, own appended rows included."""

    @property
    def connection(self) -> object:
        """For the modules of ``hub.store``, which change participants, consents and the like in this transaction.

        A turn that was asked for its connection and appended nothing fails when it ends: no change of access
        without its row.
        """

    async def since(self, seq: int, *, limit: int = ROWS_READ_MAX) -> list[Row]:
        """Return the rows after ``seq``, in order, at most ``limit``."""

    async def append(self, acts: Sequence[Act], states: Sequence[EntryState] | None = None) -> Head:
        """Append the acts and return the new head; they are durable when the turn has ended without an error.

        ``states`` as in a ``Batch``.
        """

    async def also(self, plan: str, acts: Sequence[Act]) -> Head:
        """Append acts to the journal of one other plan in the same transaction, and return its new head.

        Only in a turn of ``HUB`` and once: its head is taken before every other, so no two turns wait for each other.

        Raises:
            KeyError: that plan has no journal.
        """

    async def put_down(self, jobs: Sequence[Job]) -> None:
        """Have jobs done later (``hub.jobs``): they wait if this turn commits, and only then."""


OPENING_ROWS_MAX: Final = 500
"""Rows of one plan that are read ahead; the rest of a longer tail is read when the plan is opened."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What all sections of a plan are opened from: its head, its snapshots, and the first rows that come after them."""

    head: Head
    snapshots: Mapping[Section, Snapshot]
    rows: Sequence[Row]

    def after(self, seq: int) -> list[Row]:
        """Return the rows after ``seq`` as far as they are at hand, none where one between is not."""
        return [row for row in self.rows if row.seq > seq] if self.rows and self.rows[0].seq <= seq + 1 else []


def opened_from(snapshots: Mapping[Section, Snapshot]) -> int:
    """Return after which row the tail of a plan begins: 0 while a section has no snapshot."""
    return min(each.seq for each in snapshots.values()) if len(snapshots) == len(Section) else 0


class Journal(Protocol):
    """Every method raises ``JournalAwayError`` when the journal can't be reached."""

    async def create_plan(self, plan: str) -> None:
        """Give the plan an empty journal; nothing happens where it has one."""

    async def heads(self, plans: Sequence[str]) -> Mapping[str, Head]:
        """Return the heads of the plans that have a journal."""

    async def append(self, batches: Sequence[Batch]) -> Mapping[str, Head]:
        """Append all batches durably in one transaction and return the new heads.

        A plan whose head had moved on, or that has no journal, is left out of the answer and none of its rows is
        written. At most one batch a plan.
        """

    def exclusively(self, plan: str) -> AbstractAsyncContextManager[Turn]:
        """Hold the plan's head for as long as the context lasts.

        Raises:
            KeyError: the plan has no journal.
        """

    async def since(self, plan: str, seq: int, *, limit: int = ROWS_READ_MAX) -> list[Row]:
        """Return the plan's rows after ``seq``, in order, at most ``limit``."""

    async def snapshots(self, plan: str, sections: Sequence[Section]) -> Mapping[Section, Snapshot]:
        """Return the kept snapshot of each section that has one.

        One that is not what it was when it was kept, or whose row has another hash now, is thrown away with an alarm.
        """

    async def openings(self, plans: Sequence[str]) -> Mapping[str, Opening]:
        """Return what these plans are opened from, in a few queries for all; those without a journal are left out."""

    async def keep_snapshot(self, plan: str, snapshot: Snapshot) -> None:
        """Keep a snapshot, made as ``hub.record.folding`` says, unless a later one of that section is kept.

        Nothing is kept where the journal has no such row.
        """

    async def drop_snapshot(self, plan: str, snapshot: Snapshot) -> None:
        """Throw a snapshot away; nothing happens where another is kept by now."""

    async def latest(self, plan: str, sections: Sequence[Section]) -> Mapping[FieldPath, Latest]:
        """Return who last changed each field, from the successful edits and commands that name section and entry."""

    async def history(
        self,
        plan: str,
        *,
        section: str | None = None,
        entry: str | None = None,
        field: str | None = None,
        before_seq: int | None = None,
        narrowed: Narrowed = EVERYTHING,
        limit: int,
    ) -> list[Row]:
        """Return rows from the newest to the oldest, narrowed to section, entry, field and to before ``before_seq``.

        An ``entry`` is asked for with its section, a ``field`` with its entry.
        """

    async def steps(self, plan: str, sections: Sequence[Section], *, after: int = 0, upto: int) -> list[FoldStep]:
        """Return what these sections' content is folded from: the updates of the rows after ``after`` to ``upto``."""

    async def seq_at(self, plan: str, instant: datetime) -> int:
        """Return the last row recorded at the instant or before it, 0 where there is none."""
