"""A database of the test's own, the hub's way into it, and people and a plan to act on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.roles import Participant, Role
from crdt.documents import server_client
from crdt.sections import Section
from hub.ids import HUB, new_id
from hub.record.journal import Act, Action, Batch, Head, Snapshot
from hub.store.engine import create_engine, open_engine
from hub.store.heads import Heads
from hub.store.journal import PostgresJournal
from hub.store.participants import Participants
from hub.store.people import People, Person
from hub.store.plans import Plan, Plans
from tests.hub.store.records import ROWS, Record, some_acts


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    """As the hub has it: acting as the role of the app."""
    engine = await open_engine(database)
    yield engine
    await engine.dispose()


@pytest.fixture
async def owner(database: str) -> AsyncIterator[AsyncEngine]:
    """As the migrations have it: the superuser of the embedded server."""
    engine = create_engine(database)
    yield engine
    await engine.dispose()


@pytest.fixture
async def journal(engine: AsyncEngine) -> AsyncIterator[PostgresJournal]:
    journal = PostgresJournal(engine)
    yield journal
    await journal.close()


@dataclass
class Store:
    """Rows to begin with."""

    engine: AsyncEngine
    journal: PostgresJournal
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.people, self.plans = People(self.engine), Plans(self.engine)
        self.participants = Participants(self.engine)

    async def a_person(self, role: Role = Role.CARE_MANAGER, *, name: str = "Ana Ruiz", **more: str) -> Person:
        person = Person(person_id=new_id(), name=name, role=role, **more)  # type: ignore[arg-type]
        async with self.journal.exclusively(HUB) as turn:
            await self.people.add(turn, person)
            await turn.append([an_act(HUB)])
        return await self.people.get(person.person_id) or person

    async def a_plan(self, *, patient: Person | None = None) -> Plan:
        plan = Plan(
            plan_id=new_id(),
            family="Okafor",
            given="Mary",
            born=date(1956, 3, 2),
            patient=None if patient is None else patient.person_id,
        )
        await self.journal.create_plan(plan.plan_id)
        async with self.journal.exclusively(plan.plan_id) as turn:
            await self.plans.add(turn, plan)
            await turn.append([an_act(plan.plan_id)])
        return await self.plans.get(plan.plan_id) or plan

    async def a_member(self, plan: Plan, person: Person, **more: object) -> Participant:
        participant = Participant(person.person_id, plan.plan_id, person.name, person.role, **more)  # type: ignore[arg-type]
        async with self.journal.exclusively(plan.plan_id) as turn:
            await self.participants.add(turn, participant, added_by=person.person_id)
            await turn.append([an_act(plan.plan_id)])
        return participant


@pytest.fixture
def store(engine: AsyncEngine, journal: PostgresJournal) -> Store:
    return Store(engine, journal)


def an_act(plan: str, action: Action = Action.GRANT, **more: object) -> Act:
    return Act(plan=plan, actor=more.pop("actor", "someone"), action=action, **more)  # type: ignore[arg-type]


@pytest.fixture
async def record(database: str, tmp_path: Path) -> AsyncIterator[Record]:
    """A record of two plans, kept honestly and signed."""
    engine = await open_engine(database)
    journal, plans = PostgresJournal(engine), sorted([new_id(), new_id()])
    root = await asyncpg.connect(database)
    for plan in plans:
        await journal.create_plan(plan)
        acts, document = some_acts(plan)
        heads = await journal.append([Batch(plan, Head(0, bytes(32)), acts[:8])])
        await journal.append([Batch(plan, heads[plan], acts[8:])])
        clients = {server_client(plan, person): person for person in ("ana", "ben")}
        await journal.keep_snapshot(plan, Snapshot(Section.GOALS, ROWS, document.state(), clients))
    found = Record(database, journal, Heads(engine), root, tmp_path / "checkpoints", *plans)
    await found.sign()
    yield found
    await root.close()
    await journal.close()
    await engine.dispose()
