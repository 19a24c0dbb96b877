"""A database of the test's own, the hub's way into it, and people and a plan to act on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.roles import Participant, Role
from hub.ids import HUB, new_id
from hub.record.journal import Act, Action
from hub.store.engine import create_engine, open_engine
from hub.store.journal import PostgresJournal
from hub.store.participants import Participants
from hub.store.people import People, Person
from hub.store.plans import Plan, Plans


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
