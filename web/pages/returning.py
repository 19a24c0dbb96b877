"""Coming back without a passkey: a code to one's mailbox at each visit. The same answer for every address."""

from functools import partial
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.invitations import TOO_MANY, InvitationRefusal
from auth.returning import ADDRESS_CHARACTERS_MAX, WrongReturn
from hub.access.entering import Entered
from hub.access.returning import AskedFor, Returned, Shared
from web.asking import address_hash, mailbox_hash
from web.doors.directory import SignedIn
from web.doors.entrances import entrances
from web.doors.guards import for_anyone, for_person
from web.languages import language_at_door, language_of
from web.mail import code_letter
from web.pages.redeeming import ONE_TRY_LEFT, TRIES_LEFT
from web.pages.sign_in import AGENT_CHARACTERS_MAX, own_address
from web.rendering import page

CODE_CHARACTERS_MAX: Final = 40
PERSON_CHARACTERS_MAX: Final = 40


@for_anyone
async def show(request: Request) -> Response:
    """Ask for the mail address that the invitation went to."""
    return _asking(request, own_address(request.query_params.get("next", "")))


@for_anyone
async def ask(request: Request) -> Response:
    """Send a code to the address where somebody is known by it, and ask for it in any case."""
    form = await request.form()
    address, onward = (
        str(form.get("address", "")).strip()[:ADDRESS_CHARACTERS_MAX],
        own_address(_next(form.get("next"))),
    )
    if "@" not in address:
        return _asking(request, onward, "Give an e-mail address.", status=422)
    asked = await entrances(request).returning.ask(
        address,
        address_hash=address_hash(request),
        mailbox_hash=mailbox_hash(request, address),
        write=partial(code_letter, words=language_at_door(request)),
    )
    if not isinstance(asked, AskedFor):
        return _asking(request, onward, asked.reason, status=429)
    answer = _code(request, onward)
    answer.headers.append("set-cookie", entrances(request).under_way_cookie.set(asked.browser))
    return answer


@for_anyone
async def enter(request: Request) -> Response:
    """Take the code, or the choice among people who share a mailbox, and let the person in."""
    form, found = await request.form(), entrances(request)
    onward = own_address(_next(form.get("next")))
    browser = request.cookies.get(found.under_way_cookie.name, "")
    agent = request.headers.get("user-agent", "")[:AGENT_CHARACTERS_MAX]
    if "person" in form:
        returned = await found.returning.choose(browser, str(form["person"])[:PERSON_CHARACTERS_MAX], agent=agent)
    else:
        code = str(form.get("code", ""))[:CODE_CHARACTERS_MAX]
        if not code.strip():
            return _code(request, onward, "Enter the code.", status=422)
        returned = await found.returning.prove(browser, code, address_hash=address_hash(request), agent=agent)
    return await _answer(request, returned, onward)


@for_person
async def offer(request: Request, who: SignedIn) -> Response:
    """Offer a passkey to someone who came with a code, which they may leave."""
    language = language_of(request, who.person)
    context = {"onward": own_address(request.query_params.get("next", "")), "say": language.say, "lang": language.tag}
    return page(request, "sign_in/keep.html", context)


async def _answer(request: Request, returned: Returned, onward: str) -> Response:
    match returned:
        case Entered():
            found = entrances(request)
            known = await found.entering.passkeys_of(returned.person_id)
            answer = RedirectResponse(onward if known else f"/passkeys/offer?next={quote(onward)}", 303)
            answer.headers.append("set-cookie", found.session_cookie.set(returned.token))
            answer.headers.append("set-cookie", found.under_way_cookie.clear())
            return answer
        case Shared():
            language = language_at_door(request)
            context = {"people": returned.people, "next": onward, "say": language.say, "lang": language.tag}
            return page(request, "sign_in/choose.html", context)
        case WrongReturn(tries_left=left):
            words = language_at_door(request).count(ONE_TRY_LEFT, TRIES_LEFT, left)
            return _code(request, onward, words, status=422)
        case InvitationRefusal():
            return _asking(request, onward, returned.reason, status=429 if returned is TOO_MANY else 410)


def _next(value: object) -> str:
    return value if isinstance(value, str) else ""


def _asking(request: Request, onward: str, fault: str = "", *, status: int = 200) -> Response:
    language = language_at_door(request)
    context = {"next": onward, "fault": language.say(fault), "say": language.say, "lang": language.tag}
    return page(request, "sign_in/address.html", context, status)


def _code(request: Request, onward: str, fault: str = "", *, status: int = 200) -> Response:
    language = language_at_door(request)
    context = {"next": onward, "fault": language.say(fault), "say": language.say, "lang": language.tag}
    return page(request, "sign_in/code.html", context, status)
