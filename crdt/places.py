"""What the index is made of: containers, the places in them, the runs of structs in those, and who wrote them."""

from bisect import bisect_right
from enum import Enum, auto
from typing import NamedTuple

from crdt.fields import Field
from crdt.ranges import Ranges
from crdt.updates import Id, Plain


class Holds(Enum):
    """What a container is for, known from where it stands."""

    ENTRIES = auto()
    ENTRY = auto()
    RECORDS = auto()
    RECORD = auto()
    TEXT = auto()
    SET = auto()
    LOG = auto()
    NOTHING = auto()


class Container:
    """A map or a text of the document."""

    __slots__ = ("entry", "field", "holds", "name", "places", "sequence", "struct", "writable")

    def __init__(self, holds: Holds, struct: Id | None, entry: str, name: str, field: Field | None) -> None:
        self.holds = holds
        self.struct = struct
        """The id of the struct that made it; None for a root."""
        self.entry = entry
        self.name = name
        self.field = field
        self.writable = holds in (Holds.ENTRY, Holds.TEXT, Holds.SET)
        """Peers may write into it, where the field allows."""
        self.places: dict[str, Place] = {}
        self.sequence = Place(self, "") if holds is Holds.TEXT else None


class Place:
    """One key of a map, or one text."""

    __slots__ = ("container", "entry", "field", "first", "key", "last", "length", "value")

    def __init__(self, container: Container, key: str) -> None:
        self.container = container
        self.key = key
        self.entry = container.entry
        self.field = container.field
        self.first: Run | None = None
        self.last: Run | None = None
        self.length = 0
        """Characters of a text that are not deleted."""
        self.value: Plain = None
        """What a key's last struct holds."""


class Run:
    """Structs of one client id with ascending clocks that stand side by side in one place."""

    __slots__ = ("after", "before", "client", "end", "label", "origin", "place", "right", "start")

    def __init__(
        self, client: int, start: int, end: int, place: Place | None, origin: Id | None, right: Id | None
    ) -> None:
        self.client = client
        self.start = start
        self.end = end
        self.place = place
        """None for what was collected already."""
        self.origin = origin
        self.right = right
        self.before: Run | None = None
        self.after: Run | None = None
        self.label = 0


class Author:
    """All runs of one client id, and which of its clocks are deleted."""

    __slots__ = ("dead", "next", "runs", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.runs: list[Run] = []
        self.next = 0
        self.dead = Ranges()

    def run(self, clock: int) -> Run | None:
        """Return the run with that clock."""
        if not 0 <= clock < self.next:
            return None
        return self.runs[bisect_right(self.starts, clock) - 1]


class Effect(NamedTuple):
    """What putting one struct in its place did."""

    place: Place
    run: Run
    wins: bool
    """It is the last of its place: of a key, the value."""
    replaced: Id | None
    """The struct of the same key that it took the place of."""
