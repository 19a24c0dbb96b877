"""State machines as tables: which verb leads from which states to which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.live.commands import Refusal


@dataclass(frozen=True, slots=True)
class Move:
    """One verb of a machine. ``done`` is its participle for sentences, as in ``put on hold``."""

    sources: frozenset[str]
    target: str
    done: str


@dataclass(frozen=True, slots=True)
class Machine:
    """The states of a noun and the verbs between them; what is not in the table is refused."""

    noun: str
    moves: Mapping[str, Move]

    def verbs_from(self, state: str) -> tuple[str, ...]:
        """Return the verbs that a thing in this state allows, in the table's order."""
        return tuple(verb for verb, move in self.moves.items() if state in move.sources)

    def refusal(self, verb: str, state: str, entry: str, *, why: str = "") -> Refusal | None:
        """Return why the verb is not possible in this state, with what is true now, or ``None``."""
        move = self.moves[verb]
        if state in move.sources:
            return None
        now = state or "not started"
        told = f" ({why})" if why else ""
        return Refusal("state", f"This {self.noun} is {now} now{told}, so it can't be {move.done}.", entry, "state")


def move(sources: Iterable[str], target: str, done: str) -> Move:
    """Return one row of a machine's table."""
    return Move(frozenset(sources), target, done)
