"""Connections to FHIR servers as rows: the servers, and the patients who are read there for a plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.app_tables import fhir_server as server
from hub.store.app_tables import fhir_source as source
from hub.store.engine import connected, connection_of

SERVERS_MAX: Final = 100
SOURCES_MAX: Final = 50
"""Of one plan, those that ended included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServer:
    """A FHIR server that the hub may read."""

    server_id: str
    name: str
    base: str
    client_id: str
    made_by: str
    made: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """A patient of a server who is read for a plan."""

    source_id: str
    plan: str
    server: KnownServer
    patient: str
    """The patient's id there."""
    hours: int
    made_by: str
    made: datetime
    due: datetime
    ended: datetime | None = None
    since: datetime | None = None
    """Up to when what the server tells is known."""
    came: datetime | None = None
    """When it was read last."""
    brought: int = 0
    """Lines that the last reading brought to be decided on."""
    lacking: str = ""
    """Types that the server does not tell, with spaces between."""
    failed: datetime | None = None
    """Since when it has failed, ``None`` while the last reading went well."""
    fault: str = ""
    """Why it failed last, as a sentence."""

    @property
    def opens(self) -> bool:
        """Whether it goes on being read."""
        return self.ended is None and self.server.ended is None


_SERVER: Final = tuple(each.label(f"server_{each.key}") for each in server.c)


class FhirSources:
    """Servers and sources as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add_server(self, turn: Turn, told: KnownServer) -> None:
        """Register a server."""
        values = {
            "id": told.server_id, "name": told.name, "base": told.base, "client_id": told.client_id,
            "made_by": told.made_by, "made": told.made,
        }  # fmt: skip
        await connection_of(turn).execute(sa.insert(server).values(values))

    async def end_server(self, turn: Turn, server_id: str, now: datetime) -> bool:
        """End a server; False where it has ended or is not there."""
        mine = (server.c.id == server_id) & server.c.ended.is_(None)
        ended = sa.update(server).where(mine).values(ended=now).returning(server.c.id)
        return (await connection_of(turn).execute(ended)).first() is not None

    async def servers(self) -> list[KnownServer]:
        """Return the servers, those that have not ended first."""
        query = sa.select(server).order_by(server.c.ended.nulls_first(), server.c.made.desc()).limit(SERVERS_MAX)
        async with connected(self._engine) as connection:
            return [_server(row._mapping, "") for row in await connection.execute(query)]

    async def add(self, turn: Turn, told: KnownSource) -> None:
        """Add a patient who is to be read for a plan."""
        values = {
            "id": told.source_id, "plan": told.plan, "server": told.server.server_id, "patient": told.patient,
            "hours": told.hours, "made_by": told.made_by, "made": told.made, "due": told.due,
        }  # fmt: skip
        await connection_of(turn).execute(sa.insert(source).values(values))

    async def end(self, turn: Turn, source_id: str, now: datetime) -> bool:
        """End one; False where it has ended or is not there."""
        mine = (source.c.id == source_id) & source.c.ended.is_(None)
        ended = sa.update(source).where(mine).values(ended=now).returning(source.c.id)
        return (await connection_of(turn).execute(ended)).first() is not None

    async def of_plan(self, plan_id: str) -> list[KnownSource]:
        """Return a plan's sources, those that go on first."""
        return await self._sources(source.c.plan == plan_id, SOURCES_MAX)

    async def due(self, now: datetime, limit: int) -> list[KnownSource]:
        """Return sources whose time has come, the longest waiting first."""
        where = source.c.ended.is_(None) & server.c.ended.is_(None) & (source.c.due <= now)
        return await self._sources(where, limit)

    async def _sources(self, where: sa.ColumnElement[bool], limit: int) -> list[KnownSource]:
        query = (
            sa.select(source, *_SERVER)
            .join(server, server.c.id == source.c.server)
            .where(where)
            .order_by(source.c.ended.nulls_first(), source.c.due)
            .limit(limit)
        )
        async with connected(self._engine) as connection:
            return [_source(row._mapping) for row in await connection.execute(query)]

    async def note(self, source_id: str, **told: object) -> None:
        """Keep how a reading went."""
        async with connected(self._engine) as connection:
            await connection.execute(sa.update(source).where(source.c.id == source_id).values(**told))


def _server(row: Mapping[Any, Any], before: str) -> KnownServer:
    names = ("name", "base", "client_id", "made_by", "made", "ended")
    return KnownServer(server_id=row[f"{before}id"], **{name: row[f"{before}{name}"] for name in names})


def _source(row: Mapping[Any, Any]) -> KnownSource:
    names = (
        "plan", "patient", "hours", "made_by", "made", "due", "ended", "since", "came", "brought", "failed", "fault",
        "lacking",
    )  # fmt: skip
    told = {name: row[name] for name in names}
    return KnownSource(source_id=row["id"], server=_server(row, "server_"), **told)
