"""The group commit: in one beat all rooms that have something are gathered, committed by one statement, then told.

The beat is adaptive: at once while a room is quiet, up to ``BEAT_SECONDS_MAX`` apart where telling everyone takes long,
so that the busier a room is the more of its edits share one row, one commit and one message.

A batch, once gathered, is the room's until its outcome is known. Where the journal is away or the answer is lost it is
sent again, unchanged, for the head it was made for: the head decides. If the head has moved on, either the batch had
landed after all (its rows are there, recognised one by one), or others were first: their rows are taken in and the
batch goes behind them, judged again where it must be (``hub.live.overtaking``). So nothing is appended twice and
nothing is called saved that is not (invariant 2).
"""

import asyncio
import heapq
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from crdt.intakes import Effort
from hub.live import notices
from hub.live.batches import Work
from hub.live.entry_states import states_touched
from hub.live.intakes import EFFORT_STEPS_MAX
from hub.live.lines import CloseCode
from hub.live.open_sections import SNAPSHOT_EDITS_MAX
from hub.live.overtaking import give_way
from hub.live.rooms import Room
from hub.process import measures
from hub.process.clocks import Clock
from hub.record.journal import (
    Batch,
    Head,
    Journal,
    JournalAwayError,
    JournalRefusedError,
    Row,
    Snapshot,
    is_row_of,
)

BEAT_SECONDS_MAX: Final = 0.025
"""The longest a busy room waits from beat to beat."""

BEAT_LOAD: Final = 2.0
"""A room rests as long as telling took, times this and up to ``BEAT_SECONDS_MAX``: a third of a core tells the fullest
room, until the longest rest is too short for that."""

TIMER_SECONDS: Final = 0.001
"""The loop's timers are no finer: what is due sooner is due now, else the loop would go round until it is."""

COMMIT_SECONDS_MAX: Final = 3.0
"""After that a commit counts as of unknown outcome."""

RETRY_SECONDS_MIN: Final = 0.1
RETRY_SECONDS_MAX: Final = 2.0
ATTEMPTS_MAX: Final = 8
"""How often in one beat a batch goes behind rows of other processes before it waits for the next."""

AWAY_SECONDS_MAX: Final = 60.0
"""A room whose batch has waited that long ends: its sockets close, the pages keep what is not saved."""

_log = logging.getLogger("hub.live")


@dataclass(slots=True)
class Pending:
    """A batch whose outcome is not known yet; its room's turn is held."""

    room: Room
    work: Work
    since: float
    judged: float
    """The seconds that gathering it took."""

    def batch(self) -> Batch:
        """Return what to append, with how everything stands that it changes: the documents hold just that by now."""
        touched = [(run.section, each) for run in self.work.runs for each in run.touched]
        touched += [(kept.section, each) for kept in self.work.kept for each in kept.accepted.touched]
        states = states_touched(self.room.sections, touched)
        return Batch(self.room.plan_id, self.room.head, self.work.acts, states)


class Committer:
    """Beats. ``run`` is its one task; a test calls ``beat`` instead."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        *,
        committed: Callable[[Sequence[tuple[str, int]]], None],
        prepare: Callable[[Room], None],
        trouble: Callable[[bool], None],
        dropped: Callable[[Room], None],
        keep: Callable[[str, Sequence[Snapshot]], None],
        reassess: Callable[[str], Awaitable[None]],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._committed = committed
        self._prepare = prepare
        self._trouble = trouble
        self._dropped = dropped
        self._keep = keep
        self._reassess = reassess
        self._dirty: dict[Room, None] = {}
        self._soft_due: dict[Room, float] = {}
        """When to look again at rooms that have notices or presence to send."""
        self._soft_queue: list[tuple[float, int, Room]] = []
        self._soft_count = 0
        self._pending: dict[Room, Pending] = {}
        self._beats: list[float] = []
        """What this beat took each of its rooms, to be counted at its end."""
        self._wake = asyncio.Event()
        self._retry_seconds = 0.0
        self._retry_at = 0.0
        self.away = False
        """The last attempt to commit failed."""

    def mark(self, room: Room) -> None:
        """Note that a room has something for the next beat."""
        self._dirty[room] = None
        self._wake.set()

    @property
    def settled(self) -> bool:
        """Nothing waits to be committed."""
        return not self._pending and not any(room.waiting or room.lacking for room in self._dirty)

    async def run(self) -> None:
        """Beat for ever, whenever something is due."""
        while True:
            self._wake.clear()
            pause = await self.beat()
            if self._wake.is_set() or pause == 0:
                await asyncio.sleep(0)  # Something was marked meanwhile; let sockets be read first.
            elif pause is None:
                await self._wake.wait()
            else:
                await self._rest(max(pause, TIMER_SECONDS))

    async def _rest(self, seconds: float) -> None:
        handle = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            handle.cancel()

    async def beat(self) -> float | None:
        """Gather, commit and tell once; return the seconds until the next beat, ``None`` for not before a mark."""
        now = self._clock.seconds()
        if not self.away:
            self._flush(now)
            self._gather(now)
        if self._pending and now >= self._retry_at:
            await self._commit(list(self._pending.values()))
        for seconds in self._beats:
            measures.BEAT_SECONDS.observe(seconds)
        self._beats.clear()
        return self._pause()

    def _pause(self) -> float | None:
        now = self._clock.seconds()
        due = [self._retry_at] if self._pending else []
        if not self.away:
            due += [when for when, _, _ in self._soft_queue[:1]]
            due += [room.next_beat - TIMER_SECONDS for room in self._dirty if room.waiting and room.turns.free]
        return max(0.0, min(due) - now) if due else None

    def _flush(self, now: float) -> None:
        for room in list(self._dirty):
            if room.ended:
                del self._dirty[room]
                continue
            self._flush_soft(room, now)
            if room.lacking and room not in self._pending:
                self._prepare(room)
        while self._soft_queue and self._soft_queue[0][0] <= now:
            due, _, room = heapq.heappop(self._soft_queue)
            if self._soft_due.get(room) == due:
                del self._soft_due[room]
                if not room.ended:
                    self._flush_soft(room, now)

    def _flush_soft(self, room: Room, now: float) -> None:
        """Send what is due of notices and presence, and note when to look at the room again."""
        due = notices.soft_due(room)
        if due is not None and due <= now:
            notices.flush_soft(room, now)
            due = notices.soft_due(room)
        if due is not None and due < self._soft_due.get(room, math.inf):
            self._soft_due[room] = due
            self._soft_count += 1
            heapq.heappush(self._soft_queue, (due, self._soft_count, room))

    def _gather(self, now: float) -> None:
        effort = Effort(EFFORT_STEPS_MAX)
        for room in list(self._dirty):
            if not room.waiting:
                if not room.lacking:
                    del self._dirty[room]
                continue
            if now < room.next_beat - TIMER_SECONDS or not room.turns.take_if_free():
                continue
            started = self._clock.seconds()
            work = self._gathered(room, effort)
            if work is None:
                continue
            if work.acts:
                self._pending[room] = Pending(room, work, now, self._clock.seconds() - started)
            else:
                room.finish(work, room.head)
                room.turns.give_back()
                self._pace(room, started)

    def _gathered(self, room: Room, effort: Effort) -> Work | None:
        """Return the room's batch, or end the room where its documents failed: its state is in the journal.

        A panic of pycrdt is no ``Exception``. Whoever sent what was being judged is not asked to come back.
        """
        try:
            return room.gather(effort)
        except BaseException as error:  # A room's boundary: what fails in one ends it, and no other room's beat.
            if not self._failed(room, error):
                raise
            return None

    def _failed(self, room: Room, error: BaseException) -> bool:
        """End the room where the error is one of its documents; return whether it is."""
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            return False
        _log.error("a document failed", exc_info=error, extra={"plan": room.plan_id})
        if room.judging is not None:
            room.dismiss(room.judging, CloseCode.BAD_FRAME, "the change could not be read")
        self._end_pending(room, CloseCode.BUSY, "the plan is loaded anew")
        return True

    async def _commit(self, pending: Sequence[Pending]) -> None:
        landed: list[tuple[str, int]] = []
        attempts = 0
        left = list(pending)
        while left and attempts < ATTEMPTS_MAX:
            attempts += 1
            began = self._clock.seconds()
            try:
                async with asyncio.timeout(COMMIT_SECONDS_MAX):
                    heads = await self._journal.append([each.batch() for each in left])
                    behind = [each for each in left if each.room.plan_id not in heads]
                    moved = [await self._journal.since(each.room.plan_id, each.room.head.seq) for each in behind]
            except (JournalAwayError, TimeoutError):
                measures.COMMIT_FAILURES.inc()
                self._postpone()
                break
            except JournalRefusedError:
                measures.COMMIT_FAILURES.inc()
                await self._commit_apart(left)
                break
            took, rows_in_all = self._clock.seconds() - began, sum(len(each.work.acts) for each in left)
            self._resume()
            for each in left:
                if each.room.plan_id in heads:
                    landed.append(self._landed(each, heads[each.room.plan_id]))
            await asyncio.sleep(0)  # What was told goes out now: somebody waits for that, and for nothing below.
            measures.COMMIT_SECONDS.observe(took)
            measures.COMMIT_ROWS.observe(rows_in_all)
            left = []
            for each, rows in zip(behind, moved, strict=True):
                if not each.room.ended and await self._overtaken(each, rows, landed):
                    left.append(each)
        if landed:
            self._committed(landed)

    async def _commit_apart(self, refused: Sequence[Pending]) -> None:
        """Find whose rows the journal will never take: that plan is loaded anew, and the others go on."""
        if len(refused) > 1:
            for each in refused:
                await self._commit([each])
            return
        (pending,) = refused
        if pending.room.ended:
            return
        _log.exception("rows were refused", extra={"plan": pending.room.plan_id})
        self._end_pending(pending.room, CloseCode.BUSY, "the plan is loaded anew")

    def _landed(self, pending: Pending, head: Head) -> tuple[str, int]:
        """Tell the room, unless it has ended meanwhile: its pages find what landed where they come back.

        Others than the beat end rooms: a poll that can't reach the store, a drain that has waited long enough.
        """
        return (pending.room.plan_id, head.seq) if pending.room.ended else self._land(pending, head)

    def _land(self, pending: Pending, head: Head) -> tuple[str, int]:
        room = pending.room
        started = self._clock.seconds()
        del self._pending[room]
        room.finish(pending.work, head)
        self.keep_snapshots(room)
        room.turns.give_back()
        self._pace(room, started, judged=pending.judged)
        self.mark(room)
        return room.plan_id, head.seq

    def keep_snapshots(self, room: Room, *, edits_min: int = SNAPSHOT_EDITS_MAX) -> None:
        """Have snapshots kept of the sections with so many edits since the last; only between batches."""
        due = [section for section in room.sections.values() if section.edits_since_snapshot >= edits_min]
        if due:
            self._keep(room.plan_id, [section.snapshot() for section in due])

    def _pace(self, room: Room, started: float, *, judged: float = 0.0) -> None:
        """Let the room rest for as long as the beat took, and fetch what the beat found lacking."""
        if room.lacking:
            self._prepare(room)
        now = self._clock.seconds()
        room.next_beat = now + min(BEAT_SECONDS_MAX, BEAT_LOAD * (now - started))
        self._beats.append(judged + now - started)

    async def _overtaken(self, pending: Pending, rows: Sequence[Row], landed: list[tuple[str, int]]) -> bool:
        """Go behind the rows that are first; return false where there is nothing left to commit."""
        room, acts = pending.room, pending.work.acts
        if len(rows) >= len(acts) and all(map(is_row_of, acts, rows)):
            own = rows[len(acts) - 1]
            landed.append(self._land(pending, Head(own.seq, own.hash)))
            room.behind = True  # Whatever stands behind our own rows is fetched at the next beat.
            return False
        if not rows:
            self._end_pending(room, CloseCode.BUSY, "the journal is not where this room's head is")
            return False
        try:
            async with asyncio.timeout(COMMIT_SECONDS_MAX):
                await give_way(room, pending.work, rows, self._journal, self._reassess)
        except (JournalAwayError, TimeoutError):
            if not room.ended:
                self._end_pending(room, CloseCode.BUSY, "the plan is loaded anew")
        except BaseException as error:  # The room's boundary, as in ``_gathered``.
            if not self._failed(room, error):
                raise
        if room.ended:
            return False
        if pending.work.acts:
            return True
        landed.append(self._land(pending, room.head))
        return False

    def drop(self, room: Room, code: int, reason: str) -> None:
        """End a room whose state can't be trusted or kept; its pages come back with what is not saved.

        Whoever holds the room's turn gives it back.
        """
        measures.ROOMS_DROPPED.inc()
        _log.warning("room ended: %s", reason, extra={"plan": room.plan_id, "reason": reason})
        self._pending.pop(room, None)
        self._dirty.pop(room, None)
        self._soft_due.pop(room, None)
        room.end(code, reason)
        self._dropped(room)

    def _end_pending(self, room: Room, code: int, reason: str) -> None:
        self.drop(room, code, reason)
        room.turns.give_back()

    def suspect(self) -> None:
        """Hold everything back: the journal could not be reached by others either.

        Nothing goes out of the process from here on, so a revocation that it can't hear of can't be missed.
        """
        self._postpone()

    def reached(self) -> None:
        """Go on: the journal was reached."""
        if not self._pending:
            self._resume()

    def _postpone(self) -> None:
        self._retry_seconds = min(RETRY_SECONDS_MAX, max(RETRY_SECONDS_MIN, self._retry_seconds * 2))
        now = self._clock.seconds()
        self._retry_at = now + self._retry_seconds
        if not self.away:
            self.away = True
            self._trouble(True)
        for each in list(self._pending.values()):
            if now - each.since > AWAY_SECONDS_MAX:
                self._end_pending(each.room, CloseCode.STORAGE_AWAY, "the storage is away")

    def _resume(self) -> None:
        if self.away:
            self.away = False
            self._retry_seconds = self._retry_at = 0.0
            self._trouble(False)
            self._wake.set()
