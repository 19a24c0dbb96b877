"""Rows for plans that nobody has open: all of them in one transaction, and again behind rows of others."""

from collections.abc import Mapping, Sequence
from typing import Final

from hub.record.journal import Act, Batch, Journal, JournalAwayError
from hub.record.submissions import changes, under_way

APPENDS_MAX: Final = 20
"""How often a row is tried behind rows of others."""


async def append_to_all(journal: Journal, acts: Mapping[str, Sequence[Act]]) -> list[tuple[str, int]]:
    """Append each plan's acts durably; return the plans with the number of their last row.

    What a form brought and must not be done twice goes in a turn, which keeps the form.

    Raises:
        KeyError: a plan has no journal; nothing was written.
        JournalAwayError: the journal can't be reached, or a plan is too busy; some rows may be written.
        RepeatedError: the form was taken already.
    """
    waiting = dict(acts)
    done: list[tuple[str, int]] = []
    if under_way() is not None:
        for plan, part in acts.items():
            if changes(part):
                async with journal.exclusively(plan) as turn:
                    done.append((plan, (await turn.append(waiting.pop(plan))).seq))
    for _ in range(APPENDS_MAX):
        if not waiting:
            return done
        heads = await journal.heads(list(waiting))
        batches = [Batch(plan, heads[plan], tuple(part)) for plan, part in waiting.items()]
        for plan, head in (await journal.append(batches)).items():
            done.append((plan, head.seq))
            del waiting[plan]
    if waiting:
        raise JournalAwayError("the plan's journal is busy")
    return done
