"""Words that may not stand in a field find their way to whoever may put them there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.seats import Seat, a_medicine, open_entry
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, CARE_MANAGER = "Dr. Elena Ruiz", "Grace Kim, RN"
BOUND = """element => {
    element.dataset.access = "write"
    const control = document.createElement("input")
    control.dataset.bound = ""
    control.defaultValue = element.querySelector("[data-value]").textContent
    element.querySelector("[data-value]").replaceWith(control)
    document.dispatchEvent(new CustomEvent("htmx:after:swap"))
}"""
"""A page that was tampered with: the field looks like one that this person may write."""


def test_refused_words_are_sent_as_a_suggestion_in_one_click(shared_hub: Hub, sit: Callable[..., Seat]) -> None:
    doctor, manager = sit(shared_hub, DOCTOR), sit(shared_hub, CARE_MANAGER)
    path = a_medicine(doctor)
    dose = f"{path}/dose"
    standing = doctor.value(dose)
    open_entry(manager, path.split("/")[1])
    manager.field(dose).evaluate(BOUND)

    manager.control(dose).fill("77 mg")
    manager.control(dose).press("Enter")
    expect(manager.field(dose).locator(".field-message")).to_contain_text("Your words: 77 mg")
    manager.field(dose).get_by_role("button", name="Send as a suggestion").click()

    expect(doctor.page.locator(".suggestion", has_text="77 mg")).to_be_visible()
    assert doctor.value(dose) == standing
