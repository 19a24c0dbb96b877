"""Failed tries to sign in, told in the journal without letting strangers fill what nobody may delete.

The first failure of a kind is a row at once. Those of the minute after it are counted, by reason, and become one row
when the minute has passed: at most two rows a minute of one kind in one process, however many try. A crash loses the
counts of that minute, never the first row.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hub.access.changes import AccessChanges
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action

WINDOW: Final = timedelta(minutes=1)

REASONS_MAX: Final = 20
"""Codes of ours told apart in one row; any further counts as ``other``."""

KINDS_MAX: Final = 20
"""Ways of trying; they are named in the code, never by who tries."""


@dataclass(slots=True)
class _Window:
    began: datetime
    counts: Counter[str] = field(default_factory=Counter)


class Refusals:
    """Counts the failures of strangers by kind and writes them down, the first one at once."""

    def __init__(self, changes: AccessChanges, now: Callable[[], datetime]) -> None:
        self._changes = changes
        self._now = now
        self._windows: dict[str, _Window] = {}

    async def refused(self, how: str, reason: str) -> None:
        """Take note of one failure.

        Raises:
            JournalAwayError: it can't be written down.
        """
        now = self._now()
        window = self._windows.get(how)
        if window is not None and now < window.began + WINDOW:
            known = reason in window.counts or len(window.counts) < REASONS_MAX
            window.counts[reason if known else "other"] += 1
            return
        assert window is not None or len(self._windows) < KINDS_MAX, "kinds are named in the code"
        self._windows[how] = _Window(now)
        await self._write([_row(how, reason), *_summed(how, window)])

    async def tell(self, *, all_of_them: bool = False) -> None:
        """Write down what was counted in minutes that have passed, or all of it, as before the hub ends.

        Raises:
            JournalAwayError: it can't be written down; it stays counted.
        """
        now = self._now()
        due = {how: it for how, it in self._windows.items() if all_of_them or now >= it.began + WINDOW}
        rows = [row for how, window in due.items() for row in _summed(how, window)]
        if rows:
            await self._write(rows)
        for how, window in due.items():
            if self._windows.get(how) is window:
                del self._windows[how]

    async def _write(self, acts: list[Act]) -> None:
        async with self._changes.of_sessions() as changing:
            await changing.turn.append(acts)


def _row(how: str, reason: str, words: Mapping[str, JSON] | None = None) -> Act:
    event = f"sign-in.{how}"
    return Act(plan=HUB, actor="", action=Action.REFUSE, event=event, outcome="refused", reason=reason, words=words)


def _summed(how: str, window: _Window | None) -> list[Act]:
    """Return the row of the failures after the first one of a window, none where there were none."""
    if window is None or not window.counts:
        return []
    words: dict[str, JSON] = {
        "times": window.counts.total(),
        "reasons": dict(sorted(window.counts.items())),
        "since": window.began.isoformat(),
    }
    return [_row(how, "several", words)]
