"""Who may come to which page: every route names one of these guards, and a page gets what its guard found.

``for_anyone`` -> the request alone; ``for_person`` -> someone signed in; ``for_member`` -> someone who takes part in
the plan of the address; ``for_section`` -> a member who may read the section of the address; ``for_clinician`` ->
someone whose work may bring them to a plan in an emergency. What one may not see is answered exactly as what is not
there.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.decisions import sections_readable
from auth.registry import Duty, Keeper, refusal
from auth.roles import CLINICIANS, Participant
from crdt.sections import Section
from hub.ids import HUB
from hub.record.journal import Act, Action, JournalAwayError
from hub.workflows.grants import assigned_in
from web.doors.belonging import refused
from web.doors.directory import SignedIn
from web.rendering import is_swap
from web.services import Services

if TYPE_CHECKING:
    from hub.access.keeping import Keeping
    from web.auditing import Auditing

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

GUARD: Final = "guard"
"""Attribute of an endpoint that names its guard; a test demands it of every route."""


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in person with their part in the plan of the address."""

    who: SignedIn
    participant: Participant

    @property
    def plan_id(self) -> str:
        """The plan of the address."""
        return self.participant.plan_id


@dataclass(frozen=True, slots=True)
class InSection:
    """A member who may read the section of the address."""

    member: Member
    section: Section

    @property
    def plan_id(self) -> str:
        """The plan of the address."""
        return self.member.plan_id


def for_auditor(page: Callable[[Request, SignedIn], Awaitable[Response]]) -> Endpoint:
    """Guard a page for someone who may audit; 404 for anyone else, journaled."""

    async def endpoint(request: Request) -> Response:
        who = signed_in(request)
        if who is None:
            return to_sign_in(request)
        if not who.person.may_audit or services(request).audit is None:
            await services(request).plans.record([_not_an_auditor(who)])
            raise HTTPException(404)
        return await page(request, who)

    return _marked(endpoint, "auditor", page)


def _not_an_auditor(who: SignedIn) -> Act:
    return Act(
        plan=HUB,
        actor=who.person.person_id,
        action=Action.REFUSE,
        role=who.person.role,
        session=who.session_id,
        outcome="refused",
        reason="This person may not audit.",
        event="audit.open",
    )


def auditing(request: Request) -> "Auditing":
    """Return what the audit pages ask; only behind ``for_auditor``."""
    found = services(request).audit
    assert found is not None, "the guard let nobody in without it"
    return found


def services(request: Request) -> Services:
    """Return what the application was composed of."""
    found: Services = request.app.state.services
    return found


def for_anyone(page: Endpoint) -> Endpoint:
    """Guard a page that asks for nothing: signing in, health, static files."""
    return _marked(page, "anyone")


def for_person(page: Callable[[Request, SignedIn], Awaitable[Response]]) -> Endpoint:
    """Guard a page for someone signed in."""

    async def endpoint(request: Request) -> Response:
        who = signed_in(request)
        return await page(request, who) if who is not None else to_sign_in(request)

    return _marked(endpoint, "person", page)


def for_member(page: Callable[[Request, Member], Awaitable[Response]]) -> Endpoint:
    """Guard a page for someone who takes part in the plan; 404 for anyone else, as for a plan that is not there."""

    async def endpoint(request: Request) -> Response:
        who = signed_in(request)
        return await page(request, await _member(request, who)) if who is not None else to_sign_in(request)

    return _marked(endpoint, "member", page)


def for_section(page: Callable[[Request, InSection], Awaitable[Response]]) -> Endpoint:
    """Guard a page for a member who may read the section; 404 for anyone else, as for a section that is not there."""

    async def endpoint(request: Request) -> Response:
        who = signed_in(request)
        if who is None:
            return to_sign_in(request)
        member = await _member(request, who)
        return await page(request, InSection(member, _section(request, member.participant)))

    return _marked(endpoint, "section", page)


def for_clinician(page: Callable[[Request, SignedIn], Awaitable[Response]]) -> Endpoint:
    """Guard a page for a clinician, of whatever plan or none; 404 for anyone else, as for a page that is not there."""

    async def endpoint(request: Request) -> Response:
        who = signed_in(request)
        if who is None:
            return to_sign_in(request)
        if who.person.role not in CLINICIANS:
            raise HTTPException(404)
        return await page(request, who)

    return _marked(endpoint, "clinician", page)


def for_administrator(page: Callable[[Request, SignedIn], Awaitable[Response]]) -> Endpoint:
    """Guard a page for someone who administers the hub; 404 for anyone else, as for a page that is not there."""
    return _for_duty(page, Duty.ADMINISTER, "administrator")


def for_registrar(page: Callable[[Request, SignedIn], Awaitable[Response]]) -> Endpoint:
    """Guard a page for someone who may register patients; 404 for anyone else."""
    return _for_duty(page, Duty.REGISTER, "registrar")


def _for_duty(page: Callable[[Request, SignedIn], Awaitable[Response]], duty: Duty, guard: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        who = signed_in(request)
        if who is None:
            return to_sign_in(request)
        person = who.person
        fault = refusal(Keeper(person.person_id, person.role, person.may_administer), duty)
        if fault or services(request).keeping is None:
            act = Act(
                plan=HUB, actor=person.person_id, action=Action.REFUSE, role=person.role, session=who.session_id,
                outcome="refused", reason=fault, event=f"directory.{duty}",
            )  # fmt: skip
            await services(request).plans.record([act])
            raise HTTPException(404)
        return await page(request, who)

    return _marked(endpoint, guard, page)


def keeping(request: Request) -> "Keeping":
    """Return what the pages of the directory ask; only behind their guards."""
    found = services(request).keeping
    assert found is not None, "the guard let nobody in without it"
    return found


def signed_in(request: Request) -> SignedIn | None:
    """Return who the session cookie belongs to, as the session middleware found it.

    Raises:
        JournalAwayError: the store could not be asked; nobody is sent to sign in for that.
    """
    if request.state.storage_away:
        raise JournalAwayError
    found: SignedIn | None = request.state.signed_in
    return found


def to_sign_in(request: Request) -> Response:
    """Send someone without a session to sign in, and back to where they wanted to go.

    A page that asks for a part of itself is never led away: what somebody was typing is in it. It says so itself.
    """
    if is_swap(request):
        return Response(status_code=401)
    if request.method != "GET":
        raise HTTPException(401)
    return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)


async def _member(request: Request, who: SignedIn) -> Member:
    plan_id = str(request.path_params["plan_id"])
    participant = await services(request).directory.participant(plan_id, who)
    participant = await assigned(request, participant) if participant is not None else None
    if participant is None or not sections_readable(participant, services(request).now()):
        await _record_refusal(request, who, plan_id)
        raise HTTPException(404)
    return Member(who, participant)


async def assigned(request: Request, participant: Participant) -> Participant:
    """Return the participant with the sections in which an entry names them, which opens what needs assignment."""
    return assigned_in(participant, await services(request).plans.content(participant.plan_id))


async def _record_refusal(request: Request, who: SignedIn, plan_id: str) -> None:
    """Journal the attempt the same way whether there is such a plan or not: neither answer nor time tells."""
    act = Act(
        plan=HUB,
        actor=who.person.person_id,
        action=Action.REFUSE,
        role=who.person.role,
        session=who.session_id,
        entry=plan_id if _ID.fullmatch(plan_id) else "",
        outcome="refused",
        reason="This person takes no part in a plan of this address.",
        event="plan.open",
    )
    await services(request).plans.record([act])


def _section(request: Request, participant: Participant) -> Section:
    try:
        section = Section(request.path_params["section"])
    except ValueError:
        raise HTTPException(404) from None
    if section not in sections_readable(participant, services(request).now()):
        raise HTTPException(404)
    return section


def _marked(endpoint: Endpoint, guard: str, page: Callable[..., Awaitable[Response]] | None = None) -> Endpoint:
    """Return the endpoint behind its guard, and behind the question that every guard asks: whose page is it?"""

    async def belonging(request: Request) -> Response:
        another = await refused(request, guard)
        return another if another is not None else await endpoint(request)

    setattr(belonging, GUARD, guard)
    belonging.__doc__ = (page or endpoint).__doc__
    return belonging
