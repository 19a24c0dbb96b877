"""A room: one plan, live. It takes what its sockets say, gathers it into batches, and holds only committed state
between them.

Whoever changes a room holds its turn (``Turns``): a beat of the committer, a load, a command. Within a beat the
order is: gather (gate, apply) -> commit -> finish (relay, acknowledge, answer). Invariants kept here: 2 by that
order, 3 by the claim on client ids, 4 by ``_edit`` being the only way in, 5 by refusing whole updates, 7 by the bounds
below.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from auth.roles import Participant
from crdt.contents import Accepted, Refusal
from crdt.effects import Ask, AskPresent, Close, Edit, Effect, Join, Leave, Present, Send, Watch
from crdt.intakes import Effort
from crdt.keystrokes import joined
from crdt.sections import Section
from hub.live import intakes, relays
from hub.live.batches import Work
from hub.live.connections import Connection, JoinedSection
from hub.live.crossings import crossed, keep
from hub.live.inboxes import Inbox, Item, Message
from hub.live.lines import CloseCode, wrapped
from hub.live.notices import tell_missed
from hub.live.open_plans import OpenPlan
from hub.live.open_sections import OpenSection
from hub.live.turns import Turns
from hub.live.visits import Visits
from hub.process import measures
from hub.process.clocks import Clock
from hub.record.journal import Act, Head, JournalAwayError

BEAT_ITEMS_MAX: Final = 2_000
BEAT_BYTES_MAX: Final = 4 << 20
"""What one beat of one room takes from its inbox; the rest waits for the next."""

REFUSALS_MAX: Final = 50
"""Refusals of one connection; an honest page stops after one, so this is someone trying doors."""

AT_ONCE_BYTES_MAX: Final = 4 << 10
"""An answer to our step 1 up to this is judged at once; of a longer one most is known already, as a rule."""

ASKED_AGAIN_MAX: Final = 3
"""How often an update that does not fit is answered by our sync step 1 instead of a refusal."""

FRESH_SECONDS_MAX: Final = 1.0
"""A head seen in the journal within this time is taken for current when somebody joins."""

MISFITS: Final = frozenset({"clock", "dependency"})
"""Refusals of an update that builds on what we have not got: it may be on its way, or at another process."""


class Room(OpenPlan):
    """One plan's live state in this process, with what waits to be judged."""

    def __init__(self, plan_id: str, *, clock: Clock, visits: Visits, wake: Callable[["Room"], None]) -> None:
        super().__init__(plan_id, clock=clock, visits=visits, stir=lambda: wake(self))
        self.turns = Turns()
        self.wanted: set[Section] = set()
        """Sections to load before the inbox can go on."""
        self.unread: set[Section] = set()
        """Sections whose index is being made, and is needed now."""
        self.behind = False
        """The journal has rows that we lack, or may have: catch up before the next judgement that depends on it."""
        self.unchecked = False
        """Somebody came in on what was true when the store was asked, which may have changed on the way."""
        self.uncommitted = False
        """A command's changes are in the documents and not yet known to be in the journal."""
        self.judging: Connection | None = None
        """Whose update is passing the gate."""
        self.next_beat = 0.0
        self._inbox = Inbox()
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
                self.stir()
            case Close(code, reason):
                self.dismiss(connection, code, reason)

    def _introduce(self, connection: Connection) -> None:
        if connection.watching:
            self.newcomers[connection] = None
            self.stir()

    def _enqueue(self, connection: Connection, item: Item) -> None:
        if not self._inbox.put(connection, item):
            self.dismiss(connection, CloseCode.BUSY, "the plan has too much to take in")
            return
        if isinstance(item, Join) and item.section not in self.sections:
            self.wanted.add(item.section)
        self.stir()

    def note(self, acts: Sequence[Act]) -> "asyncio.Future[int]":
        """Have these rows written with the next batch; the answer is the sequence they are committed by.

        It raises ``JournalAwayError`` where the room ends before.
        """
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._notes.append((acts, waiter))
        self.stir()
        return waiter

    def gather(self, effort: Effort) -> Work:
        """Judge and apply what waits, and return it as rows to commit and what is owed afterwards.

        What is long is taken in as far as ``effort`` allows, the rest of it in later beats.

        Only with the turn held, and until ``finish`` or the room's end: from here to there the documents hold what is
        not committed, so nothing is answered from them (invariant 2).
        """
        work = Work()
        work.challenges, self._challenged = self._challenged, {}
        work.notes, self._notes = self._notes, []
        work.asks, self._left_behind = self._left_behind, {}
        held: list[Message] = []
        now = self.clock.now()
        blocked: set[tuple[Connection, Section]] = set()
        items = taken = 0
        while self._inbox and items < BEAT_ITEMS_MAX and taken < BEAT_BYTES_MAX:
            waiting = self._inbox.next()
            connection, item, _ = waiting
            key = (connection, item.section)
            looked_at, left = [waiting], [waiting]
            if key not in blocked and self._ready(connection, item):
                if isinstance(item, Edit) and not item.answers:
                    looked_at += self._inbox.behind(waiting)
                left = looked_at[self._take(work, looked_at, now, effort) :]
            if left:
                blocked.add(key)
            held += left
            items += len(looked_at)
            for each in looked_at[: len(looked_at) - len(left)]:
                taken += each.size
                self._inbox.done(each)
        self._inbox.put_back(held)
        work.seal(self.plan_id)
        return work

    def _take(self, work: Work, looked_at: Sequence[Message], now: datetime, effort: Effort) -> int:
        """Take a message, and the updates that stand right behind an update; return how many are done with."""
        connection, item, _ = looked_at[0]
        if not isinstance(item, Edit):
            self._consider(work, connection, item)
            return 1
        reading = connection.readings.get(item.section)
        if reading is None:
            return len(looked_at)  # It has gone, or sent this before it heard of a refusal or of its access' end.
        if reading.intake is None and not item.answers:
            updates = [each.item.update for each in looked_at if isinstance(each.item, Edit)]
            return self._type(work, connection, item.section, updates, now)
        at_once = reading.intake is None and len(item.update) <= AT_ONCE_BYTES_MAX
        if at_once and self._edit(work, connection, self.sections[item.section], item.update, now, answers=True):
            return 1
        return int(self._take_in(work, connection, item, now, effort))

    def _take_in(self, work: Work, connection: Connection, edit: Edit, now: datetime, effort: Effort) -> bool:
        """Go on with what is too long for one beat; return whether it is done with, one way or the other."""
        section, reading = self.sections[edit.section], connection.readings[edit.section]
        self.judging = connection
        judged = intakes.go_on(section, connection, edit, now, effort)
        if isinstance(judged, Accepted):
            self.accept(work, connection, section, judged)
        self.judging = None
        if isinstance(judged, Refusal):
            self.decline(work, connection, edit.section, judged, answers=edit.answers)
        elif reading.intake is not None and not reading.intake.done:
            return False
        else:
            self.acknowledge(work, connection, edit.section, 1, answers=edit.answers)
        return True

    def _type(
        self, work: Work, connection: Connection, section: Section, updates: Sequence[bytes], now: datetime
    ) -> int:
        """Take updates of one connection that wait one behind the other; what was typed in one go is judged at once.

        Return how many are done with: those before the first that is too much for that.
        """
        done = 0
        for update, count in joined(updates):
            if section not in connection.readings:
                break  # It sent this before it heard of a refusal or of the end of its access.
            if self._edit(work, connection, self.sections[section], update, now, count=count):
                done += count
                continue
            for alone in updates[done : done + count] if count > 1 else ():
                if section in connection.readings:
                    if not self._edit(work, connection, self.sections[section], alone, now):
                        return done
                    done += 1
            if section in connection.readings and connection.readings[section].intake is not None:
                return done
        return len(updates)

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

    def _consider(self, work: Work, connection: Connection, item: Join | Leave | Ask) -> None:
        match item:
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
        connection.readings[section] = JoinedSection()
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

        Return false where ``count`` updates were joined and did not pass: each is then judged by itself; and where one
        is too much to be judged at once: it is then taken in over several beats.
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
            if verdict.code == "size" or intakes.is_of_several(update):
                reading.intake = section.intake(connection, update, now)
                return False
            self.decline(work, connection, section.section, verdict, answers=answers)
            return True
        self.accept(work, connection, section, verdict)
        self.judging = None
        self.acknowledge(work, connection, section.section, count, answers=answers)
        return True

    def accept(self, work: Work, connection: Connection, section: OpenSection, accepted: Accepted) -> None:
        """Apply what passed the gate, and have it committed."""
        if not accepted.changes:
            return
        if section.section not in work.before:
            work.before[section.section] = section.left_at()
        who = connection.participant
        section.take(accepted, who.person_id)
        work.add(connection, section.section, accepted)
        if pairs := crossed(section, accepted.touched, who.person_id):
            work.kept += keep(section, self.plan_id, pairs, who.name, self.clock.now())

    def acknowledge(self, work: Work, connection: Connection, section: Section, count: int, *, answers: bool) -> None:
        """Owe the page that so many messages are saved: with an answer to our step 1 all that it holds."""
        reading = connection.readings[section]
        reading.intake = None
        if answers:
            count = reading.unsaved
            reading.asked, reading.asked_again, reading.unsaved = False, 0, 0
        work.owe_saved(connection, section, count)

    def decline(self, work: Work, connection: Connection, section: Section, refusal: Refusal, *, answers: bool) -> None:
        """Refuse what did not pass, or put it aside where an answer can still make it fit."""
        reading = connection.readings[section]
        reading.intake = None
        if not self._put_aside(connection, section, reading, refusal, answers=answers):
            self.refuse(work, connection, section, refusal)

    def _put_aside(
        self, connection: Connection, section: Section, reading: JoinedSection, refusal: Refusal, *, answers: bool
    ) -> bool:
        """Return true where the update can wait for a sync step 2 that will hold it whole.

        Honest pages type while their first sync is under way, and come from another process with edits which we have
        not fetched: so catch up, and ask again what we lack, before anything is called lost.
        """
        if refusal.code not in MISFITS and not (answers and refusal.code == "client"):
            return False  # An answer may hold edits of others that this page has seen at another process.
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
        now = self.clock.now()
        readable, grants = connection.readable, connection.grants
        connection.stands(participant, now)
        for effect in connection.session.regrant(connection.scopes):
            self.take(connection, effect)
        lost = [section for section in connection.readings if section not in connection.session.scopes]
        for section in lost:
            self._unread(connection, section)
        connection.settle_open_sections()
        relays.tell_access(connection, readable, grants)

    def resumed(self, connection: Connection) -> None:
        """The connection's socket takes data again: what it was left behind by is sent now or at the next beat."""
        if self.ended or connection.gone:
            return
        for section, reading in connection.readings.items():
            if reading.behind is not None:
                state_vector, reading.behind = reading.behind, None
                self._left_behind[connection, section] = state_vector
        tell_missed(self, connection)
        self.stir()

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
