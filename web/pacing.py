"""How many requests one may make: strangers by their address and all together, who is signed in by their sign-in.

Counted in this process, minute by minute, before anything is looked up or written. The bounds are far above what
people do: a page makes some ten requests, a live plan renews its sections as colleagues type.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from web.failures import failure

WINDOW_SECONDS: Final = 60

SIGNED_IN_REQUESTS_MAX: Final = 1_200
"""A minute and sign-in: twenty a second."""

STRANGER_REQUESTS_MAX: Final = 300
"""A minute and address that is not signed in; a clinic whose staff signs in at once shares one."""

STRANGERS_REQUESTS_MAX: Final = 3_000
"""A minute and process, of all who are not signed in together."""

ADDRESSES_MAX: Final = 20_000
"""Counted apart in one minute; those beyond count as one."""

_FREE: Final = ("/static/", "/healthz", "/readyz", "/metrics", "/scim/v2/", "/fhir/")
"""Counted elsewhere or not at all: a door for machines counts by its token (``web.doors.machines``)."""


class Pace:
    """Counts by key within the running minute."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._minute = 0
        self._counts: Counter[str] = Counter()

    def wait(self, key: str, most: int) -> int:
        """Count one request of this key; return the seconds to wait, 0 where it is within its bound."""
        now = self._seconds()
        minute = int(now // WINDOW_SECONDS)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        if key not in self._counts and len(self._counts) >= ADDRESSES_MAX:
            key = "others"
        self._counts[key] += 1
        return 0 if self._counts[key] <= most else int((minute + 1) * WINDOW_SECONDS - now) + 1


class Paced:
    """Answers 429, with when to come back, to who asks too much; after ``web.middleware.Known``."""

    def __init__(self, app: ASGIApp, pace: Pace | None = None) -> None:
        self._app = app
        self._pace = pace or Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_FREE):
            request = Request(scope)
            seconds = self._wait(request)
            if seconds:
                await failure(request, 429, {"retry-after": str(seconds)})(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _wait(self, request: Request) -> int:
        who = request.state.signed_in
        if who is not None:
            return self._pace.wait(f"session {who.session_id}", SIGNED_IN_REQUESTS_MAX)
        address = request.client.host if request.client is not None else ""
        return self._pace.wait(f"address {address}", STRANGER_REQUESTS_MAX) or self._pace.wait(
            "strangers", STRANGERS_REQUESTS_MAX
        )
