"""What serves once and soon: a socket's ticket, a sign-in under way at the provider, a passkey's challenge, a
returning person's code.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.chain import JSON
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import ticket as table

SOCKET_TICKET_LASTS: Final = timedelta(seconds=30)


class Purpose(StrEnum):
    """What a ticket is good for; one of another purpose is not found."""

    SOCKET = "socket"
    SIGN_IN = "sign_in"
    CHALLENGE = "challenge"
    RETURN = "return"
    LAUNCH = "launch"
    LOGOUT = "logout"
    """A provider's logout token that was obeyed."""


class Tickets:
    """Tickets by the hash of their token; ``words`` are ours and never leave the server."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, token_hash: bytes, purpose: Purpose, words: Mapping[str, JSON], *, expires: datetime) -> None:
        """Keep a ticket until it is taken or expires; forget those that expired."""
        async with connected(self._engine) as connection:
            await connection.execute(sa.delete(table).where(table.c.expires < sa.func.clock_timestamp()))
            await connection.execute(
                sa.insert(table).values(token_hash=token_hash, purpose=purpose, words=dict(words), expires=expires)
            )

    async def once(self, turn: Turn, token_hash: bytes, purpose: Purpose, *, expires: datetime) -> bool:
        """Keep a mark until it expires; False where it is kept already: what serves once has served."""
        statement = postgresql.insert(table).values(token_hash=token_hash, purpose=purpose, words={}, expires=expires)
        kept = statement.on_conflict_do_nothing().returning(table.c.token_hash)
        return (await connection_of(turn).execute(kept)).first() is not None

    async def take(self, token_hash: bytes, purpose: Purpose, now: datetime) -> Mapping[str, JSON] | None:
        """Return the ticket's words the first time it is asked for before its end; ``None`` ever after."""
        asked = (table.c.token_hash == token_hash) & (table.c.purpose == purpose)
        statement = sa.delete(table).where(asked).returning(table.c.words, table.c.expires)
        async with connected(self._engine) as connection:
            row = (await connection.execute(statement)).first()
        if row is None or row.expires <= now:
            return None
        words: Mapping[str, JSON] = row.words
        return words
