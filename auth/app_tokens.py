"""Access that people give to apps: SMART App Launch 2.2, authorization codes with PKCE, and tokens that are renewed.

Built on Authlib's grant classes, whose hooks are synchronous: what they look up is loaded before, what they decide is
kept after (``hub.access.apps``). Nothing here knows a store. RFC 6749 sections 4.1 and 6, RFC 7636 (S256 only), RFC
9700: a redirect address matches letter by letter, ``state`` and a code challenge are demanded of every app.
"""

import hmac
import re
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    AuthorizationServer,
    OAuth2Error,
    OAuth2Request,
    grants,
)
from authlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import OAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.util import extract_basic_authorization  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]

from auth.machine_tokens import TokenRequestError
from auth.scopes import SCOPES_MAX, ScopeError, SmartScope, narrowed, read_scope
from auth.sessions import is_loopback

CODE_LASTS: Final = timedelta(seconds=60)
ACCESS_LASTS: Final = timedelta(hours=1)
"""The longest life of a token that SMART App Launch 2.2 recommends."""

KEPT_LASTS: Final = timedelta(days=90)
"""How long access lasts that is renewed without the person (``offline_access``); then they are asked again."""

APP_TOKEN: Final = "careplan-app-"  # noqa: S105 - how each begins
OFFLINE: Final = "offline_access"
PATIENT: Final = "launch/patient"
READ_LETTERS: Final = frozenset("rs")
"""What an app may do with a type. Changing is left to people and to machines that an administrator connects."""

STATE_CHARACTERS_MAX: Final = 1_000
ADDRESS_CHARACTERS_MAX: Final = 500
_ADDRESS: Final = re.compile(r"https?://[\w.:~!$&()*+,=@%/?\[\]-]+", re.ASCII)
_METHODS: Final = ("none", "client_secret_basic")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredApp:
    """An app as Authlib asks for it: where it takes answers, and what it may ask for at all."""

    app_id: str
    redirects: Sequence[str]
    scopes: Sequence[SmartScope]
    kept: bool
    """It may ask for access that lasts (``offline_access``)."""
    secret_hash: bytes | None = None
    """The hash of its secret, ``None`` for an app that can keep none: one that runs in a browser or on a telephone."""

    def get_default_redirect_uri(self) -> str:
        """Say that each request names its address."""
        return ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Say whether answers go there: letter by letter."""
        return redirect_uri in self.redirects

    def check_response_type(self, response_type: str) -> bool:
        """Say that it asks for codes alone."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Say which grants it uses."""
        return grant_type in ("authorization_code", "refresh_token")

    def check_client_secret(self, client_secret: str) -> bool:
        """Say whether the secret is its own, in constant time."""
        told = sha256(client_secret.encode()).digest()
        return self.secret_hash is not None and hmac.compare_digest(told, self.secret_hash)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Say how it shows who it is: by its secret, where it has one."""
        return endpoint == "token" and method == ("none" if self.secret_hash is None else "client_secret_basic")

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return what is left of the scopes asked for.

        What every person may be asked for is dropped where the app is not registered for it, as is what the hub does
        not know (``fhirUser``). Where scopes of one patient are asked for, those of all are left out.
        """
        words = (scope or "").split()
        found = narrowed(self.scopes, _smart(words))
        one = tuple(each for each in found if each.level == "patient")
        extras = [each for each in (PATIENT, OFFLINE) if each in words and (each != OFFLINE or self.kept)]
        return " ".join([*map(str, one or found), *extras]) if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessAsked:
    """A request for access that may be put before a person."""

    redirect: str
    scopes: tuple[str, ...]
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCode:
    """A code as the store keeps it. Whether it was used is told there, in the turn in which it is."""

    access_id: str
    app_id: str
    person: str
    redirect: str
    challenge: str
    scopes: tuple[str, ...]

    @property
    def code_challenge(self) -> str:
        """The challenge (asked by Authlib)."""
        return self.challenge

    @property
    def code_challenge_method(self) -> str:
        """How the challenge was made (asked by Authlib)."""
        return "S256"

    def get_redirect_uri(self) -> str:
        """Return where the code went (asked by Authlib)."""
        return self.redirect

    def get_scope(self) -> str:
        """Return what was allowed (asked by Authlib)."""
        return " ".join(self.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRenewal:
    """What a refresh token stands for."""

    access_id: str
    app_id: str
    person: str
    scopes: tuple[str, ...]

    def check_client(self, client: RegisteredApp) -> bool:
        """Say whether it is the app's (asked by Authlib)."""
        return client.app_id == self.app_id

    def get_scope(self) -> str:
        """Return what was allowed (asked by Authlib)."""
        return " ".join(self.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTokens:
    """Tokens that may be handed out once the store has taken code or refresh token as not used before."""

    token: str
    renewal: str
    """The next refresh token, ``""`` for none."""
    scopes: tuple[str, ...]


class AccessRefusedError(Exception):
    """An app's request that is not put before anyone. ``onward`` leads back to the app; ``""``: nothing leads there."""

    def __init__(self, reason: str, onward: str = "") -> None:
        super().__init__(reason)
        self.onward = onward


def redirect_fault(address: str) -> str:
    """Return why an app's answers can't go to this address, ``""`` where they can."""
    parts = urlsplit(address) if _ADDRESS.fullmatch(address) and len(address) <= ADDRESS_CHARACTERS_MAX else None
    if parts is None or not parts.hostname or parts.username is not None or parts.fragment:
        return f"{address[:80]} is no address such as https://app.example/back."
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        return f"{address[:80]} has to begin with https://."
    return ""


def read_app_scopes(words: Sequence[str]) -> tuple[SmartScope, ...]:
    """Return the scopes that an app is registered for.

    Raises:
        ScopeError: one is none, is not of ``patient/`` or ``user/``, or changes something.
    """
    found = tuple(dict.fromkeys(map(read_scope, words)))
    if not found or len(found) > SCOPES_MAX:
        raise ScopeError(f"Name 1 to {SCOPES_MAX} scopes, such as patient/Goal.rs.")
    for each in found:
        if each.level not in ("patient", "user") or not set(each.letters) <= READ_LETTERS:
            raise ScopeError(f"{each}: an app reads, so its scopes are such as patient/Goal.rs or user/Goal.rs.")
    return found


def access_asked(told: Mapping[str, Sequence[str]], app: RegisteredApp, base: str) -> AccessAsked:
    """Return what an app asks for; ``base`` is the address of the hub's resources, which it must name as ``aud``.

    Raises:
        AccessRefusedError: it can't be asked for like that.
    """
    grant, request = _checked(told, app, base)
    challenge = str(request.payload.data["code_challenge"])
    return AccessAsked(redirect=str(grant.redirect_uri), scopes=tuple(request.scope.split()), challenge=challenge)


def answer_to(told: Mapping[str, Sequence[str]], app: RegisteredApp, base: str, person: str | None) -> tuple[str, str]:
    """Return where the browser goes with a person's answer, and the code that is in it; ``None`` has refused.

    Raises:
        AccessRefusedError: it can't be asked for like that, any more.
    """
    grant, request = _checked(told, app, base)
    try:
        _, _, headers = grant.create_authorization_response(grant.redirect_uri, person)
    except OAuth2Error as error:
        error.state = request.payload.state
        return dict(error()[2])["Location"], ""
    return dict(headers)["Location"], grant.server.code


def _checked(told: Mapping[str, Sequence[str]], app: RegisteredApp, base: str) -> tuple["_CodeGrant", OAuth2Request]:
    address = (told.get("redirect_uri") or [""])[0]
    if not app.check_redirect_uri(address):  # Before Authlib, whose own words about it may hold what is no header.
        raise AccessRefusedError("The app named an address that is not registered for it.")
    server = _AppServer(app, base)
    request = _request("GET", base, told)
    try:
        grant = server.get_authorization_grant(request)
        grant.validate_no_multiple_request_parameter(request)
        grant.validate_consent_request()
    except OAuth2Error as error:
        error.state = request.payload.state
        if not error.redirect_uri:
            raise AccessRefusedError("The app asked in a way that can't be read.") from error
        raise AccessRefusedError(str(error.error), dict(error()[2])["Location"]) from error
    except ValueError as error:
        raise AccessRefusedError("The app asked in a way that can't be read.") from error
    return grant, request


def claimed_app(form: Mapping[str, str], authorization: str) -> str:
    """Return the app that a request at the token endpoint says it is of, to be looked up; ``""`` for none."""
    named, _ = extract_basic_authorization({"Authorization": authorization}) if authorization else ("", "")
    claimed = named or form.get("client_id", "")
    return claimed if claimed.isprintable() and len(claimed) <= 100 else ""


def new_tokens(
    form: Mapping[str, str], authorization: str, app: RegisteredApp | None, held: KeptCode | KeptRenewal | None
) -> NewTokens:
    """Return the tokens for a request at the token endpoint; ``held`` is what its code or refresh token stands for.

    Raises:
        TokenRequestError: why there are none.
    """
    server = _AppServer(app, "", held)
    request = _request("POST", "", {name: [value] for name, value in form.items()}, authorization)
    try:
        grant = server.get_token_grant(request)
        grant.validate_token_request()
        _, body, _ = grant.create_token_response()
    except OAuth2Error as error:
        status, answer, _ = error()
        raise TokenRequestError(status, dict(answer)) from error
    except ValueError as error:
        raise TokenRequestError(400, {"error": "invalid_request"}) from error
    return NewTokens(
        token=body["access_token"], renewal=body.get("refresh_token", ""), scopes=tuple(body["scope"].split())
    )


def _smart(words: Sequence[str]) -> list[SmartScope]:
    """Return those of the words that are scopes of resources; any other says nothing about what may be read."""
    found = []
    for each in words[: SCOPES_MAX * 2]:
        try:
            found.append(read_scope(each))
        except ScopeError:
            continue
    return found


def _request(method: str, address: str, told: Mapping[str, Sequence[str]], authorization: str = "") -> OAuth2Request:
    """Return the request as Authlib takes it; that it came by TLS is the proxy's part, and the settings' to demand."""
    headers = {"Authorization": authorization} if authorization else {}
    request = OAuth2Request(method, address.replace("http://", "https://", 1) or "https://hub.invalid", headers=headers)
    request.payload = _SentParameters(told)
    request._body = request.payload.data
    return request


class _SentParameters(OAuth2Payload):  # type: ignore[misc]
    """Parameters as they were sent, so that one that comes twice is seen."""

    def __init__(self, told: Mapping[str, Sequence[str]]) -> None:
        self._all = told

    @property
    def data(self) -> dict[str, str]:
        return {name: values[0] for name, values in self._all.items() if values}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: list(values) for name, values in self._all.items()})


class _Challenge(CodeChallenge):  # type: ignore[misc]
    """PKCE for every app, by S256 alone; and what else each request has to say: ``state``, and whose data it wants."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: "_CodeGrant", redirect_uri: str) -> None:
        told = grant.request.payload.data
        if not told.get("code_challenge") or told.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Send a code_challenge with code_challenge_method=S256.")
        if not 0 < len(told.get("state", "")) <= STATE_CHARACTERS_MAX:
            raise InvalidRequestError("Send a state that nobody can guess.")
        if told.get("aud", "").rstrip("/") != grant.server.base:
            raise InvalidRequestError(f"Send aud={grant.server.base}")
        super().validate_code_challenge(grant, redirect_uri)


class _CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        self.server.code = code

    def query_authorization_code(self, code: str, client: RegisteredApp) -> KeptCode | None:
        held = self.server.held
        return held if isinstance(held, KeptCode) and held.app_id == client.app_id else None

    def delete_authorization_code(self, authorization_code: KeptCode) -> None:
        """Leave it: the store takes it as used."""

    def authenticate_user(self, authorization_code: KeptCode) -> str:
        return authorization_code.person


class _RenewalGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> KeptRenewal | None:
        held = self.server.held
        return held if isinstance(held, KeptRenewal) else None

    def authenticate_user(self, refresh_token: KeptRenewal) -> str:
        return refresh_token.person

    def revoke_old_credential(self, refresh_token: KeptRenewal) -> None:
        """Leave it: the store takes it as used."""


class _AppServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server for one request: it knows the one app that was looked up for it."""

    def __init__(self, app: RegisteredApp | None, base: str, held: KeptCode | KeptRenewal | None = None) -> None:
        super().__init__()
        self.app, self.base, self.held, self.code = app, base, held, ""
        self.register_grant(_CodeGrant, [_Challenge(required=True)])
        self.register_grant(_RenewalGrant)
        self.register_token_generator("default", _tokens)

    def query_client(self, client_id: str) -> RegisteredApp | None:
        return self.app if self.app is not None and self.app.app_id == client_id else None

    def save_token(self, token: object, request: object) -> None:
        """Keep nothing: the store does, once it has taken code or refresh token as not used before."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Tell nobody."""

    def validate_requested_scope(self, scope: str | None) -> None:
        if self.app is not None and not self.app.get_allowed_scope(scope):
            raise InvalidScopeError(description="None of these scopes is open to this app.")


def _tokens(grant_type: str, scope: str, **told: object) -> dict[str, object]:
    """Return new tokens; the next refresh token goes with each, however little is asked for this time."""
    made: dict[str, object] = {
        "access_token": APP_TOKEN + secrets.token_urlsafe(32),
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LASTS.total_seconds()),
        "scope": scope,
    }
    if grant_type == "refresh_token" or OFFLINE in scope.split():
        made["refresh_token"] = f"{APP_TOKEN}again-{secrets.token_urlsafe(32)}"
    return made
