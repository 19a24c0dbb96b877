"""Mary's story from the referral to the closed loop and the signed huddle, its people in browsers of their own.

Dr. Ruiz asks, Dr. Lee accepts, sees her and publishes; Ana arranges the ride; Emily is invited, and on her phone she
sees the new dose, asks, measures and does her task; Mary sees it all as it happens; Grace drives the huddle. Half of
them are at another process of the hub. At the end the journal alone tells it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.seats import Seat, a_seat, open_entry
from tests.browser.test_huddles import typed
from tests.browser.test_loops import expect_step, fill, in_days, press, standing
from tests.conftest import StartHub
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

RUIZ, LEE, KIM, TORRES = "Dr. Elena Ruiz", "Dr. Michael Lee", "Grace Kim, RN", "Ana Torres, LCSW"
MARY, EMILY = "Mary Whitfield", "Emily Hart"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ASKED = "May she still carry her grandson with the half pill?"
QUESTION = "She is dizzy in the morning. Is metoprolol too much for her?"

Come = Callable[..., Seat]


@pytest.fixture
def come(browser: Browser) -> Iterator[Come]:
    """Sit a person down at an address of the hub; a refusal is an answer, so its line in the console is no fault."""
    with ExitStack() as stack:

        def down(hub: Hub, name: str, address: str) -> Seat:
            seat = stack.enter_context(a_seat(browser, hub, name, address))
            seat.line_may_fail = True
            return seat

        yield down


def asks(ruiz: Seat, hub: Hub) -> str:
    """Dr. Ruiz asks cardiology, with what was measured already; returns the referral's address."""
    form = ruiz.page.locator("#compose")
    fill(form, kind="specialist", to="Cardiology, for Mary's dizziness", question=QUESTION, urgency="urgent")
    fill(form, expected_by=in_days(5), recipient=hub.person(LEE))
    fill(form, patient_card="Dr. Lee looks at why you are dizzy. His office calls you.")
    expect(form.locator(".tests-offered")).to_contain_text("Systolic blood pressure")
    form.get_by_role("button", name="Send").click()
    ruiz.page.wait_for_url(re.compile(r"/referrals/[0-9a-f-]{36}$"))
    ruiz.expect_live()
    return ruiz.page.url.removeprefix(hub.base_url)


def accepts_and_sees(lee: Seat, ruiz: Seat) -> None:
    """Dr. Lee finds it among what waits on him, takes it on, books and sees her; Dr. Ruiz follows live."""
    lee.page.locator(".work-item a", has_text="for Mary's dizziness").click()
    lee.expect_live()
    expect(lee.page.locator(".tests")).to_contain_text("Systolic blood pressure")
    press(lee, "Accept")
    expect_step(ruiz, "Accepted", "done")
    lee.page.get_by_role("link", name="Book").click()
    lee.page.locator('.entry-form [name="appointment"]').fill(f"{in_days(1)}T10:00")
    lee.page.locator(".entry-form").get_by_role("button", name="Book").click()
    expect_step(ruiz, "Booked", "done")
    press(lee, "Seen")
    expect_step(ruiz, "Seen", "done")


def publishes(lee: Seat, hub: Hub) -> None:
    """The visit in one act: the answer, a medicine changed, one stopped by suggestion, words for the family, a task."""
    lee.page.get_by_role("link", name="Visit update").click()
    visit = lee.page.locator("#visit")
    visit.get_by_role("button", name="Change", exact=True).click()
    metoprolol = visit.locator('[name="alters.0.entry"] option', has_text="metoprolol").get_attribute("value") or ""
    fill(visit, alters__0__entry=metoprolol, alters__0__dose="12.5 mg", alters__0__why="dizzy at a pulse of 52")
    visit.get_by_role("button", name="Next step", exact=True).click()
    fill(visit, steps__0__title="Call Mary about her pulse", steps__0__owner=hub.person(KIM), steps__0__due=in_days(2))
    fill(visit, answer="Yes. Half the dose.", recommendations="No naproxen at all")
    fill(visit, plain_words="You take half of the heart pill from tomorrow.")
    press(lee, "Preview what changes")
    expect(lee.page.locator("#preview")).to_contain_text("25 mg → 12.5 mg")
    press(lee, "Publish")
    lee.page.wait_for_url(re.compile(r"/referrals/"))
    expect_step(lee, "Answered", "done")


def decides_and_closes(ruiz: Seat) -> None:
    """Dr. Ruiz sees the difference, decides and closes."""
    expect(ruiz.page.locator("#loop-changes + .history-list")).to_contain_text("12.5 mg")
    ruiz.page.locator(".recommendation").get_by_role("button", name="Accept").click()
    expect(ruiz.page.locator(".recommendation")).to_contain_text("Accepted by Dr. Elena Ruiz")
    press(ruiz, "Close the loop")
    expect_step(ruiz, "Closed", "done")


def is_let_in(grace: Seat, browser: Browser, stack: ExitStack, hub: Hub) -> Seat:
    """Grace invites Emily, who opens the link on her phone, types the code that was said, and reads what is now."""
    page = grace.page
    page.get_by_label("Name").fill(EMILY)
    page.get_by_label("Relation").fill("daughter")
    page.get_by_label("by telephone", exact=True).check()
    page.get_by_role("button", name="Make the invitation").click()
    link = page.locator("#link").input_value()
    code = page.locator(".spoken-code").inner_text().splitlines()[-1].strip()
    emily = stack.enter_context(Seat(browser.new_context(**PHONE).new_page(), hub, EMILY))  # type: ignore[arg-type]
    emily.page.goto(link)
    emily.page.get_by_role("button", name="Continue").tap()
    emily.page.get_by_label("Code").fill(code.replace(" ", ""))
    emily.page.get_by_role("button", name="Continue").tap()
    emily.page.get_by_role("link", name="Open the plan").tap()
    expect(emily.page.locator("#today")).to_contain_text("12.5 mg")
    return emily


def asks_measures_and_does(emily: Seat, grace: Seat, ruiz: Seat) -> None:
    """Emily asks and is answered, saves a reading, and does what Dr. Ruiz asks of her; nobody reloads anything."""
    page = emily.page
    page.locator("#words").fill(ASKED)
    page.get_by_role("button", name="Send to the team").tap()
    question = standing(grace, "caregiver_log", ASKED)
    open_entry(grace, question)
    question.get_by_role("link", name="Answer").click()
    question.locator('.entry-form [name="answer"]').fill("Yes, sitting down. Call me if she is dizzy.")
    question.locator(".entry-form").get_by_role("button", name="Answer").click()
    expect(page.locator("#notes li", has_text=ASKED)).to_contain_text("Yes, sitting down.")
    page.locator("#measure input[name=value]").first.fill("128")
    page.locator("#measure form button").first.tap()
    expect(page.locator("#measure")).to_contain_text("Last: 128 mmHg")
    ruiz.page.locator("#task-line").fill("/task Bring all pill bottles to the visit @emily tomorrow")
    ruiz.page.locator("#task-line").press("Enter")
    task = page.locator("#tasks li", has_text="Bring all pill bottles")
    task.get_by_role("button", name="I will do it").tap()
    task.get_by_role("button", name="Done").tap()
    badges = standing(ruiz, "tasks", "Bring all pill bottles").locator(".badges")
    expect(badges).to_contain_text("Completed")


def meets(grace: Seat, ruiz: Seat, hub: Hub) -> None:
    """Grace drives a huddle on Mary alone: one decision, one task, both sign."""
    for box in grace.page.locator('input[name="plan"]').all():
        box.set_checked(box.get_attribute("value") == hub.plan("Mary"))
    grace.page.get_by_role("button", name="Plan the huddle").click()
    grace.page.wait_for_url(re.compile(r"/huddles/0"))
    grace.expect_live()
    ruiz.page.goto(grace.page.url)
    ruiz.expect_live()
    ruiz.page.keyboard.press("o")
    expect(grace.page.locator('.huddle-here [data-there="yes"]')).to_have_count(2)
    grace.page.keyboard.press("s")
    expect(ruiz.page.locator(".huddle-number")).to_have_text("1 of 1")
    typed(grace, "a", "Half the metoprolol, pulse twice a day")
    typed(grace, "t", "Show Emily how to count the pulse @kim tomorrow")
    expect(ruiz.page.locator(".decided")).to_have_text("Half the metoprolol, pulse twice a day")
    typed(grace, "r", "I show her tomorrow at ten")
    expect(ruiz.page.locator(".read-backs")).to_contain_text("I show her tomorrow at ten")
    grace.page.locator(".huddle-more summary").click()
    grace.page.get_by_role("button", name="End the huddle now").click()
    expect(ruiz.page.locator(".tally")).to_contain_text("1 patient")
    for number, seat in ((1, ruiz), (2, grace)):
        seat.page.keyboard.press("s")
        expect(seat.page.locator('.signers [data-signed="yes"]')).to_have_count(number)


def journal_of(hub: Hub) -> set[str]:
    """The plan's whole history as Dr. Ruiz reads it: who did what, in the words of the page."""
    told = set[str]()
    older: str | None = ""
    with hub.pages(RUIZ) as client:
        while older is not None:
            page = client.get(f"/plans/{hub.plan('Mary')}/history{older}").text
            lines = re.findall(r'history-who"><strong>([^<]+)</strong> [^<]*<span class="history-verb">([^<]+)<', page)
            told |= {f"{who}: {verb}" for who, verb in lines}
            more = re.search(r'/history(\?before=\d+)"', page)
            older = str(more[1]) if more else None
    return told


def without_emily(hub: Hub) -> None:
    """In the demo Emily is in already; in this story she comes by her link."""
    with hub.pages(MARY) as client:
        gone = client.post(f"/plans/{hub.plan('Mary')}/sharing/{hub.person(EMILY)}/remove")
    assert gone.status_code == 303


def test_mary_from_the_question_to_the_closed_loop_and_the_signed_huddle(
    a_hub: StartHub, demo_database: str, browser: Browser, come: Come
) -> None:
    hub, other = a_hub(database_url=demo_database), a_hub(database_url=demo_database)
    plan = f"/plans/{hub.plan('Mary')}"
    without_emily(hub)
    mary = come(hub, MARY, f"{plan}?view=whole")
    ruiz = come(hub, RUIZ, f"{plan}/referrals/new")
    address = asks(ruiz, hub)
    lee = come(other, LEE, "/work")
    accepts_and_sees(lee, ruiz)
    publishes(lee, hub)
    metoprolol = standing(mary, "medications", "metoprolol")
    expect(metoprolol.locator('[data-shows$="/dose"]')).to_have_text(re.compile("12.5.mg"))
    decides_and_closes(ruiz)
    torres = come(other, TORRES, plan)
    ride = standing(torres, "tasks", "Arrange the ride to cardiology")
    ride.get_by_role("link", name="Complete: ").click()
    ride.locator('.entry-form [name="outcome"]').fill("Booked for both ways.")
    ride.locator(".entry-form").get_by_role("button", name="Complete").click()
    expect(standing(mary, "tasks", "Arrange the ride to cardiology").locator(".badges")).to_contain_text("Completed")
    grace = come(other, KIM, f"{plan}/invitations/new")
    with ExitStack() as stack:
        emily = is_let_in(grace, browser, stack, other)
        for seat, its in ((grace, other), (ruiz, hub)):
            seat.page.goto(its.base_url + plan)
            seat.expect_live()
        asks_measures_and_does(emily, grace, ruiz)
    grace.page.goto(f"{other.base_url}/huddles")
    meets(grace, ruiz, hub)

    assert {
        f"{RUIZ}: asked", f"{LEE}: accepted the referral", f"{LEE}: booked the visit",
        f"{LEE}: published a visit update", f"{RUIZ}: decided a recommendation", f"{RUIZ}: closed the loop",
        f"{TORRES}: completed the task", f"{KIM}: answered a question",
        f"{EMILY}: recorded a reading", f"{EMILY}: completed the task",
        f"{KIM}: read back", f"{RUIZ}: signed the decision", f"{KIM}: signed the decision",
    } <= journal_of(hub)  # fmt: skip
    with hub.pages(MARY) as client:
        assert f"{EMILY} (daughter) used the invitation and now takes part" in client.get("/notifications").text
    assert come(hub, RUIZ, address).page.locator('.loop-step[data-state="done"]').count() >= 7
