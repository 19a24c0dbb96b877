"""What pages say of a line that carries nothing: a hub that stands still, a proxy that forgets the upgrade."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.seats import LIVE_MS_MAX, Seat, a_medicine, a_seat, open_entry
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, DAUGHTER = "Dr. Elena Ruiz", "Emily Hart"

Sit = Callable[..., Seat]

SILENT_MS_MAX = 90_000
"""35 s of silence, on a machine that does much else."""


@contextmanager
def frozen(hub: Hub) -> Iterator[None]:
    """A hub that is there and does nothing: its sockets stay open, and nobody speaks on them."""
    os.kill(hub.process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(hub.process, signal.SIGCONT)


def test_a_hub_that_stands_still_is_noticed_on_every_page_and_found_again_when_it_goes_on(
    browser: Browser, running_hub: Hub, sit: Sit
) -> None:
    hub, plan = running_hub, running_hub.plan("Mary")
    doctor = sit(hub, DOCTOR)
    text = f"{a_medicine(doctor)}/instructions"
    with a_seat(browser, hub, DOCTOR, "/work") as work, a_seat(browser, hub, DAUGHTER, f"/plans/{plan}") as family:
        work.expect_live()
        for seat in (doctor, work, family):
            seat.line_may_fail = True
        family.page.locator("#line").wait_for(state="hidden")
        with frozen(hub):
            doctor.control(text).fill("Typed while the hub stands still.")
            expect(doctor.state).to_contain_text("Not saved: the hub has not answered", timeout=15_000)
            expect(doctor.state).to_have_attribute("data-unsent", "1")

            expect(doctor.state).to_contain_text("Offline since", timeout=SILENT_MS_MAX)
            expect(doctor.state).to_contain_text("1 edit not sent, kept in this page")
            expect(work.state).to_contain_text("Offline since", timeout=SILENT_MS_MAX)
            expect(family.page.locator("#line")).to_contain_text("You are offline since", timeout=SILENT_MS_MAX)

        doctor.expect_saved()
        work.expect_live()
        expect(family.page.locator("#line")).to_be_hidden(timeout=LIVE_MS_MAX)
    fresh = sit(hub, DOCTOR)
    open_entry(fresh, text.split("/")[1])
    expect(fresh.control(text)).to_have_value("Typed while the hub stands still.")


def test_a_proxy_that_forgets_the_upgrade_is_told_from_a_hub_that_is_away(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    doctor.line_may_fail = True
    doctor.page.add_init_script(
        "window.WebSocket = class extends EventTarget { constructor() { super(); this.readyState = 0;"
        " setTimeout(() => this.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '' }))) }"
        " close() {} send() {} }"
    )

    doctor.page.reload()

    expect(doctor.state).to_contain_text("the hub answers, but something on the way holds up live connections")
    expect(doctor.state).to_have_attribute("data-state", "offline")
