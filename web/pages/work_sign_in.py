"""Signing in with a work account: to the provider and back, once; and out again, wherever it was asked for."""

import secrets
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.oidc import OidcClient, OidcError, ProviderAwayError, TokenRefusedError
from auth.sessions import TOKEN_BYTES
from hub.access.entering import BY_PROVIDER
from hub.store.tickets import Purpose
from web.doors.entrances import Entrances, entrances, under_way_of, under_way_words
from web.doors.guards import for_anyone, services
from web.languages import language_at_door
from web.pages.sign_in import AGENT_CHARACTERS_MAX, own_address, sends_codes
from web.rendering import page

REFUSED: Final = "That sign-in did not work. Begin again."
AWAY: Final = "Your work account can't be reached at the moment. Try again in a minute."
ANSWER_CHARACTERS_MAX: Final = 16_384


@for_anyone
async def begin(request: Request) -> Response:
    """Send the browser to the provider; ``again`` has the provider ask anew who it is."""
    found, client = _client(request)
    again = request.query_params.get("again") == "yes"
    try:
        address, under_way = await client.begin(again=again)
    except ProviderAwayError:
        return _failed(request, AWAY, 503)
    answer = RedirectResponse(address, 303)
    await found.keep(
        answer, Purpose.SIGN_IN, under_way_words(under_way, own_address(request.query_params.get("next", "")))
    )
    return answer


@for_anyone
async def back(request: Request) -> Response:
    """Take the provider's answer, once and only in the browser that was sent, and begin a session.

    The session's cookie is strict and this request comes from another site: the page that answers goes on by itself.
    """
    found, client = _client(request)
    words = await found.take(request, Purpose.SIGN_IN)
    query = {name: value[:ANSWER_CHARACTERS_MAX] for name, value in request.query_params.items()}
    if words is None or "state" not in words:
        return await _refused(request, found, "no-sign-in-under-way")
    try:
        signed = await client.finish(query, under_way_of(words))
    except ProviderAwayError:
        return _failed(request, AWAY, 503)
    except OidcError as error:
        return await _refused(request, found, error.code)
    here = request.state.signed_in
    entered = await found.entering.by_provider(
        signed,
        agent=request.headers.get("user-agent", "")[:AGENT_CHARACTERS_MAX],
        instead_of=here.session_id if here is not None else "",
    )
    if entered is None:
        return _failed(request, REFUSED, 403)
    await found.keep_hint(entered.session_id, signed.id_token)
    answer = page(request, "sign_in/onward.html", {"onward": own_address(str(words["next"])), "done": "Signed in"})
    answer.headers.append("set-cookie", found.session_cookie.set(entered.token))
    answer.headers.append("set-cookie", found.under_way_cookie.clear())
    return answer


@for_anyone
async def leave(request: Request) -> Response:
    """Go on from our own sign-out to the provider's, with the token that says whose; once."""
    found, client = _client(request)
    id_token = await found.take_logout(request.query_params.get("ticket", ""))
    address = None
    if id_token:
        try:
            address = await client.logout_url(id_token=id_token, state=secrets.token_urlsafe(TOKEN_BYTES))
        except ProviderAwayError:
            address = None  # Signed out here in any case; the provider's own session ends by its own clock.
    # A form may lead to our own pages alone, through every redirect: so a page of ours goes on by itself.
    return page(request, "sign_in/onward.html", {"onward": address or "/sign-in", "done": "Signed out"})


@for_anyone
async def logged_out(request: Request) -> Response:
    """End the sessions that the provider's signed token names; it proves itself, so no origin is asked for."""
    found, client = _client(request)
    form = await request.form()
    try:
        order = await client.logout_order(str(form.get("logout_token", "")))
    except TokenRefusedError as error:
        await found.entering.refused("back-channel", error.code)
        return Response(status_code=400)
    except ProviderAwayError:
        return Response(status_code=503)
    ended = await found.entering.ordered_out(order)
    return Response(status_code=200 if ended is not None else 400)


def _client(request: Request) -> tuple[Entrances, OidcClient]:
    if services(request).settings.oidc is None:
        raise HTTPException(404)
    found = entrances(request)
    if found.oidc is None:
        raise HTTPException(404)
    return found, found.oidc


async def _refused(request: Request, found: Entrances, reason: str) -> Response:
    await found.entering.refused(BY_PROVIDER, reason)
    return _failed(request, REFUSED, 400)


def _failed(request: Request, words: str, status: int) -> Response:
    context = {"groups": [], "next": "/panel", "refusal": words, "work": True, "demo": False}
    language = language_at_door(request)
    context |= {"code": sends_codes(request), "say": language.say, "lang": language.tag}
    answer = page(request, "sign_in/page.html", context, status)
    answer.headers.append("set-cookie", entrances(request).under_way_cookie.clear())
    return answer
