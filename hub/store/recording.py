"""Rows that commands write: what an operator did to the record, beside a hub that may be serving."""

from collections.abc import Sequence

import asyncpg

from hub.record.appending import append_to_all
from hub.record.journal import Act, JournalAwayError
from hub.store.engine import StoreError, open_engine, ours
from hub.store.journal import PostgresJournal


async def record(url: str, acts: Sequence[Act]) -> None:
    """Append the acts durably to the journals of their plans.

    Raises:
        KeyError: a plan has no journal; nothing was written.
        JournalAwayError: the database can't be reached.
        StoreError: its login may not write the journal, or there is none.
    """
    by_plan: dict[str, list[Act]] = {}
    for act in acts:
        by_plan.setdefault(act.plan, []).append(act)
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    try:
        with ours():
            await append_to_all(journal, by_plan)
    except JournalAwayError as error:
        if not isinstance(error.__cause__, asyncpg.InsufficientPrivilegeError):
            raise
        raise StoreError(
            "The login of DATABASE_URL may not write the journal, and this is not done without its row there. "
            "Use a login that is a member of careplan_app."
        ) from error
    finally:
        await journal.close()
        await engine.dispose()
