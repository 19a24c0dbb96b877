"""Who may sit down in a huddle's live room: by the same session, origin and membership as for its page."""

from collections.abc import Callable, Collection
from datetime import datetime
from urllib.parse import urlsplit

from hub.huddles.rooms import Guest
from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode
from hub.store.huddles import HuddleRows
from hub.workflows.huddle_states import TEAM
from web.doors.gatekeeping import NO_PLAN, SIGN_IN, session_cookie
from web.doors.store_directory import StoreDirectory, Stores
from web.settings import Settings


class HuddleAdmission:
    """Fills ``hub.huddles.rooms.Admission`` from the store."""

    def __init__(
        self,
        settings: Settings,
        directory: StoreDirectory,
        stores: Stores,
        kept: HuddleRows,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._hosts = frozenset(urlsplit(each).netloc for each in settings.origins)
        self._directory = directory
        self._stores = stores
        self._kept = kept
        self._now = now

    async def admit(self, *, cookies: str, origin: str, host: str, huddle_id: str) -> Guest | TurnedAway:
        if origin not in self._settings.origins or host not in self._hosts:
            return TurnedAway(CloseCode.NO_PLAN, "another site's page")
        token = session_cookie(cookies, self._settings.session_cookie)
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

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        return await self._stores.sessions.over_among([each for each in session_ids if each], self._now())
