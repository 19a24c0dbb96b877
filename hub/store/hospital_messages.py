"""Messages of hospitals as rows: kept once, in the transaction that puts down what is to be done with them."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.record.jobs import Job
from hub.record.journal import Turn
from hub.store.away import away
from hub.store.engine import connected, connection_of
from hub.store.hospital_tables import hospital_identity, hospital_stay
from hub.store.hospital_tables import hospital_message as table
from hub.store.jobs import enqueue

APPLY: Final = "hospital.apply"
"""The kind of the jobs that do what a message says."""
TAKE_BACK: Final = "hospital.take-back"
"""The kind of the jobs that take back what followed from messages of somebody else."""
OF_VISIT_MAX: Final = 500
"""Messages of one visit that are folded; a stay of a year has fewer."""

_HELD: Final = sa.text("select pg_advisory_xact_lock(hashtextextended(:name, 71))")


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalMessage:
    """A message as it is kept. ``fault`` says why it was not accepted: number, where, words."""

    message_id: str
    number: int = 0
    door: str
    sender: str = ""
    """The machine that posted it, of messages that came by FHIR."""
    application: str = ""
    facility: str = ""
    control: str = ""
    digest: bytes
    content: bytes
    received: datetime | None = None
    answer: str
    fault: Mapping[str, str] | None = None
    trigger: str = ""
    visit: str = ""
    occurred: datetime | None = None
    people: Sequence[str] = ()
    state: str
    reason: str = ""
    patient: str | None = None
    original: bool = True


@dataclass(frozen=True, slots=True)
class RememberedIdentity:
    """Who has a number: of whom a rule was sure, or whom somebody named; ``patient`` is ``None`` for nobody of ours."""

    key: str
    patient: str | None
    decided_by: str | None
    merged: bool
    decided: datetime


class HospitalMessages:
    """Messages, stays and identities as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, message: HospitalMessage, conflict: HospitalMessage) -> HospitalMessage:
        """Keep the message with its job, and return it as it stands; committed when this returns.

        The same content under the same id was kept already: that row is returned, and nothing follows again. Other
        content under that id is kept as ``conflict``, to which nothing follows.

        Raises:
            JournalAwayError: nothing was kept, as far as can be known.
        """
        async with connected(self._engine) as connection:
            if await _inserted(connection, message):
                if message.state == "received":
                    await enqueue(connection, [_job(message.message_id)])
                return message
            same = (table.c.digest == message.digest, *_of_sender(message))
            found = await _many(connection, sa.and_(*same), 1)
            if not found:
                await _inserted(connection, conflict)
                return conflict
            return found[0]

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator["HeldMessages"]:
        """Hold a visit, so that no two processes work on it at the same time; commits at the end.

        Raises:
            JournalAwayError: nothing was kept, as far as can be known.
        """
        async with connected(self._engine) as connection:
            await connection.execute(_HELD, {"name": name})
            yield HeldMessages(connection)

    async def get(self, message_id: str) -> HospitalMessage | None:
        """Return the message of that id."""
        async with connected(self._engine) as connection:
            found = await _many(connection, table.c.id == message_id, 1)
        return found[0] if found else None

    async def in_state(self, state: str, limit: int) -> list[HospitalMessage]:
        """Return messages of one state, the newest first."""
        where = table.c.state == state
        async with connected(self._engine) as connection:
            return await _many(connection, where, limit, newest=True)

    async def counts(self, since: datetime) -> dict[str, int]:
        """Return how many are in each state: those that wait or are parked, and of the others what came since."""
        recent = (table.c.received >= since) | table.c.state.in_(("waiting", "parked"))
        query = sa.select(table.c.state, sa.func.count()).where(recent).group_by(table.c.state)
        async with connected(self._engine) as connection:
            return {row[0]: int(row[1]) for row in await connection.execute(query)}

    async def identities(self, keys: Collection[str]) -> dict[str, tuple[str | None, bool]]:
        """Return who was found to have these numbers, ``None`` for nobody of ours, and whether somebody said so: a
        person, or a hospital that merged them. Numbers of nobody found are left out."""
        said = hospital_identity.c.decided_by.is_not(None) | hospital_identity.c.merged
        query = sa.select(hospital_identity.c.key, hospital_identity.c.patient, said.label("said"))
        async with connected(self._engine) as connection:
            rows = await connection.execute(query.where(hospital_identity.c.key.in_(list(keys))))
            return {row.key: (row.patient, row.said) for row in rows}

    async def remembered(self, limit: int) -> list[RememberedIdentity]:
        """Return who was found to have which number, what was found last first."""
        columns = hospital_identity.c
        query = sa.select(columns.key, columns.patient, columns.decided_by, columns.merged, columns.decided)
        async with connected(self._engine) as connection:
            rows = await connection.execute(query.order_by(columns.decided.desc(), columns.key).limit(limit))
            return [RememberedIdentity(*row) for row in rows]

    async def is_asked(self, keys: Collection[str]) -> bool:
        """Say whether somebody is asked now who has one of these numbers."""
        query = sa.select(sa.exists().where((table.c.state == "waiting") & table.c.people.overlap(list(keys))))
        async with connected(self._engine) as connection:
            return bool(await connection.scalar(query))

    async def forget(self, turn: Turn, keys: Sequence[str]) -> Sequence[str]:
        """Forget who has these numbers: their messages wait for a person, what followed from them is taken back.

        Return the ids of the messages.
        """
        connection = connection_of(turn)
        await connection.execute(sa.delete(hospital_identity).where(hospital_identity.c.key.in_(list(keys))))
        followed = table.c.patient.is_not(None) | (table.c.reason == "decided-nobody")
        settled = table.c.people.overlap(list(keys)) & followed & (table.c.state != "parked")
        columns = (table.c.id, table.c.patient, table.c.visit, table.c.trigger)
        found = (await connection.execute(sa.select(*columns).where(settled).with_for_update())).all()
        ids = [each.id for each in found]
        asked = sa.update(table).where(table.c.id.in_(ids))
        await connection.execute(asked.values(state="waiting", reason="", patient=None, settled=None))
        visits = {(each.patient, each.visit): each.id for each in found if each.patient and each.visit}
        payloads = [{"patient": who, "visit": visit, "message": of} for (who, visit), of in visits.items()]
        payloads += [
            {"patient": each.patient, "visit": "", "message": each.id}
            for each in found
            if each.patient and not each.visit
        ]
        await enqueue(connection, [Job(kind=TAKE_BACK, payload=each) for each in payloads])
        return ids

    async def decide(
        self, turn: Turn, keys: Sequence[str], patient: str | None, *, by: str | None, now: datetime
    ) -> Sequence[str]:
        """Remember who has these numbers, and have the messages that waited for it applied; return their ids."""
        connection = connection_of(turn)
        for key in keys:
            told = {"patient": patient, "decided_by": by, "decided": now, "merged": by is None}
            added = insert(hospital_identity).values(key=key, **told)
            await connection.execute(added.on_conflict_do_update(index_elements=["key"], set_=told))
        return await self._again(connection, (table.c.state == "waiting") & table.c.people.overlap(list(keys)))

    async def set_aside(self, turn: Turn, message_id: str, now: datetime, *, reason: str) -> None:
        """Have a message that waits stand aside: nothing follows."""
        waiting = (table.c.id == message_id) & (table.c.state == "waiting")
        told = sa.update(table).where(waiting).values(state="aside", reason=reason, settled=now)
        await connection_of(turn).execute(told)

    async def apply_again(self, turn: Turn, message_id: str) -> Sequence[str]:
        """Have a message that is parked or stands aside applied once more."""
        standing = table.c.state.in_(("parked", "aside", "waiting")) & (table.c.answer == "AA")
        return await self._again(connection_of(turn), (table.c.id == message_id) & standing)

    async def _again(self, connection: AsyncConnection, where: sa.ColumnElement[bool]) -> Sequence[str]:
        waiting = sa.update(table).where(where).values(state="received", reason="", settled=None)
        ids = list(await connection.scalars(waiting.returning(table.c.id)))
        await enqueue(connection, [_job(each) for each in sorted(ids)])
        return ids


class HeldMessages:
    """One visit's messages while it is held."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, message_id: str) -> HospitalMessage | None:
        """Return the message of that id, as it stands now."""
        with away():
            found = await _many(self._connection, table.c.id == message_id, 1)
        return found[0] if found else None

    async def of_visit(self, visit: str, patient: str) -> list[HospitalMessage]:
        """Return the visit's messages that were found to be of this patient, in the order of receipt."""
        where = (table.c.visit == visit) & (table.c.patient == patient) & table.c.state.in_(("received", "applied"))
        with away():
            return await _many(self._connection, where, OF_VISIT_MAX)

    async def settle(
        self, message_id: str, state: str, now: datetime, *, reason: str = "", patient: str | None = None
    ) -> None:
        """Say what became of a message."""
        settled = None if state == "received" else now
        values = {"state": state, "reason": reason, "patient": patient, "settled": settled}
        with away():
            await self._connection.execute(sa.update(table).where(table.c.id == message_id).values(**values))

    async def remember(self, keys: Sequence[str], patient: str, now: datetime) -> None:
        """Keep that these numbers are of the patient whom a rule was sure of; what somebody said stands."""
        rows = [{"key": key, "patient": patient, "decided": now} for key in keys]
        with away():
            await self._connection.execute(insert(hospital_identity).values(rows).on_conflict_do_nothing())

    async def stay(self, visit: str, plan: str) -> tuple[str, Mapping[str, Any], Mapping[str, str]] | None:
        """Return a visit's entry in a plan, what was told of it last, and how medicines stood before its discharge."""
        mine = (hospital_stay.c.visit == visit) & (hospital_stay.c.plan == plan)
        with away():
            row = (await self._connection.execute(sa.select(hospital_stay).where(mine))).first()
        return None if row is None else (row.entry, row.told, row.marked)

    async def entries(self, plan: str) -> set[str]:
        """Return the entries of a plan that are visits."""
        query = sa.select(hospital_stay.c.entry).where(hospital_stay.c.plan == plan)
        with away():
            return set(await self._connection.scalars(query))

    async def keep_stay(
        self, visit: str, plan: str, entry: str, told: Mapping[str, Any], marked: Mapping[str, str]
    ) -> None:
        """Keep which entry a visit is, what was told of it, and how medicines stood."""
        values = {"entry": entry, "told": dict(told), "marked": dict(marked)}
        added = insert(hospital_stay).values(visit=visit, plan=plan, **values)
        with away():
            await self._connection.execute(added.on_conflict_do_update(index_elements=["visit", "plan"], set_=values))


def _job(message_id: str) -> Job:
    return Job(kind=APPLY, payload={"message": message_id})


def _of_sender(message: HospitalMessage) -> Sequence[sa.ColumnElement[bool]]:
    names = ("door", "sender", "application", "facility", "control")
    return [table.c[name] == getattr(message, name) for name in names]


async def _inserted(connection: AsyncConnection, message: HospitalMessage) -> bool:
    """Insert the message; False where its content or its id was kept before. What waits for it, waits."""
    names = (
        "door", "sender", "application", "facility", "control", "original", "digest", "content", "answer", "trigger",
        "visit", "occurred", "state", "reason",
    )  # fmt: skip
    values = {name: getattr(message, name) for name in names}
    values |= {"id": message.message_id, "people": list(message.people)}
    values |= {"fault": sa.null() if message.fault is None else dict(message.fault)}
    added = insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)
    return (await connection.execute(added)).first() is not None


async def _many(
    connection: AsyncConnection, where: sa.ColumnElement[bool], limit: int, *, newest: bool = False
) -> list[HospitalMessage]:
    order = table.c.number.desc() if newest else table.c.number
    query = sa.select(table).where(where).order_by(order).limit(limit)
    found = []
    for row in (await connection.execute(query)).mappings():
        told: dict[str, Any] = {str(name): value for name, value in row.items() if name not in ("id", "settled")}
        found.append(HospitalMessage(message_id=row["id"], **told))
    return found
