"""What becomes of words when they are refused, when the network goes, when the hub dies, when the session ends."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.seats import LIVE_MS_MAX, Seat, a_medicine, open_entry, show_all_fields
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST = "Dr. Elena Ruiz", "Tom Becker, PharmD"

Sit = Callable[..., Seat]


def two_at_a_medicine(sit: Sit, hub: Hub) -> tuple[Seat, Seat, str]:
    """A doctor and a pharmacist at the plan, and the path of a medicine that both may write."""
    doctor, pharmacist = sit(hub, DOCTOR), sit(hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(pharmacist, path)
    return doctor, pharmacist, path


def test_a_refused_edit_is_rolled_back_its_words_stay_beside_the_field_and_work_goes_on(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor, pharmacist, path = two_at_a_medicine(sit, shared_hub)
    route = f"{path}/route"
    standing = doctor.value(route)
    tampered = "select => select.add(new Option('by magic', 'by magic'))"
    doctor.control(route).evaluate(tampered)

    doctor.control(route).select_option("by magic")

    expect(doctor.field(route).locator(".field-message")).to_contain_text("Your words: by magic")
    expect(doctor.control(route)).to_have_value(standing)
    expect(doctor.state).to_have_attribute("data-state", "refused")
    assert pharmacist.value(route) == standing
    doctor.control(f"{path}/instructions").fill("Written after the refusal.")
    expect(pharmacist.control(f"{path}/instructions")).to_have_value("Written after the refusal.")
    doctor.expect_saved()


def test_edits_made_offline_are_counted_kept_and_merged_and_of_two_values_both_writers_are_told(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor, pharmacist, path = two_at_a_medicine(sit, shared_hub)
    doctor.line_may_fail = True
    text, dose = f"{path}/instructions", f"{path}/dose"
    doctor.control(text).fill("shared")
    expect(pharmacist.control(text)).to_have_value("shared")
    doctor.page.context.set_offline(True)

    doctor.control(text).press("Home")
    doctor.page.keyboard.insert_text("offline ")
    doctor.control(dose).fill("7 mg")
    doctor.control(dose).press("Enter")
    pharmacist.control(text).press("End")
    pharmacist.page.keyboard.insert_text(" meanwhile")
    expect(doctor.state).to_have_attribute("data-state", "offline", timeout=LIVE_MS_MAX)
    expect(doctor.state).to_contain_text("2 edits not sent")
    pharmacist.control(dose).fill("9 mg")
    pharmacist.control(dose).press("Enter")
    pharmacist.expect_saved()
    doctor.page.context.set_offline(False)

    for seat in (doctor, pharmacist):
        expect(seat.control(text)).to_have_value("offline shared meanwhile", timeout=LIVE_MS_MAX)
        line = seat.page.locator("#next .next-line", has_text="Two values").filter(has_text=re.compile("[79].mg"))
        expect(line).to_be_visible(timeout=LIVE_MS_MAX)
        expect(seat.entry(path.split("/")[1]).locator(".suggestion")).to_contain_text("Also changed by")
    stands = doctor.value(dose)
    expect(pharmacist.control(dose)).to_have_value(stands)
    doctor.expect_saved()
    pharmacist.page.locator("#next .next-line", has_text="Two values").get_by_role("button", name="Keep").click()
    for seat in (doctor, pharmacist):
        expect(seat.page.locator("#next .next-line", has_text="Two values")).to_have_count(0, timeout=LIVE_MS_MAX)
    expect(doctor.control(dose)).to_have_value(stands)


def test_leaving_with_unsent_edits_warns(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    doctor.line_may_fail = True
    text = f"{a_medicine(doctor)}/instructions"
    doctor.page.context.set_offline(True)
    doctor.control(text).fill("Not sent yet.")

    with doctor.page.expect_event("dialog") as warning:
        doctor.page.close(run_before_unload=True)
    warning.value.dismiss()

    assert warning.value.type == "beforeunload"
    expect(doctor.control(text)).to_have_value("Not sent yet.")


def test_a_hub_killed_while_two_type_loses_nothing_once_it_is_back(running_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist, path = two_at_a_medicine(sit, running_hub)
    doctor.line_may_fail = pharmacist.line_may_fail = True
    text = f"{path}/instructions"
    doctor.control(text).fill("saved ")
    expect(pharmacist.control(text)).to_have_value("saved ")
    doctor.expect_saved()

    running_hub.kill()
    doctor.control(text).press("End")
    doctor.page.keyboard.insert_text("doctor ")
    pharmacist.control(text).press("Home")
    pharmacist.page.keyboard.insert_text("pharmacist ")
    expect(doctor.state).to_have_attribute("data-unsent", "1")
    running_hub.start()

    for seat in (doctor, pharmacist):
        expect(seat.control(text)).to_have_value("pharmacist saved doctor ", timeout=LIVE_MS_MAX)
        seat.expect_saved()
    fresh = sit(running_hub, DOCTOR)
    open_entry(fresh, path.split("/")[1])
    expect(fresh.control(text)).to_have_value("pharmacist saved doctor ")


def test_a_session_that_ends_keeps_the_words_and_goes_on_after_signing_in_again(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    doctor.line_may_fail = True
    path = a_medicine(doctor)
    text = f"{path}/instructions"
    doctor.page.context.set_offline(True)
    doctor.control(text).fill("Written while signed out.")
    elsewhere = doctor.page.context.request
    elsewhere.post(f"{shared_hub.base_url}/sign-out", headers={"Origin": shared_hub.base_url})
    doctor.page.context.set_offline(False)
    expect(doctor.page.locator("#cover")).to_contain_text("You are signed out", timeout=LIVE_MS_MAX)
    expect(doctor.state).to_be_hidden()
    name, value = shared_hub.cookie(DOCTOR).split("=", 1)
    doctor.page.context.add_cookies([{"name": name, "value": value, "url": shared_hub.base_url}])
    doctor.page.get_by_role("button", name="I have signed in").click()

    doctor.expect_saved()
    fresh = sit(shared_hub, DOCTOR)
    open_entry(fresh, path.split("/")[1])
    expect(fresh.control(text)).to_have_value("Written while signed out.")
    expect(doctor.state).to_have_text(re.compile("^Live, saved at"))
