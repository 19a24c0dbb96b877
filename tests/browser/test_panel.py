"""My patients by keyboard: narrowed by words and filters that stand in the address, grouped, kept as a view."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.seats import Seat, a_seat
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

GRACE, ADMIN = "Grace Kim, RN", "Jonas Falk"
UNIT, VIEW = "Ward of the panel", "Rosa first"


def posted(pages: httpx2.Client, address: str, **form: str) -> str:
    answer = pages.post(address, data=form)
    assert answer.status_code == 303, (address, answer.text)
    return str(answer.headers["location"])


@pytest.fixture
def nurse(browser: Browser, shared_hub: Hub) -> Iterator[Seat]:
    """Her panel, with a unit in which she works and a huddle on Rosa; both are gone afterwards."""
    with ExitStack() as stack:
        admin, pages = (stack.enter_context(shared_hub.pages(name)) for name in (ADMIN, GRACE))
        posted(admin, "/admin/units", name=UNIT, member=shared_hub.person(GRACE))
        listed = admin.get("/admin/units").text.split(UNIT)[1]
        unit = re.search(r'name="unit" value="([0-9a-f-]{36})"', listed)
        assert unit is not None
        stack.callback(posted, admin, "/admin/units", unit=unit[1], act="end", name=UNIT)
        at = posted(pages, "/huddles", title="Panel", plan=shared_hub.plan("Rosa"))
        stack.callback(posted, pages, f"{at}/remove", plan=shared_hub.plan("Rosa"))
        seat = stack.enter_context(a_seat(browser, shared_hub, GRACE, "/panel?all=yes"))
        yield seat


def chosen(seat: Seat, name: str, option: str) -> Locator:
    """Choose in a list of the filters by its first letters, show what it leaves, and return the patients."""
    listed = seat.page.locator(f'.panel-choices select[name="{name}"]')
    listed.focus()
    seat.page.keyboard.type(option)
    expect(listed.locator("option:checked")).to_contain_text(option)
    seat.page.get_by_role("button", name="Show", exact=True).press("Enter")
    return seat.page.locator(".patient")


def test_the_panel_is_narrowed_grouped_and_kept_as_a_view_by_keyboard(nurse: Seat) -> None:
    page, keyboard = nurse.page, nurse.page.keyboard
    patients, rosa = page.locator(".patient"), page.locator(".patient", has_text="DELGADO, Rosa")
    everyone = patients.count()

    keyboard.press("f")
    keyboard.type("delgado")
    expect(patients).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=delgado"))
    keyboard.press("Escape")
    keyboard.press("j")
    expect(rosa).to_be_focused()

    page.get_by_role("link", name="leave this filter out").press("Enter")
    expect(patients).to_have_count(everyone)
    page.get_by_role("link", name=re.compile("^Mine")).press("Enter")
    expect(page).to_have_url(re.compile("who=mine"))
    page.get_by_role("link", name=re.compile("^Everyone")).press("Enter")
    expect(patients).to_have_count(everyone)

    page.locator(".panel-more > summary").press("Enter")
    expect(chosen(nurse, "huddle", "Panel")).to_have_count(1)
    expect(chosen(nurse, "unit", UNIT).first).to_be_visible()
    chosen(nurse, "group", "by steward")
    expect(page.locator(".panel-group h2")).to_contain_text(GRACE)
    expect(page).to_have_url(re.compile("unit=.*huddle=.*group=steward"))

    page.get_by_label("Save this view as").fill(VIEW)
    page.get_by_label("Begin with it").press("Space")
    page.get_by_label("Save this view as").press("Enter")
    expect(page.get_by_role("navigation", name="My views").get_by_role("link")).to_have_text(re.compile(VIEW))
    page.goto(f"{nurse.hub.base_url}/panel")
    expect(page).to_have_url(re.compile("unit=.*huddle=.*group=steward"))
    expect(rosa).to_be_visible()

    page.locator(".panel-more > summary").press("Enter")
    page.get_by_role("button", name=re.compile(f"^Delete.*{VIEW}")).press("Enter")
    expect(page.get_by_role("navigation", name="My views")).to_have_count(0)
