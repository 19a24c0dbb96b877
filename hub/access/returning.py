"""Coming back with a code by mail: asked for, proved, and, where a mailbox is shared, one of its people chosen.

Every answer to a stranger takes the same steps, whether the address is known or not: the same counts, the same
look-up, one ticket, one row of the journal.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from auth.invitations import TOO_MANY, InvitationRefusal, too_many
from auth.passcodes import sent_code
from auth.returning import (
    RETURN_CODES_IN_ALL_MAX,
    RETURN_CODES_MAX,
    ReturnCode,
    WrongReturn,
    chosen,
    prove,
    return_code,
)
from auth.roles import PATIENT_SIDE
from auth.sessions import TOKEN_BYTES, hash_token, is_token
from hub.access.changes import AccessChanges
from hub.access.entering import BY_CODE, Entered, Entering
from hub.ids import HUB
from hub.jobs.letters import CODE_LASTS, Envelope, Occasion, WriteCode
from hub.record.chain import JSON
from hub.record.journal import Act, Action
from hub.store.attempts import Attempts
from hub.store.engine import Engine
from hub.store.letters import Letters
from hub.store.people import People, Person
from hub.store.tickets import Purpose, Tickets

FROM_ADDRESS: Final = "return"
TO_MAILBOX: Final = "return-mail"
TO_MAILBOX_FROM_ADDRESS: Final = "return-mail-from"
"""Purposes under which tries are counted: by where they come from, by the mailbox that is named, and by both."""

ENDED: Final = InvitationRefusal("code-ended", "This code has ended. Ask for a new code.")


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A code that was asked for: ``browser`` goes into the cookie."""

    browser: str


@dataclass(frozen=True, slots=True)
class Shared:
    """The code was right and its mailbox has several people: one is to be chosen, in the same browser."""

    people: tuple[Person, ...]


Returned: TypeAlias = Entered | Shared | WrongReturn | InvitationRefusal


class Returning:
    """Lets people back in by the rules of ``auth.returning``."""

    def __init__(
        self,
        engine: Engine,
        changes: AccessChanges,
        letters: Letters,
        entering: Entering,
        now: Callable[[], datetime],
    ) -> None:
        self._changes = changes
        self._letters = letters
        self._entering = entering
        self._now = now
        self._people = People(engine)
        self._tickets = Tickets(engine)
        self._attempts = Attempts(engine)

    async def ask(
        self, address: str, *, address_hash: bytes, mailbox_hash: bytes, write: WriteCode
    ) -> AskedFor | InvitationRefusal:
        """Make a code for a mailbox; the same steps whether anyone is known by it, a letter to nobody included."""
        now = self._now()
        if too_many(await self._attempts.tried(FROM_ADDRESS, address_hash, now), now):
            return TOO_MANY
        both = hashlib.sha256(mailbox_hash + address_hash).digest()
        theirs = await self._attempts.tried(TO_MAILBOX_FROM_ADDRESS, both, now)
        in_all = await self._attempts.tried(TO_MAILBOX, mailbox_hash, now) if len(theirs) < RETURN_CODES_MAX else theirs
        known = await self._people.by_proven_address(address)
        if len(theirs) >= RETURN_CODES_MAX or len(in_all) >= RETURN_CODES_IN_ALL_MAX:
            known = []
        people = tuple(each.person_id for each in known)
        browser, code = secrets.token_urlsafe(TOKEN_BYTES), sent_code(secrets.randbelow)
        await self._keep(browser, return_code(code, browser, people, now))
        async with self._changes.of_sessions() as changing:
            outcome, reason = ("success", "") if people else ("refused", "nobody")
            act = Act(plan=HUB, actor="", action=Action.NOTIFY, event="code.ask", outcome=outcome, reason=reason)
            await changing.turn.append([act])
            # To the address that was proved: what was typed may only look like it, and be somebody else's mailbox.
            letter = write(known[0].email if known else "", code)
            envelope = Envelope(occasion=Occasion.CODE, expires=now + CODE_LASTS)
            await self._letters.put(changing.turn, letter, envelope)
        return AskedFor(browser)

    async def prove(self, browser: str, code: str, *, address_hash: bytes, agent: str) -> Returned:
        """Let in who typed the code that was sent, once; of many tries at one instant one is judged."""
        now = self._now()
        if too_many(await self._attempts.tried(FROM_ADDRESS, address_hash, now), now):
            return TOO_MANY
        kept = await self._take(browser)
        if kept is None:
            await self._entering.refused(BY_CODE, "code-ended")
            return ENDED
        outcome = prove(kept, browser=browser, code=code)
        if isinstance(outcome, WrongReturn):
            await self._entering.refused(BY_CODE, "wrong-code")
            if outcome.tries_left:
                await self._keep(browser, outcome.code)
            return outcome if outcome.tries_left else ENDED
        if len(outcome.people) == 1:
            return await self._enter(outcome.people[0], agent)
        await self._keep(browser, outcome)
        known = await self._people.among(outcome.people)
        return Shared(tuple(known[each] for each in outcome.people if each in known))

    async def choose(self, browser: str, person_id: str, *, agent: str) -> Returned:
        """Let in one of the people of a mailbox whose code was right, once."""
        kept = await self._take(browser)
        who = chosen(kept, person_id) if kept is not None else ""
        if not who:
            await self._entering.refused(BY_CODE, "not-proved")
            return ENDED
        return await self._enter(who, agent)

    async def way_back(self, person_id: str) -> str:
        """Return how a person without a passkey comes back: by ``code``, another ``link``, ``""`` by work account."""
        person = await self._people.get(person_id)
        if person is None or person.subject is not None:
            return ""
        known = await self._people.by_proven_address(person.email) if person.email else []
        if any(each.person_id == person_id for each in known):
            return "code"
        return "link" if person.role in PATIENT_SIDE else ""

    async def _enter(self, person_id: str, agent: str) -> Returned:
        return await self._entering.by_code(person_id, agent=agent) or ENDED

    async def _keep(self, browser: str, code: ReturnCode) -> None:
        words: Mapping[str, JSON] = {
            "code": code.code_hash.hex(),
            "people": list(code.people),
            "wrong": code.wrong,
            "proved": code.proved,
            "expires": code.expires.isoformat(),
        }
        await self._tickets.put(hash_token(browser), Purpose.RETURN, words, expires=code.expires)

    async def _take(self, browser: str) -> ReturnCode | None:
        words = (
            await self._tickets.take(hash_token(browser), Purpose.RETURN, self._now()) if is_token(browser) else None
        )
        if words is None:
            return None
        people, wrong = words["people"], words["wrong"]
        assert isinstance(people, list), "a ticket's words are ours"
        assert isinstance(wrong, int), "a ticket's words are ours"
        return ReturnCode(
            code_hash=bytes.fromhex(str(words["code"])),
            people=tuple(map(str, people)),
            expires=datetime.fromisoformat(str(words["expires"])),
            wrong=wrong,
            proved=words["proved"] is True,
        )
