"""Plans offered to another steward, as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.service_tables import transfer as table

OFFERS_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOffer:
    """A plan offered to a steward, who may be of another organisation."""

    offer_id: str
    plan_id: str
    steward: str
    organisation: str
    offered_by: str
    reason: str
    offered: datetime


class Transfers:
    """Offers as rows; at most one of a plan is open."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, offer: PlanOffer) -> None:
        """Add an open offer."""
        values = {
            "id": offer.offer_id, "plan": offer.plan_id, "steward": offer.steward, "reason": offer.reason,
            "organisation": offer.organisation, "offered_by": offer.offered_by, "offered": offer.offered,
        }  # fmt: skip
        await connection_of(turn).execute(sa.insert(table).values(values))

    async def answer(self, turn: Turn, offer_id: str, now: datetime, *, accepted: bool, words: str) -> bool:
        """Answer an open offer; False where it was answered or withdrawn."""
        mine = (table.c.id == offer_id) & table.c.answered.is_(None)
        answered = sa.update(table).where(mine).values(answered=now, accepted=accepted, answer=words)
        return (await connection_of(turn).execute(answered.returning(table.c.id))).first() is not None

    async def of_plan(self, plan_id: str) -> PlanOffer | None:
        """Return the open offer of a plan."""
        found = await self._open(table.c.plan == plan_id)
        return found[0] if found else None

    async def to_person(self, person_id: str) -> list[PlanOffer]:
        """Return the open offers that wait for somebody's answer, the oldest first."""
        return await self._open(table.c.steward == person_id)

    async def _open(self, where: sa.ColumnElement[bool]) -> list[PlanOffer]:
        query = sa.select(table).where(where & table.c.answered.is_(None)).order_by(table.c.offered).limit(OFFERS_MAX)
        async with connected(self._engine) as connection:
            return [
                PlanOffer(offer_id=row.id, plan_id=row.plan, steward=row.steward, organisation=row.organisation,
                          offered_by=row.offered_by, reason=row.reason, offered=row.offered)
                for row in await connection.execute(query)
            ]  # fmt: skip
