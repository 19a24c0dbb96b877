"""Invitations as the inviter sees them: the form, and the list with each one's state in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from auth.consents import How
from auth.invitations import INVITES, LINK_LASTS, Delivery, Invitation, InvitationState, state_of
from auth.policy import MATRIX, Grant
from auth.roles import AS_PATIENT, Basis, Participant, Role
from auth.standings import standing_of
from crdt.sections import SECTIONS, Section
from hub.access.inviting import Draft
from hub.jobs.letters import Posted
from hub.store.invitations import Addressee
from hub.workflows.letters import ELSE, WHY
from web.views.badges import Tone
from web.views.people import ROLE_WORDS, PlanPeople
from web.views.words import Moment, Reading, day, moment

ACCESS_DAYS: Final = 180
"""How long access lasts where the inviter chooses nothing else."""
NAME_CHARACTERS_MAX: Final = 120
ADDRESS_CHARACTERS_MAX: Final = 200

_LEFT_OUT: Final = {Role.FAMILY: frozenset({Section.SOCIAL_NEEDS, Section.ADVANCE_CARE})}
"""Sections that are chosen by a hand, not by default."""

HOW_WORDS: Final[Mapping[How, str]] = {
    How.PAGE: "on this page",
    How.IN_PERSON: "in person",
    How.TELEPHONE: "by telephone",
    How.WRITTEN: "in writing",
}

BASIS_WORDS: Final[Mapping[Basis, str]] = {
    Basis.MINOR: "who is a minor",
    Basis.INCAPABLE: "who can't decide",
}

STATE_WORDS: Final[Mapping[InvitationState, tuple[str, Tone]]] = {
    InvitationState.SENT: ("Sent, not opened yet", Tone.PLAIN),
    InvitationState.OPENED: ("Opened, code not entered yet", Tone.WARN),
    InvitationState.REDEEMED: ("Used", Tone.GOOD),
    InvitationState.EXPIRED: ("Expired", Tone.PLAIN),
    InvitationState.REVOKED: ("Withdrawn", Tone.PLAIN),
    InvitationState.KILLED: ("Ended after five wrong codes", Tone.ALERT),
}
WAITING: Final = frozenset({InvitationState.SENT, InvitationState.OPENED})


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """One option of the form."""

    value: str
    words: str
    chosen: bool
    help: str = ""


@dataclass(frozen=True, slots=True)
class Compose:
    """The form, filled with what was typed."""

    role: Role
    role_words: str
    others: tuple[tuple[str, str], ...]
    """Roles that this inviter may invite instead, as (value, words)."""
    sections: tuple[RoleChoice, ...]
    hows: tuple[RoleChoice, ...]
    """Empty where the patient invites, or a guardian for them: then the page is the consent."""
    deliveries: tuple[RoleChoice, ...]
    changes: tuple[RoleChoice, ...]
    values: Mapping[str, str]
    ends_min: str
    ends_max: str
    fault: str = ""
    fault_field: str = ""
    bases: tuple[RoleChoice, ...] = ()
    """Why a guardian acts for the patient; empty for everyone else."""
    agreeing: tuple[RoleChoice, ...] = ()
    """Who may have agreed, where the patient has a guardian."""
    consents: bool = False
    """Whether making the link is the consent itself."""


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One line of the list."""

    invitation_id: str
    name: str
    relation: str
    state: str
    tone: Tone
    sections: str
    may_change: bool
    made: Moment
    inviter: str
    until: str
    waiting: bool
    may_resend: bool
    letter: str
    undelivered: bool


def shareable(inviter: Participant, role: Role, now: datetime) -> tuple[Section, ...]:
    """Return the sections that this inviter may offer to someone of this role, in the order of the page."""
    return tuple(
        section
        for section in SECTIONS
        if MATRIX[role, section].grant is not Grant.NONE
        and (inviter.role is Role.PATIENT or role in AS_PATIENT or not standing_of(inviter, section, now).denied)
    )


def role_of(inviter: Participant, asked: str) -> Role:
    """Return the role asked for where this person may invite it, else the family."""
    allowed = INVITES.get(inviter.role, frozenset())
    return next((each for each in allowed if each.value == asked), Role.FAMILY)


def compose(
    inviter: Participant,
    role: Role,
    typed: Mapping[str, Sequence[str]] | None,
    reading: Reading,
    *,
    mail: bool,
    guardians: Sequence[Participant] = (),
    fault: str = "",
    fault_field: str = "",
) -> Compose:
    """Return the form as it was typed, or as it is offered first."""
    offered = shareable(inviter, role, reading.now)
    fresh = typed is None or set(typed) <= {"referral"}
    chosen = {*offered} - _LEFT_OUT.get(role, set()) if fresh else set((typed or {}).get("sections", ()))
    values = dict.fromkeys(("name", "relation", "address", "referral", "authority"), "")
    values |= {name: each[0] for name, each in (typed or {}).items() if each}
    values.setdefault("ends", (reading.today + timedelta(days=ACCESS_DAYS)).isoformat())
    delivery = values.get("delivery", Delivery.SPOKEN)
    changing = values.get("may_change", "yes")
    consents = inviter.role in AS_PATIENT
    return Compose(
        role=role,
        role_words=ROLE_WORDS[role],
        others=tuple((each.value, ROLE_WORDS[each]) for each in Role if each in INVITES[inviter.role] and each != role),
        sections=tuple(RoleChoice(each.value, SECTIONS[each].title, each.value in chosen) for each in offered),
        hows=() if consents or role is Role.GUARDIAN else tuple(_hows(values.get("how", ""))),
        deliveries=(
            RoleChoice(Delivery.SPOKEN, "I say a code aloud or by telephone", delivery == Delivery.SPOKEN,
                   "The code is shown to you. Never put it in the same message as the link."),
            RoleChoice(Delivery.SENT, "The code goes to their e-mail address", delivery == Delivery.SENT,
                   "" if mail else "No mail server is set up here, so this can't be used yet."),
        ),
        changes=(
            RoleChoice("yes", "Read, and add or change what their part allows", changing != "no"),
            RoleChoice("no", "Read only", changing == "no"),
        ),
        values=values,
        ends_min=(reading.today + timedelta(days=1)).isoformat(),
        ends_max=(reading.today + timedelta(days=365)).isoformat(),
        fault=fault,
        fault_field=fault_field,
        bases=_bases(values.get("basis", "")) if role is Role.GUARDIAN else (),
        agreeing=() if consents or role is Role.GUARDIAN else _agreeing(guardians, values.get("agreed", "")),
        consents=consents,
    )  # fmt: skip


def draft_of(inviter: Participant, role: Role, typed: Mapping[str, Sequence[str]], zone: tzinfo) -> Draft:
    """Return what the form says; what can't be read is left empty and refused by the rules."""

    def one(name: str) -> str:
        return (typed.get(name) or [""])[0].strip()

    guards, how = role is Role.GUARDIAN, How.PAGE
    if guards:
        how = How.WRITTEN
    elif inviter.role not in AS_PATIENT:
        how = next((each for each in How if each.value == one("how") and each is not How.PAGE), How.PAGE)
    return Draft(
        role=role,
        relation=one("relation"),
        sections=frozenset(each for each in Section if each.value in typed.get("sections", ())),
        access_ends=None if role is Role.PATIENT else end_of_day(one("ends"), zone),
        may_change=one("may_change") != "no",
        how=how,
        delivery=Delivery.SENT if one("delivery") == Delivery.SENT else Delivery.SPOKEN,
        referral=one("referral"),
        basis=next((each for each in Basis if each.value == one("basis")), Basis.NONE) if guards else Basis.NONE,
        authority=one("authority") if guards else "",
        guardian="" if inviter.role in AS_PATIENT or guards else one("agreed"),
        addressee=Addressee(one("name")[:NAME_CHARACTERS_MAX], one("address")[:ADDRESS_CHARACTERS_MAX]),
    )


def end_of_day(words: str, zone: tzinfo) -> datetime | None:
    """Return the instant at which a day is over where the page is read, ``None`` for what is no date."""
    try:
        last = date.fromisoformat(words)
        return datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def last_day(ends: datetime, zone: tzinfo) -> date:
    """Return the last day on which what ends then holds, where the page is read: ``end_of_day`` turned round."""
    return (ends.astimezone(zone) - timedelta(microseconds=1)).date()


def invitation_row(
    invitation: Invitation, addressee: Addressee, letter: Posted | None, people: PlanPeople, reading: Reading
) -> InvitationRow:
    """Return one line of the list; ``letter`` is the last one that left with it."""
    state = state_of(invitation, reading.now)
    words, tone = STATE_WORDS[state]
    waiting = state in WAITING
    return InvitationRow(
        invitation_id=invitation.invitation_id,
        name=addressee.name,
        relation=invitation.relation,
        state=words,
        tone=tone,
        sections=", ".join(SECTIONS[each].title for each in SECTIONS if each in invitation.sections),
        may_change=invitation.may_change,
        made=moment(invitation.made, reading),
        inviter=people.name(invitation.inviter),
        until=day((invitation.made + LINK_LASTS).astimezone(reading.zone).date()) if waiting else "",
        waiting=waiting,
        may_resend=state is not InvitationState.REDEEMED,
        letter=letter_words(letter) if letter is not None else "",
        undelivered=letter is not None and letter.outcome == "failed" and waiting,
    )


def letter_words(letter: Posted) -> str:
    """Return how a letter stands, as a sentence."""
    match letter.outcome:
        case "sent":
            return "The letter was sent."
        case "failed":
            return f"The letter could not be delivered. {WHY.get(letter.reason, ELSE)}"
        case _:
            return "The letter is on its way."


def _bases(chosen: str) -> tuple[RoleChoice, ...]:
    """Return the grounds on which a guardian acts; none is chosen beforehand."""
    return (
        RoleChoice(
            Basis.MINOR, "The patient is a minor", chosen == Basis.MINOR,
            "It ends when the patient comes of age. What is confidential to a minor is closed to them before.",
        ),
        RoleChoice(
            Basis.INCAPABLE, "The patient is an adult who can't decide", chosen == Basis.INCAPABLE,
            "By a court, or by the patient's own health care proxy or power of attorney.",
        ),
    )  # fmt: skip


def _agreeing(guardians: Sequence[Participant], chosen: str) -> tuple[RoleChoice, ...]:
    found = tuple(RoleChoice(each.person_id, f"{each.name}, guardian", each.person_id == chosen) for each in guardians)
    return (RoleChoice("", "The patient", not any(each.chosen for each in found)), *found) if found else ()


def _hows(chosen: str) -> list[RoleChoice]:
    return [RoleChoice(each, HOW_WORDS[each], each.value == chosen) for each in How if each is not How.PAGE]


FIELD_OF: Final[Mapping[str, str]] = {
    "relation": "relation",
    "sections": "sections",
    "ends": "ends",
    "how": "how",
    "basis": "basis",
    "authority": "authority",
    "name": "name",
    "address": "address",
}
"""Which field of the form a refusal's code is about."""


@dataclass(frozen=True, slots=True)
class MadeView:
    """An invitation just made: shown once, because nothing of it is kept."""

    name: str
    link: str
    qr: str
    spoken: str
    address: str
    mailed: bool | None
    """``None`` where nothing was to be sent."""
    until: str
    problems: tuple[str, ...] = field(default=())
