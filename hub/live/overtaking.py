"""A batch that others overtook is judged again on the plan as the journal now says, before it goes behind their rows.

While nobody else wrote under its client ids, the batch is as true as before: what was concurrent converges. Where a row
has a client id of the batch, the document here may hold other bytes under its clocks than the journal does (a page that
moved between two processes told both the same; one that lies told each something else). So that section is loaded anew
from the journal and the whole batch passes the gate again there: what stands already drops out if it is the same,
deletions included, what is new stays, and who contradicts is refused. The same where the rows have taken from somebody
what the batch does. Nobody has seen the batch yet, so nobody's page notices (invariant 2).
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from crdt.contents import Accepted, Refusal
from crdt.sections import Section
from crdt.updates import FROM_BATCHES
from hub.live.batches import PendingRow, Work
from hub.live.connections import Connection
from hub.live.crossings import crossed, crossed_by_rows, keep
from hub.live.loading import load, take_over
from hub.live.open_sections import OpenSection, clients_of
from hub.live.relays import ACCESS_ACTIONS
from hub.live.rooms import Room
from hub.record.journal import Head, Journal, Row, Snapshot

ACCESS_ENDED: Final = Refusal("grant", "Your access ended before this change was saved.")


async def give_way(
    room: Room, work: Work, rows: Sequence[Row], journal: Journal, reassess: Callable[[str], Awaitable[None]]
) -> None:
    """Take in the rows of others and make the batch one that may follow them. Only with the room's turn held.

    Where this fails half way the room must end: its documents hold what is neither committed nor judged.

    Raises:
        JournalAwayError: the journal, or the store, can't be reached.
        UpdateError: the journal holds what can't be read.
    """
    head = Head(rows[-1].seq, rows[-1].hash)
    contended = _contended(work, rows)
    await _load_anew(room, journal, contended, head)
    take_over(room, rows, head)
    if any(row.action in ACCESS_ACTIONS for row in rows):
        await reassess(room.plan_id)
    if room.ended:
        return
    forbidden = {run.section for run in work.runs if not _is_permitted(room, run)} - contended
    await _load_anew(room, journal, forbidden, head)
    if room.ended:
        return
    again = contended | forbidden
    if again:
        _judge_again(room, work, again)
    _keep_what_crossed(room, work, rows, again)
    work.seal(room.plan_id)


def _contended(work: Work, rows: Sequence[Row]) -> set[Section]:
    """Return the sections in which a row and the batch write under the same client id."""
    written = {(run.section, run.client) for run in work.runs if run.client is not None}
    written |= {(kept.section, kept.accepted.client) for kept in work.kept if kept.accepted.client is not None}
    sections = {section.value: section for section, _ in written}
    return {
        sections[row.section]
        for row in rows
        if row.update is not None
        and row.section in sections
        and any((sections[row.section], client) in written for client in clients_of(row.update))
    }


async def _load_anew(room: Room, journal: Journal, sections: Collection[Section], head: Head) -> None:
    if sections:
        fresh = await load(room.plan_id, journal, sections, head)
        if not room.ended:
            for name, section in fresh.items():
                room.sections[name].begin_again(section)


def _is_permitted(room: Room, run: PendingRow) -> bool:
    """Return whether the person may still write what the run touches, as the plan stands behind the rows."""
    if run.connection.expelled:
        return False
    section, now = room.sections[run.section], room.clock.now()
    places = {(each.entry, each.field) for each in run.touched}
    return not any(run.connection.may_write(section, entry, name, now) for entry, name in places)


def _judge_again(room: Room, work: Work, sections: Collection[Section]) -> None:
    """Pass the sections' part of the batch through the gate; of whom something does not pass, nothing does."""
    refused: dict[tuple[Connection, Section], Refusal] = {}
    passed: list[tuple[Connection, Section, Accepted]] = []
    for name in sections:
        section = room.sections[name]
        committed = Snapshot(name, section.seq, section.document.state(), dict(section.clients))
        runs = [run for run in work.runs if run.section is name]
        verdict = _judged(room, section, runs)
        while not isinstance(verdict, list):
            connection, refusal = verdict
            refused[connection, name] = refusal
            section.begin_again(OpenSection(name, committed))
            runs = [run for run in runs if run.connection is not connection]
            verdict = _judged(room, section, runs)
        passed += verdict
    work.judged_again(sections, passed)
    for connection, name, accepted in passed:
        who = connection.participant
        pairs = crossed(room.sections[name], accepted.touched, who.person_id)
        work.kept += keep(room.sections[name], room.plan_id, pairs, who.name, room.clock.now())
    for (connection, name), refusal in refused.items():
        work.saved.pop((connection, name), None)
        room.refuse(work, connection, name, refusal)


def _keep_what_crossed(room: Room, work: Work, rows: Sequence[Row], seen: Collection[Section]) -> None:
    """Keep the values that cross with the rows, in sections that were not judged with them in sight."""
    for run in work.runs:
        if run.section not in seen:
            section, who = room.sections[run.section], run.connection.participant
            pairs = crossed_by_rows(section, run.touched, who.person_id, rows)
            work.kept += keep(section, room.plan_id, pairs, who.name, room.clock.now())


def _judged(
    room: Room, section: OpenSection, runs: Sequence[PendingRow]
) -> list[tuple[Connection, Section, Accepted]] | tuple[Connection, Refusal]:
    """Apply what passes, and return it; or who is refused, and why."""
    passed: list[tuple[Connection, Section, Accepted]] = []
    for run in runs:
        connection = room.judging = run.connection
        for update in run.updates:
            verdict = (
                ACCESS_ENDED
                if connection.expelled
                else section.judge(connection, update, room.clock.now(), FROM_BATCHES)
            )
            if isinstance(verdict, Refusal):
                room.judging = None
                return connection, verdict
            if verdict.changes:
                section.take(verdict, connection.participant.person_id)
                passed.append((connection, section.section, verdict))
    room.judging = None
    return passed
