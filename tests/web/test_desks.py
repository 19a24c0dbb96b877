"""The door of a person's own socket: the person's own session, from our own pages, and nobody else's."""

from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.harness.hubs import Hub, Live

BECKER, RUIZ = "Tom Becker, PharmD", "Dr. Elena Ruiz"
NO_PLAN, SIGN_IN = 4404, 4401


def desk(hub: Hub, owner: str, by: str = "") -> Live:
    """The socket of one person's desk, with the session of the same or another."""
    live = hub.live(by or owner)
    return replace(live, url=live.url.split("/plans/")[0] + f"/people/{hub.person(owner)}/live")


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        (lambda hub: desk(hub, BECKER, by=RUIZ), NO_PLAN),
        (lambda hub: replace(desk(hub, BECKER), origin="https://elsewhere.example"), NO_PLAN),
        (lambda hub: replace(desk(hub, BECKER), cookie="careplan-session=x"), SIGN_IN),
    ],
)
def test_nobody_sits_down_at_the_desk_of_another(shared_hub: Hub, forged: object, code: int) -> None:
    with connect(**forged(shared_hub).arguments) as socket, pytest.raises(ConnectionClosed) as ended:  # type: ignore[operator]
        socket.recv(timeout=30)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == code


def test_at_ones_own_desk_one_hears_that_a_plan_has_changed_and_nothing_else(shared_hub: Hub) -> None:
    with connect(**desk(shared_hub, BECKER).arguments) as socket:
        first = socket.recv(timeout=30)
        with shared_hub.pages(RUIZ) as pages:
            line = {"line": "/task Count the canary pills @pharmacist fri", "about": ""}
            assert pages.post(f"/plans/{shared_hub.plan('Mary')}/tasks/line", data=line).status_code == 303
        second = socket.recv(timeout=30)

    assert isinstance(first, bytes)
    assert first == second
    assert b'{"kind":"work"}' in first
