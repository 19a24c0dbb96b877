"""How much one person may say in a second, over all of their sockets: a new socket is no new allowance."""

from collections import OrderedDict
from typing import Final

MESSAGES_PER_SECOND_MAX: Final = 3_000.0
MESSAGES_BURST_MAX: Final = 3_000.0
"""Frames of every kind count, so that pings, pongs and empty parts of a message are no way around it."""

BUDGETS_MAX: Final = 10_000
"""People remembered; beyond it whoever was heard longest ago begins anew."""


class Budget:
    """Frames that may still be taken; refilled as time passes."""

    __slots__ = ("_seconds", "left")

    def __init__(self, seconds: float) -> None:
        self.left = MESSAGES_BURST_MAX
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

    def of(self, person: str, seconds: float) -> Budget:
        """Return the person's, the same for each of their sockets."""
        budget = self._of.setdefault(person, Budget(seconds))
        self._of.move_to_end(person)
        if len(self._of) > BUDGETS_MAX:
            self._of.popitem(last=False)
        return budget
