"""Honest peers and liars write to one section, at random from a seed.

Whatever passes the gate is applied; then the live document, one that loads the journal, one that loads the state and
one that takes the updates in another possible order must be equal, the content must be what the document of yrs holds,
the index must know every text in its order, and the clocks must be those of yrs.
"""

import random
from collections.abc import Callable
from contextlib import ExitStack

from pycrdt import Doc, Map

from crdt.documents import Accepted, SectionDocument
from crdt.updates import (
    COLLECTED,
    CONTAINER,
    DELETED,
    FROM_JOURNAL,
    PLAIN,
    STRING,
    Id,
    Squashed,
    Struct,
    read_state_vector,
    read_update,
)
from hub.fuzz.peers import READ, Peer, a_section, allowed, index_of, judged, live_of, plain, plain_doc
from hub.fuzz.writing import a_struct, written

LIARS = (5, 50, 1 << 30)
STEPS = 40


class Battle:
    """One section, its journal, two honest peers and some liars."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.document = a_section()
        self.start = self.document.state()
        self.journal: list[bytes] = []
        self.peers = [Peer(client) for client in (7, 1 << 29)]
        for peer in self.peers:
            peer.receive(self.start)
            peer.start_undo()
        self.strangers = 0
        self.accepted = 0
        self.refused = 0

    def may_write_as(self, client_id: int) -> bool:
        """A liar may take any client id that no honest peer has."""
        return all(peer.client != client_id for peer in self.peers)

    def step(self) -> None:
        """Let somebody write, honestly or not, and judge it."""
        if self.chance.random() < 0.4:
            self.honest()
            return
        update = self.lie() if self.chance.random() < 0.8 else self.garbled()
        before = self.fingerprint()
        verdict = self.document.judge(update, client=self, may=allowed)
        if isinstance(verdict, Accepted):
            self.document.apply(verdict)
            if verdict.changes:
                self.journal.append(verdict.update)
            self.accepted += 1
        else:
            self.refused += 1
            assert self.fingerprint() == before, f"a refused update left a trace: {update.hex()}"

    def honest(self) -> None:
        """Let a peer edit, and now and then sync; nothing of it may be refused."""
        peer = self.chance.choice(self.peers)
        for _ in range(self.chance.randint(1, 3)):
            peer.edit(self.chance)
        if self.chance.random() < 0.5:
            peer.receive(self.document.missing_from(peer.doc.get_state()))
            update = peer.doc.get_update(self.document.state_vector())
            verdict = judged(self.document, update)
            assert isinstance(verdict, Accepted), (verdict, update.hex())
            self.document.apply(verdict)
            if verdict.changes:
                self.journal.append(verdict.update)

    def garbled(self) -> bytes:
        """An honest update with some bytes changed, of a peer that is not heard of again."""
        self.strangers += 1
        peer = Peer(1_000 + self.strangers)
        peer.receive(self.document.state())
        peer.edit(self.chance)
        update = bytearray(peer.doc.get_update(self.document.state_vector()))
        for _ in range(self.chance.randint(1, 3)):
            at = self.chance.randrange(len(update))
            match self.chance.randint(0, 2):
                case 0:
                    update[at] = self.chance.randrange(256)
                case 1:
                    update.insert(at, self.chance.randrange(256))
                case _ if len(update) > 1:
                    del update[at]
        return bytes(update)

    def lie(self) -> bytes:
        """A well-formed update that says anything."""
        client = self.chance.choice(LIARS)
        clock = index_of(self.document).next(client)
        structs: list[Struct] = []
        for _ in range(self.chance.choice((0, 1, 1, 1, 2, 3))):
            struct = self.a_lie(client, clock)
            structs.append(struct)
            clock += struct[2]
        deletes: list[tuple[int, int, int]] = []
        if self.chance.random() < 0.5:
            of, start = self.an_id(client, clock)
            deletes.append((of, start, start + self.chance.choice((1, 1, 2, 5))))
        return written(client, structs, deletes)

    def a_lie(self, client: int, clock: int) -> Struct:
        """One struct that says anything."""
        origin = self.an_id(client, clock) if self.chance.random() < 0.7 else None
        right = self.an_id(client, clock) if self.chance.random() < 0.5 else None
        if right and origin and self.chance.random() < 0.7:
            right = self.beside(origin, self.chance.randint(-3, 3)) or right
        containers = list(index_of(self.document).containers)
        parents: list[Id | str] = [*containers, "entries", "comments"]
        parent = self.chance.choice(parents)
        key = self.chance.choice((None, None, "unit", "priority", "status", "description", "new", READ))
        kind = self.chance.choice((STRING, STRING, STRING, STRING, PLAIN, PLAIN, DELETED, COLLECTED, CONTAINER))
        content: object = None
        length = 1
        if kind == STRING:
            content = self.chance.choice(("x", "yz", "😀", "long words"))
        elif kind == PLAIN:
            content = self.chance.choice(("km", True, False, None, "high", 3, {"a": 1}))
            if self.chance.random() < 0.1:
                content, length = Squashed((content, "low")), 2  # type: ignore[arg-type]
        elif kind == CONTAINER:
            content = self.chance.choice((1, 2))
        else:
            length = self.chance.randint(1, 3)
        return a_struct(kind, clock, content, length=length, origin=origin, right=right, parent=parent, key=key)

    def an_id(self, client: int, clock: int) -> Id:
        """An id that exists, as a rule."""
        authors = index_of(self.document).authors
        if clock and self.chance.random() < 0.3:
            return client, self.chance.randrange(clock)
        of = self.chance.choice(list(authors))
        return of, self.chance.randrange(authors[of].next + (self.chance.random() < 0.05))

    def beside(self, of: Id, steps: int) -> Id | None:
        """An id some places to the right, or left, in the same text."""
        run = index_of(self.document).run(of)
        if run is None:
            return None
        if run.start <= of[1] + steps < run.end:
            return of[0], of[1] + steps
        other = run.after if steps > 0 else run.before
        return (other.client, other.start if steps > 0 else other.end - 1) if other else None

    def fingerprint(self) -> object:
        """All that a refused update must leave as it was."""
        index = index_of(self.document)
        return (
            index.clocks(),
            plain(self.document),
            sorted(index.low_halves),
            {of: list(container.places) for of, container in index.containers.items()},
            {
                of: (container.sequence.length, order(container.sequence.first))
                for of, container in index.containers.items()
                if container.sequence
            },
        )

    def check(self) -> None:
        """Compare all that must be equal.

        Raises:
            AssertionError: something differs; the message says what.
        """
        content = plain(self.document)
        assert plain_doc(live_of(self.document)) == content, "the content is not the document's"
        clocks = {client: clock for client, clock in index_of(self.document).clocks().items() if clock}
        assert read_state_vector(live_of(self.document).get_state()) == clocks, "the index has other clocks than yrs"
        self.check_order()
        fresh: Doc[Map[object]] = Doc()
        for update in [self.start, *self.journal]:
            fresh.apply_update(update)
        assert plain_doc(fresh) == content, "the journal gives another document"
        state = self.document.state()
        fresh = Doc()
        fresh.apply_update(state)
        assert plain_doc(fresh) == content, "the state gives another document"
        assert plain(SectionDocument(self.document.section, state)) == content, "the state gives another content"
        assert plain_doc(self.otherwise()) == content, "another order gives another document"

    def check_order(self) -> None:
        """The index keeps every text in the order that the document gives it."""
        units: dict[Id, bytes] = {}
        for data in [self.start, *self.journal]:
            for client, structs in read_update(data, FROM_JOURNAL).blocks:
                for struct in structs:
                    if struct[0] == STRING and isinstance(struct[7], str):
                        raw = struct[7].encode("utf-16-le")
                        units |= {(client, struct[1] + at): raw[2 * at : 2 * at + 2] for at in range(struct[2])}
        index = index_of(self.document)
        for container in index.containers.values():
            if container.sequence is None:
                continue
            alive = [
                of for of in order(container.sequence.first) if not index.authors[of[0]].dead.holds(of[1], of[1] + 1)
            ]
            words = b"".join(units[of] for of in alive).decode("utf-16-le")
            values = self.document.values(container.entry)
            assert values is not None
            assert words == values[container.name], "the index has another order than the document"

    def otherwise(self) -> Doc[Map[object]]:
        """The journal's updates in another order in which each finds what it names."""
        doc: Doc[Map[object]] = Doc()
        doc.apply_update(self.start)
        known = SectionDocument(self.document.section, self.start)
        waiting = list(self.journal)
        while waiting:
            fitting = [at for at, update in enumerate(waiting) if fits(known, update)]
            update = waiting.pop(self.chance.choice(fitting))
            doc.apply_update(update)
            known.replay(update)
        return doc


def order(run: object) -> list[Id]:
    """Every id of a text in its order, whatever runs it is cut into."""
    ids: list[Id] = []
    while run is not None:
        ids += [(run.client, clock) for clock in range(run.start, run.end)]  # type: ignore[attr-defined]
        run = run.after  # type: ignore[attr-defined]
    return ids


def fits(document: SectionDocument, data: bytes) -> bool:
    """Return whether all that an update names is known."""
    index = index_of(document)
    update = read_update(data, FROM_JOURNAL)
    for client, structs in update.blocks:
        first, last = structs[0][1], structs[-1][1] + structs[-1][2]
        if index.next(client) < first:
            return False
        for struct in structs:
            for of in (struct[3], struct[4], struct[5]):
                if isinstance(of, tuple) and of[1] >= (last if of[0] == client else index.next(of[0])):
                    return False
    own = {client: structs[-1][1] + structs[-1][2] for client, structs in update.blocks}
    return all(end <= max(index.next(client), own.get(client, 0)) for client, _, end in update.deletes)


def fight(seed: int, rounds: int, say: Callable[[str], None]) -> None:
    """Fight so many battles, the first from this seed, each next one from the next; say how it went.

    Raises:
        AssertionError: a battle ended with a difference; its seed has been said.
    """
    accepted = refused = 0
    for number in range(seed, seed + rounds):
        battle = Battle(number)
        with ExitStack() as unless_it_ends_well:  # The gate may fail by more than exceptions: yrs panics.
            unless_it_ends_well.callback(say, f"seed {number} fails")
            for _ in range(STEPS):
                battle.step()
            battle.check()
            unless_it_ends_well.pop_all()
        accepted += battle.accepted
        refused += battle.refused
    say(f"seeds {seed} to {seed + rounds - 1}: {accepted} lies taken, {refused} refused")
