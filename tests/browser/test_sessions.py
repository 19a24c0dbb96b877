"""A session's end: said in time, kept with one button, and never the end of what somebody was writing."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, expect

from auth.sessions import FAMILY_IDLE_MAX, SESSION_AGE_MAX, STAFF_IDLE_MAX
from tests.browser.seats import Seat, a_medicine, a_seat, open_entry
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow
DOCTOR, EMILY, MARY = "Dr. Elena Ruiz", "Emily Hart", "Mary Whitfield"
SOON = timedelta(seconds=100)
IDLE = ("began", "active", "authenticated")


def age(database_url: str, *columns: str, ago: timedelta) -> None:
    """Make every session of the hub older: the columns are moved back to so long ago."""
    moves = ", ".join(f"{name} = clock_timestamp() - $1::interval" for name in columns)

    async def moved() -> None:
        connection = await asyncpg.connect(database_url)
        try:
            await connection.execute(f"update session set {moves}", ago)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop runs in this one.
        thread.submit(asyncio.run, moved()).result()


def look(page: Page) -> None:
    """Have the page look how long its session lasts, as when one comes back to its tab."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize(
    ("name", "address", "idle"),
    [
        (DOCTOR, "/plans/{plan}", STAFF_IDLE_MAX),
        (DOCTOR, "/panel", STAFF_IDLE_MAX),
        (EMILY, "/plans/{plan}/family", FAMILY_IDLE_MAX),
    ],
    ids=["plan", "panel", "family"],
)
def test_the_end_is_said_two_minutes_before_and_one_button_keeps_the_session(
    running_hub: Hub, demo_database: str, browser: Browser, name: str, address: str, idle: timedelta
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}}
    with a_seat(browser, running_hub, name, address.format(plan=running_hub.plan("Mary")), **phone) as seat:
        bar = seat.page.locator("#session-left")
        expect(bar).to_be_empty()
        age(demo_database, *IDLE, ago=idle - SOON)
        look(seat.page)
        expect(bar.get_by_role("alert")).to_contain_text(re.compile(r"at \d\d:\d\d.* you are signed out"))
        assert violations(seat) == []

        bar.get_by_role("button", name="Stay signed in").click()

        expect(bar).to_be_empty()
        left = seat.page.evaluate("fetch('/sessions/left').then(it => it.json())")
        assert left["seconds"] > idle.total_seconds() - 60


def test_looking_keeps_nothing_and_after_twelve_hours_only_signing_in_helps(
    running_hub: Hub, demo_database: str, browser: Browser
) -> None:
    with a_seat(browser, running_hub, MARY, "/notifications", locale="es-MX") as seat:
        seat.line_may_fail = True
        bar = seat.page.locator("#session-left")
        age(demo_database, "began", ago=SESSION_AGE_MAX - SOON)
        look(seat.page)
        bar.get_by_role("button", name="Stay signed in").click()
        expect(bar).to_contain_text("after 12 hours everyone signs in anew")
        expect(bar.get_by_role("link", name="Sign in again")).to_have_attribute("href", "/sign-in?next=/notifications")
        age(demo_database, "began", ago=SESSION_AGE_MAX)
        look(seat.page)

        expect(seat.page.locator("#cover")).to_contain_text("You are signed out")
        expect(seat.page.locator("main")).to_be_hidden()


def test_a_session_that_ends_in_mid_sentence_takes_no_words_along(
    running_hub: Hub, demo_database: str, browser: Browser
) -> None:
    with a_seat(browser, running_hub, DOCTOR, f"/plans/{running_hub.plan('Mary')}") as seat:
        seat.line_may_fail = True
        seat.expect_live()
        path = a_medicine(seat)
        seat.control(f"{path}/instructions").fill("With breakfast.")
        seat.expect_saved()
        seat.page.context.set_offline(True)
        seat.control(f"{path}/instructions").press("End")
        seat.control(f"{path}/instructions").press_sequentially(" Never with gra")
        age(demo_database, *IDLE, ago=STAFF_IDLE_MAX)
        seat.page.context.set_offline(False)
        cover = seat.page.locator("#cover")
        expect(cover).to_contain_text("What you typed is kept")
        with seat.page.context.expect_page() as opened:
            cover.get_by_role("link", name="Sign in").click()
        opened.value.get_by_role("button", name=DOCTOR).click()
        expect(opened.value).to_have_url(re.compile("/panel"))

        expect(cover).to_have_count(0)
        seat.expect_live()
        seat.expect_saved()
        assert seat.value(f"{path}/instructions") == "With breakfast. Never with gra"
        other: Seat
        with a_seat(browser, running_hub, MARY, f"/plans/{running_hub.plan('Mary')}?view=whole") as other:
            open_entry(other, path.split("/")[1])
            expect(other.field(f"{path}/instructions")).to_contain_text("With breakfast. Never with gra")


def test_on_a_phone_the_way_back_in_has_the_whole_page_to_itself(
    running_hub: Hub, demo_database: str, browser: Browser
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}}
    with a_seat(browser, running_hub, DOCTOR, f"/plans/{running_hub.plan('Mary')}", **phone) as seat:
        seat.line_may_fail = True
        seat.expect_live()
        age(demo_database, *IDLE, ago=STAFF_IDLE_MAX - SOON)
        look(seat.page)
        expect(seat.page.locator("#session-left")).to_be_visible()
        age(demo_database, *IDLE, ago=STAFF_IDLE_MAX)
        cover = seat.page.locator("#cover")
        expect(cover).to_contain_text("You are signed out")

        for each in ("#session-left", "#here", "main", "header.app-bar"):
            expect(seat.page.locator(each)).to_be_hidden()
        for control in (cover.locator("a"), cover.locator("button")):
            box = control.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 844
        assert violations(seat) == []


def test_my_sessions_are_found_in_the_menu(shared_hub: Hub, browser: Browser) -> None:
    with a_seat(browser, shared_hub, DOCTOR, "/panel") as seat:
        seat.page.locator(".me summary").click()
        seat.page.get_by_role("link", name="Where I am signed in").click()

        expect(seat.page.get_by_role("heading", name="Where I am signed in")).to_be_visible()
