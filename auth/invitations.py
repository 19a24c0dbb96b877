"""Invitations as a pure state machine: sent -> opened -> redeemed, or expired, revoked, killed.

Opening a link grants nothing. A person presses Continue, which proves the link's secret and binds the invitation to
their browser; then a code, sent to them or said aloud, is redeemed once. Whoever keeps the rows makes each transition
with the invitation's row locked, so that of many redemptions at one instant one wins.

    sent    --open(secret)-->              opened (to this browser, with a code)
    opened  --open(secret, other browser)--> opened (to that browser; the code before is void)
    opened  --redeem(code)-->              redeemed
    opened  --redeem(wrong code) x 5-->    killed
    sent, opened --revoke-->               revoked
    sent, opened --72 hours-->             expired (computed, never stored)

What a stranger sees of a dead, unknown or foreign invitation is one and the same answer.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from auth.consents import How
from auth.passcodes import code_matches, hash_code, normal
from auth.policy import MATRIX, Grant
from auth.roles import AS_PATIENT, Basis, Participant, Role
from auth.sessions import hash_token, token_matches
from auth.standings import membership, standing_of
from crdt.sections import Section

LINK_LASTS: Final = timedelta(hours=72)
CODE_LASTS: Final = timedelta(minutes=10)
WRONG_CODES_MAX: Final = 5
CODES_SENT_MAX: Final = 5
"""Codes sent in an invitation's life; after that the inviter sends a new invitation."""
ATTEMPTS_PER_ADDRESS_MAX: Final = 20
ATTEMPTS_WINDOW: Final = timedelta(hours=1)
ACCESS_LASTS_MAX: Final = timedelta(days=366)
RELATION_CHARACTERS_MAX: Final = 80
AUTHORITY_CHARACTERS_MAX: Final = 200

_OF_OTHERS: Final = (Role.REFERRAL_COORDINATOR, Role.FACILITY_NURSE, Role.COMMUNITY_WORKER)

INVITES: Final = {
    Role.PRIMARY_CARE: frozenset(
        {
            Role.SPECIALIST,
            Role.CARE_MANAGER,
            Role.PHARMACIST,
            Role.SOCIAL_WORKER,
            Role.BEHAVIORAL_HEALTH,
            *_OF_OTHERS,
            Role.PATIENT,
            Role.GUARDIAN,
            Role.FAMILY,
        }
    ),
    Role.CARE_MANAGER: frozenset(
        {
            Role.SPECIALIST,
            Role.PHARMACIST,
            Role.SOCIAL_WORKER,
            Role.BEHAVIORAL_HEALTH,
            *_OF_OTHERS,
            Role.PATIENT,
            Role.GUARDIAN,
            Role.FAMILY,
        }
    ),
    Role.SOCIAL_WORKER: frozenset({Role.COMMUNITY_WORKER, Role.FAMILY}),
    Role.PATIENT: frozenset({Role.FAMILY}),
    Role.GUARDIAN: frozenset({Role.FAMILY}),
}
"""Whom each role may invite. Auditors and administrators are never invited."""


class InvitationState(StrEnum):
    """Where an invitation is in its life."""

    SENT = "sent"
    OPENED = "opened"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    KILLED = "killed"


class Delivery(StrEnum):
    """How the code reaches the invited person."""

    SENT = "sent"
    SPOKEN = "spoken"
    """A passcode made with the invitation, which the inviter says aloud; good as long as the link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One invitation as it is kept: hashes only, no secret and no code."""

    invitation_id: str
    plan_id: str
    inviter: str
    role: Role
    relation: str
    sections: frozenset[Section]
    access_ends: datetime | None
    made: datetime
    secret_hash: bytes
    delivery: Delivery = Delivery.SENT
    state: InvitationState = InvitationState.SENT
    code_hash: bytes | None = None
    code_expires: datetime | None = None
    browser_hash: bytes | None = None
    codes_sent: int = 0
    wrong_codes: int = 0
    opened: datetime | None = None
    finished: datetime | None = None
    """When it was redeemed, revoked or killed."""
    person_id: str = ""
    """Who redeemed it."""
    new_person: bool = False
    """Whether redeeming it brought that person into the directory: whoever was there before has another way in."""
    may_change: bool = True
    """Whether the person may do all that the role allows, or read only."""
    agreed_by: str = ""
    """The patient, who consented to it; empty where the patient has no part in the hub."""
    agreed_how: How = How.PAGE
    text_version: str = ""
    """Version of the words that the patient agreed to."""
    referral: str = ""
    """The entry of the referral that the person is invited to answer, empty where it is for none."""
    basis: Basis = Basis.NONE
    """Why a guardian acts for the patient."""
    authority: str = ""
    """What shows that they may, as in ``birth certificate``."""


@dataclass(frozen=True, slots=True)
class InvitationRefusal:
    """``code`` is for the journal; ``reason`` is for the page and tells strangers nothing."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class WrongCode:
    """A wrong code, counted: ``invitation`` is to be kept. The last one allowed kills it."""

    invitation: Invitation
    tries_left: int

    @property
    def reason(self) -> str:
        """The sentence for the page."""
        if self.tries_left == 0:
            return LINK_ENDED.reason
        tries = "1 try" if self.tries_left == 1 else f"{self.tries_left} tries"
        return f"That code does not match. {tries} left."


LINK_ENDED: Final = InvitationRefusal("link-ended", "This link has ended. Ask whoever invited you for a new one.")
CODE_ENDED: Final = InvitationRefusal("code-ended", "This code has ended. Ask for a new code.")
TOO_MANY: Final = InvitationRefusal("too-many", "Too many tries from here. Wait an hour, or call whoever invited you.")


def draft_refusal(
    inviter: Participant,
    *,
    reauthenticated: bool,
    role: Role,
    relation: str,
    sections: frozenset[Section],
    withheld: frozenset[Section],
    access_ends: datetime | None,
    now: datetime,
) -> InvitationRefusal | None:
    """Return why this person may not make this invitation, or ``None``.

    ``withheld`` are the sections that the patient's consent keeps from this person.
    """
    if membership(inviter, now) or inviter.broke_glass_until is not None:
        return InvitationRefusal("not-member", "You have no access to this plan.")
    if not reauthenticated:
        return InvitationRefusal("reauthenticate", "Sign in again before you invite someone.")
    if role not in INVITES.get(inviter.role, frozenset()):
        return InvitationRefusal("role", "You can't invite someone in this role.")
    if not relation.strip() or len(relation) > RELATION_CHARACTERS_MAX:
        return InvitationRefusal("relation", "Say how this person is related to the patient or the care.")
    if not sections:
        return InvitationRefusal("sections", "Choose at least one part of the plan.")
    if sections & withheld or any(MATRIX[role, each].grant is Grant.NONE for each in sections):
        return InvitationRefusal("sections", "Some of these parts can't be shared with this person.")
    by_right = inviter.role is Role.PATIENT or role in AS_PATIENT  # What is theirs to see nobody shares with them.
    if not by_right and any(standing_of(inviter, each, now).denied for each in sections):
        return InvitationRefusal("sections", "You can share only what you may see.")
    if role is not Role.PATIENT and access_ends is None:
        return InvitationRefusal("ends", "Choose when the access ends.")
    if access_ends is not None and not now < access_ends <= now + ACCESS_LASTS_MAX:
        return InvitationRefusal("ends", "Choose an end within the next year.")
    return None


def guardian_refusal(
    role: Role, basis: Basis, authority: str, *, access_ends: datetime | None, of_age: datetime | None, now: datetime
) -> InvitationRefusal | None:
    """Return why nobody may act for the patient on this ground, or ``None``; of other roles it says nothing.

    ``of_age`` is when the patient comes of age, ``None`` where the year of birth is not known.
    """
    if role is not Role.GUARDIAN:
        return None
    if basis is Basis.NONE:
        return InvitationRefusal("basis", "Say why this person acts for the patient.")
    if not authority.strip() or len(authority) > AUTHORITY_CHARACTERS_MAX:
        return InvitationRefusal("authority", "Say what shows that they may: which document, and who saw it.")
    if of_age is None:
        words = "Record the patient's date of birth first: what a guardian sees, and until when, depends on it."
        return InvitationRefusal("basis", words)
    if basis is Basis.MINOR and of_age <= now:
        return InvitationRefusal("basis", "The patient is of age. Choose that they can't decide, or invite family.")
    if basis is Basis.INCAPABLE and of_age > now:
        return InvitationRefusal("basis", "The patient is a minor. Choose that.")
    if basis is Basis.MINOR and access_ends is not None and access_ends > of_age:
        return InvitationRefusal("ends", "The patient comes of age before that day. Choose an earlier end.")
    return None


def state_of(invitation: Invitation, now: datetime) -> InvitationState:
    """Return the state at ``now``, with expiry worked out."""
    waiting = invitation.state in (InvitationState.SENT, InvitationState.OPENED)
    if waiting and now >= invitation.made + LINK_LASTS:
        return InvitationState.EXPIRED
    return invitation.state


def with_spoken_code(invitation: Invitation, *, secret: str, code: str) -> Invitation:
    """Return a new invitation with the passcode that the inviter will say aloud."""
    assert invitation.state is InvitationState.SENT, "a spoken code is made with the invitation"
    expires = invitation.made + LINK_LASTS
    return replace(
        invitation, delivery=Delivery.SPOKEN, code_hash=hash_code(code, secret), code_expires=expires, codes_sent=1
    )


def open_link(
    invitation: Invitation | None, *, secret: str, browser: str, code: str, now: datetime
) -> Invitation | InvitationRefusal:
    """Return the invitation opened to this browser, with ``code`` to be sent (unused where it is spoken).

    ``browser`` is a fresh token kept in this browser's cookie. A second opening moves the invitation there and
    voids the code before. Nothing is granted. A wrong secret is not counted here, only by address: counting it would
    let anyone who saw the link's public half kill the invitation.
    """
    if invitation is None or not token_matches(secret, invitation.secret_hash):
        return LINK_ENDED
    if state_of(invitation, now) not in (InvitationState.SENT, InvitationState.OPENED):
        return LINK_ENDED
    opened = replace(
        invitation,
        state=InvitationState.OPENED,
        opened=invitation.opened or now,
        browser_hash=hash_token(browser),
    )
    if invitation.delivery is Delivery.SPOKEN:
        return opened
    if invitation.codes_sent >= CODES_SENT_MAX:
        return LINK_ENDED
    expires = min(now + CODE_LASTS, invitation.made + LINK_LASTS)
    return replace(
        opened, code_hash=hash_code(code, secret), code_expires=expires, codes_sent=invitation.codes_sent + 1
    )


def redeem(
    invitation: Invitation | None, *, secret: str, browser: str, code: str, person_id: str, now: datetime
) -> Invitation | WrongCode | InvitationRefusal:
    """Return the invitation redeemed by ``person_id``, or the wrong code counted, or a refusal that counts nothing.

    What was typed and is no code at all counts as a wrong code too, except when it is empty.
    """
    if invitation is None or not token_matches(secret, invitation.secret_hash):
        return LINK_ENDED
    if state_of(invitation, now) is not InvitationState.OPENED:
        return LINK_ENDED
    if invitation.browser_hash is None or not hmac.compare_digest(hash_token(browser), invitation.browser_hash):
        return LINK_ENDED
    if invitation.code_hash is None or invitation.code_expires is None or now >= invitation.code_expires:
        return CODE_ENDED
    if not code.strip():
        return InvitationRefusal("code-empty", "Enter the code.")
    if not code_matches(normal(code), secret, invitation.code_hash):
        return _wrong(invitation, now)
    return replace(
        invitation,
        state=InvitationState.REDEEMED,
        code_hash=None,
        code_expires=None,
        finished=now,
        person_id=person_id,
    )


def revoke(invitation: Invitation, now: datetime) -> Invitation | InvitationRefusal:
    """Return the invitation revoked. What was redeemed is ended by ending the membership instead."""
    if state_of(invitation, now) not in (InvitationState.SENT, InvitationState.OPENED):
        return InvitationRefusal("not-waiting", "This invitation is no longer waiting.")
    return replace(invitation, state=InvitationState.REVOKED, code_hash=None, code_expires=None, finished=now)


def too_many(attempts: Sequence[datetime], now: datetime) -> bool:
    """Return whether an address that tried at these instants has to wait. Counted before anything is looked up."""
    return sum(1 for each in attempts if now - each < ATTEMPTS_WINDOW) >= ATTEMPTS_PER_ADDRESS_MAX


def _wrong(invitation: Invitation, now: datetime) -> WrongCode:
    wrong = invitation.wrong_codes + 1
    counted = replace(invitation, wrong_codes=wrong)
    if wrong < WRONG_CODES_MAX:
        return WrongCode(counted, WRONG_CODES_MAX - wrong)
    killed = replace(counted, state=InvitationState.KILLED, code_hash=None, code_expires=None, finished=now)
    return WrongCode(killed, 0)
