"""A page belongs to a person: two people at one browser, signing out, and words that were not sent."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.seats import Seat, a_medicine, a_seat
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow
DOCTOR, PHARMACIST, EMILY = "Dr. Elena Ruiz", "Tom Becker, PharmD", "Emily Hart"
COVER = "#cover"


def authors(database_url: str, words: str) -> set[str]:
    """Return the names of everyone under whom rows with these words stand in the journal."""

    async def asked() -> set[str]:
        connection = await asyncpg.connect(database_url)
        try:
            query = "select p.name from journal j join person p on p.id = j.actor where j.told::text like $1"
            return {row["name"] for row in await connection.fetch(query, f"%{words}%")}
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop runs in this one.
        return thread.submit(asyncio.run, asked()).result()


def another_signs_in(seat: Seat, name: str) -> Page:
    """In another tab of the same browser, someone else becomes themselves; return that tab."""
    tab = seat.page.context.new_page()
    tab.goto(f"{seat.hub.base_url}/sign-in")
    tab.get_by_role("button", name=name).click()
    expect(tab).to_have_url(re.compile("/panel"))
    return tab


def take_the_browser(seat: Seat, name: str) -> None:
    """Sign someone else in in this browser without any page of it hearing of that."""
    cookie, value = seat.hub.cookie(name).split("=", 1)
    seat.page.context.add_cookies([{"name": cookie, "value": value, "url": seat.hub.base_url}])


def expect_covered(page: Page) -> None:
    expect(page.locator(COVER)).to_be_visible()
    page.evaluate("document.getElementById('session-left')?.append('Words that come late')")
    assert page.locator("body > :not(#cover):visible").count() == 0, "nothing of the page is seen"


def test_the_page_of_one_person_stops_when_another_signs_in_and_goes_on_when_they_are_back(
    running_hub: Hub, demo_database: str, browser: Browser
) -> None:
    with a_seat(browser, running_hub, DOCTOR, f"/plans/{running_hub.plan('Mary')}") as seat:
        seat.line_may_fail = True
        seat.expect_live()
        path = a_medicine(seat)
        tab = another_signs_in(seat, PHARMACIST)

        expect_covered(seat.page)
        expect(seat.page.locator(COVER)).to_contain_text(PHARMACIST)
        expect(seat.page.locator(COVER)).to_contain_text(DOCTOR)
        assert "Mary" not in seat.page.title()
        seat.page.emulate_media(media="print")
        expect_covered(seat.page)
        seat.page.emulate_media(media="screen")
        assert violations(seat) == []

        tab.goto(f"{running_hub.base_url}/sign-in")
        tab.get_by_role("button", name=DOCTOR).click()

        expect(seat.page.locator(COVER)).to_have_count(0)
        seat.expect_live()
        seat.control(f"{path}/instructions").fill("Written by the doctor.")
        seat.expect_saved()
        assert authors(demo_database, "Written by the doctor") == {DOCTOR}


def test_words_typed_offline_are_sent_by_nobody_but_the_one_who_typed_them(
    running_hub: Hub, demo_database: str, browser: Browser
) -> None:
    address = f"/plans/{running_hub.plan('Mary')}"
    with a_seat(browser, running_hub, DOCTOR, address) as seat:
        seat.line_may_fail = True
        seat.expect_live()
        path = a_medicine(seat)
        seat.page.context.set_offline(True)
        seat.control(f"{path}/instructions").fill("Typed while the line was away.")
        take_the_browser(seat, PHARMACIST)
        seat.page.context.set_offline(False)

        expect_covered(seat.page)
        expect(seat.page.locator(COVER)).to_contain_text("kept on this device")
        assert authors(demo_database, "line was away") == set()

        # The tab is gone; the pharmacist finds nothing of it, the doctor does.
        seat.page.locator(COVER).get_by_role("link", name="Go on as").click()
        expect(seat.page.get_by_role("heading", level=1)).to_be_visible()
        expect(seat.page.locator(".kept-drafts")).to_have_count(0)
        kept = seat.page.evaluate("JSON.stringify(localStorage)")
        assert "careplan-draft" in kept
        assert "line was away" not in kept
        take_the_browser(seat, DOCTOR)
        seat.page.goto(running_hub.base_url + "/panel")

        draft = seat.page.locator(".kept-drafts")
        expect(draft).to_contain_text("Typed while the line was away.")
        assert violations(seat) == []
        assert authors(demo_database, "line was away") == set()
        draft.get_by_role("button", name="Drop it").click()
        expect(draft).to_have_count(0)
        seat.page.reload()
        expect(seat.page.locator(".kept-drafts")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (DOCTOR, "/plans/{plan}"),
        (DOCTOR, "/panel"),
        (DOCTOR, "/work"),
        (DOCTOR, "/plans/{plan}/history"),
        (EMILY, "/plans/{plan}/family"),
        (EMILY, "/plans/{plan}/family/sheet"),
    ],
)
def test_signing_out_covers_every_page_of_the_browser_and_signing_in_again_uncovers_it(
    running_hub: Hub, browser: Browser, name: str, address: str
) -> None:
    with a_seat(browser, running_hub, name, address.format(plan=running_hub.plan("Mary"))) as seat:
        seat.line_may_fail = True
        expect(seat.page.locator("main")).to_be_visible()
        tab = seat.page.context.new_page()
        tab.goto(running_hub.base_url + "/sessions")
        tab.locator("summary", has_text=name.split(",", maxsplit=1)[0]).click()
        tab.get_by_role("button", name="Sign out", exact=True).click()
        expect(tab).to_have_url(re.compile("/sign-in"))

        expect_covered(seat.page)
        expect(seat.page.locator(COVER)).to_contain_text(re.compile("You are signed out|Su sesión"))

        tab.get_by_role("button", name=name).click()
        expect(tab).to_have_url(re.compile("/panel|/plans"))
        expect(seat.page.locator(COVER)).to_have_count(0)
        expect(seat.page.locator("main")).to_be_visible()


def test_signing_out_in_another_browser_covers_a_page_that_has_no_live_plan(running_hub: Hub, browser: Browser) -> None:
    with (
        a_seat(browser, running_hub, DOCTOR, "/panel") as phone,
        a_seat(browser, running_hub, DOCTOR, "/sessions") as desk,
    ):
        phone.line_may_fail = desk.line_may_fail = True
        with phone.page.expect_websocket(timeout=30_000):
            phone.page.reload()

        desk.page.get_by_role("button", name="Sign out everywhere").click()

        expect_covered(phone.page)


def test_a_form_of_one_person_is_not_taken_from_another_and_its_words_stay(
    running_hub: Hub, demo_database: str, browser: Browser
) -> None:
    address = f"/plans/{running_hub.plan('Mary')}/sections/goals/entries/new"
    with a_seat(browser, running_hub, DOCTOR, address, java_script_enabled=False) as seat:
        seat.line_may_fail = True
        seat.page.get_by_label(re.compile("Goal")).first.fill("Walk to the corner.")
        seat.page.get_by_label(re.compile("Whose words")).select_option(index=1)
        take_the_browser(seat, PHARMACIST)
        seat.page.locator("main form").get_by_role("button").first.click()

        expect(seat.page.get_by_role("heading", name="Another person is signed in")).to_be_visible()
        expect(seat.page.locator("main")).to_contain_text("Walk to the corner.")
        assert authors(demo_database, "Walk to the corner") == set()
        take_the_browser(seat, DOCTOR)
        seat.page.get_by_role("button", name="Send again").click()

        expect(seat.page.get_by_role("heading", name="Another person is signed in")).to_have_count(0)
        assert authors(demo_database, "Walk to the corner") == {DOCTOR}


def test_a_page_that_comes_back_from_the_browsers_memory_is_covered_until_it_is_known_whose_turn_it_is(
    running_hub: Hub, browser: Browser
) -> None:
    with a_seat(browser, running_hub, DOCTOR, "/panel") as seat:
        seat.line_may_fail = True
        expect(seat.page.locator("main")).to_be_visible()
        take_the_browser(seat, PHARMACIST)
        hidden = """() => {
            dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))
            return getComputedStyle(document.querySelector('main')).display
        }"""
        assert seat.page.evaluate(hidden) == "none"

        seat.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")

        expect_covered(seat.page)
        expect(seat.page.locator(COVER)).to_contain_text(PHARMACIST)


def test_the_huddle_page_of_one_person_stops_when_another_signs_in(running_hub: Hub, browser: Browser) -> None:
    with a_seat(browser, running_hub, "Grace Kim, RN", "/huddles") as seat:
        seat.line_may_fail = True
        seat.page.locator('input[name="plan"]').first.check()
        seat.page.get_by_role("button", name="Plan the huddle").click()
        seat.expect_live()

        another_signs_in(seat, PHARMACIST)

        expect_covered(seat.page)
