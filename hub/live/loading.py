"""From the journal into a room: sections on demand, and the rows that others have committed since."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from crdt.sections import Section
from hub.live import relays
from hub.live.open_sections import SNAPSHOT_EDITS_MAX, OpenSection
from hub.live.rooms import Room
from hub.record.journal import Head, Journal, Opening, Row, Snapshot

ROWS_AT_ONCE_MAX: Final = 2_000
"""Rows read between two looks at everything else the process has to do."""

OFF_LOOP_BYTES_MIN: Final = 32 << 10
"""Of a larger state the index is made on another thread as soon as it is open: of ten thousand edits it takes 140 ms,
in which nobody else's plan should stand still. Of a smaller one it is made when somebody writes."""


async def bring_up(room: Room, journal: Journal, opening: Opening | None = None) -> None:
    """Open the sections that the room wants and catch up to the journal's head. Only with the room's turn held.

    However many asked for a section, it is loaded once: they wait in the inbox. An ``opening`` that was read before
    serves a room in which nothing is open yet; what it lacks is read as ever.

    Raises:
        JournalAwayError: the journal can't be reached; the room is as it was.
        KeyError: the plan has no journal.
    """
    for name in room.unread & room.sections.keys():
        await room.sections[name].read()
    room.unread.clear()
    missing = [section for section in Section if section in room.wanted and section not in room.sections]
    if room.sections:
        opening = None  # The room may be ahead of it.
    head = opening.head if opening is not None else (await journal.heads([room.plan_id]))[room.plan_id]
    seconds = room.clock.seconds()
    fresh: dict[Section, OpenSection] = {}
    snapshots: Mapping[Section, Snapshot] = {}
    if missing:
        snapshots = opening.snapshots if opening is not None else await journal.snapshots(room.plan_id, missing)
        fresh = {section: OpenSection(section, snapshots.get(section), later=True) for section in missing}
    first_load = not room.sections
    start = min([section.seq for section in fresh.values()] + ([] if first_load else [room.head.seq]), default=head.seq)
    others: list[Row] = []
    at, scanned = start, 0
    while at < head.seq:
        rows = opening.after(at) if opening is not None else []
        rows = rows or await journal.since(room.plan_id, at, limit=ROWS_AT_ONCE_MAX)
        assert rows, "rows up to the head are there"
        scanned += len(rows)
        at = rows[-1].seq
        head = max(head, Head(at, rows[-1].hash), key=lambda each: each.seq)
        _replay(fresh, rows)
        others += [row for row in rows if row.seq > room.head.seq] if not first_load else []
    if room.ended:
        return
    for section in fresh.values():
        if len(section.document.state()) >= OFF_LOOP_BYTES_MIN:
            section.read_ahead()
    take_over(room, others, head)
    for section in fresh.values():
        section.seq = head.seq
    room.sections.update(fresh)
    room.wanted.difference_update(fresh)
    room.wanted.difference_update(room.sections)
    room.behind = False
    room.known_seconds = seconds
    if scanned > SNAPSHOT_EDITS_MAX:
        for section in fresh.values():
            section.edits_since_snapshot = max(section.edits_since_snapshot, SNAPSHOT_EDITS_MAX)


async def load(
    plan_id: str, journal: Journal, sections: Collection[Section], head: Head
) -> Mapping[Section, OpenSection]:
    """Return the sections as the journal has them up to this head, ready to be written to.

    A snapshot of another process may be ahead of the head; its rows are passed over when they come.

    Raises:
        JournalAwayError: the journal can't be reached.
    """
    snapshots = await journal.snapshots(plan_id, list(sections))
    fresh = {name: OpenSection(name, snapshots.get(name), later=True) for name in sections}
    at = min(section.seq for section in fresh.values())
    while at < head.seq:
        rows = await journal.since(plan_id, at, limit=min(ROWS_AT_ONCE_MAX, head.seq - at))
        assert rows, "rows up to the head are there"
        at = rows[-1].seq
        _replay(fresh, rows)
    for name, section in fresh.items():
        snapshot = snapshots.get(name)
        if snapshot is not None and len(snapshot.state) >= OFF_LOOP_BYTES_MIN:
            section.read_ahead()
            await section.read()
        section.seq = head.seq
    return fresh


def take_over(room: Room, rows: Sequence[Row], head: Head) -> None:
    """Relay rows of others that follow the room's head, and stand at the new one."""
    if rows:
        room.head = Head(rows[-1].seq, rows[-1].hash)
        relays.absorb(room, rows)
    room.head = head
    for section in room.sections.values():
        section.seq = head.seq


def _replay(fresh: dict[Section, OpenSection], rows: Sequence[Row]) -> None:
    by_name = {section.section.value: section for section in fresh.values()}
    for row in rows:
        section = by_name.get(row.section)
        if section is not None:
            section.replay(row)
