"""Invitations as rows. Each transition is made by ``auth.invitations`` with the row locked: of many, one wins."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.consents import How
from auth.invitations import Delivery, Invitation, InvitationRefusal, InvitationState, WrongCode, redeem
from auth.roles import Basis, Role
from crdt.sections import Section
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import invitation as table

INVITATIONS_LISTED_MAX: Final = 200

Outcome: TypeAlias = Invitation | WrongCode | InvitationRefusal
"""What a transition gives: an invitation to keep, a wrong code counted (to be kept as well), or a refusal."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where an invitation goes: never shown to strangers, never in a message's text."""

    name: str
    address: str = ""
    locale: str = "en"


class Invitations:
    """Invitations as rows; only hashes of their secrets and codes are here."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, invitation: Invitation, addressee: Addressee) -> None:
        """Add a new invitation."""
        await connection_of(turn).execute(sa.insert(table).values(**_values(invitation), **asdict(addressee)))

    async def get(self, invitation_id: str) -> Invitation | None:
        """Return the invitation of that public id, in whatever state: for its plan, not for a stranger's eyes."""
        async with connected(self._engine) as connection:
            row = (await connection.execute(sa.select(table).where(table.c.id == invitation_id))).first()
        return None if row is None else _invitation(row)

    async def addressee(self, invitation_id: str) -> Addressee | None:
        """Return where the invitation goes."""
        query = sa.select(table.c.name, table.c.address, table.c.locale).where(table.c.id == invitation_id)
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Addressee(row.name, row.address, row.locale)

    async def of_plan(self, plan_id: str) -> list[tuple[Invitation, Addressee]]:
        """Return the plan's invitations with whom they are for, the newest first."""
        query = sa.select(table).where(table.c.plan == plan_id).order_by(table.c.made.desc())
        async with connected(self._engine) as connection:
            found = await connection.execute(query.limit(INVITATIONS_LISTED_MAX))
            return [(_invitation(row), Addressee(row.name, row.address, row.locale)) for row in found]

    async def since(self, turn: Turn, plan_id: str, instant: datetime) -> list[Invitation]:
        """Return the plan's invitations made after an instant, with the plan's journal held; bounded by its rules."""
        query = sa.select(table).where((table.c.plan == plan_id) & (table.c.made > instant))
        found = await connection_of(turn).execute(query.order_by(table.c.made.desc()).limit(INVITATIONS_LISTED_MAX))
        return [_invitation(row) for row in found]

    async def change(
        self, turn: Turn, invitation_id: str, transition: Callable[[Invitation | None], Outcome]
    ) -> Outcome:
        """Lock the row, make the transition and keep what it gives, a counted wrong code included."""
        standing = await self.locked(turn, invitation_id)
        outcome = transition(standing)
        kept = outcome.invitation if isinstance(outcome, WrongCode) else outcome
        if isinstance(kept, Invitation):
            assert standing is not None, "a transition keeps what was there"
            assert kept.invitation_id == invitation_id, "a transition keeps the same invitation"
            await self.keep(turn, kept)
        return outcome

    async def locked(self, turn: Turn, invitation_id: str) -> Invitation | None:
        """Return the invitation as it stands, its row locked until the turn ends."""
        locked = sa.select(table).where(table.c.id == invitation_id).with_for_update()
        row = (await connection_of(turn).execute(locked)).first()
        return None if row is None else _invitation(row)

    async def keep(self, turn: Turn, invitation: Invitation) -> None:
        """Make the row, which the turn has locked, say what the invitation says."""
        statement = sa.update(table).where(table.c.id == invitation.invitation_id)
        await connection_of(turn).execute(statement.values(_values(invitation)))

    async def redeem(
        self, turn: Turn, invitation_id: str, *, secret: str, browser: str, code: str, person_id: str, now: datetime
    ) -> Outcome:
        """Redeem for a person who is in the directory already, or count the wrong code; one of many callers wins."""
        return await self.change(
            turn,
            invitation_id,
            lambda kept: redeem(kept, secret=secret, browser=browser, code=code, person_id=person_id, now=now),
        )


def _values(invitation: Invitation) -> dict[str, object]:
    values = asdict(invitation)
    values["id"], values["plan"] = values.pop("invitation_id"), values.pop("plan_id")
    values["person"] = values.pop("person_id") or None
    values["sections"] = sorted(values["sections"])
    return values


def _invitation(row: sa.Row[tuple[object, ...]]) -> Invitation:
    values = dict(row._mapping)
    del values["name"], values["address"], values["locale"]
    return Invitation(
        invitation_id=values.pop("id"),
        plan_id=values.pop("plan"),
        person_id=values.pop("person") or "",
        role=Role(values.pop("role")),
        sections=frozenset(map(Section, values.pop("sections"))),
        delivery=Delivery(values.pop("delivery")),
        state=InvitationState(values.pop("state")),
        agreed_how=How(values.pop("agreed_how")),
        basis=Basis(values.pop("basis")),
        **values,
    )
