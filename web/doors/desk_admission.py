"""Who may sit down at a desk: the person whose it is, by the same session and origin as for their pages."""

from collections.abc import Callable, Collection
from datetime import datetime
from urllib.parse import urlsplit

from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode
from hub.sockets.desks import DeskOwner
from web.doors.gatekeeping import NO_PLAN, SIGN_IN, session_cookie
from web.doors.store_directory import StoreDirectory, Stores
from web.settings import Settings


class StoreDeskAdmission:
    """Fills ``hub.sockets.desks.DeskAdmission`` from the store."""

    def __init__(
        self, settings: Settings, directory: StoreDirectory, stores: Stores, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._hosts = frozenset(urlsplit(each).netloc for each in settings.origins)
        self._directory = directory
        self._stores = stores
        self._now = now

    async def admit(self, *, cookies: str, origin: str, host: str, person_id: str) -> DeskOwner | TurnedAway:
        if origin not in self._settings.origins or host not in self._hosts:
            return TurnedAway(CloseCode.NO_PLAN, "another site's page")
        who = await self._directory.signed_in(session_cookie(cookies, self._settings.session_cookie), active=False)
        if who is None:
            return SIGN_IN
        if who.person.person_id != person_id:
            return NO_PLAN
        return DeskOwner(person_id, who.session_id, await self.plans_of(person_id))

    async def plans_of(self, person_id: str) -> frozenset[str]:
        return frozenset(each.plan.plan_id for each in await self._stores.plans.panel(person_id, self._now()))

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        return await self._stores.sessions.over_among([each for each in session_ids if each], self._now())
