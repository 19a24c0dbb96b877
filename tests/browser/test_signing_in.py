"""Signing in with a work account, out again from either side, and what no forger gets: against a certified provider."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from auth.sessions import REAUTHENTICATION_AGE_MAX
from tests.browser.seats import Seat, a_medicine, open_entry
from tests.browser.test_for_everyone import violations
from tests.browser.test_sessions import age
from tests.harness.databases import Databases
from tests.harness.hubs import Hub
from tests.harness.providers import Provider, free_port

pytestmark = pytest.mark.slow

Doors = tuple[Hub, Provider]


@pytest.fixture(scope="module")
def doors(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """A hub with the demo's people whose staff sign in at a provider of its own."""
    port = free_port()
    with databases.demo() as url, Provider(port) as provider:
        folder: Path = tmp_path_factory.mktemp("doors")
        hub = Hub(folder, database_url=url, port=port, environment=provider.environment)
        try:
            hub.start()
            yield hub, provider
        finally:
            hub.end()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def sign_in(page: Page, hub: Hub, who: str, next_address: str = "/panel", *, again: str = "") -> None:
    query = urlencode({"next": next_address} | ({"again": "yes"} if again else {}))
    page.goto(f"{hub.base_url}/sign-in/work?{query}")
    at_provider(page, who)


def at_provider(page: Page, who: str) -> None:
    """Answer what the provider asks: who one is, and whether the hub may know."""
    if page.locator("input[name=login]").count():
        page.locator("input[name=login]").fill(who)
        page.locator("input[name=password]").fill("any")
        page.locator("button[type=submit]").click()
    if page.get_by_role("button", name="Continue").count():
        page.get_by_role("button", name="Continue").click()


def test_staff_come_in_by_the_provider_with_the_role_of_the_directory(page: Page, doors: Doors) -> None:
    hub, _ = doors
    address = f"/plans/{hub.plan('Mary')}"
    sign_in(page, hub, "ruiz", address)

    expect(page).to_have_url(hub.base_url + address)
    expect(page.locator("body")).to_have_attribute("data-role", re.compile("family medicine"))
    cookies: dict[str, Any] = {each["name"]: each for each in page.context.cookies(hub.base_url)}
    assert cookies["careplan"]["sameSite"] == "Strict"
    assert cookies["careplan"]["httpOnly"]
    assert "careplan-sign-in" not in cookies


@pytest.mark.parametrize("who", ["emily", "stranger", "unverified-kim"])
def test_who_is_not_of_the_staff_by_a_verified_address_gets_the_same_refusal(
    page: Page, doors: Doors, who: str
) -> None:
    hub, _ = doors
    sign_in(page, hub, who)

    expect(page.get_by_role("alert")).to_have_text("That sign-in did not work. Begin again.")
    page.goto(f"{hub.base_url}/panel")
    expect(page).to_have_url(re.compile("/sign-in"))


def begun(hub: Hub, client: httpx2.Client) -> dict[str, str]:
    """Leave for the provider; return the query that it was sent."""
    answer = client.get("/sign-in/work")
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_the_browser_leaves_with_state_nonce_and_challenge(doors: Doors) -> None:
    hub, _ = doors
    with hub.pages() as client:
        sent = begun(hub, client)

    assert sent["code_challenge_method"] == "S256"
    assert all(len(sent[name]) >= 43 for name in ("state", "nonce", "code_challenge"))


def test_forged_foreign_and_replayed_answers_are_refused_alike(page: Page, doors: Doors) -> None:
    hub, provider = doors
    answers: list[str] = []
    page.on("request", lambda asked: answers.append(asked.url) if "/sign-in/work/back" in asked.url else None)
    sign_in(page, hub, "lee")
    expect(page).to_have_url(re.compile("/panel"))
    replayed = answers[0]
    with hub.pages() as other, hub.pages() as forger:
        begun(hub, other)
        state = begun(hub, forger)["state"]
        refused = [
            page.request.get(replayed).status,
            other.get(replayed.removeprefix(hub.base_url)).status_code,
            forger.get(f"/sign-in/work/back?state={'x' * 43}&code=x&iss={provider.issuer}").status_code,
            forger.get(f"/sign-in/work/back?state={state}&code=x&iss={provider.issuer}").status_code,
        ]
        assert "careplan" not in dict(other.cookies) | dict(forger.cookies)

    assert refused == [400] * 4


def test_signing_out_ends_the_provider_s_session_too(page: Page, doors: Doors) -> None:
    hub, provider = doors
    sign_in(page, hub, "nair")
    expect(page).to_have_url(re.compile("/panel"))
    page.locator(".me summary").click()
    page.get_by_role("button", name="Sign out").click()

    expect(page).to_have_url(re.compile(re.escape(provider.issuer) + "/session/end"))
    page.locator("button[value=yes]").click()
    expect(page).to_have_url(re.compile(re.escape(hub.base_url) + "/sign-in"))
    page.goto(f"{hub.base_url}/sign-in/work")
    expect(page.locator("input[name=login]")).to_be_visible()


def test_a_logout_at_the_provider_ends_the_live_page_at_once(page: Page, doors: Doors) -> None:
    hub, provider = doors
    sign_in(page, hub, "kim", f"/plans/{hub.plan('Mary')}")
    expect(page.locator('#state-line[data-state="live"]')).to_be_visible(timeout=15_000)
    elsewhere = page.context.new_page()
    elsewhere.goto(f"{provider.issuer}/session/end")
    elsewhere.locator("button[value=yes]").click()

    expect(page.locator("#cover")).to_contain_text("You are signed out")
    elsewhere.goto(f"{hub.base_url}/panel")
    expect(elsewhere).to_have_url(re.compile("/sign-in"))


def test_a_logout_token_that_nobody_signed_ends_nothing(doors: Doors) -> None:
    hub, _ = doors
    with hub.pages("Dr. Elena Ruiz") as client:
        for token, status in (("", 400), ("x.y.z", 400), ("a" * 16_000, 400), ("a" * 20_000, 413)):
            assert client.post("/sign-in/work/logged-out", data={"logout_token": token}).status_code == status
        assert client.get("/panel").status_code == 200


def test_my_sign_ins_are_listed_and_end_everywhere_and_ending_twice_is_no_error(browser: Browser, doors: Doors) -> None:
    hub, _ = doors
    with hub.pages("Ana Torres, LCSW") as desk, hub.pages("Ana Torres, LCSW") as phone:
        listed = desk.get("/sessions").text
        found = re.findall(r'name="session" value="([^"]+)"', listed)
        assert len(found) == 2
        assert desk.post("/sessions", data={"session": found[1]}).status_code == 303
        assert phone.get("/panel").status_code == 303
        assert desk.post("/sessions", data={"session": found[1]}).status_code == 303
        with hub.pages("Jonas Falk") as stranger:
            mine = re.findall(r'name="session" value="([^"]+)"', desk.get("/sessions").text)[0]
            stranger.post("/sessions", data={"session": mine})
        assert desk.get("/sessions/left").json()["seconds"] > 800
        assert desk.post("/sessions", data={"all": "yes"}).headers["location"] == "/sign-in"
        assert desk.get("/panel").status_code == 303


def test_an_editor_signed_out_in_mid_sentence_signs_in_again_and_the_words_are_there(
    page: Page, doors: Doors, browser: Browser
) -> None:
    hub, _ = doors
    sign_in(page, hub, "becker", f"/plans/{hub.plan('Mary')}")
    seat = Seat(page, hub, "Tom Becker, PharmD", line_may_fail=True)
    seat.expect_live()
    path = a_medicine(seat)
    with hub.pages("Tom Becker, PharmD") as desk:
        seat.control(f"{path}/instructions").fill("With breakfast.")
        seat.expect_saved()
        page.context.set_offline(True)
        seat.control(f"{path}/instructions").press("End")
        seat.control(f"{path}/instructions").press_sequentially(" Never with gra")
        desk.post("/sessions", data={"all": "yes"})
    page.context.set_offline(False)
    cover = page.locator("#cover")
    expect(cover).to_contain_text("What you typed is kept")
    with page.context.expect_page() as opened:
        cover.get_by_role("link", name="Sign in").click()
    again = opened.value
    again.goto(f"{hub.base_url}/sign-in/work")
    at_provider(again, "becker")
    expect(again).to_have_url(re.compile("/panel"))
    expect(cover).to_have_count(0)
    expect(seat.state).to_have_attribute("data-state", "live")
    assert seat.value(f"{path}/instructions") == "With breakfast. Never with gra"
    again.goto(f"{hub.base_url}/plans/{hub.plan('Mary')}")
    open_entry(Seat(again, hub, "Tom Becker, PharmD"), path.split("/")[1])
    expect(again.locator(f'[data-field="{path}/instructions"] [data-bound]')).to_have_value(
        "With breakfast. Never with gra"
    )


def test_a_passkey_made_once_brings_one_back_and_serves_a_challenge_once(page: Page, doors: Doors) -> None:
    hub, _ = doors
    base = hub.base_url.replace("127.0.0.1", "localhost")  # A passkey belongs to a name, never to a number.
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    name, value = hub.cookie("Emily Hart").split("=", 1)
    page.context.add_cookies([{"name": name, "value": value, "url": base}])
    page.goto(f"{base}/sessions")
    page.get_by_role("button", name="Make a passkey on this device").click()
    expect(page.get_by_role("button", name=re.compile("^Remove "))).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    used: list[str] = []
    page.on("request", lambda asked: used.append(asked.post_data or "") if asked.url.endswith("/passkey/use") else None)

    page.goto(f"{base}/sign-in?next=/plans/{hub.plan('Mary')}")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("heading", name="Call 911 at once")).to_be_visible()
    again = page.request.post(
        f"{base}/sign-in/passkey/use",
        data=used[0],
        headers={"content-type": "application/x-www-form-urlencoded", "origin": base},
    )
    assert again.status == 403


@pytest.mark.parametrize("address", ["/sign-in", "/sessions"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_doors(browser: Browser, doors: Doors, address: str, scheme: Any) -> None:
    hub, _ = doors
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800})
    name, value = hub.cookie("Grace Kim, RN").split("=", 1)
    context.add_cookies([{"name": name, "value": value, "url": hub.base_url}])
    opened = context.new_page()
    opened.goto(hub.base_url + address)

    assert violations(Seat(opened, hub, "Grace Kim, RN")) == []
    context.close()


def test_inviting_asks_the_provider_anew_and_what_was_typed_is_there_after_it(page: Page, doors: Doors) -> None:
    hub, _ = doors
    address = f"/plans/{hub.plan('Mary')}/invitations"
    sign_in(page, hub, "kim", f"{address}/new")
    page.get_by_label("Name").fill("Luis Hart")
    page.get_by_label("Relation").fill("grandson")
    page.get_by_label("by telephone", exact=True).check()
    age(hub.database_url, "began", "authenticated", ago=REAUTHENTICATION_AGE_MAX)

    page.get_by_role("button", name="Make the invitation").click()
    expect(page.get_by_role("alert")).to_contain_text("Sign in again before you invite someone.")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    beside = opened.value
    expect(beside.locator("input[name=login]")).to_be_visible()  # It asks, though it knows who is there.
    at_provider(beside, "kim")
    expect(beside).to_have_url(hub.base_url + address)
    expect(page.get_by_label("Name")).to_have_value("Luis Hart")
    page.get_by_role("button", name="Make the invitation").click()

    expect(page.get_by_role("heading", name="The invitation for Luis Hart is ready")).to_be_visible()


def test_a_change_of_who_sees_what_asks_the_provider_anew(page: Page, doors: Doors) -> None:
    hub, _ = doors
    sharing = f"/plans/{hub.plan('Mary')}/sharing/{hub.person('Dr. Michael Lee')}"
    sign_in(page, hub, "ruiz", sharing)
    for act in ("narrow", "end"):
        age(hub.database_url, "began", "authenticated", ago=REAUTHENTICATION_AGE_MAX)
        if act == "end":
            page.get_by_label("Last day of access").fill((datetime.now(UTC) + timedelta(days=30)).date().isoformat())
            page.get_by_role("button", name="Change the end").click()
        else:
            narrow_goals(page)
        expect(page.get_by_role("alert")).to_contain_text("Sign in again before you")
        page.get_by_role("link", name="Sign in again").click()
        expect(page.locator("input[name=login]")).to_be_visible()
        at_provider(page, "ruiz")
        expect(page).to_have_url(hub.base_url + sharing)

    narrow_goals(page)

    expect(page.locator("#setting-goals")).to_contain_text("hidden")


def narrow_goals(page: Page) -> None:
    """Hide the goals from the person of the page."""
    goals = page.locator("#setting-goals")
    goals.locator("summary").click()
    goals.get_by_label("Hidden").check()
    goals.get_by_label("How they agreed").select_option("telephone")
    goals.get_by_role("button", name="Record").click()


def test_an_address_without_the_wish_for_a_new_proof_is_none(page: Page, doors: Doors) -> None:
    hub, _ = doors
    sign_in(page, hub, "becker")
    expect(page).to_have_url(re.compile("/panel"))
    left = page.request.get(f"{hub.base_url}/sign-in/work?again=yes", max_redirects=0)
    onward = left.headers["location"]
    assert "max_age=0" in onward

    page.goto(re.sub("&(prompt|max_age)=[^&]*", "", onward))

    expect(page.get_by_role("alert")).to_have_text("That sign-in did not work. Begin again.")
