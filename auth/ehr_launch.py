"""Launch from an EHR: the hub as a SMART app there (SMART App Launch 2.2), to learn which patient is open in it.

The EHR is asked for the patient and for nothing else (``launch patient/Patient.r``); who the person is, the hub's own
sign-in says. The hub is a public client with PKCE. What a launch under way needs is a value (``LaunchUnderWay``) that
the caller keeps for the browser and takes away before it calls ``finish``, so that an answer serves once.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

from auth.oidc import ANSWER_BYTES_MAX, TIMEOUT_SECONDS
from auth.sessions import SIGN_IN_AGE_MAX, is_loopback

SCOPE: Final = "launch patient/Patient.r"
LAUNCH_CHARACTERS_MAX: Final = 2_000
NUMBERS_MAX: Final = 50
"""Of one patient; nobody has more, and each is looked up."""

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


class LaunchError(Exception):
    """The launch came to nothing; the message is a sentence for the person and repeats nothing of the EHR's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchUnderWay:
    """What must be remembered between leaving for the EHR and coming back; secret, server side only."""

    issuer: str
    client_id: str
    state: str
    verifier: str
    token_endpoint: str
    began: datetime


class EhrClient:
    """The hub as a client of EHRs. ``mint`` returns a fresh random token; ``transport`` is the network, in tests."""

    def __init__(
        self,
        redirect_uri: str,
        *,
        now: Callable[[], datetime],
        mint: Callable[[], str],
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._redirect_uri, self._now, self._mint, self._transport = redirect_uri, now, mint, transport

    async def begin(self, issuer: str, client_id: str, launch: str) -> tuple[str, LaunchUnderWay]:
        """Return the EHR's address to send the browser to, and what to remember.

        Raises:
            LaunchError: the EHR can't be reached, or does not say where to go.
        """
        told = await self._fetch(f"{issuer}/.well-known/smart-configuration")
        endpoints = [told.get(name) for name in ("authorization_endpoint", "token_endpoint")]
        if not all(isinstance(each, str) and is_safe(each) for each in endpoints):
            raise LaunchError("The EHR does not say where its launch goes on.")
        under_way = LaunchUnderWay(
            issuer=issuer, client_id=client_id, state=self._mint(), verifier=self._mint(),
            token_endpoint=str(endpoints[1]), began=self._now(),
        )  # fmt: skip
        async with self._client(client_id) as client:
            address, _ = client.create_authorization_url(
                str(endpoints[0]), state=under_way.state, code_verifier=under_way.verifier, aud=issuer, launch=launch
            )
        return str(address), under_way

    async def finish(self, answer: Mapping[str, str], under_way: LaunchUnderWay) -> tuple[tuple[str, str], ...]:
        """Return system and value of each number of the patient who is open in the EHR.

        Raises:
            LaunchError: forged or stale, refused by the EHR, or it names no patient.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), under_way.state.encode()):
            raise LaunchError("This launch was not begun in this browser. Press the button in the EHR again.")
        if self._now() - under_way.began >= SIGN_IN_AGE_MAX:
            raise LaunchError("This launch took too long. Press the button in the EHR again.")
        if "error" in answer or not answer.get("code"):
            raise LaunchError("The EHR did not allow the launch.")
        try:
            async with self._client(under_way.client_id) as client:
                tokens: Mapping[str, object] = await client.fetch_token(
                    under_way.token_endpoint, grant_type="authorization_code", code=answer["code"],
                    redirect_uri=self._redirect_uri, code_verifier=under_way.verifier,
                )  # fmt: skip
        except (AuthlibBaseError, httpx2.HTTPError, ValueError, RecursionError) as error:
            raise LaunchError("The EHR did not take the launch. Press the button there again.") from error
        patient, token = tokens.get("patient"), tokens.get("access_token")
        if not isinstance(patient, str) or not _ID.fullmatch(patient) or not isinstance(token, str):
            raise LaunchError("No patient is open in the EHR.")
        return _numbers(await self._fetch(f"{under_way.issuer}/Patient/{patient}", token))

    async def _fetch(self, address: str, token: str = "") -> Mapping[str, Any]:
        """Return the JSON object at the address; redirects are not followed.

        Raises:
            LaunchError: there is none.
        """
        headers = {"Accept": "application/fhir+json, application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with httpx2.AsyncClient(transport=self._transport, timeout=TIMEOUT_SECONDS) as client:
                answer = await client.get(address, headers=headers)
            answer.raise_for_status()
            found = answer.json() if len(answer.content) <= ANSWER_BYTES_MAX else None
        except (httpx2.HTTPError, ValueError, RecursionError) as error:
            raise LaunchError("The EHR can't be reached at the moment. Try again in a minute.") from error
        if not isinstance(found, dict):
            raise LaunchError("The EHR answers in a way that can't be read.")
        return found

    def _client(self, client_id: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=client_id,
            token_endpoint_auth_method="none",  # noqa: S106 - how a public client shows who it is
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            transport=self._transport,
            timeout=TIMEOUT_SECONDS,
        )


def _numbers(patient: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    listed = patient.get("identifier")
    found = []
    for each in listed[:NUMBERS_MAX] if isinstance(listed, list) else []:
        system, value = (each.get("system"), each.get("value")) if isinstance(each, dict) else (None, None)
        if isinstance(system, str) and isinstance(value, str) and 0 < len(value) <= 100 and len(system) <= 300:
            found.append((system, value))
    return tuple(found)


def is_safe(address: str) -> bool:
    """Say whether an address may be asked: https, or this machine."""
    parts = urlsplit(address)
    local = parts.scheme == "http" and is_loopback(parts.hostname or "")
    return bool(parts.hostname) and (parts.scheme == "https" or local) and parts.username is None
