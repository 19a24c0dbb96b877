"""What a section's rows give, and whether a snapshot is that.

A snapshot is kept only as the fold of its rows: of the snapshot before it, itself kept so, and the updates since. What
the live section held at the same row is compared with it, so a document that has gone another way than the journal is
found within ``SNAPSHOT_EDITS_MAX`` edits. It is kept with the hash of the row it stands on and a digest of all it says;
one that has been changed since, or whose row is not the journal's any more, is not served.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from pycrdt import Doc, Map

from crdt.changes import Root
from crdt.sections import Section
from crdt.updates import read_state_vector
from hub.live.open_sections import clients_of
from hub.record.journal import FoldStep, Snapshot


def digest_of(plan: str, snapshot: Snapshot, row_hash: bytes) -> bytes:
    """Return the SHA-256 of a snapshot: its plan, its place, the row it stands on, its state, its owners."""
    told = [plan, snapshot.section, snapshot.seq, row_hash.hex(), sorted(snapshot.clients.items())]
    return hashlib.sha256(msgspec.json.encode(told) + b"\n" + snapshot.state).digest()


def folded(section: Section, base: Snapshot | None, steps: Sequence[FoldStep], seq: int) -> Snapshot:
    """Return the snapshot that the rows after ``base`` give by the row ``seq``. Costs as a load: for another thread."""
    document = _document(base.state if base is not None else b"")
    clients = dict(base.clients) if base is not None else {}
    for step in steps:
        document.apply_update(step.update)
        for client in clients_of(step.update):
            clients.setdefault(client, step.actor)
    return Snapshot(section, seq, document.get_update(), clients)


def is_same(one: Snapshot, other: Snapshot) -> bool:
    """Return whether two snapshots of a section hold the same values, edits and owners. For another thread, too."""
    if one.clients != other.clients:
        return False
    return one.state == other.state or _told(one.state) == _told(other.state)


def _document(state: bytes) -> "Doc[Map[object]]":
    document: Doc[Map[object]] = Doc()
    for root in Root:
        document.get(root, type=Map)
    if state:
        document.apply_update(state)
    return document


def _told(state: bytes) -> tuple[Mapping[str, object], Mapping[int, int]]:
    document = _document(state)
    values = {root.value: document.get(root, type=Map).to_py() for root in Root}
    return values, read_state_vector(document.get_state())
