"""Who takes part in which plan, loaded whole for ``decide``: role, dates, invited sections, consents, break-glass."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.roles import Basis, Narrowing, Participant, Role
from auth.sessions import Idle, Session
from crdt.sections import Section
from hub.directory.births import birth_date, reaches_age
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import participant as table

_LOAD: Final = """
select person.id as person, plan.id as plan, person.name, person.profession, person.active,
       coalesce(subject.person, '') as patient, subject.born, home.time_zone, home.confidential_age, home.majority_age,
       plan.closed is not null as closed,
       member.role, member.since, member.ends, member.removed, member.sections, member.basis, member.authority,
       glass.began as glass_began, glass.until as glass_until,
       glass.role as glass_role, glass.profession as glass_profession,
       (select jsonb_object_agg(latest.section, jsonb_build_array(latest.access, latest.ends))
          from (select distinct on (section) section, access, ends from consent
                 where consent.plan = plan.id and consent.person = person.id
                 order by section, recorded desc) as latest
         where latest.access is not null) as consents
  from plan join patient as subject on subject.id = plan.subject
  join organisation as home on home.id = plan.organisation cross join person
  left join participant as member on member.plan = plan.id and member.person = person.id
  left join lateral (select * from break_glass
                      where break_glass.plan = plan.id and break_glass.person = person.id
                      order by began desc limit 1) as glass on true
 where plan.id = :plan and (member.person is not null or glass.person is not null)
"""
_LOAD_ONE: Final = sa.text(_LOAD + " and person.id = :person")
_LOAD_SOME: Final = sa.text(_LOAD + " and person.id = any(:persons)")
_LOAD_COMER: Final = sa.text(f"""
select came.id as session_id, came.person as person_id, came.token_hash, came.idle, came.began,
       came.active as last_active, came.authenticated, came.ended, came.how, came.provider_sid,
       visitor.active as may_sign_in, part.*,
       (select grant_version from plan where id = :plan) as version
  from session as came join person as visitor on visitor.id = came.person
  left join lateral ({_LOAD} and person.id = came.person) as part on true
 where came.token_hash = :token
""")  # noqa: S608 - a query of ours inside another
"""Everything a door asks, as of one moment: the sign-in, the part in the plan, and the plan's access version."""

_MEMBERS: Final = "join person on person.id in (select person from participant where plan = :plan)"
_LOAD_ALL: Final = sa.text(
    _LOAD.replace("cross join person", _MEMBERS)
    + " and member.person is not null order by person.sort_key, person.id limit 500"
)
_LOAD_MINE: Final = sa.text(
    _LOAD.replace("cross join person", "join person on person.id = :person").replace(
        "plan.id = :plan and (member.person is not null or glass.person is not null)", "plan.id = any(:plans)"
    )
)
_LOAD_TEAMS: Final = sa.text(
    _LOAD.replace(
        "cross join person", "join participant as among on among.plan = plan.id join person on person.id = among.person"
    ).replace("plan.id = :plan and (member.person is not null or glass.person is not null)", "plan.id = any(:plans)")
    + " order by person.sort_key, person.id"
)


@dataclass(frozen=True, slots=True)
class Comer:
    """Who a token stands for at the door of a plan."""

    session: Session
    """Live or not."""
    active: bool
    """The person may sign in at all."""
    participant: Participant | None
    """Their part in the plan, in this session; ``None`` where there is and was none."""
    version: int
    """The plan's grant version at the same moment; 0 where there is no such plan."""


class Participants:
    """Participants as rows. Every change moves the plan's grant version on, by a trigger."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self, plan_id: str, person_id: str, now: datetime) -> Participant | None:
        """Return the person's part in the plan, or ``None`` where there is and was none.

        Who is no member at ``now`` but has an emergency reading open comes back with ``broke_glass_until``; a member
        who was removed or whose time is over comes back as such, for ``decide`` to say so.
        """
        async with connected(self._engine) as connection:
            row = (await connection.execute(_LOAD_ONE, {"plan": plan_id, "person": person_id})).first()
        return None if row is None else _participant(row, now)

    async def acting(self, turn: Turn, plan_id: str, person_id: str, now: datetime) -> Participant | None:
        """Return the person's part in the plan as this turn sees it: no change of access can come in between."""
        values = {"plan": plan_id, "person": person_id}
        row = (await connection_of(turn).execute(_LOAD_ONE, values)).first()
        return None if row is None else _participant(row, now)

    async def among(self, plan_id: str, person_ids: Collection[str], now: datetime) -> list[Participant]:
        """Return the part of each of these people in the plan, where there is or was one. One query."""
        values = {"plan": plan_id, "persons": list(person_ids)}
        async with connected(self._engine) as connection:
            return [_participant(row, now) for row in await connection.execute(_LOAD_SOME, values)]

    async def comer(self, plan_id: str, token_hash: bytes, now: datetime) -> Comer | None:
        """Return who comes to the plan with that token, ``None`` where it is nobody's. One query."""
        async with connected(self._engine) as connection:
            row = (await connection.execute(_LOAD_COMER, {"plan": plan_id, "token": token_hash})).first()
        if row is None:
            return None
        participant = None if row.plan is None else replace(_participant(row, now), session_id=row.session_id)
        session = Session(
            session_id=row.session_id,
            person_id=row.person_id,
            token_hash=row.token_hash,
            idle=Idle(row.idle),
            began=row.began,
            active=row.last_active,
            authenticated=row.authenticated,
            ended=row.ended,
            how=row.how,
            provider_sid=row.provider_sid,
        )
        return Comer(session, row.may_sign_in, participant, row.version or 0)

    async def of_plan(self, plan_id: str, now: datetime) -> list[Participant]:
        """Return everyone who is or was a member, by name."""
        async with connected(self._engine) as connection:
            return [_participant(row, now) for row in await connection.execute(_LOAD_ALL, {"plan": plan_id})]

    async def of_person(self, plan_ids: Sequence[str], person_id: str, now: datetime) -> Mapping[str, Participant]:
        """Return the person's part in each of these plans where there is or was one. One query."""
        values = {"plans": list(plan_ids), "person": person_id}
        async with connected(self._engine) as connection:
            rows = (await connection.execute(_LOAD_MINE, values)).all()
        return {row.plan: _participant(row, now) for row in rows if row.role is not None or row.glass_began is not None}

    async def of_plans(self, plan_ids: Sequence[str], now: datetime) -> Mapping[str, list[Participant]]:
        """Return everyone who is or was a member of each plan, by name. One query."""
        found: dict[str, list[Participant]] = {plan: [] for plan in plan_ids}
        async with connected(self._engine) as connection:
            for row in await connection.execute(_LOAD_TEAMS, {"plans": list(plan_ids)}):
                found[row.plan].append(_participant(row, now))
        return found

    async def add(self, turn: Turn, participant: Participant, *, added_by: str, relation: str = "") -> None:
        """Make someone a member, again where they were one before."""
        values: dict[str, object] = {
            "plan": participant.plan_id,
            "person": participant.person_id,
            "role": participant.role,
            "ends": participant.ends,
            "removed": None,
            "sections": None if participant.sections is None else sorted(participant.sections),
            "relation": relation,
            "added_by": added_by or None,
            "basis": participant.basis,
            "authority": participant.authority,
            "since": sa.func.clock_timestamp() if participant.since is None else participant.since,
        }
        statement = sa.dialects.postgresql.insert(table).values(values)
        again = statement.on_conflict_do_update(index_elements=[table.c.plan, table.c.person], set_=values)
        await connection_of(turn).execute(again)

    async def change(self, turn: Turn, participant: Participant) -> bool:
        """Give a present member another role, end or choice of sections; False when they are none."""
        statement = (
            self._present(participant.plan_id, participant.person_id)
            .values(
                role=participant.role,
                ends=participant.ends,
                sections=None if participant.sections is None else sorted(participant.sections),
            )
            .returning(table.c.person)
        )
        return (await connection_of(turn).execute(statement)).first() is not None

    async def remove(self, turn: Turn, plan_id: str, person_id: str, now: datetime) -> bool:
        """End a membership; False when there was none to end."""
        statement = self._present(plan_id, person_id).values(removed=now).returning(table.c.person)
        return (await connection_of(turn).execute(statement)).first() is not None

    async def versions(self, plan_ids: Sequence[str]) -> Mapping[str, int]:
        """Return each plan's grant version: it grows with every change of membership, consent or break-glass."""
        query = sa.text("select id, grant_version from plan where id = any(:plans)")
        async with connected(self._engine) as connection:
            return {row.id: row.grant_version for row in await connection.execute(query, {"plans": list(plan_ids)})}

    @staticmethod
    def _present(plan_id: str, person_id: str) -> sa.Update:
        present = (table.c.plan == plan_id) & (table.c.person == person_id) & table.c.removed.is_(None)
        return sa.update(table).where(present)


def _participant(row: sa.Row[tuple[object, ...]], now: datetime) -> Participant:
    told = row._mapping
    open_glass = told["active"] and told["glass_until"] is not None and told["glass_until"] > now
    if open_glass and not _is_member(told, now):
        return Participant(
            person_id=told["person"],
            plan_id=told["plan"],
            name=told["name"],
            role=Role(told["glass_role"]),
            profession=told["glass_profession"],
            since=told["glass_began"],
            consents=_consents(told["consents"]),
            broke_glass_until=told["glass_until"],
            patient_id=told["patient"],
            closed=told["closed"],
        )
    was_member = told["role"] is not None
    basis = Basis(told["basis"] or "")
    return Participant(
        person_id=told["person"],
        plan_id=told["plan"],
        name=told["name"],
        role=Role(told["role"] if was_member else told["glass_role"]),
        profession=told["profession"],
        since=told["since"] if was_member else told["glass_began"],
        ends=_end(told, basis),
        removed=told["removed"] is not None or not told["active"],
        sections=None if told["sections"] is None else frozenset(map(Section, told["sections"])),
        consents=_consents(told["consents"]),
        broke_glass_until=None if was_member else told["glass_until"],
        patient_id=told["patient"],
        closed=told["closed"],
        basis=basis,
        authority=told["authority"] or "",
        confidential_from=_reached(told, told["confidential_age"]) if basis is Basis.MINOR else None,
    )


def _reached(told: sa.RowMapping, age: int) -> datetime:
    """Return when the patient reaches an age; where no birth date is known, they count as having reached it."""
    reached = reaches_age(birth_date(told["born"]), age, ZoneInfo(told["time_zone"]))
    since: datetime = told["since"]
    return since if reached is None else reached


def _end(told: sa.RowMapping, basis: Basis) -> datetime | None:
    """Return when the membership ends: that of a guardian of a minor at the latest when the patient comes of age."""
    ends: datetime | None = told["ends"]
    if basis is not Basis.MINOR:
        return ends
    of_age = reaches_age(birth_date(told["born"]), told["majority_age"], ZoneInfo(told["time_zone"]))
    return min((each for each in (ends, of_age) if each is not None), default=None)


def _is_member(told: sa.RowMapping, now: datetime) -> bool:
    if told["role"] is None or told["removed"] is not None or told["since"] > now:
        return False
    return told["ends"] is None or bool(told["ends"] > now)


def _consents(told: Mapping[str, tuple[str, str | None]] | None) -> Mapping[Section, Narrowing]:
    return {
        Section(section): Narrowing(access, None if ends is None else datetime.fromisoformat(ends))
        for section, (access, ends) in (told or {}).items()
    }
