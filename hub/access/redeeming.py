"""Coming in by an invitation: the link opened, the code redeemed, each in one transaction with its row in the journal.

Opening a link grants nothing. What comes in by a link names an invitation that may not be there, so every answer to a
stranger takes the same steps: the same statements, one turn, one row.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from auth.consents import Consent, choices
from auth.invitations import (
    LINK_ENDED,
    TOO_MANY,
    Delivery,
    Invitation,
    InvitationRefusal,
    WrongCode,
    open_link,
    redeem,
    too_many,
)
from auth.passcodes import sent_code
from auth.roles import PATIENT_SIDE, Narrowing, Participant, Role
from auth.sessions import TOKEN_BYTES, Idle, Session, hash_token
from auth.standings import membership
from hub.access.acts import agreed, by_stranger, redeemed_act
from hub.access.changes import AccessChanges
from hub.ids import HUB
from hub.jobs.letters import CODE_LASTS, Envelope, Occasion, WriteCode
from hub.record.journal import Action, Turn
from hub.store.attempts import Attempts
from hub.store.consents import Consents
from hub.store.engine import Engine
from hub.store.invitations import Addressee, Invitations
from hub.store.letters import Letters
from hub.store.notifications import Notifications
from hub.store.participants import Participants
from hub.store.people import People, Person
from hub.store.plans import Plans
from hub.store.sessions import Sessions

HOW_INVITED: Final = "invitation"
"""How a session began that a code opened, and the purpose of the tries that are counted."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A link opened to one browser: ``browser`` goes into its cookie; the code went to the address unless spoken."""

    browser: str
    spoken: bool


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Someone let in, with the token of their new session."""

    plan_id: str
    person_id: str
    role: Role
    token: str
    referral: str = ""
    """What they were invited to answer."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Someone of the directory who is signed in, and said that it is they who come in."""

    person_id: str
    session_id: str
    token: str


KNOWN: Final = InvitationRefusal(
    "known", "This address belongs to someone who has an account here. Sign in with it first, then open the link again."
)
MEMBER: Final = InvitationRefusal("member", "You take part in this plan already. Nothing was changed.")
OTHER_SIDE: Final = InvitationRefusal(
    "other-side", "This invitation is not for you in your role here. Come in as someone else."
)

Answer: TypeAlias = Redeemed | WrongCode | InvitationRefusal


class Redeeming:
    """Opens and redeems invitations by the rules of ``auth.invitations``."""

    def __init__(
        self,
        engine: Engine,
        changes: AccessChanges,
        letters: Letters,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._changes = changes
        self._letters = letters
        self._now = now
        self._new_id = new_id
        self._invitations = Invitations(engine)
        self._people = People(engine)
        self._participants = Participants(engine)
        self._consents = Consents(engine)
        self._plans = Plans(engine)
        self._sessions = Sessions(engine)
        self._attempts = Attempts(engine)
        self._notifications = Notifications(engine)

    async def open(
        self, invitation_id: str, secret: str, *, address_hash: bytes, write: WriteCode
    ) -> Opened | InvitationRefusal:
        """Open a link to a browser that proves its secret; the same steps whatever is wrong with it.

        Where the code goes to the address, the letter that ``write`` returns leaves with it.
        """
        now = self._now()
        if too_many(await self._attempts.tried(HOW_INVITED, address_hash, now), now):
            return TOO_MANY
        browser, code = secrets.token_urlsafe(TOKEN_BYTES), sent_code(secrets.randbelow)
        found = await self._invitations.get(invitation_id)
        addressee = await self._invitations.addressee(invitation_id)
        plan_id = found.plan_id if found is not None else HUB
        async with self._changes.of_plan(plan_id) as turn:
            outcome = await self._invitations.change(
                turn, invitation_id, lambda kept: open_link(kept, secret=secret, browser=browser, code=code, now=now)
            )
            refused = outcome.code if isinstance(outcome, InvitationRefusal) else ""
            await turn.append([by_stranger(plan_id, Action.INVITE, "invitation.open", invitation_id, refused)])
            if isinstance(outcome, Invitation) and outcome.delivery is Delivery.SENT and addressee is not None:
                envelope = Envelope(occasion=Occasion.CODE, expires=now + CODE_LASTS, sender=outcome.inviter)
                await self._letters.put(turn, write(addressee.address, code), envelope)
        if not isinstance(outcome, Invitation):
            return LINK_ENDED
        await self._attempts.forgive(HOW_INVITED, address_hash, now)
        return Opened(browser, spoken=outcome.delivery is Delivery.SPOKEN)

    async def redeem(
        self,
        invitation_id: str,
        *,
        secret: str,
        browser: str,
        code: str,
        address_hash: bytes,
        agent: str,
        locale: str = "",
        joining: Joining | None = None,
    ) -> Answer:
        """Let in who has the link, the browser it was opened in, and the code. Of many at one instant one wins.

        ``locale`` is the language in which the person came to the door. ``joining`` is who comes in, where that is
        someone of the directory; otherwise it is someone new, and never somebody who is there already.
        """
        now = self._now()
        if too_many(await self._attempts.tried(HOW_INVITED, address_hash, now), now):
            return TOO_MANY
        found = await self._invitations.get(invitation_id)
        addressee = await self._invitations.addressee(invitation_id) or Addressee("")
        addressee = replace(addressee, locale=locale or addressee.locale)
        plan_id = found.plan_id if found is not None else HUB
        person_id = joining.person_id if joining is not None else self._new_id()
        here = await self._people.get(person_id)
        part = await self._participants.load(plan_id, person_id, now)
        named = await self._people.by_email(addressee.address or person_id)  # Nobody's address is empty, or an id.
        async with self._changes.of_plan(plan_id) as turn:
            kept = await self._invitations.locked(turn, invitation_id)
            outcome = redeem(kept, secret=secret, browser=browser, code=code, person_id=person_id, now=now)
            if isinstance(outcome, Invitation):
                outcome = _confused(outcome, here, part, named, now) or outcome
            admitted: Redeemed | None = None
            if isinstance(outcome, Invitation) and joining is not None and here is not None:
                admitted = await self._let_in(turn, outcome, here, joining, now)
            elif isinstance(outcome, Invitation):
                admitted = await self._admit(turn, outcome, addressee, address_hash, agent, now)
            wrong = outcome if isinstance(outcome, WrongCode) else None
            if wrong is not None:
                await self._invitations.keep(turn, wrong.invitation)
            if admitted is None:
                refused = (
                    "wrong-code"
                    if wrong is not None
                    else outcome.code
                    if isinstance(outcome, InvitationRefusal)
                    else ""
                )
                await turn.append([by_stranger(plan_id, Action.REDEEM, "invitation.redeem", invitation_id, refused)])
            if wrong is not None and wrong.tries_left == 0:
                await self._notifications.tell(turn, [wrong.invitation.inviter], plan_id)
        if admitted is not None:
            await self._attempts.forgive(HOW_INVITED, address_hash, now)
            return admitted
        assert not isinstance(outcome, Invitation), "who may come in was let in"
        return outcome

    async def _admit(
        self, turn: Turn, invitation: Invitation, addressee: Addressee, address_hash: bytes, agent: str, now: datetime
    ) -> Redeemed:
        """Make the person, the participant and the session of a redeemed invitation, all in its turn."""
        person = _person(invitation, addressee)
        token, session = self._session(person, now)
        await self._people.add(turn, person)
        await self._sessions.add(turn, session, address_hash=address_hash, agent=agent)
        invitation = replace(invitation, new_person=True)
        return await self._let_in(turn, invitation, person, Joining(person.person_id, session.session_id, token), now)

    async def _let_in(
        self, turn: Turn, invitation: Invitation, person: Person, comer: Joining, now: datetime
    ) -> Redeemed:
        """Make the participant of a redeemed invitation, in the session that the person has."""
        await self._participants.add(
            turn, _participant(invitation, person, now), added_by=invitation.inviter, relation=invitation.relation
        )
        if invitation.role is Role.PATIENT:
            await self._plans.belongs_to(turn, invitation.plan_id, person.person_id)
        consents = _reading_only(invitation, now)
        for consent in consents:
            await self._consents.record(turn, consent)
        await self._invitations.keep(turn, invitation)
        await turn.append([*map(agreed, consents), redeemed_act(invitation, comer.session_id)])
        patient = invitation.agreed_by
        await self._notifications.tell(turn, [invitation.inviter, patient], invitation.plan_id)
        return Redeemed(invitation.plan_id, person.person_id, invitation.role, comer.token, invitation.referral)

    def _session(self, person: Person, now: datetime) -> tuple[str, Session]:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(
            session_id=self._new_id(),
            person_id=person.person_id,
            token_hash=hash_token(token),
            idle=Idle.FAMILY if person.role in PATIENT_SIDE else Idle.STAFF,
            began=now,
            active=now,
            authenticated=now,
            how=HOW_INVITED,
        )
        return token, session


def _confused(
    invitation: Invitation, here: Person | None, part: Participant | None, named: Sequence[Person], now: datetime
) -> InvitationRefusal | None:
    """Return why nobody can be let in without two people being taken for one, or one for two."""
    if here is not None:
        if part is not None and part.broke_glass_until is None and not membership(part, now):
            return MEMBER
        sides = {role if role is Role.PATIENT else role in PATIENT_SIDE for role in (invitation.role, here.role)}
        return OTHER_SIDE if len(sides) > 1 or not here.active else None
    staff = any(each.active and each.role not in PATIENT_SIDE for each in named)
    return KNOWN if staff and invitation.delivery is Delivery.SENT else None  # A second one would shut out the first.


def _person(invitation: Invitation, addressee: Addressee) -> Person:
    return Person(
        person_id=invitation.person_id,
        name=addressee.name.strip(),
        role=invitation.role,
        profession=invitation.relation,
        email=addressee.address if invitation.delivery is Delivery.SENT else "",  # What gave back a code is theirs.
        locale=addressee.locale,
    )


def _participant(invitation: Invitation, person: Person, now: datetime) -> Participant:
    return Participant(
        person_id=person.person_id,
        plan_id=invitation.plan_id,
        name=person.name,
        role=invitation.role,
        profession=person.profession,
        since=now,
        ends=invitation.access_ends,
        sections=invitation.sections,
        basis=invitation.basis,
        authority=invitation.authority,
    )


def _reading_only(invitation: Invitation, now: datetime) -> list[Consent]:
    """Return the consents that make an invitation one for reading, where more would have been possible."""
    if invitation.may_change:
        return []
    return [
        Consent(
            plan_id=invitation.plan_id,
            person_id=invitation.person_id,
            section=section,
            narrowing=Narrowing("read"),
            agreed_by=invitation.agreed_by,
            recorded_by=invitation.inviter,
            how=invitation.agreed_how,
            text_version=invitation.text_version,
            recorded=now,
        )
        for section in sorted(invitation.sections)
        if "read" in choices(invitation.role, section)
    ]
