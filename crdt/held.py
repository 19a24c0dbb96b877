"""The structs that stand in a document under clocks that are known, read where an update repeats them.

An update of one page repeats a few of its own. One that repeats the whole section names every client id there is, of
which twenty years of sittings leave 20,000: read one by one, each would cost a state vector of them all. So client ids
of few pieces are read many at a time, in the order in which every peer writes them: the highest first.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from crdt.index import Index
from crdt.places import Author
from crdt.updates import Struct, UpdateError, read_blocks, read_first_block, write_state_vector

REPEATED_STRUCTS_MAX: Final = 20_000
"""Known structs that one update may repeat; an honest page repeats its last few, or what one lost answer held."""

AHEAD_CLIENTS_MAX: Final = 500
AHEAD_PIECES_MAX: Final = 2_000
"""What is read at once of client ids that come next: some 10 milliseconds."""

CLIENTS_A_STEP: Final = 4
"""So many client ids in a state vector cost as much as looking at one struct."""


class Held:
    """Reads structs of one document, and counts what that costs in ``steps`` of ``crdt.intakes``.

    Good until the document changes: then ``forget``.
    """

    __slots__ = ("_ahead", "_clients", "_read", "steps")

    def __init__(self, read: Callable[[bytes], bytes]) -> None:
        """``read`` returns an update with what the document has beyond a state vector."""
        self._read = read
        self._clients: list[int] = []
        self._ahead: dict[int, list[Struct]] = {}
        self.steps = 0

    def forget(self) -> None:
        """Read anew from here on."""
        self._clients.clear()
        self._ahead.clear()

    def structs(self, index: Index, client: int, clock: int, end: int) -> Sequence[Struct]:
        """Return the structs of a client id that stand from one known clock to another.

        Raises:
            UpdateError: they are over ``REPEATED_STRUCTS_MAX``; code ``size``.
        """
        if client not in self._ahead:
            if _pieces(index.authors[client]) > AHEAD_PIECES_MAX:
                clock -= (client, clock) in index.low_halves
                self.steps += len(index.authors) // CLIENTS_A_STEP
                update = self._read(write_state_vector({**index.clocks(), client: clock}))
                return read_first_block(update, until=end, structs_max=REPEATED_STRUCTS_MAX)
            self._look_ahead(index, client)
        found = [each for each in self._ahead[client] if each[1] < end and each[1] + each[2] > clock]
        if len(found) > REPEATED_STRUCTS_MAX:
            raise UpdateError("size", f"over {REPEATED_STRUCTS_MAX} structs are repeated")
        return found

    def _look_ahead(self, index: Index, client: int) -> None:
        """Read this client id and the next ones below it, as many as are read at once."""
        if len(self._clients) != len(index.authors):
            self._clients = sorted(index.authors)
        upto = bisect_right(self._clients, client)
        chosen: dict[int, int] = {}
        pieces = 0
        for each in reversed(self._clients[max(0, upto - AHEAD_CLIENTS_MAX) : upto]):
            pieces += _pieces(index.authors[each])
            if chosen and pieces > AHEAD_PIECES_MAX:
                break
            chosen[each] = 0
        update = self._read(write_state_vector({**index.clocks(), **chosen}))
        self._ahead = dict(read_blocks(update))
        others = sum(len(structs) for of, structs in self._ahead.items() if of != client)
        self.steps += len(index.authors) // CLIENTS_A_STEP + others


def _pieces(author: Author) -> int:
    """Return about how many structs a client id has: one is cut where it stands apart, and where it is deleted."""
    return len(author.runs) + len(author.dead.starts)
