"""Inviting someone to a plan: the form, the link with its code, the list, withdrawing and sending anew."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.invitations import INVITES, LINK_LASTS, Delivery
from auth.roles import PATIENT_SIDE, Role
from hub.access.inviting import MANY, Made
from hub.jobs.letters import Letter
from hub.store.organisations import UNNAMED
from web.asking import access
from web.doors.entrances import way_to_prove
from web.doors.guards import Member, for_member, keeping, services
from web.doors.handovers import handed_over, sent
from web.languages import language
from web.mail import NoMail, invitation_letter
from web.reading import reading_now, team, zone_of
from web.rendering import elsewhere, page
from web.views.inviting import FIELD_OF, MadeView, compose, draft_of, invitation_row, role_of
from web.views.words import day_and_time

SIGN_IN_AGAIN: Final = "Sign in again before you invite someone."
A_CARE_TEAM: Final = "A care team"
"""Who invites, as long as the organisation has no name."""
CHOICES_MAX: Final = 200
"""Values of one form; beyond it nothing is read."""


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the plan's invitations with their states, the newest first."""
    _may_invite(member)
    return await _listed(request, member)


async def _listed(request: Request, member: Member, fault: str = "") -> Response:
    people, me = await team(request, member)
    reading = reading_now(request)
    found = await access(request).inviting.of_plan(member.plan_id)
    letters = await access(request).letters.of_plan(member.plan_id)
    rows = [
        invitation_row(invitation, addressee, letters.get(invitation.invitation_id), people, reading)
        for invitation, addressee in found
    ]
    context = {"plan_id": member.plan_id, "rows": rows, "person": me, "fault": fault}
    return page(request, "inviting/list.html", context, 409 if fault else 200)


@for_member
async def new(request: Request, member: Member) -> Response:
    """Show the form for an invitation, to someone who showed lately who they are."""
    _may_invite(member)
    if not await access(request).reauthenticated(member.who):
        return await _sign_in_again(request, member, "/new")
    referral = request.query_params.get("referral", "")
    asked = request.query_params.get("role", Role.SPECIALIST if referral else "")
    return await _form(request, member, asked, {"referral": [referral]} if referral else None)


@for_member
async def create(request: Request, member: Member) -> Response:
    """Make an invitation and show its link and code, this once; or the form again with what is wrong."""
    _may_invite(member)
    typed = await _typed(request)
    asked = (typed.get("role") or [""])[0]
    await handed_over(request, member, (typed.get("referral") or [""])[0])
    draft = draft_of(member.participant, role_of(member.participant, asked), typed, zone_of(request))
    reauthenticated = await access(request).reauthenticated(member.who)
    made = await access(request).inviting.invite(
        member.participant, draft, reauthenticated=reauthenticated, write=await _writer(request, member)
    )
    if isinstance(made, Made):
        await sent(request, member, draft.referral)
        return await _made(request, member, made)
    if made.code == "reauthenticate":
        return await _form(request, member, asked, typed, fault=made.reason, again=True)
    return await _form(request, member, asked, typed, fault=made.reason, field=FIELD_OF.get(made.code, ""))


@for_member
async def resend(request: Request, member: Member) -> Response:
    """Make an invitation anew under the same consent; the link and code before are void."""
    _may_invite(member)
    reauthenticated = await access(request).reauthenticated(member.who)
    made = await access(request).inviting.resend(
        member.participant,
        _invitation_id(request),
        reauthenticated=reauthenticated,
        write=await _writer(request, member),
    )
    if isinstance(made, Made):
        return await _made(request, member, made)
    if made.code == "reauthenticate":
        return await _sign_in_again(request, member, "")
    if made is MANY:
        return await _listed(request, member, made.reason)
    raise HTTPException(404)


@for_member
async def revoke(request: Request, member: Member) -> Response:
    """Withdraw an invitation that waits; the list shows how it stands."""
    _may_invite(member)
    await access(request).inviting.revoke(member.participant, _invitation_id(request))
    return elsewhere(request, f"/plans/{member.plan_id}/invitations")


async def _writer(request: Request, member: Member) -> Callable[[Made], Letter | None]:
    """Return what writes the letter of an invitation, none where no letters leave or no address is given.

    To somebody at home it is in the patient's language and in the clinic's: what they read is not known yet.
    """
    origin, leaves = services(request).settings.origin, not isinstance(access(request).mail, NoMail)
    plan = await keeping(request).plans.get(member.plan_id)
    clinic = await keeping(request).organisations.get(plan.organisation) if plan is not None else None
    name = clinic.name if clinic is not None and clinic.name != UNNAMED else A_CARE_TEAM
    spoken = [plan.language if plan is not None else "", clinic.language if clinic is not None else ""]
    at_home = list(dict.fromkeys(language(each).tag for each in spoken))

    def write(made: Made) -> Letter | None:
        address, tags = made.addressee.address, at_home if made.invitation.role in PATIENT_SIDE else ["en"]
        return invitation_letter(address, origin + made.path, name, tags) if address and leaves else None

    return write


def qr(link: str) -> str:
    """Return the link as a QR code, as an image that stands in the page itself."""
    return str(segno.make(link, error="m", micro=False).svg_data_uri(scale=5, border=3, dark="#13211f", light="#fff"))


async def _made(request: Request, member: Member, made: Made) -> Response:
    found, settings = access(request), services(request).settings
    _, me = await team(request, member)
    link = settings.origin + made.path
    mailed = None
    if made.addressee.address:
        mailed = not isinstance(found.mail, NoMail)
    ends = made.invitation.made + LINK_LASTS
    view = MadeView(
        name=made.addressee.name,
        link=link,
        qr=qr(link),
        spoken=made.spoken if made.invitation.delivery is Delivery.SPOKEN else "",
        address=made.addressee.address,
        mailed=mailed,
        until=day_and_time(ends, reading_now(request)),
    )
    return page(request, "inviting/made.html", {"plan_id": member.plan_id, "made": view, "person": me})


async def _form(
    request: Request,
    member: Member,
    asked: str,
    typed: Mapping[str, Sequence[str]] | None,
    *,
    fault: str = "",
    field: str = "",
    again: bool = False,
) -> Response:
    """Show the form; ``again``: what was typed stays in it while one signs in beside it."""
    _, me = await team(request, member)
    role = role_of(member.participant, asked)
    mail = not isinstance(access(request).mail, NoMail)
    guardians = await access(request).sharing.guardians(member.plan_id)
    form = compose(
        member.participant, role, typed, reading_now(request), mail=mail, guardians=guardians, fault=fault,
        fault_field=field,
    )  # fmt: skip
    patient = await services(request).directory.patient(member.plan_id)
    prove = await way_to_prove(request, member.who, f"/plans/{member.plan_id}/invitations") if again else ""
    context = {"plan_id": member.plan_id, "form": form, "person": me, "patient": patient, "prove": prove}
    context["for_referral"] = await handed_over(request, member, form.values["referral"])
    return page(request, "inviting/form.html", context, 403 if again else 422 if fault else 200)


async def _sign_in_again(request: Request, member: Member, onward: str) -> Response:
    _, me = await team(request, member)
    prove = await way_to_prove(request, member.who, f"/plans/{member.plan_id}/invitations{onward}")
    context = {"reason": SIGN_IN_AGAIN, "prove": prove, "person": me}
    return page(request, "inviting/again.html", context, 403)


async def _typed(request: Request) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    for name, value in (await request.form(max_fields=CHOICES_MAX)).multi_items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value)
    return typed


def _may_invite(member: Member) -> None:
    if member.participant.role not in INVITES or member.participant.broke_glass_until is not None:
        raise HTTPException(403)


def _invitation_id(request: Request) -> str:
    return str(request.path_params["invitation"])
