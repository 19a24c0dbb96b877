"""Whose turn it is in a room: a beat, a load, a command, never two at once, so that each sees whole states."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """One holder at a time, in the order of asking.

    A beat takes the turn only when it is free (``take_if_free``) and never waits: one room must not hold up the
    group commit of the others. Whoever waits comes before the next beat.
    """

    __slots__ = ("_taken", "_waiting")

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def free(self) -> bool:
        """Nobody holds the turn and nobody waits for it."""
        return not self._taken and not self._waiting

    def take_if_free(self) -> bool:
        """Take the turn and return true, or return false where that would mean waiting."""
        if not self.free:
            return False
        self._taken = True
        return True

    def give_back(self) -> None:
        """Hand the turn to whoever waits longest."""
        assert self._taken, "only who holds a turn gives it back"
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)  # The turn stays taken: it is the waiter's now.
                return
        self._taken = False

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Wait for the turn and hold it for as long as the context lasts."""
        if not self.take_if_free():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self.give_back()
                raise
        try:
            yield
        finally:
            self.give_back()
