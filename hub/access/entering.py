"""Coming in by a provider, a passkey or a code, and going out again: each in one transaction with its journal row.

Who someone is at the provider is looked up in our own directory: by issuer and subject, or, once, by an e-mail address
that the provider has verified and exactly one member of the staff has here. A role never comes from a claim.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from auth.oidc import CLOCK_SKEW_MAX, LogoutOrder, ProviderIdentity
from auth.passkeys import Passkey
from auth.roles import PATIENT_SIDE
from auth.sessions import TOKEN_BYTES, Idle, Session, hash_token
from hub.access.changes import AccessChanges
from hub.access.refusals import Refusals
from hub.ids import HUB
from hub.record.journal import Act, Action, Turn
from hub.store.engine import Engine
from hub.store.passkeys import KeptPasskey, Passkeys
from hub.store.people import People, Person
from hub.store.sessions import Sessions
from hub.store.tickets import Purpose, Tickets

BY_PROVIDER: Final = "oidc"
LACKING: Final = "The ID token lacks "
"""Begins the reason of a row about a sign-in for which the provider left out a claim."""
BY_PASSKEY: Final = "passkey"
BY_CODE: Final = "code"


@dataclass(frozen=True, slots=True)
class Entered:
    """Someone signed in, with the token of their new session."""

    person_id: str
    session_id: str
    token: str


class Entering:
    """Begins and ends sign-ins. Ending what has ended is journaled too, and fails nothing."""

    def __init__(
        self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._changes = changes
        self.refusals = Refusals(changes, now)
        self._now = now
        self._new_id = new_id
        self._people = People(engine)
        self._sessions = Sessions(engine)
        self._passkeys = Passkeys(engine)
        self._tickets = Tickets(engine)

    async def by_provider(self, found: ProviderIdentity, *, agent: str, instead_of: str = "") -> Entered | None:
        """Sign in whom the provider sent back; ``None``, journaled, where the directory knows nobody by that.

        ``instead_of`` is this browser's session until now, which ends.
        """
        person, links = await self._known(found)
        async with self._changes.of_sessions() as changing:
            turn = changing.turn
            if person is None:
                lacking = [name for name in found.lacking if name != "auth_time"]
                await turn.append([_refusal(BY_PROVIDER, f"{LACKING}{', '.join(lacking)}" if lacking else "unknown")])
                return None
            if "auth_time" in found.lacking:
                await turn.append([_refusal(BY_PROVIDER, f"{LACKING}auth_time")])
            if links:
                await self._people.change(turn, replace(person, issuer=found.issuer, subject=found.subject))
                await turn.append([Act(plan=HUB, actor=person.person_id, action=Action.ADMIN, event="person.link")])
            if instead_of and await self._sessions.end(turn, instead_of, self._now()):
                changing.ended.append(instead_of)
            return await self._begin(turn, person, BY_PROVIDER, agent, found.authenticated, found.sid)

    async def refused(self, how: str, reason: str) -> None:
        """Take note of a sign-in that came to nothing: a row at once, those that follow within a minute as one."""
        await self.refusals.refused(how, reason)

    async def add_passkey(self, passkey: Passkey, label: str) -> bool:
        """Keep a passkey just made; False where it is known or there are too many."""
        async with self._changes.of_sessions() as changing:
            added = await self._passkeys.add(changing.turn, passkey, label=label)
            outcome = "success" if added else "refused"
            act = Act(
                plan=HUB, actor=passkey.person_id, action=Action.ADMIN, event="passkey.add", outcome=outcome
            )  # fmt: skip
            await changing.turn.append([act])
        return added

    async def passkey(self, credential: bytes) -> Passkey | None:
        """Return the passkey of a credential."""
        return await self._passkeys.by_credential(credential)

    async def passkeys_of(self, person_id: str) -> Sequence[KeptPasskey]:
        """Return the person's passkeys."""
        return await self._passkeys.of_person(person_id)

    async def forget_passkey(self, person_id: str, credential: bytes) -> None:
        """Forget one of the person's passkeys; what is not theirs is left, and journaled as refused."""
        async with self._changes.of_sessions() as changing:
            gone = await self._passkeys.remove(changing.turn, person_id, credential)
            outcome = "success" if gone else "refused"
            act = Act(plan=HUB, actor=person_id, action=Action.ADMIN, event="passkey.remove", outcome=outcome)
            await changing.turn.append([act])

    async def by_passkey(self, used: Passkey, *, agent: str) -> Entered | None:
        """Sign in who used a passkey; ``None``, journaled, for a copied key or someone put out of the directory."""
        now = self._now()
        person = await self._people.get(used.person_id)
        async with self._changes.of_sessions() as changing:
            fresh = await self._passkeys.keep_use(changing.turn, used, now)
            if person is None or not person.active or not fresh:
                await changing.turn.append([_refusal(BY_PASSKEY, "unknown" if fresh else "copied")])
                return None
            return await self._begin(changing.turn, person, BY_PASSKEY, agent, now, "")

    async def by_code(self, person_id: str, *, agent: str) -> Entered | None:
        """Sign in whose mailbox gave back its code; ``None``, journaled, for someone put out of the directory."""
        person = await self._people.get(person_id)
        async with self._changes.of_sessions() as changing:
            if person is None or not person.active:
                await changing.turn.append([_refusal(BY_CODE, "unknown")])
                return None
            return await self._begin(changing.turn, person, BY_CODE, agent, self._now(), "")

    async def sessions_of(self, person_id: str) -> Sequence[Session]:
        """Return where the person is signed in now, the newest first."""
        return await self._sessions.of_person(person_id, self._now())

    async def session(self, person_id: str, session_id: str) -> Session | None:
        """Return one live session of the person."""
        return next((it for it in await self.sessions_of(person_id) if it.session_id == session_id), None)

    async def end(self, person_id: str, session_id: str = "") -> list[str]:
        """End one of the person's sessions, or all; return which. Journaled, whether there was one to end or not."""
        now = self._now()
        theirs = {each.session_id for each in await self.sessions_of(person_id)}
        async with self._changes.of_sessions() as changing:
            if not session_id:
                ended = await self._sessions.end_of_person(changing.turn, person_id, now)
            elif session_id in theirs and await self._sessions.end(changing.turn, session_id, now):
                ended = [session_id]
            else:
                ended = []
            await changing.turn.append([_signed_out(person_id, each, "asked") for each in ended or [""]])
            changing.ended.extend(ended)
        return ended

    async def ordered_out(self, order: LogoutOrder) -> list[str] | None:
        """End what the provider names: one of its sessions, or all of a person's that began before it said so.

        Return which; ``None``, journaled, for an order that was obeyed already: a token serves once.
        """
        now = self._now()
        person = await self._people.by_identity(order.issuer, order.subject) if order.subject else None
        theirs = await self.sessions_of(person.person_id) if person is not None and not order.sid else []
        async with self._changes.of_sessions() as changing:
            turn = changing.turn
            mark, until = hash_token(f"logout:{order.issuer}:{order.token_id}"), order.expires + CLOCK_SKEW_MAX
            if not await self._tickets.once(turn, mark, Purpose.LOGOUT, expires=until):
                await turn.append([_refusal("back-channel", "replayed")])
                return None
            if order.sid:
                ended = await self._sessions.end_of_provider(turn, order.sid, now)
            else:
                named = [each for each in theirs if each.how == BY_PROVIDER and each.began <= order.issued]
                ended = [each.session_id for each in named if await self._sessions.end(turn, each.session_id, now)]
            who = person.person_id if person is not None else ""
            await turn.append([_signed_out(who, each, "provider") for each in ended or [""]])
            changing.ended.extend(ended)
        return ended

    async def _known(self, found: ProviderIdentity) -> tuple[Person | None, bool]:
        """Return who signs in, and whether their row is yet to be linked with the provider's subject."""
        person = await self._people.by_identity(found.issuer, found.subject)
        if person is not None:
            return (person if person.active else None), False
        if not found.email:
            return None, False
        named = await self._people.by_email(found.email)
        staff = [each for each in named if each.active and each.subject is None and each.role not in PATIENT_SIDE]
        return (staff[0], True) if len(named) == len(staff) == 1 else (None, False)

    async def _begin(
        self, turn: Turn, person: Person, how: str, agent: str, authenticated: datetime, sid: str
    ) -> Entered:
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._now()
        session = Session(
            session_id=self._new_id(),
            person_id=person.person_id,
            token_hash=hash_token(token),
            idle=Idle.FAMILY if person.role in PATIENT_SIDE else Idle.STAFF,
            began=now,
            active=now,
            authenticated=min(authenticated, now),
            how=how,
            provider_sid=sid,
        )
        await self._sessions.add(turn, session, agent=agent)
        act = Act(
            plan=HUB, actor=person.person_id, action=Action.SIGN_IN, role=person.role, session=session.session_id,
            event=how,
        )  # fmt: skip
        await turn.append([act])
        return Entered(person.person_id, session.session_id, token)


def _refusal(how: str, reason: str) -> Act:
    return Act(plan=HUB, actor="", action=Action.REFUSE, event=f"sign-in.{how}", outcome="refused", reason=reason)


def _signed_out(person_id: str, session_id: str, why: str) -> Act:
    reason = "" if session_id else "There was nothing to end."
    return Act(plan=HUB, actor=person_id, action=Action.SIGN_OUT, session=session_id, event=why, reason=reason)
