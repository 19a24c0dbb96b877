"""Who may sit down in a huddle's live room: by the same session, origin and membership as for its page."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

from hub.huddles.rooms import Guest
from hub.live.gatekeepers import TurnedAway
from hub.workflows.huddle_states import TEAM, Huddle
from web.doors.socket_door import NO_PLAN, SIGN_IN, SocketDoor
from web.doors.store_directory import StoreDirectory, Stores
from web.settings import Settings


class HuddlesKept(Protocol):
    """Huddles as rows; ``hub.store.huddles.HuddleRows`` is the one in service."""

    async def get(self, huddle_id: str) -> Huddle | None:
        """Return the huddle, ``None`` where there is none of that id."""


class HuddleAdmission:
    """Fills ``hub.huddles.rooms.Admission`` from the store."""

    def __init__(
        self,
        settings: Settings,
        directory: StoreDirectory,
        stores: Stores,
        kept: HuddlesKept,
        now: Callable[[], datetime],
    ) -> None:
        self._door = SocketDoor(settings)
        self._directory = directory
        self._stores = stores
        self._kept = kept
        self._now = now

    async def admit(self, *, cookies: str, origin: str, host: str, huddle_id: str) -> Guest | TurnedAway:
        async def place(token: str) -> Guest | TurnedAway:
            who = await self._directory.signed_in(token, active=False)
            if who is None:
                return SIGN_IN
            huddle = await self._kept.get(huddle_id)
            person_id = who.person.person_id
            if huddle is None or who.person.role not in TEAM:
                return NO_PLAN
            if huddle.attendee(person_id) is None:
                mine = {each.plan.plan_id for each in await self._stores.plans.panel(person_id, self._now())}
                if not mine & {item.plan_id for item in huddle.items}:
                    return NO_PLAN
            return Guest(huddle_id, person_id, who.session_id)

        return await self._door.admit(cookies, origin, host, place)

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        return await self._stores.sessions.over_among([each for each in session_ids if each], self._now())
