"""Builders for everything live: a hub without sockets, and peers that speak the wire format with pycrdt documents."""

import asyncio
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from auth.roles import Participant, Role
from crdt.changes import Change, Create
from crdt.fields import Value
from crdt.sections import Section
from hub.live.bus import LocalBus
from hub.live.commands import PlanContent, Refusal
from hub.live.gatekeepers import Admitted, TurnedAway
from hub.live.lines import CloseCode
from hub.live.plans import CarePlans
from hub.live.rooms import Room
from hub.record.journal import Action, Batch, Head, JournalAwayError, JournalRefusedError, Row
from tests.harness.journal_memory import MemoryJournal
from tests.hub.peers import ENTRY, Peer

PLAN = "0190aaaa-0000-7000-8000-000000000001"
PATIENT = "0190aaaa-0000-7000-8000-00000000a001"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

_ids = itertools.count(1)


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


async def two_in_a_hub() -> tuple[LiveHub, Peer, Peer]:
    """Return a hub with one plan, and the pages of a care manager and of a primary care doctor in it."""
    hub = await a_hub()
    ann, ben = hub.peer(name="Ann"), hub.peer(Role.PRIMARY_CARE, name="Ben")
    await hub.settle()
    return hub, ann, ben


def reads(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return who read which section."""
    return [(row.actor, row.section) for row in rows if row.action is Action.READ]
