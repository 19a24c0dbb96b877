"""A command, from the rule to its rows: under the plan's head, on committed content, all or nothing."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from auth.decisions import EntryFacts, assignments
from auth.roles import Participant
from crdt.authoring import ChangeError
from crdt.changes import Amend, Annotate, Change, Create
from crdt.contents import Accepted
from crdt.documents import server_client
from crdt.sections import Section
from crdt.updates import EMPTY_UPDATE
from hub.live import relays
from hub.live.authority import refused, unknown
from hub.live.batches import common_path, words_of
from hub.live.changes import commanded
from hub.live.commands import (
    COMMAND_CHANGES_MAX,
    Command,
    Done,
    Outcome,
    PlanContent,
    Refusal,
    Refused,
    follow_ups,
    version_of,
    why,
)
from hub.live.entry_states import states_touched
from hub.live.gatekeepers import Gatekeeper
from hub.live.loading import ROWS_AT_ONCE_MAX, bring_up, take_over
from hub.live.notices import tell_changed
from hub.live.rooms import Room
from hub.process import measures
from hub.record.chain import JSON
from hub.record.jobs import Job
from hub.record.journal import Act, Action, Head, Journal, JournalAwayError, Opening, Row, Turn, is_row_of
from hub.safety.weighing import answered_by, weighed

ROWS_PER_ENTRY_MAX: Final = 40
"""A command that touches more entries than this writes one row a section, not one an entry."""


_GONE: Final = Refused("removed", "Your access to this plan was ended, or you have signed out. Nothing was changed.")
"""What whoever issued the command is told where they no longer stand in the plan."""


class OutcomeUnknownError(Exception):
    """The documents hold a command's changes and the journal may not: the room must end."""

    def __init__(self, head: Head, acts: Sequence[Act]) -> None:
        super().__init__("the outcome of a command's commit is unknown")
        self.head = head
        self.acts = acts


READ_BESIDE_BYTES: Final = 1 << 13
"""The index of a section of so many bytes is made on another thread: here it would hold up everybody for its time."""

LONG_BYTES: Final = 1 << 15
"""The index of a section of so many bytes is not made for a page that only reads."""

STALE_AT_ONCE_MAX: Final = 20
"""After so many entries whose values were made anew, others have their turn."""


@dataclass(slots=True)
class Performed:
    """What a command did to the open documents, not yet committed."""

    acts: list[Act] = field(default_factory=list)
    parts: list[tuple[Section, Accepted]] = field(default_factory=list)
    before: dict[Section, bytes] = field(default_factory=dict)
    created: dict[str, Section] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    findings: Sequence[tuple[str, str]] = ()
    """What became of findings, as rule and what."""


def content_of(room: Room) -> PlanContent:
    """Return the room's content. Only with its turn held, so that it is committed content."""
    people: dict[int, str] = {}
    for section in room.sections.values():
        people.update(section.clients)
    return PlanContent(
        room.plan_id,
        {name: section.document.content() for name, section in room.sections.items()},
        people,
        room.head.seq,
        zone=room.zones.of(room.plan_id),
        house=room.zones.house_of(room.plan_id),
        born=room.patient[0],
        sex=room.patient[1],
    )


def placed(plan: PlanContent, actor: Participant) -> Participant:
    """Return the actor with the sections that open to those whom an entry names, as the committed content says."""
    facts = (
        (section, EntryFacts(values=entry.values))
        for section, content in plan.sections.items()
        for entry in content.entries.values()
    )
    return replace(actor, assigned=assignments(actor.person_id, facts))


async def perform(
    room: Room,
    journal: Journal,
    gatekeeper: Gatekeeper,
    actor: Participant,
    command: Command,
    new_id: Callable[[], str],
) -> Outcome:
    """Perform the command, with the room's turn held and all sections open, as whoever issued it stands by then.

    Access changes under the same lock of the plan's journal: who lost it while the command waited does nothing.

    Raises:
        JournalAwayError: the journal can't be reached; nothing happened.
        OutcomeUnknownError: the connection went while it was being committed; the room must end.
    """
    acts: Sequence[Act] = ()
    head = room.head
    performed = Performed()
    no: Refused | None = None
    try:
        async with journal.exclusively(room.plan_id) as turn:
            await _catch_up(room, turn)
            if room.ended:
                raise JournalAwayError("the plan was closed before the command began")
            head = room.head
            standing = await gatekeeper.acting(turn, actor) if actor.person_id else actor
            no = _GONE if standing is None else None
            if standing is not None:
                actor = standing
                no = _carried_out(room, content_of(room), actor, command, new_id, performed)
            acts = performed.acts
            if no is not None:
                acts = [_act(room, actor, Action.REFUSE, command, outcome="refused", reason=no.reason)]
            touched = ((name, each) for name, accepted in performed.parts for each in accepted.touched)
            new_head = await turn.append(acts, states_touched(room.sections, touched) if no is None else None)
            if no is None:
                await turn.put_down(performed.jobs)
    except (JournalAwayError, TimeoutError) as error:
        if performed.parts and no is None:
            raise OutcomeUnknownError(head, acts) from error
        room.behind = True
        raise JournalAwayError("the command could not be recorded") from error
    if no is not None and performed.parts:
        return no  # The documents hold half of it: the room stays ``uncommitted``, and ends.
    _told(room, actor, performed, new_head)
    for rule, what in performed.findings if no is None else ():
        measures.FINDINGS.labels(rule, what).inc()
    return no or Done(new_head.seq, created=performed.created)


def _carried_out(
    room: Room,
    plan: PlanContent,
    actor: Participant,
    command: Command,
    new_id: Callable[[], str],
    performed: Performed,
) -> Refused | None:
    """Do to the open documents what the rule says; return why not, be it the rule's answer or a change that misfits."""
    ruled = _ruled(room, plan, placed(plan, actor), command, new_id)
    if isinstance(ruled, Refused):
        return ruled
    try:
        _apply(room, actor, command, ruled, performed)
        performed.jobs = follow_ups(command, plan, ruled, room.clock.now())
        performed.findings = answered_by(plan, ruled, room.clock.now())
    except ChangeError as error:
        return Refused("conflict", str(error), error.field)
    return None


async def landed(journal: Journal, plan_id: str, unknown: OutcomeUnknownError) -> Head | None:
    """Return the head the command's rows stand at, or ``None`` where the journal has others there, or none."""
    rows: list[Row] = await journal.since(plan_id, unknown.head.seq, limit=max(1, len(unknown.acts)))
    if unknown.acts and len(rows) == len(unknown.acts) and all(map(is_row_of, unknown.acts, rows)):
        return Head(rows[-1].seq, rows[-1].hash)
    return None


async def open_all(room: Room, journal: Journal, opening: Opening | None = None) -> None:
    """Have every section open, with the room's turn held. Raises as ``bring_up`` does.

    A room that ended meanwhile has no sections any more, which must never be taken for a plan in which nothing stands.
    """
    room.wanted.update(section for section in Section if section not in room.sections)
    if room.lacking:
        await bring_up(room, journal, opening)
    for section in list(room.sections.values()):
        document = section.document
        if section.reading is None and document.unread and len(document.state()) >= READ_BESIDE_BYTES:
            section.read_ahead()
        await section.read()
        long = document.unread or document.stale > STALE_AT_ONCE_MAX
        document.content()  # Its values are asked for next; the turn is held, so that they stay as they are.
        if long:
            await asyncio.sleep(0)
    if room.ended:
        raise JournalAwayError("the plan was closed while it was opened")


async def _catch_up(room: Room, turn: Turn) -> None:
    while room.head.seq < turn.head.seq:
        rows = await turn.since(room.head.seq, limit=ROWS_AT_ONCE_MAX)
        take_over(room, rows, Head(rows[-1].seq, rows[-1].hash))
    room.known_seconds = room.clock.seconds()
    room.behind = False


def _ruled(
    room: Room, plan: PlanContent, actor: Participant, command: Command, new_id: Callable[[], str]
) -> Sequence[Change] | Refused:
    now = room.clock.now()
    nameless = unknown(actor, command)
    if nameless is not None:
        return nameless
    changes = command.changes(plan, actor, now, new_id)
    if not isinstance(changes, Refusal):
        no = refused(plan, actor, command, changes, now)
        if no is not None:
            return no
        if actor.person_id:
            changes = weighed(plan, command, changes, actor, now, new_id)  # What it adds are the room's own records.
    if isinstance(changes, Refusal):
        return Refused(changes.code, changes.reason, changes.field)
    assert len(changes) <= COMMAND_CHANGES_MAX, "a command makes a bounded number of changes"
    return changes


def _apply(room: Room, actor: Participant, command: Command, changes: Sequence[Change], performed: Performed) -> None:
    client = server_client(room.plan_id, actor.person_id)
    for (section, _), group in _grouped(changes).items():
        held = room.sections[section]
        performed.before.setdefault(section, held.document.state_vector())
        accepted = held.document.perform(group, client=client)
        if accepted.update == EMPTY_UPDATE:
            continue
        room.uncommitted = True
        performed.parts.append((section, accepted))
        held.own(accepted, actor.person_id)
        performed.acts.append(_row(room, actor, command, section, group, accepted))
        performed.created.update({each.entry: section for each in group if isinstance(each, Create)})
    if not performed.acts:
        performed.acts.append(_act(room, actor, Action.COMMAND, command))


def _grouped(changes: Sequence[Change]) -> dict[tuple[Section, str], list[Change]]:
    """Return the changes by section and entry, in order; by section alone where there are many entries."""
    groups: defaultdict[tuple[Section, str], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.section, _about(change)].append(change)
    if len(groups) <= ROWS_PER_ENTRY_MAX:
        return groups
    sections: defaultdict[tuple[Section, str], list[Change]] = defaultdict(list)
    for change in changes:
        sections[change.section, ""].append(change)
    return sections


def _about(change: Change) -> str:
    if isinstance(change, Annotate):
        return str(change.record.get("entry", ""))
    return change.key if isinstance(change, Amend) else change.entry


def _row(
    room: Room, actor: Participant, command: Command, section: Section, group: Sequence[Change], accepted: Accepted
) -> Act:
    abouts = {_about(change) for change in group}
    _, name, _ = common_path(accepted.touched)
    told, version = words_of(accepted.touched), version_of(command)
    return _act(
        room,
        actor,
        Action.COMMAND,
        command,
        section=section,
        entry=abouts.pop() if len(abouts) == 1 else "",
        field=name,
        reason=why(command),
        update=accepted.update,
        told={**(told or {}), "version": version} if version else told,
    )


def _act(
    room: Room,
    actor: Participant,
    action: Action,
    command: Command,
    *,
    section: str = "",
    entry: str = "",
    field: str = "",
    outcome: str = "success",
    reason: str = "",
    update: bytes | None = None,
    told: Mapping[str, JSON] | None = None,
) -> Act:
    return Act(
        plan=room.plan_id,
        actor=actor.person_id,
        action=action,
        role=actor.role if actor.person_id else "",
        session=actor.session_id,
        on_behalf_of=actor.on_behalf_of,
        section=section,
        entry=entry,
        field=field,
        event=command.name,
        outcome=outcome,
        reason=reason,
        update=update,
        words=told,
    )


def _told(room: Room, actor: Participant, performed: Performed, head: Head) -> None:
    """Relay what is committed, and have the pages fetch what they show by HTML."""
    room.head = head
    room.uncommitted = False
    room.known_seconds = room.clock.seconds()
    if room.ended:
        return  # Its pages have gone, and find what was done where they come back.
    for section in room.sections.values():
        section.seq = head.seq
    by_section: defaultdict[Section, list[Accepted]] = defaultdict(list)
    for name, accepted in performed.parts:
        by_section[name].append(accepted)
    for name, parts in by_section.items():
        updates = [accepted.update for accepted in parts]
        relays.relay(room.sections[name], updates, author=None, before=performed.before[name])
        touched = [each for accepted in parts for each in accepted.touched]
        tell_changed(room, name, commanded(actor.name, touched))
