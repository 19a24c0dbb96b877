"""The directory of pages on the store: people, sessions, participants and looks as rows."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from auth.decisions import sections_readable
from auth.roles import PATIENT_SIDE, Participant, Role
from auth.sessions import TOKEN_BYTES, Idle, Session, activity_due, hash_token, is_live, is_token
from crdt.sections import Section
from hub.access.changes import AccessChanges
from hub.ids import HUB, new_id
from hub.record.journal import Act, Action, Journal, Latest, Row
from hub.store.looks import Looks
from hub.store.machines import Machines
from hub.store.participants import Participants
from hub.store.people import People
from hub.store.people import Person as StoredPerson
from hub.store.plans import Plan, Plans
from hub.store.sessions import Sessions
from web.doors.directory import Account, Membership, Patient, SignedIn


@dataclass(frozen=True, slots=True)
class Stores:
    """The rows that pages and sockets are guarded by."""

    people: People
    sessions: Sessions
    participants: Participants
    plans: Plans
    looks: Looks
    machines: Machines


class StoreDirectory:
    """What pages ask of the store; every change of a session commits with its journal row."""

    def __init__(self, stores: Stores, journal: Journal, now: Callable[[], datetime], changes: AccessChanges) -> None:
        self._journal = journal
        self._changes = changes
        self._now = now
        self._people = stores.people
        self._sessions = stores.sessions
        self._participants = stores.participants
        self._plans = stores.plans
        self._looks = stores.looks

    async def people(self) -> Sequence[Account]:
        return [_person(each) for each in await self._people.active()]

    async def signed_in(self, token: str, *, active: bool) -> SignedIn | None:
        if not is_token(token):
            return None
        session = await self._sessions.by_token(hash_token(token))
        now = self._now()
        if session is None or not is_live(session, now):
            return None
        person = await self._people.get(session.person_id)
        if person is None or not person.active:
            return None
        if active and activity_due(session, now):
            await self._sessions.keep_activity(session.session_id, now)
        return SignedIn(_person(person), session.session_id)

    async def sign_in(self, person_id: str, *, method: str, agent: str) -> str:
        person = await self._people.get(person_id)
        if person is None or not person.active:
            raise KeyError(person_id)
        token, session_id, now = secrets.token_urlsafe(TOKEN_BYTES), new_id(), self._now()
        session = Session(
            session_id=session_id,
            person_id=person_id,
            token_hash=hash_token(token),
            idle=Idle.FAMILY if person.role in PATIENT_SIDE else Idle.STAFF,
            began=now,
            active=now,
            authenticated=now,
            how=method,
        )
        async with self._journal.exclusively(HUB) as turn:
            await self._sessions.add(turn, session, agent=agent)
            await turn.append([_signed(Action.SIGN_IN, person_id, person.role, session_id, method)])
        return token

    async def not_ended(self, person_id: str, session_id: str, plan_id: str) -> bool:
        session, person = await self._sessions.get(session_id), await self._people.get(person_id)
        if session is None or session.person_id != person_id or session.ended is not None:
            return False
        found = await self._participants.load(plan_id, person_id, self._now())
        return (
            person is not None and person.active and found is not None and bool(sections_readable(found, self._now()))
        )

    async def sign_out(self, who: SignedIn) -> None:
        async with self._changes.of_sessions() as ending:
            if await self._sessions.end(ending.turn, who.session_id, self._now()):
                ending.ended.append(who.session_id)
            person = who.person
            act = _signed(Action.SIGN_OUT, person.person_id, person.role, who.session_id, "asked")
            await ending.turn.append([act])  # Of what had ended too: a turn without a row fails.

    async def participant(self, plan_id: str, who: SignedIn) -> Participant | None:
        found = await self._participants.load(plan_id, who.person.person_id, self._now())
        return _in_session(found, who) if found is not None else None

    async def participants(self, plan_id: str) -> Sequence[Participant]:
        return await self._participants.of_plan(plan_id, self._now())

    async def patient(self, plan_id: str) -> Patient | None:
        plan = await self._plans.get(plan_id)
        return _patient(plan) if plan is not None else None

    async def places(self, who: SignedIn) -> Sequence[Membership]:
        now = self._now()
        plans = [each.plan for each in await self._plans.panel(who.person.person_id, now)]
        mine = await self._participants.of_person([each.plan_id for each in plans], who.person.person_id, now)
        return [
            Membership(_patient(plan), _in_session(mine[plan.plan_id], who)) for plan in plans if plan.plan_id in mine
        ]

    async def looked(self, who: SignedIn, plan_id: str) -> Mapping[Section, int]:
        return await self._looks.of_person(plan_id, who.person.person_id)

    async def look(self, who: SignedIn, plan_id: str, seen: Mapping[Section, int]) -> None:
        await self._looks.look(plan_id, who.person.person_id, seen)

    async def unlook(self, who: SignedIn, plan_id: str, was: Mapping[Section, int]) -> None:
        await self._looks.put_back(plan_id, who.person.person_id, was)

    async def news(self, who: SignedIn, wanted: Mapping[str, Collection[Section]]) -> Mapping[str, Sequence[Row]]:
        return await self._looks.rows(who.person.person_id, wanted)

    async def versions(self, who: SignedIn, plan_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        return await self._looks.versions(who.person.person_id, plan_ids)

    async def last(self, wanted: Mapping[str, Collection[Section]]) -> Mapping[str, Latest]:
        return await self._looks.last(wanted)

    async def teams(self, plan_ids: Sequence[str]) -> Mapping[str, Sequence[Participant]]:
        return await self._participants.of_plans(plan_ids, self._now())


def _person(person: StoredPerson) -> Account:
    return Account(
        person.person_id,
        person.name,
        person.role,
        person.profession,
        person.locale,
        person.may_audit,
        person.may_administer,
        person.organisation or "",
        person.clock,
    )


def _patient(plan: Plan) -> Patient:
    gender = "" if plan.gender == "unknown" else plan.gender
    return Patient(
        plan.plan_id,
        plan.family,
        plan.given,
        plan.born,
        gender,
        plan.mrn,
        plan.born_words,
        plan.time_zone,
        plan.emergency_number,
        plan.day_phone,
        plan.night_phone,
        closed=plan.closed is not None,
        template=plan.template,
        deceased=plan.deceased,
        moved=plan.moved,
        same_as=plan.same_as or "",
        archived=plan.archived is not None,
        steward=plan.steward or "",
    )


def _in_session(participant: Participant, who: SignedIn) -> Participant:
    return replace(participant, session_id=who.session_id)


def _signed(action: Action, person_id: str, role: Role, session_id: str, how: str) -> Act:
    return Act(plan=HUB, actor=person_id, action=action, role=role, session=session_id, event=how)
