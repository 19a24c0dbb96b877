"""What a room gathers in one beat: the rows to commit, and what is owed to whom once they are.

Consecutive updates of one connection in one field are one row; an update that touches several fields is a row of its
own, because an update is never split (invariant 5).
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from crdt.changes import Root
from crdt.contents import Accepted, Refusal, Touched
from crdt.fields import Kind
from crdt.sections import Section
from crdt.updates import merge
from hub.live.changes import WORDS_TOUCHED_MAX
from hub.live.connections import Connection
from hub.live.crossings import EVENT, Kept
from hub.record.chain import JSON
from hub.record.journal import Act, Action

WORDS_CHARACTERS_MAX: Final = 4_000
"""Characters of inserted text a row repeats in words; the update has them all."""


@dataclass(slots=True)
class PendingRow:
    """Updates that become one row."""

    connection: Connection
    section: Section
    client: int | None
    path: tuple[str, str, str] | None
    """Entry, field and member where the updates touch exactly one; else they are a run of their own."""
    updates: list[bytes]
    touched: list[Touched]
    _merged: bytes = b""

    def merged(self) -> bytes:
        """Return the run as one update; asked for once it is whole, for the row and for the relay."""
        if not self._merged:
            self._merged = merge(self.updates)
        return self._merged


@dataclass(slots=True)
class Work:
    """One room's part of a beat."""

    runs: list[PendingRow] = field(default_factory=list)
    reads: dict[tuple[str, str, Section], Connection] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    """Values that the batch's edits put out of their place, unseen by who wrote those."""
    refusals: list[tuple[Connection, Section, Refusal]] = field(default_factory=list)
    joins: dict[tuple[Connection, Section], None] = field(default_factory=dict)
    asks: dict[tuple[Connection, Section], bytes] = field(default_factory=dict)
    challenges: dict[tuple[Connection, Section], None] = field(default_factory=dict)
    """Whom to send our sync step 1 again, because an update did not fit what we have."""
    saved: dict[tuple[Connection, Section], int] = field(default_factory=dict)
    before: dict[Section, bytes] = field(default_factory=dict)
    """State vectors of the sections as they were: where a paused reader is left at."""
    notes: list[tuple[Sequence[Act], asyncio.Future[int]]] = field(default_factory=list)
    """Rows that pages want written, and who waits for them."""
    acts: tuple[Act, ...] = ()
    """The rows, fixed once gathered: a commit of unknown outcome is looked for by exactly these."""
    _latest: dict[tuple[Connection, Section], PendingRow] = field(default_factory=dict)

    def add(self, connection: Connection, section: Section, accepted: Accepted) -> None:
        """Take in an accepted update."""
        path = _path(accepted.touched)
        latest = self._latest.get((connection, section))
        if latest is not None and path is not None and latest.path == path and accepted.client in (None, latest.client):
            latest.updates.append(accepted.update)
            latest.touched.extend(accepted.touched)
            return
        run = PendingRow(connection, section, accepted.client, path, [accepted.update], list(accepted.touched))
        self._latest[connection, section] = run
        self.runs.append(run)

    def judged_again(
        self, sections: Collection[Section], passed: Sequence[tuple[Connection, Section, Accepted]]
    ) -> None:
        """Hold of these sections what has passed now, in place of what had passed before."""
        self.runs = [run for run in self.runs if run.section not in sections]
        self.kept = [each for each in self.kept if each.section not in sections]
        self._latest.clear()
        for connection, section, accepted in passed:
            self.add(connection, section, accepted)

    def owe_saved(self, connection: Connection, section: Section, messages: int = 1) -> None:
        """Note messages to acknowledge: the client counts them."""
        if messages:
            self.saved[connection, section] = self.saved.get((connection, section), 0) + messages

    def seal(self, plan_id: str) -> None:
        """Fix the rows: reads first, then edits, then what is kept beside them, then refusals."""
        acts = [_act(plan_id, connection, Action.READ, section) for (_, _, section), connection in self.reads.items()]
        acts += [_edit(plan_id, run) for run in self.runs]
        acts += [_keeping(plan_id, each) for each in self.kept]
        acts += [_refusal(plan_id, *each) for each in self.refusals]
        acts += [act for noted, _ in self.notes for act in noted]
        self.acts = tuple(acts)


def _act(plan_id: str, connection: Connection, action: Action, section: Section) -> Act:
    who = connection.participant
    return Act(plan=plan_id, actor=who.person_id, action=action, role=who.role, session=who.session_id, section=section)


def _edit(plan_id: str, run: PendingRow) -> Act:
    who = run.connection.participant
    entry, name, _ = run.path or common_path(run.touched)
    return Act(
        plan=plan_id,
        actor=who.person_id,
        action=Action.EDIT,
        role=who.role,
        session=who.session_id,
        section=run.section,
        entry=entry,
        field=name,
        update=run.merged(),
        words=words_of(run.touched),
    )


def _keeping(plan_id: str, kept: Kept) -> Act:
    return Act(
        plan=plan_id,
        actor="",
        action=Action.COMMAND,
        section=kept.section,
        entry=kept.entry,
        field=kept.field,
        event=EVENT,
        update=kept.accepted.update,
        words=words_of(kept.accepted.touched),
    )


def _refusal(plan_id: str, connection: Connection, section: Section, refusal: Refusal) -> Act:
    who = connection.participant
    return Act(
        plan=plan_id,
        actor=who.person_id,
        action=Action.REFUSE,
        role=who.role,
        session=who.session_id,
        section=section,
        entry=refusal.entry[:100],
        field=refusal.field[:100],
        outcome="refused",
        reason=refusal.reason,
        event=refusal.code,
    )


def _path(touched: Sequence[Touched]) -> tuple[str, str, str] | None:
    if not touched:
        return None
    first = touched[0]
    if len(touched) > 1 and any((each.entry, each.field, each.member) != _key(first) for each in touched):
        return None
    return _key(first) if first.root is Root.ENTRIES else None


def _key(touched: Touched) -> tuple[str, str, str]:
    return touched.entry, touched.field, touched.member


def common_path(touched: Sequence[Touched]) -> tuple[str, str, str]:
    """Return what all have in common: the entry, and the field where it is one."""
    entries = {each.entry for each in touched}
    names = {each.field for each in touched}
    entry = entries.pop() if len(entries) == 1 else ""
    return entry, names.pop() if entry and len(names) == 1 else "", ""


def words_of(touched: Sequence[Touched]) -> dict[str, JSON] | None:
    """Return the change in plain values for the row: of one field flat, of several as ``fields``.

    A register has ``before`` and ``after``, a set's member also ``member``, a text ``inserted`` and ``deleted``.
    """
    if not touched:
        return None
    first = touched[0]
    if all(_key(each) == _key(first) for each in touched):
        return _told(first, touched)
    told: list[JSON] = []
    by_key: dict[tuple[str, str, str], list[Touched]] = {}
    for each in touched:
        by_key.setdefault(_key(each), []).append(each)
    for (entry, name, _), group in list(by_key.items())[:WORDS_TOUCHED_MAX]:
        told.append({"entry": entry, "field": name, **_told(group[0], group)})
    return {"fields": told}


def _told(first: Touched, touched: Sequence[Touched]) -> dict[str, JSON]:
    if first.root is not Root.ENTRIES:
        return {"root": first.root, "before": first.before, "after": touched[-1].after}
    match first.kind:
        case Kind.TEXT:
            inserted = "".join(each.inserted for each in touched)[:WORDS_CHARACTERS_MAX]
            return {"inserted": inserted, "deleted": sum(each.deleted for each in touched)}
        case Kind.SET:
            return {"member": first.member, "before": first.before, "after": touched[-1].after}
        case Kind.LOG:
            if first.inserted:
                return {"record": first.member, "inserted": first.inserted[:WORDS_CHARACTERS_MAX]}
            return {"record": first.member, "before": first.before, "after": touched[-1].after}
        case Kind.REGISTER:
            return {"before": first.before, "after": touched[-1].after}
