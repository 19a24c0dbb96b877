"""What a peer brings that may be long, most of it known already: cut to what is new, surveyed, and taken in slices.

A sync step 2 repeats the whole delete set of its section, whoever sends it, and all that was written on a page while
it was away. So its length says nothing about what is new in it. An ``Intake`` reads it a few hundred steps at a time:

1.  *Cut and survey.* Structs below the state vector and ranges deleted already are passed over, at one to eight
    microseconds each. What is new is checked against every rule that an honest peer can break (whose client id, which
    field, which value, which grant, how long the text becomes) before any of it is taken, so that a long change is as
    a rule accepted or refused whole.
2.  *Slices.* What is new becomes updates that pass the gate one by one. First what it deletes of texts, so that none is
    ever longer than it may be; then its structs, each with what it deletes of them; last the other deletions, of values
    that its own have replaced: a value is never seen to be gone before the new one is there.

Between two steps others may write. The gate judges every slice against the section as it is by then.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from pycrdt import get_update

from crdt.contents import Refusal
from crdt.gate import (
    PEER_CLIENT_MAX,
    ClientClaim,
    May,
    RefusedError,
    allow,
    check,
    compare,
    compare_gone,
    refusal_of,
)
from crdt.held import Held
from crdt.index import Index
from crdt.lib0 import EncodingError, number, read_number
from crdt.places import Author, Holds, Place
from crdt.ranges import Ranges
from crdt.updates import (
    CLOCK_MAX,
    COLLECTED,
    DELETED,
    INTAKE_BYTES_MAX,
    INTAKE_STRUCTS_MAX,
    SLICE_BYTES_MAX,
    STRING,
    Squashed,
    Struct,
    UpdateError,
    read_struct,
    write_state_vector,
)

STEPS_AT_ONCE: Final = 500
"""Structs or ranges between two looks at whether there is time for more: one to two milliseconds."""

SLICE_STRUCTS_MAX: Final = 500
SLICE_RANGES_MAX: Final = 500
"""What one slice holds at most: some 10 milliseconds of judging."""

SLICE_STRUCTS_LIMIT: Final = 3_000
"""How long a slice may become so that no value is taken away in one whose new value stands in the next."""

SLICE_BYTES: Final = 16 << 10
"""A slice ends with the struct that passes this."""

SLICE_STEPS: Final = 5
"""What a struct or range of a slice costs beside one that is only looked at."""

NEW_RANGES_MAX: Final = 200_000
"""Ranges that delete something new: ten texts of the greatest length, each character by itself."""

_EARLIER_SAVED: Final = "What you wrote before it is saved."

Part: TypeAlias = tuple[int, int, int]
"""(client, first clock, end)."""

Steps: TypeAlias = Generator[int, None, None]


class Effort:
    """How many steps may still be made before others have their turn."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps


class Intake:
    """One update on its way in. ``survey`` until ``surveyed``, then judge and apply ``slices`` one after the other."""

    def __init__(self, index: Index, data: bytes, client: ClientClaim, may: May, held: Held) -> None:
        self.surveyed = False
        self.slices: deque[bytes] = deque()
        self._taken = 0
        """How many slices were taken."""
        self.index = index
        self._data = data
        self._claim = client
        self._may = may
        self._held = held
        self._repeated: dict[int, list[tuple[int, int]]] = {}
        """By client id: clocks that are repeated as gone."""
        self._told: dict[int, Ranges] = {}
        """By client id that repeats some: what is told to be deleted."""
        self._asked: set[tuple[str, str]] = set()
        self._work = self._all()
        self._client = -1
        """The one client id that brings something new; -1 for none."""
        self._known = 0
        self._next = 0
        self._writing = _Slices()
        self._ours: list[tuple[int, int]] = []
        """Clocks of the new structs that are deleted as well."""
        self._first: list[Part] = []
        self._last: list[Part] = []
        self._starts: list[int] = []
        self._places: list[Place | None] = []
        """From which new clock on the structs stand where."""
        self._growth: dict[Place, int] = {}
        """Characters by which each touched place grows; deleting half a pair counts as a whole character."""

    def survey(self, effort: Effort) -> Refusal | None:
        """Go on while there is effort left; return why all of it is refused, ``None`` while nothing is against it."""
        try:
            for steps in self._work:
                effort.left -= steps
                if effort.left <= 0:
                    return None
        except IndexError:
            return refusal_of(UpdateError("bytes", "cut short"))
        except EncodingError as error:
            return refusal_of(UpdateError("bytes", str(error)))
        except UpdateError as error:
            return refusal_of(error)
        except RefusedError as refused:
            return refused.refusal
        self.surveyed = True
        return None

    @property
    def done(self) -> bool:
        """Nothing is left to be looked at or taken."""
        return self.surveyed and not self.slices

    def take(self) -> None:
        """Note that the first of the slices passed."""
        self.slices.popleft()
        self._taken += 1

    def explained(self, refusal: Refusal) -> Refusal:
        """Return the refusal of a slice, with what became of those before it."""
        return replace(refusal, reason=f"{refusal.reason} {_EARLIER_SAVED}") if self._taken else refusal

    def _all(self) -> Steps:
        data = self._data
        if len(data) > INTAKE_BYTES_MAX:
            raise UpdateError("size", f"{len(data)} bytes are over {INTAKE_BYTES_MAX}")
        at = 0
        count, at = read_number(data, at)
        structs = 0
        for _ in range(count):
            structs_count, at = read_number(data, at)
            structs += structs_count
            if structs > INTAKE_STRUCTS_MAX or structs_count > len(data):
                raise UpdateError("size", f"{structs} structs are over the bound")
            if not structs_count:
                raise UpdateError("bytes", "an empty client block")
            at = yield from self._block(at, structs_count)
        yield from self._deletes(at)
        for client, repeated in self._repeated.items():
            for start in range(0, len(repeated), STEPS_AT_ONCE):
                part = repeated[start : start + STEPS_AT_ONCE]
                compare_gone(self.index, client, part, self._told[client])
                yield len(part)
        for looked_at, (place, characters) in enumerate(self._growth.items()):
            allow(place, characters, self._may, self._asked)
            if looked_at % STEPS_AT_ONCE == 0:
                yield STEPS_AT_ONCE
        yield from self._slice()
        self._data = b""

    def _block(self, at: int, count: int) -> Generator[int, None, int]:
        """Read one client's structs from there on, and return the offset behind them."""
        data = self._data
        client, at = read_number(data, at)
        clock, at = read_number(data, at)
        known = self.index.next(client)
        said: list[Struct] = []
        for steps in range(1, count + 1):
            start = at
            struct, at = read_struct(data, at, clock)
            if struct[1] < known:
                said.append(struct)
            clock += struct[2]
            if clock > CLOCK_MAX:
                raise UpdateError("clock", "a clock is over 2**31")
            if clock > known:
                self._new(client, known, struct, data[start:at])
            if steps % STEPS_AT_ONCE == 0 or steps == count:
                self._compare(client, said)
                compared = len(said) + self._held.steps
                self._held.steps = 0
                said.clear()
                yield (steps - 1) % STEPS_AT_ONCE + 1 + compared
        return at

    def _compare(self, client: int, said: Sequence[Struct]) -> None:
        if said:
            self._repeated.setdefault(client, []).extend(compare(self.index, client, said, self._held))
            self._told.setdefault(client, Ranges())

    def _new(self, client: int, known: int, struct: Struct, raw: bytes) -> None:
        if self._client != client:
            self._begin(client, known, struct)
        if struct[1] < known:
            part = self.index.unknown_part(client, struct)  # Cut through a surrogate pair, it raises.
            assert part is not None, "it ends behind what is known"
            raw = _from_clock(client, known, struct[1], raw)
            struct = part
        if len(raw) > SLICE_BYTES_MAX:
            raise UpdateError("size", f"a struct of {len(raw)} bytes is over {SLICE_BYTES_MAX}")
        place = self._place(struct)
        if place is not None:
            check(struct, place)
            growth = len(struct[7]) if struct[0] == STRING and isinstance(struct[7], str) else 0
            self._growth[place] = self._growth.get(place, 0) + growth
        if not self._places or self._places[-1] is not place:
            self._starts.append(struct[1])
            self._places.append(place)
        self._next = struct[1] + struct[2]
        self._writing.add(client, struct, raw, place)

    def _begin(self, client: int, known: int, struct: Struct) -> None:
        if self._client >= 0:
            # Somebody else's structs, which another process may have and we have not: to be fetched, then asked again.
            raise UpdateError("dependency", "two client ids bring something new")
        if struct[1] > known:
            raise UpdateError("clock", f"clock {struct[1]} where {known} is next")
        if client > PEER_CLIENT_MAX or not self._claim.may_write_as(client):
            raise UpdateError("client", "a client id of someone else")
        self._client = client
        self._known = self._next = known

    def _place(self, struct: Struct) -> Place | None:
        """Return where a new struct stands, which may be beside another new one."""
        kind, _, _, origin, right, parent, _, _ = struct
        if kind == COLLECTED or parent is not None:
            return self.index.place(struct)
        place: Place | None = None
        for of in (origin, right):
            if of is None:
                continue
            if of[0] == self._client and of[1] >= self._known:
                if of[1] >= self._next:
                    raise UpdateError("dependency", "it stands beside something unknown")
                place = self._places[bisect_right(self._starts, of[1]) - 1]
            else:
                run = self.index.run(of)
                if run is None:
                    raise UpdateError("dependency", "it stands beside something unknown")
                place = run.place
            if place is not None:
                return place
        raise UpdateError("dependency", "it stands beside something that is gone")

    def _deletes(self, at: int) -> Steps:
        data = self._data
        count, at = read_number(data, at)
        seen: set[int] = set()
        for _ in range(count):
            client, at = read_number(data, at)
            ranges_count, at = read_number(data, at)
            if client in seen:
                raise UpdateError("bytes", "a client twice in the delete set")
            seen.add(client)
            author = self.index.authors.get(client)
            at = yield from self._ranges(at, ranges_count, client, author)
        if at != len(data):
            raise UpdateError("bytes", f"{len(data) - at} bytes too many")

    def _ranges(self, at: int, count: int, client: int, author: Author | None) -> Generator[int, None, int]:
        data = self._data
        holds = author.dead.holds if author else None
        told = self._told.get(client)
        end = steps = 0
        for _ in range(count):
            clock, at = read_number(data, at)
            length, at = read_number(data, at)
            if clock < end or length < 1:
                raise UpdateError("bytes", "delete ranges out of order")
            end = clock + length
            if told is not None:
                told.add(clock, end)
            if holds is None or not holds(clock, end):
                steps += self._delete(client, author, clock, end)
            steps += 1
            if steps >= STEPS_AT_ONCE:
                yield steps
                steps = 0
        yield steps
        return at

    def _delete(self, client: int, author: Author | None, start: int, end: int) -> int:
        """Note what a range deletes that lives, and return how many parts that is."""
        known = author.next if author else 0
        if client == self._client and end > self._known:
            if end > self._next:
                raise UpdateError("dependency", "it deletes what is not there")
            self._ours.append((max(start, self._known), end))
            self._shrink_own(max(start, self._known), end)
            end = self._known
        elif end > known:
            raise UpdateError("dependency", "it deletes what is not there")
        if author is None or start >= end:
            return 1
        parts = 0
        for fresh_start, fresh_end in author.dead.lacking(start, end):
            for run, first, last in self.index.runs_within(client, fresh_start, fresh_end):
                parts += 1
                place = run.place
                keyed = place is not None and place.container.sequence is None
                (self._last if keyed else self._first).append((client, first, last))
                if place is not None:
                    gone = 0 if keyed else last - first - self.index.lows_within(client, first, last)
                    self._growth[place] = self._growth.get(place, 0) - gone
        if len(self._first) + len(self._last) > NEW_RANGES_MAX:
            raise UpdateError("size", f"over {NEW_RANGES_MAX} deletions")
        return parts

    def _shrink_own(self, start: int, end: int) -> None:
        for place, first, upto in self._new_parts(start, end):
            if place is not None and place.container.holds is Holds.TEXT:
                self._growth[place] = self._growth.get(place, 0) - (upto - first)

    def _sort_out_values(self) -> None:
        """Put off the deletions of own values: what replaces one deletes it, and until then it is better than none."""
        ours: list[tuple[int, int]] = []
        for first, end in self._ours:
            for place, start, upto in self._new_parts(first, end):
                if place is None or place.container.sequence is not None:
                    ours.append((start, upto))
                else:
                    self._last.append((self._client, start, upto))
        self._ours = ours

    def _new_parts(self, start: int, end: int) -> Iterable[tuple[Place | None, int, int]]:
        """Yield where these new clocks stand, part by part."""
        at = bisect_right(self._starts, start) - 1
        while start < end:
            upto = min(end, self._starts[at + 1]) if at + 1 < len(self._starts) else end
            yield self._places[at], start, upto
            start, at = upto, at + 1

    def _slice(self) -> Steps:
        """Make the slices; one alone where all fits in, which the gate then accepts or refuses whole."""
        blocks = self._writing.ended()
        self._sort_out_values()
        ranges = [*self._first, *((self._client, start, end) for start, end in self._ours), *self._last]
        if len(blocks) <= 1 and len(ranges) <= SLICE_RANGES_MAX:
            if blocks or ranges:
                self.slices.append((blocks[0][0] if blocks else b"\x00") + _written(sorted(ranges)))
            return
        for parts in _chunks(self._first):
            self.slices.append(b"\x00" + _written(parts))
            yield len(parts)
        ours = deque(self._ours)
        for block, end in blocks:
            deleted = _upto(ours, end)
            parts = [(self._client, start, stop) for start, stop in deleted]
            self.slices.append(block + _written(parts[:SLICE_RANGES_MAX]))
            self.slices.extend(b"\x00" + _written(rest) for rest in _chunks(parts[SLICE_RANGES_MAX:]))
            yield len(parts)
        for parts in _chunks(self._last):
            self.slices.append(b"\x00" + _written(parts))
            yield len(parts)


class _Slices:
    """Structs of one client id, gathered into blocks."""

    def __init__(self) -> None:
        self._empty: set[Place] = set()
        """Where what was put last is gone already, and what replaced it has not come yet."""
        self._blocks: list[tuple[bytes, int]] = []
        self._raw = bytearray()
        self._head = b""
        self._count = self._end = 0

    def add(self, client: int, struct: Struct, raw: bytes, place: Place | None) -> None:
        if not self._count:
            self._head = number(client) + number(struct[1])
        self._raw += raw
        self._count += 1
        self._end = struct[1] + struct[2]
        if place is not None and place.container.sequence is None:
            if struct[0] == DELETED or isinstance(struct[7], Squashed):
                self._empty.add(place)
            else:
                self._empty.discard(place)
        full = self._count >= SLICE_STRUCTS_MAX or len(self._raw) >= SLICE_BYTES
        if full and (not self._empty or self._count >= SLICE_STRUCTS_LIMIT):
            self._close()

    def ended(self) -> list[tuple[bytes, int]]:
        """Return the block sections of the slices, each with the clock behind its last struct."""
        if self._count:
            self._close()
        return self._blocks

    def _close(self) -> None:
        self._blocks.append((b"\x01" + number(self._count) + self._head + bytes(self._raw), self._end))
        self._raw = bytearray()
        self._count = 0


def _from_clock(client: int, known: int, clock: int, raw: bytes) -> bytes:
    """Return the bytes of a struct from the first clock on that is not known. It was read, so it is sound."""
    whole = b"\x01\x01" + number(client) + number(clock) + raw + b"\x00"
    cut = get_update(whole, write_state_vector({client: known}))
    head = b"\x01\x01" + number(client) + number(known)
    assert cut.startswith(head), "one struct, from there on"
    return cut[len(head) : -1]


def _upto(ranges: deque[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """Take off the front what lies below that clock."""
    taken: list[tuple[int, int]] = []
    while ranges and ranges[0][0] < end:
        start, stop = ranges.popleft()
        taken.append((start, min(stop, end)))
        if stop > end:
            ranges.appendleft((end, stop))
    return taken


def _chunks(parts: Sequence[Part]) -> Iterable[Sequence[Part]]:
    return (parts[start : start + SLICE_RANGES_MAX] for start in range(0, len(parts), SLICE_RANGES_MAX))


def _written(parts: Sequence[Part]) -> bytes:
    """Return the delete set of an update; a client's parts stand together."""
    of: dict[int, list[tuple[int, int]]] = {}
    for client, start, end in parts:
        of.setdefault(client, []).append((start, end))
    told = bytearray(number(len(of)))
    for client, ranges in of.items():
        told += number(client) + number(len(ranges))
        for start, end in sorted(ranges):
            told += number(start) + number(end - start)
    return bytes(told)


__all__ = ["SLICE_STEPS", "Effort", "Intake"]
