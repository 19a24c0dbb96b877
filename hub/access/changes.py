"""The one way in which anybody's access changes: with its row in the journal, and at live sockets at once.

Memberships, consents, invitations and emergency readings change in ``of_plan``, sign-ins in ``of_sessions``. When the
turn has ended, this process and every other ask anew who may what (``AccessChanged``, ``SessionsEnded``): sections
appear or vanish, writing stops, sockets close. A note that is lost costs a poll, never the change.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from hub.ids import HUB
from hub.record.journal import Journal, Turn


class LiveAccess(Protocol):
    """The live plans, as far as access goes; ``hub.live.plans.CarePlans`` is the one in service."""

    def access_changed(self, plan_id: str) -> None:
        """Have everyone's access to the plan asked anew, here and at other processes, now."""

    def sessions_ended(self, sessions: Sequence[str]) -> None:
        """Close the sockets of these sign-ins, here and at other processes, now."""


@dataclass(slots=True)
class SessionTurn:
    """A turn of the hub's own journal in which sign-ins end; ``ended`` takes the ids of those that did."""

    turn: Turn
    ended: list[str]


class AccessChanges:
    """Turns that change who may what. A turn that changed something and appended no row fails and changes nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._live: LiveAccess | None = None

    def reach(self, live: LiveAccess) -> None:
        """Tell these live plans from now on; they in turn ask the store, so they are made later."""
        self._live = live

    @asynccontextmanager
    async def of_plan(self, plan_id: str) -> AsyncIterator[Turn]:
        """Hold the plan's journal for a change of access; live sockets hear of it when it is committed.

        They hear of it even where the answer of the commit was lost: to ask once too often costs nothing.

        Raises:
            KeyError: the plan has no journal.
            JournalAwayError: nothing was changed, as far as can be known.
        """
        try:
            async with self._journal.exclusively(plan_id) as turn:
                yield turn
        finally:
            if self._live is not None:
                self._live.access_changed(plan_id)

    @asynccontextmanager
    async def of_sessions(self) -> AsyncIterator[SessionTurn]:
        """Hold the hub's journal to end sign-ins; their sockets close when it is committed.

        Raises:
            JournalAwayError: nothing was changed, as far as can be known.
        """
        ended: list[str] = []
        try:
            async with self._journal.exclusively(HUB) as turn:
                yield SessionTurn(turn, ended)
        finally:
            if ended and self._live is not None:
                self._live.sessions_ended(ended)
