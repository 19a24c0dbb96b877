"""Inviting: an invitation made, sent anew, revoked; each in one transaction with its row in the journal."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from auth.consents import TEXT_VERSION, How
from auth.invitations import (
    LINK_LASTS,
    Delivery,
    Invitation,
    InvitationRefusal,
    InvitationState,
    draft_refusal,
    guardian_refusal,
    revoke,
    state_of,
    with_spoken_code,
)
from auth.passcodes import spoken_code
from auth.roles import AS_PATIENT, Basis, Participant, Role
from auth.sessions import TOKEN_BYTES, hash_token
from auth.standings import membership
from crdt.sections import Section
from hub.access.acts import by_member, told_of
from hub.access.changes import AccessChanges
from hub.jobs.letters import LETTER_LASTS, Envelope, Letter, Occasion
from hub.record.chain import JSON
from hub.record.journal import Action, Turn
from hub.store.engine import Engine
from hub.store.invitations import Addressee, Invitations
from hub.store.letters import Letters
from hub.store.notifications import Notifications
from hub.store.participants import Participants
from hub.store.plans import Plans

BLIND: Final = InvitationRefusal("sections", "To answer the referral they have to see the referrals.")
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"\x00-\x20\x7f]+@[^\s@<>,;:\"\x00-\x20\x7f]+")
"""Enough to tell an address from a slip, and one line from two."""
INVITATIONS_WAITING_MAX: Final = 20
INVITATIONS_A_DAY_MAX: Final = 40
"""Of one plan, whoever makes them: letters leave in its name, and each link is a way in."""
DAY: Final = timedelta(days=1)
WAITING: Final = frozenset({InvitationState.SENT, InvitationState.OPENED})
MANY: Final = InvitationRefusal(
    "many", "This plan has too many invitations under way. Withdraw one, or wait until tomorrow."
)
NOT_WAITING: Final = InvitationRefusal("not-waiting", "This invitation is no longer waiting.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the inviter says of an invitation."""

    role: Role
    relation: str
    sections: frozenset[Section]
    access_ends: datetime | None
    may_change: bool
    how: How
    delivery: Delivery
    addressee: Addressee
    referral: str = ""
    """The referral they come for, one that the inviter sees."""
    basis: Basis = Basis.NONE
    """Why a guardian acts for the patient, and ``authority`` what shows it."""
    authority: str = ""
    guardian: str = ""
    """The guardian who agreed, where it was not the patient."""


@dataclass(frozen=True, slots=True)
class Made:
    """An invitation just made, with what is kept nowhere: the link's secret and the passcode to say."""

    invitation: Invitation
    addressee: Addressee
    secret: str
    spoken: str = ""

    @property
    def path(self) -> str:
        """The link's path, with the secret in the fragment, which browsers send to nobody."""
        return f"/i/{self.invitation.invitation_id}#{self.secret}"


Write: TypeAlias = Callable[[Made], Letter | None]
"""Writes the letter of an invitation just made; ``None`` where none is to leave."""


def nothing_written(_made: Made) -> None:
    """Write no letter: the inviter hands the link over."""


class Inviting:
    """Invitations as those see them who make them; the rules are those of ``auth.invitations``."""

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
        self._participants = Participants(engine)
        self._notifications = Notifications(engine)
        self._plans = Plans(engine)

    async def of_plan(self, plan_id: str) -> list[tuple[Invitation, Addressee]]:
        """Return the plan's invitations with whom they are for, the newest first."""
        return await self._invitations.of_plan(plan_id)

    async def invite(
        self, inviter: Participant, draft: Draft, *, reauthenticated: bool, write: Write = nothing_written
    ) -> Made | InvitationRefusal:
        """Make an invitation, or say why not. The letter that ``write`` returns leaves if the invitation is kept."""
        if draft.referral and Section.REFERRALS not in draft.sections:
            return BLIND
        if (draft.how is How.PAGE) != (inviter.role in AS_PATIENT):
            return InvitationRefusal("how", "Say how the patient agreed: in person, by telephone or in writing.")
        if draft.guardian and not await self._guards(inviter.plan_id, draft.guardian):
            return InvitationRefusal("how", "Choose who agreed: the patient, or a guardian who acts for them now.")
        return await self._invite(inviter, draft, write, reauthenticated=reauthenticated)

    async def resend(
        self, inviter: Participant, invitation_id: str, *, reauthenticated: bool, write: Write = nothing_written
    ) -> Made | InvitationRefusal:
        """Make an invitation that nobody used anew, under the same consent: new link, new code. The old one is void."""
        found = next(
            (each for each in await self.of_plan(inviter.plan_id) if each[0].invitation_id == invitation_id), None
        )
        if found is None or found[0].state is InvitationState.REDEEMED:
            return NOT_WAITING
        kept, addressee = found
        draft = Draft(
            role=kept.role,
            relation=kept.relation,
            sections=kept.sections,
            access_ends=kept.access_ends,
            may_change=kept.may_change,
            how=kept.agreed_how,
            delivery=kept.delivery,
            addressee=addressee,
            referral=kept.referral,
            basis=kept.basis,
            authority=kept.authority,
            guardian=kept.agreed_by if kept.agreed_by != inviter.patient_id else "",
        )
        return await self._invite(inviter, draft, write, reauthenticated=reauthenticated, instead_of=invitation_id)

    async def _invite(
        self, inviter: Participant, draft: Draft, write: Write, *, reauthenticated: bool, instead_of: str = ""
    ) -> Made | InvitationRefusal:
        refusal = draft_refusal(
            inviter,
            reauthenticated=reauthenticated,
            role=draft.role,
            relation=draft.relation,
            sections=draft.sections,
            withheld=await self._withheld(inviter.plan_id, draft),
            access_ends=draft.access_ends,
            now=self._now(),
        )
        refusal = refusal or await self._guardian_refusal(inviter.plan_id, draft) or _addressee_fault(draft)
        if refusal is not None:
            return refusal
        made = self._made(inviter, draft)
        async with self._changes.of_plan(inviter.plan_id) as turn:
            if await self._too_many(turn, inviter.plan_id, instead_of):
                act = by_member(inviter, Action.INVITE, "invitation.make", told_of(made.invitation), refused=MANY.code)
                await turn.append([act])
                return MANY
            if instead_of:
                ended = await self._invitations.change(turn, instead_of, lambda kept: self._revoked(kept, inviter))
                words: dict[str, JSON] = {"invitation": instead_of, "instead": made.invitation.invitation_id}
                if not isinstance(ended, InvitationRefusal):  # What had ended by itself was not revoked by anyone.
                    await turn.append([by_member(inviter, Action.REVOKE, "invitation.revoke", words)])
            await self._add(turn, inviter, made)
            letter = write(made)
            if letter is not None:
                await self._letters.put(turn, letter, self._envelope(made))
        return made

    async def revoke(self, inviter: Participant, invitation_id: str) -> InvitationRefusal | None:
        """End an invitation that waits; ``None`` where it is done."""
        async with self._changes.of_plan(inviter.plan_id) as turn:
            outcome = await self._invitations.change(turn, invitation_id, lambda kept: self._revoked(kept, inviter))
            refused = outcome.code if isinstance(outcome, InvitationRefusal) else ""
            words: dict[str, JSON] = {"invitation": invitation_id}
            await turn.append([by_member(inviter, Action.REVOKE, "invitation.revoke", words, refused=refused)])
        return outcome if isinstance(outcome, InvitationRefusal) else None

    async def _too_many(self, turn: Turn, plan_id: str, instead_of: str) -> bool:
        """Return whether the plan has as many invitations as it may: waiting, and made since this time yesterday."""
        now = self._now()
        made = await self._invitations.since(turn, plan_id, now - LINK_LASTS)
        waiting = [each for each in made if state_of(each, now) in WAITING and each.invitation_id != instead_of]
        today = [each for each in made if each.made > now - DAY]
        return len(waiting) >= INVITATIONS_WAITING_MAX or len(today) >= INVITATIONS_A_DAY_MAX

    def _made(self, inviter: Participant, draft: Draft) -> Made:
        secret, now = secrets.token_urlsafe(TOKEN_BYTES), self._now()
        invitation = Invitation(
            invitation_id=self._new_id(),
            plan_id=inviter.plan_id,
            inviter=inviter.person_id,
            role=draft.role,
            relation=draft.relation.strip(),
            sections=draft.sections,
            access_ends=draft.access_ends,
            made=now,
            secret_hash=hash_token(secret),
            delivery=draft.delivery,
            may_change=draft.may_change,
            agreed_by=_who_agreed(inviter, draft),
            agreed_how=draft.how,
            text_version=TEXT_VERSION,
            referral=draft.referral,
            basis=draft.basis,
            authority=draft.authority.strip(),
        )
        if draft.delivery is Delivery.SENT:
            return Made(invitation, draft.addressee, secret)
        code = spoken_code(secrets.randbelow)
        return Made(with_spoken_code(invitation, secret=secret, code=code), draft.addressee, secret, code)

    async def _add(self, turn: Turn, inviter: Participant, made: Made) -> None:
        invitation = made.invitation
        await self._invitations.add(turn, invitation, made.addressee)
        consent = by_member(inviter, Action.CONSENT, "consent.invite", told_of(invitation))
        await turn.append([consent, by_member(inviter, Action.INVITE, "invitation.make", told_of(invitation))])
        if inviter.role is not Role.PATIENT:
            await self._notifications.tell(turn, [inviter.patient_id], invitation.plan_id)

    def _envelope(self, made: Made) -> Envelope:
        invitation = made.invitation
        return Envelope(
            occasion=Occasion.INVITATION,
            expires=self._now() + LETTER_LASTS,
            plan=invitation.plan_id,
            about=invitation.invitation_id,
            sender=invitation.inviter,
        )

    def _revoked(self, kept: Invitation | None, inviter: Participant) -> Invitation | InvitationRefusal:
        if kept is None or kept.plan_id != inviter.plan_id:
            return NOT_WAITING
        return revoke(kept, self._now())

    async def _guardian_refusal(self, plan_id: str, draft: Draft) -> InvitationRefusal | None:
        if draft.role is not Role.GUARDIAN:
            return None
        plan = await self._plans.get(plan_id)
        of_age = plan.of_age if plan is not None else None
        return guardian_refusal(
            draft.role, draft.basis, draft.authority, access_ends=draft.access_ends, of_age=of_age, now=self._now()
        )

    async def _guards(self, plan_id: str, person_id: str) -> bool:
        """Return whether this person acts for the patient now."""
        now = self._now()
        part = await self._participants.load(plan_id, person_id, now)
        return part is not None and part.role is Role.GUARDIAN and not membership(part, now)

    async def _withheld(self, plan_id: str, draft: Draft) -> frozenset[Section]:
        """Return what the patient hides from people of this name and role who are or were in the plan."""
        now, name = self._now(), draft.addressee.name.strip().casefold()
        known = [
            each
            for each in await self._participants.of_plan(plan_id, now)
            if each.role is draft.role and each.name.strip().casefold() == name
        ]
        return frozenset(
            section
            for each in known
            for section, narrowing in each.consents.items()
            if narrowing.access == "none" and (narrowing.ends is None or narrowing.ends > now)
        )


def _who_agreed(inviter: Participant, draft: Draft) -> str:
    """Return whose agreement an invitation stands on; nobody's where somebody comes who acts by law."""
    if draft.role is Role.GUARDIAN:
        return ""
    return inviter.person_id if inviter.role in AS_PATIENT else draft.guardian or inviter.patient_id


def _addressee_fault(draft: Draft) -> InvitationRefusal | None:
    if not draft.addressee.name.strip():
        return InvitationRefusal("name", "Say who it is for.")
    address = draft.addressee.address
    if (address or draft.delivery is Delivery.SENT) and not _ADDRESS.fullmatch(address):
        return InvitationRefusal("address", "Give an e-mail address, or choose to say a code aloud.")
    return None
