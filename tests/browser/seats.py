"""A seat: one person at one page of one plan, in a browser of their own; what they see and do in the plan's words."""

import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser, Locator, Page, expect

from tests.harness.hubs import Hub

LIVE_MS_MAX = 30_000
"""From opening a page to live, on a machine that does much else."""

_LINE = re.compile(r"WebSocket connection|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|Failed to (load resource|fetch)")
"""What a browser writes to the console when the network or the hub is away."""


@dataclass
class Seat:
    """One person's page. ``faults`` holds every error of the page's console and scripts."""

    page: Page
    hub: Hub
    name: str
    faults: list[str] = field(default_factory=list)
    line_may_fail: bool = False

    def field(self, path: str) -> Locator:
        """The element of a field by its path."""
        return self.page.locator(f'[data-field="{path}"]')

    def control(self, path: str) -> Locator:
        """The control of a field that this person may write."""
        return self.field(path).locator("[data-bound]").first

    def entry(self, entry: str) -> Locator:
        """The element of an entry by its id."""
        return self.page.locator(f"#entry-{entry}")

    def row(self, entry: str) -> Locator:
        """The link that an entry's row is."""
        return self.entry(entry).locator(":scope > h3 > .to")

    @property
    def state(self) -> Locator:
        """The state line."""
        return self.page.locator("#state-line")

    def expect_live(self) -> None:
        """Wait until the page is live and nothing of it is unsent."""
        expect(self.page.locator('#state-line[data-state="live"]')).to_be_visible(timeout=LIVE_MS_MAX)

    def expect_saved(self) -> None:
        """Wait until the hub has acknowledged this page's edits."""
        expect(self.state).to_contain_text("saved at", timeout=LIVE_MS_MAX)
        expect(self.state).not_to_have_attribute("data-unsent", re.compile("."))

    def value(self, path: str) -> str:
        """What stands in a control."""
        return self.control(path).input_value()

    @property
    def focused(self) -> str:
        """The id of the element that has the focus."""
        return str(self.page.evaluate("document.activeElement.id"))

    @property
    def caret(self) -> int:
        """Where the caret is in the control that has the focus."""
        return int(self.page.evaluate("document.activeElement.selectionStart"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.page.context.close()
        if error is None:
            faults = [each for each in self.faults if not (self.line_may_fail and _LINE.search(each))]
            assert faults == [], f"the page of {self.name}: {faults}"


def a_seat(browser: Browser, hub: Hub, name: str, address: str, **context: object) -> Seat:
    """Sign a person in and open an address of the hub in a browser context of their own."""
    name_of_cookie, value = hub.cookie(name).split("=", 1)
    made = browser.new_context(**context)  # type: ignore[arg-type]
    made.add_cookies([{"name": name_of_cookie, "value": value, "url": hub.base_url}])
    page = made.new_page()
    seat = Seat(page, hub, name)
    page.on("pageerror", lambda fault: seat.faults.append(str(fault)))
    page.on("console", lambda said: seat.faults.append(said.text) if said.type == "error" else None)
    page.goto(hub.base_url + address)
    return seat


def a_medicine(seat: Seat) -> str:
    """The path of the first medicine without a danger, its row open with all its fields: ``medications/<entry>``."""
    row = seat.page.locator(
        '#section-medications .section-body > .entries > .entry:not([data-allergy], :has([data-rank="danger"]))'
    ).first
    path = f"medications/{row.get_attribute('data-entry')}"
    show_all_fields(seat, path)
    return path


def open_entry(seat: Seat, entry: str | Locator) -> Locator:
    """Open the row of an entry (its id, or where it stands) as a person does, if it is closed; return the row."""
    row = seat.entry(entry) if isinstance(entry, str) else entry
    expect(row).to_have_count(1)
    row = seat.entry(str(row.get_attribute("data-entry")))
    if row.get_attribute("data-open") is None:
        for fold in ("settled", "retired"):
            closed = seat.page.locator(f"details.{fold}:not([open])", has=row)
            if closed.count():
                closed.locator("summary").first.click()
        row.locator(":scope > h3 > .to").click()
        expect(row).to_have_attribute("data-open", "")
    return row


def show_all_fields(seat: Seat, path: str) -> None:
    """Open the row of an entry, and its fields that are empty."""
    more = open_entry(seat, path.split("/")[1]).locator(".entry-more:not([open]) > summary")
    if more.count():
        more.click()
