"""Entries come and go under the hands of people who type, and what one may not see is not there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.seats import Seat, a_medicine, open_entry, show_all_fields
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST, PATIENT = "Dr. Elena Ruiz", "Tom Becker, PharmD", "Mary Whitfield"

Sit = Callable[..., Seat]


def add_medicine(seat: Seat, name: str) -> None:
    """Make a medicine through the section's form."""
    section = seat.page.locator("#section-medications")
    section.get_by_role("link", name="Add medicine").click()
    form = section.locator(".entry-form form")
    form.locator('[name="name"]').fill(name)
    form.locator('[name="dose"]').fill("5 mg")
    form.locator('[name="frequency"]').fill("once daily")
    form.get_by_role("button").last.click()


def test_an_entry_that_someone_adds_appears_to_all_and_takes_neither_focus_nor_caret_nor_draft(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    path = a_medicine(pharmacist)
    show_all_fields(pharmacist, path)
    pharmacist.control(f"{path}/dose").fill("half a dra")
    pharmacist.control(f"{path}/dose").press("ArrowLeft")
    before = (pharmacist.focused, pharmacist.caret)

    add_medicine(doctor, "cetirizine-of-the-test")

    added = pharmacist.page.locator("#section-medications .entry", has_text="cetirizine-of-the-test")
    expect(added).to_have_count(1)
    assert (pharmacist.focused, pharmacist.caret) == before
    assert pharmacist.value(f"{path}/dose") == "half a dra"
    pharmacist.control(f"{path}/dose").press("Escape")


def test_a_new_entry_can_be_written_in_by_all_at_once(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    add_medicine(doctor, "docusate-of-the-test")
    entry = pharmacist.page.locator("#section-medications .entry", has_text="docusate-of-the-test")
    expect(entry).to_have_count(1)
    path = f"medications/{entry.get_attribute('data-entry')}"
    for seat in (doctor, pharmacist):
        show_all_fields(seat, path)

    pharmacist.control(f"{path}/instructions").fill("In the evening.")

    expect(doctor.control(f"{path}/instructions")).to_have_value("In the evening.")
    pharmacist.expect_saved()


def test_a_retired_entry_leaves_everyone_s_list_and_stands_among_the_retired(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    add_medicine(doctor, "loratadine-of-the-test")
    named = "#section-medications .section-body > .entries > .entry"
    for seat in (doctor, pharmacist):
        expect(seat.page.locator(named, has_text="loratadine-of-the-test")).to_have_count(1)
    entry = doctor.page.locator(named, has_text="loratadine-of-the-test")
    open_entry(doctor, str(entry.get_attribute("data-entry")))

    entry.locator(".menu > summary").click()
    entry.get_by_role("link", name="Retire").click()
    form = entry.locator(".entry-form form")
    form.locator('[name="reason"]').fill("Stopped by cardiology.")
    form.get_by_role("button").last.click()

    for seat in (doctor, pharmacist):
        expect(seat.page.locator(named, has_text="loratadine-of-the-test")).to_have_count(0)
        expect(seat.page.locator("#section-medications .retired", has_text="loratadine-of-the-test")).to_have_count(1)


def test_sections_one_may_not_read_are_nowhere_on_the_page(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    patient = sit(shared_hub, PATIENT, "?view=whole")

    assert doctor.page.locator("#section-staff_notes").count() == 1
    assert "staff_notes" not in patient.page.content()
    assert "Team-only notes" not in patient.page.content()
