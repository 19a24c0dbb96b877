"""The one way in for sockets, to a plan, a desk or a huddle: our own page, at our own address, of a sign-in."""

from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Final, TypeVar
from urllib.parse import urlsplit

from auth.sessions import is_token
from hub.live.gatekeepers import TurnedAway
from hub.live.lines import CloseCode
from web.settings import Settings

NO_PLAN: Final = TurnedAway(CloseCode.NO_PLAN, "no such plan")
SIGN_IN: Final = TurnedAway(CloseCode.SIGN_IN, "sign in again")
ANOTHER_SITE: Final = TurnedAway(CloseCode.NO_PLAN, "another site's page")

Comer = TypeVar("Comer")


class SocketDoor:
    """Asks every upgrade the same; what it comes to asks the rest: whether the sign-in holds, and whether it may."""

    def __init__(self, settings: Settings) -> None:
        self._origins = settings.origins
        self._hosts = frozenset(urlsplit(each).netloc for each in settings.origins)
        self._cookie = settings.session_cookie

    async def admit(
        self, cookies: str, origin: str, host: str, place: Callable[[str], Awaitable[Comer | TurnedAway]]
    ) -> Comer | TurnedAway:
        """Return who comes in, as ``place`` answers for the session token, or why nobody does."""
        if origin not in self._origins or host not in self._hosts:
            return ANOTHER_SITE
        token = session_cookie(cookies, self._cookie)
        return await place(token) if is_token(token) else SIGN_IN


def session_cookie(header: str, name: str) -> str:
    """Return a cookie's value from its header, ``""`` where it is not there or the header can't be read."""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""
