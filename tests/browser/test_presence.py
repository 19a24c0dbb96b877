"""Who is here, and where."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.seats import Seat, a_medicine, show_all_fields
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST, CARE_MANAGER = "Dr. Elena Ruiz", "Tom Becker, PharmD", "Grace Kim, RN"

Sit = Callable[..., Seat]


def test_everyone_is_shown_once_with_name_and_role_and_gone_when_they_leave(running_hub: Hub, sit: Sit) -> None:
    doctor = sit(running_hub, DOCTOR)
    expect(doctor.page.locator("#here")).to_have_text("Only you here")

    with_two_pages = [sit(running_hub, PHARMACIST), sit(running_hub, PHARMACIST)]
    sit(running_hub, CARE_MANAGER)

    here = doctor.page.locator("#here [data-person]")
    expect(here).to_have_count(2)
    expect(doctor.page.locator("#here")).to_contain_text(PHARMACIST)
    expect(doctor.page.locator("#here")).to_contain_text("pharmacist")
    for seat in with_two_pages:
        seat.page.close()
    expect(here).to_have_count(1)


def test_the_field_someone_is_in_wears_a_ring_and_their_name(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(pharmacist, path)
    dose = doctor.field(f"{path}/dose")

    pharmacist.control(f"{path}/dose").focus()

    expect(dose.locator(".name-tab")).to_have_text(PHARMACIST)
    assert dose.get_attribute("data-present-hue")
    pharmacist.control(f"{path}/dose").blur()
    expect(dose.locator(".name-tab")).to_have_count(0)
    assert dose.get_attribute("data-present-hue") is None


def test_a_caret_in_a_text_is_where_the_other_one_writes(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(pharmacist, path)
    text = f"{path}/instructions"
    pharmacist.control(text).fill("One two three four")
    caret = doctor.field(text).locator(".caret")
    expect(doctor.control(text)).to_have_value("One two three four")
    expect(caret).to_have_count(1)
    style_at_end = str(caret.get_attribute("style"))
    at_end = caret.bounding_box()

    pharmacist.control(text).press("Home")
    expect(caret).not_to_have_attribute("style", style_at_end)
    at_start = caret.bounding_box()
    pharmacist.control(text).press("End")
    expect(caret).to_have_attribute("style", style_at_end)

    box = doctor.control(text).bounding_box()
    assert at_start is not None
    assert at_end is not None
    assert box is not None
    assert at_start["x"] < at_end["x"] <= box["x"] + box["width"]
    assert box["y"] <= at_end["y"] <= box["y"] + box["height"]


def test_quiet_mode_hides_where_others_are_and_lets_their_edits_in(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(pharmacist, path)
    text = f"{path}/instructions"
    doctor.page.get_by_role("button", name="Quiet mode").click()

    pharmacist.control(text).fill("Quietly changed.")

    expect(doctor.control(text)).to_have_value("Quietly changed.")
    assert doctor.field(text).locator(".name-tab, .caret").count() == 0
