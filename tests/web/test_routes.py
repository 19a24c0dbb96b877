"""Every route has a guard, words about itself, and the headers that keep a browser safe."""

import pytest
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Message

from tests.web.conftest import As
from tests.web.mary import Mary
from web.app import create_app
from web.doors.guards import GUARD
from web.middleware import CONTENT_SECURITY_POLICY
from web.rendering import elsewhere
from web.routes import ROUTES

_ROUTES = [route for route in ROUTES if isinstance(route, Route)]
_OPEN = {"home", "sign_in", "sign_in_demo", "static", "alive", "ready", "metrics", "invited", "come_in", "mailbox"}
_OPEN |= {"sign_in_work", "sign_in_back", "sign_out_work", "logged_out", "passkey_challenge", "passkey_use"}
_OPEN |= {"return", "return_ask", "return_enter"}
_OPEN |= {"offline_worker", "offline_stays"}  # A page on a device asks when its sign-in is over.
_OPEN |= {"fhir_metadata", "fhir_smart_configuration", "fhir_token", "fhir_keys"}
_OPEN |= {"app_authorize", "launch", "launch_back"}  # Another site sends a person there: without their cookie.
_OPEN |= {"gateway_told", "calendar"}  # Each call is signed, see tests/web/test_texts.py.
_OPEN |= {"cds_services", "cds_service"}  # A signed token stands in for the session, see tests/web/doors/test_cds.py.
_MACHINES = {route.name for route in _ROUTES if getattr(route.endpoint, GUARD, "") == "machine"}
"""They want a token and no session, see tests/web/doors/test_scim.py."""
_PROVES_ITSELF = {"gateway_told", "logged_out", "cds_service", "fhir_token", *_MACHINES}
"""A provider posts there; its signed token stands in for the origin (tests/browser/test_signing_in.py)."""


def address_of(route: Route, mary: Mary) -> str:
    filled = {
        "plan_id": mary.plan,
        "section": "medications",
        "entry": mary.entries["furosemide"],
        "command": "entry.retire",
        "invitation": mary.plan,
        "person": mary.people["lee"].person_id,
        "plan": mary.plan,
        "patient": mary.plan,
        "hash": "0" * 16,
        "file": "app.css",
        "service": "careplan-patient-view",
        "id": "User",
        "user": mary.plan,
        "group": mary.plan,
        "elsewhere": "nowhere",
        "kind": "Goal",
        "letter": mary.plan,
        "token": "nobody-s",
        "request": mary.plan,
        "launch": mary.plan,
    }
    path = route.path.replace(":path", "")
    for name, value in filled.items():
        path = path.replace("{" + name + "}", value)
    return path


def method_of(route: Route) -> str:
    return "POST" if "POST" in (route.methods or ()) else "GET"


def test_every_route_is_a_plain_route_with_a_name() -> None:
    assert len(_ROUTES) == len(ROUTES)
    assert len({route.name for route in _ROUTES}) == len(_ROUTES)


@pytest.mark.parametrize("route", _ROUTES, ids=lambda route: route.name)
def test_a_route_names_its_guard_and_says_what_it_does(route: Route) -> None:
    guards = {"anyone", "person", "member", "section", "clinician", "auditor", "administrator", "registrar", "machine"}
    assert getattr(route.endpoint, GUARD, None) in guards
    assert route.endpoint.__doc__
    assert route.endpoint.__doc__.rstrip().endswith(".")


def test_only_the_doors_are_open_to_anyone() -> None:
    assert {route.name for route in _ROUTES if getattr(route.endpoint, GUARD) == "anyone"} == _OPEN


def test_a_route_below_a_plan_is_for_its_members() -> None:
    below = {route.name: getattr(route.endpoint, GUARD) for route in _ROUTES if "{plan_id}" in route.path}

    assert set(below.values()) <= {"member", "section"}
    for route in _ROUTES:
        if "{section}" in route.path:
            assert below[route.name] == "section"


@pytest.mark.parametrize("route", _ROUTES, ids=lambda route: route.name)
def test_every_answer_has_the_headers(route: Route, mary: Mary, as_person: As) -> None:
    answer = as_person("lee").request(method_of(route), address_of(route, mary))

    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["x-request-id"]


def test_without_a_session_there_is_only_the_way_to_sign_in(mary: Mary, as_person: As) -> None:
    nobody = as_person("")
    for route in [each for each in _ROUTES if each.name not in _OPEN | _MACHINES]:
        answer = nobody.request(method_of(route), address_of(route, mary))

        assert answer.status_code == (303 if method_of(route) == "GET" else 401), route.name
        assert "Jensen" not in answer.text, route.name


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": ""},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example", "sec-fetch-site": "same-origin"},
        {"origin": "http://127.0.0.1:8000.elsewhere.example"},
    ],
    ids=["foreign", "none", "null", "cross-site", "null-same-site", "contradicting", "alike"],
)
def test_another_sites_page_changes_nothing(headers: dict[str, str], mary: Mary, as_person: As) -> None:
    lee = as_person("lee")
    for route in [each for each in _ROUTES if method_of(each) == "POST" and each.name not in _PROVES_ITSELF]:
        answer = lee.post(address_of(route, mary), headers=headers, data={"reason": "x"})

        assert answer.status_code == 403, route.name
        assert "another site" in answer.text, route.name


def test_a_plain_form_of_ours_comes_with_a_null_origin_and_the_browsers_word(mary: Mary, as_person: As) -> None:
    headers = {"origin": "null", "sec-fetch-site": "same-origin"}

    assert as_person("").post("/sign-out", headers=headers).status_code == 401


def test_another_host_is_not_answered(as_person: As) -> None:
    assert as_person("").get("/sign-in", headers={"host": "rebound.example"}).status_code == 421


def test_a_form_that_is_too_long_is_refused_before_it_is_read(mary: Mary, as_person: As) -> None:
    answer = as_person("lee").post(f"/plans/{mary.plan}/seen", data={"seq": "1" * (1 << 20)})

    assert answer.status_code == 413


@pytest.mark.anyio
async def test_two_host_headers_are_no_address(mary: Mary) -> None:
    app = create_app(mary.world.settings, mary.world.opening)
    hosts = [(b"host", b"127.0.0.1:8000"), (b"host", b"elsewhere.example")]
    for headers in (hosts, hosts[::-1], hosts[1:], []):
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)  # noqa: B023

        scope = {
            "type": "http", "method": "GET", "path": "/sign-in", "raw_path": b"/sign-in", "query_string": b"",
            "headers": headers, "scheme": "http", "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 1), "state": {},
        }  # fmt: skip
        await app(scope, receive, send)

        assert sent[0]["status"] == 421, headers


@pytest.mark.parametrize("address", ["/panel?next=/€", "/plans/\r\nset-cookie: x=y", "/notes?words=naïve"])
def test_a_redirect_inside_a_swap_names_any_address_in_the_letters_of_a_header(address: str) -> None:
    swap = Request({"type": "http", "headers": [(b"hx-request", b"true")]})
    plain = Request({"type": "http", "headers": []})

    told = elsewhere(swap, address).headers["hx-redirect"]

    assert told == elsewhere(plain, address).headers["location"]
    assert told.isascii()
    assert "\n" not in told
