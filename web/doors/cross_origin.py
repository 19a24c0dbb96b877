"""Pages of other sites at the doors of FHIR: those of registered apps may call there, and nowhere else.

No cookie counts at these doors and none is asked for (``Access-Control-Allow-Credentials`` is never sent), so a page
acts by its token alone. The doors are FHIR's, its token endpoint and its ``.well-known``: all stand below one address.
"""

from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.record.journal import JournalAwayError
from web.doors.machines import FHIR_BASE
from web.services import Services

ASKED_AGAIN_SECONDS: Final = "600"
"""How long a browser goes by our answer to its question whether it may call."""

ALLOWED: Final = {
    "access-control-allow-methods": "GET, HEAD, POST",
    "access-control-allow-headers": "accept, authorization, content-type, if-none-match, prefer",
    "access-control-max-age": ASKED_AGAIN_SECONDS,
}
EXPOSED: Final = "etag, last-modified, location, retry-after, x-request-id"


class CrossOrigin:
    """Answers a browser's question whether a page may call, and says so in answers to pages that may."""

    def __init__(self, app: ASGIApp, *, services: Callable[[], Services]) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{FHIR_BASE}/"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        known = bool(origin) and await self._known(origin)
        if scope["method"] == "OPTIONS":
            answer = Response(status_code=204 if known else 403, headers=ALLOWED if known else {})
            self._tell(answer.headers, origin if known else "")
            await answer(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._tell(MutableHeaders(scope=message), origin if known else "")
            await send(message)

        await self._app(scope, receive, telling)

    def _tell(self, headers: MutableHeaders, origin: str) -> None:
        headers.add_vary_header("Origin")
        if origin:
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = EXPOSED

    async def _known(self, origin: str) -> bool:
        apps = self._services().apps
        try:
            return apps is not None and await apps.knows_origin(origin)
        except JournalAwayError:
            return False  # The door behind says that the store is away.
