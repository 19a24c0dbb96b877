"""Snapshots: caches of what the journal's rows give, kept so that a section opens without its whole past.

What is kept is folded from the journal, not taken from the live document; that one is only compared with it
(``hub.record.folding``). Both happen behind a commit that nobody waits for any more, on another thread, once in
``SNAPSHOT_EDITS_MAX`` edits of a section.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from hub.live.lines import CloseCode
from hub.live.rooms import Room
from hub.process import measures
from hub.record.folding import folded, is_same
from hub.record.journal import Journal, JournalAwayError, Snapshot

_log = logging.getLogger("hub.live")


class Snapshots:
    """Keeps snapshots of one process' sections, and ends rooms whose document is not what its journal says."""

    def __init__(self, journal: Journal, rooms: Mapping[str, Room], drop: Callable[[Room, int, str], None]) -> None:
        self._journal = journal
        self._rooms = rooms
        self._drop = drop

    async def keep(self, plan_id: str, held: Sequence[Snapshot]) -> None:
        """Keep what the rows give, where that is what the sections held between two batches."""
        try:
            for each in held:
                await self._keep(plan_id, each)
        except JournalAwayError:
            return  # A snapshot is a cache: the next one comes with the next edits.

    async def _keep(self, plan_id: str, held: Snapshot) -> None:
        base = (await self._journal.snapshots(plan_id, [held.section])).get(held.section)
        if base is not None and base.seq >= held.seq:
            return
        given, same = await self._compared(plan_id, held, base)
        if not same and base is not None:
            given, same = await self._compared(plan_id, held, None)  # The base may be what is wrong.
            _log.error("a snapshot was not what its rows give", extra={"plan": plan_id, "section": held.section})
            measures.SNAPSHOTS_WRONG.inc()
            await self._journal.drop_snapshot(plan_id, base)
        if not same:
            _log.error("a live section is not what its rows give", extra={"plan": plan_id, "section": held.section})
            measures.SECTIONS_WRONG.inc()
        await self._journal.keep_snapshot(plan_id, given)
        if not same and (room := self._rooms.get(plan_id)) is not None:
            async with room.turns.held():
                if not room.ended:
                    self._drop(room, CloseCode.BUSY, "the plan is loaded anew")

    async def _compared(self, plan_id: str, held: Snapshot, base: Snapshot | None) -> tuple[Snapshot, bool]:
        """Return what the rows give behind ``base``, and whether the section held the same."""
        after = base.seq if base is not None else 0
        steps = await self._journal.steps(plan_id, [held.section], after=after, upto=held.seq)

        def compare() -> tuple[Snapshot, bool]:
            given = folded(held.section, base, steps, held.seq)
            return given, is_same(given, held)

        return await asyncio.to_thread(compare)
