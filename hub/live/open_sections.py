"""A section that a room has open: its document, who owns which client id, and who follows it."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from auth.roles import Participant
from crdt.contents import Accepted, Refusal
from crdt.documents import SectionDocument
from crdt.fields import Kind
from crdt.intakes import Intake
from crdt.lib0 import read_number
from crdt.sections import Section
from crdt.updates import FROM_JOURNAL, FROM_PEERS, Limits, UpdateError, read_update
from hub.live.lines import Line, step_2
from hub.record.journal import Row, Snapshot

_log = logging.getLogger("hub.live")

ANSWERS_KEPT_MAX: Final = 32
"""Answers to sync requests kept until the next commit, so that five hundred equal requests cost one."""

SNAPSHOT_EDITS_MAX: Final = 500
"""After so many updates a section's state is kept as a snapshot, which bounds the tail of the next load."""

NOTHING: Final = b"\x00"
"""The state vector of an empty replica: a reader left there is sent everything."""


class Follower(Protocol):
    """Who has a section open, as the section knows them; ``hub.live.connections.Connection`` is the one in service."""

    line: Line
    participant: Participant

    def may_write(self, section: "OpenSection", entry: str, field: str, now: datetime) -> str:
        """Return ``""`` where this participant may change the field, else the reason in words."""

    def leave_behind(self, section: Section, before: bytes) -> None:
        """Remember what a paused reader had of the section, where it was not left behind before."""


class Claim:
    """Answers the gate's question whether one person may write under a client id (invariant 3)."""

    __slots__ = ("_clients", "_person")

    def __init__(self, clients: Mapping[int, str], person: str) -> None:
        self._clients = clients
        self._person = person

    def may_write_as(self, client_id: int) -> bool:
        """Return whether the id is this person's, or nobody's yet."""
        return self._clients.get(client_id, self._person) == self._person


class OpenSection:
    """One section, live. Between the batches of its room it holds exactly what is committed (invariant 2)."""

    __slots__ = (
        "_answers",
        "clients",
        "document",
        "edits_since_snapshot",
        "facts_version",
        "readers",
        "reading",
        "section",
        "seq",
    )

    def __init__(self, section: Section, snapshot: Snapshot | None, *, later: bool = False) -> None:
        """Start from a snapshot; with ``later``, its index is made when it is needed."""
        self.section = section
        self.document = SectionDocument(section, snapshot.state if snapshot is not None else None, later=later)
        self.reading: asyncio.Task[None] | None = None
        """The index is being made on another thread: whoever needs it waits for that."""
        self.clients: dict[int, str] = dict(snapshot.clients) if snapshot is not None else {}
        """Client id -> the person who first wrote with it."""
        self.seq = snapshot.seq if snapshot is not None else 0
        """The last row of the journal that is in the document."""
        self.readers: dict[Follower, None] = {}
        """Those who follow; a dict, because its order is the same in every run of a simulation."""
        self.edits_since_snapshot = 0
        self.facts_version = 0
        """Counts up whenever what a decision may depend on has changed: anything but words in a text."""
        self._answers: dict[tuple[bytes, bool], bytes] = {}

    def read_ahead(self) -> None:
        """Begin to make the index on another thread, before anyone needs it."""
        self.reading = asyncio.get_running_loop().create_task(self._read(), name="index")

    async def read(self) -> None:
        """Wait for the index where it is being made."""
        if self.reading is not None:
            await asyncio.wait({self.reading})

    async def _read(self) -> None:
        document = self.document  # ``begin_again`` puts another in its place.
        try:
            reading = document.reading()
            await asyncio.to_thread(reading.read)
            document.adopt(reading)
        except UpdateError:
            _log.exception("a section can't be read", extra={"section": self.section})  # Who writes next ends the room.
        finally:
            if document is self.document:
                self.reading = None

    def begin_again(self, other: "OpenSection") -> None:
        """Hold what another section holds, which was loaded anew; who follows this one follows it still."""
        self.document, self.clients, self.seq = other.document, other.clients, other.seq
        self.reading = None
        self.edits_since_snapshot = max(self.edits_since_snapshot, other.edits_since_snapshot)
        self.facts_version += 1
        self._answers.clear()

    def person(self, client: int | None) -> str:
        """Return who owns the client id, ``""`` where nobody is known to."""
        return self.clients.get(client, "") if client is not None else ""

    def claim(self, person: str) -> Claim:
        """Return what the gate asks about client ids when this person writes."""
        return Claim(self.clients, person)

    def judge(
        self, connection: Follower, update: bytes, now: datetime, limits: Limits = FROM_PEERS
    ) -> Accepted | Refusal:
        """Pass an update of a connection through the gate, with what its participant may do at this instant."""
        return self.document.judge(
            update,
            client=self.claim(connection.participant.person_id),
            may=lambda entry, name: connection.may_write(self, entry, name, now),
            limits=limits,
        )

    def intake(self, connection: Follower, update: bytes, now: datetime) -> Intake:
        """Return the work of taking in what may be long; each slice passes ``judge`` at its own instant."""
        return self.document.intake(
            update,
            client=self.claim(connection.participant.person_id),
            may=lambda entry, name: connection.may_write(self, entry, name, now),
        )

    def take(self, accepted: Accepted, person: str) -> None:
        """Apply what the gate let through, before it is committed."""
        self.document.apply(accepted)
        self.own(accepted, person)

    def own(self, accepted: Accepted, person: str) -> None:
        """Note to whom an applied update belongs and what it changed (invariant 3)."""
        if accepted.client is not None:
            owner = self.clients.setdefault(accepted.client, person)
            assert owner == person, "a client id belongs to who first wrote with it"
        for touched in accepted.touched:
            if touched.kind is not Kind.TEXT:
                self.facts_version += 1
                break
        self.edits_since_snapshot += 1
        self._answers.clear()

    def replay(self, row: Row) -> None:
        """Take in a committed row of this section, from the tail of a load or from another process."""
        if row.seq <= self.seq:
            return
        self.seq = row.seq
        if row.update is None:
            return
        self.document.replay(row.update)
        for client in clients_of(row.update):
            self.clients.setdefault(client, row.actor)
        self.facts_version += 1
        self.edits_since_snapshot += 1
        self._answers.clear()

    def left_at(self) -> bytes:
        """Return the state vector that a reader who is paused is left at, before something is applied.

        It grows with every page that ever wrote here, so nobody makes it while nobody is paused: who is by the time of
        the relay is sent everything.
        """
        return self.document.state_vector() if any(each.line.paused for each in self.readers) else NOTHING

    def answer(self, state_vector: bytes, *, unpacks: bool) -> bytes:
        """Return the message that brings a replica what it lacks; only between batches, so that it is committed.

        Raises:
            UpdateError: these bytes are not a state vector.
        """
        known = self._answers.get((state_vector, unpacks))
        if known is None:
            known = step_2(self.section, self.document.missing_from(state_vector), unpacks=unpacks)
            if len(self._answers) >= ANSWERS_KEPT_MAX:
                self._answers.clear()
            self._answers[state_vector, unpacks] = known
        return known

    def snapshot(self) -> Snapshot:
        """Return the section as it is; only between batches."""
        self.edits_since_snapshot = 0
        return Snapshot(self.section, self.seq, self.document.state(), dict(self.clients))


def clients_of(update: bytes) -> list[int]:
    """Return the client ids whose structs a committed update brings, so that the registry follows from the journal."""
    blocks, at = read_number(update, 0)
    if blocks == 0:
        return []
    if blocks == 1:
        _, at = read_number(update, at)
        return [read_number(update, at)[0]]
    return [client for client, _ in read_update(update, FROM_JOURNAL).blocks]
