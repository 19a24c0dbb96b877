"""EHRs from which the hub is launched, as rows."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.app_tables import ehr as table
from hub.store.engine import connected, connection_of

EHRS_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEhr:
    """An EHR in which a button opens the hub."""

    ehr_id: str
    name: str
    issuer: str
    """The address of its FHIR server, without a slash at the end."""
    client_id: str
    """How the hub is known there."""
    made_by: str
    made: datetime
    ended: datetime | None = None


class Ehrs:
    """EHRs as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, ehr: KnownEhr) -> bool:
        """Add one; False where its issuer is registered already."""
        values = asdict(ehr)
        values["id"] = values.pop("ehr_id")
        added = postgresql.insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)
        return (await connection_of(turn).execute(added)).first() is not None

    async def end(self, turn: Turn, ehr_id: str, now: datetime) -> bool:
        """End one; False where it has ended or is not there."""
        mine = (table.c.id == ehr_id) & table.c.ended.is_(None)
        ended = sa.update(table).where(mine).values(ended=now).returning(table.c.id)
        return (await connection_of(turn).execute(ended)).first() is not None

    async def by_issuer(self, issuer: str) -> KnownEhr | None:
        """Return the EHR of that address that has not ended."""
        found = await self._many((table.c.issuer == issuer) & table.c.ended.is_(None))
        return found[0] if found else None

    async def all(self) -> list[KnownEhr]:
        """Return all, those that have not ended first."""
        return await self._many(sa.true())

    async def _many(self, where: sa.ColumnElement[bool]) -> list[KnownEhr]:
        query = sa.select(table).where(where).order_by(table.c.ended.nulls_first(), table.c.made.desc()).limit(EHRS_MAX)
        async with connected(self._engine) as connection:
            rows = [dict(row._mapping) for row in await connection.execute(query)]
        return [KnownEhr(ehr_id=row.pop("id"), **row) for row in rows]
