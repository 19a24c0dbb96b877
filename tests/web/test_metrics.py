"""What the hub counts is told to who holds the token; without one, to this machine alone where no proxy stands."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.web.mary import Mary
from web.app import create_app

TOKEN = "t" * 32
HERE, THERE = ("127.0.0.1", 50_000), ("203.0.113.9", 50_000)


def asked(mary: Mary, client: tuple[str, int], headers: dict[str, str], **told: Any) -> int:
    mary.world.settings = replace(mary.world.settings, **told)
    app = create_app(mary.world.settings, mary.world.opening)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=client) as browser:
        return browser.get("/metrics", headers=headers).status_code


def test_a_hub_of_this_machine_tells_this_machine(mary: Mary) -> None:
    assert asked(mary, HERE, {}) == 200
    assert asked(mary, THERE, {}) == 404


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"])
@pytest.mark.parametrize("value", ["127.0.0.1", "::1", "localhost", ""])
def test_what_a_proxy_passes_on_is_told_nothing(mary: Mary, name: str, value: str) -> None:
    assert asked(mary, HERE, {name: value}) == 404


def test_a_hub_with_a_public_address_tells_nobody_without_a_token(mary: Mary) -> None:
    for headers in ({}, {"host": "localhost"}, {"host": "plans.example"}, {"authorization": "Bearer "}):
        assert asked(mary, HERE, headers, origin="https://plans.example") == 404


@pytest.mark.parametrize("client", [HERE, THERE])
def test_the_token_and_nothing_else_opens_it(mary: Mary, client: tuple[str, int]) -> None:
    def status(headers: dict[str, str]) -> int:
        return asked(mary, client, headers, origin="https://plans.example", metrics_token=TOKEN)

    assert status({"authorization": f"Bearer {TOKEN}", "x-forwarded-for": "198.51.100.7"}) == 200
    assert status({}) == status({"authorization": TOKEN}) == status({"authorization": f"Bearer {TOKEN}x"}) == 404
