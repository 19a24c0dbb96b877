"""Who may come to a live plan and who must go, by the same session cookie, origin and membership as for pages."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from auth.decisions import sections_readable
from auth.roles import Participant
from auth.sessions import hash_token, is_live, is_token
from hub.live.gatekeepers import Admitted, TurnedAway
from hub.live.lines import CloseCode
from hub.record.journal import Turn
from web.doors.store_directory import StoreDirectory, Stores
from web.settings import Settings

NO_PLAN = TurnedAway(CloseCode.NO_PLAN, "no such plan")
SIGN_IN = TurnedAway(CloseCode.SIGN_IN, "sign in again")


class StoreGatekeeper:
    """Fills ``hub.live.gatekeepers.Gatekeeper`` from the store."""

    def __init__(
        self, settings: Settings, directory: StoreDirectory, stores: Stores, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._hosts = frozenset(urlsplit(each).netloc for each in settings.origins)
        self._directory = directory
        self._participants = stores.participants
        self._sessions = stores.sessions
        self._now = now

    async def admit(self, *, cookies: str, origin: str, host: str, plan_id: str) -> Admitted | TurnedAway:
        if origin not in self._settings.origins or host not in self._hosts:
            return TurnedAway(CloseCode.NO_PLAN, "another site's page")
        token, now = session_cookie(cookies, self._settings.session_cookie), self._now()
        if not is_token(token):
            return SIGN_IN
        comer = await self._participants.comer(plan_id, hash_token(token), now)
        if comer is None or not comer.active or not is_live(comer.session, now):
            return SIGN_IN
        if comer.participant is None or not sections_readable(comer.participant, now):
            return NO_PLAN
        return Admitted(comer.participant, comer.version)

    async def standing(self, plan_id: str, person_ids: Collection[str]) -> Mapping[str, Participant]:
        now = self._now()
        found = await self._participants.among(plan_id, person_ids, now)
        return {each.person_id: each for each in found if sections_readable(each, now)}

    async def acting(self, turn: Turn, actor: Participant) -> Participant | None:
        now = self._now()
        found = await self._participants.acting(turn, actor.plan_id, actor.person_id, now)
        if found is None or not sections_readable(found, now):
            return None
        if actor.session_id and not await self._sessions.carries(turn, actor.session_id, now):
            return None
        return replace(found, session_id=actor.session_id)

    async def access_versions(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        return await self._participants.versions(list(plan_ids))

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        return await self._sessions.over_among([each for each in session_ids if each], self._now())


def session_cookie(header: str, name: str) -> str:
    """Return a cookie's value from its header, ``""`` where it is not there or the header can't be read."""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""
