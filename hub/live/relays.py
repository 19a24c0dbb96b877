"""What goes out once it is committed: one merged message a section, wrapped once and written to every socket."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from auth.decisions import Grant
from crdt.sections import SECTIONS, Section
from crdt.sessions import PLAN_DOCUMENT
from crdt.updates import UpdateError, merge
from hub.live import lines
from hub.live.batches import PendingRow, Work
from hub.live.changes import Changed, changed_by, changed_in, commanded
from hub.live.connections import Connection
from hub.live.lines import CloseCode, notice
from hub.live.notices import tell_changed
from hub.live.open_plans import OpenPlan
from hub.live.open_sections import NOTHING, OpenSection
from hub.record.journal import Action, Row

MESSAGE_BYTES_MAX: Final = 1 << 20
"""A relayed message; a beat that holds more goes out as several."""

ACCESS_ACTIONS: Final = frozenset(
    {Action.GRANT, Action.REVOKE, Action.CONSENT, Action.REDEEM, Action.BREAK_GLASS, Action.REVIEW, Action.ADMIN}
)
"""Rows after which somebody may see more or less than before."""


def finish(room: OpenPlan, work: Work) -> None:
    """Relay, then acknowledge, then answer, in this order for every connection (invariant 2)."""
    _remember_reads(room, work)
    runs = _by_section(work.runs)
    for section, part in runs.items():
        authors = {run.connection for run in part}
        relay(
            room.sections[section],
            [run.merged() for run in part],
            author=authors.pop() if len(authors) == 1 else None,
            before=work.before.get(section),
        )
    for kept in work.kept:
        relay(room.sections[kept.section], [kept.accepted.update], author=None, before=work.before.get(kept.section))
    for (connection, name), messages in work.saved.items():
        connection.line.write(lines.saved(name) * messages)
    for connection, name, refusal in work.refusals:
        connection.line.write(lines.refused(name, refusal))
    for connection, name in work.joins:
        _admit(room, connection, name)
    for (connection, name), state_vector in work.asks.items():
        _answer(room, connection, name, state_vector)
    for connection, name in work.challenges:
        _challenge(room, connection, name)
    for section, part in runs.items():
        tell_changed(room, section, changed_by([(run.connection.participant.name, run.touched) for run in part]))
    for kept in work.kept:
        tell_changed(room, kept.section, commanded(kept.writer, kept.accepted.touched))


def _by_section(runs: Sequence[PendingRow]) -> dict[Section, list[PendingRow]]:
    by_section: dict[Section, list[PendingRow]] = {}
    for run in runs:
        by_section.setdefault(run.section, []).append(run)
    return by_section


def _remember_reads(room: OpenPlan, work: Work) -> None:
    for (_, _, section), connection in work.reads.items():
        room.visits.recorded(connection.participant, [section], room.clock.seconds())


def relay(section: OpenSection, updates: Sequence[bytes], *, author: Connection | None, before: bytes | None) -> None:
    """Send committed updates to the section's readers, merged and wrapped once.

    A sole author gets no echo; of several each gets the whole, since their own part is known to their replica and one
    message for all is cheaper. A paused reader is left at ``before`` and catches up from there.
    """
    if not section.readers:
        return
    messages = [lines.update(section.section, merged) for merged in _merged(updates)]
    for reader in section.readers:
        if reader is author:
            continue
        if reader.line.paused and before is not None:
            reader.leave_behind(section.section, before)
            continue
        for message in messages:
            reader.line.write(message)


def _merged(updates: Sequence[bytes]) -> list[bytes]:
    if len(updates) == 1:
        return list(updates)
    groups: list[list[bytes]] = [[]]
    size = 0
    for update in updates:
        if groups[-1] and size + len(update) > MESSAGE_BYTES_MAX:
            groups.append([])
            size = 0
        groups[-1].append(update)
        size += len(update)
    return [merge(group) for group in groups]


def _admit(room: OpenPlan, connection: Connection, section: Section) -> None:
    reading = connection.readings.get(section)
    scope = connection.session.scopes.get(section)
    if connection.gone or reading is None or scope is None:
        return
    reading.admitted = True  # No audit, no data: the row of this reading is committed.
    connection.settle_open_sections()
    connection.line.write(lines.authenticated(section, scope))
    if connection.watching:
        room.newcomers[connection] = None  # Presence in this section may be told now.


def _answer(room: OpenPlan, connection: Connection, section: Section, state_vector: bytes) -> None:
    reading = connection.readings.get(section)
    if connection.gone or reading is None:
        return
    assert reading.admitted, "content follows the row of its reading"
    if connection.line.paused:
        reading.behind = state_vector  # Who asks and does not read is answered once, when it reads again.
        return
    document = room.sections[section]
    try:
        answer = document.answer(state_vector, unpacks=connection.line.unpacks)
    except UpdateError as error:
        room.dismiss(connection, CloseCode.BAD_FRAME, str(error))
        return
    _challenge(room, connection, section)  # First: once it has read the answer, its own crossed values are gone.
    connection.line.write(answer)
    reading.follows = True
    reading.behind = None
    document.readers[connection] = None  # From here on it gets what is committed; what was before is in the answer.


def _challenge(room: OpenPlan, connection: Connection, section: Section) -> None:
    """Ask the peer for what we lack."""
    reading = connection.readings.get(section)
    if connection.gone or reading is None:
        return
    reading.asked = True
    connection.line.write(lines.step_1(section, room.sections[section].document.state_vector()))


BESIDE: Final = "medicine_list."
"""Events of what stands beside a section and is shown with it: pages fetch it anew, though no document changed."""


def absorb(room: OpenPlan, rows: Sequence[Row]) -> None:
    """Take in rows that others have committed, and relay them. They follow the room's head."""
    updates: dict[Section, list[bytes]] = {}
    told: dict[Section, Changed] = {}
    names = _names(room)
    for row in rows:
        if row.action in ACCESS_ACTIONS:
            room.access_moved = True
        section = room.sections.get(Section(row.section)) if row.section in SECTIONS else None
        if section is None:
            continue
        if row.update is None:
            if row.event.startswith(BESIDE) and row.outcome == "success":
                told.setdefault(section.section, Changed()).more = True
            continue
        section.replay(row)
        updates.setdefault(section.section, []).append(row.update)
        told.setdefault(section.section, Changed()).join(changed_in(row, names.get(row.actor, "")))
    for name, part in updates.items():
        relay(room.sections[name], part, author=None, before=NOTHING)
    for name, changed in told.items():
        tell_changed(room, name, changed)


def _names(room: OpenPlan) -> Mapping[str, str]:
    names = {each.person_id: each.name for each in room.presences.everyone()}
    names.update({each.participant.person_id: each.participant.name for each in room.connections})
    return names


def tell_access(connection: Connection, readable: Collection[Section], grants: Mapping[Section, Grant]) -> None:
    """Tell a page that what it was made for has changed; ``readable`` and ``grants`` are what was true before."""
    moved = {section for section in Section if grants[section] is not connection.grants[section]}
    if moved and connection.watching:
        told = sorted(moved & (connection.readable | frozenset(readable)))
        connection.line.write(notice(PLAN_DOCUMENT, "access", {"sections": [section.value for section in told]}))
