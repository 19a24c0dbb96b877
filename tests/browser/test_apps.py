"""The stock SMART client in a browser: it finds the hub, asks its person, gets tokens and reads until that is ended."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.seats import Seat, a_seat
from tests.browser.test_for_everyone import violations
from tests.harness import browsers
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

PAGE = """<!doctype html><meta charset="utf-8"><title>Diary</title><p id="told">Nothing yet</p>
<script src="/fhir-client.js"></script><script>
const told = document.getElementById("told")
const hub = { iss: "%s/fhir", clientId: "%s", redirectUri: "%s/back", scope: "launch/patient offline_access %s" }
FHIR.oauth2.init(hub).then(async client => {
  const bundle = await client.request(`Goal?patient=${client.patient.id}`)
  const patient = await client.patient.read()
  told.textContent = `${bundle.total} goals of ${patient.name[0].family}, ${client.state.tokenResponse.scope}`
  document.getElementById("again").onclick = () => client.request("Goal").then(
    () => { told.textContent = "still there" }, error => { told.textContent = String(error.status ?? error) })
}, error => { told.textContent = String(error) })
</script><button id="again">Again</button>"""


def registered(hub: Hub, site: str) -> str:
    form = {
        "act": "register", "name": "Diary in a browser", "kind": "public", "redirects": f"{site}/back",
        "origins": site, "scopes": "patient/Goal.rs patient/Patient.rs", "kept": "yes",
    }  # fmt: skip
    with hub.pages("Jonas Falk") as falk:
        found = re.search(r'class="token">([^<]+)<', falk.post("/admin/apps", data=form).text)
    assert found is not None
    return found[1]


class AppServer(BaseHTTPRequestHandler):
    """The app's own server: one page, whatever its address, and the client's script."""

    page = ""

    def do_GET(self) -> None:
        script = self.path.endswith("/fhir-client.js")
        body = (browsers.smart_client() if script else self.page).encode()
        self.send_response(200)
        self.send_header("content-type", f"text/{'javascript' if script else 'html'}; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def an_app(hub: Hub) -> Iterator[str]:
    """Register an app and serve it from another site; yield where it begins."""
    with ThreadingHTTPServer(("127.0.0.1", 0), AppServer) as server:
        site = f"http://localhost:{server.server_port}"
        scopes = "patient/Goal.rs patient/Patient.rs"
        AppServer.page = PAGE % (hub.base_url, registered(hub, site), site, scopes)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"{site}/start"
        finally:
            server.shutdown()
            thread.join()


def test_the_stock_client_is_given_access_reads_and_is_ended_within_a_request(
    browser: Browser, shared_hub: Hub
) -> None:
    with an_app(shared_hub) as begins, a_seat(browser, shared_hub, "Mary Whitfield", "/apps") as seat:
        seat.line_may_fail = True  # The last request is refused, which a browser writes to its console.
        page = seat.page

        page.goto(begins)
        expect(page.get_by_role("heading", name="Give Diary in a browser access?")).to_be_visible()
        assert violations(seat) == []
        page.get_by_role("button", name="Give access").click()
        told = page.locator("#told")
        expect(told).to_contain_text("goals of Whitfield, patient/Goal.rs patient/Patient.rs")
        own = Seat(page.context.new_page(), shared_hub, "Mary Whitfield")
        own.page.goto(f"{shared_hub.base_url}/apps")
        row = own.page.locator("form", has_text="Diary in a browser").first
        expect(row).to_contain_text("It read last")
        assert violations(own) == []
        row.get_by_role("button", name="End its access").click()
        expect(row).to_contain_text("Ended")
        page.locator("#again").click()
        expect(told).to_contain_text(re.compile("401|unauthorized|invalid|expired", re.IGNORECASE))
