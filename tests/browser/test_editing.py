"""Several people in the same words, values and sets at once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.seats import Seat, a_medicine, open_entry, show_all_fields
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST, CARE_MANAGER = "Dr. Elena Ruiz", "Tom Becker, PharmD", "Grace Kim, RN"

Sit = Callable[..., Seat]


def two_at_a_medicine(sit: Sit, hub: Hub) -> tuple[Seat, Seat, str]:
    """A doctor and a pharmacist at the plan, and the path of a medicine that both may write."""
    doctor, pharmacist = sit(hub, DOCTOR), sit(hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(pharmacist, path)
    return doctor, pharmacist, path


def test_two_who_type_into_one_text_lose_no_letter_and_keep_their_carets(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist, path = two_at_a_medicine(sit, shared_hub)
    text = f"{path}/instructions"
    doctor.control(text).fill("middle")
    expect(pharmacist.control(text)).to_have_value("middle")
    doctor.control(text).press("Home")
    pharmacist.control(text).press("End")

    for letter in "abcdefgh":
        doctor.page.keyboard.insert_text(f"{letter}😀")
        pharmacist.page.keyboard.insert_text(f"é{letter}")

    whole = "".join(f"{letter}😀" for letter in "abcdefgh") + "middle" + "".join(f"é{letter}" for letter in "abcdefgh")
    for seat in (doctor, pharmacist):
        expect(seat.control(text)).to_have_value(whole)
        seat.expect_saved()
    assert doctor.caret == 8 * len("a😀".encode("utf-16-le")) // 2
    assert pharmacist.caret == len(whole.encode("utf-16-le")) // 2


def test_two_in_one_register_see_each_other_s_draft_and_the_earlier_value_is_one_click_away(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor, pharmacist, path = two_at_a_medicine(sit, shared_hub)
    dose = f"{path}/dose"

    doctor.control(dose).fill("60 mg")
    pharmacist.control(dose).fill("80 mg")
    expect(doctor.field(dose).locator(".name-tab")).to_contain_text(f"{PHARMACIST} is changing this too")
    expect(doctor.field(dose).locator(".name-tab")).to_contain_text("80 mg")
    doctor.control(dose).press("Enter")
    expect(pharmacist.field(dose).locator(".field-message")).to_contain_text("set this to 60 mg")
    assert pharmacist.value(dose) == "80 mg"
    pharmacist.control(dose).press("Enter")

    expect(doctor.control(dose)).to_have_value("80 mg")
    doctor.field(dose).get_by_role("button", name="Keep 60 mg instead").click()
    expect(pharmacist.control(dose)).to_have_value("60 mg")
    doctor.expect_saved()


def test_escape_brings_back_what_stands_in_the_plan(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    dose = f"{a_medicine(doctor)}/dose"
    standing = doctor.value(dose)

    doctor.control(dose).fill("a slip")
    doctor.control(dose).press("Escape")

    assert doctor.value(dose) == standing


def test_a_value_that_can_t_be_right_is_told_beside_the_field_and_not_sent(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    dose = f"{a_medicine(doctor)}/dose"
    standing = doctor.value(dose)

    doctor.control(dose).fill("")
    doctor.control(dose).press("Enter")

    expect(doctor.field(dose).locator(".field-message")).to_contain_text("can't be empty")
    doctor.control(dose).press("Escape")
    assert doctor.value(dose) == standing


def test_choices_and_sets_reach_the_others(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist, path = two_at_a_medicine(sit, shared_hub)
    evening = '[data-bound][value="evening"]'
    before = pharmacist.field(f"{path}/times").locator(evening).is_checked()

    doctor.field(f"{path}/times").locator(evening).click()
    doctor.control(f"{path}/taking").select_option("on hold")

    expect(pharmacist.field(f"{path}/times").locator(evening)).to_be_checked(checked=not before)
    expect(pharmacist.control(f"{path}/taking")).to_have_value("on hold")
    doctor.control(f"{path}/taking").select_option("active")
    expect(pharmacist.control(f"{path}/taking")).to_have_value("active")


def test_who_only_reads_sees_the_words_as_they_change(shared_hub: Hub, sit: Sit) -> None:
    doctor, manager = sit(shared_hub, DOCTOR), sit(shared_hub, CARE_MANAGER)
    path = a_medicine(doctor)
    text = f"{path}/instructions"
    open_entry(manager, path.split("/")[1])

    doctor.control(text).fill("With food, in the morning.")

    expect(manager.field(text).locator("[data-value]")).to_have_text("With food, in the morning.")
    assert manager.field(text).locator("[data-bound]").count() == 0


def test_undo_takes_back_my_words_and_leaves_theirs(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist, path = two_at_a_medicine(sit, shared_hub)
    text = f"{path}/plain_words"
    doctor.control(text).fill("Base.")
    expect(pharmacist.control(text)).to_have_value("Base.")
    doctor.expect_saved()
    doctor.page.wait_for_timeout(600)  # An undo step holds what was typed within half a second.

    doctor.control(text).press("End")
    doctor.page.keyboard.insert_text(" Mine.")
    expect(pharmacist.control(text)).to_have_value("Base. Mine.")
    pharmacist.control(text).press("Home")
    pharmacist.page.keyboard.insert_text("Theirs. ")
    expect(doctor.control(text)).to_have_value("Theirs. Base. Mine.")
    doctor.control(text).press("Control+z")

    for seat in (doctor, pharmacist):
        expect(seat.control(text)).to_have_value("Theirs. Base.")


def test_what_others_write_waits_while_an_input_method_composes(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist, path = two_at_a_medicine(sit, shared_hub)
    text = f"{path}/instructions"
    doctor.control(text).fill("end")
    expect(pharmacist.control(text)).to_have_value("end")
    pharmacist.control(text).press("End")
    keyboard = pharmacist.page.context.new_cdp_session(pharmacist.page)

    keyboard.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    doctor.control(text).press("Home")
    doctor.page.keyboard.insert_text("start ")
    doctor.expect_saved()
    assert pharmacist.value(text) == "endに"
    keyboard.send("Input.insertText", {"text": "日"})

    for seat in (doctor, pharmacist):
        expect(seat.control(text)).to_have_value("start end日")
