"""An OpenID provider in this process: real keys and signatures, and every way to misbehave that the tests need."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey

ISSUER: Final = "https://id.example"
CLIENT: Final = "careplan"
SECRET: Final = "a secret of the client"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"


@cache
def a_key(kid: str, *, another: bool = False) -> RSAKey:
    """Return a signing key of that name; ``another`` for a different one of the same name. Made once a run."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def unsigned(claims: dict[str, object], algorithm: str = "none", **header: object) -> str:
    """Return a token that nobody signed."""

    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': algorithm, 'kid': 'one', 'typ': 'JWT', **header})}.{part(claims)}."


class FakeProvider:
    """Answers as a provider does; a test changes ``claims``, ``metadata`` or ``token`` to make it lie."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.key = a_key("one")
        self.published: list[RSAKey] = [self.key]
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, object] = {}
        self.dropped: set[str] = set()
        self.metadata: dict[str, object] = {}
        self.token: Callable[[dict[str, object]], str] = self.sign
        self.requests: list[str] = []
        self.down = False
        self.raw: bytes | None = None

    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self._answer)

    def sign(self, claims: dict[str, object], *, typ: str = "JWT", key: RSAKey | None = None) -> str:
        signer = key or self.key
        return jwt.encode({"alg": "RS256", "kid": signer.kid, "typ": typ}, dict(claims), signer)

    def sign_with_public_key_as_secret(self, claims: dict[str, object]) -> str:
        """Return a token signed with HS256 under what everyone knows, by hand: joserfc would not do it."""
        head = unsigned(claims, "HS256").rstrip(".")
        signature = hmac.digest(self.key.as_pem(private=False), head.encode(), "sha256")
        return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    def authorize(self, url: str) -> dict[str, str]:
        """Return the callback's query after someone signed in at ``url``."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return {"code": code, "state": query["state"], "iss": ISSUER}

    def id_claims(self, nonce: str) -> dict[str, object]:
        instant = int(self.now().timestamp())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": CLIENT,
            "sub": "dr-ruiz",
            "sid": "sid-1",
            "iat": instant,
            "exp": instant + 300,
            "auth_time": instant,
            "nonce": nonce,
        }
        return {name: value for name, value in {**claims, **self.claims}.items() if name not in self.dropped}

    def logout_claims(self, **changed: object) -> dict[str, object]:
        instant = int(self.now().timestamp())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": CLIENT,
            "sub": "dr-ruiz",
            "sid": "sid-1",
            "iat": instant,
            "exp": instant + 120,
            "jti": "logout-1",
            "events": {EVENT: {}},
        }
        return {name: value for name, value in {**claims, **changed}.items() if value is not None}

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request.url.path)
        if self.down:
            raise httpx2.ConnectError("the provider is away", request=request)
        if self.raw is not None:
            return httpx2.Response(200, content=self.raw)
        match request.url.path:
            case "/.well-known/openid-configuration":
                return httpx2.Response(200, json=self._discovery())
            case "/keys":
                keys: list[Any] = [key.as_dict(private=False) for key in self.published]
                return httpx2.Response(200, json={"keys": keys})
            case "/token":
                return self._tokens(request)
        return httpx2.Response(404)

    def _discovery(self) -> dict[str, object]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "end_session_endpoint": f"{ISSUER}/logout",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def _tokens(self, request: httpx2.Request) -> httpx2.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        query = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proven = query and base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() == query["code_challenge"]
        if not query or not proven or form.get("redirect_uri") != query["redirect_uri"]:
            return httpx2.Response(400, json={"error": "invalid_grant"})
        if request.headers.get("Authorization") not in (f"Basic {basic}", "Basic " + _quoted_basic()):
            return httpx2.Response(401, json={"error": "invalid_client"})
        answer: dict[str, object] = {"access_token": "access", "token_type": "Bearer", "expires_in": 60}
        if "id_token" not in self.dropped:
            answer["id_token"] = self.token(self.id_claims(query["nonce"]))
        return httpx2.Response(200, json=answer)


def _quoted_basic() -> str:
    return base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
