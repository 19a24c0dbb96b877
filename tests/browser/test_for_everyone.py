"""The plan for people with a keyboard alone, a phone, a screen reader, a dark room."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.seats import Seat, a_medicine, open_entry
from tests.harness import browsers
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, NURSE, PHARMACIST = "Dr. Elena Ruiz", "Grace Kim, RN", "Tom Becker, PharmD"
AXE = browsers.ROOT / "node_modules" / "axe-core" / "axe.min.js"

Sit = Callable[..., Seat]


def violations(seat: Seat) -> list[str]:
    """What axe-core finds wrong with the page by WCAG 2.2 A and AA, each with where."""
    browsers.packages()
    seat.page.evaluate(AXE.read_text("utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found: dict[str, Any] = seat.page.evaluate("tags => axe.run({ runOnly: tags })", tags)
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_plan(shared_hub: Hub, sit: Sit, scheme: str) -> None:
    sit(shared_hub, PHARMACIST)
    doctor = sit(shared_hub, DOCTOR, color_scheme=scheme)

    assert violations(doctor) == []


def test_axe_finds_nothing_wrong_with_the_plan_on_a_phone(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR, viewport={"width": 360, "height": 740})

    assert violations(doctor) == []


def test_a_phone_shows_the_plan_without_scrolling_sideways_and_lets_one_write(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    text = f"{a_medicine(doctor)}/instructions"

    doctor.control(text).tap()
    doctor.control(text).fill("From a phone.")

    doctor.expect_saved()
    expect(doctor.state).to_be_in_viewport()
    assert doctor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_ways_on_are_one_strip_and_none_is_missing(shared_hub: Hub, sit: Sit) -> None:
    nurse = sit(shared_hub, NURSE, viewport={"width": 390, "height": 844})
    strip = nurse.page.get_by_role("navigation", name="On this page")

    box = strip.bounding_box()
    assert box is not None
    assert box["height"] < 60, "one line"
    for name in ("Medicines", "Goals", "Team"):
        strip.get_by_role("link", name=name).scroll_into_view_if_needed()
        expect(strip.get_by_role("link", name=name)).to_be_in_viewport()
    tools = nurse.page.get_by_role("toolbar", name="The plan")
    for name in ("History", "As it was on…", "Who sees what", "Invite someone"):
        expect(tools.get_by_role("link", name=name)).to_be_in_viewport()
    tabs = nurse.page.get_by_role("navigation", name="Main")
    assert tabs.evaluate("it => it.scrollWidth <= it.clientWidth"), "every tab is in sight"


def test_the_keyboard_alone_is_enough(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    keyboard = doctor.page.keyboard

    keyboard.press("?")
    expect(doctor.page.get_by_role("dialog", name="Keys")).to_be_visible()
    keyboard.press("Escape")
    keyboard.press("Control+k")
    keyboard.type("medicines and")
    keyboard.press("Enter")
    assert doctor.focused == "heading-medications"
    keyboard.press("j")
    assert doctor.focused.startswith("row-")
    keyboard.press("j")
    first = doctor.focused
    keyboard.press("k")
    assert doctor.focused != first
    path = a_medicine(doctor)
    open_entry(pharmacist, path.split("/")[1])
    doctor.control(f"{path}/dose").focus()
    keyboard.press("Control+a")
    keyboard.type("11 mg")
    keyboard.press("Enter")
    expect(pharmacist.control(f"{path}/dose")).to_have_value("11 mg")
    doctor.page.locator("#heading-medications").focus()
    keyboard.press("u")
    expect(pharmacist.control(f"{path}/dose")).not_to_have_value("11 mg")


def test_letters_in_a_field_are_letters_not_keys(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    text = f"{a_medicine(doctor)}/instructions"
    doctor.control(text).fill("")

    doctor.control(text).press_sequentially("just ? u k 1 gp /")

    assert doctor.value(text) == "just ? u k 1 gp /"


def test_what_others_change_is_said_politely_in_one_sentence(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    path = a_medicine(pharmacist)

    pharmacist.control(f"{path}/dose").fill("14 mg")
    pharmacist.control(f"{path}/dose").press("Enter")

    expect(doctor.page.locator("#say")).to_contain_text("DOSE to 14 mg")
    expect(doctor.page.locator("#say")).to_contain_text(PHARMACIST)


def test_who_is_here_is_said_on_demand(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    sit(shared_hub, PHARMACIST)
    expect(doctor.page.locator("#here")).to_contain_text(PHARMACIST)

    doctor.page.keyboard.press("Alt+Shift+W")

    expect(doctor.page.locator("#say")).to_contain_text(f"Here: {PHARMACIST}")
