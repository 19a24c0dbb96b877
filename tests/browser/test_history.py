"""History as two people at the same plan use it: why, who wrote what, what stood before, and what is new."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.seats import Seat, a_medicine, a_seat, open_entry, show_all_fields
from tests.browser.test_for_everyone import violations
from tests.harness.databases import executed
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST = "Dr. Elena Ruiz", "Tom Becker, PharmD"

Sit = Callable[..., Seat]


def history_of(seat: Seat, entry: str) -> None:
    """Open an entry's history by its key, in the drawer."""
    seat.row(entry).focus()
    seat.page.keyboard.press("h")
    expect(seat.page.locator("#drawer .history")).to_be_focused()


def test_a_dose_is_explained_told_and_restored(running_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(running_hub, DOCTOR), sit(running_hub, PHARMACIST)
    path = a_medicine(doctor)
    entry, old = path.split("/")[1], doctor.value(f"{path}/dose")
    pharmacist.page.locator("[data-seen-all] button").click()
    open_entry(pharmacist, entry)
    expect(pharmacist.entry(entry).locator(".entry-news")).to_have_count(0)
    pharmacist.page.evaluate("scrollTo(0, document.body.scrollHeight)")  # What one looks at for two seconds is no news.
    doctor.control(f"{path}/dose").fill("77 mg")
    doctor.control(f"{path}/dose").press("Enter")
    doctor.expect_saved()

    doctor.entry(entry).get_by_role("link", name="Why?").first.click()
    doctor.entry(entry).get_by_label("Reason, kept with the change").fill("weight up 2 kg")
    doctor.entry(entry).get_by_role("button", name="Keep").click()
    mark = pharmacist.entry(entry).locator(".entry-news")
    expect(mark).to_contain_text("77 mg")
    expect(doctor.entry(entry).get_by_role("link", name="Why?")).to_have_count(0)

    history_of(pharmacist, entry)
    drawer = pharmacist.page.locator("#drawer")
    expect(drawer.locator("li").first).to_contain_text("weight up 2 kg")
    drawer.get_by_role("link", name="Restore what stood before").first.click()
    drawer.get_by_label("Why").fill("was for another patient")
    drawer.get_by_role("button", name="Restore").click()

    expect(doctor.control(f"{path}/dose")).to_have_value(old)


def test_words_that_the_database_refuses_stay_in_the_form_and_are_kept_with_the_next_try(
    running_hub: Hub, demo_database: str, sit: Sit
) -> None:
    doctor = sit(running_hub, DOCTOR)
    doctor.line_may_fail = running_hub.errors_expected = True
    path = a_medicine(doctor)
    old = doctor.value(f"{path}/dose")
    doctor.control(f"{path}/dose").fill("77 mg")
    doctor.control(f"{path}/dose").press("Enter")
    doctor.expect_saved()
    history_of(doctor, path.split("/")[1])
    drawer = doctor.page.locator("#drawer")
    drawer.get_by_role("link", name="Restore what stood before").first.click()
    drawer.get_by_label("Why").fill("was for another patient")

    executed(demo_database, "alter table journal add constraint never check (event not like 'restore%') not valid")
    drawer.get_by_role("button", name="Restore").click()
    expect(drawer.get_by_role("alert")).to_contain_text("Your words are still here")
    expect(drawer.get_by_label("Why")).to_have_value("was for another patient")
    executed(demo_database, "alter table journal drop constraint never")
    drawer.get_by_role("button", name="Restore").click()

    expect(doctor.control(f"{path}/dose")).to_have_value(old)


def test_each_word_says_which_of_two_wrote_it(running_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(running_hub, DOCTOR), sit(running_hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(doctor, path)
    show_all_fields(pharmacist, path)
    field = f"{path}/instructions"
    doctor.control(field).fill("Take with water.")
    expect(pharmacist.control(field)).to_have_value("Take with water.")
    pharmacist.control(field).press("End")
    pharmacist.control(field).press_sequentially(" Never with grapefruit.")
    pharmacist.expect_saved()
    expect(doctor.control(field)).to_have_value("Take with water. Never with grapefruit.")

    entry = path.split("/")[1]
    menu = doctor.entry(entry).locator("details.menu").first
    menu.locator("summary").click()
    menu.locator('a.writers-of[href$="field=instructions"]').click()

    text = doctor.page.locator("#drawer .writers-text")
    expect(text).to_have_text("Take with water. Never with grapefruit.")
    his = text.locator("a", has_text="grapefruit")
    his.focus()
    about = str(his.get_attribute("aria-describedby"))
    expect(doctor.page.locator(f"#{about}")).to_contain_text("Tom Becker")
    expect(text.locator("a", has_text="water")).to_have_attribute("href", re.compile("#writer-"))
    doctor.page.keyboard.press("Escape")
    expect(doctor.page.locator("#drawer")).to_be_empty()


def test_what_was_in_sight_for_two_seconds_is_seen_and_e_can_be_taken_back(running_hub: Hub, sit: Sit) -> None:
    doctor = sit(running_hub, DOCTOR)
    first = doctor.page.locator("#section-about_me form[data-news]")
    expect(first).to_have_count(1)
    with doctor.page.expect_response(lambda answer: answer.url.endswith("/seen")):
        doctor.page.locator("#section-about_me").scroll_into_view_if_needed()
    doctor.page.reload()
    doctor.expect_live()
    expect(first).to_have_count(0)
    others = doctor.page.locator("form[data-news]")
    count = others.count()
    assert count > 1

    doctor.page.locator("#section-goals .entry > h3 > .to").first.focus()
    doctor.page.keyboard.press("e")
    expect(others).to_have_count(0)
    doctor.page.locator("#seen").get_by_role("button", name="Undo").click()

    expect(others.first).to_be_attached()


def test_the_pages_of_the_past_work_without_scripts(shared_hub: Hub, sit: Sit) -> None:
    with shared_hub.pages(DOCTOR) as pages:
        plan = shared_hub.plan("Mary")
        past = pages.get(f"/plans/{plan}/as-of", params={"seq": "40"}).text
        pair = pages.get(f"/plans/{plan}/compare", params={"from_seq": "40"}).text
        told = pages.get(f"/plans/{plan}/history").text

    assert "Not the plan of today" in past
    assert 'data-became="added"' in pair
    assert "Restore what stood before" in told


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_pages_of_the_past(shared_hub: Hub, sit: Sit, scheme: str) -> None:
    doctor = sit(shared_hub, DOCTOR, color_scheme=scheme)
    doctor.page.locator("#section-medications .section-history").click()
    expect(doctor.page.locator("#drawer .history")).to_be_focused()
    found = violations(doctor)
    address = doctor.page.url.split("#")[0]
    entry = doctor.page.locator("#section-goals .entry").first.get_attribute("data-entry")
    at = f"/entries/goals/{entry}"
    pages = ("/history", "/as-of", "/compare", f"{at}/writers?field=description", f"{at}/restore?version=1")
    for page in pages:
        doctor.page.goto(address + page)
        found += [f"{page} {each}" for each in violations(doctor)]

    assert found == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_wrong_with_what_an_audit_finds_and_asks_back(
    shared_hub: Hub, browser: Browser, scheme: str, width: int
) -> None:
    look = {"color_scheme": scheme, "viewport": {"width": width, "height": 844}}
    with a_seat(browser, shared_hub, "Ruth Adeyemi", "/audit", **look) as auditor:
        page, found = auditor.page, []
        auditor.line_may_fail = True  # The console notes that a form was not taken yet (422).
        page.locator("#audit-person").fill("dr.")
        page.locator("#audit-patient").fill("whitf")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Several match")
        found += violations(auditor)

        page.get_by_label("Dr. Elena Ruiz").check()
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator("#found tbody tr").first).to_contain_text("Dr. Elena Ruiz")
        found += violations(auditor)
        page.get_by_role("button", name="Dormant grants").click()
        expect(page.locator("#found")).to_be_visible()
        found += violations(auditor)

        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
