"""What every request passes before its page and every answer after it: headers, host and origin, session, one log line.

Plain ASGI, outermost first: ``Answered`` (request id, headers, log line), ``Addressed`` (host and origin), ``Known``
(session). Behind them ``web.forms.Bounded`` takes in forms and queries within their bounds, and
``web.submitting.Submitted`` lets a form through once. Sockets never come here: they have the same checks at their own
door.
"""

import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.ids import new_id
from hub.record.journal import JournalAwayError
from web.doors.directory import SignedIn
from web.forms import DOORS, FORM_BYTES_MAX, SAFE_METHODS, form_bytes_max
from web.services import Services
from web.settings import Settings

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
HSTS: Final = "max-age=63072000; includeSubDomains"
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_OPENED: Final = "navigate"
"""What a browser says of a page that a person opens (Fetch Metadata); one that says nothing is believed."""
"""Asked by machines that know the process by another name than browsers do."""

_PROVES_ITSELF: Final = frozenset({"/sign-in/work/logged-out"})
"""Posted by a provider, not by a page: a signed token stands in for the origin."""


_log: Final = structlog.get_logger("web")


class Answered:
    """Gives every answer its headers and every request one canonical log line without anyone's words."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._secure = settings.secure_cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began, status = new_id(), time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            if scope["path"] not in _PROBES:
                self._tell(scope, request_id, status, time.perf_counter() - began)

    def _dress(self, headers: MutableHeaders, request_id: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        headers["x-request-id"] = request_id
        if self._secure:
            headers["strict-transport-security"] = HSTS

    def _tell(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        state: MutableMapping[str, Any] = scope.get("state", {})
        who = state.get("signed_in")
        route = scope.get("route")
        plan_id = str(scope.get("path_params", {}).get("plan_id", ""))
        _log.info(
            "request",
            request=request_id,
            method=scope["method"],
            route=getattr(route, "path", ""),
            status=status,
            milliseconds=round(seconds * 1000, 1),
            plan=plan_id if _ID.fullmatch(plan_id) else "",  # What a person typed into the address is not logged.
            person=who.person.person_id if who is not None else "",
            session=who.session_id if who is not None else "",
        )


class Addressed:
    """Refuses a request for another host, and a change that another site's page asks for."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._origins = settings.origins
        self._hosts = frozenset(urlsplit(origin).netloc for origin in settings.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in _PROBES:
            refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope), form_bytes_max(scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, method: str, path: str, headers: Headers, length_max: int) -> PlainTextResponse | None:
        named = headers.getlist("host")
        if len(named) != 1 or named[0] not in self._hosts:
            return PlainTextResponse("This hub answers under another address.", 421)
        if method in SAFE_METHODS:
            return None
        if path not in _PROVES_ITSELF and not path.startswith(DOORS) and not self._own(headers):
            return PlainTextResponse("This was sent from another site's page. Open the hub and try again.", 403)
        if not headers.get("content-length", "0").isdecimal() or "transfer-encoding" in headers:
            return PlainTextResponse("Send the form with its length.", 411)
        if int(headers.get("content-length", "0")) > length_max:
            told = "This form is too long. Split it."
            if length_max > FORM_BYTES_MAX:
                told = (
                    f"This file is over {length_max >> 20} MB. Go back, where your words are, and choose a smaller one."
                )
            return PlainTextResponse(told, 413)
        return None

    def _own(self, headers: Headers) -> bool:
        """Say whether the page that asks is one of ours: by the browser's own word, else by the exact origin.

        Under ``no-referrer`` browsers send ``Origin: null`` with a plain form, so their ``Sec-Fetch-Site`` decides,
        which no page can set; an origin that is named must be ours all the same.
        """
        origin, site = headers.get("origin", ""), headers.get("sec-fetch-site")
        if site is None:
            return origin in self._origins
        return site == "same-origin" and (origin in self._origins or origin in ("", "null"))


def _is_activity(request: Request) -> bool:
    """Say whether a person did something: opened a page, sent a form. What a page or the browser fetches keeps no
    session alive: fragments, a page anew once the line is back, a manifest, the script of a worker.
    """
    itself = request.headers.get("hx-request") == "true" or request.headers.get("sec-fetch-mode", _OPENED) != _OPENED
    return request.method not in SAFE_METHODS or not itself


class Known:
    """Finds whose session the cookie names and leaves it in ``request.state.signed_in``; doors for machines take none.

    A browser has one sign-in: where the answer brings the cookie of a new one, the one before ends with it, and with
    that the sockets of the pages that were rendered for it.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, services: Callable[[], Services]) -> None:
        self._app = app
        self._cookie = settings.session_cookie
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            request.state.signed_in = None
            request.state.storage_away = False
            token = request.cookies.get(self._cookie, "")
            if token and not scope["path"].startswith(("/static/", *DOORS)) and scope["path"] not in _PROBES:
                directory, active = self._services().directory, _is_activity(request)
                try:
                    request.state.signed_in = await directory.signed_in(token, active=active)
                except JournalAwayError:
                    request.state.storage_away = True
            if request.state.signed_in is not None:
                await self._app(scope, receive, self._ending(request.state.signed_in, send))
                return
        await self._app(scope, receive, send)

    def _ending(self, before: SignedIn, send: Send) -> Send:
        """Return a way out that ends this sign-in before the browser hears of another."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                token = self._brought(MutableHeaders(scope=message))
                if token:
                    await self._end(before, token)
            await send(message)

        return answer

    def _brought(self, headers: MutableHeaders) -> str:
        begins = f"{self._cookie}="
        tokens = [
            each[len(begins) :].partition(";")[0] for each in headers.getlist("set-cookie") if each.startswith(begins)
        ]
        return tokens[-1].strip('"') if tokens else ""

    async def _end(self, before: SignedIn, token: str) -> None:
        services = self._services()
        try:
            now = await services.directory.signed_in(token, active=False)
            if now is None or now.session_id == before.session_id:
                return
            await services.directory.sign_out(before)
        except JournalAwayError:
            return  # It ends by its own limits; the page that was asked for is right all the same.
        services.plans.sessions_ended([before.session_id])
