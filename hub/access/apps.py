"""Apps of people: an administrator registers one, a person gives it access, and ends that again at once.

What an app reads goes through ``decide`` as its person's own reading does, narrowed by its scopes
(``hub.exchange.fhir_api``). A code serves once and for a minute, a refresh token once: what comes again was seen by
somebody else, so the whole access ends. Every change is committed with its row.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from auth.app_tokens import (
    ACCESS_LASTS,
    APP_TOKEN,
    CODE_LASTS,
    KEPT_LASTS,
    OFFLINE,
    AccessAsked,
    KeptCode,
    KeptRenewal,
    NewTokens,
    RegisteredApp,
    access_asked,
    answer_to,
    claimed_app,
    new_tokens,
    read_app_scopes,
    redirect_fault,
)
from auth.machine_tokens import TokenRequestError
from auth.registry import Duty
from auth.scopes import ScopeError, read_scopes
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import Doer, KeepingError, hub_row, plan_row, require
from hub.directory.names import cleaned
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action
from hub.store.apps import AppAccess, Apps, Asked, KnownApp
from hub.store.engine import Engine
from hub.store.plans import Plan, Plans

ASKING_LASTS: Final = timedelta(minutes=30)
"""How long a person may think about what an app asks for, signing in included."""

ADDRESSES_MAX: Final = 10
ORIGINS_KEPT: Final = timedelta(seconds=5)
"""How long this process goes by the origins of apps that it read last."""

USED_BEFORE: Final = {"error": "invalid_grant", "error_description": "This was used before. The access has ended."}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApp:
    """What an administrator says of an app."""

    name: str
    redirects: Sequence[str]
    origins: Sequence[str]
    scopes: Sequence[str]
    kept: bool
    confidential: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AppAnswer:
    """What a person allowed: ``scopes`` of those that were asked for, and in which ``plan`` the patient whom it is for
    was chosen; empty for all that the person sees."""

    scopes: Sequence[str]
    plan: str = ""


@dataclass(frozen=True, slots=True)
class HandedTokens:
    """Tokens on their way to the app, with the access that they are of."""

    tokens: NewTokens
    access: AppAccess
    lasts: timedelta
    """How long the access token opens something."""


class AppKeeping:
    """Apps and what people gave them. Its methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(
        self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._changes, self._now, self._new_id = changes, now, new_id
        self._origins: frozenset[str] = frozenset()
        self._origins_read: datetime | None = None
        self._plans = Plans(engine)
        self.rows = Apps(engine)

    async def register(self, doer: Doer, asked: NewApp) -> tuple[KnownApp, str]:
        """Register an app; return it with its secret, which is kept nowhere, ``""`` for one that can keep none.

        Raises:
            KeepingError: not an administrator, or what is said of it can't be.
        """
        require(doer, Duty.ADMINISTER)
        scopes = _checked(asked)
        secret = secrets.token_urlsafe(32) if asked.confidential else ""
        app = KnownApp(
            app_id=self._new_id(), name=cleaned(asked.name)[:100], redirects=list(dict.fromkeys(asked.redirects)),
            origins=list(dict.fromkeys(asked.origins)), scope=scopes, kept=asked.kept,
            secret_hash=sha256(secret.encode()).digest() if secret else None, made_by=doer.person.person_id,
            made=self._now(),
        )  # fmt: skip
        words: dict[str, JSON] = {
            "name": app.name, "redirects": [*app.redirects], "origins": [*app.origins], "scope": " ".join(scopes),
            "kept": app.kept, "confidential": bool(secret),
        }  # fmt: skip
        async with self._changes.of_plan(HUB) as turn:
            await self.rows.add(turn, app)
            await turn.append([hub_row(doer, "app.register", app.app_id, words)])
        self._origins_read = None
        return app, secret

    async def end(self, doer: Doer, app_id: str) -> None:
        """End an app, with everything that people gave it.

        Raises:
            KeepingError: not an administrator, or it has ended.
        """
        require(doer, Duty.ADMINISTER)
        async with self._changes.of_plan(HUB) as turn:
            ended = await self.rows.end(turn, app_id, self._now())
            await turn.append([hub_row(doer, "app.end", app_id, {"ended": ended})])
        self._origins_read = None
        if not ended:
            raise KeepingError("This app has ended already.")

    async def knows_origin(self, origin: str) -> bool:
        """Say whether pages of an app run at this origin."""
        now = self._now()
        if self._origins_read is None or now - self._origins_read >= ORIGINS_KEPT:
            found = await self.rows.all()
            self._origins = frozenset(each for app in found if app.ended is None for each in app.origins)
            self._origins_read = now
        return origin in self._origins

    async def ask(self, told: Asked, base: str) -> str | None:
        """Keep what an app asks for, and return the id of the request; ``None`` where there is no such app.

        Raises:
            AccessRefusedError: it can't be asked for like that.
        """
        app = await self.rows.get((told.get("client_id") or [""])[0][:100])
        if app is None or app.ended is not None:
            return None
        access_asked(told, _registered(app), base)
        request_id = self._new_id()
        await self.rows.ask(request_id, app.app_id, told, self._now() + ASKING_LASTS)
        return request_id

    async def asked(self, request_id: str, base: str) -> tuple[KnownApp, AccessAsked] | None:
        """Return who asks and for what; ``None`` where nobody does, any more.

        Raises:
            AccessRefusedError: what the app may ask for was changed meanwhile.
        """
        found = await self.rows.asked(request_id, self._now())
        return None if found is None else (found[0], access_asked(found[1], _registered(found[0]), base))

    async def answer(self, doer: Doer, request_id: str, base: str, answer: AppAnswer | None) -> str | None:
        """Take a person's answer, ``None`` for no; return where their browser goes, ``None`` where the request is over.

        Raises:
            AccessRefusedError: what the app may ask for was changed meanwhile.
        """
        found = await self.rows.asked(request_id, self._now())
        if found is None:
            return None
        app, told = found
        asked = access_asked(told, _registered(app), base)
        one = answer is not None and any(each.startswith("patient/") for each in answer.scopes)
        plan = await self._plans.get(answer.plan) if answer is not None and answer.plan else None
        assert not one or plan is not None, "what is of one patient names them"
        onward, code = answer_to(told, _registered(app), base, doer.person.person_id if answer is not None else None)
        now = self._now()
        scopes = [each for each in asked.scopes if answer is not None and each in answer.scopes]
        place = plan.plan_id if plan is not None else HUB
        words: dict[str, JSON] = {"app": app.name, "app_id": app.app_id, "scope": " ".join(scopes)}
        async with self._changes.of_plan(place) as turn:
            if not await self.rows.answered(turn, request_id):
                await turn.append([plan_row(doer, place, Action.REFUSE, "app.allow", words)])
                return None
            if answer is not None:
                given = self._given(doer, app, scopes, plan, now)
                held = KeptCode(
                    access_id=given.access_id, app_id=app.app_id, person=given.person, redirect=asked.redirect,
                    challenge=asked.challenge, scopes=tuple(scopes),
                )  # fmt: skip
                await self.rows.allow(turn, given, sha256(code.encode()).digest(), held, now + CODE_LASTS)
            event = "app.allow" if answer is not None else "app.refuse"
            await turn.append(
                [plan_row(doer, place, Action.GRANT if answer is not None else Action.REFUSE, event, words)]
            )
        return onward

    def _given(self, doer: Doer, app: KnownApp, scopes: Sequence[str], plan: Plan | None, now: datetime) -> AppAccess:
        return AppAccess(
            access_id=self._new_id(), app_id=app.app_id, app=app.name, person=doer.person.person_id,
            role=doer.person.role, plan=plan.plan_id if plan is not None else None,
            patient=plan.patient_id if plan is not None else None, patient_name="", scope=scopes, made=now,
            ends=now + (KEPT_LASTS if OFFLINE in scopes else CODE_LASTS + ACCESS_LASTS), ended=None, used=None,
        )  # fmt: skip

    async def tokens_for(self, form: Mapping[str, str], authorization: str) -> HandedTokens:
        """Return the tokens for a request of an app at the token endpoint, kept with a row in the hub's journal.

        Raises:
            TokenRequestError: why there are none.
        """
        now = self._now()
        app = await self.rows.get(claimed_app(form, authorization))
        registered = _registered(app) if app is not None and app.ended is None else None
        spent = sha256(form.get("code" if _brings_code(form) else "refresh_token", "").encode()).digest()
        held: KeptCode | KeptRenewal | None
        held = await (self.rows.code if _brings_code(form) else self.rows.renewal)(spent, now)
        made = new_tokens(form, authorization, registered, held)
        access = await self.rows.access(held.access_id) if held is not None else None
        assert app is not None, "only an app that is known gets tokens"
        assert access is not None, "what is held is of an access"
        async with self._changes.of_plan(HUB) as turn:
            if await (self.rows.spend_code if _brings_code(form) else self.rows.spend_renewal)(turn, spent, now):
                ends = min(now + ACCESS_LASTS, access.ends)
                await self.rows.keep_token(turn, access.access_id, _hash(made.token), "access", made.scopes, ends)
                if made.renewal:
                    await self.rows.keep_token(
                        turn, access.access_id, _hash(made.renewal), "renewal", access.scope, access.ends
                    )
                await turn.append([_token_row(access, made.scopes)])
                return HandedTokens(made, access, ends - now)
            await self.rows.end_access(turn, access.access_id, now)
            await turn.append([_token_row(access, made.scopes, refused="It was used before.")])
        raise TokenRequestError(400, USED_BEFORE)

    async def let_in(self, token: str) -> AppAccess | None:
        """Return the access that this token opens now."""
        if not token.startswith(APP_TOKEN):
            return None
        found = await self.rows.by_token(_hash(token), self._now())
        if found is not None:
            await self.rows.used(found.access_id, self._now())
        return found

    async def of_person(self, person_id: str) -> list[AppAccess]:
        """Return what a person gave to apps, what still opens something first."""
        return await self.rows.of_person(person_id)

    async def take_back(self, doer: Doer, access_id: str) -> None:
        """End what this person gave to an app: its next request is refused.

        Raises:
            KeepingError: it is not theirs, or has ended.
        """
        found = await self.rows.access(access_id)
        if found is None or found.person != doer.person.person_id:
            raise KeepingError("There is no such access of yours.")
        async with self._changes.of_plan(found.plan or HUB) as turn:
            ended = await self.rows.end_access(turn, access_id, self._now())
            words: dict[str, JSON] = {"app": found.app, "app_id": found.app_id, "ended": ended}
            await turn.append([plan_row(doer, found.plan or HUB, Action.REVOKE, "app.take_back", words)])
        if not ended:
            raise KeepingError("This access has ended already.")


def _brings_code(form: Mapping[str, str]) -> bool:
    return form.get("grant_type") != "refresh_token"


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _registered(app: KnownApp) -> RegisteredApp:
    return RegisteredApp(
        app_id=app.app_id, redirects=app.redirects, scopes=read_scopes(app.scope), kept=app.kept,
        secret_hash=app.secret_hash,
    )  # fmt: skip


def _checked(asked: NewApp) -> tuple[str, ...]:
    """Return the scopes as they are kept.

    Raises:
        KeepingError: what is said of the app can't be.
    """
    if not cleaned(asked.name):
        raise KeepingError("Name the app, as people know it.", "name")
    if not 0 < len(asked.redirects) <= ADDRESSES_MAX:
        raise KeepingError(f"Name 1 to {ADDRESSES_MAX} addresses that the app comes back to, one a line.", "redirects")
    fault = next(filter(None, map(redirect_fault, asked.redirects)), "")
    if fault:
        raise KeepingError(fault, "redirects")
    for origin in asked.origins:
        parts = urlsplit(origin)
        if redirect_fault(origin) or parts.path or parts.query or len(asked.origins) > ADDRESSES_MAX:
            raise KeepingError(f"{origin[:80]} is no origin such as https://app.example, without a path.", "origins")
    try:
        return tuple(map(str, read_app_scopes(asked.scopes)))
    except ScopeError as error:
        raise KeepingError(str(error), "scopes") from error


def _token_row(access: AppAccess, scopes: Sequence[str], *, refused: str = "") -> Act:
    return Act(
        plan=HUB, actor=access.person, role=access.role, action=Action.SIGN_IN, event="app.token",
        outcome="refused" if refused else "success", reason=refused,
        words={"app": access.app, "app_id": access.app_id, "scope": " ".join(scopes)},
    )  # fmt: skip
