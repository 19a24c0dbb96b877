"""A dangerous medicine is told to whoever writes it before it stands, wherever they write it, and to those at home."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.seats import Seat, a_seat, open_entry
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, SON = "Dr. Elena Ruiz", "Marcus Bennett"
PHONE = {"viewport": {"width": 390, "height": 844}}
BLEEDING = re.compile("serious bleeding, mostly of the stomach")
"""Of an NSAID beside apixaban, in the words for clinicians."""


@pytest.fixture
def doctor(browser: Browser, shared_hub: Hub) -> Iterator[Seat]:
    """Joyce's doctor at her plan: she takes apixaban. What the test adds is retired at its end."""
    with ExitStack() as stack:
        seat = stack.enter_context(a_seat(browser, shared_hub, DOCTOR, f"/plans/{shared_hub.plan('Joyce')}"))
        seat.line_may_fail = True  # A refusal is an answer.
        seat.expect_live()
        yield seat


def add(doctor: Seat, name: str, dose: str, often: str) -> Locator:
    """Fill the form of a new medicine, and return the form."""
    section = doctor.page.locator("#section-medications")
    section.get_by_role("link", name="Add medicine").click()
    form = section.locator("#new-medications form")
    for field, words in (("name", name), ("dose", dose), ("frequency", often)):
        form.locator(f'[name="{field}"]').fill(words)
    return form


def row_of(doctor: Seat, name: str) -> Locator:
    return doctor.page.locator("#section-medications .section-body > .entries > .entry", has_text=name)


def by_form(doctor: Seat) -> str:
    """It is told while it is typed, refused without a reason, taken with one; the reason stands on the row."""
    form = add(doctor, "naproxen", "220 mg", "twice daily")
    expect(form.locator(".tried")).to_contain_text(BLEEDING)
    expect(form.locator(".tried .finding").first).to_be_in_viewport(ratio=1)
    form.get_by_role("button").last.click()
    expect(form.locator("#despite-danger")).to_contain_text("Say why it is right all the same.")
    form.locator('[name="despite"]').fill("Two days only, told Marcus")
    form.get_by_role("button").last.click()
    row = row_of(doctor, "naproxen")
    expect(row).to_have_count(1)
    expect(open_entry(doctor, row).locator(".findings-aside")).to_contain_text("Two days only, told Marcus")
    return str(row.get_attribute("data-entry"))


def in_place(doctor: Seat) -> str:
    """Told while the caret is still in the control; kept as it was written, and called a danger without a reason."""
    add(doctor, "loratadine", "10 mg", "once daily").get_by_role("button").last.click()
    row = row_of(doctor, "loratadine")
    expect(row).to_have_count(1)
    entry = str(row.get_attribute("data-entry"))
    tried = open_entry(doctor, entry).locator(".opened .tried")
    dose, name = doctor.control(f"medications/{entry}/dose"), doctor.control(f"medications/{entry}/name")
    dose.fill("60 mg")
    expect(tried).to_contain_text("the label's most is 10 mg")
    expect(dose).to_be_focused()
    dose.press("Escape")
    expect(tried.locator(".finding")).to_have_count(0)
    expect(dose).to_have_value("10 mg")
    name.fill("ibuprofen")
    expect(tried).to_contain_text(BLEEDING)
    expect(name).to_be_focused()
    name.press("Enter")
    doctor.expect_saved()
    told = doctor.entry(entry).locator('.sub[data-rank="danger"]', has_text=BLEEDING)
    expect(told).to_contain_text("Danger, reason missing")
    expect(tried.locator(".finding")).to_have_count(0)
    expect(name).to_have_value("ibuprofen")
    return entry


def in_the_huddle(doctor: Seat, entry: str) -> None:
    """It stands among why the patient is talked about; the room's form tells it, and asks for the reason."""
    page, plan = doctor.page, doctor.hub.plan("Joyce")
    page.goto(f"{doctor.hub.base_url}/huddles")
    for box in page.locator('input[name="plan"]').all():
        box.set_checked(box.get_attribute("value") == plan)
    page.get_by_role("button", name="Plan the huddle").click()
    page.wait_for_url(re.compile(r"/huddles/0"))
    doctor.expect_live()
    expect(page.locator(".agenda-line")).to_contain_text("dangerous medicine")
    page.get_by_role("button", name="Start, I drive").click()
    expect(page.locator("#row-why .next-line", has_text=BLEEDING)).to_contain_text("ibuprofen")
    line = page.locator(".huddle-medicines li", has=page.locator(f"#form-{entry}"))
    line.get_by_role("link", name="Change or stop").click()
    form = line.locator("form")
    form.locator('[name="dose"]').fill("400 mg")
    expect(form.locator(".tried")).to_contain_text(BLEEDING)
    form.get_by_role("button").last.click()
    expect(form.locator("#despite-danger")).to_contain_text("Say why it is right all the same.")
    form.locator('[name="despite"]').fill("Until the knee is seen tomorrow")
    form.get_by_role("button").last.click()
    expect(page.locator("#row-why .next-line", has_text=BLEEDING)).to_have_count(0)


def test_a_dangerous_medicine_is_told_by_form_in_place_at_home_and_in_the_huddle(
    browser: Browser, shared_hub: Hub, doctor: Seat
) -> None:
    """In a visit update it is told too: ``tests/browser/test_loops.py``."""
    plan = shared_hub.plan("Joyce")
    added = [by_form(doctor)]
    added.append(in_place(doctor))
    with a_seat(browser, shared_hub, SON, f"/plans/{plan}/family", **PHONE) as son:
        medicine = son.page.locator("#today .medicines > li", has=son.page.locator("b", has_text="ibuprofen"))
        expect(medicine.locator(".ask", has_text="dangerous bleeding")).to_contain_text("Ask before you take this:")

        in_the_huddle(doctor, added[-1])

        expect(medicine.locator(".ask", has_text="dangerous bleeding")).to_have_count(0)

    with shared_hub.pages(DOCTOR) as client:
        for entry in added:
            client.post(f"/plans/{plan}/entries/medications/{entry}/entry.retire", data={"reason": "End of the test."})
