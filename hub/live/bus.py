"""What hub processes tell each other: hints, never truth. A lost note costs time, not data.

After a commit a process says how far the plan's journal has come; the others fetch what they lack by sequence. They
catch up as well whenever they begin to listen (again), and on a slow poll. Presence travels the same way and is
renewed by the pages, so a lost one heals within seconds.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import msgspec


class Moved(msgspec.Struct, frozen=True, tag="moved"):
    """Plans whose journals have come this far."""

    plans: tuple[tuple[str, int], ...]
    sender: str = ""


class AccessChanged(msgspec.Struct, frozen=True, tag="access"):
    """Somebody may see more or less of the plan than before."""

    plan: str
    sender: str = ""


class SessionsEnded(msgspec.Struct, frozen=True, tag="ended"):
    """Sign-ins that are over."""

    sessions: tuple[str, ...]
    sender: str = ""


class RelayedPresence(msgspec.Struct, frozen=True, array_like=True):
    """A presence on its way to another process: unmasked, masked there for each reader."""

    client: int
    person: str
    name: str
    role: str
    field: str | None
    draft: str | None
    caret: msgspec.Raw


class Here(msgspec.Struct, frozen=True, tag="here"):
    """People at the sender's process who came, moved or went."""

    plan: str
    people: tuple[RelayedPresence, ...] = ()
    gone: tuple[int, ...] = ()
    sender: str = ""


class WhoIsHere(msgspec.Struct, frozen=True, tag="who"):
    """A process has opened the plan and asks the others to say who is with them."""

    plan: str
    sender: str = ""


class HuddleMoved(msgspec.Struct, frozen=True, tag="huddle"):
    """A huddle has come this far."""

    huddle: str
    version: int
    sender: str = ""


class InHuddle(msgspec.Struct, frozen=True, tag="in huddle"):
    """Everyone who has the huddle open at the sender's process."""

    huddle: str
    people: tuple[str, ...]
    sender: str = ""


class WhoIsInHuddle(msgspec.Struct, frozen=True, tag="who in huddle"):
    """A process has its first page of the huddle and asks the others to say who is with them."""

    huddle: str
    sender: str = ""


class Listening(msgspec.Struct, frozen=True, tag="listening"):
    """The bus hears again after it may have missed notes: catch up with everything."""

    sender: str = ""


Note: TypeAlias = (
    Moved | AccessChanged | SessionsEnded | Here | WhoIsHere | HuddleMoved | InHuddle | WhoIsInHuddle | Listening
)

Hear: TypeAlias = Callable[[Note], None]


class Bus(Protocol):
    """Between the processes of one hub."""

    def publish(self, note: Note) -> None:
        """Send a note to the other processes, soon; never raises, never waits."""

    def listen(self, hear: Hear) -> None:
        """Have every note heard, maybe one's own too; called once, before ``start``."""

    async def start(self) -> None:
        """Begin to carry notes."""

    async def stop(self) -> None:
        """Carry none any more."""


class LocalBus:
    """Several hubs in one process, or one alone: notes arrive at once. Make one per hub with ``another``."""

    def __init__(self) -> None:
        self._peers: list[LocalBus] = [self]
        self._hear: Hear | None = None

    def another(self) -> "LocalBus":
        """Return a bus of another hub, connected to this one."""
        other = LocalBus()
        self._peers.append(other)
        other._peers = self._peers
        return other

    def publish(self, note: Note) -> None:
        for peer in self._peers:
            if peer is not self:
                peer.deliver(note)

    def deliver(self, note: Note) -> None:
        """Have this hub hear a note."""
        if self._hear is not None:
            self._hear(note)

    def listen(self, hear: Hear) -> None:
        self._hear = hear

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        self._hear = None


encoder = msgspec.json.Encoder()
decoder: msgspec.json.Decoder[Note] = msgspec.json.Decoder(Note)


def packed(notes: Sequence[Note], bytes_max: int) -> list[str]:
    """Return the notes as texts of at most ``bytes_max``; a presence that is longer than that is left out."""
    texts = []
    for note in notes:
        raw = encoder.encode(note)
        if len(raw) <= bytes_max:
            texts.append(raw.decode())
        elif isinstance(note, Here) and len(note.people) > 1:
            half = len(note.people) // 2
            texts += packed(
                [msgspec.structs.replace(note, people=note.people[:half]),
                 msgspec.structs.replace(note, people=note.people[half:], gone=())],
                bytes_max,
            )  # fmt: skip
        elif isinstance(note, Moved) and len(note.plans) > 1:
            half = len(note.plans) // 2
            texts += packed([Moved(note.plans[:half], note.sender), Moved(note.plans[half:], note.sender)], bytes_max)
    return texts
