"""People who type in one text whatever happens to the hub, and remember what was promised to them.

A typist is a page as the stock provider makes it: it comes back when its socket ends, brings what was not saved, and
counts what was. Each edit is a word that no one else writes, so that a lost and a doubled one can be told.
"""

import asyncio
import contextlib
import json
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pycrdt import Doc, Map, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from crdt.frames import Frame, FrameKind, decode, encode
from crdt.sessions import PLAN_DOCUMENT
from tests.bench.wires import HocuspocusWire, Said
from tests.harness.hubs import Live

WORD: Final = re.compile(r"<[0-9a-f]+\.\d+>")
BETWEEN_EDITS_SECONDS: Final = 0.2
COME_BACK_SECONDS: Final = 0.1
LOOK_SECONDS: Final = 0.01
WAIT_SECONDS_MAX: Final = 90.0


@dataclass(slots=True)
class Ledger:
    """When each word was written, and how many seconds it took to each page of others, and to be saved."""

    written: dict[str, float] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    saving: list[float] = field(default_factory=list)

    def take(self) -> list[float]:
        """Return the delays since the last call."""
        delays, self.delays = self.delays, []
        return delays


def p99(delays: Sequence[float]) -> float:
    """Return the 99th percentile, 0 of nothing."""
    return sorted(delays)[int(len(delays) * 0.99)] if delays else 0.0


class Typist:
    """One page of one person. ``chance`` makes the pace and the document's id, ``ledger`` keeps the times."""

    def __init__(
        self, live: Live, path: tuple[str, str, str], chance: random.Random, *, ledger: Ledger | None = None
    ) -> None:
        self._live = live
        self._chance = chance
        self._ledger = ledger or Ledger()
        self._section, self._entry, self._field = path
        self._wire = HocuspocusWire()
        self._doc: Doc[Any] = Doc(client_id=chance.randrange(1, 1 << 31))  # As a browser: under 2**32.
        self._unsaved = 0
        self._written = 0
        self.saved: set[str] = set()
        """Words that the hub said are saved."""
        self.seen: set[str] = set()
        """Words of others that were on this page."""
        self.storage: list[str] = []
        """What the hub told of its storage: ``away`` and ``back``."""
        self.sittings = 0
        """How often it came in."""
        self.typing = False
        self.synced = False
        self.refused = ""
        self._socket: ClientConnection | None = None
        self._changed = asyncio.Event()

    @property
    def settled(self) -> bool:
        """Everything written is saved."""
        return self.synced and self._unsaved == 0

    @property
    def own(self) -> set[str]:
        """Every word written here."""
        return {self._word(at) for at in range(self._written)}

    @property
    def words(self) -> Counter[str]:
        """The words on the page, each with how often it stands there."""
        return Counter(WORD.findall(self.text))

    @property
    def text(self) -> str:
        """The text on the page, that of the first entry unless another was named."""
        entries = self._doc.get("entries", type=Map)
        return str(entries[self._entry][self._field]) if self._entry in entries else ""

    async def clear(self) -> None:
        """Delete the whole text, so that there is room for more words."""
        before = self._doc.get_state()
        self._doc.get("entries", type=Map)[self._entry][self._field].clear()
        self._unsaved += 1
        await self._say(Frame(self._section, FrameKind.UPDATE, self._doc.get_update(before)))

    def _first_entry(self) -> str:
        """Return the first entry that has the field."""
        entries = self._doc.get("entries", type=Map)
        return min(str(key) for key in entries if self._field in entries[key] and entries[key].get("kind") != "allergy")

    async def live(self) -> None:
        """Be connected as well as can be, until cancelled."""
        while True:
            try:
                async with connect(**self._live.arguments, open_timeout=5, close_timeout=1) as socket:
                    await self._sit(socket)
            except (OSError, TimeoutError, WebSocketException):
                pass
            finally:
                self.synced, self._socket = False, None
            await a_while(COME_BACK_SECONDS)

    async def _sit(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.sittings += 1
        self._unsaved = 1  # The answer to the hub's own question is counted like an edit.
        await self._say(Frame(PLAN_DOCUMENT, FrameKind.TOKEN))
        await self._say(Frame(self._section, FrameKind.TOKEN))
        await self._say(Frame(self._section, FrameKind.SYNC_STEP_1, self._doc.get_state()))
        due = asyncio.get_running_loop().time()
        while True:
            left = due - asyncio.get_running_loop().time()
            if left <= 0:
                due += BETWEEN_EDITS_SECONDS * self._chance.uniform(0.5, 1.5)
                if self.typing and self.synced:
                    await self._type()
                continue
            try:
                async with asyncio.timeout(left):
                    message = await socket.recv()
            except TimeoutError:
                continue
            assert isinstance(message, bytes), "the hub speaks bytes"
            await self._hear(message)

    async def _hear(self, message: bytes) -> None:
        said, update = self._wire.read(message)
        if said is Said.ASKS:
            await self._say(Frame(self._section, FrameKind.SYNC_STEP_2, self._doc.get_update(update)))
        elif said in (Said.STATE, Said.UPDATE):
            self._doc.apply_update(update)
            self._entry = self._entry or self._first_entry()
            self.synced = True
            self._look()
        elif said is Said.SAVED:
            self._unsaved -= 1  # Messages are acknowledged in their order, the answer to the hub's question first.
            fresh = {self._word(at) for at in range(len(self.saved), self._written - self._unsaved)}
            now = asyncio.get_running_loop().time()
            self._ledger.saving += [now - self._ledger.written[word] for word in fresh]
            self.saved |= fresh
        elif said is Said.REFUSED:
            self.refused = repr(update)
        elif len(message) > 1 and (frame := decode(message)).kind is FrameKind.STATELESS:
            said_of = json.loads(frame.payload)
            if said_of["kind"] == "trouble":
                self.storage.append(said_of["storage"])
        self._changed.set()

    def _look(self) -> None:
        fresh = set(self.words) - self.own - self.seen
        now = asyncio.get_running_loop().time()
        self._ledger.delays += [now - self._ledger.written[word] for word in fresh if word in self._ledger.written]
        self.seen |= fresh

    async def _type(self) -> None:
        before = self._doc.get_state()
        text: Text = self._doc.get("entries", type=Map)[self._entry][self._field]
        text.insert(len(str(text).encode()), self._word(self._written))
        self._ledger.written[self._word(self._written)] = asyncio.get_running_loop().time()
        self._written += 1
        self._unsaved += 1
        await self._say(Frame(self._section, FrameKind.UPDATE, self._doc.get_update(before)))

    def _word(self, at: int) -> str:
        return f"<{self._doc.client_id:x}.{at}>"

    async def _say(self, frame: Frame) -> None:
        assert self._socket is not None, "it sits"
        await self._socket.send(encode(frame))


Fault: TypeAlias = Callable[[Callable[[], None]], Awaitable[None]]
"""What goes wrong; it calls what it is given at the instant at which every second typist leaves."""

Watch: TypeAlias = Callable[["Sequence[Typist]"], None]
"""Is shown the typists once they type."""


async def a_while(seconds: float) -> None:
    """Let so much time pass."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def until(holds: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS_MAX) -> float:
    """Look until it holds; return the seconds it took."""
    begun = asyncio.get_running_loop().time()
    while not holds():
        took = asyncio.get_running_loop().time() - begun
        assert took < seconds, f"{what} did not come true in {seconds} s"
        await a_while(LOOK_SECONDS)
    return asyncio.get_running_loop().time() - begun


async def typing_through(
    lives: Sequence[Live],
    path: tuple[str, str, str],
    faults: Iterable[Fault],
    *,
    seed: int,
    ledger: Ledger | None = None,
    tally: Counter[str] | None = None,
    watch: Watch | None = None,
) -> list[float]:
    """Let people type while the faults happen one after the other, and see that nothing promised is lost or doubled.

    Where the fault says so, every second of them is gone for good: what they were promised nobody brings back.
    ``tally`` is given the number of words written and promised.

    Returns the seconds until everybody's new words were saved, from the instant at which the others left, else from the
    fault's end.
    """
    chance = random.Random(seed)
    group = Group([Typist(live, path, random.Random(chance.random()), ledger=ledger) for live in lives])
    fresh = Typist(lives[0], path, random.Random(chance.random()))
    try:
        await group.begin()
        if watch is not None:
            watch(group.typists)
        back = [await group.suffer(fault) for fault in faults]
        await group.finish(fresh)
    finally:
        await group.end()
    _judge(group.typists, group.staying, fresh)
    if tally is not None:
        tally["written"] += sum(len(each.own) for each in group.typists)
        tally["promised"] += len(set().union(*(each.saved | each.seen for each in group.typists)))
    return back


class Group:
    """Those who type in one text."""

    def __init__(self, typists: Sequence[Typist]) -> None:
        self.typists = typists
        self.staying = list(typists)
        self._tasks = [asyncio.ensure_future(each.live()) for each in typists]
        self._left = 0.0

    async def begin(self) -> None:
        """Have everyone come in, empty the text, and type."""
        typists = self.typists
        await until(lambda: all(each.synced for each in typists), "everyone's first sync")
        if typists[0].text:
            await typists[0].clear()
        await until(lambda: all(each.settled and not each.text for each in typists), "an empty text")
        for each in typists:
            each.seen.clear()  # What an earlier run had typed was deleted just now.
            each.typing = True

    async def suffer(self, fault: Fault) -> float:
        """Have it happen; return the seconds until those who stay save again."""
        await _everyone_saves_more(self.staying[::2])
        self._left = 0.0
        await fault(self._leave)
        left = self._left or asyncio.get_running_loop().time()
        await _everyone_saves_more(self.staying)
        return asyncio.get_running_loop().time() - left

    async def finish(self, fresh: Typist) -> None:
        """Have everyone stop and be saved, and ``fresh`` see what they see."""
        for each in self.staying:
            each.typing = False
        await until(lambda: all(each.settled for each in self.staying), "the end of saving")
        self._tasks.append(asyncio.ensure_future(fresh.live()))
        await until(lambda: fresh.synced, "a new page's sync")
        await until(lambda: all(each.text == fresh.text for each in self.staying), "the same text on every page")

    async def end(self) -> None:
        """Have everyone go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _leave(self) -> None:
        self._left = asyncio.get_running_loop().time()
        self.staying[:] = self.typists[::2]
        for task in self._tasks[1 : len(self.typists) : 2]:
            task.cancel()


async def _everyone_saves_more(typists: Sequence[Typist]) -> float:
    before = [len(each.saved) for each in typists]
    return await until(
        lambda: all(len(each.saved) > count for each, count in zip(typists, before, strict=True)), "saving again"
    )


def _judge(typists: Sequence[Typist], staying: Sequence[Typist], fresh: Typist) -> None:
    promised = set().union(*(each.saved | each.seen for each in typists))
    words = fresh.words
    assert [each.refused for each in typists if each.refused] == []
    assert promised - set(words) == set(), "what was saved or seen is there"
    assert [word for word, times in words.items() if times > 1] == [], "nothing is there twice"
    assert set().union(*(each.own for each in staying)) <= set(words), "nor is anything else lost"
