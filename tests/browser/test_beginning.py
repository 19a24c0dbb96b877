"""The first ten minutes: an empty database, an identity provider, and a clinic that works on plans at the end."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.seats import LIVE_MS_MAX
from tests.browser.test_signing_in import at_provider
from tests.harness.databases import Databases
from tests.harness.hubs import ROOT, Hub
from tests.harness.providers import Provider, free_port

pytestmark = pytest.mark.slow

STAFF = (("Dr. Elena Ruiz", "ruiz", "primary_care"), ("Grace Kim, RN", "kim", "care_manager"))
PATIENTS = (
    ("Álvarez", "María", ("14", "5", "1956"), "129 728 7652"),
    ("Suharto", "", ("", "", "1950"), "129 728 7653"),
    ("O’Brien", "Nora", ("2", "3", "1944"), ""),
)


@pytest.fixture(scope="module")
def hub(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub on an empty database, made by ``careplan-hub init`` alone, whose staff sign in at a provider."""
    port, folder = free_port(), tmp_path_factory.mktemp("beginning")
    with databases.empty() as url, Provider(port) as provider:
        commanded(folder, url, "migrate", "--data", str(folder / "data"))
        told = commanded(
            folder, url, "init", "--organisation", "Northside Clinic", "--time-zone", "America/New_York",
            "--admin-name", "Jonas Falk", "--admin-email", "falk@demo.example", "--data", str(folder / "data"),
        )  # fmt: skip
        assert "/sign-in/work/back" in told
        hub = Hub(folder, database_url=url, port=port, command=("serve",), environment=provider.environment)
        try:
            hub.start()
            yield hub
        finally:
            hub.end()


def commanded(folder: Path, url: str, *words: str) -> str:
    """Run a command of the hub as an operator does; return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "web", *words], cwd=ROOT, env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def signed_in(browser: Browser, hub: Hub, who: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{hub.base_url}/sign-in/work?next=/panel")
    at_provider(page, who)
    expect(page).to_have_url(f"{hub.base_url}/panel")
    return page


def test_a_clinic_begins_from_an_empty_database_without_sql(browser: Browser, hub: Hub) -> None:
    admin = signed_in(browser, hub, "falk")
    add_staff(admin, hub)
    for patient in PATIENTS:
        register(admin, hub, *patient)

    refused = browser.new_context().new_page()
    refused.goto(f"{hub.base_url}/sign-in/work?next=/panel")
    at_provider(refused, "stranger")
    expect(refused.get_by_role("alert")).to_contain_text("did not work")

    doctor, nurse = signed_in(browser, hub, "ruiz"), signed_in(browser, hub, "kim")
    for page in (doctor, nurse):
        expect(page.get_by_text(re.compile("SUHARTO"))).not_to_have_count(0)
        expect(page.get_by_text(re.compile("ÁLVAREZ, María"))).not_to_have_count(0)
    nurse.get_by_role("link", name=re.compile("SUHARTO")).first.click()
    expect(nurse.locator('#state-line[data-state="live"]')).to_be_visible(timeout=LIVE_MS_MAX)
    nurse.get_by_role("link", name="Look, and put it in").click()
    expect(nurse).to_have_url(re.compile("/begin$"))
    nurse.get_by_role("button", name="Put into the plan").click()
    expect(nurse.locator("body")).to_contain_text("Get the discharge summary")
    nurse.goto(f"{hub.base_url}/panel")
    plan = nurse.get_by_role("link", name=re.compile("ÁLVAREZ")).first.get_attribute("href")
    assert plan is not None
    nurse.goto(f"{hub.base_url}{plan.split('#')[0]}/sections/staff_notes/entries/new")
    nurse.get_by_role("button", name="Add note").click()
    expect(nurse.get_by_role("alert")).to_be_visible()
    nurse.locator("[name=words]").fill("Walks to the market")
    nurse.get_by_role("button", name="Add note").click()
    expect(nurse).to_have_url(re.compile("#entry-"))
    expect(nurse.locator("body")).to_contain_text("Walks to the market")
    doctor.goto(hub.base_url + plan)
    expect(doctor.locator("body")).to_contain_text("Walks to the market")

    admin.goto(hub.base_url + plan.split("#")[0])
    expect(admin.locator("body")).not_to_contain_text("Walks to the market")


def add_staff(page: Page, hub: Hub) -> None:
    for name, login, role in STAFF:
        page.goto(f"{hub.base_url}/admin/people")
        page.get_by_text("Add a person").click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("E-mail of the work account").fill(f"{login}@demo.example")
        page.get_by_label("Role", exact=True).select_option(role)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("link", name=name)).to_be_visible()


def register(page: Page, hub: Hub, family: str, given: str, born: tuple[str, str, str], number: str) -> None:
    page.goto(f"{hub.base_url}/patients/new")
    page.locator("#family").fill(family)
    page.locator("#given").fill(given)
    page.locator("#day").fill(born[0])
    page.locator("#month").select_option(born[1])
    page.locator("#year").fill(born[2])
    page.locator("#number").fill(number)
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator("#main h1")).to_contain_text(family.upper())
    page.locator("#template").select_option("after-hospital")
    page.locator("#steward").select_option(label="Grace Kim, RN, care manager")
    page.get_by_label(re.compile("Dr. Elena Ruiz, primary care")).check()
    page.get_by_role("button", name="Open the plan", exact=True).click()
    expect(page.get_by_text("(steward)")).to_be_visible()


def test_somebody_very_like_a_patient_is_shown_and_not_registered_by_haste(browser: Browser, hub: Hub) -> None:
    admin = signed_in(browser, hub, "falk")
    register(admin, hub, "Whitfield", "Mary", ("1", "2", "1930"), "777 1")
    admin.goto(f"{hub.base_url}/patients/new")
    admin.locator("#family").press_sequentially("Whitfeld")
    admin.locator("#given").press_sequentially("Mary")
    admin.locator("#year").press_sequentially("1930")
    admin.locator("#month").select_option("2")
    admin.locator("#day").press_sequentially("1")
    expect(admin.locator("#likely")).to_contain_text("Very likely")

    admin.get_by_role("button", name="Register", exact=True).click()
    expect(admin.get_by_role("alert")).to_contain_text("Very likely registered already")
    expect(admin.locator("#family")).to_have_value("Whitfeld")
    admin.get_by_label(re.compile("None of these")).check()
    admin.get_by_role("button", name="Register", exact=True).click()
    expect(admin.locator("#main h1")).to_contain_text("WHITFELD")
