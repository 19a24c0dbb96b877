"""A schedule of faults from a seed: many pages, two hub processes, one journal, a bus that loses and shuffles."""

import asyncio
import random
from dataclasses import dataclass, field

from auth.roles import Role
from crdt.documents import SectionDocument
from crdt.frames import FrameKind
from crdt.sections import Section
from hub.live.bus import LocalBus, Note
from hub.live.commands import Outcome
from tests.hub.builders import ENTRY, PLAN, LiveHub, Make, Peer, a_hub, a_person, an_id, settle

SECOND = "0190aaaa-0000-7000-8000-00000000e002"
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
    buses: list[FaultyBus]
    commands: list["asyncio.Future[Outcome]"] = field(default_factory=list)

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


async def run(world: World, steps: int) -> None:
    """Let the seed decide what happens, ``steps`` times."""
    for _ in range(steps):
        await _step(world)
        for _ in range(world.chance.randrange(4)):
            await asyncio.sleep(0)
        world.hubs[0].clock.passed += world.chance.random() * 0.02


async def _step(world: World) -> None:
    chance = world.chance
    peer = chance.choice(world.peers)
    connected = peer.place is not None
    match chance.choices(
        ("type", "set", "read", "beat", "cut", "back", "twice", "swap", "stall", "lose", "command", "poll"),
        (30, 10, 30, 40, 3, 10, 4, 4, 6, 2, 2, 2),
    )[0]:
        case "type":
            _type(world, peer)
        case "set" if Section.GOALS in peer.synced:
            name = chance.choice(list(REGISTERS))
            peer.set(name, chance.choice(REGISTERS[name]), entry=chance.choice((ENTRY, SECOND)))
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
    if not peer.text(entry=entry):
        return b"\x00\x00"
    word = chr(0x4E00 + len(world.typed))  # One character, so that nobody types into the midst of it.
    world.typed.append(word)
    return peer.write(word, at=world.chance.randrange(40), entry=entry, send=send and peer.place is not None)


async def heal(world: World) -> None:
    """End all faults, bring everyone back, and let everything be told."""
    world.hubs[0].journal.lose_answers = 0
    for bus in world.buses:
        bus.faulty = False
    for _ in range(4):
        for peer in world.peers:
            _stall(peer, paused=False)
            peer.read()
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
