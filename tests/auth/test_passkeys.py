"""Passkeys against an authenticator in this process: the honest answer passes, everything near it does not."""

import base64
import hashlib
import json
from dataclasses import replace
from struct import pack

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

from auth.passkeys import (
    RESPONSE_CHARACTERS_MAX,
    Passkey,
    PasskeyError,
    RelyingParty,
    authenticated,
    authentication_options,
    credential_named,
    registered,
    registration_options,
)

PARTY = RelyingParty("plans.example", "Care plans", ("https://plans.example",))
CHALLENGE, ANOTHER = bytes(range(32)), bytes(32)
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def coded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Authenticator:
    """A telephone with one P-256 key."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential = b"credential-id-16"
        self.count = 0
        self.flags = PRESENT | VERIFIED
        self.host = PARTY.host
        self.origin = PARTY.origins[0]

    def create(self, challenge: bytes = CHALLENGE) -> str:
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        public = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + pack(">H", len(self.credential)) + self.credential + public
        authenticator = self._authenticator_words(ATTESTED) + attested
        statement = encode_cbor({"fmt": "none", "attStmt": {}, "authData": authenticator})
        return self._answer(
            {
                "clientDataJSON": coded(self._browser("webauthn.create", challenge)),
                "attestationObject": coded(statement),
            }
        )

    def get(self, challenge: bytes = CHALLENGE) -> str:
        self.count += 1
        browser, authenticator = self._browser("webauthn.get", challenge), self._authenticator_words(0)
        signature = self.key.sign(authenticator + hashlib.sha256(browser).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": coded(browser),
                "authenticatorData": coded(authenticator),
                "signature": coded(signature),
                "userHandle": coded(b"daughter"),
            }
        )

    def _authenticator_words(self, more: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([self.flags | more]) + pack(">I", self.count)

    def _browser(self, kind: str, challenge: bytes) -> bytes:
        return json.dumps({"type": kind, "challenge": coded(challenge), "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        name = coded(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


@pytest.fixture
def telephone() -> Authenticator:
    return Authenticator()


def kept(telephone: Authenticator) -> Passkey:
    return registered(PARTY, challenge=CHALLENGE, person_id="daughter", response=telephone.create())


def test_a_passkey_is_registered_and_brings_its_person_back(telephone: Authenticator) -> None:
    passkey = kept(telephone)
    back = authenticated(PARTY, passkey, challenge=ANOTHER, response=telephone.get(ANOTHER))

    assert (passkey.credential_id, passkey.person_id, passkey.sign_count) == (telephone.credential, "daughter", 0)
    assert back == replace(passkey, sign_count=1)
    assert credential_named(telephone.get()) == telephone.credential


@pytest.mark.parametrize("change", ["challenge", "host", "origin", "unverified", "absent"])
def test_a_registration_for_another_page_or_without_its_person_is_refused(
    telephone: Authenticator, change: str
) -> None:
    _disturb(telephone, change)
    challenge = ANOTHER if change == "challenge" else CHALLENGE

    with pytest.raises(PasskeyError):
        registered(PARTY, challenge=CHALLENGE, person_id="daughter", response=telephone.create(challenge))


@pytest.mark.parametrize("change", ["challenge", "host", "origin", "unverified", "absent", "key", "credential"])
def test_an_answer_for_another_page_or_by_another_key_is_refused(telephone: Authenticator, change: str) -> None:
    passkey = kept(telephone)
    _disturb(telephone, change)
    challenge = ANOTHER if change == "challenge" else CHALLENGE

    with pytest.raises(PasskeyError):
        authenticated(PARTY, passkey, challenge=CHALLENGE, response=telephone.get(challenge))


def _disturb(telephone: Authenticator, change: str) -> None:
    match change:
        case "host":
            telephone.host = "evil.example"
        case "origin":
            telephone.origin = "https://plans.example.evil.example"
        case "unverified":
            telephone.flags = PRESENT
        case "absent":
            telephone.flags = 0
        case "key":
            telephone.key = ec.generate_private_key(ec.SECP256R1())
        case "credential":
            telephone.credential = b"another-one-16-b"


def test_a_registration_is_no_authentication(telephone: Authenticator) -> None:
    passkey = kept(telephone)

    with pytest.raises(PasskeyError):
        authenticated(PARTY, passkey, challenge=CHALLENGE, response=telephone.create())
    with pytest.raises(PasskeyError):
        registered(PARTY, challenge=CHALLENGE, person_id="daughter", response=telephone.get())


def test_a_count_that_goes_back_shows_a_copy(telephone: Authenticator) -> None:
    passkey = replace(kept(telephone), sign_count=5)

    with pytest.raises(PasskeyError):
        authenticated(PARTY, passkey, challenge=CHALLENGE, response=telephone.get())


GARBAGE = [
    "",
    "{}",
    "[]",
    "null",
    "{",
    '{"id":"a"}',
    '{"id":1,"rawId":2,"response":{},"type":"public-key"}',
    "\ud800",
    "[" * 16_000,
]


@pytest.mark.parametrize("response", [*GARBAGE, "x" * (RESPONSE_CHARACTERS_MAX + 1)])
def test_garbage_is_refused_as_such(telephone: Authenticator, response: str) -> None:
    passkey = kept(telephone)

    with pytest.raises(PasskeyError):
        registered(PARTY, challenge=CHALLENGE, person_id="daughter", response=response)
    with pytest.raises(PasskeyError):
        credential_named(response)
    with pytest.raises(PasskeyError):
        authenticated(PARTY, passkey, challenge=CHALLENGE, response=response)


@pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature", "attestationObject"])
@pytest.mark.parametrize("value", ["", "AAAA", "!!!", coded(b"\xff" * 200), coded(b"{}"), coded(b"[1]")])
def test_a_damaged_part_is_refused_as_such(telephone: Authenticator, name: str, value: str) -> None:
    passkey = kept(telephone)
    creating, getting = json.loads(telephone.create()), json.loads(telephone.get())
    creating["response"][name] = getting["response"][name] = value

    if name in ("clientDataJSON", "attestationObject"):
        with pytest.raises(PasskeyError):
            registered(PARTY, challenge=CHALLENGE, person_id="daughter", response=json.dumps(creating))
    if name != "attestationObject":
        with pytest.raises(PasskeyError):
            authenticated(PARTY, passkey, challenge=CHALLENGE, response=json.dumps(getting))


def test_options_ask_for_the_persons_own_lock_and_tell_nobody_who_exists() -> None:
    making = json.loads(
        registration_options(PARTY, challenge=CHALLENGE, person_id="daughter", name="Care plan page", known=[b"old"])
    )
    coming = json.loads(authentication_options(PARTY, challenge=CHALLENGE))

    assert making["rp"] == {"name": "Care plans", "id": "plans.example"}
    assert making["challenge"] == coming["challenge"] == coded(CHALLENGE)
    assert making["authenticatorSelection"]["userVerification"] == coming["userVerification"] == "required"
    assert [each["id"] for each in making["excludeCredentials"]] == [coded(b"old")]
    assert coming.get("allowCredentials", []) == []


def test_a_challenge_is_never_short() -> None:
    with pytest.raises(AssertionError):
        authentication_options(PARTY, challenge=b"short")
    with pytest.raises(AssertionError):
        registration_options(PARTY, challenge=b"short", person_id="daughter", name="Care plan page")
