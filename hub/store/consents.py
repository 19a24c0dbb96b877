"""Consents as recorded: rows are added, never changed; the latest of a person and section counts."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.consents import Consent, How
from auth.roles import Narrowing
from crdt.sections import Section
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import consent as table

CONSENTS_LISTED_MAX: Final = 1_000


class Consents:
    """What the patient agreed to, as rows; ``Participants.load`` brings those that count."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def record(self, turn: Turn, consent: Consent) -> None:
        """Add a consent, or the taking back of one."""
        narrowing = consent.narrowing
        await connection_of(turn).execute(
            sa.insert(table).values(
                plan=consent.plan_id,
                person=consent.person_id,
                section=consent.section,
                recorded=consent.recorded,
                access=None if narrowing is None else narrowing.access,
                ends=None if narrowing is None else narrowing.ends,
                agreed_by=consent.agreed_by,
                recorded_by=consent.recorded_by,
                how=consent.how,
                text_version=consent.text_version,
            )
        )

    async def latest(self, plan_id: str) -> list[Consent]:
        """Return the latest consent of each person and section of the plan, those taken back included."""
        query = (
            sa.select(table)
            .where(table.c.plan == plan_id)
            .ext(distinct_on(table.c.person, table.c.section))
            .order_by(table.c.person, table.c.section, table.c.recorded.desc())
        )
        return await self._many(query)

    async def history(self, plan_id: str) -> list[Consent]:
        """Return all consents of the plan, the newest first."""
        return await self._many(
            sa.select(table).where(table.c.plan == plan_id).order_by(table.c.recorded.desc(), table.c.section)
        )

    async def _many(self, query: "sa.Select[tuple[object, ...]]") -> list[Consent]:
        async with connected(self._engine) as connection:
            return [_consent(row) for row in await connection.execute(query.limit(CONSENTS_LISTED_MAX))]


def _consent(row: sa.Row[tuple[object, ...]]) -> Consent:
    told = row._mapping
    return Consent(
        plan_id=told["plan"],
        person_id=told["person"],
        section=Section(told["section"]),
        narrowing=None if told["access"] is None else Narrowing(told["access"], told["ends"]),
        agreed_by=told["agreed_by"],
        recorded_by=told["recorded_by"],
        how=How(told["how"]),
        text_version=told["text_version"],
        recorded=told["recorded"],
    )
