"""The family's page on a phone, in a browser, with the team at work on the same plan."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.seats import Seat, a_seat, show_all_fields
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DAUGHTER, NURSE, DOCTOR = "Emily Hart", "Grace Kim, RN", "Dr. Elena Ruiz"
PHONE = {"width": 390, "height": 800}

Sit = Callable[..., Seat]


def family(browser: Browser, hub: Hub, name: str = DAUGHTER, patient: str = "Mary", **context: object) -> Seat:
    return a_seat(browser, hub, name, f"/plans/{hub.plan(patient)}", **({"viewport": PHONE} | context))


@pytest.mark.parametrize(
    ("name", "patient", "context"),
    [
        (DAUGHTER, "Mary", {"color_scheme": "light"}),
        (DAUGHTER, "Mary", {"color_scheme": "dark"}),
        ("Carmen Delgado", "Rosa", {"viewport": {"width": 320, "height": 700}}),
    ],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, shared_hub: Hub, name: str, patient: str, context: dict[str, object]
) -> None:
    with family(browser, shared_hub, name, patient, **context) as seat:
        assert violations(seat) == []
        assert seat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        small = seat.page.evaluate(
            "[...document.querySelectorAll('button, .button, input:not([type=hidden]), .pick, .phone, summary')]"
            ".filter(each => each.offsetHeight && !each.closest('.pick > *') && each.offsetHeight < 44"
            " && !each.matches('.pick input')).map(each => each.outerHTML)"
        )
        assert small == []
        assert seat.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 18
        seat.page.goto(f"{shared_hub.base_url}/plans/{shared_hub.plan(patient)}/family/sheet")
        assert violations(seat) == []


@pytest.mark.parametrize("size", ["A4", "Letter"])
@pytest.mark.parametrize(("name", "patient"), [(DAUGHTER, "Mary"), ("Carmen Delgado", "Rosa")])
def test_the_sheet_is_one_page(browser: Browser, shared_hub: Hub, name: str, patient: str, size: str) -> None:
    with family(browser, shared_hub, name, patient) as seat:
        seat.page.goto(f"{shared_hub.base_url}/plans/{shared_hub.plan(patient)}/family/sheet")
        printed = seat.page.pdf(format=size)

    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
    assert len(printed) < 200_000


def test_a_new_dose_is_on_the_phone_without_a_reload(browser: Browser, shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    explained = doctor.page.locator("#section-medications .entry", has_text="ticagrelor").first
    path = f"medications/{explained.get_attribute('data-entry')}"
    show_all_fields(doctor, path)
    with family(browser, shared_hub) as seat:
        seat.page.evaluate("window.same = true")
        seat.page.locator("#words").fill("half a sent")
        doctor.control(f"{path}/dose").fill("7.5 mg")
        doctor.control(f"{path}/dose").press("Enter")

        expect(seat.page.locator("#today")).to_contain_text("7.5 mg")
        expect(seat.page.locator("#today")).to_contain_text("Out of date")
        expect(seat.page.locator("#say")).to_contain_text("Dr. Elena Ruiz changed: Medicines today.")
        assert seat.page.evaluate("window.same")
        expect(seat.page.locator("#words")).to_have_value("half a sent")
    expect(doctor.entry(path.split("/")[1])).to_contain_text(re.compile("plain words old", re.IGNORECASE))


def test_what_is_written_offline_waits_in_the_page_says_so_and_goes_out_once(browser: Browser, shared_hub: Hub) -> None:
    with family(browser, shared_hub) as seat:
        seat.line_may_fail = True
        page = seat.page
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.context.set_offline(True)
        page.locator("#measure input[name=value]").first.fill("141")
        page.locator("#measure form button").first.click()
        page.get_by_label("Observation").check()
        page.locator("#words").fill("She slept well, sitting up.")
        page.get_by_role("button", name="Send to the team").click()

        expect(page.locator("#unsent")).to_contain_text("2 things are not sent yet")
        expect(page.locator("#unsent li")).to_have_text(["141", "She slept well, sitting up."])
        page.context.set_offline(False)

        expect(page.locator("#unsent")).to_be_hidden()
        expect(page.locator("#notes .own", has_text="She slept well, sitting up.")).to_have_count(1)
        expect(page.locator("#measure")).to_contain_text("Last: 141 mmHg")


def test_without_scripts_the_page_reads_and_its_forms_work(browser: Browser, shared_hub: Hub) -> None:
    with family(browser, shared_hub, java_script_enabled=False) as seat:
        page = seat.page
        expect(page.get_by_role("heading", name="Call 911 at once")).to_be_visible()
        page.locator("#words").fill("Is the pharmacy open on Sunday?")
        page.get_by_role("button", name="Send to the team").click()
        expect(page.locator("#notes")).to_contain_text("Is the pharmacy open on Sunday?")
        expect(page.locator("#words-told")).to_have_text("Sent.")
        page.get_by_role("button", name="Larger text").click()
        expect(page.locator("html")).to_have_attribute("data-size", "21")
        page.get_by_role("button", name="Español").click()
        expect(page.locator("html")).to_have_attribute("lang", "es")


def test_the_answer_of_the_team_arrives_under_the_question(browser: Browser, shared_hub: Hub, sit: Sit) -> None:
    with family(browser, shared_hub) as seat:
        seat.page.locator("#words").fill("May she climb the stairs?")
        seat.page.get_by_role("button", name="Send to the team").click()
        asked = seat.page.locator("#notes li", has_text="May she climb the stairs?")
        expect(asked).to_contain_text("Waits for an answer")
        nurse = sit(shared_hub, NURSE)
        entry = nurse.page.locator("article.entry", has_text="May she climb the stairs?").first
        address = str(entry.get_attribute("data-entry"))
        with shared_hub.pages(NURSE) as pages:
            at = f"/plans/{shared_hub.plan('Mary')}/entries/caregiver_log/{address}/question.answer"
            assert pages.post(at, data={"answer": "One floor, slowly."}).status_code == 303

        expect(asked).to_contain_text("One floor, slowly.")
        expect(asked).to_contain_text(NURSE)
