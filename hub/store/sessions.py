"""Sessions as rows: what a cookie's token stands for, found by the token's hash."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.sessions import FAMILY_IDLE_MAX, SESSION_AGE_MAX, STAFF_IDLE_MAX, Idle, Session, is_live
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import session as table

SESSIONS_LISTED_MAX: Final = 100

_DOUBTFUL: Final = sa.text("""
select asked.id from unnest(cast(:asked as text[])) as asked(id) left join session on session.id = asked.id
 where session.id is null or session.ended is not null or session.active <= :idle or session.began <= :aged
""")


class Sessions:
    """Sessions as rows; whether one is live is for ``auth.sessions`` to say."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, session: Session, *, address_hash: bytes | None = None, agent: str = "") -> None:
        """Add a session just begun."""
        values = asdict(session)
        values["id"], values["person"] = values.pop("session_id"), values.pop("person_id")
        await connection_of(turn).execute(
            sa.insert(table).values(**values, address_hash=address_hash, agent=agent[:200])
        )

    async def by_token(self, token_hash: bytes) -> Session | None:
        """Return the session of that token, live or not."""
        found = await self._many(table.c.token_hash == token_hash)
        return found[0] if found else None

    async def get(self, session_id: str) -> Session | None:
        """Return the session, live or not."""
        found = await self._many(table.c.id == session_id)
        return found[0] if found else None

    async def of_person(self, person_id: str, now: datetime) -> list[Session]:
        """Return the person's live sessions, the newest first."""
        recent = (table.c.person == person_id) & table.c.ended.is_(None) & (table.c.began > now - SESSION_AGE_MAX)
        return [each for each in await self._many(recent) if is_live(each, now)]

    async def over_among(self, session_ids: Collection[str], now: datetime) -> frozenset[str]:
        """Return those of the sessions that no longer carry their person: for the poll of live sockets.

        Postgres leaves out whose time can't be up, so that a thousand open sockets cost one look at a list of ids.
        """
        values = {
            "asked": list(session_ids),
            "idle": now - min(STAFF_IDLE_MAX, FAMILY_IDLE_MAX),
            "aged": now - SESSION_AGE_MAX,
        }
        async with connected(self._engine) as connection:
            doubtful = list(await connection.scalars(_DOUBTFUL, values))
        return frozenset(doubtful).difference(await self.live_among(doubtful, now)) if doubtful else frozenset()

    async def live_among(self, session_ids: Sequence[str], now: datetime) -> dict[str, Session]:
        """Return those of the sessions that still carry their person, by id."""
        asked = (table.c.id.in_(session_ids)) & table.c.ended.is_(None)
        found = await self._many(asked, limit=len(session_ids))
        return {each.session_id: each for each in found if is_live(each, now)}

    async def carries(self, turn: Turn, session_id: str, now: datetime) -> bool:
        """Return whether the session still carries its person, as this turn sees it."""
        row = (await connection_of(turn).execute(sa.select(table).where(table.c.id == session_id))).first()
        return row is not None and is_live(_session(row), now)

    async def keep_activity(self, session_id: str, active: datetime) -> None:
        """Keep when something was last done; never runs back, never revives."""
        statement = (
            sa.update(table)
            .where((table.c.id == session_id) & table.c.ended.is_(None) & (table.c.active < active))
            .values(active=active)
        )
        async with connected(self._engine) as connection:
            await connection.execute(statement)

    async def end(self, turn: Turn, session_id: str, now: datetime) -> bool:
        """End one session; False when it had ended."""
        return bool(await self._end(turn, table.c.id == session_id, now))

    async def end_of_person(self, turn: Turn, person_id: str, now: datetime, *, but: str = "") -> list[str]:
        """End all of a person's sessions save one; return the ids of those ended."""
        return await self._end(turn, (table.c.person == person_id) & (table.c.id != but), now)

    async def end_of_provider(self, turn: Turn, provider_sid: str, now: datetime) -> list[str]:
        """End what a provider's back-channel logout names; return the ids of those ended."""
        assert provider_sid, "an empty sid would name every session without one"
        return await self._end(turn, table.c.provider_sid == provider_sid, now)

    async def _end(self, turn: Turn, which: sa.ColumnElement[bool], now: datetime) -> list[str]:
        statement = sa.update(table).where(which & table.c.ended.is_(None)).values(ended=now).returning(table.c.id)
        return list(await connection_of(turn).scalars(statement))

    async def _many(self, where: sa.ColumnElement[bool], *, limit: int = SESSIONS_LISTED_MAX) -> list[Session]:
        query = sa.select(table).where(where).order_by(table.c.began.desc()).limit(limit)
        async with connected(self._engine) as connection:
            return [_session(row) for row in await connection.execute(query)]


def _session(row: sa.Row[tuple[object, ...]]) -> Session:
    values = dict(row._mapping)
    del values["address_hash"], values["agent"]
    return Session(session_id=values.pop("id"), person_id=values.pop("person"), idle=Idle(values.pop("idle")), **values)
