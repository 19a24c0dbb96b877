"""A huddle with three people: one drives, one leaves and edits, one reads back on their own device."""

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Browser, expect

from auth.roles import Participant, Role
from hub.demo.registering import StoreRegistering
from hub.ids import new_id
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from hub.store.plans import Plan
from tests.browser.seats import Seat, a_seat
from tests.browser.test_for_everyone import violations
from tests.harness.databases import Databases
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

GRACE, ELENA, TOM = "Grace Kim, RN", "Dr. Elena Ruiz", "Tom Becker, PharmD"
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
TEAM = {GRACE: Role.CARE_MANAGER, ELENA: Role.PRIMARY_CARE, TOM: Role.PHARMACIST}

Come = Callable[..., Seat]


@pytest.fixture
def come(browser: Browser) -> Iterator[Come]:
    """Sit a person down at an address of a hub; refusals are answers, so their lines in the console are no faults."""
    with ExitStack() as stack:

        def down(hub: Hub, name: str, address: str, **context: object) -> Seat:
            seat = stack.enter_context(a_seat(browser, hub, name, address, **context))
            seat.line_may_fail = True
            return seat

        yield down


async def _two_more(url: str, people: dict[str, str]) -> None:
    """Two more patients of the team, so that a huddle can have nine."""
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    for given in ("Nora", "Olga"):
        plan = Plan(plan_id=new_id(), family="Abel", given=given, born=date(1950, 1, 1))
        members = [Participant(people[name], plan.plan_id, name, role) for name, role in TEAM.items()]
        await StoreRegistering(engine, journal).open_plan(
            plan, members, {}, {}, added_by=people[GRACE], now=datetime.now(UTC)
        )
    await journal.close()
    await engine.dispose()


@pytest.fixture(scope="module")
def nine(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A demo hub on whose panels stand nine patients. Each test has huddles of its own on it, in whatever order."""
    with databases.demo() as url:
        hub = Hub(tmp_path_factory.mktemp("nine"), database_url=url)
        try:
            hub.start()
            people = {name: hub.person(name) for name in TEAM}
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, _two_more(url, people)).result()
            yield hub
        finally:
            hub.end()


def planned(seat: Seat) -> str:
    """Plan a huddle of every patient and return its address."""
    for box in seat.page.locator('input[name="plan"]').all():
        box.check()
    seat.page.get_by_role("button", name="Plan the huddle").click()
    seat.page.wait_for_url(re.compile(r"/huddles/0"))
    seat.expect_live()
    return seat.page.url.removeprefix(seat.hub.base_url)


def typed(seat: Seat, key: str, line: str) -> None:
    """Press the key of a line that is there, type it, send it."""
    expect(seat.page.locator(f'[data-line="{key}"]').first).to_be_attached()
    seat.page.keyboard.press(key)
    expect(seat.page.locator(f'[data-line="{key}"]:focus')).to_have_count(1)
    seat.page.keyboard.type(line)
    seat.page.keyboard.press("Enter")


def number(seat: Seat) -> str:
    return seat.page.locator(".huddle-number").inner_text()


def leaves_and_comes_back(grace: Seat, elena: Seat, tom: Seat, first: str) -> None:
    """Elena types while the driver goes on: her words stay with the patient they are about. Tom reads from the top."""
    tom.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(tom.page.locator("#row-why")).not_to_be_in_viewport()
    expect(tom.page.locator(".huddle-name")).to_be_in_viewport()
    elena.page.keyboard.press("i")
    elena.page.keyboard.type("Weight up 2 kg")
    grace.page.keyboard.press("j")
    expect(grace.page.locator(".huddle-number")).to_have_text("2 of 9")
    expect(tom.page.locator(".huddle-number")).to_have_text("2 of 9")
    expect(tom.page.locator("#row-why")).to_be_in_viewport()
    expect(elena.page.locator(".follow")).to_contain_text("On your own")
    assert elena.page.locator('[data-line="i"]').input_value() == "Weight up 2 kg"
    elena.page.keyboard.press("Enter")
    expect(elena.page.locator("#row-if")).to_contain_text("Weight up 2 kg")
    assert elena.page.locator("#stage").get_attribute("data-shown") == first
    expect(elena.page.locator("[data-line]:focus")).to_have_count(0)
    elena.page.keyboard.press("v")
    expect(elena.page.locator(".huddle-number")).to_have_text("2 of 9")


def drops_out(nine: Hub, come: Come, address: str, grace: Seat, elena: Seat, tom: Seat) -> None:
    """The driver is gone; Tom takes over with one key, and Grace comes back to where the huddle is."""
    grace.page.close()
    expect(tom.page.locator(".huddle-join")).to_contain_text("dropped out")
    tom.page.keyboard.press("d")
    expect(elena.page.locator(".follow")).to_contain_text(f"Following {TOM}")
    expect(tom.page.locator(".follow")).to_contain_text("You drive")
    tom.page.keyboard.press("p")
    expect(elena.page.locator(".huddle-number")).to_have_text("3 of 9")
    late = come(nine, GRACE, address)
    expect(late.page.locator(".huddle-number")).to_have_text("3 of 9")


def ends_and_signs(nine: Hub, address: str, elena: Seat, tom: Seat) -> None:
    """The end, two signatures, what was not finished carried over, minutes and what is mine."""
    tom.page.locator(".huddle-more summary").click()
    tom.page.get_by_role("button", name="End the huddle now").click()
    expect(elena.page.locator(".tally")).to_have_text(
        re.compile(r"3 patients, \d+ min, 2 actions, 1 parked, 6 not reached")
    )
    assert violations(elena) == []
    elena.page.keyboard.press("s")
    expect(elena.page.locator('.signers [data-signed="yes"]')).to_have_text(re.compile(ELENA))
    tom.page.keyboard.press("s")
    expect(elena.page.locator('.signers [data-signed="yes"]')).to_have_count(2)
    tom.page.get_by_role("button", name=re.compile("Carry 7 over")).click()
    expect(tom.page.locator(".kept[data-stand=carried]")).to_have_count(7)
    for page in ("minutes", "mine"):
        tom.page.goto(f"{nine.base_url}{address}/{page}")
        expect(tom.page.locator("main")).to_contain_text("Call cardiology for report")


def test_a_huddle_of_three_from_the_agenda_to_the_signatures(nine: Hub, come: Come) -> None:
    grace = come(nine, GRACE, "/huddles")
    address = planned(grace)
    elena, tom = come(nine, ELENA, address), come(nine, TOM, address, **PHONE)
    for seat in (elena, tom):
        seat.expect_live()
        seat.page.keyboard.press("o")
        expect(seat.page.locator(".huddle-here")).to_contain_text(seat.name)
    expect(grace.page.locator('.huddle-here [data-there="yes"]')).to_have_count(3)
    grace.page.keyboard.press("s")
    for seat in (grace, elena, tom):
        expect(seat.page.locator(".huddle-number")).to_have_text("1 of 9")
    first = str(grace.page.locator("#stage").get_attribute("data-shown"))

    typed(grace, "a", "Double furosemide")
    typed(grace, "t", "Call cardiology for report @tom today")
    typed(grace, "t", "Scale delivered")
    expect(elena.page.locator(".decided")).to_have_text("Double furosemide")
    expect(elena.page.locator("[data-lacks]")).to_contain_text("Scale delivered")
    grace.page.keyboard.press("j")
    expect(grace.page.locator("#refusal")).to_contain_text("needs an owner and a day")
    assert violations(grace) == []
    assert violations(tom) == []
    assert tom.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    typed(grace, "x", "@grace fri")
    expect(elena.page.locator("[data-lacks]")).to_have_count(0)
    typed(tom, "r", "I call them at noon")
    expect(grace.page.locator(".read-backs")).to_contain_text("I call them at noon")
    typed(grace, "r", "I bring it on Friday")
    typed(elena, "n", "Her son is tired")
    expect(grace.page.locator(".remarks")).to_contain_text("Her son is tired")

    leaves_and_comes_back(grace, elena, tom, first)
    drops_out(nine, come, address, grace, elena, tom)
    ends_and_signs(nine, address, elena, tom)


def test_a_huddle_of_nine_patients_with_the_keyboard_alone(nine: Hub, come: Come) -> None:
    grace = come(nine, GRACE, "/panel")
    keys = grace.page.keyboard
    grace.page.locator('form[action$="/huddles/add"][data-htmx-powered]').first.wait_for(state="attached")
    keys.press("j")
    keys.press("h")
    expect(grace.page.locator(".huddle-added")).to_contain_text(re.compile(r"\(\d+\)"))
    keys.press("g")
    keys.press("h")
    grace.page.wait_for_url(re.compile("/huddles$"))
    address = planned(grace)
    keys.press("s")

    for place in range(1, 10):
        expect(grace.page.locator(".huddle-number")).to_have_text(f"{place} of 9")
        typed(grace, "a", f"Decision {place}")
        expect(grace.page.locator(".decided")).to_have_text(f"Decision {place}")
        keys.press("j")
    expect(grace.page.locator(".huddle-name")).to_contain_text("Everyone has been talked about")
    keys.press("j")
    expect(grace.page.locator(".tally")).to_have_text(re.compile(r"^9 patients, \d+ min, 0 actions, 0 parked$"))
    keys.press("s")
    expect(grace.page.locator('.signers [data-signed="yes"]')).to_have_count(1)
    with nine.pages(GRACE) as pages:
        again = pages.post(f"{address}/sign", data={"seen": "x"})
    assert again.status_code == 409
    assert "You have signed this huddle already." in again.text


def test_nobody_of_the_patients_side_finds_a_huddle_or_its_remarks(nine: Hub, come: Come) -> None:
    elena = come(nine, ELENA, "/huddles")
    address = planned(elena)

    for name in ("Emily Hart", "Mary Whitfield", "Ruth Adeyemi", "Jonas Falk"):
        with nine.pages(name) as pages:
            for page in ("/huddles", address, f"{address}/stage", f"{address}/mine", f"{address}/minutes"):
                assert pages.get(page).status_code == 404, (name, page)
            assert pages.post(f"{address}/join").status_code == 404
    with nine.pages("Dr. Michael Lee") as pages:
        seen = pages.get(address).text
    assert "WHITFIELD, Mary" in seen
    assert "A patient you do not take part in" in seen
    assert "MORRIS" not in seen
