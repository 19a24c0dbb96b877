"""Who may come to a live plan and who must go, by the same session cookie, origin and membership as for pages."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from auth.decisions import sections_readable
from auth.roles import Participant
from auth.sessions import hash_token, is_live
from hub.live.gatekeepers import Admitted, TurnedAway
from hub.record.journal import Turn
from web.doors.socket_door import NO_PLAN, SIGN_IN, SocketDoor
from web.doors.store_directory import Stores
from web.settings import Settings


class StoreGatekeeper:
    """Fills ``hub.live.gatekeepers.Gatekeeper`` from the store."""

    def __init__(self, settings: Settings, stores: Stores, now: Callable[[], datetime]) -> None:
        self._door = SocketDoor(settings)
        self._participants = stores.participants
        self._sessions, self._machines = stores.sessions, stores.machines
        self._now = now

    async def admit(self, *, cookies: str, origin: str, host: str, plan_id: str) -> Admitted | TurnedAway:
        async def place(token: str) -> Admitted | TurnedAway:
            now = self._now()
            comer = await self._participants.comer(plan_id, hash_token(token), now)
            if comer is None or not comer.active or not is_live(comer.session, now):
                return SIGN_IN
            if comer.participant is None or not sections_readable(comer.participant, now):
                return NO_PLAN
            return Admitted(comer.participant, comer.version)

        return await self._door.admit(cookies, origin, host, place)

    async def standing(self, plan_id: str, person_ids: Collection[str]) -> Mapping[str, Participant]:
        now = self._now()
        found = await self._participants.among(plan_id, person_ids, now)
        return {each.person_id: each for each in found if sections_readable(each, now)}

    async def acting(self, turn: Turn, actor: Participant) -> Participant | None:
        now = self._now()
        if actor.on_behalf_of:
            closed = await self._machines.acting(turn, actor.person_id, actor.plan_id, now)
            return None if closed is None else replace(actor, closed=closed)
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
