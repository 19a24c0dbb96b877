"""What pages hear of changes and of each other: notices and presence, which wait for no commit of their own.

A page with the document of a section hears only of what it shows by HTML; one without (the family's view) hears of
every change of the entries it may see, of typing at most once a second.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auth.decisions import entry_visible, facts_of
from crdt.changes import Root
from crdt.contents import Touched
from crdt.sections import Section
from crdt.sessions import PLAN_DOCUMENT
from hub.live import lines
from hub.live.connections import Connection
from hub.live.lines import CloseCode, notice
from hub.live.presence import update_for

if TYPE_CHECKING:
    from hub.live.rooms import Room

SOFT_SECONDS_MIN: Final = 1.0
"""Readers without the document hear of words being typed at most this often per section."""

PRESENCE_SECONDS_MIN: Final = 0.1
"""A plan's presence goes out at most this often: ten times a second, however fast pages say it."""

ENTRIES_TOLD_MAX: Final = 100
"""Entries named in one notice; beyond it the list is left empty, which means: look at the whole section."""


@dataclass(slots=True)
class Changed:
    """What a notice says of one section."""

    entries: dict[str, None] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    structure: bool = False
    """Something that the page shows by HTML has changed: entries, suggestions, comments, command fields."""


class SoftChanges:
    """Changes that readers without the document have not been told of yet."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: dict[Section, Changed] = {}

    def add(self, section: Section, changed: Changed) -> None:
        """Take in a change that can wait."""
        held = self.waiting.setdefault(section, Changed())
        held.entries.update(changed.entries)
        held.names.update(changed.names)
        held.structure |= changed.structure


def changed_by(parts: Iterable[tuple[str, Sequence[Touched]]]) -> Changed:
    """Return what a notice says of these changes by people of these names."""
    changed = Changed()
    for name, touched in parts:
        changed.names[name] = None
        for each in touched:
            if each.root is Root.ENTRIES:
                changed.entries[each.entry] = None
            else:
                changed.structure = True
    return changed


def commanded(name: str, touched: Sequence[Touched]) -> Changed:
    """Return what a notice says of a command's changes: the page shows them by HTML, whatever they are."""
    changed = changed_by([(name, touched)])
    changed.structure = True
    return changed


def tell_changed(room: "Room", section: Section, changed: Changed) -> None:
    """Tell the pages: at once what they must fetch, later (``flush_soft``) that words are being typed."""
    room.soft.add(section, changed)
    if changed.structure:
        _tell(room, section, room.soft.waiting.pop(section))


def _tell(room: "Room", section: Section, changed: Changed) -> None:
    plain: bytes | None = None
    for connection in room.connections:
        if not connection.watching or section not in connection.readable or connection.line.paused:
            continue
        if section in connection.session.scopes:
            if changed.structure:
                plain = plain or _changed_notice(room, section, changed, list(changed.entries))
                connection.line.write(plain)
            continue
        visible = _visible(room, connection, section, changed.entries)
        if visible or not changed.entries:
            connection.line.write(_changed_notice(room, section, changed, visible))


def _visible(room: "Room", connection: Connection, section: Section, entries: Iterable[str]) -> list[str]:
    """Return those entries that the reader may see at all: a notice must not tell of the others."""
    document = room.sections[section]
    now = room.clock.now()
    visible = []
    for entry in entries:
        values = document.document.values(entry)
        if values is None:
            continue
        facts = facts_of(section, document.person(document.document.creator(entry)), values)
        if entry_visible(connection.participant, section, facts, now):
            visible.append(entry)
    return visible


def _changed_notice(room: "Room", section: Section, changed: Changed, entries: Sequence[str]) -> bytes:
    words = {
        "section": section.value,
        "entries": list(entries) if len(entries) <= ENTRIES_TOLD_MAX else [],
        "structure": changed.structure,
        "seq": room.head.seq,
        "by": ", ".join(name for name in changed.names if name),
    }
    return notice(PLAN_DOCUMENT, "changed", words)


def flush_soft(room: "Room", now: float) -> None:
    """Send presence and soft changes, none of which waits for a commit; at most as often as the bounds say."""
    if now < room.next_soft:
        return
    room.next_soft = now + PRESENCE_SECONDS_MIN
    for owner, fault in room.presences.settle():
        if isinstance(owner, Connection):
            room.dismiss(owner, CloseCode.BAD_FRAME, f"presence: {fault}")
    _tell_presence(room)
    if room.soft.waiting and now >= room.next_soft_changes:
        room.next_soft_changes = now + SOFT_SECONDS_MIN
        waiting, room.soft.waiting = room.soft.waiting, {}
        for section, changed in waiting.items():
            _tell(room, section, changed)


def soft_due(room: "Room") -> float | None:
    """Return when ``flush_soft`` has something to send, in seconds; ``None`` where nothing waits."""
    if room.presences.unsettled or room.newcomers:
        return room.next_soft
    return max(room.next_soft_changes, room.next_soft) if room.soft.waiting else None


def _tell_presence(room: "Room") -> None:
    changed, gone = room.presences.take_changes()
    if changed or gone:
        room.announce(room, changed, gone)
    newcomers, room.newcomers = room.newcomers, {}
    everyone = room.presences.everyone() if newcomers else []
    told: dict[tuple[bool, frozenset[Section]], bytes] = {}
    for connection in room.connections:
        if not connection.watching:
            continue
        new = connection in newcomers
        if not new and (connection.line.paused or not (changed or gone)):
            continue
        key = (new, connection.open_sections)
        message = told.get(key)
        if message is None:
            message = lines.presence(update_for(connection.open_sections, everyone if new else changed, gone))
            told[key] = message
        connection.line.write(message)
