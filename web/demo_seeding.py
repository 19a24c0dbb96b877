"""The invented people and patients of ``hub/demo`` in an empty database, each act a row of the journal as any other."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from auth.consents import TEXT_VERSION, Consent, How
from auth.roles import Narrowing, Participant
from crdt.sections import Section
from hub.demo.seeding import seed
from hub.gatekeepers import TurnedAway
from hub.ids import HUB, new_id
from hub.journal import Act, Action, Journal
from hub.lines import CloseCode
from hub.plans import CarePlans
from hub.store.consents import Consents
from hub.store.engine import Engine, StoreError, open_engine
from hub.store.journal import PostgresJournal
from hub.store.participants import Participants
from hub.store.people import People, Person
from hub.store.plans import Plan, Plans

DEMO_ADDRESS: Final = "@demo.example"
"""By their addresses one knows the invented people."""


async def seed_demo(database_url: str) -> None:
    """Fill an empty database; one that holds the demo stays as it is.

    Raises:
        StoreError: the database holds people who aren't the demo's, whom nobody may choose to be.
    """
    engine = await open_engine(database_url)
    try:
        people = await People(engine).active()
        if not people:
            await _seeded(engine)
        elif not any(person.email.endswith(DEMO_ADDRESS) for person in people):
            raise StoreError("DATABASE_URL names a hub with real people. Unset it: the demo has a database of its own.")
    finally:
        await engine.dispose()


async def _seeded(engine: Engine) -> None:
    journal = PostgresJournal(engine)
    plans = CarePlans(journal, Closed())
    await plans.start()
    try:
        await seed(plans, StoreRegistry(engine, journal), datetime.now(UTC), new_id)
    finally:
        await plans.drain()
        await journal.close()


class StoreRegistry:
    """The demo's people, plans and members as rows; each call is one turn of a journal."""

    def __init__(self, engine: Engine, journal: Journal) -> None:
        self._journal = journal
        self._people = People(engine)
        self._plans = Plans(engine)
        self._participants = Participants(engine)
        self._consents = Consents(engine)

    async def add_people(self, people: list[Person], *, added_by: str) -> None:
        """Add everyone to the directory."""
        await self._journal.create_plan(HUB)
        async with self._journal.exclusively(HUB) as turn:
            for person in people:
                await self._people.add(turn, person)
            words = [{"person": person.person_id, "role": person.role.value} for person in people]
            await turn.append(
                [Act(plan=HUB, actor=added_by, action=Action.ADMIN, event="person.add", words=each) for each in words]
            )

    async def open_plan(
        self,
        plan: Plan,
        members: list[Participant],
        relations: Mapping[str, str],
        consents: Mapping[tuple[str, Section], Narrowing],
        *,
        added_by: str,
        now: datetime,
    ) -> None:
        """Give the plan its journal and row, its members with their relations, and the patient's consents."""
        await self._journal.create_plan(plan.plan_id)
        async with self._journal.exclusively(plan.plan_id) as turn:
            await self._plans.add(turn, plan)
            acts = [Act(plan=plan.plan_id, actor=added_by, action=Action.CREATE, event="plan.open")]
            for member in members:
                relation = relations.get(member.person_id, "")
                await self._participants.add(turn, member, added_by=added_by, relation=relation)
                acts.append(_granted(member, added_by))
            for (person_id, section), narrowing in consents.items():
                consent = _consent(plan, person_id, section, narrowing, added_by, now)
                await self._consents.record(turn, consent)
                acts.append(_agreed(consent))
            await turn.append(acts)


class Closed:
    """A gatekeeper that lets nobody in: nobody looks on while the stage is set."""

    async def admit(self, *, cookies: str, origin: str, host: str, plan_id: str) -> Participant | TurnedAway:
        """Turn everyone away."""
        return TurnedAway(CloseCode.RESTART, "the hub is starting")

    async def standing(self, plan_id: str, person_ids: Collection[str]) -> Mapping[str, Participant]:
        """Return nobody."""
        return {}

    async def access_versions(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        """Return nothing: nobody's access can change."""
        return {}

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return none."""
        return frozenset()


def _granted(member: Participant, added_by: str) -> Act:
    words = {"person": member.person_id, "role": member.role.value}
    return Act(plan=member.plan_id, actor=added_by, action=Action.GRANT, event="participant.add", words=words)


def _consent(
    plan: Plan, person_id: str, section: Section, narrowing: Narrowing, recorded_by: str, now: datetime
) -> Consent:
    return Consent(
        plan_id=plan.plan_id,
        person_id=person_id,
        section=section,
        narrowing=narrowing,
        agreed_by=plan.patient or "",
        recorded_by=recorded_by,
        how=How.WRITTEN,
        text_version=TEXT_VERSION,
        recorded=now,
    )


def _agreed(consent: Consent) -> Act:
    access = consent.narrowing.access if consent.narrowing is not None else ""
    return Act(
        plan=consent.plan_id,
        actor=consent.recorded_by,
        action=Action.CONSENT,
        on_behalf_of=consent.agreed_by,
        section=consent.section,
        event="consent.record",
        words={"person": consent.person_id, "access": access},
    )
