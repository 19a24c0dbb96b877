"""The table of entries beside the journals: compared with them, or made anew from them."""

from hub.live.read_models import renew
from hub.store.engine import open_engine
from hub.store.entries import Entries
from hub.store.journal import PostgresJournal
from hub.store.plans import Plans


async def rebuilt(url: str, plan: str = "", *, mend: bool = True) -> tuple[int, dict[str, int]]:
    """Return how many plans were made anew, and of how many entries each said something else that was thought kept.

    Without ``mend`` they are only compared.
    """
    engine = await open_engine(url)
    journal, rows, wrong, count = PostgresJournal(engine), Entries(engine), dict[str, int](), 0
    try:
        listed = [plan] if plan else await Plans(engine).all_ids()
        while listed:
            kept = await rows.of_plans(listed)
            for each in listed:
                differing = await renew(rows, journal, each, mend=mend)
                if differing and each in kept:
                    wrong[each] = differing
            count += len(listed)
            listed = [] if plan else await Plans(engine).all_ids(after=listed[-1])
    finally:
        await journal.close()
        await engine.dispose()
    return count, wrong
