"""A red reading from a phone at home: told there at once, and to the team, until somebody says what was done."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.seats import a_seat
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

HUSBAND, NURSE = "Omar Rahman", "Grace Kim, RN"
PHONE = {"width": 390, "height": 800}


def test_a_red_reading_is_told_at_home_at_once_and_stands_for_the_team_until_it_is_answered(
    browser: Browser, shared_hub: Hub
) -> None:
    at = f"/plans/{shared_hub.plan('Aisha')}"
    with a_seat(browser, shared_hub, NURSE, at) as nurse, a_seat(
        browser, shared_hub, HUSBAND, f"{at}/family", viewport=PHONE
    ) as home:  # fmt: skip
        home.line_may_fail = True  # The question "Is that right?" is an answer 422, which Chromium notes.
        nurse.expect_live()
        form = home.page.locator("#measure form.send.row").first
        form.locator('[name="value"]').fill("231/128")
        form.get_by_role("button", name="Save").click()
        expect(form).to_contain_text("Is that right?")
        expect(form.locator('[name="value"]')).to_have_value("231/128")
        form.get_by_label("Yes, it is right").check()
        form.get_by_role("button", name="Save").click()

        expect(home.page.locator("#measure")).to_contain_text("Sent. This is in the red zone.")
        expect(home.page.locator("#measure .zone[data-zone=red] a")).to_be_visible()
        assert violations(home) == []
        line = nurse.page.locator(".next-line", has_text="231/128 mmHg")
        expect(line).to_contain_text("Red zone")
        line.get_by_role("link", name="What was done").click()
        asked = nurse.page.locator("#next-form")
        asked.get_by_role("textbox", name="What was done").fill("Called him, on the way to the hospital")
        asked.get_by_role("button", name="Say what was done").click()

        expect(line).to_have_count(0)
        row = nurse.page.locator("#section-monitoring .entry", has_text="231/128")
        expect(row).to_contain_text("red, answered")
        nurse.page.goto(f"{shared_hub.base_url}{row.locator('h3 a').get_attribute('href')}/readings")
        expect(nurse.page.locator("tbody tr").first).to_contain_text("on the way to the hospital")
        assert violations(nurse) == []
