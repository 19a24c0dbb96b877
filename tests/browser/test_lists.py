"""Two lists become one on a page: one key a line, live for two, and what is open blocks the signature by name."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.seats import Seat, a_seat
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST = "Dr. Elena Ruiz", "Tom Becker, PharmD"
ACTIONS_MAX = 60
"""For twenty medicines against twenty-two."""

SAME = (
    "lisinopril 10 mg", "atorvastatin 20 mg", "metformin 500 mg", "levothyroxine 50 mcg", "omeprazole 20 mg",
    "amlodipine 5 mg", "gabapentin 300 mg", "montelukast 10 mg", "finasteride 5 mg", "tamsulosin 0.4 mg",
    "allopurinol 100 mg", "folic acid 1 mg",
)  # fmt: skip
HOME = [f"{name} once daily" for name in SAME] + [
    "pravastatin 20 mg once daily", "carvedilol 6.25 mg twice daily", "glipizide 5 mg once daily",
    "hydralazine 25 mg three times daily", "famotidine 20 mg once daily", "cetirizine 10 mg once daily",
    "melatonin 3 mg at bedtime", "docusate 100 mg once daily",
]  # fmt: skip
HOSPITAL = [f"{name} once daily" for name in SAME] + [
    "Pravachol 40 mg once daily", "Coreg 12.5 mg twice daily", "glipizide 10 mg once daily",
    "hydralazine 50 mg three times daily", "furosemide 20 mg once daily", "pantoprazole 40 mg once daily",
    "senna 8.6 mg once daily", "vitamin D3 1000 units once daily", "ferrous sulfate 325 mg once daily",
    "acetaminophen 500 mg every 6 hours as needed",
]  # fmt: skip


def bring(page: Page, kind: str, source: str, lines: list[str]) -> None:
    page.locator(".lists-bring").evaluate("each => { each.open = true }")
    page.check(f'input[value="{kind}"]')
    page.fill("#list-source", source)
    page.fill("#list-words", "\n".join(lines))
    page.click('button[value="read"]')
    expect(page.locator('.lists-rows [name="name"]')).to_have_count(len(lines) + 5)
    page.click('button[value="keep"]')
    expect(page.locator(".lists-sources")).to_contain_text(source)


def test_twenty_against_twenty_two_by_keys_alone_and_the_other_one_sees_it_live(
    shared_hub: Hub, sit: Callable[..., Seat]
) -> None:
    address = f"/plans/{shared_hub.plan('Harold')}/lists"
    browser = sit(shared_hub, DOCTOR).page.context.browser
    assert browser is not None
    with a_seat(browser, shared_hub, PHARMACIST, address) as tom, a_seat(
        browser, shared_hub, DOCTOR, address
    ) as elena:  # fmt: skip
        bring(elena.page, "home", "The bottles", HOME)
        bring(elena.page, "hospital", "Northside General", HOSPITAL)
        elena.expect_live()
        tom.page.reload()
        tom.expect_live()
        page = elena.page
        rows = page.locator("[data-line]")
        total = rows.count()
        page.evaluate("window.same = true")
        actions = 0

        def press(key: str) -> None:
            nonlocal actions
            actions += 1
            page.keyboard.press(key)

        left = page.locator(".lists-bar b")
        press("C")
        expect(page.locator("[data-decided]").first).to_be_visible()
        decided = page.locator("[data-decided]")
        expect(tom.page.locator("[data-decided]")).to_have_count(decided.count())
        page.locator("[data-line]:not([data-decided])").first.focus()
        while page.locator("[data-line] .pair-acts").count():
            here = page.locator("[data-line]:focus")
            before = decided.count()
            offered = here.locator('.pair-buttons button[data-key="2"]').count()
            if here.get_attribute("data-danger") is not None:
                press("s")
            else:
                press("2" if offered else "c")
            expect(decided).to_have_count(before + 1)
            if page.locator(".pair-more[open] .fault").count():
                raise AssertionError(page.locator(".pair-more[open] .fault").inner_text())
        expect(left).to_have_text(f"{total} of {total} decided")
        expect(tom.page.locator(".lists-bar b")).to_have_text(f"{total} of {total} decided")
        assert page.evaluate("window.same"), "no page was loaded"
        press("Enter")
        page.wait_for_url("**/lists/sheet*")
        assert actions <= ACTIONS_MAX, f"{actions} actions for {total} lines"

        expect(page.locator("main")).to_contain_text("Pravachol")
        expect(page.locator("main")).to_contain_text("furosemide")
        expect(tom.page.locator("#lists .empty")).to_contain_text("No list waits")
