"""Builders for everything live: a hub without sockets, and peers that speak the wire format with pycrdt documents."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import msgspec
from pycrdt import Doc, Map, Text

from auth.roles import Participant, Role
from crdt.changes import Change, Create
from crdt.fields import Value
from crdt.frames import Frame, FrameKind, encode
from crdt.lib0 import number, read_bytes, read_number, read_string, string
from crdt.sections import Section
from hub.live.bus import LocalBus
from hub.live.commands import PlanContent, Refusal
from hub.live.connections import Connection
from hub.live.gatekeepers import Admitted, TurnedAway
from hub.live.lines import CloseCode
from hub.live.plans import CarePlans
from hub.live.rooms import Room
from hub.record.journal import Action, Batch, Head, JournalAwayError, JournalRefusedError, Row
from tests.harness.journal_memory import MemoryJournal

PLAN = "0190aaaa-0000-7000-8000-000000000001"
ENTRY = "0190aaaa-0000-7000-8000-00000000e001"
PATIENT = "0190aaaa-0000-7000-8000-00000000a001"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

_ids = itertools.count(1)
_clients = itertools.count(1_000)


def an_id() -> str:
    """Return an id that no other test object has."""
    return f"0190bbbb-0000-7000-8000-{next(_ids):012x}"


def a_person(role: Role = Role.CARE_MANAGER, *, name: str = "", plan: str = PLAN) -> Participant:
    """Return a member of the plan."""
    person = an_id()
    called = name or f"Person {person[-3:]}"
    return Participant(person, plan, called, role, since=START, session_id=an_id(), patient_id=PATIENT)


class FakeClock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.passed = 1_000.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def seconds(self) -> float:
        return self.passed


class FaultyJournal(MemoryJournal):
    """A journal that can be away, or lose the answer to a commit that it made."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.away = False
        self.lose_answers = 0
        """So many of the next appends are made, and then the connection goes."""
        self.loads = 0
        self.appends = 0
        self.refused: set[str] = set()
        """Plans whose rows break a rule of the database."""
        self.hold: asyncio.Event | None = None
        """Where set, appends wait for it."""

    def beside(self) -> "FaultyJournal":
        """Return the same journal as another process reaches it, with faults of its own."""
        other = FaultyJournal(self._now)
        other._rows, other._snapshots, other._locks = self._rows, self._snapshots, self._locks
        return other

    async def append(self, batches: Sequence[Batch]) -> Mapping[str, Head]:
        self._reach()
        self.appends += 1
        if self.hold is not None:
            await self.hold.wait()
        if any(batch.plan in self.refused for batch in batches):
            raise JournalRefusedError("a check")
        heads = await super().append(batches)
        if self.lose_answers > 0:
            self.lose_answers -= 1
            raise JournalAwayError("the connection went")
        return heads

    async def since(self, plan: str, seq: int, *, limit: int = 10_000) -> list[Row]:
        self._reach()
        return await super().since(plan, seq, limit=limit)

    async def heads(self, plans: Sequence[str]) -> Mapping[str, Head]:
        self._reach()
        return await super().heads(plans)

    async def snapshots(self, plan: str, sections: Sequence[Section]) -> Any:
        self._reach()
        self.loads += 1
        return await super().snapshots(plan, sections)

    async def openings(self, plans: Sequence[str]) -> Any:
        self._reach()
        return await super().openings(plans)

    def exclusively(self, plan: str) -> Any:
        self._reach()
        return super().exclusively(plan)

    def _reach(self) -> None:
        if self.away:
            raise JournalAwayError("away")

    def rows(self, plan: str = PLAN) -> list[Row]:
        """Return the plan's whole journal."""
        return list(self._rows[plan])

    def edits(self, plan: str = PLAN) -> list[Row]:
        """Return the rows that carry an update."""
        return [row for row in self.rows(plan) if row.update is not None]


class FakeGatekeeper:
    """Knows members by their name as cookie; takes them out when told."""

    def __init__(self) -> None:
        self.members: dict[str, Participant] = {}
        self.ended: set[str] = set()
        self.removed: set[str] = set()
        self.version = 1
        self.away = False

    async def admit(self, *, cookies: str, origin: str, host: str, plan_id: str) -> Admitted | TurnedAway:
        self._reach()
        if origin != "http://hub.test":
            return TurnedAway(CloseCode.ACCESS_ENDED, "origin")
        participant = self.members.get(cookies)
        if participant is None:
            return TurnedAway(CloseCode.SIGN_IN, "sign in")
        if participant.plan_id != plan_id:
            return TurnedAway(CloseCode.NO_PLAN, "no such plan")
        return Admitted(participant, self.version)

    async def standing(self, plan_id: str, person_ids: Collection[str]) -> Mapping[str, Participant]:
        self._reach()
        return {each.person_id: replace(each, session_id="") for each in self.members.values()
                if each.person_id in person_ids and each.plan_id == plan_id}  # fmt: skip

    async def acting(self, turn: object, actor: Participant) -> Participant | None:
        self._reach()
        if actor.person_id in self.removed or actor.session_id in self.ended:
            return None
        known = (each for each in self.members.values() if each.person_id == actor.person_id)
        return replace(next(known, actor), session_id=actor.session_id)

    async def access_versions(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        self._reach()
        return dict.fromkeys(plan_ids, self.version)

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        self._reach()
        return frozenset(self.ended & set(session_ids))

    def _reach(self) -> None:
        if self.away:
            raise JournalAwayError("away")


class FakeLine:
    """The way out to a peer, kept in a queue."""

    def __init__(self) -> None:
        self.out: deque[bytes] = deque()
        self.written: list[bytes] = []
        self.paused = False
        self.closed: tuple[int, str] | None = None
        self.breathing = False

    def write(self, data: bytes) -> None:
        if self.closed is None:
            self.written.append(data)
            self.out.extend(unwrapped(data))

    def close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = (code, reason)

    def take_breath(self) -> None:
        self.breathing = True

    def go_on(self) -> None:
        self.breathing = False


def unwrapped(data: bytes) -> list[bytes]:
    """Return the payloads of the WebSocket frames in what was written."""
    payloads = []
    at = 0
    while at < len(data):
        size, head = data[at + 1], 2
        if size == 126:
            size, head = int.from_bytes(data[at + 2 : at + 4]), 4
        elif size == 127:
            size, head = int.from_bytes(data[at + 2 : at + 10]), 10
        payloads.append(data[at + head : at + head + size])
        at += head + size
    return payloads


@dataclass(frozen=True)
class Make:
    """A command that makes entries."""

    name: ClassVar[str] = "entry.create"
    section: Section
    entries: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=dict)

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: Callable[[], str]
    ) -> Sequence[Change] | Refusal:
        return [Create(self.section, entry, self.values) for entry in self.entries]


@dataclass(frozen=True)
class Changing:
    """A command that makes the changes it was given, whoever gave it deciding or not."""

    name: ClassVar[str] = "entry.edit"
    made: Sequence[Change] | Refusal

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: Callable[[], str]
    ) -> Sequence[Change] | Refusal:
        return self.made


class Peer:
    """A page: one pycrdt document per section, and the stock provider's habits."""

    def __init__(self, participant: Participant, sections: Sequence[Section] = (Section.GOALS,)) -> None:
        self.participant = participant
        self.sections = sections
        self.docs: dict[Section, Doc[Any]] = {}
        self.line = FakeLine()
        self.place: tuple[Room, Connection] | None = None
        self.plans: CarePlans | None = None
        self.unsaved: dict[Section, int] = {}
        self.scopes: dict[Section, str] = {}
        self.synced: set[Section] = set()
        self.denied: list[str] = []
        self.ended: dict[Section, str] = {}
        self.notices: list[dict[str, Any]] = []
        self.presence: list[tuple[int, int, Any]] = []
        self.awareness: list[bytes] = []
        """Updates of presence as they came, for whoever reads them with y-protocols."""
        self.pongs = 0
        self.seen: list[bytes] = []
        for section in sections:
            self.docs[section] = a_doc()

    def connect(self, plans: CarePlans, *, watch: bool = True) -> "Peer":
        """Open a socket and say hello, as a page does."""
        self.line = FakeLine()
        self.plans = plans
        entered = plans.enter(Admitted(self.participant, 1), self.line)
        if isinstance(entered, TurnedAway):
            self.line.close(entered.code, entered.reason)
            return self
        self.place = entered
        if watch:
            self.say("plan", FrameKind.TOKEN)
        for section in self.sections:
            self.join(section)
        return self

    def join(self, section: Section) -> None:
        """Sign in to one document and sync it."""
        self.say(section, FrameKind.TOKEN)
        self.unsaved[section] = 1
        self.say(section, FrameKind.SYNC_STEP_1, self.docs[section].get_state())

    def begin_anew(self, section: Section) -> None:
        """Drop the document and join with a new one: the way on after a refusal."""
        self.begin_anew_with(section, a_doc())

    def begin_anew_with(self, section: Section, doc: "Doc[Any]") -> None:
        """Drop the document and join with this one."""
        self.docs[section] = doc
        self.ended.pop(section, None)
        self.join(section)

    def disconnect(self) -> None:
        """Go without a word."""
        if self.place is not None and self.plans is not None:
            self.plans.left(*self.place)
        self.place = None
        self.synced.clear()
        self.line.close(1006, "gone")

    def say(self, document: str, kind: FrameKind, payload: bytes = b"") -> None:
        """Send one frame, where there is a socket."""
        self.send(encode(Frame(document, kind, payload)))

    def send(self, message: bytes) -> None:
        """Send bytes, whatever they are."""
        if self.place is not None and self.line.closed is None:
            room, connection = self.place
            room.receive(connection, message)

    def read(self) -> None:
        """Take in everything that has arrived."""
        while self.line.out:
            self.take(self.line.out.popleft())
        if self.line.closed is not None and self.place is not None and self.plans is not None:
            self.plans.left(*self.place)
            self.place = None
            self.synced.clear()

    def take(self, message: bytes) -> None:
        """Take in one message."""
        self.seen.append(message)
        document, at = read_string(message, 0)
        kind, at = read_number(message, at)
        section = Section(document) if document != "plan" else None
        if kind == 0:
            step, at = read_number(message, at)
            body, _ = read_bytes(message, at)
            assert section is not None
            self._sync(section, step, body)
        elif kind == 1:
            body, _ = read_bytes(message, at)
            self._presence(body)
        elif kind == 2:
            answer, at = read_number(message, at)
            words, _ = read_string(message, at)
            if answer == 1:
                self.denied.append(document)
            elif section is not None:
                self.scopes[section] = words
        elif kind == 5:
            self.notices.append(msgspec.json.decode(read_bytes(message, at)[0]))
        elif kind == 7 and section is not None:
            self.ended[section] = read_string(message, at)[0]
            self.synced.discard(section)
        elif kind == 8 and section is not None:
            self.unsaved[section] -= message[at]

    def _sync(self, section: Section, step: int, body: bytes) -> None:
        if section in self.ended:
            return
        if step == 0:
            self.say(section, FrameKind.SYNC_STEP_2, self.docs[section].get_update(body))
            return
        self.docs[section].apply_update(body)
        if step == 1:
            self.synced.add(section)

    def _presence(self, body: bytes) -> None:
        self.awareness.append(body)
        count, at = read_number(body, 0)
        for _ in range(count):
            client, at = read_number(body, at)
            clock, at = read_number(body, at)
            text, at = read_string(body, at)
            self.presence.append((client, clock, msgspec.json.decode(text)))

    # -- what a person does

    def edit(self, section: Section, change: Callable[[Any], None], *, send: bool = True) -> bytes:
        """Change the document and send the update; the change gets the root map ``entries``."""
        doc = self.docs[section]
        before = doc.get_state()
        with doc.transaction():
            change(doc.get("entries", type=Map))
        update = doc.get_update(before)
        if send and self.place is not None:
            self.unsaved[section] = self.unsaved.get(section, 0) + 1
            self.say(section, FrameKind.UPDATE, update)
        return bytes(update)

    def write(self, words: str, *, at: int = 0, field: str = "description", entry: str = ENTRY,
              section: Section = Section.GOALS, send: bool = True) -> bytes:  # fmt: skip
        """Insert words into a text."""

        def change(entries: Any) -> None:
            text = entries[entry][field]
            assert isinstance(text, Text)
            text.insert(len(str(text)[:at].encode()), words)  # pycrdt counts bytes.

        return self.edit(section, change, send=send)

    def erase(self, words: str, *, field: str = "description", entry: str = ENTRY,
              section: Section = Section.GOALS, send: bool = True) -> bytes:  # fmt: skip
        """Delete these words from a text, where they stand first."""

        def change(entries: Any) -> None:
            text = entries[entry][field]
            start = str(text).encode().index(words.encode())
            del text[start : start + len(words.encode())]

        return self.edit(section, change, send=send)

    def set(self, name: str, value: Any, *, entry: str = ENTRY, section: Section = Section.GOALS) -> bytes:
        """Set a register."""

        def change(entries: Any) -> None:
            entries[entry][name] = value

        return self.edit(section, change)

    def present(self, client: int, state: Any, clock: int = 1) -> None:
        """Say where one is."""
        text = msgspec.json.encode(state).decode()
        self.say("plan", FrameKind.AWARENESS, number(1) + number(client) + number(clock) + string(text))

    def text(self, field: str = "description", entry: str = ENTRY, section: Section = Section.GOALS) -> str:
        """Return the words of a text as this page shows them."""
        entries = self.docs[section].get("entries", type=Map)
        return str(entries[entry][field]) if entry in entries else ""

    def value(self, name: str, entry: str = ENTRY, section: Section = Section.GOALS) -> Any:
        """Return a register as this page shows it."""
        return self.docs[section].get("entries", type=Map)[entry].get(name)

    @property
    def saved(self) -> bool:
        """Everything sent has been acknowledged."""
        return not any(self.unsaved.values())


def a_doc() -> "Doc[Any]":
    """Return an empty document with a client id of its own."""
    return Doc(client_id=next(_clients))


class LiveHub:
    """One hub process without sockets: beats when it is told to."""

    def __init__(self, journal: FaultyJournal, clock: FakeClock, bus: LocalBus | None = None) -> None:
        self.journal = journal
        self.clock = clock
        self.gatekeeper = FakeGatekeeper()
        self.bus = bus or LocalBus()
        self.plans = CarePlans(journal, self.gatekeeper, bus=self.bus, clock=clock)
        self.peers: list[Peer] = []

    def peer(self, role: Role = Role.CARE_MANAGER, *sections: Section, name: str = "") -> Peer:
        """Return a page of a new member, connected."""
        return self.page(a_person(role, name=name), *sections)

    def page(self, participant: Participant, *sections: Section) -> Peer:
        """Return a page of this member, connected."""
        self.gatekeeper.members[participant.person_id] = participant
        peer = Peer(participant, sections or (Section.GOALS,))
        self.peers.append(peer)
        return peer.connect(self.plans)

    async def beat(self) -> None:
        """One beat and whatever it set off."""
        await self.plans.committer.beat()
        await asyncio.sleep(0)

    async def settle(self, rounds: int = 60) -> None:
        """Beat, and let peers read and answer, until nothing moves."""
        await settle([self], rounds)

    def room(self, plan: str = PLAN) -> Room:
        """Return the open room."""
        return self.plans._rooms[plan]


async def settle(hubs: Sequence[LiveHub], rounds: int = 60) -> None:
    """Beat all hubs and let all peers read and answer, until nothing moves for a while."""
    still = 0
    for _ in range(rounds):
        moved = False
        for hub in hubs:
            await hub.beat()
            for _ in range(30):
                await asyncio.sleep(0)
            for peer in hub.peers:
                moved |= bool(peer.line.out)
                peer.read()
            moved |= bool(hub.plans._tasks) or not hub.plans.committer.settled
        hubs[0].clock.passed += 0.2
        still = 0 if moved else still + 1
        if still > 2:
            return


async def a_hub(*, entries: Sequence[str] = (ENTRY,), section: Section = Section.GOALS) -> LiveHub:
    """Return a hub with one plan that has entries in one section."""
    clock = FakeClock()
    hub = LiveHub(FaultyJournal(clock.now), clock)
    await hub.journal.create_plan(PLAN)
    if entries:
        goal: dict[str, Value] = {"description": "Walk to the shop", "voice": an_id()}
        values = goal if section is Section.GOALS else {"words": "SECRET"}
        done = await hub.plans.perform(PLAN, a_person(), Make(section, tuple(entries), values))
        assert not hasattr(done, "reason"), done
    return hub


def reads(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return who read which section."""
    return [(row.actor, row.section) for row in rows if row.action is Action.READ]
