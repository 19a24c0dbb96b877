"""What an update would do to a section: worked out on the index before a byte reaches the document.

A trial puts the update's structs into the index one by one and gathers everything else an update does: values,
deletions, lengths. It ends in one of two ways: ``keep`` moves the index on, ``take_back`` leaves it as it was.
"""

import json
from dataclasses import dataclass

from crdt.changes import Root
from crdt.contents import Crossing, Touched
from crdt.fields import Kind, Scalar
from crdt.index import Index
from crdt.places import Effect, Holds, Place
from crdt.ranges import Ranges
from crdt.updates import CONTAINER, DELETED, STRING, Plain, Squashed, Struct, UpdateError


@dataclass(slots=True, eq=False)
class Tally:
    """What one update does to one place."""

    place: Place
    before: Plain
    after: Plain
    characters: int
    """By how many its text grows."""
    inserted: str = ""
    deleted: int = 0
    squashed: bool = False
    """Its last struct holds replaced values, and nothing replaces it yet."""
    contested: bool = False
    """A concurrent write stands beside it: the live document has the last word on the value."""
    unseen: tuple[int, Plain] | None = None
    """Who wrote the value beside it that the update's writer had not seen, and that value."""
    lost: Plain = None
    """What the update says, where the value beside it stands."""


class Trial:
    """One update on its way into the index."""

    __slots__ = ("_dying", "_firsts", "index", "tallies", "update")

    def __init__(self, index: Index, update: bytes) -> None:
        self.index = index
        self.update = update
        self.tallies: dict[Place, Tally] = {}
        self._dying: dict[int, Ranges] = {}
        self._firsts: dict[int, int] = {}

    @property
    def clients(self) -> tuple[int, ...]:
        """The client ids whose structs it brings."""
        return tuple(self._firsts)

    def write(self, client: int, struct: Struct, place: Place | None) -> None:
        """Put one struct.

        Raises:
            UpdateError: code ``order``, see ``Index.put``.
        """
        kind, clock, length, _, _, _, _, content = struct
        if client not in self._firsts:
            self._firsts[client] = clock
        effect = self.index.put(client, struct, place)
        if effect is None or place is None:
            self._die(client, clock, clock + length)
            return
        tally = self._tally(place)
        if kind == DELETED:
            self._die(client, clock, clock + length)
        if place.container.sequence is None:
            self._write_key(client, struct, effect, tally)
        elif kind == STRING and isinstance(content, str):
            tally.inserted += content
            tally.characters += len(content)

    def _write_key(self, client: int, struct: Struct, effect: Effect, tally: Tally) -> None:
        kind, clock, length, _, _, _, _, content = struct
        tally.squashed = False
        if not effect.wins:
            tally.contested = True
            self._note_lost(client, struct, tally)
            self._die(client, clock, clock + length)
            return
        if isinstance(content, Squashed):
            tally.squashed = True
            content = content.values[-1]
            self._die(client, clock, clock + length - 1)
        stood, tally.after = tally.after, None if kind == CONTAINER else content
        if effect.replaced is not None:
            of, at = effect.replaced
            self._die(of, at, at + 1)
            run = effect.run
            if run.start == clock and run.origin != effect.replaced:
                tally.contested = True
                if of != client:
                    tally.unseen = of, stood

    def _note_lost(self, client: int, struct: Struct, tally: Tally) -> None:
        """Keep what the update says of a key whose value stays another's."""
        kind, _, _, _, _, _, _, content = struct
        last = tally.place.last
        if kind in (DELETED, CONTAINER) or last is None or last.client == client:
            return
        tally.lost = content.values[-1] if isinstance(content, Squashed) else content
        tally.unseen = last.client, tally.after

    def delete(self, client: int, start: int, end: int) -> int:
        """Delete what is not deleted yet of these clocks, and return the number of ranges that were new.

        Raises:
            UpdateError: it names what is not known, or cuts a surrogate pair; codes ``dependency``, ``surrogate``.
        """
        author = self.index.authors.get(client)
        if author is None or end > author.next:
            raise UpdateError("dependency", "it deletes what is not there")
        low_halves = self.index.low_halves
        if low_halves and ((client, start) in low_halves or (client, end) in low_halves):
            raise UpdateError("surrogate", "it deletes half a character")
        if author.dead.holds(start, end):
            return 0
        fresh = author.dead.lacking(start, end)
        dying = self._dying.get(client)
        if dying is not None:
            fresh = [part for known in fresh for part in dying.lacking(*known)]
        for first, last in fresh:
            self._delete_fresh(client, first, last)
        return len(fresh)

    def _delete_fresh(self, client: int, start: int, end: int) -> None:
        for run, first, last in self.index.runs_within(client, start, end):
            place = run.place
            if place is None:
                continue
            if place.container.sequence is None:
                tally = self._tally(place)
                if place.last is run and last == run.end:
                    tally.after = None
                    tally.squashed = False
                continue
            tally = self._tally(place)
            gone = last - first - self.index.lows_within(client, first, last)
            tally.deleted += gone
            tally.characters -= gone
        self._die(client, start, end)

    def _tally(self, place: Place) -> Tally:
        tally = self.tallies.get(place)
        if tally is None:
            tally = self.tallies[place] = Tally(place, place.value, place.value, 0)
        return tally

    def _die(self, client: int, start: int, end: int) -> None:
        dying = self._dying.get(client)
        if dying is None:
            dying = self._dying[client] = Ranges()
        dying.add(start, end)

    def take_back(self) -> None:
        """Leave the index as it was before."""
        for client, clock in self._firsts.items():
            self.index.take_back(client, clock)

    def keep(self) -> None:
        """Move the index on: what was tried has happened."""
        for client, dying in self._dying.items():
            dead = self.index.authors[client].dead
            for start, end in zip(dying.starts, dying.ends, strict=True):
                dead.add(start, end)
        for place, tally in self.tallies.items():
            place.value = tally.after
            place.length += tally.characters

    def touched(self) -> tuple[Touched, ...]:
        """Return the fields it touches, in the order it touches them."""
        return tuple([each for tally in self.tallies.values() if (each := _touched(tally)) is not None])


def _touched(tally: Tally) -> Touched | None:
    place = tally.place
    container = place.container
    before, after = _scalar(tally.before), _scalar(tally.after)
    match container.holds:
        case Holds.ENTRY if place.field is not None and place.field.kind is Kind.REGISTER:
            crossing = _crossing(tally)
            return Touched(place.entry, place.key, "", Kind.REGISTER, before, after, "", 0, crossing=crossing)
        case Holds.TEXT:
            return Touched(place.entry, container.name, "", Kind.TEXT, None, None, tally.inserted, tally.deleted)
        case Holds.SET:
            return Touched(place.entry, container.name, place.key, Kind.SET, before, after, "", 0)
        case Holds.LOG:
            record = json.dumps(tally.after, ensure_ascii=False, sort_keys=True)
            return Touched(place.entry, container.name, place.key, Kind.LOG, None, None, record, 0)
        case Holds.RECORD:
            return Touched(place.entry, place.key, "", Kind.REGISTER, before, after, "", 0, Root(container.name))
    return None


def _crossing(tally: Tally) -> Crossing | None:
    """Return the two values where they differ; the other stands where its writer's struct is the last of its place."""
    if tally.unseen is None:
        return None
    client, other = tally.unseen
    last = tally.place.last
    written = tally.lost if last is not None and last.client == client else tally.after
    return Crossing(_scalar(written), _scalar(other), client) if _scalar(written) != _scalar(other) else None


def _scalar(value: Plain) -> Scalar:
    return None if isinstance(value, dict | list) else value
