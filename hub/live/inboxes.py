"""What the sockets of one room have sent and no beat has taken yet, within bounds that slow the senders down."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from crdt.effects import Ask, Edit, Join, Leave
from crdt.sections import Section
from hub.live.connections import Connection

INBOX_FRAMES_MAX: Final = 512
"""Messages of one connection that wait; beyond it its socket is not read, and TCP slows the sender down."""

INBOX_BYTES_MAX: Final = 1 << 20
"""Bytes of one connection that wait, bounded likewise: with a long answer among them nothing more is read."""

ROOM_INBOX_BYTES_MAX: Final = 32 << 20
"""Bytes that wait in a room in all; who goes beyond is sent away to come back (``BUSY``) and keeps its edits."""

TYPED_AT_ONCE_MAX: Final = 200
"""Updates of one connection that are looked at together."""

Item: TypeAlias = Join | Leave | Ask | Edit


class Message(NamedTuple):
    """A message that waits. It counts as waiting until it is ``done``, also while a beat looks at it."""

    connection: Connection
    item: Item
    size: int


class Inbox:
    """The messages of one room's connections, the oldest first."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, connection: Connection, item: Item) -> bool:
        """Take a message in, and stop reading from who has sent enough; false where the room has too much already."""
        size = _size(item)
        if self._bytes + size > ROOM_INBOX_BYTES_MAX:
            return False
        self._waiting.append(Message(connection, item, size))
        self._bytes += size
        connection.inbox_frames += 1
        connection.inbox_bytes += size
        if connection.inbox_frames >= INBOX_FRAMES_MAX or connection.inbox_bytes >= INBOX_BYTES_MAX:
            connection.resting = True
            connection.line.take_breath()
        return True

    def next(self) -> Message:
        """Take out the oldest."""
        return self._waiting.popleft()

    def behind(self, first: Message) -> list[Message]:
        """Take out the updates of the same connection and section that stand right behind an update."""
        found: list[Message] = []
        while self._waiting and len(found) < TYPED_AT_ONCE_MAX:
            each = self._waiting[0]
            if each.connection is not first.connection or not _typed(each.item, first.item.section):
                break
            found.append(self._waiting.popleft())
        return found

    def put_back(self, held: Sequence[Message]) -> None:
        """Let these stand in front again."""
        self._waiting.extendleft(reversed(held))

    def done(self, waiting: Message) -> None:
        """Count a message off, and read on from its sender where most of its share is free again."""
        connection = waiting.connection
        self._bytes -= waiting.size
        connection.inbox_frames -= 1
        connection.inbox_bytes -= waiting.size
        emptied = connection.inbox_frames * 2 < INBOX_FRAMES_MAX and connection.inbox_bytes * 2 < INBOX_BYTES_MAX
        if connection.resting and emptied:
            connection.resting = False
            connection.line.go_on()

    def clear(self) -> None:
        """Forget everything; nobody is read from again."""
        self._waiting.clear()


def _typed(item: Item, section: Section) -> bool:
    return isinstance(item, Edit) and not item.answers and item.section is section


def _size(item: Item) -> int:
    if isinstance(item, Edit):
        return len(item.update)
    return len(item.state_vector) if isinstance(item, Ask) else 0
