"""What is pasted is never cut in silence: it is taken whole, or stays whole where it is with the reason beside it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from crdt.fields import LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from tests.browser.seats import Seat, a_medicine, show_all_fields
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST = "Dr. Elena Ruiz", "Tom Becker, PharmD"

Sit = Callable[..., Seat]


def test_a_paste_that_is_too_long_for_a_note_stays_whole_beside_the_reason_and_is_saved_once_it_fits(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(pharmacist, path)
    text = f"{path}/instructions"
    doctor.control(text).fill("Standing words.")
    expect(pharmacist.control(text)).to_have_value("Standing words.")
    doctor.control(text).press("ControlOrMeta+A")
    doctor.page.keyboard.insert_text("x" * 200_000)

    expect(doctor.field(text).locator(".field-message")).to_contain_text("Split it")
    assert len(doctor.value(text)) == 200_000
    expect(pharmacist.control(text)).to_have_value("Standing words.")

    doctor.control(text).fill("y" * TEXT_CHARACTERS_MAX)
    doctor.expect_saved()
    expect(pharmacist.control(text)).to_have_value("y" * TEXT_CHARACTERS_MAX)
    doctor.control(text).fill("Standing words.")
    doctor.expect_saved()


def test_twenty_thousand_characters_of_four_bytes_each_are_saved(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(pharmacist, path)
    text = f"{path}/instructions"

    doctor.control(text).fill("😀" * TEXT_CHARACTERS_MAX)

    expect(pharmacist.control(text)).to_have_value("😀" * TEXT_CHARACTERS_MAX)
    doctor.expect_saved()
    doctor.control(text).fill("Standing words.")
    doctor.expect_saved()


def test_a_value_that_is_too_long_stays_whole_beside_the_reason(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    dose = f"{a_medicine(doctor)}/dose"

    doctor.control(dose).focus()
    doctor.control(dose).fill("")
    doctor.page.keyboard.insert_text("9" * (LINE_CHARACTERS_MAX + 1))
    doctor.control(dose).press("Enter")

    expect(doctor.field(dose).locator(".field-message")).to_contain_text("Shorten it")
    assert len(doctor.value(dose)) == LINE_CHARACTERS_MAX + 1
    doctor.control(dose).press("Escape")


def test_a_line_of_a_form_that_is_too_long_stays_whole_and_is_not_sent(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    line = doctor.page.locator("#task-line")
    words = "/task " + "w" * 700

    line.focus()
    doctor.page.keyboard.insert_text(words)
    line.press("Enter")

    assert line.input_value() == words
    assert "706 characters; 600 fit" in line.evaluate("(control) => control.validationMessage")
    line.fill("")
    assert line.evaluate("(control) => control.validationMessage") == ""
