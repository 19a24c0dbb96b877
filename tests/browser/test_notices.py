"""What the page does about what the hub says: frames put in between a real hub and a real page."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import WebSocketRoute, expect

from crdt.frames import Frame, FrameKind, encode
from tests.browser.seats import Seat, a_medicine, open_entry
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST = "Dr. Elena Ruiz", "Tom Becker, PharmD"

Sit = Callable[..., Seat]


def overheard(seat: Seat) -> WebSocketRoute:
    """Load the page anew with a hand on its socket; what is sent into it comes to the page as if from the hub."""
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    seat.page.route_web_socket("**/live?*", between)
    seat.page.reload()
    seat.expect_live()
    return sockets[-1]


def notice(kind: str, **words: object) -> bytes:
    """A notice as the hub frames it."""
    return encode(Frame("plan", FrameKind.STATELESS, json.dumps({"kind": kind, **words}).encode()))


def test_when_access_ends_the_plan_is_cleared_from_the_screen_and_the_reason_stands_there(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor = sit(shared_hub, DOCTOR)
    doctor.line_may_fail = True
    socket = overheard(doctor)

    socket.send(notice("ended", reason="Your access to this plan ended at 08:31. Questions? Call 555-0100."))
    socket.close(code=4403, reason="access ended")

    expect(doctor.page.locator("#access-ended")).to_contain_text("ended at 08:31")
    expect(doctor.page.locator("#alert")).to_contain_text("ended at 08:31")
    expect(doctor.state).to_have_attribute("data-state", "ended")
    assert doctor.page.locator("section.section").count() == 0
    assert "Penicillin" not in doctor.page.locator("body").inner_text()


def test_storage_away_is_told_and_nothing_is_called_saved(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    socket = overheard(doctor)

    socket.send(notice("trouble", storage="away"))
    expect(doctor.state).to_contain_text("Not saved")
    socket.send(notice("trouble", storage="back"))

    expect(doctor.state).to_have_text("Live")


def test_changed_access_brings_the_page_as_it_may_be_seen_now_and_keeps_what_is_being_typed(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor, pharmacist = sit(shared_hub, DOCTOR), sit(shared_hub, PHARMACIST)
    socket = overheard(doctor)
    path = a_medicine(doctor)
    standing = doctor.value(f"{path}/dose")
    doctor.control(f"{path}/dose").fill("a draft")
    doctor.page.locator("#section-goals").evaluate("section => section.remove()")

    socket.send(notice("access", sections=["goals"]))

    expect(doctor.page.locator("#section-goals")).to_be_visible()
    assert doctor.value(f"{path}/dose") == "a draft"
    doctor.control(f"{path}/dose").press("Escape")
    assert doctor.value(f"{path}/dose") == standing
    open_entry(pharmacist, path.split("/")[1])
    pharmacist.control(f"{path}/dose").fill("21 mg")
    pharmacist.control(f"{path}/dose").press("Enter")
    expect(doctor.control(f"{path}/dose")).to_have_value("21 mg")


def test_frames_of_a_newer_hub_that_the_page_does_not_know_are_let_pass(shared_hub: Hub, sit: Sit) -> None:
    doctor = sit(shared_hub, DOCTOR)
    socket = overheard(doctor)

    socket.send(notice("something new", words="?"))
    socket.send(notice("say", words="The hub restarts tonight."))

    expect(doctor.page.locator("#say")).to_contain_text("The hub restarts tonight.")
    doctor.expect_live()
