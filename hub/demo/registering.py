"""The demo's people and plans in the store, and the whole seeding of an empty hub in one call."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from auth.consents import TEXT_VERSION, Consent, How
from auth.roles import Narrowing, Participant
from crdt.sections import Section
from hub.demo.seeding import Seeded, seed
from hub.ids import HUB, new_id
from hub.live.gatekeepers import Admitted, TurnedAway
from hub.live.lines import CloseCode
from hub.live.plans import CarePlans
from hub.record.journal import Act, Action, Journal, Turn
from hub.store.consents import Consents
from hub.store.engine import Engine
from hub.store.journal import PostgresJournal
from hub.store.participants import Participants
from hub.store.people import People, Person
from hub.store.plans import Plan, Plans

PURPOSE: Final = "demo"


class StoreRegistering:
    """``Registering`` over the store: one transaction a call, each change with its row in the journal."""

    def __init__(self, engine: Engine, journal: Journal) -> None:
        self._journal = journal
        self._people, self._plans = People(engine), Plans(engine)
        self._participants, self._consents = Participants(engine), Consents(engine)

    async def add_people(self, people: list[Person], *, added_by: str) -> None:
        """Add everyone to the directory."""
        await self._journal.create_plan(HUB)
        async with self._journal.exclusively(HUB) as turn:
            for person in people:
                await self._people.add(turn, person)
            await turn.append(
                [
                    Act(plan=HUB, actor=added_by, action=Action.ADMIN, event="person.add", entry=person.person_id,
                        purpose=PURPOSE, words={"name": person.name, "role": person.role.value})
                    for person in people
                ]
            )  # fmt: skip

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
        acts = [Act(plan=plan.plan_id, actor=added_by, action=Action.CREATE, event="plan.open", purpose=PURPOSE)]
        async with self._journal.exclusively(plan.plan_id) as turn:
            await self._plans.add(turn, plan)
            for member in members:
                await self._participants.add(
                    turn, member, added_by=added_by, relation=relations.get(member.person_id, "")
                )
                told = {"name": member.name, "role": member.role.value}
                acts.append(
                    Act(plan=plan.plan_id, actor=added_by, action=Action.GRANT, event="participant.add",
                        entry=member.person_id, purpose=PURPOSE, words=told)
                )  # fmt: skip
            for (person_id, section), narrowing in consents.items():
                await self._consents.record(turn, _consent(plan, person_id, section, narrowing, now))
                acts.append(
                    Act(plan=plan.plan_id, actor=plan.patient or added_by, action=Action.CONSENT, section=section,
                        event="consent.record", entry=person_id, purpose=PURPOSE, words={"access": narrowing.access})
                )  # fmt: skip
            await turn.append(acts)


def _consent(plan: Plan, person_id: str, section: Section, narrowing: Narrowing, now: datetime) -> Consent:
    assert plan.patient is not None, "the patient consents"
    return Consent(
        plan_id=plan.plan_id,
        person_id=person_id,
        section=section,
        narrowing=narrowing,
        agreed_by=plan.patient,
        recorded_by=plan.patient,
        how=How.PAGE,
        text_version=TEXT_VERSION,
        recorded=now,
    )


class NobodyComes:
    """A gatekeeper for a hub that only seeds: it has no door."""

    async def admit(self, *, cookies: str, origin: str, host: str, plan_id: str) -> Admitted | TurnedAway:
        """Turn everyone away."""
        return TurnedAway(CloseCode.NO_PLAN, "no door")

    async def standing(self, plan_id: str, person_ids: Collection[str]) -> Mapping[str, Participant]:
        """Nobody is here."""
        return {}

    async def acting(self, turn: Turn, actor: Participant) -> Participant | None:
        """Only the demo's people act, as its story casts them."""
        return actor

    async def access_versions(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        """Nothing changes."""
        return {}

    async def ended_sessions(self, session_ids: Collection[str]) -> frozenset[str]:
        """Nobody signed in."""
        return frozenset()


async def seed_hub(engine: Engine, *, only: tuple[str, ...] = ()) -> Seeded | None:
    """Fill an empty, migrated hub with the demo; ``None`` where there is a plan already: it stays as it is.

    Raises:
        SeedingError: a step of a story was refused.
        JournalAwayError: the database can't be reached.
    """
    if await Plans(engine).all_ids(limit=1):
        return None
    journal = PostgresJournal(engine)
    plans = CarePlans(journal, NobodyComes())
    await plans.start()
    try:
        return await seed(plans, StoreRegistering(engine, journal), datetime.now(UTC), new_id, only=only)
    finally:
        await plans.drain()
        await journal.close()
