"""A page belongs to a person and a sign-in: every form says so, and nobody else's session takes it."""

import asyncio
import re
from pathlib import Path

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.web.conftest import As
from tests.web.mary import Mary
from tests.web.test_routes import address_of, method_of
from web.doors.belonging import ANOTHER, HEADER
from web.doors.guards import GUARD
from web.forms import DOORS
from web.marks import marked_template, person_of
from web.rendering import TEMPLATES
from web.routes import ROUTES

_ROUTES = [route for route in ROUTES if isinstance(route, Route)]
_POSTS = [route for route in _ROUTES if method_of(route) == "POST" and not route.path.startswith(DOORS)]
"""Where pages send their forms; machines' doors take no form and no cookie (test_scim.py)."""
_GUARDED = [route for route in _POSTS if getattr(route.endpoint, GUARD) != "anyone"]
_FOR_MACHINES = {"static", "alive", "ready", "metrics"}
"""No session is looked for there."""

_BROWSER = {"sec-fetch-site": "same-origin"}
_PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


def mark_in(page: str) -> str:
    found = re.search(r'<meta name="page-of" content="([^"]*)"', page)
    assert found is not None, "every page says whose it is"
    return found[1]


def mark(client: TestClient) -> str:
    return mark_in(client.get("/panel").text)


def test_a_page_names_its_person_and_sign_in_and_never_the_token(mary: Mary, as_person: As) -> None:
    lee = as_person("lee")

    page = lee.get("/panel").text

    assert person_of(mark_in(page)) == mary.people["lee"].person_id
    assert all(value not in page for value in lee.cookies.values())
    assert mark_in(as_person("").get("/sign-in").text) == ""


def test_each_person_has_a_draft_key_of_their_own_that_is_the_same_on_every_page(mary: Mary, as_person: As) -> None:
    keys = {
        key: {
            re.findall(r'data-draft-key="([0-9a-f]*)"', as_person(key).get(page).text)[0]
            for page in ("/panel", "/work")
        }
        for key in ("lee", "ruiz")
    }

    assert all(len(each) == 1 for each in keys.values())
    assert keys["lee"] != keys["ruiz"]


@pytest.mark.parametrize("template", _PAGES)
def test_every_form_that_changes_something_and_every_page_is_marked(template: str) -> None:
    source = (TEMPLATES / template).read_text("utf-8")

    marked = marked_template(source)

    posting = len(re.findall(r'\smethod="post"', source))
    assert marked.count("{{ form_mark() }}") == posting
    assert marked.count("{{ page_of().mark }}") == source.count("<head>")
    assert "<script" not in source or "<head>" not in source or "dist/" in source


@pytest.mark.parametrize(
    "tag",
    [
        '<form method="post">',
        "<form action='{{ a > b }}' method=post>",
        '<form {% if a > b %}hx-post="x"{% endif %} method="post">',
    ],
)
def test_a_forms_field_stands_right_behind_its_tag(tag: str) -> None:
    assert marked_template(f"{tag}<input>").startswith(f'{tag}<input type="hidden" name="_page"')


def test_a_form_that_only_asks_carries_no_mark() -> None:
    assert "form_mark" not in marked_template('<form action="/audit"><button name="method" value="post"></form>')


def test_no_route_takes_a_form_from_another_persons_page(mary: Mary, as_person: As) -> None:
    lee, ruiz = as_person("lee"), as_person("ruiz")
    theirs = mark(ruiz)
    before = asyncio.run(mary.world.journal.heads([mary.plan]))

    for route in _POSTS:
        by_field = lee.post(
            address_of(route, mary), data={"_page": f"{theirs}/key", "words": "Words of hers"}, headers=_BROWSER
        )
        by_header = lee.post(address_of(route, mary), headers=_BROWSER | {HEADER: theirs, "hx-request": "true"})

        for answer in (by_field, by_header):
            assert answer.status_code == 409, route.name
            assert answer.headers[ANOTHER], route.name
        assert "Words of hers" in by_field.text, (route.name, "what was typed comes back")
        assert f'value="{theirs}/key"' in by_field.text, (route.name, "and is still hers")
        assert asyncio.run(mary.world.journal.heads([mary.plan])) == before, route.name


@pytest.mark.parametrize("route", _GUARDED, ids=lambda route: route.name)
def test_no_route_takes_a_form_of_a_browser_that_does_not_say_whose_it_is(
    route: Route, mary: Mary, as_person: As
) -> None:
    lee = as_person("lee")

    assert lee.post(address_of(route, mary), headers=_BROWSER).status_code == 409
    own = lee.post(address_of(route, mary), data={"_page": f"{mark(lee)}/key"}, headers=_BROWSER)
    assert ANOTHER not in own.headers


def test_no_route_gives_a_fragment_to_another_persons_page(mary: Mary, as_person: As) -> None:
    lee, theirs = as_person("lee"), mark(as_person("ruiz"))
    for route in _ROUTES:
        if "GET" not in (route.methods or ()) or route.name in _FOR_MACHINES or route.path.startswith(DOORS):
            continue

        answer = lee.get(address_of(route, mary), headers=_BROWSER | {HEADER: theirs, "hx-request": "true"})

        assert answer.status_code == 409, route.name
        assert mary.people["lee"].name in answer.text, route.name


def test_a_new_sign_in_of_the_same_person_goes_on_with_the_old_page(mary: Mary, as_person: As) -> None:
    before, lee = mark(as_person("lee")), as_person("lee")

    assert mark(lee) != before
    assert ANOTHER not in lee.post("/theme", data={"_page": f"{before}/key", "theme": "dark"}, headers=_BROWSER).headers


def test_who_becomes_someone_else_in_a_browser_ends_the_sign_in_before(mary: Mary, as_person: As) -> None:
    browser, elsewhere = as_person("lee"), as_person("lee")
    token = dict(browser.cookies)

    assert browser.post("/sign-in/demo", data={"person": mary.people["ruiz"].person_id}).status_code == 303

    browser.cookies.clear()
    browser.cookies.update(token)
    assert browser.get("/panel").status_code == 303
    assert elsewhere.get("/panel").status_code == 200, "only that of this browser"


def test_scripts_ask_the_hub_in_one_way_only() -> None:
    sources = {path.name: path.read_text("utf-8") for path in Path("static/src").glob("*.js")}

    asking = {name for name, words in sources.items() if re.search(r"\bfetch\(", words)}
    assert asking == {"belonging.js", "offline_worker.js"}, "the worker belongs to no page: it asks for those it keeps"
    assert {
        name for name, words in sources.items() if re.search(r"new (WebSocket|HocuspocusProviderWebsocket)\(", words)
    } == {
        "lines.js",
        "plan_socket.js",
    }
    assert "socketAddress(address)" in sources["lines.js"]
    assert "url: this.line.address" in sources["plan_socket.js"]
