"""CDS Hooks at the door: unsigned calls in the demo alone, else a token of a registered issuer, once."""

from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import ECKey
from joserfc.jwt import encode

from auth.oidc import TokenRefusedError, verified_client
from tests.web.conftest import As
from tests.web.mary import Mary

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ISSUER, ADDRESS = "https://ehr.example", "https://hub.example/cds-services/careplan-order-sign"
KEY = ECKey.generate_key("P-384", {"kid": "1"})
ISSUERS = {ISSUER: {"keys": [KEY.as_dict(private=False)]}}


def a_token(key: ECKey = KEY, **other: object) -> str:
    claims = {"iss": ISSUER, "aud": ADDRESS, "iat": NOW.timestamp(), "exp": (NOW + timedelta(minutes=4)).timestamp(),
              "jti": "1", **other}  # fmt: skip
    whole = {name: int(each) if isinstance(each, float) else each for name, each in claims.items()}
    return encode({"alg": "ES384", "kid": "1"}, whole, key, algorithms=["ES384"])


def test_a_token_of_a_registered_issuer_for_this_address_is_taken() -> None:
    assert verified_client(a_token(), ISSUERS, ADDRESS, NOW).key.startswith(ISSUER)


@pytest.mark.parametrize(
    "token",
    [
        "", "x.y.z", a_token(ECKey.generate_key("P-384", {"kid": "1"})), a_token(aud="https://other.example"),
        a_token(iss="https://other.example"), a_token(exp=(NOW - timedelta(hours=1)).timestamp()),
        a_token(exp=(NOW + timedelta(hours=1)).timestamp()),
    ],
)  # fmt: skip
def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefusedError):
        verified_client(token, ISSUERS, ADDRESS, NOW)


def test_the_demo_answers_unsigned_calls(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    sent = {"hook": "patient-view", "context": {"patientId": "p"}, "prefetch": {}}

    assert len(browser.get("/cds-services").json()["services"]) == 3
    assert browser.post("/cds-services/careplan-patient-view", json=sent).json() == {"cards": []}
    assert browser.post("/cds-services/careplan-patient-view", content=b"{").status_code == 400
    assert browser.post("/cds-services/nothing", json=sent).status_code == 404
