"""Taking over what a file proposes: a command, judged like any other; and why a line can't be taken over yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from auth.commands import Operation
from auth.decisions import decide, facts_of, fields_visible
from auth.roles import Participant
from crdt.changes import Append, Assign, Change, Create, Include, Rewrite
from crdt.fields import Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.fhir.proposing import TAKEN_OVER
from hub.live.commands import PlanContent, Refusal
from hub.store.arrivals import ArrivalLine
from hub.workflows.arguments import Despite
from hub.workflows.contents import instant, members, records, words
from hub.workflows.entries import made
from hub.workflows.grants import barred, standing
from hub.workflows.team import NewId
from hub.workflows.transition_clocks import dues

CLOCKS_RUN: Final = timedelta(days=30)
"""A stay that ended longer ago starts no clocks: what was due then is past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAccept:
    """Lines of files become entries and edits of the person who accepts them; ``source`` of an entry is the import."""

    lines: tuple[ArrivalLine, ...]
    filled: Mapping[str, Mapping[str, Value]]
    """By line, what the file does not say and the person typed."""
    despite: Despite = ""
    name: ClassVar[str] = "import.accept"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return what all lines change, or the first refusal: all or none."""
        found: list[Change] = []
        beside: dict[Section, int] = {}
        for line in self.lines:
            told = {**line.values, **self.filled.get(line.line_id, {})}
            if line.is_new and plan.entry(line.section, line.entry) is None:
                changes = self._created(plan, actor, now, line, told, beside.setdefault(line.section, 0))
                beside[line.section] += 1
            else:
                changes = self._changed(plan, actor, now, line, told)
            if isinstance(changes, Refusal):
                return changes
            found += changes
        return found

    def _created(
        self,
        plan: PlanContent,
        actor: Participant,
        now: datetime,
        line: ArrivalLine,
        told: Mapping[str, Value],
        beside: int,
    ) -> list[Change] | Refusal:
        coming = {each.entry for each in self.lines}
        free = {name: value for name, value in told.items() if (line.section, name) not in TAKEN_OVER}
        free = {**_people(line.section, free, actor), **free}
        links = {each.name for each in SECTIONS[line.section].fields if each.form is Form.ENTRY}
        later = {name: free.pop(name) for name in links & free.keys() if _all_named(free[name], plan, coming)}
        free = {name: value for name, value in free.items() if name not in links}
        taken = {name: value for name, value in told.items() if (line.section, name) in TAKEN_OVER}
        created = made(plan, actor, now, line.section, free, lambda: line.entry, beside=beside)
        if isinstance(created, Refusal):
            return created
        values = {**created.values, **taken, **later, **_clocks(plan, line.section, told, now), "source": "import"}
        return [Create(line.section, line.entry, values)]

    def _changed(
        self, plan: PlanContent, actor: Participant, now: datetime, line: ArrivalLine, told: Mapping[str, Value]
    ) -> list[Change] | Refusal:
        entry = standing(plan, line.section, line.entry)
        unseen = barred(plan, actor, line.section, Operation.READ, now=now, entry_id=line.entry)
        if unseen is not None or isinstance(entry, Refusal):
            return unseen or entry  # type: ignore[return-value]
        if not may_decide(plan, actor, line, now):
            noun = SECTIONS[line.section].noun_of(entry.values)
            return Refusal("read-only", f"You can't change this {noun}.", line.entry)
        found: list[Change] = []
        for name, value in told.items():
            declared = SECTIONS[line.section].field(name)
            if declared is not None:
                found += _edits(line.section, line.entry, declared, value, entry.values)
        return found


def _people(section: Section, values: Mapping[str, Value], actor: Participant) -> dict[str, Value]:
    """Return the person who accepts, wherever an entry needs somebody and the file names nobody known here."""
    return {
        each.name: actor.person_id
        for each in SECTIONS[section].fields
        if each.required and each.form is Form.PERSON and not words(values, each.name)
    }


def _all_named(value: Value, plan: PlanContent, coming: set[str]) -> bool:
    named = members({"": value}, "") if isinstance(value, Mapping) else (str(value),)
    return all(name in coming or any(plan.entry(section, name) for section in Section) for name in named)


def _clocks(plan: PlanContent, section: Section, told: Mapping[str, Value], now: datetime) -> dict[str, Value]:
    end = instant(told, "end")
    left = section is Section.TRANSITIONS and words(told, "event") == "discharged" and words(told, "destination")
    if not left or end is None or now - end > CLOCKS_RUN:
        return {}
    due = dues(words(told, "setting"), words(told, "destination"), plan.day_of(end), 14)
    return {name: day.isoformat() for name, day in due.items()}


def _edits(section: Section, entry: str, declared: Field, value: Value, was: Mapping[str, Value]) -> Iterator[Change]:
    name = declared.name
    if declared.kind is Kind.LOG and isinstance(value, Mapping):
        known = records(was, name)
        for key, record in value.items():
            if key not in known and isinstance(record, Mapping):
                yield Append(section, entry, name, key, record)
    elif declared.kind is Kind.SET:
        for member in members({"": value}, ""):
            if member not in members(was, name):
                yield Include(section, entry, name, member, True)
    elif declared.kind is Kind.TEXT:
        yield Rewrite(section, entry, name, str(value))
    elif not isinstance(value, Mapping):
        yield Assign(section, entry, name, value)


def may_decide(plan: PlanContent, actor: Participant, line: ArrivalLine, now: datetime) -> bool:
    """Say whether this person may take the line over, or decline it."""
    if line.is_new:
        return barred(plan, actor, line.section, Operation.CREATE, now=now) is None
    names: list[Any] = [name for name in line.values if (line.section, name) not in TAKEN_OVER]
    unseen = barred(plan, actor, line.section, Operation.READ, now=now, entry_id=line.entry)
    if unseen is not None or not names:
        return unseen is None and barred(plan, actor, line.section, Operation.CREATE, now=now) is None
    asked = (
        barred(plan, actor, line.section, Operation.WRITE, now=now, entry_id=line.entry, field=name) for name in names
    )
    return all(each is None for each in asked)


def may_see(plan: PlanContent, actor: Participant, line: ArrivalLine, now: datetime) -> bool:
    """Say whether this person may see the line: of an entry that is there, or as one that says what the line says."""
    if plan.entry(line.section, line.entry) is not None:
        return barred(plan, actor, line.section, Operation.READ, now=now, entry_id=line.entry) is None
    told = facts_of(line.section, "", line.values)
    return decide(actor, line.section, Operation.READ, entry=told, now=now).allowed


def whole(actor: Participant, section: Section, now: datetime) -> bool:
    """Say whether this person sees every field of the section, and so may read an original."""
    return len(fields_visible(actor, section, now)) == len(SECTIONS[section].all_fields)
