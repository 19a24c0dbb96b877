"""What the pages of signing in and out are given: the provider, what is under way, and who is signed in."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from auth.oidc import OidcClient, Provider, SignInUnderWay
from auth.passkeys import RelyingParty
from auth.sessions import (
    SESSION_AGE_MAX,
    SIGN_IN_AGE_MAX,
    TOKEN_BYTES,
    Cookie,
    hash_token,
    is_loopback,
    is_token,
    session_cookie,
    sign_in_cookie,
)
from hub.access.changes import AccessChanges
from hub.access.entering import BY_PROVIDER, Entering
from hub.access.returning import Returning
from hub.record.chain import JSON
from hub.record.journal import JournalAwayError
from hub.store.engine import Engine
from hub.store.letters import Letters
from hub.store.tickets import Purpose, Tickets
from web.doors.directory import SignedIn
from web.settings import Settings

STATE: Final = "entrances"
"""Where the application's state holds them."""

CLEARED: Final = '"cache"'
"""What a browser forgets when someone signs out: every page it holds. Not its storage: there are words that were typed
and not sent, of this person and of others, each under a key that only their own pages are given."""


@dataclass(frozen=True, slots=True)
class Entrances:
    """``oidc`` is ``None`` where no provider is set up."""

    oidc: OidcClient | None
    entering: Entering
    returning: Returning
    tickets: Tickets
    party: RelyingParty
    origin: str
    now: Callable[[], datetime]

    @property
    def session_cookie(self) -> Cookie:
        """The cookie of a session."""
        parts = urlsplit(self.origin)
        return session_cookie(parts.scheme, parts.hostname or "")

    @property
    def under_way_cookie(self) -> Cookie:
        """The cookie that binds a sign-in under way, a passkey's challenge or a code to its browser."""
        parts = urlsplit(self.origin)
        return sign_in_cookie(parts.scheme, parts.hostname or "")

    async def keep(self, answer: Response, purpose: Purpose, words: Mapping[str, JSON]) -> None:
        """Keep what serves once, bound to the browser that gets this answer."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self.tickets.put(hash_token(token), purpose, words, expires=self.now() + SIGN_IN_AGE_MAX)
        answer.headers.append("set-cookie", self.under_way_cookie.set(token))

    async def take(self, request: Request, purpose: Purpose) -> Mapping[str, JSON] | None:
        """Return what was kept for this browser, once; ``None`` ever after."""
        token = request.cookies.get(self.under_way_cookie.name, "")
        return await self.tickets.take(hash_token(token), purpose, self.now()) if is_token(token) else None

    async def keep_hint(self, session_id: str, id_token: str) -> None:
        """Keep the provider's token of a session for its logout there."""
        expires = self.now() + SESSION_AGE_MAX
        await self.tickets.put(_hint(session_id), Purpose.SIGN_IN, {"id_token": id_token}, expires=expires)

    async def take_hint(self, session_id: str) -> str:
        """Return the provider's token of a session, ``""`` where it came in another way."""
        words = await self.tickets.take(_hint(session_id), Purpose.SIGN_IN, self.now())
        return str(words["id_token"]) if words is not None and "id_token" in words else ""

    async def keep_logout(self, id_token: str) -> str:
        """Return what stands once for a logout at the provider."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        words = {"logout": id_token}
        await self.tickets.put(hash_token(token), Purpose.SIGN_IN, words, expires=self.now() + SIGN_IN_AGE_MAX)
        return token

    async def take_logout(self, token: str) -> str:
        """Return the provider's token of that logout, once."""
        words = await self.tickets.take(hash_token(token), Purpose.SIGN_IN, self.now()) if is_token(token) else None
        return str(words.get("logout", "")) if words is not None else ""


def _hint(session_id: str) -> bytes:
    return hash_token(f"hint:{session_id}")  # No browser can name it: a token of ours holds no colon.


def under_way_words(under_way: SignInUnderWay, next_address: str) -> Mapping[str, JSON]:
    """Return a sign-in under way as it is kept."""
    return {
        "state": under_way.state,
        "nonce": under_way.nonce,
        "verifier": under_way.verifier,
        "began": under_way.began.isoformat(),
        "again": under_way.again,
        "next": next_address,
    }


def under_way_of(words: Mapping[str, JSON]) -> SignInUnderWay:
    """Return it as it was."""
    return SignInUnderWay(
        state=str(words["state"]),
        nonce=str(words["nonce"]),
        verifier=str(words["verifier"]),
        began=datetime.fromisoformat(str(words["began"])),
        again=words["again"] is True,
    )


def entrances_over(
    engine: Engine,
    changes: AccessChanges,
    letters: Letters,
    settings: Settings,
    now: Callable[[], datetime],
    new_id: Callable[[], str],
) -> Entrances:
    """Return them over the store."""
    told = settings.oidc
    client = None
    if told is not None:
        provider = Provider(
            issuer=told.issuer,
            client_id=told.client_id,
            client_secret=told.client_secret,
            redirect_uri=f"{settings.origin}/sign-in/work/back",
            post_logout_uri=f"{settings.origin}/sign-in",
        )
        client = OidcClient(provider, now=now, mint=lambda: secrets.token_urlsafe(TOKEN_BYTES))
    host = urlsplit(settings.origin).hostname or ""
    name = "localhost" if is_loopback(host) else host  # A passkey belongs to a name, never to a number.
    party = RelyingParty(name, "Care plan hub", tuple(sorted(settings.origins)))
    entering = Entering(engine, changes, now, new_id)
    returning = Returning(engine, changes, letters, entering, now)
    return Entrances(client, entering, returning, Tickets(engine), party, settings.origin, now)


async def way_to_prove(request: Request, who: SignedIn, onward: str) -> str:
    """Return where this person shows anew who they are, and comes back to a page of ours from there."""
    found = entrances(request)
    session = await found.entering.session(who.person.person_id, who.session_id)
    if found.oidc is not None and session is not None and session.how == BY_PROVIDER:
        return f"/sign-in/work?{urlencode({'again': 'yes', 'next': onward})}"
    return f"/sign-in?{urlencode({'next': onward})}"


def entrances(request: Request) -> Entrances:
    """Return them for a page.

    Raises:
        JournalAwayError: this hub has no store.
    """
    found = getattr(request.state, STATE, None)
    if not isinstance(found, Entrances):
        raise JournalAwayError("a hub without a store signs nobody in")
    return found
