"""The plan at a glance: read closed, opened in place, left again; light enough to be read in two screens."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.seats import Seat, a_medicine, open_entry
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, NURSE, PHARMACIST = "Dr. Elena Ruiz", "Grace Kim, RN", "Tom Becker, PharmD"

Sit = Callable[..., Seat]

WEIGHED = """() => ({
    height: document.documentElement.scrollHeight,
    nodes: document.querySelectorAll("*").length,
    live: document.querySelectorAll("[aria-live], [role=status], [role=alert]").length,
    controls: [...document.querySelectorAll("input, select, textarea")].filter(e => e.checkVisibility() && e.type !== "hidden").length,
    ways: [...document.querySelectorAll("a[href], button, summary")].filter(e => e.checkVisibility()).length,
})"""  # noqa: E501

MOST = {"nodes": 1_800, "live": 3, "controls": 12, "ways": 140}
"""What the closed plan of 43 entries may hold at most, wide or narrow."""

HEIGHTS = {1280: 1_800, 390: 3_600}
"""CSS pixels the plan may be high, by the width of the window: two screens of a desk, four of a phone."""

HTML_BYTES_MAX = 120_000

TABS_MAX = 12
"""Stops of Tab before the first medicine: bars and lists are one stop each."""


def test_the_closed_plan_is_read_in_two_screens_and_is_light(running_hub: Hub, sit: Sit) -> None:
    """On a hub of its own: what other tests leave in a plan makes it longer."""
    for width, height in HEIGHTS.items():
        doctor = sit(running_hub, DOCTOR, viewport={"width": width, "height": 900})
        weighed = doctor.page.evaluate(WEIGHED)
        html = doctor.page.context.request.get(doctor.page.url).text()

        assert {name: weighed[name] for name in MOST if weighed[name] > MOST[name]} == {}
        assert weighed["height"] <= height
        assert len(html.encode()) <= HTML_BYTES_MAX
        assert doctor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert stops_to_the_first_medicine(sit(running_hub, DOCTOR)) <= TABS_MAX


def stops_to_the_first_medicine(seat: Seat) -> int:
    inside = "() => document.activeElement.closest('#section-medications .entries') !== null"
    stops = 0
    while not seat.page.evaluate(inside):
        seat.page.keyboard.press("Tab")
        stops += 1
        assert stops < 100, "no medicine is reached"
    return stops


def test_a_row_is_opened_and_left_by_keys(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    keyboard = doctor.page.keyboard
    stops_to_the_first_medicine(doctor)
    keyboard.press("ArrowDown")
    row = doctor.focused

    keyboard.press("Enter")
    expect(doctor.page.locator(".entry[data-open]")).to_have_count(1)
    expect(doctor.page.locator(".entry[data-open] [data-bound]").first).to_be_focused()
    keyboard.press("Escape")
    assert doctor.focused == row
    keyboard.press("Escape")

    expect(doctor.page.locator(".entry[data-open]")).to_have_count(0)
    assert doctor.focused == row
    assert doctor.page.locator("main [data-bound]").count() == 0


def test_on_a_phone_every_field_of_an_opened_row_is_wide_enough_to_read(shared_hub: Hub, sit: Sit) -> None:
    nurse = sit(shared_hub, NURSE, viewport={"width": 390, "height": 844})
    nurse.expect_live()
    nurse.page.locator("#section-goals .unfold").click()
    for section in ("goals", "tasks"):
        row = nurse.page.locator(f"#section-{section} .entry:visible").last
        row.locator(":scope > h3 > .to").click()
        fields = row.locator(".fields")
        expect(fields).to_be_visible()
        assert fields.evaluate("it => getComputedStyle(it).gridTemplateColumns.split(' ').length") == 2, section
        widths = fields.locator(".field:visible").evaluate_all("all => all.map(each => each.clientWidth)")
        assert min(widths) > 140, section


def test_what_others_type_in_a_closed_row_shows_as_text_with_their_ring(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    path = a_medicine(pharmacist)
    row = doctor.entry(path.split("/")[1])

    pharmacist.control(f"{path}/dose").focus()
    expect(row.locator(".row-person")).to_have_text(f"{PHARMACIST}, in DOSE")
    pharmacist.control(f"{path}/dose").fill("33 mg")
    pharmacist.control(f"{path}/dose").press("Enter")

    expect(row.locator(f'[data-shows="{path}/dose"]')).to_have_text("33 mg")
    assert row.get_attribute("data-open") is None
    assert row.locator("[data-bound]").count() == 0


def test_a_row_with_words_that_are_nowhere_else_does_not_close(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    path = a_medicine(doctor)
    entry = path.split("/")[1]
    doctor.control(f"{path}/dose").fill("")

    doctor.entry(entry).locator("[data-close-entry]").click()
    expect(doctor.field(f"{path}/dose").locator(".field-message")).to_contain_text("can't be empty")
    assert doctor.entry(entry).get_attribute("data-open") is not None
    doctor.control(f"{path}/dose").press("Escape")
    doctor.entry(entry).locator("[data-close-entry]").click()

    expect(doctor.entry(entry)).not_to_have_attribute("data-open", "")


def test_words_refused_after_the_row_was_closed_open_it_again(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    doctor.line_may_fail = True
    path = a_medicine(doctor)
    entry = path.split("/")[1]
    doctor.control(f"{path}/route").evaluate("select => select.add(new Option('by magic', 'by magic'))")
    doctor.page.context.set_offline(True)
    doctor.control(f"{path}/route").select_option("by magic")
    doctor.entry(entry).locator("[data-close-entry]").click()
    expect(doctor.entry(entry)).not_to_have_attribute("data-open", "")

    doctor.page.context.set_offline(False)

    expect(doctor.field(f"{path}/route").locator(".field-message")).to_contain_text("Your words: by magic")


def test_without_scripts_a_row_leads_to_a_page_with_its_form(shared_hub: Hub, sit: Sit) -> None:
    reader = sit(shared_hub, DOCTOR)
    path = a_medicine(reader)
    context = reader.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    context.add_cookies(reader.page.context.cookies())  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(reader.page.url)

    page.locator(f"#row-{path.split('/')[1]}").click()
    page.locator('.form [name="instructions"]').fill("With water.")
    page.locator(".form").get_by_role("button", name="Save").click()

    open_entry(reader, path.split("/")[1])
    expect(reader.control(f"{path}/instructions")).to_have_value("With water.")
    context.close()
