"""Tasks that someone owns: asked in one line, remarked on in place, settled by keyboard across all patients."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.seats import Seat, a_seat, open_entry
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST = "Dr. Elena Ruiz", "Tom Becker, PharmD"

Sit = Callable[..., Seat]


@pytest.fixture
def work_of(browser: Browser) -> Iterator[Sit]:
    """Sit a person down at what waits on them."""
    with ExitStack() as stack:

        def down(hub: Hub, name: str, **context: object) -> Seat:
            return stack.enter_context(a_seat(browser, hub, name, "/work", **context))

        yield down


def task(seat: Seat, title: str) -> Locator:
    """The standing tasks of a plan by their title."""
    return seat.page.locator(
        "#section-tasks :is(.section-body, .settled) > .entries > .entry", has=seat.page.locator("h3", has_text=title)
    )


def add_line(seat: Seat, line: str) -> None:
    """Type a task in one line at the head of the tasks."""
    seat.page.locator("#task-line").fill(line)
    seat.page.locator("#task-line").press("Enter")


def item(seat: Seat, words: str) -> Locator:
    """A line of what waits on someone."""
    return seat.page.locator(".work-item[data-item]", has_text=words)


def test_a_line_asks_someone_and_waits_on_them_until_they_accept(shared_hub: Hub, sit: Sit, work_of: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    doctor.line_may_fail = True
    add_line(doctor, "/task Weigh the pill box")
    expect(doctor.page.locator("#new-tasks .faults")).to_contain_text("Say who")
    expect(doctor.page.locator("#new-tasks .faults")).to_contain_text("Say by when")
    add_line(doctor, "/task Weigh the pill box @pharmacist tomorrow")

    expect(task(doctor, "Weigh the pill box")).to_contain_text("Not accepted")
    expect(doctor.page.locator("#task-line")).to_have_value("")
    pharmacist = work_of(shared_hub, PHARMACIST)
    expect(pharmacist.page.locator(".nav-badge")).to_have_text(re.compile(r"\d"))
    item(pharmacist, "Weigh the pill box").get_by_role("button", name="Accept").click()
    expect(pharmacist.page.locator("#work")).to_contain_text("1 line accepted.")
    expect(task(doctor, "Weigh the pill box").locator(".badges")).to_have_text("Accepted")


def test_several_are_settled_by_the_keyboard_alone_with_words_where_they_are_needed(
    shared_hub: Hub, sit: Sit, work_of: Sit
) -> None:
    doctor = sit(shared_hub, DOCTOR)
    for number in (1, 2, 3):
        add_line(doctor, f"/task Count box {number} @pharmacist 3d")
        expect(task(doctor, f"Count box {number}")).to_have_count(1)
    pharmacist = work_of(shared_hub, PHARMACIST)
    keyboard = pharmacist.page.keyboard
    pharmacist.page.locator(".work-item").first.focus()

    def walk_to(words: str) -> None:
        for _ in range(40):
            if item(pharmacist, words).evaluate("element => element === document.activeElement"):
                return
            keyboard.press("j")
        raise AssertionError(f"{words} is not in the list")

    walk_to("Count box 1")
    keyboard.press("s")
    pharmacist.page.locator(".work-item").first.focus()
    walk_to("Count box 2")
    keyboard.press("s")
    keyboard.press("a")
    expect(pharmacist.page.locator("#work")).to_contain_text("2 lines accepted.")
    pharmacist.page.locator(".work-item").first.focus()
    walk_to("Count box 3")
    keyboard.press("r")
    keyboard.type("On leave that day")
    keyboard.press("Enter")
    expect(pharmacist.page.locator("#work")).to_contain_text("1 line declined.")
    pharmacist.page.locator(".work-item").first.focus()
    walk_to("Count box 1")
    keyboard.press("x")
    keyboard.type("Twelve left")
    keyboard.press("Enter")

    expect(pharmacist.page.locator("#work")).to_contain_text("1 line done.")
    expect(task(doctor, "Count box 1").locator(".badges")).to_have_text("Completed")
    expect(task(doctor, "Count box 3").locator(".badges")).to_have_text("Rejected")


def test_a_task_asked_in_one_browser_stands_in_the_list_of_another_and_disturbs_no_one_there(
    shared_hub: Hub, sit: Sit, work_of: Sit
) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), work_of(shared_hub, PHARMACIST)
    pharmacist.expect_live()
    add_line(doctor, "/task Look at the blue pills @pharmacist 3d")
    expect(item(pharmacist, "Look at the blue pills")).to_have_count(1)
    expect(pharmacist.page.locator("#say")).to_contain_text("New: Look at the blue pills.")
    line = item(pharmacist, "Look at the blue pills")
    line.focus()
    pharmacist.page.keyboard.press("s")
    pharmacist.page.locator("#work-words").fill("All fou")

    add_line(doctor, "/task Look at the red pills @pharmacist 3d")
    expect(task(doctor, "Look at the red pills")).to_have_count(1)
    pharmacist.page.locator("#work-words").press_sequentially("rteen")

    expect(pharmacist.page.locator("#work-words")).to_have_value("All fourteen")
    expect(line.locator('[name="item"]')).to_be_checked()
    expect(item(pharmacist, "Look at the red pills")).to_have_count(0)
    pharmacist.page.locator("#work-words").fill("")
    pharmacist.page.keyboard.press("Escape")
    line.locator('[name="item"]').uncheck()
    expect(item(pharmacist, "Look at the red pills")).to_have_count(1)
    line.get_by_role("button", name="Accept").click()
    expect(task(doctor, "Look at the blue pills").locator(".badges")).to_have_text("Accepted")
    expect(pharmacist.page.locator("#work-told")).to_contain_text("1 line accepted.")
    add_line(doctor, "/task Look at the green pills @pharmacist 3d")
    expect(item(pharmacist, "Look at the green pills")).to_have_count(1)
    expect(pharmacist.page.locator("#work-told")).to_contain_text("1 line accepted.")


def test_what_was_settled_meanwhile_is_told_not_done_twice(shared_hub: Hub, sit: Sit, work_of: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    add_line(doctor, "/task Ring the ward @pharmacist 3d")
    expect(task(doctor, "Ring the ward")).to_have_count(1)
    pharmacist = work_of(shared_hub, PHARMACIST)
    pharmacist.line_may_fail = True
    item(pharmacist, "Ring the ward").locator('[name="item"]').check()  # What is chosen stays till its owner is done.
    entry = task(doctor, "Ring the ward")
    open_entry(doctor, entry)
    entry.locator(".menu > summary").click()
    entry.get_by_role("link", name="Cancel").click()
    expect(entry.locator("details.menu")).not_to_have_attribute("open", "")
    entry.locator('.entry-form [name="reason"]').fill("Not needed.")
    entry.locator(".entry-form").get_by_role("button", name="Cancel").click()
    expect(entry.locator(".badges")).to_have_text("Cancelled")

    item(pharmacist, "Ring the ward").get_by_role("button", name="Accept").click()

    expect(pharmacist.page.locator(".faults")).to_contain_text("It waits on you no longer.")
    expect(item(pharmacist, "Ring the ward")).to_have_count(0)


def test_a_remark_calls_someone_and_becomes_a_task_in_place(shared_hub: Hub, sit: Sit, work_of: Sit) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    lake = "#section-goals .entries > .entry"
    goal = doctor.page.locator(lake, has=doctor.page.locator("h3", has_text="Walk to the lake"))
    theirs = pharmacist.page.locator(lake, has=pharmacist.page.locator("h3", has_text="Walk to the lake"))
    open_entry(doctor, goal)
    open_entry(pharmacist, theirs)
    goal.locator(".comments-more > summary").click()
    remark = goal.locator('.comments [name="words"]')
    remark.fill("Do her pills make her dizzy? @pharmacist")
    remark.press("Enter")

    expect(theirs.locator(".comment[data-for-me]")).to_contain_text("Do her pills make her dizzy?")
    expect(remark).to_have_value("")
    waiting = work_of(shared_hub, PHARMACIST)
    expect(item(waiting, "Do her pills make her dizzy?")).to_have_count(1)
    theirs.get_by_role("link", name="Make it a task").click()
    form = theirs.locator(".entry-form form")
    form.locator('[name="title"]').fill("Look for what makes her dizzy")
    form.locator('[name="owner"]').select_option(shared_hub.person(PHARMACIST))
    form.locator('[name="due"]').fill("2030-01-01")
    form.get_by_role("button").last.click()
    expect(task(doctor, "Look for what makes her dizzy").locator(".badges")).to_have_text("Accepted")
    expect(goal.locator(".comments-resolved")).to_contain_text("1 resolved")
    expect(theirs.locator(".comment:not([data-resolved])")).to_have_count(0)
    remark.fill("/task Ask about the dizziness @becker fri")
    remark.press("Enter")
    expect(task(doctor, "Ask about the dizziness")).to_have_count(1)


def test_without_scripts_forms_do_the_same(shared_hub: Hub, work_of: Sit) -> None:
    doctor = work_of(shared_hub, DOCTOR, java_script_enabled=False)
    page, base = doctor.page, shared_hub.base_url
    page.goto(f"{base}/plans/{shared_hub.plan('Mary')}/tasks/line")
    page.locator('[name="line"]').fill("/task Without scripts @ruiz 2d")
    page.get_by_role("button", name="Add task").click()
    expect(page).to_have_url(re.compile("#entry-"))
    page.goto(f"{base}/work")

    item(doctor, "Without scripts").locator('[name="item"]').check()
    page.get_by_label("What came of it").fill("It works.")
    page.get_by_role("button", name="Done").click()

    expect(page.locator("#work")).to_contain_text("1 line done.")


def test_a_phone_shows_it_all_without_scrolling_sideways(shared_hub: Hub, work_of: Sit) -> None:
    doctor = work_of(shared_hub, DOCTOR, viewport={"width": 390, "height": 844})
    plan = f"{shared_hub.base_url}/plans/{shared_hub.plan('Mary')}"
    for address in (doctor.page.url, f"{plan}/referrals/new", f"{plan}/visit"):
        doctor.page.goto(address)

        assert doctor.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
