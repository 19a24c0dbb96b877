"""A schedule of faults from a seed: many pages, two hub processes, one journal, a bus that loses and shuffles.

Honest pages type, delete, set, repeat themselves, lose their line and move between the processes with edits on their
way. Some pages lie: two of them write as one, under one client id, each at a process of its own.
"""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from pycrdt import Doc, Map

from auth.roles import Role
from crdt.documents import SectionDocument
from crdt.frames import FrameKind
from crdt.sections import Section
from hub.live.bus import LocalBus, Note
from hub.live.commands import Outcome
from tests.hub.builders import PLAN, LiveHub, Make, a_hub, a_person, an_id, settle
from tests.hub.peers import ENTRY, Peer

SECOND = "0190aaaa-0000-7000-8000-00000000e002"
FIRST_WORD = chr(0x4E00)
NO_UPDATE = b"\x00\x00"
REGISTERS = {"priority": ("high", "medium", "low"), "due": ("2026-12-01", "2026-12-24", ""), "unit": ("kg", "steps")}


class FaultyBus(LocalBus):
    """Loses a third of its notes, keeps some for later, says some twice."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self._late: list[Note] = []
        self.faulty = True

    def deliver(self, note: Note) -> None:
        fate = self._chance.random() if self.faulty else 1.0
        if fate < 0.3:
            return
        if fate < 0.5:
            self._late.append(note)
            return
        super().deliver(note)
        if fate < 0.6:
            super().deliver(note)
        if self._late and fate > 0.8:
            super().deliver(self._late.pop(self._chance.randrange(len(self._late))))


@dataclass
class World:
    """Two hubs, their pages, and everything that was ever typed."""

    chance: random.Random
    hubs: list[LiveHub]
    peers: list[Peer]
    typed: list[str]
    """What honest pages typed."""
    buses: list[FaultyBus]
    commands: list["asyncio.Future[Outcome]"] = field(default_factory=list)
    fresh_clients: Iterator[int] = field(default_factory=lambda: count(1_000_000))
    liars: list[Peer] = field(default_factory=list)
    """Of ``peers``, those that share a client id with another."""
    entries: list[str] = field(default_factory=list)
    """Into which entry each of ``typed`` went."""
    words: int = 0
    deleted: set[str] = field(default_factory=set)
    """Words that an honest page deleted."""

    def hub_of(self, peer: Peer) -> LiveHub:
        """Return the hub this page belongs to now."""
        return next(hub for hub in self.hubs if peer in hub.peers)

    def reconnect(self, peer: Peer, hub: LiveHub) -> None:
        """Open a page's socket at a hub, keeping its document: what is unsaved comes back with it."""
        for each in self.hubs:
            if peer in each.peers:
                each.peers.remove(peer)
        hub.peers.append(peer)
        hub.gatekeeper.members[peer.participant.person_id] = peer.participant
        peer.connect(hub.plans)


async def a_world(seed: int, *, peers: int = 6) -> World:
    """Return two hubs on one journal, with pages of several people at both."""
    chance = random.Random(seed)
    first = await a_hub(entries=())
    buses = [FaultyBus(chance), FaultyBus(chance)]
    buses[0]._peers = buses[1]._peers = [buses[0], buses[1]]
    hubs = [LiveHub(first.journal, first.clock, buses[0]), LiveHub(first.journal, first.clock, buses[1])]
    values = {"description": "Walk.", "voice": an_id()}
    await hubs[0].plans.perform(PLAN, a_person(), Make(Section.GOALS, (ENTRY, SECOND), values))
    world = World(chance, hubs, [], [], buses)
    for number in range(peers):
        role = chance.choice((Role.PRIMARY_CARE, Role.CARE_MANAGER))
        world.peers.append(hubs[number % 2].peer(role))
    await settle(hubs)
    return world


async def with_liars(world: World) -> None:
    """Have two pages of one person come in, one at each process, that write under one client id."""
    person = a_person()
    for hub in world.hubs:
        world.liars.append(hub.page(person))
    world.peers += world.liars
    await settle(world.hubs)
    _conspire(world)
    await settle(world.hubs)


def _conspire(world: World) -> None:
    """Have the liars begin anew under one client id, as they do again after every refusal."""
    client = next(world.fresh_clients)
    for liar in world.liars:
        liar.synced.discard(Section.GOALS)
        liar.begin_anew_with(Section.GOALS, Doc(client_id=client))


async def run(world: World, steps: int) -> None:
    """Let the seed decide what happens, ``steps`` times."""
    for _ in range(steps):
        await (_lie(world) if world.liars and world.chance.random() < 0.2 else _step(world))
        for _ in range(world.chance.randrange(4)):
            await asyncio.sleep(0)
        world.hubs[0].clock.passed += world.chance.random() * 0.02


async def _step(world: World) -> None:
    chance = world.chance
    peer = chance.choice([peer for peer in world.peers if peer not in world.liars])
    connected = peer.place is not None
    match chance.choices(
        ("type", "set", "delete", "move", "read", "beat", "cut", "back", "twice", "swap", "stall", "lose", "command",
         "poll"),
        (30, 10, 5, 5, 30, 40, 3, 10, 4, 4, 6, 2, 2, 2),
    )[0]:  # fmt: skip
        case "type":
            _type(world, peer)
        case "set" if Section.GOALS in peer.synced:
            name = chance.choice(list(REGISTERS))
            peer.set(name, chance.choice(REGISTERS[name]), entry=chance.choice((ENTRY, SECOND)))
        case "delete":
            _delete(world, peer)
        case "move" if connected:
            await _move(world, peer)
        case "read":
            for _ in range(chance.randrange(1, 6)):
                if peer.line.out:
                    peer.take(peer.line.out.popleft())
            if peer.line.closed is not None:
                peer.read()
        case "beat":
            await chance.choice(world.hubs).beat()
        case "cut" if connected:
            peer.line.out.clear()
            peer.disconnect()
        case "back" if not connected:
            world.reconnect(peer, chance.choice(world.hubs))
        case "twice" if Section.GOALS in peer.synced:
            update = _type(world, peer)
            peer.unsaved[Section.GOALS] += 1
            peer.say(Section.GOALS, FrameKind.UPDATE, update)
        case "swap" if Section.GOALS in peer.synced:
            updates = [_type(world, peer, send=False), _type(world, peer, send=False)]
            for update in reversed(updates):
                peer.unsaved[Section.GOALS] += 1
                peer.say(Section.GOALS, FrameKind.UPDATE, update)
        case "stall":
            _stall(peer, paused=not peer.line.paused)
        case "lose":
            world.hubs[0].journal.lose_answers = 1
        case "command":
            hub = chance.choice(world.hubs)
            make = Make(Section.GOALS, (an_id(),), {"description": "More.", "voice": an_id()})
            world.commands.append(asyncio.ensure_future(hub.plans.perform(PLAN, a_person(), make)))
        case "poll":
            await chance.choice(world.hubs).plans.poll()


def _stall(peer: Peer, *, paused: bool) -> None:
    """Have the peer's socket take no more, or take data again."""
    was, peer.line.paused = peer.line.paused, paused
    if was and not paused and peer.place is not None:
        room, connection = peer.place
        room.resumed(connection)


def _type(world: World, peer: Peer, *, send: bool = True) -> bytes:
    entry = world.chance.choice((ENTRY, SECOND))
    if not peer.text(entry=entry) and not world.deleted:
        return NO_UPDATE
    if entry not in peer.docs[Section.GOALS].get("entries", type=Map):
        return NO_UPDATE
    word = chr(ord(FIRST_WORD) + world.words)  # One character, so that nobody types into the midst of it.
    world.words += 1
    world.typed.append(word)
    world.entries.append(entry)
    return peer.write(word, at=world.chance.randrange(40), entry=entry, send=send and peer.place is not None)


def _delete(world: World, peer: Peer) -> None:
    """Delete a word, whoever typed it; it may be on its way still."""
    entry = world.chance.choice((ENTRY, SECOND))
    words = [word for word in peer.text(entry=entry) if word >= FIRST_WORD]
    if words:
        word = world.chance.choice(words)
        world.deleted.add(word)
        peer.erase(word, entry=entry, send=peer.place is not None)


async def _move(world: World, peer: Peer) -> None:
    """Type, and go to the other process before the word is saved; delete it on the way, or type on.

    At times the first process saves the word just before the second does.
    """
    here = world.hub_of(peer)
    there = world.hubs[1 - world.hubs.index(here)]
    word = _type(world, peer)
    peer.line.out.clear()
    peer.disconnect()
    if word != NO_UPDATE and world.chance.random() < 0.5:
        peer.erase(world.typed[-1], entry=world.entries[-1], send=False)
        world.deleted.add(world.typed[-1])
    else:
        _type(world, peer, send=False)
    world.reconnect(peer, there)
    if world.chance.random() < 0.5:
        for _ in range(6):
            if Section.GOALS not in peer.synced:
                await there.beat()
                peer.read()
        await here.beat()
        await there.beat()


async def _lie(world: World) -> None:
    """Have a liar say something of its own under the clock that both are at, or hear what the others say."""
    chance = world.chance
    liar = chance.choice(world.liars)
    if any(Section.GOALS in each.ended for each in world.liars):
        _conspire(world)
    elif liar.place is None:
        world.reconnect(liar, chance.choice(world.hubs))
    elif chance.random() < 0.4:
        liar.read()
    elif Section.GOALS in liar.synced:
        for each in world.liars if chance.random() < 0.5 else [liar]:
            if chance.random() < 0.5:
                before = len(world.typed)
                _type(world, each)
                del world.typed[before:], world.entries[before:]
            elif Section.GOALS in each.synced:
                each.set("unit", chance.choice(("kg", "steps", "km")))
    if chance.random() < 0.5:
        await chance.choice(world.hubs).beat()


async def heal(world: World) -> None:
    """End all faults, bring everyone back, and let everything be told."""
    world.hubs[0].journal.lose_answers = 0
    for bus in world.buses:
        bus.faulty = False
    for _ in range(4):
        for peer in world.peers:
            _stall(peer, paused=False)
            peer.read()
            if peer in world.liars and Section.GOALS in peer.ended:
                peer.begin_anew(Section.GOALS)
            if peer.place is None:
                world.reconnect(peer, world.chance.choice(world.hubs))
        await settle(world.hubs, 80)
        for hub in world.hubs:
            await hub.plans.poll()
        await settle(world.hubs, 80)
    await asyncio.gather(*world.commands, return_exceptions=True)


def replayed(world: World) -> SectionDocument:
    """Return the section as its journal tells it."""
    document = SectionDocument(Section.GOALS)
    for row in world.hubs[0].journal.edits():
        assert row.update is not None
        document.replay(row.update)
    return document
