"""Tokens for machines that sign: SMART Backend Services, ``client_credentials`` with ``private_key_jwt``.

Built on Authlib's grant classes, whose hooks are synchronous: what they look up is loaded before, what they decide is
kept after (``hub.access.machine_tokens``). Nothing here knows a store. RFC 6749 section 4.4, RFC 7523, SMART App
Launch 2.2 (Backend Services): an assertion lives at most five minutes, names the token endpoint as its audience, is
signed with RS384 or ES384 and is used once.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    AuthorizationServer,
    OAuth2Error,
    OAuth2Request,
    grants,
)
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidScopeError  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion  # type: ignore[import-untyped]
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry, decode

from auth.scopes import ScopeError, SmartScope, narrowed, read_scopes

ALGORITHMS: Final = ("RS384", "ES384")
ASSERTION_LIFE_MAX: Final = timedelta(minutes=5)
ASSERTION_CHARACTERS_MAX: Final = 16_384
SKEW_SECONDS: Final = 60
TOKEN_SECONDS: Final = 300
"""The life of a token, as SMART recommends."""

_KEPT_SECRET: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, slots=True)
class SigningMachine:
    """A machine that signs: its public keys, and the scopes it holds."""

    machine_id: str
    keys: Mapping[str, object]
    scopes: Sequence[SmartScope]

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Say that it signs and does nothing else (asked by Authlib)."""
        return method == JWTBearerClientAssertion.CLIENT_AUTH_METHOD and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        """Say that it acts for itself alone (asked by Authlib)."""
        return grant_type == "client_credentials"

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return what is left of the scopes asked for (asked by Authlib)."""
        return " ".join(map(str, _allowed(self.scopes, scope)))


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token that may be handed out once the store has taken its assertion as new."""

    machine_id: str
    token: str
    scopes: tuple[str, ...]
    jti: str
    assertion_ends: datetime
    ends: datetime


class TokenRequestError(Exception):
    """No token: ``body`` is the answer that RFC 6749 asks for."""

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        super().__init__(str(body.get("error", "")))
        self.status = status
        self.body = body


def public_keys(told: object) -> Mapping[str, object]:
    """Return a JWK Set of public keys that verify RS384 or ES384.

    Raises:
        ValueError: it is none, holds a private key, or holds a key of another kind.
    """
    if not isinstance(told, dict) or not isinstance(told.get("keys"), list) or not 0 < len(told["keys"]) <= 10:
        raise ValueError("Paste a JWK Set: an object with one to ten public keys.")
    for each in told["keys"]:
        if not isinstance(each, dict) or each.keys() & _KEPT_SECRET:
            raise ValueError("A key here is private, or none. Keep it to yourself and paste the public one.")
        if (each.get("kty"), each.get("crv", "")) not in (("RSA", ""), ("EC", "P-384")):
            raise ValueError("Keys are RSA (RS384) or EC on P-384 (ES384).")
        if not each.get("kid"):
            raise ValueError("Each key needs a kid.")
    try:
        found = KeySet.import_key_set(told)  # type: ignore[arg-type]
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError("These keys can't be read.") from error
    short = [each for each in found.keys if each.key_type == "RSA" and len(each.as_dict()["n"]) < 342]
    if short:  # 2,048 bits are 342 letters of base64url.
        raise ValueError("An RSA key has at least 2,048 bits.")
    return {"keys": told["keys"]}


def claimed_machine(form: Mapping[str, str]) -> str:
    """Return the machine that an assertion says it is of, unverified: to be looked up; ``""`` for none."""
    words = form.get("client_assertion", "")
    if len(words) > ASSERTION_CHARACTERS_MAX:
        return ""
    try:
        payload = jws.extract_compact(words.encode()).payload
        read = json.loads(payload)
    except (JoseError, ValueError, TypeError, RecursionError):
        return ""
    claimed = read.get("sub") if isinstance(read, dict) else None
    return claimed if isinstance(claimed, str) else ""


def issue(form: Mapping[str, str], machine: SigningMachine | None, address: str, now: datetime) -> IssuedToken:
    """Return the token for a request at the token endpoint of this ``address``.

    Raises:
        TokenRequestError: why there is none.
    """
    server = _TokenServer(machine, address, now)
    try:
        grant = server.get_token_grant(_request(form, address))
        grant.validate_token_request()
        _, body, _ = grant.create_token_response()
    except OAuth2Error as error:
        status, body, _ = error()
        raise TokenRequestError(status, dict(body)) from error
    assert machine is not None, "only a machine that is known gets a token"
    return IssuedToken(
        machine_id=machine.machine_id,
        token=body["access_token"],
        scopes=tuple(body["scope"].split()),
        jti=server.jti,
        assertion_ends=server.assertion_ends,
        ends=now + timedelta(seconds=TOKEN_SECONDS),
    )


def _allowed(held: Sequence[SmartScope], asked: str | None) -> tuple[SmartScope, ...]:
    try:
        wanted = read_scopes((asked or "").split())
    except ScopeError as error:
        raise InvalidScopeError(description=str(error)) from error
    return narrowed(held, wanted)


def _request(form: Mapping[str, str], address: str) -> OAuth2Request:
    """Return the request as Authlib takes it; that it came by TLS is the proxy's part, and the settings' to demand."""
    request = OAuth2Request("POST", address.replace("http://", "https://", 1), headers={})
    request.payload = BasicOAuth2Payload(dict(form))
    request._body = dict(form)
    return request


class _Assertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """The signed assertion of a machine; one that is used again is told by the store, which keeps its ``jti``."""

    def __init__(self, server: "_TokenServer") -> None:
        super().__init__(leeway=SKEW_SECONDS)
        self._server = server

    def resolve_client_public_key(self, client: SigningMachine) -> KeySet:
        return KeySet.import_key_set(dict(client.keys))  # type: ignore[arg-type]

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> Mapping[str, object]:
        try:
            claims = decode(assertion, resolve_key, algorithms=list(ALGORITHMS)).claims
            essential: Any = {"essential": True}
            machine_id = self._server.machine.machine_id if self._server.machine is not None else ""
            JWTClaimsRegistry(
                now=int(self._server.now.timestamp()),
                leeway=SKEW_SECONDS,
                iss={"essential": True, "value": machine_id},
                sub={"essential": True, "value": machine_id},
                aud={"essential": True, "value": self._server.address},
                exp=essential,
                jti=essential,
            ).validate(claims)
            ends = datetime.fromtimestamp(claims["exp"], UTC)
        except (JoseError, ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
            raise InvalidClientError(
                description="The assertion is not signed by the machine, or not for now."
            ) from error
        jti = claims["jti"]
        if ends - self._server.now > ASSERTION_LIFE_MAX + timedelta(seconds=SKEW_SECONDS):
            raise InvalidClientError(description="An assertion lives at most five minutes.")
        if not isinstance(jti, str) or not 0 < len(jti) <= 200:
            raise InvalidClientError(description="An assertion needs a jti.")
        self._server.jti, self._server.assertion_ends = jti, ends + timedelta(seconds=SKEW_SECONDS)
        return claims


class _SignedGrant(grants.ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = (JWTBearerClientAssertion.CLIENT_AUTH_METHOD,)


class _TokenServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server for one request: it knows the one machine that was looked up for it."""

    def __init__(self, machine: SigningMachine | None, address: str, now: datetime) -> None:
        super().__init__()
        self.machine, self.address, self.now = machine, address, now
        self.jti, self.assertion_ends = "", now
        self.register_grant(_SignedGrant)
        self.register_client_auth_method(JWTBearerClientAssertion.CLIENT_AUTH_METHOD, _Assertion(self))
        self.register_token_generator("default", _token)

    def query_client(self, client_id: str) -> SigningMachine | None:
        return self.machine if self.machine is not None and self.machine.machine_id == client_id else None

    def save_token(self, token: object, request: object) -> None:
        """Keep nothing: the store does, once it has taken the assertion as new."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Tell nobody."""

    def validate_requested_scope(self, scope: str | None) -> None:
        if self.machine is not None and not _allowed(self.machine.scopes, scope):
            raise InvalidScopeError(description="None of these scopes is open to this machine.")


def _token(client: SigningMachine, scope: str | None, **told: object) -> dict[str, object]:
    return {
        "access_token": f"careplan-{secrets.token_urlsafe(32)}",
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": client.get_allowed_scope(scope),
    }
