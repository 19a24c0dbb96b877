"""Snapshots: caches of what the journal's rows give, kept so that a section opens without its whole past."""

from collections.abc import Sequence

from hub.record.journal import Journal, JournalAwayError, Snapshot


class Snapshots:
    """Keeps snapshots of one process' sections."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def keep(self, plan_id: str, snapshots: Sequence[Snapshot]) -> None:
        """Keep what sections held between two batches."""
        for snapshot in snapshots:
            try:
                await self._journal.keep_snapshot(plan_id, snapshot)
            except JournalAwayError:
                return  # A snapshot is a cache: the next one comes with the next edits.
