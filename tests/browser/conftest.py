"""A browser, and people who sit down at the plan of Mary."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.seats import Seat, a_seat
from tests.harness.hubs import Hub

EXPECT_MS_MAX = 30_000
"""What is expected on a page comes true within this, on a machine that does much else."""


@pytest.fixture(scope="module")
def browser(browser_launch: dict[str, object]) -> Iterator[Browser]:
    """Chromium, for one module: Playwright's loop would be in the way of the async tests elsewhere."""
    expect.set_options(timeout=EXPECT_MS_MAX)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(**browser_launch)  # type: ignore[arg-type]
        yield launched
        launched.close()


@pytest.fixture
def sit(browser: Browser) -> Iterator[Callable[..., Seat]]:
    """Sit a person down at Mary's plan on a hub, live; their page must have had no error when the test ends."""
    with ExitStack() as stack:

        def down(hub: Hub, name: str, query: str = "", **context: object) -> Seat:
            address = f"/plans/{hub.plan('Mary')}{query}"
            seat = stack.enter_context(a_seat(browser, hub, name, address, **context))
            seat.expect_live()
            return seat

        yield down
