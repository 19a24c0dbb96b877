"""Coming back, on a phone: with the passkey that is offered after an invitation, or with a code at each visit."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.seats import Seat
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub
from tests.web.house import LINK, SPOKEN, a_form

pytestmark = pytest.mark.slow
KIM = "Grace Kim, RN"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

LOOKS_MAX = 500


def at_a_name(hub: Hub) -> str:
    """The hub's address by a name: a passkey never belongs to a number."""
    return hub.base_url.replace("127.0.0.1", "localhost")


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(**PHONE)  # type: ignore[arg-type]
    yield context
    context.close()


def with_lock(context: BrowserContext) -> Page:
    """A page on a device that has a lock of its own."""
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal"}
    able = dict.fromkeys(("hasResidentKey", "hasUserVerification", "isUserVerified"), True)
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options | able})
    return page


def invited(hub: Hub, **typed: object) -> tuple[str, str]:
    """Invite someone; return the link by name and the code to say, if there is one."""
    with hub.pages(KIM) as kim:
        made = kim.post(f"/plans/{hub.plan('Mary')}/invitations", data=a_form() | typed).text
    found, spoken = LINK.search(made), SPOKEN.search(made)
    assert found is not None
    return f"{at_a_name(hub)}/i/{found.group(2)}#{found.group(3)}", spoken.group(1) if spoken else ""


def mailed_code(hub: Hub, address: str, count: int) -> str:
    """The newest code to the address once so many have come to the demo's mailbox: they leave by the queue."""
    codes: list[str] = []
    with hub.pages(KIM) as kim:
        for _ in range(LOOKS_MAX):
            letters = kim.get("/demo/mailbox").text.split('<li class="sheet-block">')
            codes = [code for each in letters if address in each for code in re.findall(r"Your code is (\d{6})", each)]
            if len(codes) >= count:
                break
    assert len(codes) == count
    return codes[0]


def test_a_passkey_is_offered_after_the_invitation_and_brings_one_back_without_a_link(
    shared_hub: Hub, phone: BrowserContext
) -> None:
    link, code = invited(shared_hub, name="Rosalie Hart")
    page = with_lock(phone)
    page.goto(link)
    page.get_by_role("button", name="Continue").tap()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").tap()
    expect(page.get_by_role("heading", name="Come back without a link")).to_be_visible()
    expect(page.get_by_text("you need a new link from whoever invited you")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(Seat(page, shared_hub, "Rosalie Hart")) == []

    page.get_by_role("button", name="Make a passkey on this device").tap()
    expect(page.get_by_role("status")).to_contain_text("Done. Next time choose")
    page.get_by_role("link", name="Open the plan").tap()
    page.get_by_role("button", name="Sign out").tap()
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_role("button", name="Sign in with a passkey").tap()

    expect(page).to_have_url(re.compile("/family"))
    expect(page.locator(".me-name")).to_have_text("Rosalie Hart")
    page.goto(f"{at_a_name(shared_hub)}/plans/{shared_hub.plan('Mary')}/welcome")
    expect(page.get_by_role("heading", name="Come back without a link")).to_have_count(0)


def test_who_leaves_the_passkey_comes_back_with_a_code_and_is_offered_it_again(
    shared_hub: Hub, phone: BrowserContext
) -> None:
    link, _ = invited(shared_hub, name="Otto Hart", delivery="sent", address="otto@demo.example")
    page = with_lock(phone)
    page.goto(link)
    page.get_by_role("button", name="Continue").tap()
    page.get_by_label("Code").fill(mailed_code(shared_hub, "otto@demo.example", 1))
    page.get_by_role("button", name="Continue").tap()
    page.get_by_role("link", name="Open the plan").tap()
    page.get_by_role("button", name="Sign out").tap()
    seat = Seat(page, shared_hub, "Otto Hart")

    page.get_by_role("link", name="Come back with a code").tap()
    expect(page.get_by_label("Your e-mail address")).to_be_visible()
    assert violations(seat) == []
    page.get_by_label("Your e-mail address").fill("otto@demo.example")
    page.get_by_role("button", name="Send me a code").tap()
    expect(page.get_by_text("If we know the address")).to_be_visible()
    assert violations(seat) == []
    page.get_by_label("Code").fill("000 000")
    page.get_by_role("button", name="Continue").tap()
    expect(page.get_by_role("alert")).to_have_text("That code does not match. 2 tries left.")
    page.get_by_label("Code").fill(mailed_code(shared_hub, "otto@demo.example", 2))
    page.get_by_role("button", name="Continue").tap()
    expect(page.get_by_role("heading", name="Come back without a link")).to_be_visible()
    assert violations(seat) == []
    page.get_by_role("link", name="Go on").tap()

    expect(page.locator(".me-name")).to_have_text("Otto Hart")


def test_a_passkey_that_is_not_made_is_said_in_the_page_s_language(shared_hub: Hub, browser: Browser) -> None:
    link, code = invited(shared_hub, name="Inés Hart")
    with browser.new_context(locale="es-MX", color_scheme="dark", **PHONE) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(link)
        expect(page.get_by_role("heading", name="Le han enviado un enlace")).to_be_visible()
        page.get_by_role("button", name="Continuar").tap()
        page.get_by_label("Código").fill(code)
        page.get_by_role("button", name="Continuar").tap()
        expect(page.get_by_role("heading", name="Vuelva sin enlace")).to_be_visible()
        assert violations(Seat(page, shared_hub, "Inés Hart")) == []
        page.goto(f"{at_a_name(shared_hub)}/sign-in")
        page.evaluate(
            "() => { navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
        )
        page.get_by_role("button", name="Entrar con una llave de acceso").tap()

        expect(page.get_by_text("No funcionó. Inténtelo de nuevo, o use su enlace y un código.")).to_be_visible()
        assert violations(Seat(page, shared_hub, "Inés Hart")) == []
