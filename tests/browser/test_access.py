"""Letting in, narrowing, an emergency and a suggestion, as the people meet them: two pages open, nothing reloaded."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.seats import Seat, a_medicine, a_seat, open_entry
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

KIM, MARY, LEE, EMILY = "Grace Kim, RN", "Mary Whitfield", "Dr. Michael Lee", "Emily Hart"
NAIR, RUTH, DOCTOR = "Dr. Priya Nair", "Ruth Adeyemi", "Dr. Elena Ruiz"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
REASON = "She collapsed at the dialysis unit and we need her medicines."


@pytest.fixture
def at(browser: Browser) -> Iterator[Callable[..., Seat]]:
    """Open any page of a hub as a person."""
    with ExitStack() as stack:

        def open_at(hub: Hub, name: str, address: str, **context: object) -> Seat:
            return stack.enter_context(a_seat(browser, hub, name, address, **context))

        yield open_at


def of_mary(hub: Hub, rest: str = "") -> str:
    return f"/plans/{hub.plan('Mary')}{rest}"


def narrow_enough(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_an_invitation_on_a_phone_from_the_link_to_the_first_words(
    shared_hub: Hub, browser: Browser, at: Callable[..., Seat]
) -> None:
    kim = at(shared_hub, KIM, of_mary(shared_hub, "/invitations/new"))
    assert violations(kim) == []
    kim.page.get_by_label("Name").fill("Luis Hart")
    kim.page.get_by_label("Relation").fill("grandson")
    kim.page.get_by_label("by telephone", exact=True).check()
    kim.page.get_by_role("button", name="Make the invitation").click()
    link = kim.page.locator("#link").input_value()
    code = kim.page.locator(".spoken-code").inner_text().splitlines()[-1].strip()
    expect(kim.page.locator("img.qr")).to_be_visible()
    assert kim.page.evaluate("document.querySelector('.qr').naturalWidth") > 100
    assert violations(kim) == []

    made = browser.new_context(**PHONE)  # type: ignore[arg-type]
    phone = Seat(made.new_page(), shared_hub, "Luis Hart")
    sent: list[str] = []
    phone.page.on("request", lambda asked: sent.append(asked.url + str(asked.headers)))
    with made:
        phone.page.goto(link)
        assert phone.page.locator("#secret").is_hidden()
        assert violations(phone) == []
        assert not any(link.split("#")[1] in each for each in sent)
        phone.page.get_by_role("button", name="Continue").tap()
        phone.page.get_by_label("Code").fill(code.replace(" ", ""))
        assert violations(phone) == []
        phone.page.get_by_role("button", name="Continue").tap()
        expect(phone.page.get_by_role("heading", name="You are in")).to_be_visible()
        assert narrow_enough(phone.page)
        assert violations(phone) == []
        phone.page.get_by_role("link", name="Open the plan").tap()
        phone.page.locator("#words").fill("She slept badly. From Luis.")
        phone.page.get_by_role("button", name="Send to the team").tap()
        expect(phone.page.get_by_text("She slept badly. From Luis.").first).to_be_visible()

    kim.page.goto(shared_hub.base_url + "/panel")
    expect(kim.page.get_by_text("Luis Hart (grandson) used the invitation")).to_be_visible()
    kim.page.goto(shared_hub.base_url + of_mary(shared_hub))
    expect(kim.page.get_by_text("She slept badly. From Luis.").first).to_be_visible()


def test_without_scripts_the_secret_is_put_in_by_hand(shared_hub: Hub, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{shared_hub.base_url}/i/{shared_hub.plan('Mary')}#" + "A" * 43)
        page.get_by_label("The last part of your link").fill("A" * 43)
        page.get_by_role("button", name="Continue").click()

        expect(page.get_by_role("alert")).to_contain_text("This link has ended")


def test_a_section_hidden_and_shared_again_goes_and_comes_on_the_open_page(
    running_hub: Hub, sit: Callable[..., Seat], at: Callable[..., Seat]
) -> None:
    lee = sit(running_hub, LEE)
    mary = at(running_hub, MARY, of_mary(running_hub, f"/sharing/{running_hub.person(LEE)}"), **PHONE)
    marked = lee.page.evaluate("window.stayed = true")
    assert marked
    assert violations(mary) == []
    assert narrow_enough(mary.page)
    expect(lee.page.locator("#section-goals")).to_be_visible()

    goals = mary.page.locator("#setting-goals")
    goals.locator("summary").tap()
    goals.get_by_label("Hidden").check()
    goals.get_by_role("button", name="Record").tap()

    expect(lee.page.locator("#section-goals")).to_have_count(0)
    expect(lee.page.locator('.jump [data-section="goals"]')).to_have_count(0)
    expect(mary.page.locator("#setting-goals")).to_contain_text("hidden")
    goals = mary.page.locator("#setting-goals")
    goals.locator("summary").tap()
    goals.get_by_label("As the role says").check()
    goals.get_by_role("button", name="Record").tap()
    expect(lee.page.locator("#section-goals")).to_be_visible()
    assert lee.page.evaluate("window.stayed")


def test_writing_stops_where_a_section_is_narrowed_to_reading_and_the_page_clears_when_access_ends(
    running_hub: Hub, sit: Callable[..., Seat], at: Callable[..., Seat]
) -> None:
    lee = sit(running_hub, LEE)
    lee.line_may_fail = True
    mary = at(running_hub, MARY, of_mary(running_hub, f"/sharing/{running_hub.person(LEE)}"))
    add = lee.page.locator("#section-medications a.add")
    expect(add.first).to_be_visible()
    a_medicine(lee)

    setting = mary.page.locator("#setting-medications")
    setting.locator("summary").click()
    setting.get_by_label("Reading only").check()
    setting.get_by_role("button", name="Record").click()

    expect(add).to_have_count(0)
    expect(lee.page.locator("#section-medications [data-bound]")).to_have_count(0)
    expect(lee.page.locator("#section-medications .section-reason")).to_contain_text("lets you read")
    mary.page.get_by_role("button", name=re.compile("End the access of")).click()
    expect(lee.page.locator("#access-ended")).to_contain_text("Your access to this plan has ended")
    expect(lee.page.locator(".section")).to_have_count(0)
    assert "Penicillin" not in lee.page.inner_text("body")


def test_an_emergency_is_read_with_a_banner_told_and_reviewed(running_hub: Hub, at: Callable[..., Seat]) -> None:
    nair = at(running_hub, NAIR, "/emergency")
    nair.line_may_fail = True
    assert violations(nair) == []
    nair.page.get_by_label("Record number").fill("129 728 7652")
    nair.page.get_by_label("Date of birth").fill("1956-05-14")
    nair.page.get_by_role("button", name="Continue").click()
    expect(nair.page.get_by_label("Why you need it now")).to_be_visible()
    assert violations(nair) == []
    nair.page.get_by_label("Why you need it now").fill("too short")
    nair.page.get_by_role("button", name="Read the plan").click()
    expect(nair.page.get_by_role("alert")).to_contain_text("at least 20 characters")
    nair.page.get_by_label("Why you need it now").fill(REASON)
    nair.page.get_by_role("button", name="Read the plan").click()

    expect(nair.page.locator(".emergency-banner")).to_contain_text("Emergency reading until")
    nair.expect_live()
    expect(nair.page.locator("[data-bound]")).to_have_count(0)
    expect(nair.page.locator("a.add")).to_have_count(0)
    assert violations(nair) == []

    mary = at(running_hub, MARY, "/panel")
    expect(mary.page.get_by_text(REASON)).to_be_visible()
    ruth = at(running_hub, RUTH, "/reviews")
    assert violations(ruth) == []
    ruth.page.get_by_label("What you found").fill("The unit confirms the emergency.")
    ruth.page.get_by_role("button", name="Justified", exact=True).click()
    expect(ruth.page.get_by_text("Nothing waits for a review")).to_be_visible()
    mary.page.goto(running_hub.base_url + of_mary(running_hub, "/sharing"))
    expect(mary.page.get_by_text("Found justified by Ruth Adeyemi")).to_be_visible()
    assert narrow_enough(mary.page)
    assert violations(mary) == []


def test_a_suggestion_is_made_and_decided_with_one_key(running_hub: Hub, sit: Callable[..., Seat]) -> None:
    doctor, kim = sit(running_hub, DOCTOR), sit(running_hub, KIM)
    path = a_medicine(doctor)
    entry = path.split("/")[1]

    for dose, key in (("2 tablets", "a"), ("3 tablets", "d")):
        open_entry(kim, entry)
        row = kim.field(f"{path}/dose")
        row.hover()
        row.locator("a.suggest").click()
        form = kim.page.locator(f"#form-{entry} form")
        form.locator("[name=value]").fill(dose)
        form.get_by_role("button").click()
        expect(doctor.page.locator(f"#entry-{entry} .suggestion", has_text=dose)).to_be_visible()
        doctor.row(entry).focus()
        doctor.page.keyboard.press(key)
        if key == "d":
            decline = doctor.page.locator(f"#form-{entry} form")
            decline.locator("[name=reason]").fill("Two are enough.")
            decline.get_by_role("button").click()
        expect(doctor.page.locator(f"#entry-{entry} .suggestion")).to_have_count(0)
        expect(doctor.control(f"{path}/dose")).to_have_value("2 tablets")
    expect(kim.field(f"{path}/dose").locator("output")).to_have_text(re.compile("2.tablets"))
