"""The live care plans of one process: what pages and sockets use of rooms, committer, presence and bus."""

import asyncio
import contextlib
import logging
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import date
from typing import Any, Final

from auth.roles import Participant
from crdt.passages import Passage
from crdt.sections import Section
from hub.ids import new_id
from hub.live import performing, versions
from hub.live.bus import Bus, LocalBus
from hub.live.command_log import log_command
from hub.live.commands import Command, Done, Outcome, PlanContent
from hub.live.committer import Committer
from hub.live.connections import Connection
from hub.live.enforcement import POLL_SECONDS, Enforcement
from hub.live.gatekeepers import Admitted, Gatekeeper, TurnedAway
from hub.live.lines import CloseCode, Line, storage
from hub.live.loading import bring_up
from hub.live.neighbours import Neighbours
from hub.live.performing import OutcomeUnknownError
from hub.live.presence import Presence
from hub.live.read_models import Documents, EntryRows, ReadModel
from hub.live.rooms import Room
from hub.live.snapshots import Snapshots
from hub.live.visits import Visits
from hub.live.zones import Zones
from hub.process.clocks import Clock, SystemClock
from hub.process.measures import Counts
from hub.record.appending import append_to_all
from hub.record.journal import Act, Action, FieldPath, Journal, JournalAwayError, Opening, Snapshot
from hub.record.submissions import changes, under_way

SOCKETS_PER_PERSON_MAX: Final = 30
SOCKETS_PER_PERSON_AND_PLAN_MAX: Final = 10
ROOMS_MAX: Final = 5_000
"""Plans open at once in one process; above it only idle ones make room for another."""

IDLE_SECONDS_MAX: Final = 60.0
"""A room without sockets is forgotten after that."""

TIDY_SECONDS: Final = 10.0
LOADS_AT_ONCE_MAX: Final = 8
"""Rooms that read the journal at the same time; the others wait in line."""

WAIT_SECONDS_MAX: Final = 5.0
"""How long a page waits for a plan whose storage doesn't answer."""

DRAIN_SECONDS_MAX: Final = 3.0
LAST_WORDS_EDITS_MIN: Final = 50
"""A room that is forgotten keeps snapshots of sections with so many edits since the last."""

_log = logging.getLogger("hub.live")


class CarePlans:
    """All live plans of this process. Start it before use, drain it at the end."""

    def __init__(
        self,
        journal: Journal,
        gatekeeper: Gatekeeper,
        *,
        bus: Bus | None = None,
        clock: Clock | None = None,
        visits: Visits | None = None,
        patients: Callable[[str], Awaitable[tuple[date | None, str]]] | None = None,
        new_id: Callable[[], str] = new_id,
        entries: EntryRows | None = None,
    ) -> None:
        self._journal = journal
        self._clock: Clock = clock or SystemClock()
        self._new_id, self._patients = new_id, patients
        self._rooms: dict[str, Room] = {}
        self._visits = visits or Visits()
        self._drain: asyncio.Task[None] | None = None
        self._sockets: Counter[str] = Counter()
        self._draining = False
        self._preparing: set[Room] = set()
        self._loads = asyncio.Semaphore(LOADS_AT_ONCE_MAX)
        self._tasks: set[asyncio.Task[object]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self.committer = Committer(
            journal,
            self._clock,
            committed=self._committed,
            prepare=self._prepare,
            trouble=self._trouble,
            dropped=self._forget,
            keep=self._keep,
            reassess=self._ask_anew,
        )
        self._snapshots = Snapshots(journal, self._rooms, self.committer.drop)
        self.gatekeeper, self.zones = gatekeeper, Zones()
        self.enforcement = Enforcement(gatekeeper, journal, self._rooms, self._clock, mark=self.committer.mark)
        documents = Documents(journal, self._is_open, self.content, self.enforcement.look_behind)
        self._read_model = ReadModel(entries, journal, self.zones, documents)
        self.neighbours = Neighbours(
            bus or LocalBus(),
            new_id(),
            self._rooms,
            self._clock,
            mark=self.committer.mark,
            reassess=self._reassess,
            ended=self.enforcement.sessions_ended,
            listening=lambda: self._spawn(self.poll()),
        )

    # -- life

    async def start(self) -> None:
        """Begin to commit, to hear other processes, and to look for what they did not tell."""
        await self.neighbours.start()
        self._loops = [
            asyncio.create_task(self.committer.run(), name="committer"),
            asyncio.create_task(self._every(POLL_SECONDS, self.poll), name="poll"),
            asyncio.create_task(self._every(TIDY_SECONDS, self.tidy), name="tidy"),
        ]
        for loop in self._loops:
            loop.add_done_callback(self._loop_ended)

    def _loop_ended(self, loop: "asyncio.Task[None]") -> None:
        """End the process where a loop fails that never should: nobody would be saved, or hear of it, any more.

        What was accepted and not committed was never called saved; pages bring it to the next process.
        """
        if not loop.cancelled() and (error := loop.exception()) is not None:
            _log.critical("a loop failed", exc_info=error)
            signal.raise_signal(signal.SIGTERM)

    def begin_drain(self) -> None:
        """Take nothing more, commit what was accepted, close every socket with ``RESTART``, and end. Idempotent."""
        if self._drain is None:
            self._draining = True
            self._drain = asyncio.get_running_loop().create_task(self._drained(), name="drain")

    async def drain(self) -> None:
        """``begin_drain``, and wait for its end, at most ``DRAIN_SECONDS_MAX`` and a little."""
        self.begin_drain()
        assert self._drain is not None, "it has begun"
        await self._drain

    async def _drained(self) -> None:
        deadline = self._clock.seconds() + DRAIN_SECONDS_MAX
        while self._clock.seconds() < deadline:
            if self.committer.settled and all(room.turns.free for room in self._rooms.values()):
                break  # Nothing waits to be committed; no page opens a plan, none performs a command.
            await asyncio.sleep(0.005)
        for room in list(self._rooms.values()):
            if room.turns.free:
                self.committer.keep_snapshots(room, edits_min=LAST_WORDS_EDITS_MIN)
            room.end(CloseCode.RESTART, "the hub restarts")
        self._rooms.clear()
        await self.neighbours.stop()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.1, deadline - self._clock.seconds())):
                await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def draining(self) -> bool:
        """The process is about to end."""
        return self._draining

    def counts(self) -> Counts:
        """Return how much is open."""
        return Counts(
            rooms=len(self._rooms),
            sockets=sum(len(room.connections) for room in self._rooms.values()),
            sections=sum(len(room.sections) for room in self._rooms.values()),
            storage_away=self.committer.away,
            deaf=self.enforcement.deaf,
        )

    # -- sockets

    def enter(self, admitted: Admitted, line: Line) -> tuple[Room, Connection] | TurnedAway:
        """Take a socket in; no await between finding the room and standing in it."""
        participant = admitted.participant
        if self._draining:
            return TurnedAway(CloseCode.RESTART, "the hub restarts")
        if self._sockets[participant.person_id] >= SOCKETS_PER_PERSON_MAX:
            return TurnedAway(CloseCode.BUSY, "too many sockets of one person")
        room = self._room(participant.plan_id)
        if room is None:
            return TurnedAway(CloseCode.BUSY, "too many plans are open")
        same = sum(each.participant.person_id == participant.person_id for each in room.connections)
        if same >= SOCKETS_PER_PERSON_AND_PLAN_MAX:
            return TurnedAway(CloseCode.BUSY, "too many sockets of one person on one plan")
        connection = Connection(participant, line, self._clock.now())
        if not room.enter(connection):
            return TurnedAway(CloseCode.BUSY, "too many sockets on one plan")
        self.enforcement.entered(room, admitted.version)
        self._sockets[participant.person_id] += 1
        if self.committer.away:
            line.write(storage(away=True))
        return room, connection

    def left(self, room: Room, connection: Connection) -> None:
        """Take a socket out that has ended; called once for each that ``enter`` took in."""
        room.leave(connection)
        self._sockets.subtract([connection.participant.person_id])
        self._sockets += Counter()  # Drops those who have none left.

    # -- pages

    async def content(self, plan_id: str, opening: Opening | None = None) -> PlanContent:
        """Return the committed content of all sections, which are open from then on: only of what is open is it told
        to pages without documents that another process changed it.

        Raises:
            KeyError: the plan has no journal.
            JournalAwayError: the journal can't be reached.
        """
        async with self._turn(plan_id) as room:
            await performing.open_all(room, self._journal, opening)
            return performing.content_of(room)

    async def contents(self, plan_ids: Sequence[str]) -> Sequence[PlanContent]:
        """Return the content of each plan, in order; none is opened that the read model has. Raises as ``content``."""
        return await self._read_model.contents(plan_ids)

    def _is_open(self, plan_id: str) -> bool:
        room = self._room(plan_id)
        return room is not None and bool(room.sections)

    async def content_at(self, plan_id: str, seq: int, sections: Collection[Section]) -> PlanContent:
        """Return these sections as they stood right after the row ``seq``. Raises as ``content`` does."""
        return await versions.content_at(self._journal, await self.content(plan_id), seq, sections)

    async def texts_at(
        self, plan_id: str, wanted: Mapping[int, Collection[FieldPath]]
    ) -> Mapping[tuple[int, FieldPath], str]:
        """Return what texts said right after the rows named. Raises as ``content`` does."""
        return await versions.texts_at(self._journal, await self.content(plan_id), wanted)

    async def passages(self, plan_id: str, section: Section, entry: str, name: str) -> Sequence[Passage]:
        """Return who wrote which words of a text, by client id. Raises as ``content`` does."""
        async with self._turn(plan_id) as room:
            await performing.open_all(room, self._journal)
            return room.sections[section].document.passages(entry, name)

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        """Perform a command as this participant; what comes back is committed (invariant 2).

        A page that goes away meanwhile does not stop it half way.

        Raises:
            KeyError: the plan has no journal.
            JournalAwayError: nothing was saved, as far as can be known.
        """
        began = self._clock.seconds()
        outcome: Outcome | None = None
        try:
            performed: Outcome = await asyncio.shield(self._spawn(self._perform(plan_id, actor, command)))
            outcome = performed
            return performed
        finally:
            log_command(plan_id, actor, command, outcome, self._clock.seconds() - began)

    async def opened(self, participant: Participant, sections: Sequence[Section]) -> None:
        """Write the rows of a reading, one per section and visit, before the page is served: no audit, no data.

        Raises:
            JournalAwayError: they can't be written; serve nothing.
        """
        missing = self._visits.missing(participant, sections, self._clock.seconds())
        await self.record(
            [
                Act(
                    plan=participant.plan_id,
                    actor=participant.person_id,
                    action=Action.READ,
                    role=participant.role,
                    session=participant.session_id,
                    section=section,
                )
                for section in missing
            ]
        )
        self._visits.recorded(participant, missing, self._clock.seconds())

    async def record(self, acts: Sequence[Act]) -> None:
        """Write rows without content: reads, refusals, sign-ins; they are durable on return.

        Raises:
            KeyError: a plan has no journal.
            JournalAwayError: the journal can't be reached.
        """
        by_plan: dict[str, list[Act]] = {}
        for act in acts:
            assert act.update is None, "content changes by edits and commands only"
            by_plan.setdefault(act.plan, []).append(act)
        rooms = {} if under_way() is not None and changes(acts) else self._rooms  # Else a turn keeps the form.
        live = {plan: room for plan in by_plan if (room := rooms.get(plan)) is not None and room.sections}
        waits = [self._within(room.note(by_plan.pop(plan))) for plan, room in live.items()]
        await asyncio.gather(self._append(by_plan), *waits)

    def written(self, plan_id: str, seq: int) -> None:
        """Take note that a turn beside the plan's room wrote rows up to ``seq``, here and at other processes."""
        room = self._rooms.get(plan_id)
        if room is not None and room.sections and seq > room.head.seq:
            room.behind = True
            self.committer.mark(room)
        self.neighbours.moved([(plan_id, seq)])

    async def present(self, plan_id: str) -> list[Presence]:
        """Return who has the plan open, here and at other processes."""
        room = self._rooms.get(plan_id)
        return room.presences.everyone() if room is not None else []

    def access_changed(self, plan_id: str) -> None:
        """Have everyone's access to the plan asked anew, here and at other processes, now."""
        self.neighbours.access_changed(plan_id)
        self._reassess(plan_id)

    def sessions_ended(self, sessions: Sequence[str]) -> None:
        """Close the sockets of these sign-ins, here and at other processes, now."""
        self.neighbours.sessions_ended(sessions)
        self.enforcement.sessions_ended(sessions)

    # -- loops, each round callable by itself

    async def poll(self) -> None:
        """Look once for what this process was not told of; let nothing out and nobody stay where it can't be."""
        try:
            async with asyncio.timeout(self.enforcement.patience):
                await self.enforcement.poll()
        except (JournalAwayError, TimeoutError):
            if self.enforcement.deaf:
                self.committer.suspect()
                self.enforcement.close()
            return
        self.committer.reached()

    async def tidy(self) -> None:
        """Forget rooms that nobody has needed for a while."""
        now = self._clock.seconds()
        for room in list(self._rooms.values()):
            if now - room.quiet_seconds > IDLE_SECONDS_MAX:
                self._evict(room)

    def _room(self, plan_id: str) -> Room | None:
        room = self._rooms.get(plan_id)
        if room is None:
            if len(self._rooms) >= ROOMS_MAX and not any(map(self._evict, list(self._rooms.values()))):
                return None
            room = Room(plan_id, clock=self._clock, visits=self._visits, wake=self.committer.mark)
            room.announce, room.zones = self.neighbours.announce, self.zones
            self._rooms[plan_id] = room
            self.neighbours.opened(plan_id)
        return room

    def _evict(self, room: Room) -> bool:
        if room.connections or room.waiting or room.lacking or not room.turns.free:
            return False
        self.committer.keep_snapshots(room, edits_min=LAST_WORDS_EDITS_MIN)
        room.unlisted()
        self._forget(room)
        return True

    def _forget(self, room: Room) -> None:
        if self._rooms.get(room.plan_id) is room:
            del self._rooms[room.plan_id]

    @contextlib.asynccontextmanager
    async def _turn(self, plan_id: str) -> AsyncIterator[Room]:
        """Hold the turn of the plan's room, whichever room that is by then."""
        async with contextlib.AsyncExitStack() as held:
            async with asyncio.timeout(WAIT_SECONDS_MAX) as waiting:
                while True:
                    room = self._room(plan_id)
                    if room is None:
                        raise JournalAwayError("too many plans are open")
                    try:
                        await held.enter_async_context(room.turns.held())
                    except asyncio.CancelledError:
                        if waiting.expired():
                            raise JournalAwayError("the storage does not answer") from None
                        raise
                    if not room.ended:
                        break
                    await held.aclose()
            room.quiet_seconds = self._clock.seconds()
            try:
                yield room
            except KeyError:
                if not room.connections:
                    self._forget(room)
                raise
            finally:
                self.committer.mark(room)

    async def _perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        async with self._turn(plan_id) as room:
            try:
                await performing.open_all(room, self._journal)
                room.patient = await self._patients(plan_id) if self._patients is not None else room.patient
                outcome = await performing.perform(room, self._journal, self.gatekeeper, actor, command, self._new_id)
            except OutcomeUnknownError as unknown:
                head = await performing.landed(self._journal, plan_id, unknown)
                if head is None:
                    raise JournalAwayError("the command was not recorded") from unknown
                return Done(head.seq)
            finally:
                if room.uncommitted:
                    self.committer.drop(room, CloseCode.BUSY, "a command's commit failed")
            if not room.ended:  # A refusal that came half way through a command has ended it.
                self.committer.keep_snapshots(room)
                self._committed([(plan_id, room.head.seq)])
            return outcome

    async def _append(self, acts: Mapping[str, Sequence[Act]]) -> None:
        if acts:
            self._committed(await append_to_all(self._journal, acts))

    async def _within(self, waiter: "asyncio.Future[int]") -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await waiter
        except TimeoutError as error:
            raise JournalAwayError("the row could not be written in time") from error

    def _prepare(self, room: Room) -> None:
        if room not in self._preparing:
            self._preparing.add(room)
            self._spawn(self._prepared(room))

    async def _prepared(self, room: Room) -> None:
        try:
            async with self._loads, room.turns.held():
                if not room.ended and room.lacking:
                    async with asyncio.timeout(WAIT_SECONDS_MAX):
                        await bring_up(room, self._journal)
        except (JournalAwayError, TimeoutError):
            self.committer.suspect()
            if not room.sections:
                self.committer.drop(room, CloseCode.STORAGE_AWAY, "the storage is away")
        except KeyError:
            self.committer.drop(room, CloseCode.NO_PLAN, "no such plan")
        finally:
            self._preparing.discard(room)
            if not room.ended:
                self.committer.mark(room)

    def _keep(self, plan_id: str, snapshots: Sequence[Snapshot]) -> None:
        self._spawn(self._snapshots.keep(plan_id, snapshots))

    def _committed(self, plans: Sequence[tuple[str, int]]) -> None:
        self.neighbours.moved(plans)
        for plan_id, _ in plans:
            room = self._rooms.get(plan_id)
            if room is not None and room.access_moved:
                self._reassess(plan_id)

    def _trouble(self, away: bool) -> None:
        message = storage(away=away)
        for connection in (each for room in self._rooms.values() for each in room.connections if each.watching):
            connection.line.write(message)

    def _reassess(self, plan_id: str) -> None:
        room = self._rooms.get(plan_id)
        if room is not None:
            room.access_moved = True  # The poll asks again where this attempt fails.
            self._spawn(self._reassessed(room))

    async def _ask_anew(self, plan_id: str) -> None:
        await self.enforcement.reassess(plan_id)

    async def _reassessed(self, room: Room) -> None:
        with contextlib.suppress(JournalAwayError):
            await self.enforcement.reassess(room.plan_id)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _every(self, seconds: float, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await what()
