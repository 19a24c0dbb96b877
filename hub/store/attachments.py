"""Photos and papers as rows: what they show, until it is erased; the plan says who sees them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.store.engine import connected
from hub.store.service_tables import attachment as table
from hub.workflows.attachments import Attached


class Attachments:
    """What was sent. Its methods raise ``JournalAwayError`` where the database can't be reached."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, plan_id: str, person_id: str, attached: Attached, content: bytes) -> None:
        """Keep what a file shows, which no plan names yet."""
        values = {
            "id": attached.key, "plan": plan_id, "person": person_id, "kind": attached.kind.value, "content": content,
            "digest": bytes.fromhex(attached.digest),
        }  # fmt: skip
        async with connected(self._engine) as connection:
            await connection.execute(sa.insert(table).values(values))

    async def drop(self, key: str) -> None:
        """Forget one that no plan names."""
        unnamed = (table.c.id == key) & table.c.named.is_(None)
        async with connected(self._engine) as connection:
            await connection.execute(sa.delete(table).where(unnamed))

    async def named(self, key: str, entry: str, *, hidden: bool, now: datetime) -> None:
        """Note that the plan's entry names it, and whether it hides it."""
        values = {"entry": entry, "named": sa.func.coalesce(table.c.named, now)}
        if hidden:
            values["hidden"] = sa.func.coalesce(table.c.hidden, now)
        async with connected(self._engine) as connection:
            await connection.execute(sa.update(table).where(table.c.id == key).values(values))

    async def content(self, plan_id: str, key: str) -> bytes | None:
        """Return what it shows, ``None`` where it was erased or never there. Who may see it is not asked here."""
        query = sa.select(table.c.content).where(table.c.id == key, table.c.plan == plan_id)
        async with connected(self._engine) as connection:
            found: bytes | None = await connection.scalar(query)
        return found

    async def lately(self, person_id: str, since: datetime) -> int:
        """Return how many somebody has sent since then."""
        query = sa.select(sa.func.count()).select_from(table).where(table.c.person == person_id, table.c.made > since)
        async with connected(self._engine) as connection:
            return int(await connection.scalar(query) or 0)

    async def forget(self, before: datetime) -> None:
        """Forget what was sent before then and is named by no plan."""
        async with connected(self._engine) as connection:
            await connection.execute(sa.delete(table).where(table.c.named.is_(None), table.c.made < before))
