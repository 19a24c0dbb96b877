"""Passkeys for people who were invited and come back: WebAuthn, challenge in, credential out. Keeps nothing itself.

The caller makes a challenge of random bytes, keeps it in the server-side session for a few minutes and takes it away
before it verifies, so that a challenge serves once. User verification is required: the telephone's own lock counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CHALLENGE_BYTES: Final = 32
RESPONSE_CHARACTERS_MAX: Final = 16_384
"""A browser's answer above this is refused before it is parsed."""
PROMPT_MILLISECONDS: Final = 120_000

_MALFORMED: Final = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)
"""What parsing a stranger's JSON and CBOR may raise."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who we are to the authenticator: the host name, and the exact origins our pages have."""

    host: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passkey:
    """One registered credential, as it is kept."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    person_id: str
    backed_up: bool = False


class PasskeyError(Exception):
    """The browser's answer proves nothing. ``code`` is for the journal; the page says the same for every code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"passkey refused: {code}")
        self.code = code


def registration_options(
    party: RelyingParty, *, challenge: bytes, person_id: str, name: str, known: Iterable[bytes] = ()
) -> str:
    """Return the JSON that the page gives to ``navigator.credentials.create``.

    ``name`` is shown by the authenticator's chooser; it names no plan and no condition. ``known`` are the credential
    ids that the person has already.
    """
    assert len(challenge) >= CHALLENGE_BYTES, "a challenge is at least 32 random bytes"
    options = generate_registration_options(
        rp_id=party.host,
        rp_name=party.name,
        user_name=name,
        user_id=person_id.encode(),
        challenge=challenge,
        timeout=PROMPT_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return options_to_json(options)


def registered(party: RelyingParty, *, challenge: bytes, person_id: str, response: str) -> Passkey:
    """Return the passkey that the browser made for this challenge.

    Raises:
        PasskeyError: the response is malformed, for another challenge, host or origin, or not verified by the person.
    """
    _bounded(response)
    try:
        verified = verify_registration_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise PasskeyError("registration") from error
    return Passkey(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        person_id=person_id,
        backed_up=verified.credential_backed_up,
    )


def authentication_options(party: RelyingParty, *, challenge: bytes, known: Iterable[bytes] = ()) -> str:
    """Return the JSON for ``navigator.credentials.get``; without ``known`` the authenticator offers what it has.

    Leave ``known`` empty where the person has not said who they are: a list would tell whether they exist.
    """
    assert len(challenge) >= CHALLENGE_BYTES, "a challenge is at least 32 random bytes"
    options = generate_authentication_options(
        rp_id=party.host,
        challenge=challenge,
        timeout=PROMPT_MILLISECONDS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known] or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def credential_named(response: str) -> bytes:
    """Return the id of the credential that a response claims to be from, to look the passkey up.

    Raises:
        PasskeyError: the response is malformed.
    """
    _bounded(response)
    try:
        return parse_authentication_credential_json(response).raw_id
    except _MALFORMED as error:
        raise PasskeyError("malformed") from error


def authenticated(party: RelyingParty, passkey: Passkey, *, challenge: bytes, response: str) -> Passkey:
    """Return the passkey with its new count, to be kept, after it signed this challenge.

    Raises:
        PasskeyError: the response is malformed, from another passkey, for another challenge, host or origin, not
            verified by the person, badly signed, or its count went back, which a copied authenticator shows by.
    """
    if credential_named(response) != passkey.credential_id:
        raise PasskeyError("other-passkey")
    try:
        verified = verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=list(party.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise PasskeyError("authentication") from error
    return Passkey(
        credential_id=passkey.credential_id,
        public_key=passkey.public_key,
        sign_count=verified.new_sign_count,
        person_id=passkey.person_id,
        backed_up=verified.credential_backed_up,
    )


def _bounded(response: str) -> None:
    if len(response) > RESPONSE_CHARACTERS_MAX:
        raise PasskeyError("too-long")
