"""What pages hear of changes and of each other: notices and presence, which wait for no commit of their own.

A page with the document of a section hears only of what it shows by HTML; one without (the family's view) hears of
every change of what it may see, of typing at most once a second, and of nothing else: a notice about an entry, a
remark or a field that one may not see would tell that there is one, and who is busy with it.

A page that is not read from (its socket is paused) is told when it reads again, of all that came meanwhile.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from auth.decisions import entry_visible, facts_of, fields_visible, remark_visible
from auth.roles import Participant
from crdt.changes import Root
from crdt.contents import Record
from crdt.fields import Value
from crdt.sections import Section
from crdt.sessions import PLAN_DOCUMENT
from hub.live.changes import Changed, Place, PlaceChange
from hub.live.connections import Connection
from hub.live.lines import CloseCode, notice
from hub.live.open_plans import OpenPlan
from hub.live.open_sections import OpenSection
from hub.live.presence import PresenceRound

SOFT_SECONDS_MIN: Final = 1.0
"""Readers without the document hear of words being typed at most this often per section."""

PRESENCE_SECONDS_MIN: Final = 0.1
"""A plan's presence goes out at most this often: ten times a second, however fast pages say it."""

ENTRIES_TOLD_MAX: Final = 100
"""Entries named in one notice; beyond it the list is left empty, which means: look at the whole section."""


def tell_changed(room: OpenPlan, section: Section, changed: Changed) -> None:
    """Tell the pages: at once what they must fetch, later (``flush_soft``) that words are being typed."""
    room.soft.add(section, changed)
    if changed.structure:
        _tell(room, section, room.soft.waiting.pop(section))


def _tell(room: OpenPlan, section: Section, changed: Changed) -> None:
    plain: bytes | None = None
    for connection in room.connections:
        if not connection.watching or section not in connection.readable:
            continue
        if connection.line.paused:
            connection.missed.add(section, changed)
        elif section not in connection.session.scopes:
            _tell_part(room, connection, section, changed)
        elif changed.structure:
            plain = plain or _notice(section, changed)
            connection.line.write(plain)


def tell_missed(room: OpenPlan, connection: Connection) -> None:
    """Tell a page that reads again of what changed while it did not, as it may see it now."""
    for section, changed in connection.missed.take().items():
        if section not in connection.readable:
            continue
        if section not in connection.session.scopes:
            _tell_part(room, connection, section, changed)
        elif changed.structure:
            connection.line.write(_notice(section, changed))
    if connection.watching:
        room.newcomers[connection] = None


def _tell_part(room: OpenPlan, connection: Connection, section: Section, changed: Changed) -> None:
    """Tell a reader without the document of what they may see; of the rest they hear nothing, not even a name."""
    document = room.sections.get(section)
    if document is None:
        return  # It was not loaded when somebody else's process changed it, and is not now: nothing is known of it.
    visible = Changed()
    seen = _Sight(connection.participant, document, room.clock.now())
    for place, part in changed.places.items():
        if seen.may_see(place, part.fields):
            visible.add(seen.entry_at(place), part)
        elif seen.went(place, part):
            visible.more = True
    if changed.more and not visible.more:
        visible.more = any(seen.may_see((Root.ENTRIES, entry), set()) for entry in document.document.content().entries)
    if visible.places or visible.more:
        connection.line.write(_notice(section, visible))


class _Sight:
    """What one person may see of a section's entries, suggestions and comments."""

    def __init__(self, participant: Participant, section: OpenSection, now: datetime) -> None:
        self._participant = participant
        self._section = section
        self._now = now
        self._fields = fields_visible(participant, section.section, now)

    def may_see(self, place: Place, fields: Collection[str]) -> bool:
        """Return whether any of these fields is to be seen there; of no fields, whether the entry is."""
        root, key = place
        if root is Root.ENTRIES:
            return self._entry(key) and (not fields or not self._fields.isdisjoint(fields))
        record = self._record(place)
        author = str(record.get("author") or record.get("proposer") or "")
        return self._entry(str(record.get("entry", ""))) and remark_visible(
            self._participant, self._section.section, author, self._now
        )

    def went(self, place: Place, part: PlaceChange) -> bool:
        """Return whether the person saw the entry before this change, and sees it no more."""
        root, key = place
        values = self._section.document.values(key) if root is Root.ENTRIES and part.before else None
        return values is not None and self._sees(key, {**values, **part.before})

    def entry_at(self, place: Place) -> Place:
        """Return the place of the entry that a suggestion or comment is about."""
        return place if place[0] is Root.ENTRIES else (Root.ENTRIES, str(self._record(place).get("entry", "")))

    def _record(self, place: Place) -> Record:
        content = self._section.document.content()
        records = content.comments if place[0] is Root.COMMENTS else content.suggestions
        return records.get(place[1], {})

    def _entry(self, entry: str) -> bool:
        values = self._section.document.values(entry)
        return values is not None and self._sees(entry, values)

    def _sees(self, entry: str, values: Mapping[str, Value]) -> bool:
        creator = self._section.person(self._section.document.creator(entry))
        facts = facts_of(self._section.section, creator, values)
        return entry_visible(self._participant, self._section.section, facts, self._now)


def _notice(section: Section, changed: Changed) -> bytes:
    entries = [key for root, key in changed.places if root is Root.ENTRIES]
    names = dict.fromkeys(name for part in changed.places.values() for name in part.names if name)
    words = {
        "section": section.value,
        "entries": entries if len(entries) <= ENTRIES_TOLD_MAX and not changed.more else [],
        "structure": changed.structure,
        "by": ", ".join(names),
    }
    return notice(PLAN_DOCUMENT, "changed", words)


def flush_soft(room: OpenPlan, now: float) -> None:
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
        for section, changed in room.soft.take().items():
            _tell(room, section, changed)


def soft_due(room: OpenPlan) -> float | None:
    """Return when ``flush_soft`` has something to send, in seconds; ``None`` where nothing waits."""
    if room.presences.unsettled or room.newcomers:
        return room.next_soft
    return max(room.next_soft_changes, room.next_soft) if room.soft.waiting else None


def _tell_presence(room: OpenPlan) -> None:
    changed, gone = room.presences.take_changes()
    if changed or gone:
        room.announce(room, changed, gone)
    newcomers, room.newcomers = room.newcomers, {}
    if not (changed or gone or newcomers):
        return
    clock = room.presences.tell_clock(room.clock.now())
    news = PresenceRound(changed, gone, clock)
    everyone = PresenceRound(room.presences.everyone(), gone, clock) if newcomers else news
    for connection in room.connections:
        if not connection.watching:
            continue
        own = room.presences.client_of(connection)
        if connection in newcomers:
            departed, connection.departed = connection.departed, set()
            message = everyone.to(connection.open_sections, own=own, departed=departed)
        elif connection.line.paused:
            connection.departed.update(gone)
            continue
        else:
            message = news.to(connection.open_sections, own=own)
        if message is not None:
            connection.line.write(message)
