"""Who may come in, and who must go: what the live plans ask of sign-in and membership."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from auth.roles import Participant
from hub.live.lines import CloseCode
from hub.record.journal import Turn


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The socket is accepted and closed at once, so that the page learns the code; browsers hide a refused upgrade."""

    code: CloseCode
    reason: str
    """For the page's logic, without names."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who comes in, as of one moment of the store."""

    participant: Participant
    """With its ``session_id``."""
    version: int
    """The plan's access version at that moment: where it has moved on since, the person is asked for anew."""


class Gatekeeper(Protocol):
    """Every method raises ``JournalAwayError`` when the store can't be reached."""

    async def admit(self, *, cookies: str, origin: str, host: str, plan_id: str) -> Admitted | TurnedAway:
        """Return who comes to this plan by these headers of an upgrade; an ``origin`` that is absent is ``""``.

        A plan that one may not see and one that does not exist are turned
        away alike, with ``NO_PLAN``.
        """

    async def standing(self, plan_id: str, person_ids: Collection[str]) -> Mapping[str, Participant]:
        """Return those of these people who still take part in the plan, as they now stand."""

    async def acting(self, turn: Turn, actor: Participant) -> Participant | None:
        """Return who acts as they stand within this turn of the plan's journal, with their ``session_id``.

        ``None`` where they take no part any more, their sign-in is over, or a machine's credentials have ended.
        """

    async def access_versions(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        """Return for each plan a number that changes whenever anybody's access to it does."""

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return those of these sign-ins that are over: signed out, expired, revoked."""
