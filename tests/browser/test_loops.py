"""A referral from its question to the closed loop, and the visit update that answers it, both sides at their pages."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.seats import Seat, a_seat
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, CARDIOLOGIST, SOCIAL, PHARMACIST = (
    "Dr. Elena Ruiz", "Dr. Michael Lee", "Ana Torres, LCSW", "Tom Becker, PharmD",
)  # fmt: skip

At = Callable[..., Seat]


@pytest.fixture
def at(browser: Browser) -> Iterator[At]:
    """Sit a person down at an address below Mary's plan, or at one of the hub's own."""
    with ExitStack() as stack:

        def down(hub: Hub, name: str, below: str = "", **context: object) -> Seat:
            address = below if below.startswith("/") else f"/plans/{hub.plan('Mary')}{'/' if below else ''}{below}"
            return stack.enter_context(a_seat(browser, hub, name, address, **context))

        yield down


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def fill(scope: Locator, **values: str) -> None:
    """Fill controls by their names, ``__`` for a dot."""
    for name, value in values.items():
        control = scope.locator(f'[name="{name.replace("__", ".")}"]').last
        if control.evaluate("element => element.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


def ask(doctor: Seat, question: str, to: str = "Cardiology of the test", **more: str) -> str:
    """Compose and send a referral to the cardiologist; return its address."""
    form = doctor.page.locator("#compose")
    fill(form, kind="specialist", to=to, question=question, urgency="urgent", expected_by=in_days(7), **more)
    form.get_by_role("button", name="Send").click()
    doctor.page.wait_for_url(re.compile(r"/referrals/[0-9a-f-]{36}$"))
    return doctor.page.url.removeprefix(doctor.hub.base_url)


def standing(seat: Seat, section: str, headline: str) -> Locator:
    """The entries of a section that stand in the plan under this headline."""
    named = seat.page.locator("h3", has_text=headline)
    return seat.page.locator(f"#section-{section} :is(.section-body, .settled) > .entries > .entry", has=named)


def press(seat: Seat, name: str) -> None:
    seat.page.get_by_role("button", name=name, exact=True).click()


def expect_step(seat: Seat, title: str, state: str) -> None:
    expect(seat.page.locator(f'.loop-step[data-state="{state}"]', has_text=title)).to_have_count(1)


def test_a_loop_is_followed_live_by_both_sides_and_closes_only_when_all_is_decided(shared_hub: Hub, at: At) -> None:
    hub = shared_hub
    doctor = at(hub, DOCTOR, "referrals/new")
    address = ask(doctor, "May she start training?", recipient=hub.person(CARDIOLOGIST))
    lee = at(hub, CARDIOLOGIST, address)
    lee.expect_live()
    doctor.expect_live()
    doctor.line_may_fail = True  # Chromium calls a refusal a failure.
    expect_step(lee, "Received", "now")

    press(lee, "Accept")
    expect_step(doctor, "Accepted", "done")
    expect_step(doctor, "Received", "passed")
    lee.page.get_by_role("link", name="Visit update").click()
    visit = lee.page.locator("#visit")
    fill(visit, answer="Yes, from next week.", recommendations="Stress test before week 6")
    fill(visit, plain_words="You may start to train next week.")
    visit.get_by_role("button", name="Add another recommendation").click()
    expect(visit.locator('[name="recommendations"]')).to_have_count(2)
    fill(visit, recommendations="No lifting above 5 kg")
    press(lee, "Preview what changes")
    expect(lee.page.locator("#preview-head")).to_have_text("5 changes in 1 section")
    press(lee, "Publish")
    lee.page.wait_for_url(re.compile(re.escape(address)))

    expect(doctor.page.locator(".loop-page")).to_contain_text("Yes, from next week.")
    expect(doctor.page.locator("#loop-recommendations")).to_contain_text("2 to decide")
    press(doctor, "Close the loop")
    expect(doctor.page.locator("#loop")).to_contain_text("2 recommendations are undecided")
    first = doctor.page.locator(".recommendation", has_text="Stress test")
    first.get_by_role("button", name="Accept").click()
    expect(lee.page.locator(".recommendation", has_text="Accepted")).to_have_count(1)
    second = doctor.page.locator(".recommendation", has_text="No lifting")
    second.get_by_role("button", name="Decline").click()
    expect(doctor.page.locator("#loop")).to_contain_text("Say why you decline it.")
    second.locator('[name="reason"]').fill("She carries her grandson.")
    second.locator(".decide").get_by_role("button", name="Decline").click()
    expect(second).to_contain_text("She carries her grandson.")
    press(doctor, "Close the loop")
    expect_step(lee, "Closed", "done")


def test_an_update_of_a_whole_visit_is_one_act_and_can_be_taken_back(shared_hub: Hub, at: At) -> None:
    hub = shared_hub
    doctor = at(hub, DOCTOR, "referrals/new")
    address = ask(doctor, "Which dose?", recipient=hub.person(CARDIOLOGIST))
    doctor.page.goto(f"{hub.base_url}/plans/{hub.plan('Mary')}")
    doctor.expect_live()
    lee = at(hub, CARDIOLOGIST, address)
    lee.line_may_fail = True
    press(lee, "Accept")
    expect_step(lee, "Accepted", "done")
    lee.page.get_by_role("link", name="Visit update").click()
    visit = lee.page.locator("#visit")
    visit.get_by_role("button", name="Start", exact=True).click()
    fill(
        visit, starts__0__medicine="eplerenone", starts__0__dose="25 mg", starts__0__frequency="once daily",
        starts__0__why="weak heart",
    )  # fmt: skip
    visit.get_by_role("button", name="Stop", exact=True).click()
    naproxen = visit.locator('[name="stops.0.entry"] option', has_text="naproxen").get_attribute("value") or ""
    fill(visit, stops__0__entry=naproxen, stops__0__why="bleeding")
    visit.get_by_role("button", name="Next step", exact=True).click()
    fill(visit, steps__0__title="Check potassium of the test", steps__0__owner=hub.person(PHARMACIST))
    press(lee, "Preview what changes")
    expect(visit.locator(".faults")).to_contain_text("Enter answer to the question.")
    expect(visit.locator('[name="starts.0.medicine"]')).to_have_value("eplerenone")
    fill(visit, answer="25 mg.", plain_words="A new pill helps the heart.", steps__0__due=in_days(3))
    press(lee, "Preview what changes")
    preview = lee.page.locator("#preview")
    expect(preview).to_contain_text("6 changes in 3 sections")
    expect(preview.locator("[data-suggested]")).to_contain_text("naproxen")
    expect(preview.locator("[data-danger]")).to_contain_text("the kidneys can fail within days")
    press(lee, "Publish")
    expect(visit.locator("#despite-danger")).to_contain_text("Say why it is right all the same.")
    fill(visit, despite="The NSAID is to stop, the family is told.")
    press(lee, "Publish")
    expect(lee.page.locator(".undo")).to_contain_text("Published")
    started = standing(doctor, "medications", "eplerenone")
    task = standing(doctor, "tasks", "Check potassium of the test")
    expect(started).to_have_count(1)
    expect(task).to_have_count(1)
    suggested = doctor.page.locator('#section-medications .sub[data-rank="suggests"]', has_text="bleeding")
    expect(suggested).to_have_count(1)

    press(lee, "Take it back")

    expect_step(lee, "Answered", "ahead")
    expect(started).to_have_count(0)
    expect(task).to_have_count(0)
    expect(suggested).to_have_count(0)


def test_what_changed_since_the_preview_is_shown_before_anything_is_published(shared_hub: Hub, at: At) -> None:
    hub = shared_hub
    doctor = at(hub, DOCTOR, "referrals/new")
    address = ask(doctor, "Still needed?", recipient=hub.person(CARDIOLOGIST))
    lee = at(hub, CARDIOLOGIST, address)
    press(lee, "Accept")
    expect_step(lee, "Accepted", "done")
    lee.page.get_by_role("link", name="Visit update").click()
    fill(lee.page.locator("#visit"), answer="Words that must not be lost.")
    lee.page.get_by_label("Nothing to tell the family").check()
    press(lee, "Preview what changes")
    expect(lee.page.locator("#preview")).to_be_visible()
    doctor.page.get_by_role("link", name="Cancel", exact=True).click()
    doctor.page.locator('.form [name="reason"]').fill("She is well.")
    doctor.page.locator(".form").get_by_role("button", name="Cancel").click()
    expect(doctor.page.locator("#loop")).to_contain_text("Cancelled: She is well.")

    lee.faults.clear()
    press(lee, "Publish")

    expect(lee.page.locator(".faults")).to_contain_text("cancelled now (She is well.)")
    expect(lee.page.locator('[name="answer"]')).to_have_value("Words that must not be lost.")
    lee.faults.clear()


def test_a_repeated_test_warns_with_the_earlier_result(shared_hub: Hub, at: At) -> None:
    doctor = at(shared_hub, DOCTOR, "referrals/new")
    form = doctor.page.locator("#compose")
    fill(form, kind="diagnostic", to="Laboratory", question="Lipids?", urgency="routine", expected_by=in_days(7))
    fill(form, tests_asked="LDL")

    form.get_by_role("button", name="Send").click()

    expect(form.locator(".faults")).to_contain_text("LDL cholesterol 128 mg/dL on")
    expect(form.locator('[name="question"]')).to_have_value("Lipids?")
    doctor.faults.clear()
    fill(form, repeat_why="New dose since a week")
    form.get_by_role("button", name="Send").click()
    expect(doctor.page.locator("#loop")).to_contain_text("again because: New dose since a week")


def test_a_community_referral_ends_with_the_need_met(shared_hub: Hub, at: At) -> None:
    hub = shared_hub
    social = at(hub, SOCIAL, "referrals/new")
    form = social.page.locator("#compose")
    fill(form, kind="community", to="Ride service of the test", question="Rides?", urgency="routine")
    fill(form, expected_by=in_days(5), patient_card="A driver rings the bell.")
    form.locator('[name="need"]').select_option(index=1)
    form.get_by_role("button", name="Send").click()
    expect(social.page.locator(".patient-card")).to_contain_text("A driver rings the bell.")
    press(social, "Accept")
    expect_step(social, "Accepted", "done")

    press(social, "Yes")
    expect(social.page.locator('.need [aria-pressed="true"]')).to_have_text("Yes")
    press(social, "Close the loop")

    expect_step(social, "Closed", "done")


def test_axe_finds_nothing_wrong_with_an_update_that_is_being_typed_and_a_loop_that_is_live(
    shared_hub: Hub, at: At
) -> None:
    doctor = at(shared_hub, DOCTOR, "referrals/new", color_scheme="dark", viewport={"width": 390, "height": 844})
    doctor.page.goto(f"{shared_hub.base_url}/plans/{shared_hub.plan('Mary')}/visit")
    doctor.page.get_by_role("button", name="Start", exact=True).click()
    expect(doctor.page.locator('[name="starts.0.medicine"]')).to_be_visible()
    assert violations(doctor) == []
    doctor.page.goto(f"{shared_hub.base_url}/work")
    doctor.page.locator(".work-item a[href*='/referrals/']").first.click()
    doctor.expect_live()
    assert violations(doctor) == []
