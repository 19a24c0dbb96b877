"""The rows of the journal that say how access came and went."""

import re
from collections.abc import Mapping
from typing import Final

from auth.consents import Consent
from auth.invitations import Invitation
from auth.roles import Basis, Participant, Role
from hub.record.chain import JSON
from hub.record.journal import Act, Action

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def agreed(consent: Consent) -> Act:
    """Return a consent's row in the journal."""
    narrowing = consent.narrowing
    words: dict[str, JSON] = {
        "person": consent.person_id,
        "access": narrowing.access if narrowing is not None else None,
        "ends": narrowing.ends.isoformat() if narrowing is not None and narrowing.ends is not None else None,
        "how": consent.how.value,
        "text_version": consent.text_version,
    }
    return Act(
        plan=consent.plan_id,
        actor=consent.recorded_by,
        on_behalf_of=consent.agreed_by,
        action=Action.CONSENT,
        section=consent.section,
        event="consent.record",
        words=words,
    )


def told_of(invitation: Invitation) -> Mapping[str, JSON]:
    """Return what the journal keeps of an invitation: what was consented to, and no name or address."""
    told: dict[str, JSON] = {
        "invitation": invitation.invitation_id,
        "role": invitation.role.value,
        "relation": invitation.relation,
        "sections": [each.value for each in sorted(invitation.sections)],
        "ends": invitation.access_ends.isoformat() if invitation.access_ends is not None else None,
        "may_change": invitation.may_change,
        "delivery": invitation.delivery.value,
        "how": invitation.agreed_how.value,
        "text_version": invitation.text_version,
    }
    if invitation.basis is not Basis.NONE:
        told |= {"basis": invitation.basis.value, "authority": invitation.authority}
    return told | ({"referral": invitation.referral} if invitation.referral else {})


def redeemed_act(invitation: Invitation, session_id: str) -> Act:
    """Return the row of a redemption: the new participant's grant and the begin of their session."""
    return Act(
        plan=invitation.plan_id,
        actor=invitation.person_id,
        action=Action.REDEEM,
        role=invitation.role,
        session=session_id,
        event="invitation.redeem",
        words={**told_of(invitation), "person": invitation.person_id},
    )


def by_member(member: Participant, action: Action, event: str, words: Mapping[str, JSON], *, refused: str = "") -> Act:
    """Return the row of a member's act on who may what, in the patient's name where the patient did not do it."""
    return Act(
        plan=member.plan_id,
        actor=member.person_id,
        on_behalf_of=member.patient_id if member.role is not Role.PATIENT else "",
        action=action,
        role=member.role,
        session=member.session_id,
        event=event,
        words=words,
        outcome="refused" if refused else "success",
        reason=refused,
    )


def by_stranger(plan_id: str, action: Action, event: str, invitation_id: str, refused: str) -> Act:
    """Return the row of a try by whoever came with a link; what is no id of ours is not kept."""
    return Act(
        plan=plan_id,
        actor="",
        action=action,
        event=event,
        entry=invitation_id if _ID.fullmatch(invitation_id) else "",
        outcome="refused" if refused else "success",
        reason=refused,
    )
