"""The hub as a client of FHIR servers: SMART Backend Services, with a key of its own, reading one patient at a time.

``private_key_jwt`` with ES384 (SMART App Launch 2.2): the key follows from the hub's secret, so every process has it
and no row holds it; a server gets its public half. What is asked for is bounded, paged and paced. Nothing here knows a
store.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import ECKey
from joserfc.jwt import encode

from auth.ehr_launch import is_safe

TYPES: Final = (
    "AllergyIntolerance", "Condition", "Encounter", "Goal", "MedicationRequest", "MedicationStatement", "Observation",
)  # fmt: skip
"""What is asked for of a patient: what a plan has a place for and an EHR has to tell."""

SCOPE: Final = " ".join(("system/Patient.rs", *(f"system/{kind}.rs" for kind in TYPES)))
ASSERTION_LASTS: Final = timedelta(minutes=4)
TIMEOUT_SECONDS: Final = 15
PAGE: Final = 100
PAGES_MAX: Final = 40
"""Of one type: 4,000 resources; who has more brings a file."""

BYTES_MAX: Final = 16 << 20
"""Of all answers of one reading, as a file on the page may have."""

PAUSE_SECONDS: Final = 0.2
"""Between two requests: at most five a second."""

TRIES: Final = 3
WAIT_SECONDS_MAX: Final = 8.0
"""How long a server that is busy is waited for at once; one that wants more is asked again at the next turn."""

_SPACE: Final = (1 << 384) - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D
"""The order of P-384 (SEC 2, section 2.5.1)."""

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


class FhirServerError(Exception):
    """A reading came to nothing; the message is a sentence for the team and repeats nothing that the server said.

    ``status`` is that of an answer, 0 where there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """A server, and the token with which it is read."""

    base: str
    token: str


class BackendClient:
    """The hub as a client; ``mint`` returns a fresh random token, ``pause`` and ``transport`` are replaced in tests."""

    def __init__(
        self,
        secret: str,
        *,
        now: Callable[[], datetime],
        mint: Callable[[], str],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = _key(secret)
        self._now, self._mint, self._pause, self._transport = now, mint, pause, transport

    def public_keys(self) -> Mapping[str, object]:
        """Return the JWK Set that a server verifies the hub by."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": "ES384"}]}

    async def entered(self, base: str, client_id: str) -> ServerAccess:
        """Return access to a server.

        Raises:
            FhirServerError: it can't be had.
        """
        async with self._client() as client:
            told = await self._answer(client, f"{base}/.well-known/smart-configuration", {})
            endpoint = told.get("token_endpoint")
            if not isinstance(endpoint, str) or not is_safe(endpoint):
                raise FhirServerError("The server does not say where its tokens are.")
            now = int(self._now().timestamp())
            claims = {
                "iss": client_id, "sub": client_id, "aud": endpoint, "jti": self._mint(),
                "exp": now + int(ASSERTION_LASTS.total_seconds()),
            }  # fmt: skip
            header = {"alg": "ES384", "kid": str(self._key.kid), "typ": "JWT"}
            form = {
                "grant_type": "client_credentials", "scope": SCOPE,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": encode(header, claims, self._key, algorithms=["ES384"]),
            }  # fmt: skip
            try:
                answer = await client.post(endpoint, data=form)
                body = answer.json() if answer.status_code == 200 else None
            except (httpx2.HTTPError, ValueError, RecursionError) as error:
                raise FhirServerError("The server can't be reached.") from error
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token.isprintable():
            raise FhirServerError("The server gave no token. Check the client id, and the hub's key there.")
        return ServerAccess(base, token)

    async def patient_with(self, access: ServerAccess, numbers: tuple[tuple[str, str], ...]) -> str:
        """Return the id of the one Patient who has one of these numbers there, ``""`` where it is none or several.

        Raises:
            FhirServerError: the server can't be asked.
        """
        found: set[str] = set()
        async with self._client() as client:
            for system, value in numbers:
                asked = urlencode({"identifier": f"{system}|{value}", "_count": "2"})
                told = await self._answer(client, f"{access.base}/Patient?{asked}", _bearer(access))
                found |= {str(each.get("id")) for each in _resources(told) if each.get("resourceType") == "Patient"}
        return found.pop() if len(found) == 1 else ""

    async def resources(
        self, access: ServerAccess, patient: str, since: datetime | None, lacking: list[str]
    ) -> AsyncIterator[Any]:
        """Yield the patient, then what was told of them since then, everything where that is ``None``.

        Types that the server does not have, or does not open to the hub, are put into ``lacking``.

        Raises:
            FhirServerError: the server can't be asked, or tells more than is taken.
        """
        if not _ID.fullmatch(patient):
            raise FhirServerError("This is no id of a Patient.")
        size = [0]
        async with self._client() as client:
            yield await self._answer(client, f"{access.base}/Patient/{patient}", _bearer(access), size)
            for kind in TYPES:
                asked = {"patient": patient, "_count": str(PAGE)}
                if since is not None:
                    asked["_lastUpdated"] = f"ge{since.astimezone(UTC).isoformat(timespec='seconds')}"
                address = f"{access.base}/{kind}?{urlencode(asked)}"
                for page in range(PAGES_MAX):
                    try:
                        told = await self._answer(client, address, _bearer(access), size)
                    except FhirServerError as error:
                        if page or error.status not in (403, 404):
                            raise
                        lacking.append(kind)
                        break
                    for each in _resources(told):
                        yield each
                    address = _next(told)
                    if not address:
                        break
                    if not _same_place(address, access.base):
                        raise FhirServerError("The server leads to another address for its next page.")
                else:
                    raise FhirServerError(f"The server has more than {PAGES_MAX * PAGE:,} resources of one type.")
        if len(lacking) == len(TYPES):
            raise FhirServerError("The server opens nothing of this patient to the hub. Check the scopes there.")

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=self._transport, timeout=TIMEOUT_SECONDS)

    async def _answer(
        self, client: httpx2.AsyncClient, address: str, headers: Mapping[str, str], size: list[int] | None = None
    ) -> Mapping[str, Any]:
        """Return the JSON object at the address; redirects are not followed, a busy server is asked again."""
        accept = {"Accept": "application/fhir+json, application/json"}
        for left in range(TRIES - 1, -1, -1):
            await self._pause(PAUSE_SECONDS)
            try:
                answer = await client.get(address, headers={**accept, **headers})
            except httpx2.HTTPError as error:
                if left:
                    continue
                raise FhirServerError("The server can't be reached.") from error
            if answer.status_code in (429, 500, 502, 503, 504) and left:
                await self._pause(min(_wanted(answer.headers.get("retry-after", "")), WAIT_SECONDS_MAX))
                continue
            return _read(answer, size)
        raise AssertionError("the last try returns or raises")


def _read(answer: httpx2.Response, size: list[int] | None) -> Mapping[str, Any]:
    if answer.status_code != 200:
        raise FhirServerError(f"The server answered with {answer.status_code}.", answer.status_code)
    if size is not None:
        size[0] += len(answer.content)
    if len(answer.content) > BYTES_MAX or (size is not None and size[0] > BYTES_MAX):
        raise FhirServerError(f"The server tells more than {BYTES_MAX >> 20} MB of this patient.")
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise FhirServerError("The server answers in a way that can't be read.") from error
    if not isinstance(found, dict):
        raise FhirServerError("The server answers in a way that can't be read.")
    return found


def _wanted(told: str) -> float:
    return float(told) if told.isdecimal() and len(told) < 6 else 1.0


def _bearer(access: ServerAccess) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {access.token}"}


def _resources(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = told.get("entry")
    found = [each.get("resource") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return [each for each in found if isinstance(each, dict) and each.get("resourceType") != "OperationOutcome"]


def _next(told: Mapping[str, Any]) -> str:
    links = told.get("link")
    for each in links if isinstance(links, list) else []:
        if isinstance(each, dict) and each.get("relation") == "next" and isinstance(each.get("url"), str):
            return str(each["url"])
    return ""


def _same_place(address: str, base: str) -> bool:
    one, other = urlsplit(address), urlsplit(base)
    return (one.scheme, one.netloc) == (other.scheme, other.netloc)


def _key(secret: str) -> ECKey:
    drawn = HKDF(hashes.SHA384(), 56, b"careplan-hub", b"fhir backend client").derive(secret.encode())
    private = ec.derive_private_key(int.from_bytes(drawn, "big") % (_SPACE - 1) + 1, ec.SECP384R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = private.public_key().public_bytes(serialization.Encoding.DER, form)
    return ECKey.import_key(pem, {"kid": sha256(public).hexdigest()[:16]})
