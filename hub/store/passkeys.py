"""Passkeys as rows: public keys by which invited people come back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.passkeys import Passkey
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import passkey as table

PASSKEYS_MAX: Final = 20
"""One person keeps no more."""


@dataclass(frozen=True, slots=True)
class KeptPasskey:
    """A passkey as its owner's list shows it."""

    passkey: Passkey
    label: str
    made: datetime
    used: datetime | None


class Passkeys:
    """Passkeys as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, passkey: Passkey, *, label: str = "") -> bool:
        """Add a passkey; False when its credential is known, or the person has ``PASSKEYS_MAX``."""
        connection = connection_of(turn)
        kept = sa.select(sa.func.count()).select_from(table).where(table.c.person == passkey.person_id)
        if ((await connection.scalar(kept)) or 0) >= PASSKEYS_MAX:
            return False
        statement = sa.dialects.postgresql.insert(table).values(
            credential=passkey.credential_id,
            person=passkey.person_id,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            backed_up=passkey.backed_up,
            label=label[:100],
        )
        added = statement.on_conflict_do_nothing().returning(table.c.person)
        return (await connection.execute(added)).first() is not None

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        """Return the passkey of that credential."""
        found = await self._many(table.c.credential == credential_id)
        return found[0].passkey if found else None

    async def of_person(self, person_id: str) -> list[KeptPasskey]:
        """Return the person's passkeys, the oldest first."""
        return await self._many(table.c.person == person_id)

    async def keep_use(self, turn: Turn, passkey: Passkey, now: datetime) -> bool:
        """Keep the count of a passkey just used; False when a use with that count was kept before: a copied key."""
        grown = (table.c.sign_count < passkey.sign_count) | ((table.c.sign_count == 0) & (passkey.sign_count == 0))
        statement = (
            sa.update(table)
            .where((table.c.credential == passkey.credential_id) & grown)
            .values(sign_count=passkey.sign_count, backed_up=passkey.backed_up, used=now)
            .returning(table.c.person)
        )
        return (await connection_of(turn).execute(statement)).first() is not None

    async def remove(self, turn: Turn, person_id: str, credential_id: bytes) -> bool:
        """Forget one of the person's passkeys; False when it is not theirs."""
        theirs = (table.c.credential == credential_id) & (table.c.person == person_id)
        statement = sa.delete(table).where(theirs).returning(table.c.person)
        return (await connection_of(turn).execute(statement)).first() is not None

    async def _many(self, where: sa.ColumnElement[bool]) -> list[KeptPasskey]:
        query = sa.select(table).where(where).order_by(table.c.made).limit(PASSKEYS_MAX)
        async with connected(self._engine) as connection:
            return [_kept(row) for row in await connection.execute(query)]


def _kept(row: sa.Row[tuple[object, ...]]) -> KeptPasskey:
    told = row._mapping
    passkey = Passkey(told["credential"], told["public_key"], told["sign_count"], told["person"], told["backed_up"])
    return KeptPasskey(passkey, told["label"], told["made"], told["used"])
