"""Plans and the patient each is for; what a person's panel needs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.roles import Role
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import head, participant
from hub.store.tables import plan as table

PANEL_PLANS_MAX: Final = 500
"""A panel shows no more; nobody follows more patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A care plan's patient, as the banner names them. What is agreed stands in the sections, not here."""

    plan_id: str
    family: str
    given: str
    born: date
    gender: str = "unknown"
    mrn: str = ""
    language: str = "en"
    phone: str = ""
    steward: str | None = None
    """The person who answers for the plan being kept."""
    patient: str | None = None
    """The patient's own person, where they sign in."""

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True)
class PanelPlan:
    """A plan as one person's panel shows it."""

    plan: Plan
    role: Role
    seq: int
    """The end of the plan's journal."""


class Plans:
    """Plans as rows. A plan's journal is made first (``Journal.create_plan``), then the plan in its first turn."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, plan: Plan) -> None:
        """Add a plan that is not there yet."""
        await connection_of(turn).execute(sa.insert(table).values(_values(plan)))

    async def change(self, turn: Turn, plan: Plan) -> bool:
        """Make the row say what ``plan`` says; False when there is no such plan."""
        changed = sa.update(table).where(table.c.id == plan.plan_id).values(_values(plan))
        return (await connection_of(turn).execute(changed.returning(table.c.id))).first() is not None

    async def get(self, plan_id: str) -> Plan | None:
        """Return the plan of that id."""
        return (await self.among([plan_id])).get(plan_id)

    async def by_number(self, mrn: str) -> Plan | None:
        """Return the plan of the patient with this record number, however it is spaced."""
        plain = sa.func.replace(table.c.mrn, " ", "") == mrn.replace(" ", "")
        query = sa.select(table).where((table.c.mrn != "") & plain).limit(2)
        async with connected(self._engine) as connection:
            found = [_plan(row) for row in await connection.execute(query)]
        return found[0] if len(found) == 1 else None

    async def matching(self, text: str, limit: int) -> list[Plan]:
        """Return plans whose patient's name holds the text, or whose record number or id it is, by name."""
        names = sa.func.lower(table.c.family + ", " + table.c.given + " " + table.c.family)
        number = (table.c.mrn != "") & (sa.func.replace(table.c.mrn, " ", "") == text.replace(" ", ""))
        where = (sa.func.strpos(names, text.lower()) > 0) | number | (table.c.id == text)
        query = sa.select(table).where(where).order_by(table.c.family, table.c.given, table.c.id).limit(limit)
        async with connected(self._engine) as connection:
            return [_plan(row) for row in await connection.execute(query)]

    async def among(self, plan_ids: Sequence[str]) -> dict[str, Plan]:
        """Return the plans of those ids that exist, by id."""
        query = sa.select(table).where(table.c.id.in_(plan_ids)).limit(PANEL_PLANS_MAX)
        async with connected(self._engine) as connection:
            return {row.id: _plan(row) for row in await connection.execute(query)}

    async def all_ids(self, *, after: str = "", limit: int = PANEL_PLANS_MAX) -> list[str]:
        """Return ids of plans in their order, from after one: for jobs that walk all of them."""
        query = sa.select(table.c.id).where(table.c.id > after).order_by(table.c.id).limit(limit)
        async with connected(self._engine) as connection:
            return list(await connection.scalars(query))

    async def panel(self, person_id: str, now: datetime) -> list[PanelPlan]:
        """Return the plans the person is a member of at ``now``, by the patients' names."""
        query = (
            sa.select(table, participant.c.role, head.c.seq)
            .join(participant, participant.c.plan == table.c.id)
            .join(head, head.c.plan == table.c.id)
            .where(participant.c.person == person_id)
            .where(participant.c.removed.is_(None))
            .where(participant.c.since <= now)
            .where(participant.c.ends.is_(None) | (participant.c.ends > now))
            .order_by(table.c.family, table.c.given, table.c.id)
            .limit(PANEL_PLANS_MAX)
        )
        async with connected(self._engine) as connection:
            return [PanelPlan(_plan(row), Role(row.role), row.seq) for row in await connection.execute(query)]


def _values(plan: Plan) -> dict[str, object]:
    values = asdict(plan)
    values["id"] = values.pop("plan_id")
    return values


def _plan(row: sa.Row[tuple[object, ...]]) -> Plan:
    names = ("family", "given", "born", "gender", "mrn", "language", "phone", "steward", "patient")
    return Plan(plan_id=row._mapping["id"], **{name: row._mapping[name] for name in names})
