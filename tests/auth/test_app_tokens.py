"""Requests of apps for access, and their tokens: exact addresses, PKCE by S256, scopes that only narrow."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

import pytest

from auth.app_tokens import (
    AccessRefusedError,
    KeptCode,
    KeptRenewal,
    RegisteredApp,
    access_asked,
    answer_to,
    claimed_app,
    new_tokens,
    read_app_scopes,
    redirect_fault,
)
from auth.machine_tokens import TokenRequestError
from auth.scopes import ScopeError

BASE, BACK = "https://hub.example/fhir", "https://app.example/back"
VERIFIER = "a-verifier-that-nobody-guesses-of-43-letters"
CHALLENGE = "15t8yfOtjxoucYwdBdMDwl5r1Zb8be4ejTzaMZV7PRY"
BASIC = "Basic " + b64encode(b"app:word").decode()


def an_app(*scopes: str, **more: object) -> RegisteredApp:
    told: dict[str, object] = {"redirects": [BACK], "kept": True}
    words = scopes or ("patient/Goal.rs", "user/Goal.rs", "patient/Task.rs")
    return RegisteredApp(app_id="app", scopes=read_app_scopes(words), **(told | more))  # type: ignore[arg-type]


def a_request(**changed: str | Sequence[str]) -> dict[str, Sequence[str]]:
    told: dict[str, str | Sequence[str]] = {
        "response_type": "code", "client_id": "app", "redirect_uri": BACK, "scope": "patient/Goal.rs", "state": "s-1",
        "aud": BASE, "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    told |= changed
    return {name: [each] if isinstance(each, str) else each for name, each in told.items() if each}


def a_code(**changed: object) -> KeptCode:
    told: dict[str, object] = {
        "access_id": "given", "app_id": "app", "person": "mary", "redirect": BACK, "challenge": CHALLENGE,
        "scopes": ("patient/Goal.rs", "offline_access"),
    }  # fmt: skip
    return KeptCode(**(told | changed))  # type: ignore[arg-type]


def a_form(**changed: str) -> dict[str, str]:
    told = {"grant_type": "authorization_code", "code": "c", "redirect_uri": BACK, "client_id": "app"}
    return {name: each for name, each in (told | {"code_verifier": VERIFIER} | changed).items() if each}


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("patient/Goal.rs", "patient/Goal.rs"),
        ("patient/*.rs", "patient/Goal.rs patient/Task.rs"),
        ("patient/*.read", "patient/Goal.rs patient/Task.rs"),
        ("patient/*.cruds", "patient/Goal.rs patient/Task.rs"),
        ("patient/Goal.r", "patient/Goal.r"),
        ("user/Goal.rs", "user/Goal.rs"),
        ("user/Goal.rs patient/Task.rs", "patient/Task.rs"),
        (
            "launch/patient openid fhirUser patient/Goal.rs offline_access",
            "patient/Goal.rs launch/patient offline_access",
        ),
        ("patient/Condition.rs system/Goal.rs patient/Goal.cud", ""),
        ("launch/patient offline_access", ""),
        ("", ""),
    ],
)
def test_of_the_scopes_asked_for_only_those_are_left_that_the_app_is_registered_for(asked: str, left: str) -> None:
    assert an_app().get_allowed_scope(asked) == left


def test_access_that_lasts_is_for_apps_that_may_ask_for_it() -> None:
    assert an_app(kept=False).get_allowed_scope("patient/Goal.rs offline_access") == "patient/Goal.rs"


def test_a_right_request_is_put_before_a_person_and_their_answer_goes_back_with_the_state() -> None:
    asked = access_asked(a_request(), an_app(), BASE)
    onward, code = answer_to(a_request(), an_app(), BASE, "mary")
    refused, none = answer_to(a_request(), an_app(), BASE, None)

    assert (asked.redirect, asked.scopes, asked.challenge) == (BACK, ("patient/Goal.rs",), CHALLENGE)
    assert onward == f"{BACK}?code={code}&state=s-1"
    assert len(code) == 48
    assert (none, refused.partition("?")[0]) == ("", BACK)
    assert "error=access_denied" in refused
    assert "state=s-1" in refused


@pytest.mark.parametrize(
    "address",
    [
        "", BACK + "/", BACK + "?x=1", BACK.upper(), "https://app.example", "https://app.example.evil.example/back",
        "http://app.example/back", 'https://app.example/back"\\', "https://app.example/bäck",
    ],
)  # fmt: skip
def test_an_address_that_is_not_registered_letter_by_letter_gets_no_answer_at_all(address: str) -> None:
    with pytest.raises(AccessRefusedError) as refused:
        access_asked(a_request(redirect_uri=address), an_app(), BASE)

    assert refused.value.onward == ""


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"aud": "https://another.example/fhir"}, "invalid_request"),
        ({"aud": ""}, "invalid_request"),
        ({"scope": "patient/Condition.rs"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_what_else_is_wrong_is_told_to_the_app_alone(changed: dict[str, str], error: str) -> None:
    with pytest.raises(AccessRefusedError) as refused:
        access_asked(a_request(**changed), an_app(), BASE)

    assert refused.value.onward.startswith(f"{BACK}?error={error}")


@pytest.mark.parametrize(
    "changed",
    [{"scope": ["patient/Goal.rs", "user/Goal.rs"]}, {"client_id": "another"}, {"response_type": 'to"ken'}],
)
def test_what_can_not_be_read_is_put_before_nobody(changed: dict[str, str | Sequence[str]]) -> None:
    with pytest.raises(AccessRefusedError):
        access_asked(a_request(**changed), an_app(), BASE)


def test_a_code_brings_tokens_to_who_holds_its_verifier() -> None:
    made = new_tokens(a_form(), "", an_app(), a_code())
    once = new_tokens(a_form(), "", an_app(), a_code(scopes=("patient/Goal.rs",)))

    assert made.scopes == ("patient/Goal.rs", "offline_access")
    assert made.token.startswith("careplan-app-")
    assert made.renewal.startswith("careplan-app-again-")
    assert once.renewal == ""


@pytest.mark.parametrize(
    ("form", "code", "error"),
    [
        ({"code_verifier": VERIFIER[::-1]}, {}, "invalid_grant"),
        ({"code_verifier": ""}, {}, "invalid_request"),
        ({"code_verifier": CHALLENGE}, {}, "invalid_grant"),
        ({"redirect_uri": BACK + "/"}, {}, "invalid_grant"),
        ({"redirect_uri": ""}, {}, "invalid_grant"),
        ({"code": ""}, {}, "invalid_request"),
        ({}, {"app_id": "another"}, "invalid_grant"),
        ({"client_id": "another"}, {}, "invalid_client"),
        ({"client_id": ""}, {}, "invalid_client"),
        ({"grant_type": "password"}, {}, "unsupported_grant_type"),
        ({"grant_type": ""}, {}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "c"}, {}, "invalid_grant"),
    ],
)
def test_no_code_brings_tokens_to_anyone_else(form: dict[str, str], code: dict[str, object], error: str) -> None:
    with pytest.raises(TokenRequestError) as refused:
        new_tokens(a_form(**form), "", an_app(), a_code(**code))

    assert refused.value.body["error"] == error


def test_an_app_with_a_secret_shows_it_and_one_without_has_none_to_show() -> None:
    confidential = an_app(secret_hash=sha256(b"word").digest())
    right = new_tokens(a_form(client_id=""), BASIC, confidential, a_code())

    assert right.token
    assert claimed_app({}, BASIC) == "app"
    for form, header in (({}, ""), ({"client_id": ""}, "Basic " + b64encode(b"app:wrong").decode())):
        with pytest.raises(TokenRequestError):
            new_tokens(a_form(**form), header, confidential, a_code())
    with pytest.raises(TokenRequestError):
        new_tokens(a_form(client_id=""), BASIC, an_app(), a_code())


def test_a_renewal_narrows_and_never_widens() -> None:
    held = KeptRenewal(access_id="given", app_id="app", person="mary", scopes=("patient/Goal.rs", "patient/Task.rs"))
    form = {"grant_type": "refresh_token", "refresh_token": "r", "client_id": "app"}

    assert new_tokens(form | {"scope": "patient/Task.rs"}, "", an_app(), held).scopes == ("patient/Task.rs",)
    assert new_tokens(form, "", an_app(), held).scopes == held.scopes
    for wrong in (form | {"scope": "patient/Condition.rs"}, form | {"client_id": "x"}):
        with pytest.raises(TokenRequestError):
            new_tokens(wrong, "", an_app(), held)
    with pytest.raises(TokenRequestError):
        new_tokens(form, "", an_app(), KeptRenewal(access_id="given", app_id="x", person="mary", scopes=()))


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("https://app.example/back", True),
        ("http://127.0.0.1:8020/back", True),
        ("http://localhost/back", True),
        ("http://app.example/back", False),
        ("https://app.example/back#x", False),
        ("https://me:word@app.example/", False),
        ("https://", False),
        ("javascript:alert(1)", False),
        ("https://app.example/a b", False),
        ('https://app.example/"', False),
        ("https://app.example/" + "x" * 500, False),
    ],
)
def test_an_app_comes_back_to_https_or_to_its_own_machine(address: str, right: bool) -> None:
    assert (redirect_fault(address) == "") is right


@pytest.mark.parametrize("words", [[], ["system/Goal.rs"], ["patient/Goal.cruds"], ["openid"], ["patient/Goal.sr"]])
def test_an_app_is_registered_for_reading_by_people_alone(words: list[str]) -> None:
    with pytest.raises(ScopeError):
        read_app_scopes(words)
