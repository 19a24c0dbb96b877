"""Apps and what people gave them as rows: tokens are found by their hash, never by themselves, and kept nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.app_tokens import KeptCode, KeptRenewal
from auth.roles import Role
from hub.record.journal import Turn
from hub.store.app_tables import app as table
from hub.store.app_tables import app_access as access
from hub.store.app_tables import app_code as code
from hub.store.app_tables import app_request as asking
from hub.store.app_tables import app_token as token
from hub.store.engine import connected, connection_of
from hub.store.tables import patient, person

APPS_MAX: Final = 200
LISTED_MAX: Final = 200
"""Accesses of one person that are shown."""

USED_KEPT: Final = timedelta(minutes=1)
"""When an access was used last is written at most this often."""

Asked = Mapping[str, Sequence[str]]
"""The parameters of a request for access, as they were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownApp:
    """An app that people may give access to."""

    app_id: str
    name: str
    redirects: Sequence[str]
    origins: Sequence[str]
    scope: Sequence[str]
    kept: bool
    """It may ask for access that lasts."""
    secret_hash: bytes | None = None
    made_by: str
    made: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppAccess:
    """What a person gave to an app, as of now."""

    access_id: str
    app_id: str
    app: str
    """Its name."""
    person: str
    role: Role
    """The person's own; what they are in a plan is asked there."""
    plan: str | None
    patient: str | None
    """The one patient whom it is for; ``None`` for all that the person sees."""
    patient_name: str
    scope: Sequence[str]
    made: datetime
    ends: datetime
    ended: datetime | None
    used: datetime | None

    def opens(self, now: datetime) -> bool:
        """Say whether it still opens anything."""
        return self.ended is None and self.ends > now


_ACCESS: Final = (
    access.c.id.label("access_id"),
    access.c.app.label("app_id"),
    table.c.name.label("app"),
    access.c.person,
    person.c.role,
    access.c.plan,
    access.c.patient,
    sa.func.coalesce(sa.func.concat_ws(" ", patient.c.given, patient.c.family), "").label("patient_name"),
    access.c.scope,
    access.c.made,
    access.c.ends,
    access.c.ended,
    access.c.used,
)


def _accesses(*more: sa.ColumnElement[object]) -> sa.Select[tuple[object, ...]]:
    joined = sa.select(*_ACCESS, *more).join(table, table.c.id == access.c.app)
    return joined.join(person, person.c.id == access.c.person).outerjoin(patient, patient.c.id == access.c.patient)


def _open(now: datetime) -> sa.ColumnElement[bool]:
    """Return when an access opens something: neither it nor its app has ended, and its person may sign in."""
    return sa.and_(access.c.ended.is_(None), access.c.ends > now, table.c.ended.is_(None), person.c.active)


class Apps:
    """Apps, accesses, codes and tokens as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, app: KnownApp) -> None:
        """Register an app."""
        values = {
            "id": app.app_id, "name": app.name, "redirects": list(app.redirects), "origins": list(app.origins),
            "scope": list(app.scope), "kept": app.kept, "secret_hash": app.secret_hash, "made_by": app.made_by,
            "made": app.made,
        }  # fmt: skip
        await connection_of(turn).execute(sa.insert(table).values(values))

    async def end(self, turn: Turn, app_id: str, now: datetime) -> bool:
        """End an app with all that people gave it; False where it has ended or is not there."""
        mine = (table.c.id == app_id) & table.c.ended.is_(None)
        ended = sa.update(table).where(mine).values(ended=now).returning(table.c.id)
        if (await connection_of(turn).execute(ended)).first() is None:
            return False
        given = (access.c.app == app_id) & access.c.ended.is_(None)
        await connection_of(turn).execute(sa.update(access).where(given).values(ended=now))
        return True

    async def get(self, app_id: str) -> KnownApp | None:
        """Return the app of that id."""
        found = await self._apps(table.c.id == app_id)
        return found[0] if found else None

    async def all(self) -> list[KnownApp]:
        """Return all apps, those that have not ended first."""
        return await self._apps(sa.true())

    async def _apps(self, where: sa.ColumnElement[bool]) -> list[KnownApp]:
        query = sa.select(table).where(where).order_by(table.c.ended.nulls_first(), table.c.made.desc()).limit(APPS_MAX)
        async with connected(self._engine) as connection:
            rows = [dict(row._mapping) for row in await connection.execute(query)]
        return [KnownApp(app_id=row.pop("id"), **row) for row in rows]

    async def ask(self, request_id: str, app_id: str, asked: Asked, ends: datetime) -> None:
        """Keep what an app asks for until a person answers; forget what nobody answered."""
        async with connected(self._engine) as connection:
            await connection.execute(sa.delete(asking).where(asking.c.ends < sa.func.clock_timestamp()))
            values = {"id": request_id, "app": app_id, "asked": {name: list(each) for name, each in asked.items()}}
            await connection.execute(sa.insert(asking).values(**values, ends=ends))

    async def asked(self, request_id: str, now: datetime) -> tuple[KnownApp, Asked] | None:
        """Return who asks, and for what; ``None`` for a request that was answered, is over or never was."""
        query = sa.select(asking.c.app, asking.c.asked).where(asking.c.id == request_id, asking.c.ends > now)
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        app = await self.get(row.app) if row is not None else None
        return (app, row.asked) if row is not None and app is not None and app.ended is None else None

    async def answered(self, turn: Turn, request_id: str) -> bool:
        """Take a request as answered; False where somebody did."""
        gone = sa.delete(asking).where(asking.c.id == request_id).returning(asking.c.id)
        return (await connection_of(turn).execute(gone)).first() is not None

    async def allow(self, turn: Turn, given: AppAccess, code_hash: bytes, held: KeptCode, ends: datetime) -> None:
        """Keep what a person gave, and the code that brings the app its tokens."""
        connection = connection_of(turn)
        values = {
            "id": given.access_id, "app": given.app_id, "person": given.person, "plan": given.plan,
            "patient": given.patient, "scope": list(given.scope), "made": given.made, "ends": given.ends,
        }  # fmt: skip
        await connection.execute(sa.insert(access).values(values))
        row = {"code_hash": code_hash, "access": given.access_id, "redirect": held.redirect}
        await connection.execute(sa.insert(code).values(**row, challenge=held.challenge, ends=ends))

    async def code(self, code_hash: bytes, now: datetime) -> KeptCode | None:
        """Return what a code stands for, used or not; ``None`` for one that is over or never was."""
        query = (
            _accesses(code.c.redirect, code.c.challenge)
            .join(code, code.c.access == access.c.id)
            .where(code.c.code_hash == code_hash, code.c.ends > now, _open(now))
        )
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        told = row._mapping
        return KeptCode(
            access_id=told["access_id"], app_id=told["app_id"], person=told["person"], redirect=told["redirect"],
            challenge=told["challenge"], scopes=tuple(told["scope"]),
        )  # fmt: skip

    async def renewal(self, token_hash: bytes, now: datetime) -> KeptRenewal | None:
        """Return what a refresh token stands for, used or not; ``None`` for one that opens nothing."""
        mine = (token.c.token_hash == token_hash) & (token.c.kind == "renewal") & (token.c.ends > now)
        query = _accesses().join(token, token.c.access == access.c.id).where(mine, _open(now))
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        told = row._mapping
        return KeptRenewal(
            access_id=told["access_id"], app_id=told["app_id"], person=told["person"], scopes=tuple(told["scope"])
        )

    async def spend_code(self, turn: Turn, code_hash: bytes, now: datetime) -> bool:
        """Take a code as used; False where it was: what comes again was seen by somebody else."""
        mine = (code.c.code_hash == code_hash) & code.c.used.is_(None)
        first = sa.update(code).where(mine).values(used=now).returning(code.c.code_hash)
        return (await connection_of(turn).execute(first)).first() is not None

    async def spend_renewal(self, turn: Turn, token_hash: bytes, now: datetime) -> bool:
        """Take a refresh token as used; False where it was: what comes again was seen by somebody else."""
        mine = (token.c.token_hash == token_hash) & (token.c.kind == "renewal") & token.c.used.is_(None)
        first = sa.update(token).where(mine).values(used=now).returning(token.c.token_hash)
        return (await connection_of(turn).execute(first)).first() is not None

    async def keep_token(
        self, turn: Turn, access_id: str, token_hash: bytes, kind: str, scopes: Sequence[str], ends: datetime
    ) -> None:
        """Keep a token by its hash; of this access's others, those that are over are forgotten."""
        connection = connection_of(turn)
        over = (token.c.access == access_id) & (token.c.ends < sa.func.clock_timestamp())
        await connection.execute(sa.delete(token).where(over))
        values = {"token_hash": token_hash, "access": access_id, "kind": kind, "scope": list(scopes), "ends": ends}
        await connection.execute(sa.insert(token).values(values))

    async def by_token(self, token_hash: bytes, now: datetime) -> AppAccess | None:
        """Return the access of a token that opens something now, with the token's scopes."""
        mine = (token.c.token_hash == token_hash) & (token.c.kind == "access") & (token.c.ends > now)
        narrower = token.c.scope.label("narrower")
        query = _accesses(narrower).join(token, token.c.access == access.c.id).where(mine, _open(now))
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        values = dict(row._mapping)
        return _access(values | {"scope": values.pop("narrower")})

    async def used(self, access_id: str, now: datetime) -> None:
        """Keep when it was used last, to the minute."""
        since = access.c.used.is_(None) | (access.c.used < now - USED_KEPT)
        async with connected(self._engine) as connection:
            await connection.execute(sa.update(access).where((access.c.id == access_id) & since).values(used=now))

    async def access(self, access_id: str) -> AppAccess | None:
        """Return what a person gave, ended or not."""
        found = await self._listed(access.c.id == access_id)
        return found[0] if found else None

    async def of_person(self, person_id: str) -> list[AppAccess]:
        """Return what a person gave to apps, the newest first, those that opened nothing for long left out."""
        return await self._listed(access.c.person == person_id)

    async def _listed(self, where: sa.ColumnElement[bool]) -> list[AppAccess]:
        query = _accesses().where(where).order_by(access.c.ended.nulls_first(), access.c.made.desc()).limit(LISTED_MAX)
        async with connected(self._engine) as connection:
            return [_access(dict(row._mapping)) for row in await connection.execute(query)]

    async def end_access(self, turn: Turn, access_id: str, now: datetime) -> bool:
        """End an access: its tokens open nothing from now on. False where it has ended."""
        mine = (access.c.id == access_id) & access.c.ended.is_(None)
        ended = sa.update(access).where(mine).values(ended=now).returning(access.c.id)
        return (await connection_of(turn).execute(ended)).first() is not None


def _access(values: dict[str, object]) -> AppAccess:
    return AppAccess(role=Role(str(values.pop("role"))), **values)  # type: ignore[arg-type]
