"""Stand-ins for the store and the live plans, in memory: pages are tested on them, the real ones in test_served.py."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from auth.roles import Participant
from crdt.changes import Amend, Annotate, Append, Assign, Change, Create, Decide, Include, Rewrite, Root
from crdt.fields import Field, Kind, Value
from crdt.passages import Passage
from crdt.sections import SECTIONS, Section
from hub.ids import new_id
from hub.live.commands import Command, Done, EntryContent, Outcome, PlanContent, Refusal, Refused, SectionContent, why
from hub.live.zones import Zones
from hub.record.chain import JSON
from hub.record.journal import CHANGES_CONTENT, Act, Action, Batch, FieldPath, JournalAwayError, Latest, Narrowed, Row
from hub.safety.weighing import weighed
from tests.harness.journal_memory import MemoryJournal
from web.doors.directory import Account, Membership, Patient, SignedIn
from web.services import Services
from web.settings import Mode, Settings

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **of: float) -> None:
        self.now += timedelta(**of)


@dataclass(frozen=True)
class Here:
    """Someone present."""

    person_id: str


@dataclass
class FakeDirectory:
    """Fills ``Directory``."""

    persons: dict[str, Account] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)
    members: dict[tuple[str, str], Participant] = field(default_factory=dict)
    sessions: dict[str, SignedIn] = field(default_factory=dict)
    looks: dict[tuple[str, str], dict[Section, int]] = field(default_factory=dict)
    activity: list[bool] = field(default_factory=list)
    away: bool = False
    journal: MemoryJournal | None = None

    async def people(self) -> Sequence[Account]:
        return list(self.persons.values())

    async def signed_in(self, token: str, *, active: bool) -> SignedIn | None:
        if self.away:
            raise JournalAwayError
        self.activity.append(active)
        return self.sessions.get(token)

    async def sign_in(self, person_id: str, *, method: str, agent: str) -> str:
        token = new_id()
        self.sessions[token] = SignedIn(self.persons[person_id], new_id())
        return token

    async def not_ended(self, person_id: str, session_id: str, plan_id: str) -> bool:
        live = {(each.person.person_id, each.session_id) for each in self.sessions.values()}
        return (person_id, session_id) in live and (plan_id, person_id) in self.members

    async def sign_out(self, who: SignedIn) -> None:
        self.sessions = {token: each for token, each in self.sessions.items() if each != who}

    async def participant(self, plan_id: str, who: SignedIn) -> Participant | None:
        found = self.members.get((plan_id, who.person.person_id))
        return replace(found, session_id=who.session_id) if found is not None else None

    async def participants(self, plan_id: str) -> Sequence[Participant]:
        return [each for (plan, _), each in self.members.items() if plan == plan_id]

    async def patient(self, plan_id: str) -> Patient | None:
        return self.patients.get(plan_id)

    async def places(self, who: SignedIn) -> Sequence[Membership]:
        mine = [each for (_, person), each in self.members.items() if person == who.person.person_id]
        return [Membership(self.patients[each.plan_id], each) for each in mine]

    async def looked(self, who: SignedIn, plan_id: str) -> Mapping[Section, int]:
        return self.looks.get((plan_id, who.person.person_id), {})

    async def look(self, who: SignedIn, plan_id: str, seen: Mapping[Section, int]) -> None:
        self.looks.setdefault((plan_id, who.person.person_id), {}).update(seen)

    async def unlook(self, who: SignedIn, plan_id: str, was: Mapping[Section, int]) -> None:
        looks = self.looks.setdefault((plan_id, who.person.person_id), {})
        looks |= {section: min(seq, looks.get(section, 0)) for section, seq in was.items()}

    async def news(self, who: SignedIn, wanted: Mapping[str, Collection[Section]]) -> Mapping[str, Sequence[Row]]:
        found = {}
        for plan_id, sections in wanted.items():
            looked = await self.looked(who, plan_id)
            found[plan_id] = [
                row
                for row in await self._changes(plan_id, sections)
                if row.actor != who.person.person_id and row.seq > looked.get(Section(row.section), 0)
            ]
        return found

    async def versions(self, who: SignedIn, plan_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        return {}

    async def last(self, wanted: Mapping[str, Collection[Section]]) -> Mapping[str, Latest]:
        rows = {plan_id: await self._changes(plan_id, sections) for plan_id, sections in wanted.items()}
        return {plan: Latest(some[-1].actor, some[-1].recorded, some[-1].seq) for plan, some in rows.items() if some}

    async def teams(self, plan_ids: Sequence[str]) -> Mapping[str, Sequence[Participant]]:
        return {plan_id: await self.participants(plan_id) for plan_id in plan_ids}

    async def _changes(self, plan_id: str, sections: Collection[Section]) -> list[Row]:
        assert self.journal is not None, "the world gave the directory its journal"
        told = CHANGES_CONTENT | {Action.EXPLAIN}
        rows = await self.journal.history(plan_id, narrowed=Narrowed(actions=told), limit=10_000)
        return [row for row in reversed(rows) if row.section in sections]


class FakePlans:
    """Fills ``Plans``: performs commands on plain values and journals them."""

    def __init__(self, journal: MemoryJournal, now: Callable[[], datetime]) -> None:
        self._journal, self._now = journal, now
        self._contents: dict[str, PlanContent] = {}
        self._clients: dict[str, int] = {}
        self._past: dict[str, list[tuple[int, PlanContent]]] = {}
        self.here: dict[str, list[Here]] = {}
        self.away = False
        self.zones = Zones()
        self.ended: list[str] = []

    def sessions_ended(self, sessions: Sequence[str]) -> None:
        self.ended += sessions

    async def content(self, plan_id: str) -> PlanContent:
        people = {client: person for person, client in self._clients.items()}
        found = self._contents.get(plan_id) or PlanContent(plan_id, {each: SectionContent() for each in Section})
        past = self._past.get(plan_id, [])
        return replace(found, people=people, seq=past[-1][0] if past else 0, zone=self.zones.of(plan_id))

    async def contents(self, plan_ids: Sequence[str]) -> Sequence[PlanContent]:
        return [await self.content(each) for each in plan_ids]

    async def content_at(self, plan_id: str, seq: int, sections: Collection[Section]) -> PlanContent:
        now = await self.content(plan_id)
        past = [content for at, content in self._past.get(plan_id, ()) if at <= seq]
        found = past[-1].sections if past else {}
        return replace(now, sections={each: found.get(each, SectionContent()) for each in sections}, seq=seq)

    async def texts_at(
        self, plan_id: str, wanted: Mapping[int, Collection[FieldPath]]
    ) -> Mapping[tuple[int, FieldPath], str]:
        return {
            (seq, path): str((await self.content_at(plan_id, seq, [path[0]])).value(*path) or "")
            for seq, paths in wanted.items()
            for path in paths
        }

    async def passages(self, plan_id: str, section: Section, entry: str, name: str) -> Sequence[Passage]:
        content = await self.content(plan_id)
        held = content.entry(section, entry)
        words = str(held.values.get(name) or "") if held is not None else ""
        return [Passage(words, held.creator, 0)] if held is not None and words else []

    async def present(self, plan_id: str) -> Sequence[Here]:
        return self.here.get(plan_id, [])

    async def record(self, acts: Sequence[Act]) -> None:
        if self.away:
            raise JournalAwayError
        for act in acts:
            await self._journal.create_plan(act.plan)
            head = (await self._journal.heads([act.plan]))[act.plan]
            await self._journal.append([Batch(act.plan, head, [act])])

    async def opened(self, participant: Participant, sections: Sequence[Section]) -> None:
        await self.record(
            [
                Act(
                    plan=participant.plan_id, actor=participant.person_id, action=Action.READ, section=each,
                    session=participant.session_id,
                )
                for each in sections
            ]
        )  # fmt: skip

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        content, now = await self.content(plan_id), self._now()
        changes = command.changes(content, actor, now, new_id)
        if not isinstance(changes, Refusal):
            changes = weighed(content, command, changes, actor, now, new_id)
        if isinstance(changes, Refusal):
            return Refused(changes.code, changes.reason, changes.field)
        await self.change(plan_id, actor, changes, event=command.name, reason=why(command))
        created = {each.entry: each.section for each in changes if isinstance(each, Create)}
        return Done(1, "", created)

    async def change(
        self, plan_id: str, actor: Participant, changes: Sequence[Change], *, event: str = "", reason: str = ""
    ) -> None:
        """Make the changes as this person, each with its row."""
        client = self._clients.setdefault(actor.person_id, 2**32 + len(self._clients))
        for change in changes:
            content = await self.content(plan_id)
            sections = dict(content.sections)
            before = sections[change.section]
            sections[change.section] = _changed(before, change, client)
            self._contents[plan_id] = replace(content, sections=sections)
            await self.record([_act(plan_id, actor, change, before, event, reason)])
            head = (await self._journal.heads([plan_id]))[plan_id]
            self._past.setdefault(plan_id, []).append((head.seq, self._contents[plan_id]))


def _act(plan_id: str, actor: Participant, change: Change, before: SectionContent, event: str, reason: str = "") -> Act:
    entry, name = getattr(change, "entry", ""), getattr(change, "field", "")
    words: dict[str, JSON] = {}
    if isinstance(change, Assign):
        words = {"before": before.entries[entry].values.get(name), "after": change.value}
    elif isinstance(change, Rewrite):
        words = {"inserted": change.words, "deleted": len(str(before.entries[entry].values.get(name) or ""))}
    elif isinstance(change, Create):
        words = {
            "fields": [
                {"entry": entry, "field": each, **_told(change.section, each, value)}
                for each, value in change.values.items()
                if isinstance(value, str | int | float)
            ]
        }
    return Act(
        plan=plan_id, actor=actor.person_id, action=Action.COMMAND if event else Action.EDIT, role=actor.role,
        section=change.section, entry=entry, field=name, words=words or None, event=event, reason=reason,
    )  # fmt: skip


def _told(section: Section, name: str, value: str | float) -> dict[str, JSON]:
    declared = SECTIONS[section].field(name)
    is_text = declared is not None and declared.kind is Kind.TEXT
    return {"inserted": str(value), "deleted": 0} if is_text else {"before": None, "after": value}


def _changed(content: SectionContent, change: Change, client: int) -> SectionContent:
    if isinstance(change, Annotate | Amend):
        return _annotated(content, change)
    entries = dict(content.entries)
    if isinstance(change, Create):
        fields = SECTIONS[change.section].all_fields
        values = {each.name: change.values.get(each.name, _empty(each)) for each in fields}
        entries[change.entry] = EntryContent(change.entry, values, client)
        return replace(content, entries=entries)
    values = dict(entries[change.entry].values)
    values[change.field] = _value(values[change.field], change)
    entries[change.entry] = replace(entries[change.entry], values=values)
    return replace(content, entries=entries)


def _value(value: Value, change: Assign | Rewrite | Include | Append | Decide) -> Any:
    old: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {}
    match change:
        case Assign():
            return change.value
        case Rewrite():
            return change.words
        case Include():
            return {**old, change.member: change.present}
        case Append():
            return {**old, change.key: change.record}
        case Decide():
            record = old[change.key]
            assert isinstance(record, Mapping)
            return {**old, change.key: {**record, change.name: change.value}}


def _annotated(content: SectionContent, change: Annotate | Amend) -> SectionContent:
    name = "suggestions" if change.root is Root.SUGGESTIONS else "comments"
    records = dict(getattr(content, name))
    record = change.record if isinstance(change, Annotate) else {**records[change.key], change.name: change.value}
    records[change.key] = record
    return replace(content, **{name: records})


def _empty(declared: Field) -> Value:
    return {} if declared.kind in (Kind.SET, Kind.LOG) else "" if declared.kind is Kind.TEXT else None


@dataclass
class World:
    """One hub in memory with its clock."""

    clock: Clock
    journal: MemoryJournal
    directory: FakeDirectory
    plans: FakePlans
    settings: Settings

    def opening(self, settings: Settings) -> AbstractAsyncContextManager[Services]:
        """Fill the application's ``Opening``."""

        @asynccontextmanager
        async def opened() -> AsyncIterator[Services]:
            yield Services(settings, self.directory, self.plans, self.journal, now=self.clock, zones=self.plans.zones)

        return opened()


def a_world(*, mode: Mode = Mode.DEMO) -> World:
    """Return an empty hub."""
    clock = Clock()
    journal = MemoryJournal(clock)
    settings = Settings(
        mode=mode, origin="http://127.0.0.1:8000", data_dir=Path("unused"), checkpoints_dir=Path("unused")
    )
    return World(clock, journal, FakeDirectory(journal=journal), FakePlans(journal, clock), settings)


def a_patient(plan_id: str, family: str = "Smith", given: str = "Rosa") -> Patient:
    """Return someone a plan is for."""
    return Patient(plan_id, family, given, date(1945, 7, 14), "female", "129 728 7652")
