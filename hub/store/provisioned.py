"""Accounts and groups that an identity provider keeps, as rows: what it said, and the role an administrator gave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.service_tables import scim_account, scim_group

ACCOUNTS_MAX: Final = 5_000
"""Accounts and groups of one organisation that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedAccount:
    """A person as the provider tells of them. ``attributes`` are its words, as they are given back."""

    person_id: str
    organisation: str
    user_name: str
    attributes: Mapping[str, object]
    admitted: bool = False
    created: datetime
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedGroup:
    """A group as the provider tells of it, with the role that an administrator gave it."""

    group_id: str
    organisation: str
    attributes: Mapping[str, object]
    role: str = ""
    created: datetime
    changed: datetime

    @property
    def name(self) -> str:
        """The name that the provider has for it."""
        return str(self.attributes.get("displayName", ""))

    @property
    def members(self) -> frozenset[str]:
        """Ids of the people in it."""
        told = self.attributes.get("members")
        return frozenset(str(each.get("value")) for each in told) if isinstance(told, list) else frozenset()


class Provisioned:
    """Accounts and groups as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def accounts(self, organisation: str) -> list[ProvidedAccount]:
        """Return the accounts of an organisation that are not gone, in the order they came."""
        return await self._accounts(scim_account.c.organisation == organisation)

    async def account(self, organisation: str, person_id: str) -> ProvidedAccount | None:
        """Return one account, ``None`` where it is not there or gone."""
        mine = (scim_account.c.organisation == organisation) & (scim_account.c.person == person_id)
        found = await self._accounts(mine)
        return found[0] if found else None

    async def of_people(self, person_ids: Collection[str]) -> dict[str, ProvidedAccount]:
        """Return the accounts of these people, by person."""
        found = await self._accounts(scim_account.c.person.in_(list(person_ids)))
        return {each.person_id: each for each in found}

    async def keep_account(self, turn: Turn, account: ProvidedAccount) -> None:
        """Make the row say what ``account`` says, also where it was gone."""
        values = {
            "organisation": account.organisation, "user_name": account.user_name, "admitted": account.admitted,
            "attributes": dict(account.attributes), "changed": account.changed, "gone": None,
        }  # fmt: skip
        added = sa.dialects.postgresql.insert(scim_account).values(
            person=account.person_id, created=account.created, **values
        )
        again = added.on_conflict_do_update(index_elements=[scim_account.c.person], set_=values)
        await connection_of(turn).execute(again)

    async def let_go(self, turn: Turn, person_id: str, now: datetime) -> None:
        """Keep that the provider has let the account go; the row stays."""
        gone = sa.update(scim_account).where(scim_account.c.person == person_id).values(gone=now)
        await connection_of(turn).execute(gone)

    async def groups(self, organisation: str) -> list[ProvidedGroup]:
        """Return the groups of an organisation, in the order they came."""
        return await self._groups(scim_group.c.organisation == organisation)

    async def group(self, organisation: str, group_id: str) -> ProvidedGroup | None:
        """Return one group."""
        found = await self._groups((scim_group.c.organisation == organisation) & (scim_group.c.id == group_id))
        return found[0] if found else None

    async def keep_group(self, turn: Turn, group: ProvidedGroup) -> None:
        """Make the row say what ``group`` says."""
        values = {
            "organisation": group.organisation, "attributes": dict(group.attributes), "role": group.role,
            "changed": group.changed,
        }  # fmt: skip
        added = sa.dialects.postgresql.insert(scim_group).values(id=group.group_id, created=group.created, **values)
        await connection_of(turn).execute(added.on_conflict_do_update(index_elements=[scim_group.c.id], set_=values))

    async def end_group(self, turn: Turn, group_id: str) -> None:
        """Take a group away."""
        await connection_of(turn).execute(sa.delete(scim_group).where(scim_group.c.id == group_id))

    async def _accounts(self, where: sa.ColumnElement[bool]) -> list[ProvidedAccount]:
        query = sa.select(scim_account).where(where & scim_account.c.gone.is_(None))
        ordered = query.order_by(scim_account.c.created, scim_account.c.person).limit(ACCOUNTS_MAX)
        async with connected(self._engine) as connection:
            rows: Sequence[sa.Row[tuple[object, ...]]] = (await connection.execute(ordered)).all()
        return [
            ProvidedAccount(
                person_id=row.person, organisation=row.organisation, user_name=row.user_name, admitted=row.admitted,
                attributes=row.attributes, created=row.created, changed=row.changed,
            )
            for row in rows
        ]  # fmt: skip

    async def _groups(self, where: sa.ColumnElement[bool]) -> list[ProvidedGroup]:
        query = sa.select(scim_group).where(where).order_by(scim_group.c.created, scim_group.c.id).limit(ACCOUNTS_MAX)
        async with connected(self._engine) as connection:
            return [
                ProvidedGroup(group_id=row.id, organisation=row.organisation, attributes=row.attributes, role=row.role,
                              created=row.created, changed=row.changed)
                for row in await connection.execute(query)
            ]  # fmt: skip
