"""Coming in by an invitation: the link, the code, and what one gets. Until the code is right nothing is told.

The link's secret is in its fragment, which browsers send to nobody; a script puts it into the form, or a person does.
The page of a link is the same bytes for every link, living, dead or never made.
"""

from functools import partial
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.decisions import sections_readable
from auth.invitations import LINK_ENDED, LINK_LASTS, TOO_MANY, Delivery, InvitationRefusal, WrongCode
from auth.sessions import Cookie, is_token, session_cookie
from hub.access.redeeming import Joining, Opened, Redeemed
from web.asking import access, address_hash
from web.doors.entrances import entrances
from web.doors.guards import Member, for_anyone, for_member, services
from web.doors.handovers import first_page
from web.languages import language_at_door, language_of
from web.mail import code_letter
from web.reading import reading_now, team
from web.rendering import page
from web.views.homes import FAMILY
from web.views.sharing import access_words

CODE_CHARACTERS_MAX: Final = 40
AGENT_CHARACTERS_MAX: Final = 200
SOMEONE_NEW: Final = "new"
SAY_WHO: Final = "Say who comes in: you, or someone else."
SIGNED_OUT: Final = "You were signed out meanwhile. Sign in again and open the link again, or go on as someone new."
ONE_TRY_LEFT: Final = "That code does not match. 1 try left."
TRIES_LEFT: Final = "That code does not match. %(count)s tries left."


@for_anyone
async def show(request: Request) -> Response:
    """Show the page of a link: the same for every link, and it grants nothing."""
    language = language_at_door(request)
    return page(request, "inviting/door.html", {"say": language.say, "lang": language.tag})


@for_anyone
async def come_in(request: Request) -> Response:
    """Take the link's secret and ask for the code; or take the code and let the person in."""
    form = await request.form()
    secret = str(form.get("secret", "")).strip().removeprefix("#")
    if not is_token(secret):
        secret = ""
    if "code" in form:
        return await _redeem(request, secret, form)
    return await _open(request, secret)


@for_member
async def welcome(request: Request, member: Member) -> Response:
    """Show someone who has just come in what they can see and do, and what the team sees of them."""
    _, me = await team(request, member)
    now = reading_now(request).now
    readable = sections_readable(member.participant, now)
    found, person_id = entrances(request), member.who.person.person_id
    language = language_of(request, member.who.person)
    patient = await services(request).directory.patient(member.plan_id)
    context = {
        "plan_id": member.plan_id,
        "patient": patient,
        "lines": [
            (language.say(title), language.say(words))
            for section, title, words in access_words(member.participant, now)
            if section in readable
        ],
        "person": me,
        "home": home_of(request, member),
        "offer": not await found.entering.passkeys_of(person_id),
        "again": await found.returning.way_back(person_id),
        "say": language.say,
        "lang": language.tag,
    }
    return page(request, "inviting/welcome.html", context)


def home_of(request: Request, member: Member) -> str:
    """Return where this member reads the plan: the family on its own page, where the hub has one."""
    names = {getattr(route, "name", "") for route in request.app.routes}
    if FAMILY.is_of(member.participant) and "family" in names:
        return str(request.app.url_path_for("family", plan_id=member.plan_id))
    return f"/plans/{member.plan_id}"


async def _open(request: Request, secret: str) -> Response:
    invitation_id = str(request.path_params["invitation"])
    opened = await access(request).redeeming.open(
        invitation_id,
        secret,
        address_hash=address_hash(request),
        write=partial(code_letter, words=language_at_door(request)),
    )
    if not isinstance(opened, Opened):
        return _refused(request, opened)
    answer = _asking(request, secret, spoken=opened.spoken)
    answer.headers.append("set-cookie", _browser_cookie(request).set(opened.browser))
    return answer


async def _redeem(request: Request, secret: str, form: FormData) -> Response:
    who, code, comes = request.state.signed_in, _one(form, "code")[:CODE_CHARACTERS_MAX], _one(form, "as")
    if comes not in (who.person.person_id, SOMEONE_NEW) if who is not None else comes not in ("", SOMEONE_NEW):
        words = SAY_WHO if who is not None else SIGNED_OUT
        return _asking(request, secret, fault=language_at_door(request).say(words), status=422)
    joins = who is not None and comes != SOMEONE_NEW
    token = request.cookies.get(services(request).settings.session_cookie, "")
    found = await access(request).redeeming.redeem(
        str(request.path_params["invitation"]),
        secret=secret,
        browser=request.cookies.get(_browser_cookie(request).name, ""),
        code=code,
        address_hash=address_hash(request),
        agent=request.headers.get("user-agent", "")[:AGENT_CHARACTERS_MAX],
        locale=language_at_door(request).tag,
        joining=Joining(who.person.person_id, who.session_id, token) if joins else None,
    )
    match found:
        case Redeemed():
            if who is not None and not joins:
                await entrances(request).entering.end(who.person.person_id, who.session_id)
            answer = RedirectResponse(await first_page(request, found), 303)
            parts = urlsplit(services(request).settings.origin)
            answer.headers.append("set-cookie", session_cookie(parts.scheme, parts.hostname or "").set(found.token))
            answer.headers.append("set-cookie", _browser_cookie(request).clear())
            return answer
        case WrongCode(tries_left=tries) if tries > 0:
            spoken = found.invitation.delivery is Delivery.SPOKEN
            words = language_at_door(request).count(ONE_TRY_LEFT, TRIES_LEFT, tries)
            return _asking(request, secret, spoken=spoken, fault=words, status=422)
        case InvitationRefusal(code="code-ended" | "code-empty" | "known" | "member" | "other-side"):
            return _asking(request, secret, fault=language_at_door(request).say(found.reason), status=422)
        case WrongCode():
            return _refused(request, LINK_ENDED)
        case _:
            return _refused(request, found)


def _one(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _asking(
    request: Request, secret: str, *, spoken: bool | None = None, fault: str = "", status: int = 200
) -> Response:
    language = language_at_door(request)
    who = request.state.signed_in
    context = {
        "secret": secret,
        "spoken": spoken,
        "fault": fault,
        "me": who.person if who is not None else None,
        "someone_new": SOMEONE_NEW,
        "say": language.say,
        "lang": language.tag,
    }
    return page(request, "inviting/code.html", context, status)


def _refused(request: Request, refusal: InvitationRefusal) -> Response:
    status = 429 if refusal is TOO_MANY else 410
    language = language_at_door(request)
    context = {"words": refusal.reason, "say": language.say, "lang": language.tag}
    return page(request, "inviting/ended.html", context, status)


def _browser_cookie(request: Request) -> Cookie:
    """Return the cookie that binds an opened link to its browser."""
    secure = services(request).settings.secure_cookies
    name = "__Host-careplan-invitation" if secure else "careplan-invitation"
    return Cookie(name=name, secure=secure, samesite="Strict", max_age=LINK_LASTS)
