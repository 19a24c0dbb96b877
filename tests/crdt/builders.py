"""What the tests of the core are made with, most of it what the fuzz is made with, too."""

from dataclasses import dataclass

from crdt.documents import Accepted, SectionDocument
from hub.fuzz.peers import (
    HUB_CLIENT,
    MARY,
    READ,
    WALK,
    WORDS,
    Peer,
    a_section,
    allowed,
    index_of,
    judged,
    live_of,
    plain,
    plain_doc,
)

__all__ = [
    "ANYONE",
    "HUB_CLIENT",
    "MARY",
    "READ",
    "WALK",
    "WORDS",
    "Claim",
    "Peer",
    "a_peer",
    "a_section",
    "allowed",
    "index_of",
    "judged",
    "live_of",
    "plain",
    "plain_doc",
    "taken",
]


@dataclass
class Claim:
    """Who may write under which id: these, or anyone when None."""

    clients: frozenset[int] | None = None

    def may_write_as(self, client_id: int) -> bool:
        """Return whether the id is one of these."""
        return self.clients is None or client_id in self.clients


ANYONE = Claim()


def taken(document: SectionDocument, update: bytes) -> Accepted:
    """Apply an update that must pass."""
    verdict = judged(document, update)
    assert isinstance(verdict, Accepted), (verdict, update.hex())
    document.apply(verdict)
    return verdict


def a_peer(document: SectionDocument, client: int = 7) -> Peer:
    peer = Peer(client)
    peer.receive(document.missing_from(b"\x00"))
    return peer
