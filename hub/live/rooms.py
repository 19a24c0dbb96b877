"""A room: one plan, live. It takes what its sockets say, gathers it into batches, and holds only committed state
between them.

Whoever changes a room holds its turn (``Turns``): a beat of the committer, a load, a command. Within a beat the
order is: gather (gate, apply) -> commit -> finish (relay, acknowledge, answer). Invariants kept here: 2 by that
order, 3 by the claim on client ids, 4 by ``_edit`` being the only way in, 5 by refusing whole updates, 7 by the bounds
below.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from auth.roles import Participant
from crdt.contents import Refusal
from crdt.effects import Ask, AskPresent, Close, Edit, Effect, Join, Leave, Present, Send, Watch
from crdt.keystrokes import joined
from crdt.sections import Section
from hub.live import relays
from hub.live.batches import Work
from hub.live.connections import Connection, Reading
from hub.live.lines import CloseCode, wrapped
from hub.live.notices import SoftChanges
from hub.live.open_sections import OpenSection
from hub.live.presence import Presence, Presences
from hub.live.turns import Turns
from hub.live.visits import Visits
from hub.process import measures
from hub.process.clocks import Clock
from hub.record.journal import EMPTY, Act, Head, JournalAwayError

INBOX_FRAMES_MAX: Final = 512
"""Messages of one connection that wait; beyond it its socket is not read, and TCP slows the sender down."""

INBOX_BYTES_MAX: Final = 1 << 20
"""Bytes of one connection that wait, bounded likewise."""

ROOM_INBOX_BYTES_MAX: Final = 32 << 20
"""Bytes that wait in a room in all; who goes beyond is sent away to come back (``BUSY``) and keeps its edits."""

BEAT_ITEMS_MAX: Final = 2_000
BEAT_BYTES_MAX: Final = 4 << 20
"""What one beat of one room takes from its inbox; the rest waits for the next."""

CONNECTIONS_MAX: Final = 2_000
"""Sockets in one room."""

REFUSALS_MAX: Final = 50
"""Refusals of one connection; an honest page stops after one, so this is someone trying doors."""

TYPED_AT_ONCE_MAX: Final = 200
"""Updates of one connection that are looked at together."""

ASKED_AGAIN_MAX: Final = 3
"""How often an update that does not fit is answered by our sync step 1 instead of a refusal."""

FRESH_SECONDS_MAX: Final = 1.0
"""A head seen in the journal within this time is taken for current when somebody joins."""

MISFITS: Final = frozenset({"clock", "dependency"})
"""Refusals of an update that builds on what we have not got: it may be on its way, or at another process."""

Item: TypeAlias = Join | Leave | Ask | Edit


class Room:
    """One plan's live state in this process."""

    def __init__(self, plan_id: str, *, clock: Clock, visits: Visits, wake: Callable[["Room"], None]) -> None:
        self.plan_id = plan_id
        self.clock = clock
        self.visits = visits
        self._wake = wake
        self.announce: Callable[[Room, Sequence[Presence], Mapping[int, int]], None] = _nobody_else
        """Tells other processes of who came, moved or went here."""
        self.head: Head = EMPTY
        """The last row that is in the open sections."""
        self.known_seconds = float("-inf")
        """When the head was last seen to be the journal's."""
        self.sections: dict[Section, OpenSection] = {}
        self.connections: dict[Connection, None] = {}
        self.presences = Presences()
        self.newcomers: dict[Connection, None] = {}
        """Those who are to be told of everyone who is here."""
        self.soft = SoftChanges()
        self.turns = Turns()
        self.wanted: set[Section] = set()
        """Sections to load before the inbox can go on."""
        self.unread: set[Section] = set()
        """Sections whose index is being made, and is needed now."""
        self.behind = False
        """The journal has rows that we lack, or may have: catch up before the next judgement that depends on it."""
        self.access_moved = False
        """A row that changes someone's access has come by."""
        self.unchecked = False
        """Somebody came in on what was true when the store was asked, which may have changed on the way."""
        self.ended = False
        self.uncommitted = False
        """A command's changes are in the documents and not yet known to be in the journal."""
        self.judging: Connection | None = None
        """Whose update is passing the gate."""
        self.quiet_seconds = clock.seconds()
        """When the last connection left, or the last command was performed."""
        self.next_beat = 0.0
        self.next_soft = 0.0
        self.next_soft_changes = 0.0
        self._inbox: deque[tuple[Connection, Item, int]] = deque()
        """Who sent what, and how many bytes of it."""
        self._inbox_bytes = 0
        self._challenged: dict[tuple[Connection, Section], None] = {}
        self._left_behind: dict[tuple[Connection, Section], bytes] = {}
        self._notes: list[tuple[Sequence[Act], asyncio.Future[int]]] = []

    @property
    def waiting(self) -> bool:
        """There is something for a beat, and nothing that must be fetched first."""
        something = self._inbox or self._challenged or self._left_behind or self._notes
        return bool(something) and not self.ended and not self.lacking

    @property
    def lacking(self) -> bool:
        """Sections are to be loaded or their indexes made, or rows fetched."""
        return bool(self.wanted or self.unread) or self.behind

    def enter(self, connection: Connection) -> bool:
        """Take a connection in; false where the room is full."""
        assert not self.ended, "nobody enters a room that has ended"
        if len(self.connections) >= CONNECTIONS_MAX:
            return False
        self.connections[connection] = None
        return True

    def leave(self, connection: Connection, *, expelled: bool = False) -> None:
        """Take a connection out. What it had sent is still judged, unless it was ``expelled``."""
        if self.connections.pop(connection, connection) is connection:
            return
        connection.gone = True
        for section in self.sections.values():
            section.readers.pop(connection, None)
        if expelled:
            connection.expelled = True
            connection.readings.clear()
        self.newcomers.pop(connection, None)
        self.presences.leave(connection)
        self.quiet_seconds = self.clock.seconds()
        self._wake(self)

    def dismiss(self, connection: Connection, code: int, reason: str) -> None:
        """End a connection for cause: nothing more of it counts, and its socket closes."""
        self.leave(connection, expelled=True)
        connection.line.close(code, reason)

    def receive(self, connection: Connection, message: bytes) -> None:
        """Take one message of a peer. Never raises: a fault of the peer closes that peer alone."""
        if self.ended or connection.gone:
            return
        for effect in connection.session.receive(message):
            self.take(connection, effect)

    def take(self, connection: Connection, effect: Effect) -> None:
        """Do, or put into the inbox, what a session wants done."""
        match effect:
            case Edit() | Ask() | Join() | Leave():
                self._enqueue(connection, effect)
            case Send(payload):
                connection.line.write(wrapped(payload))
            case Watch():
                connection.watching = True
                self._introduce(connection)
            case AskPresent():
                self._introduce(connection)
            case Present(payload):
                self.presences.say(connection, connection.participant, connection.open_sections, payload)
                self._wake(self)
            case Close(code, reason):
                self.dismiss(connection, code, reason)

    def _introduce(self, connection: Connection) -> None:
        if connection.watching:
            self.newcomers[connection] = None
            self._wake(self)

    def _enqueue(self, connection: Connection, item: Item) -> None:
        size = _size(item)
        if self._inbox_bytes + size > ROOM_INBOX_BYTES_MAX:
            self.dismiss(connection, CloseCode.BUSY, "the plan has too much to take in")
            return
        self._inbox.append((connection, item, size))
        self._inbox_bytes += size
        connection.inbox_frames += 1
        connection.inbox_bytes += size
        if connection.inbox_frames >= INBOX_FRAMES_MAX or connection.inbox_bytes >= INBOX_BYTES_MAX:
            connection.resting = True
            connection.line.take_breath()
        if isinstance(item, Join) and item.section not in self.sections:
            self.wanted.add(item.section)
        self._wake(self)

    def note(self, acts: Sequence[Act]) -> "asyncio.Future[int]":
        """Have these rows written with the next batch; the answer is the sequence they are committed by.

        It raises ``JournalAwayError`` where the room ends before.
        """
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._notes.append((acts, waiter))
        self._wake(self)
        return waiter

    def gather(self) -> Work:
        """Judge and apply what waits, and return it as rows to commit and what is owed afterwards.

        Only with the turn held, and until ``finish`` or the room's end: from here to there the documents hold what is
        not committed, so nothing is answered from them (invariant 2).
        """
        work = Work()
        work.challenges, self._challenged = self._challenged, {}
        work.notes, self._notes = self._notes, []
        work.asks, self._left_behind = self._left_behind, {}
        held: deque[tuple[Connection, Item, int]] = deque()
        now = self.clock.now()
        blocked: set[tuple[Connection, Section]] = set()
        items = taken = 0
        while self._inbox and items < BEAT_ITEMS_MAX and taken < BEAT_BYTES_MAX:
            connection, item, size = waiting = self._inbox.popleft()
            items += 1
            key = (connection, item.section)
            if key in blocked or not self._ready(connection, item):
                blocked.add(key)
                held.append(waiting)
                continue
            taken += size
            self._count_off(connection, size)
            if isinstance(item, Edit) and not item.answers:
                more = self._behind(connection, item.section)
                items += len(more)
                self._type(work, connection, item.section, [item.update, *more], now)
            else:
                self._consider(work, connection, item, now)
        self._inbox.extendleft(reversed(held))
        work.seal(self.plan_id)
        return work

    def _behind(self, connection: Connection, section: Section) -> list[bytes]:
        """Take out the updates of this connection and section that stand next in the inbox."""
        updates: list[bytes] = []
        while self._inbox and len(updates) < TYPED_AT_ONCE_MAX:
            sender, item, size = self._inbox[0]
            if sender is not connection or not isinstance(item, Edit) or item.answers or item.section is not section:
                break
            self._inbox.popleft()
            self._count_off(connection, size)
            updates.append(item.update)
        return updates

    def _type(
        self, work: Work, connection: Connection, section: Section, updates: Sequence[bytes], now: datetime
    ) -> None:
        """Take updates of one connection that wait one behind the other; what was typed in one go is judged at once."""
        waiting = deque(updates)
        for update, count in joined(updates):
            each = [waiting.popleft() for _ in range(count)]
            if section not in connection.readings:
                return  # It sent this before it heard of a refusal or of the end of its access.
            if self._edit(work, connection, self.sections[section], update, now, count=count):
                continue
            for alone in each:
                if section in connection.readings:
                    self._edit(work, connection, self.sections[section], alone, now)

    def _ready(self, connection: Connection, item: Item) -> bool:
        """Return whether the item can be considered now; else it waits for its section, or for the journal's rows."""
        if connection.gone:
            return True
        if item.section not in self.sections:
            self.wanted.add(item.section)
            return False
        if isinstance(item, Edit) and self.sections[item.section].reading is not None:
            self.unread.add(item.section)
            return False
        if isinstance(item, Join) and self.clock.seconds() - self.known_seconds > FRESH_SECONDS_MAX:
            # It may know edits of another process that we have not fetched: catch up first, then judge.
            self.behind = True
            return False
        return True

    def _count_off(self, connection: Connection, size: int) -> None:
        self._inbox_bytes -= size
        connection.inbox_frames -= 1
        connection.inbox_bytes -= size
        emptied = connection.inbox_frames * 2 < INBOX_FRAMES_MAX and connection.inbox_bytes * 2 < INBOX_BYTES_MAX
        if connection.resting and emptied:
            connection.resting = False
            connection.line.go_on()

    def _consider(self, work: Work, connection: Connection, item: Item, now: datetime) -> None:
        match item:
            case Edit(section, update) if section in connection.readings:
                self._edit(work, connection, self.sections[section], update, now, answers=True)
            case Leave(section):
                self._unread(connection, section)
            case Join(section) if not connection.gone:
                self._join(work, connection, section)
            case Ask(section, state_vector) if not connection.gone and section in connection.readings:
                connection.readings[section].unsaved += 1  # The page counts its answer to our step 1 as unsaved.
                work.asks[connection, section] = state_vector
            case _:
                pass  # It has gone, or sent this before it heard of a refusal or of the end of its access.

    def _join(self, work: Work, connection: Connection, section: Section) -> None:
        self._unread(connection, section)
        if section not in connection.session.scopes:
            return  # Access went while it waited; it has been told.
        connection.readings[section] = Reading()
        connection.session.joined(section)
        who = connection.participant
        if self.visits.missing(who, [section], self.clock.seconds()):
            work.reads[who.person_id, who.session_id, section] = connection
        work.joins[connection, section] = None

    def _edit(
        self,
        work: Work,
        connection: Connection,
        section: OpenSection,
        update: bytes,
        now: datetime,
        *,
        answers: bool = False,
        count: int = 1,
    ) -> bool:
        """Pass the gate, or be refused: the one way from a socket into a document (invariant 4).

        Return false where ``count`` updates were joined and did not pass: each is then judged by itself.
        """
        reading = connection.readings[section.section]
        if reading.asked and not answers:
            reading.unsaved += count  # The answer on its way holds them too; taken twice, they would no longer fit.
            return True
        self.judging = connection
        verdict = section.judge(connection, update, now)
        if isinstance(verdict, Refusal):
            self.judging = None
            if count > 1:
                return False
            if not self._put_aside(connection, section.section, reading, verdict, answers=answers):
                self.refuse(work, connection, section.section, verdict)
            return True
        if verdict.changes:
            if section.section not in work.before:
                work.before[section.section] = section.left_at()
            section.take(verdict, connection.participant.person_id)
            work.add(connection, section.section, verdict)
        self.judging = None
        owed = count
        if answers:
            owed = reading.unsaved
            reading.asked, reading.asked_again, reading.unsaved = False, 0, 0
        work.owe_saved(connection, section.section, owed)
        return True

    def _put_aside(
        self, connection: Connection, section: Section, reading: Reading, refusal: Refusal, *, answers: bool
    ) -> bool:
        """Return true where the update can wait for a sync step 2 that will hold it whole.

        Honest pages type while their first sync is under way, and come from another process with edits which we have
        not fetched: so catch up, and ask again what we lack, before anything is called lost.
        """
        if refusal.code not in MISFITS:
            return False
        if connection.gone:
            return True  # Never acknowledged; the page brings it back where it connects next.
        if reading.asked_again >= ASKED_AGAIN_MAX:
            return False
        reading.asked_again += 1
        reading.unsaved += 0 if answers else 1
        reading.asked = True
        self._challenged[connection, section] = None
        self.behind = True
        return True

    def refuse(self, work: Work, connection: Connection, section: Section, refusal: Refusal) -> None:
        """Have the connection told, once the batch is committed, that its change of the section was not taken."""
        measures.REFUSALS.labels(refusal.code).inc()
        work.refusals.append((connection, section, refusal))
        work.asks.pop((connection, section), None)
        self._unread(connection, section)
        connection.session.dismiss(section)
        connection.refusals += 1
        if connection.refusals >= REFUSALS_MAX:
            self.dismiss(connection, CloseCode.BAD_FRAME, f"{REFUSALS_MAX} refusals")

    def _unread(self, connection: Connection, section: Section) -> None:
        connection.readings.pop(section, None)
        if section in self.sections:
            self.sections[section].readers.pop(connection, None)
        connection.settle_open_sections()

    def finish(self, work: Work, head: Head) -> None:
        """Tell everyone what is now committed up to ``head``: relay, then acknowledge, then answer."""
        self.head = head
        for _, waiter in work.notes:
            if not waiter.done():
                waiter.set_result(head.seq)
        if work.acts:
            self.known_seconds = self.clock.seconds()
        for section in self.sections.values():
            section.seq = head.seq
        relays.finish(self, work)

    def reassess(self, connection: Connection, participant: Participant) -> None:
        """Apply what the store now says of a person: sections that went are closed at once, new ones announced."""
        relays.reassess(self, connection, participant)

    def resumed(self, connection: Connection) -> None:
        """The connection's socket takes data again: what it was left behind by is sent at the next beat."""
        for section, reading in connection.readings.items():
            if reading.behind is not None:
                state_vector, reading.behind = reading.behind, None
                self._left_behind[connection, section] = state_vector
        self._wake(self)

    def unlisted(self) -> None:
        """Leave nothing behind in a room that was idle and is being forgotten."""
        assert not self.connections, "only an idle room is forgotten"
        self.ended = True
        self.sections.clear()

    def end(self, code: int, reason: str) -> None:
        """Give the room up: its documents hold what is not committed, so nothing of it may be seen any more."""
        self.ended = True
        connections, self.connections = list(self.connections), {}
        for connection in connections:
            connection.gone = True
            connection.readings.clear()
            connection.line.close(code, reason)
        self.sections.clear()
        self._inbox.clear()
        notes, self._notes = self._notes, []
        for _, waiter in notes:
            if not waiter.done():
                waiter.set_exception(JournalAwayError("the plan was loaded anew before the row was written"))


def _size(item: Item) -> int:
    if isinstance(item, Edit):
        return len(item.update)
    return len(item.state_vector) if isinstance(item, Ask) else 0


def _nobody_else(_room: Room, _changed: Sequence[Presence], _gone: Mapping[int, int]) -> None:
    return
