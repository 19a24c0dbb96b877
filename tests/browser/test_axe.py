"""Every page there is, by the list of routes: axe finds nothing, in light on a desk and in the dark on a telephone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page
from starlette.routing import Route

from tests.browser.seats import Seat
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub
from web.routes import ROUTES

pytestmark = pytest.mark.slow

DOCTOR, KIM, MARY, EMILY, RUTH, NAIR, JONAS = (
    "Dr. Elena Ruiz", "Grace Kim, RN", "Mary Whitfield", "Emily Hart", "Ruth Adeyemi", "Dr. Priya Nair", "Jonas Falk",
)  # fmt: skip

PAGES: Mapping[str, tuple[str, str]] = {
    "sign_in": ("", "/sign-in"),
    "return": ("", "/sign-in/code"),
    "invited": ("", "/i/{plan}"),
    "panel": (DOCTOR, "/panel"),
    "search": (DOCTOR, "/search"),
    "hospital_alerts": (DOCTOR, "/hospitals"),
    "plan_problems": (DOCTOR, "/plans/{plan}/problems"),
    "reconcile": (DOCTOR, "/plans/{plan}/reconcile"),
    "lists": (DOCTOR, "/plans/{plan}/lists"),
    "notifications": (MARY, "/notifications"),
    "mailbox": (KIM, "/demo/mailbox"),
    "work": (DOCTOR, "/work"),
    "reminders": (MARY, "/reminders"),
    "reminder_choices": (MARY, "/reminders/choices"),
    "admin_reminders": (JONAS, "/admin/reminders"),
    "sessions": (DOCTOR, "/sessions"),
    "passkey_offer": (EMILY, "/passkeys/offer"),
    "plan_next": (DOCTOR, "/plans/{plan}/next"),
    "plan_history": (DOCTOR, "/plans/{plan}/history"),
    "plan_as_of": (DOCTOR, "/plans/{plan}/as-of"),
    "plan_files": (DOCTOR, "/plans/{plan}/files"),
    "devices": (DOCTOR, "/plans/{plan}/devices"),
    "plan_compare": (DOCTOR, "/plans/{plan}/compare"),
    "section": (DOCTOR, "/plans/{plan}/sections/medications"),
    "section_restore": (DOCTOR, "/plans/{plan}/sections/medications/restore?version=1"),
    "entry": (DOCTOR, "/plans/{plan}/entries/medications/{medicine}"),
    "stay": (DOCTOR, "/plans/{plan}/stays/home"),
    "handoff": (DOCTOR, "/plans/{plan}/handoff/{stay}"),
    "coming_home": (DOCTOR, "/plans/{plan}/coming-home/{stay}"),
    "entry_new": (DOCTOR, "/plans/{plan}/sections/medications/entries/new"),
    "entry_edit": (DOCTOR, "/plans/{plan}/entries/medications/{medicine}/edit"),
    "entry_ask": (DOCTOR, "/plans/{plan}/entries/medications/{medicine}/entry.retire"),
    "entry_history": (DOCTOR, "/plans/{plan}/entries/medications/{medicine}/history"),
    "entry_restore": (DOCTOR, "/plans/{plan}/entries/medications/{medicine}/restore?version=1"),
    "entry_why": (DOCTOR, "/plans/{plan}/entries/medications/{medicine}/why?field=instructions"),
    "entry_writers": (DOCTOR, "/plans/{plan}/entries/medications/{medicine}/writers?field=instructions"),
    "task_line": (DOCTOR, "/plans/{plan}/tasks/line"),
    "question_new": (DOCTOR, "/plans/{plan}/questions/new"),
    "question": (DOCTOR, "/plans/{plan}/questions/{question}"),
    "question_attachments": (DOCTOR, "/plans/{plan}/questions/{question}/attachments"),
    "visit": (DOCTOR, "/plans/{plan}/visit"),
    "referral_new": (DOCTOR, "/plans/{plan}/referrals/new"),
    "referral": (DOCTOR, "/plans/{plan}/referrals/{referral}"),
    "invitations": (KIM, "/plans/{plan}/invitations"),
    "invitation_new": (KIM, "/plans/{plan}/invitations/new"),
    "welcome": (EMILY, "/plans/{plan}/welcome"),
    "sharing": (MARY, "/plans/{plan}/sharing"),
    "sharing_looks": (MARY, "/plans/{plan}/sharing/looks"),
    "sharing_person": (MARY, "/plans/{plan}/sharing/{doctor}"),
    "sharing_preview": (MARY, "/plans/{plan}/sharing/{emily}/preview"),
    "emergency_find": (NAIR, "/emergency"),
    "emergency": (NAIR, "/emergency/{plan}"),
    "reviews": (RUTH, "/reviews"),
    "audit": (RUTH, "/audit"),
    "admin": (JONAS, "/admin"),
    "admin_organisation": (JONAS, "/admin/organisation"),
    "admin_people": (JONAS, "/admin/people"),
    "admin_person": (JONAS, "/admin/people/{doctor}"),
    "admin_units": (JONAS, "/admin/units"),
    "admin_provider": (JONAS, "/admin/provider"),
    "admin_experience": (JONAS, "/admin/experience"),
    "admin_systems": (JONAS, "/admin/systems"),
    "admin_apps": (JONAS, "/admin/apps"),
    "admin_ehrs": (JONAS, "/admin/ehrs"),
    "admin_servers": (JONAS, "/admin/servers"),
    "connections": (DOCTOR, "/plans/{plan}/connections"),
    "apps": (EMILY, "/apps"),
    "people_file": (JONAS, "/admin/people/file"),
    "patients_file": (JONAS, "/patients/file"),
    "plan_offers": (KIM, "/patients/offers"),
    "plan_beginning": (KIM, "/plans/{plan}/begin"),
    "plan_copy": (MARY, "/plans/{plan}/copy"),
    "readings": (DOCTOR, "/plans/{plan}/entries/monitoring/{measure}/readings"),
    "patients": (KIM, "/patients"),
    "patient_new": (KIM, "/patients/new"),
    "patient": (KIM, "/patients/{patient}"),
    "family": (EMILY, "/plans/{plan}/family"),
    "family_sheet": (EMILY, "/plans/{plan}/family/sheet"),
    "family_telling": (EMILY, "/plans/{plan}/family/stay"),
    "mine_telling": (MARY, "/plans/{plan}/mine/stay"),
    "family_attachments": (EMILY, "/plans/{plan}/family/attachments"),
    "family_learn": (EMILY, "/plans/{plan}/family/learn"),
    "mine_learn": (MARY, "/plans/{plan}/mine/learn"),
    "family_experience": (EMILY, "/plans/{plan}/family/experience"),
    "mine_experience": (MARY, "/plans/{plan}/mine/experience"),
    "mine_attachments": (MARY, "/plans/{plan}/mine/attachments"),
    "mine": (MARY, "/plans/{plan}/mine"),
    "mine_sheet": (MARY, "/plans/{plan}/mine/sheet"),
    "huddles": (DOCTOR, "/huddles"),
    "huddle": (DOCTOR, "/huddles/{huddle}"),
    "huddle_minutes": (DOCTOR, "/huddles/{ended}/minutes"),
    "huddle_mine": (DOCTOR, "/huddles/{ended}/mine"),
}
"""Who opens which address, by the name of the route."""

NO_PAGES = frozenset(
    {
        "plan_margins",
        *("launch", "launch_back", "launch_open"),  # They lead elsewhere.
        *("app_authorize", "app_allow"),  # For an app that asks; tests/browser/test_apps.py comes to them.
        *("home", "told", "calendar", "sign_in_work", "sign_in_back", "sign_out_work"),  # They lead elsewhere.
        *("passkey_challenge", "passkey_options", "session_left", "static", "alive", "ready", "metrics"),
        *("offline_worker", "offline_stays"),
        "plan",  # In test_for_everyone.py, alive and with others in it.
        *("plan_take", "family_manifest", "mine_manifest", "attachment"),  # Files.
        "lists_sheet",  # There is none before a list is signed; test_lists.py comes to it.
        "entry_origin",  # The same, of an entry that it became.
        "plan_line_original",  # JSON in a frame, of a file that somebody brought in.
        "cds_services",  # For other systems: it answers in JSON.
        *("scim_config", "scim_schemas", "scim_schema", "scim_resource_types", "scim_resource_type", "scim_nowhere"),
        *("scim_users", "scim_user", "scim_groups", "scim_group"),
        *("work_count", "family_block", "mine_block", "huddle_stage", "plan_findings"),  # Parts of pages that are here.
    }
)


@dataclass(frozen=True)
class Desk:
    """A hub with one huddle, and browsers for its people."""

    hub: Hub
    browser: Browser
    pages: dict[str, Page]
    words: dict[str, str]

    def open(self, name: str, address: str) -> Seat:
        """Open an address as a person, in the browser that this person has had all along."""
        if name not in self.pages:
            context = self.browser.new_context()
            if name:
                cookie, value = self.hub.cookie(name).split("=", 1)
                context.add_cookies([{"name": cookie, "value": value, "url": self.hub.base_url}])
            self.pages[name] = context.new_page()
        page = self.pages[name]
        answer = page.goto(self.hub.base_url + address.format(**self.words))
        assert answer is not None
        assert answer.status == 200, (address, answer.status)
        assert page.url == self.hub.base_url + address.format(**self.words), "it leads nowhere else"
        return Seat(page, self.hub, name)


@pytest.fixture(scope="module")
def desk(shared_hub: Hub, browser: Browser) -> Iterator[Desk]:
    plan = shared_hub.plan("Mary")
    with shared_hub.pages(DOCTOR) as doctor:
        shown = doctor.get(f"/plans/{plan}").text
        made, ended = (
            doctor.post("/huddles", data={"title": name, "plan": plan}).headers["location"] for name in ("Axe", "Over")
        )
        doctor.post(f"{ended}/start")
        seen = re.findall(r'name="seen" value="([^"]*)"', doctor.get(ended).text)[0]
        assert doctor.post(f"{ended}/end", data={"seen": seen}).status_code == 303
    with shared_hub.pages(KIM) as nurse:
        listed = re.findall(r'"/patients/([0-9a-f-]{36})"', nurse.get("/patients").text)[0]
    first = {
        section: re.findall(rf'data-shows="{section}/([0-9a-f-]{{36}})/', shown)[0]
        for section in ("medications", "referrals")
    }
    words = {
        "plan": plan,
        "medicine": first["medications"],
        "referral": first["referrals"],
        "stay": re.findall(r'data-entry="([^"]+)"', shown.split('id="section-transitions"')[1])[0],
        "question": re.findall(r'data-entry="([^"]+)"', shown.split('id="section-caregiver_log"')[1])[0],
        "measure": re.findall(r'data-entry="([^"]+)"', shown.split('id="section-monitoring"')[1])[0],
        "doctor": shared_hub.person(DOCTOR),
        "patient": listed,
        "emily": shared_hub.person(EMILY),
        "huddle": made.split("/")[2],
        "ended": ended.split("/")[2],
    }
    with shared_hub.pages(DOCTOR) as doctor:
        own = f"/plans/{plan}/entries/medications/{first['medications']}/edit"
        assert doctor.post(own, data={"instructions": "With water.", "was.instructions": ""}).status_code == 303
    opened = Desk(shared_hub, browser, {}, words)
    yield opened
    for page in opened.pages.values():
        page.context.close()


def test_every_page_is_looked_at() -> None:
    routes = [each for each in ROUTES if isinstance(each, Route) and not each.path.startswith("/fhir/")]
    readable = {each.name for each in routes if "GET" in (each.methods or ())}

    assert readable == set(PAGES) | NO_PAGES


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_by_day_at_a_desk_and_by_night_on_a_telephone(desk: Desk, name: str) -> None:
    seat = desk.open(*PAGES[name])

    for scheme, width in (("light", 1440), ("dark", 390)):
        seat.page.set_viewport_size({"width": width, "height": 844})
        seat.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert violations(seat) == [], (scheme, width)
