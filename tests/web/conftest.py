"""Fixtures of the page tests: Mary's plan, and a browser without scripts for each of its people."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest
from starlette.testclient import TestClient

from tests.harness.databases import Databases
from tests.web.house import House, a_house
from tests.web.mary import Mary, a_story
from web.app import create_app

ORIGIN = "http://127.0.0.1:8000"

As = Callable[[str], TestClient]


@pytest.fixture(scope="module")
async def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One hub with the demo for all tests of a module: each brings what it looks for. Others open one of their own."""
    with databases.demo() as url:
        async with a_house(url, tmp_path_factory.mktemp("house")) as found:
            yield found


@pytest.fixture
def mary() -> Mary:
    """Mary's plan two days after her discharge."""
    return asyncio.run(a_story())


@pytest.fixture
def as_person(mary: Mary) -> Iterator[As]:
    """Return a browser in which one of the story's people has signed in; ``""`` for nobody."""
    app = create_app(mary.world.settings, mary.world.opening)
    with ExitStack() as opened:
        opened.enter_context(TestClient(app, base_url=ORIGIN))

        def browser(key: str) -> TestClient:
            client = TestClient(
                app, base_url=ORIGIN, headers={"origin": ORIGIN}, client=("127.0.0.1", 50_000), follow_redirects=False
            )
            if key:
                answer = client.post("/sign-in/demo", data={"person": mary.people[key].person_id})
                assert answer.status_code == 303, "the demo lets anyone be anyone"
            return client

        yield browser
