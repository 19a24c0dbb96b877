"""Sign-in and logout against a provider in this process: the honest way through, and every forgery refused."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from auth.oidc import (
    KEYS_REFETCH_INTERVAL,
    LOGOUT_TOKEN_AGE_MAX,
    METADATA_AGE_MAX,
    OidcClient,
    Provider,
    ProviderAwayError,
    ProviderIdentity,
    SignInRefusedError,
    TokenRefusedError,
)
from auth.sessions import REAUTHENTICATION_AGE_MAX, SIGN_IN_AGE_MAX
from tests.auth.builders import NOW
from tests.auth.provider import CLIENT, ISSUER, SECRET, FakeProvider, a_key, unsigned

pytestmark = pytest.mark.anyio
SETTINGS = Provider(
    issuer=ISSUER,
    client_id=CLIENT,
    client_secret=SECRET,
    redirect_uri="https://plans.example/sign-in/callback",
    post_logout_uri="https://plans.example/sign-in",
)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> FakeProvider:
    return FakeProvider(clock)


@pytest.fixture
def client(provider: FakeProvider, clock: Clock) -> OidcClient:
    numbers = itertools.count()
    return OidcClient(SETTINGS, now=clock, mint=lambda: f"{next(numbers):043d}", transport=provider.transport())


async def signed_in(client: OidcClient, provider: FakeProvider) -> ProviderIdentity:
    url, under_way = await client.begin()
    return await client.finish(provider.authorize(url), under_way)


async def test_the_honest_way_through_says_who_came_back(client: OidcClient, provider: FakeProvider) -> None:
    person = await signed_in(client, provider)

    assert (person.issuer, person.subject, person.sid, person.authenticated) == (ISSUER, "dr-ruiz", "sid-1", NOW)
    assert person.id_token.count(".") == 2


@pytest.mark.parametrize("verified", [False, None, "true", 1, "left out"])
async def test_an_address_counts_only_where_the_provider_has_verified_it(
    client: OidcClient, provider: FakeProvider, verified: object
) -> None:
    provider.claims = {"email": "ruiz@demo.example"} | ({} if verified == "left out" else {"email_verified": verified})
    assert (await signed_in(client, provider)).email == ""

    provider.claims = {"email": "ruiz@demo.example", "email_verified": True}
    assert (await signed_in(client, provider)).email == "ruiz@demo.example"


async def test_the_browser_leaves_with_a_challenge_a_nonce_and_a_state_but_no_secret(client: OidcClient) -> None:
    url, under_way = await client.begin()
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

    assert url.startswith(f"{ISSUER}/authorize?")
    assert query["state"] == under_way.state
    assert query["nonce"] == under_way.nonce
    assert query["scope"] == "openid email"
    assert len({under_way.state, under_way.nonce, under_way.verifier}) == 3
    assert under_way.verifier not in url
    assert "secret" not in url


async def test_a_forged_state_is_refused(client: OidcClient, provider: FakeProvider) -> None:
    url, under_way = await client.begin()
    answer = provider.authorize(url)

    for forged in ({**answer, "state": "forged"}, {"code": answer["code"]}, {**answer, "state": "ü"}):
        with pytest.raises(SignInRefusedError) as refused:
            await client.finish(forged, under_way)
        assert refused.value.code == "state"
    assert "/token" not in provider.requests


async def test_a_sign_in_from_another_browser_is_refused(client: OidcClient, provider: FakeProvider) -> None:
    url, _ = await client.begin()
    _, another = await client.begin()

    with pytest.raises(SignInRefusedError):
        await client.finish(provider.authorize(url), another)


async def test_a_code_serves_once(client: OidcClient, provider: FakeProvider) -> None:
    url, under_way = await client.begin()
    answer = provider.authorize(url)
    await client.finish(answer, under_way)

    with pytest.raises(SignInRefusedError) as refused:
        await client.finish(answer, under_way)
    assert refused.value.code == "code"


async def test_a_stolen_code_is_worth_nothing_without_the_verifier(client: OidcClient, provider: FakeProvider) -> None:
    url, under_way = await client.begin()

    with pytest.raises(SignInRefusedError):
        await client.finish(provider.authorize(url), replace(under_way, verifier="x" * 43))


async def test_a_sign_in_left_lying_is_stale(client: OidcClient, provider: FakeProvider, clock: Clock) -> None:
    url, under_way = await client.begin()
    answer = provider.authorize(url)
    clock.now += SIGN_IN_AGE_MAX

    with pytest.raises(SignInRefusedError) as refused:
        await client.finish(answer, under_way)
    assert refused.value.code == "stale"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"code": None}, "no-code"),
        ({"code": "x" * 20_000}, "no-code"),
        ({"error": "access_denied"}, "cancelled"),
        ({"error": "server_error"}, "provider-error"),
    ],
)
async def test_an_answer_that_is_mixed_up_or_an_error_is_refused(
    client: OidcClient, provider: FakeProvider, change: dict[str, str | None], code: str
) -> None:
    url, under_way = await client.begin()
    answer: dict[str, str | None] = {**provider.authorize(url), **change}

    with pytest.raises(SignInRefusedError) as refused:
        await client.finish({name: value for name, value in answer.items() if value is not None}, under_way)
    assert refused.value.code == code


SECONDS = int(NOW.timestamp())


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": ""},
        {"aud": "another client"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"aud": []},
        {"azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"exp": SECONDS - 61},
        {"exp": "tomorrow"},
        {"iat": SECONDS + 3600},
        {"nbf": SECONDS + 3600},
        {"sub": ""},
        {"sub": 7},
        {"at_hash": "not that of the access token"},
        {"auth_time": "early"},
        {"auth_time": 1e30},
    ],
)
async def test_an_id_token_with_a_wrong_claim_is_refused(
    client: OidcClient, provider: FakeProvider, claims: dict[str, object]
) -> None:
    provider.claims = claims

    with pytest.raises(TokenRefusedError):
        await signed_in(client, provider)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp", "iat", "nonce", "id_token"])
async def test_an_id_token_without_an_essential_claim_is_refused(
    client: OidcClient, provider: FakeProvider, claim: str
) -> None:
    provider.dropped = {claim}

    with pytest.raises(TokenRefusedError):
        await signed_in(client, provider)


async def test_several_audiences_pass_where_we_are_the_party_authorised(
    client: OidcClient, provider: FakeProvider
) -> None:
    provider.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}

    assert (await signed_in(client, provider)).subject == "dr-ruiz"


def tampered(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body}.{signature[:-8]}{'AAAAAAAA' if signature[-8:] != 'AAAAAAAA' else 'BBBBBBBB'}"


FORGERIES: dict[str, Callable[[FakeProvider, dict[str, object]], str]] = {
    "unsigned": lambda provider, claims: unsigned(claims),
    "unsigned, said as RS256": lambda provider, claims: unsigned(claims, "RS256"),
    "unsigned, said as nOnE": lambda provider, claims: unsigned(claims, "nOnE"),
    "public key as secret": lambda provider, claims: provider.sign_with_public_key_as_secret(claims),
    "another key of the same name": lambda provider, claims: provider.sign(claims, key=a_key("one", another=True)),
    "a key nobody published": lambda provider, claims: provider.sign(claims, key=a_key("two")),
    "tampered": lambda provider, claims: tampered(provider.sign(claims)),
    "crit of no sense": lambda provider, claims: unsigned(claims, "RS256", crit=1) + "AAAA",
    "nested without end": lambda provider, claims: "W1tb" * 3000 + ".e30.AAAA",
    "garbage": lambda provider, claims: "garbage",
    "empty": lambda provider, claims: "",
    "too long": lambda provider, claims: "x" * 20_000,
    "not ASCII": lambda provider, claims: "é.é.é",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_signature_is_refused(client: OidcClient, provider: FakeProvider, forgery: str) -> None:
    provider.token = lambda claims: FORGERIES[forgery](provider, claims)

    with pytest.raises(TokenRefusedError):
        await signed_in(client, provider)


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_logout_is_refused(client: OidcClient, provider: FakeProvider, forgery: str) -> None:
    with pytest.raises(TokenRefusedError):
        await client.logout_order(FORGERIES[forgery](provider, provider.logout_claims()))


async def test_one_who_was_asked_anew_must_have_proven_it_anew(client: OidcClient, provider: FakeProvider) -> None:
    url, under_way = await client.begin(again=True)
    provider.claims = {"auth_time": SECONDS - 3600}

    assert "max_age=0" in url
    with pytest.raises(SignInRefusedError) as refused:
        await client.finish(provider.authorize(url), under_way)
    assert refused.value.code == "not-anew"


@pytest.mark.parametrize("claims", [{}, {"auth_time": None}], ids=["left out", "null"])
async def test_a_proof_that_the_provider_does_not_date_is_an_old_one(
    client: OidcClient, provider: FakeProvider, claims: dict[str, object]
) -> None:
    provider.claims, provider.dropped = claims, set() if claims else {"auth_time"}

    assert (await signed_in(client, provider)).authenticated <= NOW - REAUTHENTICATION_AGE_MAX
    url, under_way = await client.begin(again=True)
    with pytest.raises(SignInRefusedError) as refused:
        await client.finish(provider.authorize(url), under_way)
    assert refused.value.code == "not-anew"


async def test_every_sign_in_asks_when_the_person_last_proved_it(client: OidcClient) -> None:
    for again, age in ((False, "43200"), (True, "0")):
        url, _ = await client.begin(again=again)
        assert parse_qs(urlsplit(url).query)["max_age"] == [age]


async def test_rotated_keys_are_fetched_but_strangers_cannot_make_us_hammer(
    client: OidcClient, provider: FakeProvider, clock: Clock
) -> None:
    await signed_in(client, provider)
    provider.key = a_key("three")
    provider.published.append(provider.key)
    with pytest.raises(TokenRefusedError):
        await signed_in(client, provider)
    clock.now += KEYS_REFETCH_INTERVAL

    assert (await signed_in(client, provider)).subject == "dr-ruiz"
    for _ in range(20):
        with pytest.raises(TokenRefusedError):
            await client.logout_order(FORGERIES["a key nobody published"](provider, provider.logout_claims()))
    assert provider.requests.count("/keys") == 2


async def test_metadata_and_keys_are_fetched_once_an_hour(
    client: OidcClient, provider: FakeProvider, clock: Clock
) -> None:
    for _ in range(3):
        await signed_in(client, provider)
    assert provider.requests.count("/.well-known/openid-configuration") == 1
    assert provider.requests.count("/keys") == 1
    clock.now += METADATA_AGE_MAX

    await signed_in(client, provider)

    assert provider.requests.count("/.well-known/openid-configuration") == 2
    assert provider.requests.count("/keys") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://id.example/authorize"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_metadata_that_is_not_the_providers_or_not_safe_is_not_followed(
    client: OidcClient, provider: FakeProvider, metadata: dict[str, object]
) -> None:
    provider.metadata = metadata

    with pytest.raises(ProviderAwayError):
        await client.begin()


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"null", b"{}", b'{"a":"' + b"x" * 300_000 + b'"}'])
async def test_nonsense_from_the_provider_is_an_outage(client: OidcClient, provider: FakeProvider, raw: bytes) -> None:
    provider.raw = raw

    with pytest.raises(ProviderAwayError):
        await client.begin()


@pytest.mark.parametrize("raw", [None, b"", b"<html>", b"[]"])
async def test_an_outage_between_leaving_and_coming_back_is_said_as_such(
    client: OidcClient, provider: FakeProvider, raw: bytes | None
) -> None:
    url, under_way = await client.begin()
    answer = provider.authorize(url)
    provider.down, provider.raw = raw is None, raw

    with pytest.raises(ProviderAwayError):
        await client.finish(answer, under_way)


async def test_leaving_ends_the_providers_session_too(client: OidcClient, provider: FakeProvider) -> None:
    person = await signed_in(client, provider)
    url = await client.logout_url(id_token=person.id_token, state="s")
    assert url is not None
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

    assert url.startswith(f"{ISSUER}/logout?")
    assert query == {
        "client_id": CLIENT,
        "id_token_hint": person.id_token,
        "post_logout_redirect_uri": "https://plans.example/sign-in",
        "state": "s",
    }


async def test_a_provider_without_a_logout_page_is_taken_as_it_is(
    client: OidcClient, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    discovery = provider._discovery()
    del discovery["end_session_endpoint"]
    monkeypatch.setattr(provider, "_discovery", lambda: discovery)

    assert await client.logout_url(id_token="", state="s") is None


@pytest.mark.parametrize("typ", ["logout+jwt", "JWT"])
async def test_the_provider_ends_a_session(client: OidcClient, provider: FakeProvider, typ: str) -> None:
    order = await client.logout_order(provider.sign(provider.logout_claims(), typ=typ))

    assert (order.issuer, order.subject, order.sid, order.token_id) == (ISSUER, "dr-ruiz", "sid-1", "logout-1")
    assert order.issued == NOW
    assert order.expires == NOW + timedelta(seconds=120)


@pytest.mark.parametrize("changed", [{"sid": None}, {"sub": None}])
async def test_a_subject_or_a_session_is_enough(
    client: OidcClient, provider: FakeProvider, changed: dict[str, object]
) -> None:
    assert (await client.logout_order(provider.sign(provider.logout_claims(**changed)))).token_id == "logout-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"events": None},
        {"events": {}},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": "yes"}},
        {"events": ["http://schemas.openid.net/event/backchannel-logout"]},
        {"events": {"another": {}}},
        {"nonce": "n"},
        {"sub": None, "sid": None},
        {"sub": "", "sid": ""},
        {"sub": 7},
        {"sid": ["a"]},
        {"jti": None},
        {"jti": ""},
        {"iat": None},
        {"exp": None},
        {"exp": SECONDS - 61},
        {"iat": SECONDS - int(LOGOUT_TOKEN_AGE_MAX.total_seconds()) - 1},
        {"iat": SECONDS + 3600},
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"iss": None},
        {"aud": None},
    ],
)
async def test_what_is_no_logout_token_ends_nothing(
    client: OidcClient, provider: FakeProvider, changed: dict[str, object]
) -> None:
    with pytest.raises(TokenRefusedError):
        await client.logout_order(provider.sign(provider.logout_claims(**changed)))


async def test_an_id_token_is_no_logout_token(client: OidcClient, provider: FakeProvider) -> None:
    person = await signed_in(client, provider)

    with pytest.raises(TokenRefusedError):
        await client.logout_order(person.id_token)


async def test_a_token_of_another_type_is_no_logout_token(client: OidcClient, provider: FakeProvider) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        await client.logout_order(provider.sign(provider.logout_claims(), typ="at+jwt"))
    assert refused.value.code == "typ"


def test_a_provider_over_an_open_line_is_never_configured() -> None:
    with pytest.raises(AssertionError):
        replace(SETTINGS, issuer="http://id.example")
    assert replace(SETTINGS, issuer="http://127.0.0.1:9000").issuer


async def test_errors_tell_no_ones_words(client: OidcClient, provider: FakeProvider) -> None:
    provider.claims = {"sub": "", "name": "Mary"}

    with pytest.raises(TokenRefusedError) as refused:
        await signed_in(client, provider)
    assert str(refused.value) == f"OpenID sign-in failed: {refused.value.code}"
