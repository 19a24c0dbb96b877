"""Sign-in of staff at an OpenID provider: code flow with PKCE and nonce, logout in both directions.

With ``auth.machine_tokens``, ``auth.app_tokens`` and ``auth.ehr_launch`` the only file that knows Authlib. It keeps no
sign-in: what one under way needs is a value (``SignInUnderWay``) that the caller keeps in the server-side session
and takes away before it calls ``finish``, so that a callback serves once. A claim says who someone is at the provider,
never what they may do here.

RFC 6749, RFC 7636 (S256 only), RFC 9207, OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0, Back-Channel
Logout 1.0.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry, Token, decode

from auth.sessions import SESSION_AGE_MAX, SIGN_IN_AGE_MAX, is_loopback

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures we take: asymmetric only, so that neither ``none`` nor a public key used as a secret passes."""
CLOCK_SKEW_MAX: Final = timedelta(seconds=60)
LOGOUT_TOKEN_AGE_MAX: Final = timedelta(minutes=5)
METADATA_AGE_MAX: Final = timedelta(hours=1)
KEYS_REFETCH_INTERVAL: Final = timedelta(seconds=60)
"""An unknown key id fetches the keys again, at most this often: strangers can't make us hammer the provider."""
CLAIMS_NEEDED: Final = ("email", "email_verified", "auth_time")
"""To be known at the first sign-in, and to prove anew who one is."""
TIMEOUT_SECONDS: Final = 10
ANSWER_BYTES_MAX: Final = 262_144
TOKEN_CHARACTERS_MAX: Final = 16_384
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LEEWAY: Final = int(CLOCK_SKEW_MAX.total_seconds())
_METHODS: Final = {"client_secret_basic", "client_secret_post"}


class OidcError(Exception):
    """Sign-in or logout through the provider failed; ``code`` is for the journal and holds no one's words."""

    def __init__(self, code: str) -> None:
        super().__init__(f"OpenID sign-in failed: {code}")
        self.code = code


class ProviderAwayError(OidcError):
    """The provider can't be reached or answers nonsense. Try again later."""


class SignInRefusedError(OidcError):
    """This sign-in does not count: forged, stale, cancelled or refused by the provider. Begin again."""


class TokenRefusedError(OidcError):
    """A token from the provider, or from someone who claims to be it, does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where staff sign in, and who we are there."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    post_logout_uri: str
    scope: str = "openid email"

    def __post_init__(self) -> None:
        assert _is_safe(self.issuer), "the issuer is https, or http on loopback"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInUnderWay:
    """What must be remembered between leaving for the provider and coming back; secret, server side only."""

    state: str
    nonce: str
    verifier: str
    began: datetime
    again: bool = False
    """The person is to prove anew who they are: an older sign-in at the provider does not do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderIdentity:
    """Who the provider says came back. Look them up by (issuer, subject) in the directory of people."""

    issuer: str
    subject: str
    sid: str
    authenticated: datetime
    id_token: str
    """Kept until the session ends as the hint for the logout at the provider."""
    email: str = ""
    """Only where the provider says that it has verified the address."""
    lacking: tuple[str, ...] = ()
    """Claims that the hub needs and the ID token left out: something to set at the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutOrder:
    """The provider ends ``sid``, or without one all of ``subject``'s sessions begun no later than ``issued``.

    Keep ``token_id`` until ``expires`` and take it once.
    """

    issuer: str
    subject: str
    sid: str
    token_id: str
    issued: datetime
    expires: datetime


class OidcClient:
    """One provider's client. Make one per process: it caches the provider's metadata and keys.

    ``mint`` returns a fresh random token of 43 to 128 URL-safe characters; ``transport`` replaces the network in tests.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        now: Callable[[], datetime],
        mint: Callable[[], str],
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._provider = provider
        self._now = now
        self._mint = mint
        self._transport = transport
        self._metadata: Mapping[str, object] = {}
        self._metadata_fetched: datetime | None = None
        self._keys = KeySet([])
        self._keys_fetched: datetime | None = None

    async def begin(self, *, again: bool = False) -> tuple[str, SignInUnderWay]:
        """Return the URL to send the browser to, and what to remember. ``again`` makes the provider ask once more.

        Raises:
            ProviderAwayError: the provider's metadata can't be had.
        """
        endpoint = self._endpoint(await self._discovered(), "authorization_endpoint")
        under_way = SignInUnderWay(
            state=self._mint(), nonce=self._mint(), verifier=self._mint(), began=self._now(), again=again
        )
        # An age is asked for each time: only then has the provider to say when it last saw a proof.
        more = {"max_age": "0", "prompt": "login"} if again else {"max_age": str(int(SESSION_AGE_MAX.total_seconds()))}
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                endpoint, state=under_way.state, code_verifier=under_way.verifier, nonce=under_way.nonce, **more
            )
        return str(url), under_way

    async def finish(self, answer: Mapping[str, str], under_way: SignInUnderWay) -> ProviderIdentity:
        """Return who signed in, from the callback's query and what was remembered.

        Raises:
            SignInRefusedError: forged or stale state, no new proof where one was asked for, another issuer, cancelled,
                or a code the provider does not take.
            TokenRefusedError: the ID token does not hold.
            ProviderAwayError: the provider can't be reached or answers nonsense.
        """
        metadata = await self._discovered()
        self._check_answer(answer, under_way, metadata)
        tokens = await self._exchange(answer, under_way, self._endpoint(metadata, "token_endpoint"))
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise TokenRefusedError("no-id-token")
        token = await self._verified(id_token)
        self._check_id_token(token, under_way.nonce, access_token if isinstance(access_token, str) else "")
        claims = token.claims
        authenticated = self._proved(claims)
        if under_way.again and authenticated < under_way.began - CLOCK_SKEW_MAX:
            raise SignInRefusedError("not-anew")
        return ProviderIdentity(
            issuer=self._provider.issuer,
            subject=str(claims["sub"]),
            sid=str(claims.get("sid") or ""),
            authenticated=authenticated,
            id_token=id_token,
            email=str(claims.get("email") or "") if claims.get("email_verified") is True else "",
            lacking=tuple(name for name in CLAIMS_NEEDED if name not in claims),
        )

    async def logout_url(self, *, id_token: str, state: str) -> str | None:
        """Return where to send the browser to end the provider's session too; ``None`` where it has no such page.

        Raises:
            ProviderAwayError: the provider's metadata can't be had.
        """
        metadata = await self._discovered()
        if "end_session_endpoint" not in metadata:
            return None
        endpoint = self._endpoint(metadata, "end_session_endpoint")
        query = {
            "client_id": self._provider.client_id,
            "post_logout_redirect_uri": self._provider.post_logout_uri,
            "state": state,
        }
        if id_token:
            query["id_token_hint"] = id_token
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"

    async def logout_order(self, logout_token: str) -> LogoutOrder:
        """Return whose sessions to end, from the token posted to the back-channel logout address.

        Raises:
            TokenRefusedError: the token is not the provider's, not for us, stale, or no logout token.
            ProviderAwayError: the provider's keys can't be had.
        """
        token = await self._verified(logout_token)
        claims = token.claims
        if str(token.header.get("typ", "logout+jwt")).lower() not in ("logout+jwt", "jwt"):
            raise TokenRefusedError("typ")
        self._check_registered(token, "jti", "events")
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
            raise TokenRefusedError("events")
        if "nonce" in claims:
            raise TokenRefusedError("nonce")
        subject, sid = claims.get("sub") or "", claims.get("sid") or ""
        if not isinstance(subject, str) or not isinstance(sid, str) or not (subject or sid):
            raise TokenRefusedError("subject")
        issued = _instant(claims["iat"])
        if self._now() - issued > LOGOUT_TOKEN_AGE_MAX:
            raise TokenRefusedError("iat")
        return LogoutOrder(
            issuer=self._provider.issuer,
            subject=subject,
            sid=sid,
            token_id=str(claims["jti"]),
            issued=issued,
            expires=_instant(claims["exp"]),
        )

    def _check_answer(
        self, answer: Mapping[str, str], under_way: SignInUnderWay, metadata: Mapping[str, object]
    ) -> None:
        if not hmac.compare_digest(answer.get("state", "").encode(), under_way.state.encode()):
            raise SignInRefusedError("state")
        if self._now() - under_way.began >= SIGN_IN_AGE_MAX:
            raise SignInRefusedError("stale")
        named = metadata.get("authorization_response_iss_parameter_supported") is True
        if (named or "iss" in answer) and answer.get("iss") != self._provider.issuer:
            raise SignInRefusedError("issuer")
        if "error" in answer:
            raise SignInRefusedError("cancelled" if answer["error"] == "access_denied" else "provider-error")
        if not 0 < len(answer.get("code", "")) <= TOKEN_CHARACTERS_MAX:
            raise SignInRefusedError("no-code")

    async def _exchange(
        self, answer: Mapping[str, str], under_way: SignInUnderWay, endpoint: str
    ) -> Mapping[str, object]:
        try:
            async with self._client() as client:
                tokens: Mapping[str, object] = await client.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=answer["code"],
                    redirect_uri=self._provider.redirect_uri,
                    code_verifier=under_way.verifier,
                )
        except AuthlibBaseError as error:
            raise SignInRefusedError("code") from error
        except (httpx2.HTTPError, ValueError, RecursionError) as error:
            raise ProviderAwayError("token-endpoint") from error
        return tokens

    def _check_id_token(self, token: Token, nonce: str, access_token: str) -> None:
        assert nonce, "a sign-in under way has a nonce; without one Authlib would not compare"
        self._check_registered(token, "sub")
        params = {"nonce": nonce, "client_id": self._provider.client_id, "access_token": access_token}
        try:
            CodeIDToken(token.claims, token.header, params=params).validate(now=self._seconds(), leeway=_LEEWAY)
        except (JoseError, AuthlibBaseError) as error:
            raise TokenRefusedError("claims") from error

    def _proved(self, claims: Mapping[str, object]) -> datetime:
        """Return when the person last proved who they are; long ago where the provider does not say.

        Whoever sits at an unlocked desk can take ``max_age`` out of the address: then nothing is said, and the token's
        own time would make a new proof of the old one.
        """
        if claims.get("auth_time") is None:
            return self._now() - SESSION_AGE_MAX
        return _instant(claims["auth_time"])

    def _check_registered(self, token: Token, *essential: str) -> None:
        """Check issuer, audience, expiry and issue time, and that ``essential`` claims are there and not blank."""
        there: ClaimsOption = {"essential": True}
        registry = JWTClaimsRegistry(
            now=self._seconds(),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._provider.client_id},
            exp=there,
            iat=there,
            **dict.fromkeys(essential, there),
        )
        try:
            registry.validate(token.claims)
        except JoseError as error:
            raise TokenRefusedError(str(getattr(error, "claim", "claims"))) from error

    async def _verified(self, token: str) -> Token:
        """Return the token, its signature checked against the provider's keys; an unknown key fetches them again."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise TokenRefusedError("too-long")
        await self._refresh_keys(METADATA_AGE_MAX)
        try:
            try:
                return decode(token, self._keys, algorithms=list(ALGORITHMS))
            except InvalidKeyIdError:
                await self._refresh_keys(KEYS_REFETCH_INTERVAL)
                return decode(token, self._keys, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            # Headers are read before the signature, so a stranger's ``crit`` or nesting can raise what joserfc forgot.
            raise TokenRefusedError("signature") from error

    async def _discovered(self) -> Mapping[str, object]:
        now = self._now()
        if self._metadata_fetched is None or now - self._metadata_fetched >= METADATA_AGE_MAX:
            found = await self._fetch(self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self._provider.issuer:
                raise ProviderAwayError("issuer")
            self._metadata, self._metadata_fetched = found, now
        return self._metadata

    async def _refresh_keys(self, age: timedelta) -> None:
        now = self._now()
        if self._keys_fetched is not None and now - self._keys_fetched < age:
            return
        found = await self._fetch(self._endpoint(await self._discovered(), "jwks_uri"))
        try:
            self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise ProviderAwayError("keys") from error
        self._keys_fetched = now

    async def _fetch(self, url: str) -> Mapping[str, object]:
        """Return the JSON object at ``url``; redirects are not followed."""
        try:
            async with httpx2.AsyncClient(transport=self._transport, timeout=TIMEOUT_SECONDS) as client:
                answer = await client.get(url, headers={"Accept": "application/json"})
            answer.raise_for_status()
            found = answer.json() if len(answer.content) <= ANSWER_BYTES_MAX else None
        except (httpx2.HTTPError, ValueError, RecursionError) as error:
            raise ProviderAwayError("unreachable") from error
        if not isinstance(found, dict):
            raise ProviderAwayError("answer")
        return found

    def _client(self) -> AsyncOAuth2Client:
        supported = self._metadata.get("token_endpoint_auth_methods_supported")
        methods = _METHODS & set(supported) if isinstance(supported, list) else _METHODS
        return AsyncOAuth2Client(
            client_id=self._provider.client_id,
            client_secret=self._provider.client_secret,
            token_endpoint_auth_method=min(methods, default="client_secret_basic"),
            scope=self._provider.scope,
            redirect_uri=self._provider.redirect_uri,
            code_challenge_method="S256",
            transport=self._transport,
            timeout=TIMEOUT_SECONDS,
        )

    def _endpoint(self, metadata: Mapping[str, object], name: str) -> str:
        url = metadata.get(name)
        if not isinstance(url, str) or not _is_safe(url):
            raise ProviderAwayError(name)
        return url

    def _seconds(self) -> int:
        return int(self._now().timestamp())


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _instant(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TokenRefusedError("instant")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise TokenRefusedError("instant") from error


CLIENT_TOKEN_LIFE_MAX = timedelta(minutes=5)
"""The longest life of a caller's token, as the CDS Hooks specification asks."""


@dataclass(frozen=True, slots=True)
class ClientToken:
    """A caller's token that was verified: its issuer and id, and when it ends."""

    key: str
    ends: datetime


def verified_client(
    token: str, issuers: Mapping[str, Mapping[str, object]], audience: str, now: datetime
) -> ClientToken:
    """Return a caller's token, its signature checked against the key set registered for its issuer.

    Raises:
        TokenRefusedError: of no registered issuer, not signed by its keys, not for this address, over, or too long.
    """
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise TokenRefusedError("too-long")
    for issuer, keys in issuers.items():
        try:
            read = decode(token, KeySet.import_key_set(dict(keys)), algorithms=["ES384", "RS384", "ES256", "RS256"])  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            continue  # Of another issuer, or of none.
        there: ClaimsOption = {"essential": True}
        registry = JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp=there,
            iat=there,
            jti=there,
        )
        try:
            registry.validate(read.claims)
        except JoseError as error:
            raise TokenRefusedError(str(getattr(error, "claim", "claims"))) from error
        ends = _instant(read.claims["exp"])
        if ends - _instant(read.claims["iat"]) > CLIENT_TOKEN_LIFE_MAX:
            raise TokenRefusedError("exp")
        return ClientToken(f"{issuer} {read.claims['jti']}", ends)
    raise TokenRefusedError("signature")
