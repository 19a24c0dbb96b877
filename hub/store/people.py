"""The directory: everyone who may sign in, staff and family alike."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.invitations import Delivery
from auth.roles import PATIENT_SIDE, Role
from hub.directory.names import search_key, sort_key, sounds
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.patients import named_like
from hub.store.reminder_tables import reminder_choice
from hub.store.tables import invitation, organisation
from hub.store.tables import person as table

PEOPLE_MAX: Final = 1_000
"""No list of people is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who may sign in. Roles come from here, never from a provider's claim."""

    person_id: str
    name: str
    role: Role
    """The role in which the person joins a plan when no other is said, and in an emergency reading."""
    profession: str = ""
    email: str = ""
    phone: str = ""
    locale: str = "en"
    issuer: str | None = None
    """The OIDC provider, with ``subject`` the only identity a sign-in goes by."""
    subject: str | None = None
    may_audit: bool = False
    may_administer: bool = False
    active: bool = True
    organisation: str | None = None
    """Where staff work; given none, they are of the default one."""
    clock: str = ""
    """The time zone they chose for themselves (``reminder_choice``), which is kept there."""


class People:
    """People as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, person: Person) -> None:
        """Add someone who is not there yet."""
        values = _values(person)
        if person.organisation is None and person.role not in PATIENT_SIDE:
            values["organisation"] = (
                sa.select(organisation.c.id).order_by(organisation.c.created, organisation.c.id).limit(1)
            ).scalar_subquery()
        await connection_of(turn).execute(sa.insert(table).values(values))

    async def change(self, turn: Turn, person: Person) -> bool:
        """Make the row say what ``person`` says; False when there is no such person."""
        changed = sa.update(table).where(table.c.id == person.person_id).values(_values(person))
        return (await connection_of(turn).execute(changed.returning(table.c.id))).first() is not None

    async def get(self, person_id: str) -> Person | None:
        """Return the person of that id, active or not."""
        return await self._one(table.c.id == person_id)

    async def by_identity(self, issuer: str, subject: str) -> Person | None:
        """Return whom a provider's issuer and subject stand for."""
        return await self._one((table.c.issuer == issuer) & (table.c.subject == subject))

    async def by_email(self, email: str) -> list[Person]:
        """Return everyone with that address, however it is spelt in upper and lower case."""
        return await self._many(sa.func.lower(table.c.email) == email.lower())

    async def by_proven_address(self, email: str) -> list[Person]:
        """Return the active people who came by an invitation whose code went to that address and came back from it.

        Whoever was in the directory before the invitation was made has another way in, and so has a work account.
        """
        came = sa.exists().where(
            (invitation.c.person == table.c.id)
            & (invitation.c.delivery == Delivery.SENT)
            & (sa.func.lower(invitation.c.address) == email.lower())
            & invitation.c.new_person
        )
        mine = (sa.func.lower(table.c.email) == email.lower()) & table.c.active & table.c.subject.is_(None)
        return await self._many(mine & came)

    async def among(self, person_ids: Sequence[str]) -> dict[str, Person]:
        """Return the people of those ids that exist, by id."""
        return {each.person_id: each for each in await self._many(table.c.id.in_(person_ids))}

    async def active(self) -> list[Person]:
        """Return everyone who may sign in, by name."""
        return await self._many(table.c.active)

    async def everyone(self) -> list[Person]:
        """Return everyone, active or not, by name."""
        return await self._many(sa.true())

    async def matching(self, text: str, limit: int) -> list[Person]:
        """Return people, active or not, whose name holds the text's words or whose address or id it is, by name."""
        held = named_like(table.c.search_key, text)
        exactly = (sa.func.lower(table.c.email) == text.lower()) | (table.c.id == text)
        return await self._many(held | exactly, limit)

    async def _one(self, where: sa.ColumnElement[bool]) -> Person | None:
        found = await self._many(where)
        return found[0] if found else None

    async def _many(self, where: sa.ColumnElement[bool], limit: int = PEOPLE_MAX) -> list[Person]:
        chosen = sa.select(reminder_choice.c.zone).where(reminder_choice.c.person == table.c.id).scalar_subquery()
        clock = sa.func.coalesce(chosen, "").label("clock")
        query = sa.select(table, clock).where(where).order_by(table.c.sort_key, table.c.id).limit(limit)
        async with connected(self._engine) as connection:
            return [_person(row) for row in await connection.execute(query)]


def _values(person: Person) -> dict[str, object]:
    values = asdict(person)
    values["id"] = values.pop("person_id")
    del values["clock"]
    keys = {"sort_key": sort_key(person.name), "search_key": search_key(person.name), "sounds": [*sounds(person.name)]}
    return values | keys


def _person(row: sa.Row[tuple[object, ...]]) -> Person:
    values = dict(row._mapping)
    for name in ("created", "sort_key", "search_key", "sounds"):
        del values[name]
    return Person(person_id=values.pop("id"), role=Role(values.pop("role")), **values)
