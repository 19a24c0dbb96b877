"""Where every struct of a section stands: id -> place, and the order of the structs within each place.

A *place* is what can be written to: one key of one map (a register, a member of a set, a log's record) or one text.
Its structs form one list, in the order that Yjs gives them; of a key the last one is the value. This module puts each
struct where Yjs would (the integration of Yjs 13's ``Item`` and yrs' ``Block``, which agree), so that the gate knows
before anything is applied what an update does: which path, which winner, which order. Structs that were written one
behind the other share one ``Run``.

Neighbours. A struct names its left and right neighbour of the moment it was written: its origin and right origin. An
honest writer saw the two side by side in a document that held all they build on. A pair that nobody can have seen so
(the right one stands left; or something that one of them builds on stands between) is placed by Yjs where its conflict
search happens to end, which depends on what else is already there: a live document and one that loads the same
updates in another order then differ. So such a pair is refused. With ``<`` for the order of the text, a pair (o, r)
could be seen side by side if and only if

    o < r,    r's own origin <= o,    r <= o's own right origin

for then, by induction, all that o builds on is <= o or >= r, and all that r builds on is too. When the two are side by
side in our document, itself such a document, nothing needs comparing: that is the case for almost every keystroke.
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from crdt.changes import Root
from crdt.fields import Kind, Scalar
from crdt.places import Author, Container, Effect, Holds, Place, Run
from crdt.sections import SECTIONS, Section
from crdt.updates import (
    CLOCK_MAX,
    COLLECTED,
    CONTAINER,
    MAP,
    STRING,
    TEXT,
    Id,
    Squashed,
    Struct,
    Update,
    UpdateError,
)

LABEL_GAP: Final = 1 << 128
"""Between two neighbours' order labels: 128 splits at one spot before a text is labelled anew."""


PATIENCE: Final = 1 << 62
"""For what passed the gate already, which sets a bound of its own."""


_OF_KIND: Final = {Kind.TEXT: Holds.TEXT, Kind.SET: Holds.SET, Kind.LOG: Holds.LOG}


class Index:
    """The places of one section's document."""

    def __init__(self, section: Section) -> None:
        self.declaration = SECTIONS[section]
        self.authors: dict[int, Author] = {}
        self.containers: dict[Id, Container] = {}
        self.low_halves: set[Id] = set()
        """Ids of the second half of every surrogate pair: nothing may be cut in front of one."""
        self.patience = PATIENCE
        """How many more structs may be passed while looking for a place."""
        self.roots: dict[str, Container] = {
            Root.ENTRIES: Container(Holds.ENTRIES, None, "", Root.ENTRIES, None),
            Root.SUGGESTIONS: Container(Holds.RECORDS, None, "", Root.SUGGESTIONS, None),
            Root.COMMENTS: Container(Holds.RECORDS, None, "", Root.COMMENTS, None),
        }

    def next(self, client: int) -> int:
        """Return the first clock of that client id that is not known."""
        author = self.authors.get(client)
        return author.next if author else 0

    def clocks(self) -> dict[int, int]:
        """Return the state vector."""
        return {client: author.next for client, author in self.authors.items() if author.next}

    def run(self, of: Id) -> Run | None:
        """Return the run that holds this id, or None when it is not known."""
        author = self.authors.get(of[0])
        return author.run(of[1]) if author else None

    def place(self, struct: Struct) -> Place | None:
        """Return where the struct belongs; made when its key is new. None when something it names is gone.

        Raises:
            UpdateError: it names what is not known or fits ill; codes ``dependency``, ``path``.
        """
        kind, _, _, origin, right, parent, key, _ = struct
        if kind == COLLECTED:
            return None
        if parent is not None:
            return self._place_under(parent, key)
        left_run = self.run(origin) if origin else None
        right_run = self.run(right) if right else None
        if (origin and left_run is None) or (right and right_run is None):
            raise UpdateError("dependency", "it stands beside something unknown")
        if left_run is not None and right_run is not None and left_run.place is not right_run.place:
            raise UpdateError("dependency", "its neighbours stand in different places")
        known = left_run or right_run
        assert known is not None, "a struct without a parent has an origin: the reader saw to it"
        return known.place

    def _place_under(self, parent: Id | str, key: str | None) -> Place | None:
        container = self.roots.get(parent) if isinstance(parent, str) else self.containers.get(parent)
        if container is None:
            if not isinstance(parent, str) and self.run(parent) is None:
                raise UpdateError("dependency", "it stands in something unknown")
            raise UpdateError("path", "it stands in something that holds nothing")
        if container.sequence is not None:
            if key is not None:
                raise UpdateError("path", "a text has no keys")
            return container.sequence
        if key is None:
            raise UpdateError("path", "a map has only keys")
        place = container.places.get(key)
        if place is None:
            place = Place(container, key)  # Listed in its container when its first struct is put.
            if container.holds is Holds.ENTRY:
                place.field = self.declaration.field(key)
        return place

    def put(self, client: int, struct: Struct, place: Place | None) -> Effect | None:
        """Put a struct in its place, as Yjs would; None for one that is already collected.

        Its clock is the next of its client id.

        Raises:
            UpdateError: no honest peer can have seen its neighbours side by side; code ``order``.
        """
        kind, clock, length, origin, right, _, _, content = struct
        author = self.authors.get(client)
        if author is None:
            author = self.authors[client] = Author()
        assert author.next == clock, "structs are put in the order of their clocks"
        if place is None:
            run = Run(client, clock, clock + length, None, origin, right)
            self._register(author, run)
            return None
        # In this order: cutting behind the origin leaves the first clock of the run on the right as it is.
        before = self._starting_with(right) if right else None
        left = self._ending_with(origin) if origin else None
        left, beside = self._settle(place, client, origin, right, left, before)
        tail = place.last
        if (
            beside
            and left is not None
            and left.client == client
            and left.end == clock
            and left.right == right
            and left is author.runs[-1]
        ):
            left.end = author.next = clock + length
            run = left
        else:
            run = Run(client, clock, clock + length, place, origin, right)
            self._link(run, left)
            self._register(author, run)
        if kind == CONTAINER:
            self._contain(place, (client, clock), content)
        elif kind == STRING and isinstance(content, str) and len(content) != length:
            self._note_low_halves(client, clock, content)
        wins = place.last is run
        replaced: Id | None = None
        if wins and tail is not None:
            replaced = (client, clock - 1) if tail is run else (tail.client, tail.end - 1)
        return Effect(place, run, wins, replaced)

    def _settle(
        self, place: Place, client: int, origin: Id | None, right: Id | None, left: Run | None, before: Run | None
    ) -> tuple[Run | None, bool]:
        """Return the run to stand behind, and whether it is the origin itself: Yjs' conflict resolution."""
        other = place.first if left is None else left.after
        if other is before:
            return left, True
        self._check_neighbours(left, before)
        found = left
        passed: set[Run] = set()
        conflicting: set[Run] = set()
        while other is not None and other is not before:
            self.patience -= 1
            if self.patience < 0:
                raise UpdateError("work", "too many structs contend for one spot")
            passed.add(other)
            conflicting.add(other)
            if other.origin == origin:
                if other.client < client:
                    found = other
                    conflicting.clear()
                elif other.right == right:
                    break
            else:
                of = self.run(other.origin) if other.origin else None
                if of is None or of not in passed:
                    break
                if of not in conflicting:
                    found = other
                    conflicting.clear()
            other = other.after
        return found, found is left

    def _check_neighbours(self, left: Run | None, before: Run | None) -> None:
        """Refuse two neighbours that no honest peer can have seen side by side: see the module's text."""
        if left is not None and before is not None and left.label >= before.label:
            raise UpdateError("order", "its right neighbour stands to its left")
        if left is not None and left.right is not None:
            bound = self.run(left.right)
            if before is None or bound is None or bound.label < before.label:
                raise UpdateError("order", "its left neighbour was made in front of what is passed over")
        if before is not None and before.origin is not None:
            bound = self.run(before.origin)
            if left is None or bound is None or bound.label > left.label:
                raise UpdateError("order", "its right neighbour was made behind what is passed over")

    def _ending_with(self, of: Id) -> Run:
        run = self.run(of)
        assert run is not None, "its place was found through it"
        if run.end > of[1] + 1:
            self._split(run, of[1] + 1)
        return run

    def _starting_with(self, of: Id) -> Run:
        run = self.run(of)
        assert run is not None, "its place was found through it"
        return run if run.start == of[1] else self._split(run, of[1])

    def _split(self, run: Run, clock: int) -> Run:
        """Cut a run in two and return the second part."""
        author = self.authors[run.client]
        second = Run(run.client, clock, run.end, run.place, (run.client, clock - 1), run.right)
        run.end = clock
        at = bisect_right(author.starts, clock)
        author.starts.insert(at, clock)
        author.runs.insert(at, second)
        self._link(second, run)
        return second

    def _register(self, author: Author, run: Run) -> None:
        author.starts.append(run.start)
        author.runs.append(run)
        author.next = run.end

    def _link(self, run: Run, left: Run | None) -> None:
        place = run.place
        assert place is not None, "only what has a place has neighbours"
        after = place.first if left is None else left.after
        run.before = left
        run.after = after
        if left is None:
            place.first = run
        else:
            left.after = run
        if place.last is None:
            place.container.places[place.key] = place
        if after is None:
            place.last = run
            run.label = left.label + LABEL_GAP if left else 0
            return
        after.before = run
        run.label = (left.label + after.label) // 2 if left else after.label - LABEL_GAP
        if left is not None and run.label == left.label:
            self._label_anew(place)

    def _label_anew(self, place: Place) -> None:
        run, label = place.first, 0
        while run is not None:
            run.label = label
            label += LABEL_GAP
            run = run.after

    def _contain(self, place: Place, struct: Id, content: object) -> None:
        """Make the container that this struct is, with its use known from where it stands."""
        over = place.container
        container = Container(Holds.NOTHING, struct, over.entry, place.key, place.field)
        if over.holds is Holds.ENTRIES and content == MAP:
            container = Container(Holds.ENTRY, struct, place.key, "", None)
        elif over.holds is Holds.RECORDS and content == MAP:
            container = Container(Holds.RECORD, struct, place.key, over.name, None)
        elif over.holds is Holds.ENTRY and place.field is not None:
            holds = _OF_KIND.get(place.field.kind, Holds.NOTHING)
            if (content == TEXT) is (holds is Holds.TEXT):
                container = Container(holds, struct, over.entry, place.key, place.field)
        self.containers[struct] = container

    def _note_low_halves(self, client: int, clock: int, words: str) -> None:
        for character in words:
            if character > "\uffff":
                clock += 1
                self.low_halves.add((client, clock))
            clock += 1

    def lows_within(self, client: int, start: int, end: int) -> int:
        """Return how many surrogate pairs end within these clocks."""
        if not self.low_halves:
            return 0
        return sum((client, clock) in self.low_halves for clock in range(start, end))

    def runs_within(self, client: int, start: int, end: int) -> Iterator[tuple[Run, int, int]]:
        """Yield each run that holds some of these known clocks, with the part it holds."""
        author = self.authors[client]
        at = bisect_right(author.starts, start) - 1
        while start < end:
            run = author.runs[at]
            upto = min(end, run.end)
            yield run, start, upto
            start = upto
            at += 1

    def take_back(self, client: int, clock: int) -> None:
        """Forget everything that client id wrote from that clock on: a refused update leaves no trace."""
        author = self.authors.get(client)
        if author is None:
            return
        while author.runs and author.runs[-1].start >= clock:
            run = author.runs.pop()
            author.starts.pop()
            self._unlink(run)
        if author.runs and author.runs[-1].end > clock:
            author.runs[-1].end = clock
        if self.low_halves:
            self.low_halves -= {of for of in self.low_halves if of[0] == client and of[1] >= clock}
        author.next = clock
        if not author.runs:
            del self.authors[client]

    def _unlink(self, run: Run) -> None:
        place = run.place
        if place is None:
            return
        if run.before is None:
            place.first = run.after
        else:
            run.before.after = run.after
        if run.after is None:
            place.last = run.before
        else:
            run.after.before = run.before
        if place.first is None:
            del place.container.places[place.key]

    def in_order(self, update: Update) -> Iterator[tuple[int, Struct]]:
        """Yield the update's unknown structs so that each comes after what it names; the caller puts each.

        Raises:
            UpdateError: it names what neither the index nor the update holds; code ``dependency`` or ``clock``.
        """
        waiting = {client: iter(structs) for client, structs in update.blocks}
        heads: dict[int, Struct | None] = {client: next(structs, None) for client, structs in waiting.items()}
        for first in waiting:
            path = [(first, CLOCK_MAX + 1)]
            on_path = {first}
            while path:
                client, enough = path[-1]
                struct = heads[client]
                if struct is None or self.next(client) >= enough:
                    path.pop()
                    on_path.discard(client)
                    continue
                struct = self.unknown_part(client, struct)
                needed = self._needed(struct) if struct else None
                if needed is not None:
                    if heads.get(needed[0]) is None or needed[0] in on_path:
                        raise UpdateError("dependency", "it names what is not there")
                    path.append((needed[0], needed[1] + 1))
                    on_path.add(needed[0])
                    continue
                if struct:
                    yield client, struct
                heads[client] = next(waiting[client], None)

    def _needed(self, struct: Struct) -> Id | None:
        """Return an id that the struct names and that is not known yet."""
        for of in (struct[3], struct[4], struct[5]):
            if isinstance(of, tuple) and of[1] >= self.next(of[0]):
                return of
        return None

    def unknown_part(self, client: int, struct: Struct) -> Struct | None:
        """Return the struct from the first clock on that is not known, or None.

        Raises:
            UpdateError: clocks are missing in front of it, or the cut falls into a surrogate pair; code ``clock``.
        """
        kind, clock, length, _, right, _, _, content = struct
        known = self.next(client)
        if clock == known:
            return struct
        if clock > known:
            raise UpdateError("clock", f"clocks {known} to {clock} are missing")
        if clock + length <= known:
            return None
        cut = known - clock
        if kind == STRING and isinstance(content, str):
            raw = content.encode("utf-16-le")
            try:
                content = raw[2 * cut :].decode("utf-16-le")
            except UnicodeDecodeError as error:
                raise UpdateError("surrogate", "half a character is known") from error
        if isinstance(content, Squashed):
            content = Squashed(content.values[cut:])
        origin = None if kind == COLLECTED else (client, known - 1)
        return kind, known, length - cut, origin, right, None, None, content

    def record(self, container: Container) -> dict[str, Scalar]:
        """Return the plain values under the keys of a map."""
        return {key: place.value for key, place in container.places.items() if not isinstance(place.value, dict | list)}
