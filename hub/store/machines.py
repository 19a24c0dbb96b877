"""Credentials of machines as rows: found by the hash of their token, never by the token, which is kept nowhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.service_tables import machine as table
from hub.store.service_tables import machine_access as access
from hub.store.service_tables import machine_assertion as assertion
from hub.store.tables import plan

MACHINES_MAX: Final = 200
_FIRST_OPEN: Final = (table.c.revoked.nulls_first(), table.c.made.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMachine:
    """A machine that may call one door of the hub."""

    machine_id: str
    name: str
    purpose: str
    """The door that its token opens, as in ``scim``."""
    organisation: str
    scope: Sequence[str] = ()
    role: str = ""
    """Whose sight of plans it has, where its door is one to plans."""
    plan: str | None = None
    """The plan of the one patient whose device it is."""
    measures: Sequence[str] = ()
    """With ``plan``: the measures of that plan of which it sends readings."""
    keys: Mapping[str, object] | None = None
    """A JWK Set of its public keys, where it signs instead of having a token."""
    requests_a_minute: int = 1_200
    made_by: str
    made: datetime
    ends: datetime
    revoked: datetime | None = None
    used: datetime | None = None

    def opens(self, now: datetime) -> bool:
        """Return whether the token still opens its door."""
        return self.revoked is None and self.ends > now


class Machines:
    """Machines as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, machine: KnownMachine, token_hash: bytes | None) -> None:
        """Add one with the hash of its token, or with its keys."""
        values = {
            "id": machine.machine_id, "name": machine.name, "purpose": machine.purpose, "token_hash": token_hash,
            "organisation": machine.organisation, "scope": list(machine.scope), "made_by": machine.made_by,
            "requests_a_minute": machine.requests_a_minute, "made": machine.made, "ends": machine.ends,
            "role": machine.role, "keys": None if machine.keys is None else dict(machine.keys),
            "plan": machine.plan, "measures": list(machine.measures),
        }  # fmt: skip
        await connection_of(turn).execute(sa.insert(table).values(values))

    async def revoke(self, turn: Turn, machine_id: str, now: datetime) -> bool:
        """End one; False where it has ended or is not there."""
        mine = (table.c.id == machine_id) & table.c.revoked.is_(None)
        ended = sa.update(table).where(mine).values(revoked=now).returning(table.c.id)
        return (await connection_of(turn).execute(ended)).first() is not None

    async def by_token(self, token_hash: bytes, now: datetime) -> KnownMachine | None:
        """Return whose token that is, whether it still opens anything or not.

        For a token that a machine got for its key, and that has not ended, the machine with the token's scopes.
        """
        query = (
            sa.select(table, access.c.scope.label("granted"))
            .outerjoin(access, (access.c.machine == table.c.id) & (access.c.token_hash == token_hash))
            .where((table.c.token_hash == token_hash) | ((access.c.token_hash == token_hash) & (access.c.ends > now)))
        )
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        values = {name: value for name, value in row._mapping.items() if name != "granted"}
        found = _machine(values)
        return found if row.granted is None else replace(found, scope=row.granted)

    async def get(self, machine_id: str) -> KnownMachine | None:
        """Return the machine of that id."""
        async with connected(self._engine) as connection:
            row = (await connection.execute(sa.select(table).where(table.c.id == machine_id))).first()
        return None if row is None else _machine(dict(row._mapping))

    async def names(self, machine_ids: Collection[str]) -> dict[str, str]:
        """Return the names of those of these ids that are machines."""
        query = sa.select(table.c.id, table.c.name).where(table.c.id.in_(list(machine_ids)))
        async with connected(self._engine) as connection:
            return {row.id: row.name for row in await connection.execute(query)}

    async def writers(self, plan_id: str) -> dict[str, str]:
        """Return the names of the machines that may have written to this plan, those that ended included."""
        mine = table.c.plan.is_(None) & (table.c.purpose == "fhir") | (table.c.plan == plan_id)
        async with connected(self._engine) as connection:
            query = sa.select(table.c.id, table.c.name, table.c.plan).where(mine).limit(MACHINES_MAX * 2)
            return {
                row.id: f"{row.name}, connected system" if row.plan is None else row.name
                for row in await connection.execute(query)
            }

    async def use_assertion(self, turn: Turn, machine_id: str, jti_hash: bytes, ends: datetime, now: datetime) -> bool:
        """Keep that an assertion was used, until it ends; False where it was used before."""
        connection = connection_of(turn)
        await connection.execute(sa.delete(assertion).where(assertion.c.ends < now))
        added = sa.dialects.postgresql.insert(assertion).values(machine=machine_id, jti_hash=jti_hash, ends=ends)
        new = added.on_conflict_do_nothing().returning(assertion.c.machine)
        return (await connection.execute(new)).first() is not None

    async def keep_access(
        self, turn: Turn, token_hash: bytes, machine_id: str, scopes: Sequence[str], ends: datetime
    ) -> None:
        """Keep a short-lived token by its hash; those that ended are forgotten."""
        connection = connection_of(turn)
        await connection.execute(sa.delete(access).where(access.c.ends < sa.func.clock_timestamp()))
        values = {"token_hash": token_hash, "machine": machine_id, "scope": list(scopes), "ends": ends}
        await connection.execute(sa.insert(access).values(values))

    async def used(self, machine_id: str, now: datetime) -> None:
        """Keep when it was used last, to the minute."""
        since = table.c.used.is_(None) | (table.c.used < now - sa.func.make_interval(0, 0, 0, 0, 0, 1))
        mine = sa.update(table).where((table.c.id == machine_id) & since).values(used=now)
        async with connected(self._engine) as connection:
            await connection.execute(mine)

    async def of_plan(self, plan_id: str) -> list[KnownMachine]:
        """Return the devices of a plan, those that still open something first."""
        query = sa.select(table).where(table.c.plan == plan_id).order_by(*_FIRST_OPEN).limit(MACHINES_MAX)
        async with connected(self._engine) as connection:
            return [_machine(dict(row._mapping)) for row in await connection.execute(query)]

    async def acting(self, turn: Turn, machine_id: str, plan_id: str, now: datetime) -> bool | None:
        """Return whether the plan is closed, as this turn sees it; ``None`` where the machine has no part in it now.

        It has one while its credentials are neither ended nor past, in the plans at home in its organisation that are
        not in the archive; a device in its own plan alone.
        """
        query = (
            sa.select(plan.c.closed)
            .join(table, table.c.organisation == plan.c.organisation)
            .where(plan.c.id == plan_id, plan.c.archived.is_(None), table.c.id == machine_id)
            .where(table.c.revoked.is_(None), table.c.ends > now, table.c.plan.is_(None) | (table.c.plan == plan.c.id))
        )
        row = (await connection_of(turn).execute(query)).first()
        return None if row is None else row.closed is not None

    async def all(self) -> list[KnownMachine]:
        """Return all but the devices of plans, those that still open something first."""
        query = sa.select(table).where(table.c.plan.is_(None)).order_by(*_FIRST_OPEN).limit(MACHINES_MAX)
        async with connected(self._engine) as connection:
            return [_machine(dict(row._mapping)) for row in await connection.execute(query)]


def _machine(row: Mapping[Any, Any]) -> KnownMachine:
    values: dict[str, object] = {str(name): value for name, value in row.items() if name not in ("id", "token_hash")}
    return KnownMachine(machine_id=str(row["id"]), **values)  # type: ignore[arg-type]
