"""Sessions as rows with pure rules over (session, now). Minting tokens and keeping rows happens elsewhere.

A session is live while it was active lately and began not too long ago; whichever limit comes first ends it. Heartbeats
of a socket are not activity, edits are. Only a token's hash is ever kept.
"""

import hmac
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from ipaddress import ip_address
from typing import Final

STAFF_IDLE_MAX: Final = timedelta(minutes=15)
FAMILY_IDLE_MAX: Final = timedelta(minutes=30)
SESSION_AGE_MAX: Final = timedelta(hours=12)
REAUTHENTICATION_AGE_MAX: Final = timedelta(minutes=15)
"""Inviting, break-glass and consent ask for a sign-in no older than this."""

ACTIVITY_WRITE_INTERVAL: Final = timedelta(seconds=30)
"""A session's row is written at most this often for activity; small against either idle limit."""

TOKEN_BYTES: Final = 32
"""What a token is minted from: ``secrets.token_urlsafe(TOKEN_BYTES)``."""

SIGN_IN_AGE_MAX: Final = timedelta(minutes=10)
"""How long a sign-in under way at the provider may take."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Idle(StrEnum):
    """Which idle limit a session has. Staff sit at shared desks; the family holds its own telephone."""

    STAFF = "staff"
    FAMILY = "family"


class SessionState(StrEnum):
    """What a session is at an instant."""

    LIVE = "live"
    IDLE = "idle"
    AGED = "aged"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in of one person on one browser."""

    session_id: str
    person_id: str
    token_hash: bytes
    idle: Idle
    began: datetime
    active: datetime
    authenticated: datetime
    """When the person last proved who they are: by the provider, a passkey or a code."""
    ended: datetime | None = None
    how: str = ""
    """``oidc``, ``passkey``, ``invitation`` or ``demo``."""
    provider_sid: str = ""
    """The provider's session, for its back-channel logout."""


def hash_token(token: str) -> bytes:
    """Return what is kept of a token: its SHA-256. Tokens are 256 random bits, so a plain hash is enough."""
    return sha256(token.encode()).digest()


def is_token(token: str) -> bool:
    """Return whether this could be a token of ours, before anything is looked up."""
    return _TOKEN.fullmatch(token) is not None


def token_matches(token: str, kept: bytes) -> bool:
    """Return whether the token's hash is the one kept, in constant time."""
    return hmac.compare_digest(hash_token(token), kept)


def expires(session: Session) -> datetime:
    """Return the instant at which the session ends if nothing more is done."""
    idle = FAMILY_IDLE_MAX if session.idle is Idle.FAMILY else STAFF_IDLE_MAX
    return min(session.active + idle, session.began + SESSION_AGE_MAX)


def state_of(session: Session, now: datetime) -> SessionState:
    """Return what the session is at ``now``; at the very instant of a limit it is over."""
    if session.ended is not None:
        return SessionState.ENDED
    if now >= session.began + SESSION_AGE_MAX:
        return SessionState.AGED
    return SessionState.IDLE if now >= expires(session) else SessionState.LIVE


def is_live(session: Session, now: datetime) -> bool:
    """Return whether the session still carries its person."""
    return state_of(session, now) is SessionState.LIVE


def touched(session: Session, now: datetime) -> Session:
    """Return the session after something was done in it. A session that is over stays over; time never runs back."""
    if not is_live(session, now) or now <= session.active:
        return session
    return replace(session, active=now)


def activity_due(session: Session, now: datetime) -> bool:
    """Return whether the activity is worth a write of the row."""
    return is_live(session, now) and now - session.active >= ACTIVITY_WRITE_INTERVAL


def reauthenticated(session: Session, now: datetime) -> Session:
    """Return the session after the same person proved again who they are. The caller rotates the token with it."""
    return replace(session, authenticated=now, active=now) if is_live(session, now) else session


def recently_authenticated(session: Session, now: datetime) -> bool:
    """Return whether the person signed in lately enough to invite, break the glass or record a consent."""
    return is_live(session, now) and now - session.authenticated < REAUTHENTICATION_AGE_MAX


def ended(session: Session, now: datetime) -> Session:
    """Return the session signed out; the first end counts."""
    return session if session.ended is not None else replace(session, ended=now)


class InsecureOriginError(ValueError):
    """Neither https nor loopback: no cookie may be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie's name and attributes, as RFC 6265bis has them. Never a Domain; the path is always ``/``."""

    name: str
    secure: bool
    samesite: str
    max_age: timedelta

    def set(self, token: str) -> str:
        """Return the value of a ``Set-Cookie`` header."""
        assert is_token(token), "a cookie carries a token and nothing else"
        return self._header(token, int(self.max_age.total_seconds()))

    def clear(self) -> str:
        """Return the value of a ``Set-Cookie`` header that takes the cookie away."""
        return self._header("", 0)

    def _header(self, value: str, seconds: int) -> str:
        secure = "; Secure" if self.secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={self.samesite}{secure}"


def session_cookie(scheme: str, host: str) -> Cookie:
    """Return the session's cookie: ``__Host-`` over https, a plain name on loopback http.

    Strict, so the provider's redirect back does not carry it: the callback answers with a page that goes on by itself.

    Raises:
        InsecureOriginError: the origin is neither https nor loopback.
    """
    secure = _is_secure(scheme, host)
    name = "__Host-careplan" if secure else "careplan"
    return Cookie(name=name, secure=secure, samesite="Strict", max_age=SESSION_AGE_MAX)


def sign_in_cookie(scheme: str, host: str) -> Cookie:
    """Return the cookie that binds a sign-in under way to its browser: Lax, as the callback comes from the provider.

    Raises:
        InsecureOriginError: the origin is neither https nor loopback.
    """
    secure = _is_secure(scheme, host)
    name = "__Host-careplan-sign-in" if secure else "careplan-sign-in"
    return Cookie(name=name, secure=secure, samesite="Lax", max_age=SIGN_IN_AGE_MAX)


def _is_secure(scheme: str, host: str) -> bool:
    if scheme == "https":
        return True
    if scheme == "http" and is_loopback(host):
        return False
    raise InsecureOriginError("a session needs https, or http on loopback")


def is_loopback(host: str) -> bool:
    """Return whether a host name without its port is this machine."""
    if host in ("localhost", "[::1]"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
