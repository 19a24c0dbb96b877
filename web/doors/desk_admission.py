"""Who may sit down at a desk: the person whose it is, by the same session and origin as for their pages."""

from collections.abc import Callable, Collection
from datetime import datetime

from hub.live.gatekeepers import TurnedAway
from hub.sockets.desks import DeskOwner
from web.doors.socket_door import NO_PLAN, SIGN_IN, SocketDoor
from web.doors.store_directory import StoreDirectory, Stores
from web.settings import Settings


class StoreDeskAdmission:
    """Fills ``hub.sockets.desks.DeskAdmission`` from the store."""

    def __init__(
        self, settings: Settings, directory: StoreDirectory, stores: Stores, now: Callable[[], datetime]
    ) -> None:
        self._door = SocketDoor(settings)
        self._directory = directory
        self._stores = stores
        self._now = now

    async def admit(self, *, cookies: str, origin: str, host: str, person_id: str) -> DeskOwner | TurnedAway:
        async def place(token: str) -> DeskOwner | TurnedAway:
            who = await self._directory.signed_in(token, active=False)
            if who is None:
                return SIGN_IN
            if who.person.person_id != person_id:
                return NO_PLAN
            return DeskOwner(person_id, who.session_id, await self.plans_of(person_id))

        return await self._door.admit(cookies, origin, host, place)

    async def plans_of(self, person_id: str) -> frozenset[str]:
        return frozenset(each.plan.plan_id for each in await self._stores.plans.panel(person_id, self._now()))

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        return await self._stores.sessions.over_among([each for each in session_ids if each], self._now())
