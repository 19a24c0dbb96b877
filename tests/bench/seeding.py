"""People, sign-ins and plans for the bench, put into the hub's database the way the hub itself puts them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from auth.roles import Participant, Role
from auth.sessions import TOKEN_BYTES, Idle, Session, hash_token
from crdt.sections import Section
from hub.demo.registering import StoreRegistering
from hub.ids import HUB, new_id
from hub.live.open_sections import clients_of
from hub.record.journal import Act, Action, Batch, Head, Snapshot
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from hub.store.people import Person
from hub.store.plans import Plan
from hub.store.sessions import Sessions
from tests.bench.edits import SECTION, TAIL, Past

PEOPLE: Final = 200
ROWS_AT_ONCE: Final = 1_000
ROLE: Final = Role.CARE_MANAGER


@dataclass(frozen=True, slots=True)
class Member:
    """Someone of the bench, signed in."""

    person: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Bed:
    """A plan to be made: who is in it, and what its section has behind it."""

    plan: str
    members: Sequence[Member]
    past: Past


class Seeder:
    """Fills one hub's database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    async def people(self, count: int = PEOPLE) -> list[Member]:
        """Add so many people, each signed in, and return them."""
        engine = await open_engine(self._url)
        journal = PostgresJournal(engine)
        now = datetime.now(UTC)
        persons = [Person(person_id=new_id(), name=f"Bench {at}", role=ROLE) for at in range(count)]
        tokens = [secrets.token_urlsafe(TOKEN_BYTES) for _ in persons]
        try:
            registering = StoreRegistering(engine, journal)
            await registering.add_people(persons, added_by="")
            sessions = Sessions(engine)
            async with journal.exclusively(HUB) as turn:
                for person, token in zip(persons, tokens, strict=True):
                    await sessions.add(turn, _session(person.person_id, token, now))
                await turn.append([Act(plan=HUB, actor="", action=Action.SIGN_IN, event="bench")])
        finally:
            await journal.close()
            await engine.dispose()
        return [Member(each.person_id, f"careplan={token}") for each, token in zip(persons, tokens, strict=True)]

    async def plans(self, beds: Sequence[Bed]) -> None:
        """Make these plans."""
        engine = await open_engine(self._url)
        journal = PostgresJournal(engine)
        try:
            registering = StoreRegistering(engine, journal)
            for bed in beds:
                await self._plan(registering, bed)
            heads = dict(await journal.heads([bed.plan for bed in beds]))
            waiting: list[Batch] = []
            for bed in beds:
                acts = _acts(bed)
                while len(acts) > ROWS_AT_ONCE:
                    batch = Batch(bed.plan, heads[bed.plan], acts[:ROWS_AT_ONCE])
                    heads.update(await journal.append([batch]))
                    acts = acts[ROWS_AT_ONCE:]
                waiting.append(Batch(bed.plan, heads[bed.plan], acts))
                if len(waiting) == 100 or bed is beds[-1]:
                    heads.update(await journal.append(waiting))
                    waiting = []
            for bed in beds:
                await _snapshot(journal, bed, heads[bed.plan])
        finally:
            await journal.close()
            await engine.dispose()

    async def _plan(self, registering: StoreRegistering, bed: Bed) -> None:
        now = datetime.now(UTC)
        plan = Plan(plan_id=bed.plan, family="Bench", given=bed.plan[-6:], born=date(1950, 1, 1))
        members = [
            Participant(each.person, bed.plan, "Bench", ROLE, since=now - timedelta(days=1)) for each in bed.members
        ]
        await registering.open_plan(plan, members, {}, {}, added_by=bed.members[0].person, now=now)


def _session(person: str, token: str, now: datetime) -> Session:
    return Session(
        session_id=new_id(),
        person_id=person,
        token_hash=hash_token(token),
        idle=Idle.FAMILY,
        began=now,
        active=now,
        authenticated=now,
        how="demo",
    )


def _acts(bed: Bed) -> list[Act]:
    """Return the past as rows: the ground is a command's, the rest are edits."""
    author = bed.members[0].person
    ground, *edits = bed.past.updates
    made = Act(plan=bed.plan, actor=author, action=Action.COMMAND, section=SECTION, event="entry.create", update=ground)
    return [made] + [
        Act(plan=bed.plan, actor=author, action=Action.EDIT, role=ROLE, section=SECTION, update=update, words={})
        for update in edits
    ]


async def _snapshot(journal: PostgresJournal, bed: Bed, head: Head) -> None:
    """Keep the snapshot that a hub would have kept by now: half of what it lets gather stands behind it."""
    if not bed.past.before_tail:
        return
    author = bed.members[0].person
    clients = {client: author for update in bed.past.updates[:-TAIL] for client in clients_of(update)}
    await journal.keep_snapshot(bed.plan, Snapshot(Section(SECTION), head.seq - TAIL, bed.past.before_tail, clients))
