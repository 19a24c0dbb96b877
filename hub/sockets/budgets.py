"""How much one person may say in a second, over all of their sockets: a new socket is no new allowance."""

from collections import OrderedDict
from typing import Final

MESSAGES_PER_SECOND_MAX: Final = 3_000.0
MESSAGES_BURST_MAX: Final = 3_000.0
"""Frames of every kind count, so that pings, pongs and empty parts of a message are no way around it."""

LONG_BYTES_MAX: Final = 16 << 20
"""Of long messages of one person that are under way at once: two of the longest."""

ALL_LONG_BYTES_MAX: Final = 128 << 20
"""Of all people's. Beyond it whoever comes is sent away to come back, as with a room that has too much to take in."""

BUDGETS_MAX: Final = 10_000
"""People remembered; beyond it whoever was heard longest ago begins anew."""


class Budget:
    """Frames that may still be taken; refilled as time passes."""

    __slots__ = ("_seconds", "left", "long_bytes")

    def __init__(self, seconds: float) -> None:
        self.left = MESSAGES_BURST_MAX
        self.long_bytes = 0
        """Of long messages under way."""
        self._seconds = seconds

    def refill(self, seconds: float) -> None:
        """Let the time until that second count."""
        self.left = min(MESSAGES_BURST_MAX, self.left + (seconds - self._seconds) * MESSAGES_PER_SECOND_MAX)
        self._seconds = seconds

    def take(self) -> bool:
        """Count a frame; false where there are too many."""
        self.left -= 1
        return self.left >= 0


class Budgets:
    """Those of everyone who has been here lately."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, Budget] = OrderedDict()
        self._long_bytes = 0

    def reserve(self, budget: Budget, size: int) -> bool:
        """Keep room for a long message before any of it is read; false where there is none."""
        if budget.long_bytes + size > LONG_BYTES_MAX or self._long_bytes + size > ALL_LONG_BYTES_MAX:
            return False
        budget.long_bytes += size
        self._long_bytes += size
        return True

    def release(self, budget: Budget, size: int) -> None:
        """Give the room back: the message was delivered, or will never come."""
        budget.long_bytes -= size
        self._long_bytes -= size

    def of(self, person: str, seconds: float) -> Budget:
        """Return the person's, the same for each of their sockets."""
        budget = self._of.setdefault(person, Budget(seconds))
        self._of.move_to_end(person)
        if len(self._of) > BUDGETS_MAX:
            self._of.popitem(last=False)
        return budget
