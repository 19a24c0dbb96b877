"""Nobody makes the hub work more than people do, signed in or not."""

import pytest

import web.pacing
from tests.web.conftest import As
from tests.web.mary import Mary
from web.pacing import ADDRESSES_MAX, Pace


class Seconds:
    def __init__(self) -> None:
        self.now = 60.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def within_one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the clock of the app still: no minute ends in the middle of a test."""
    monkeypatch.setattr(Pace.__init__, "__defaults__", (lambda: 30.0,))


def test_a_minute_has_its_bound_and_the_next_one_begins_anew() -> None:
    clock = Seconds()
    pace = Pace(clock)

    assert [pace.wait("here", 3) for _ in range(4)] == [0, 0, 0, 61]
    assert pace.wait("there", 3) == 0
    clock.now += 59.5
    assert pace.wait("here", 3) == 1
    clock.now += 0.5
    assert pace.wait("here", 3) == 0


def test_more_addresses_than_can_be_counted_count_as_one() -> None:
    pace = Pace(Seconds())
    for number in range(ADDRESSES_MAX):
        pace.wait(f"address {number}", 1)

    assert pace.wait("address new", 1) == 0
    assert pace.wait("address newer", 1) > 0
    assert len(pace._counts) == ADDRESSES_MAX + 1


def test_who_asks_too_much_is_told_when_to_come_back(
    mary: Mary, as_person: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    lee, kate, stranger = as_person("lee"), as_person("kate"), as_person("")
    monkeypatch.setattr(web.pacing, "SIGNED_IN_REQUESTS_MAX", 5)
    monkeypatch.setattr(web.pacing, "STRANGER_REQUESTS_MAX", 5)
    answers = [lee.get("/panel").status_code for _ in range(8)]

    assert answers[-1] == 429
    refused = lee.get("/panel")
    assert "Wait a minute, then try again." in refused.text
    assert 0 < int(refused.headers["retry-after"]) <= 61
    assert kate.get(f"/plans/{mary.plan}/family").status_code == 200, "each sign-in has its own"
    assert [stranger.get("/sign-in").status_code for _ in range(8)][-1] == 429
    assert stranger.get("/healthz").status_code == 200


def test_strangers_together_have_a_bound(as_person: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.pacing, "STRANGERS_REQUESTS_MAX", 4)

    assert [as_person("").get("/sign-in").status_code for _ in range(6)][-1] == 429
