"""Fixtures that every package's tests share; what is behind them stands in ``tests/harness``."""

import contextlib
import itertools
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, settings

from hub.process.postgres import EmbeddedPostgres
from tests.harness.browsers import FLAGS, chromium
from tests.harness.databases import SERVER_SETTINGS, Databases, a_data_folder
from tests.harness.hubs import Hub

StartHub: TypeAlias = Callable[..., Hub]

settings.register_profile("quick", max_examples=30, deadline=None, print_blob=True)
settings.register_profile("ci", max_examples=100, deadline=None, print_blob=True)
settings.register_profile(
    "soak", max_examples=5_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "quick"))


RUNS_A_HUB = frozenset({"a_hub", "running_hub", "shared_hub", "browser_launch"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take in where the names of tests that failed are to be written, for ``.ci/run``."""
    parser.addoption("--failed-to", type=Path, help="write the names of the tests that failed to this file, one a line")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what starts a hub or a browser, so that nobody has to remember."""
    for item in items:
        if RUNS_A_HUB & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write what tests measured and asked to be told by ``record_property("told", ...)``."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name == "told":
                terminalreporter.write_line(f"{report.nodeid.partition('::')[2]}: {value}")
    if (failed_to := terminalreporter.config.getoption("failed_to")) is not None:
        failed = terminalreporter.getreports("failed") + terminalreporter.getreports("error")
        failed_to.write_text("".join(f"{name}\n" for name in sorted({report.nodeid for report in failed})), "utf-8")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests marked ``anyio`` run on asyncio alone."""
    return "asyncio"


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A new seed each time, shown when the test fails; CAREPLAN_SEED replays one."""
    told = os.environ.get("CAREPLAN_SEED")
    number = int(told) if told else random.SystemRandom().getrandbits(32)
    request.node.add_report_section("call", "seed", f"CAREPLAN_SEED={number} replays this test")
    return number


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """One embedded PostgreSQL for the session, as durable as in production."""
    with (
        a_data_folder(tmp_path_factory.mktemp("postgres")) as folder,
        EmbeddedPostgres(folder / "data", settings=SERVER_SETTINGS) as server,
    ):
        yield Databases(server.url)


@pytest.fixture
def dropped_last() -> Iterator[contextlib.ExitStack]:
    """Holds the test's databases until every hub on them has ended, whichever the test asked for first."""
    with contextlib.ExitStack() as held:
        yield held


@pytest.fixture
def database(databases: Databases, dropped_last: contextlib.ExitStack) -> str:
    """The URL of a migrated database of this test's own."""
    return dropped_last.enter_context(databases.clone())


@pytest.fixture
def empty_database(databases: Databases, dropped_last: contextlib.ExitStack) -> str:
    """The URL of a database without tables."""
    return dropped_last.enter_context(databases.empty())


@pytest.fixture
def demo_database(databases: Databases, dropped_last: contextlib.ExitStack) -> str:
    """The URL of a database of this test's own, with the demo's people and plans."""
    return dropped_last.enter_context(databases.demo())


@pytest.fixture
def a_hub(tmp_path: Path, dropped_last: contextlib.ExitStack) -> Iterator[StartHub]:
    """Start hubs, each a process of its own: ``a_hub()`` with its own data, ``a_hub(database_url=...)`` on one."""
    with contextlib.ExitStack() as ends:
        numbers = itertools.count()

        def start(**told: Any) -> Hub:
            hub = Hub(tmp_path / f"hub-{next(numbers)}", **told)
            ends.callback(hub.end)
            hub.start()
            return hub

        yield start


@pytest.fixture
def running_hub(a_hub: StartHub, demo_database: str) -> Hub:
    """A demo hub with data of this test's own, which it may kill and restart."""
    return a_hub(database_url=demo_database)


@pytest.fixture(scope="session")
def shared_hub(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A demo hub for tests that leave it as they found it: they may add, but not count what is there."""
    with databases.demo() as url:
        hub = Hub(tmp_path_factory.mktemp("shared-hub"), database_url=url)
        try:
            hub.start()
            yield hub
        finally:
            hub.end()


@pytest.fixture(scope="session")
def browser_launch() -> dict[str, object]:
    """What Playwright's ``chromium.launch`` needs here, as keyword arguments."""
    return {"executable_path": str(chromium()), "args": list(FLAGS), "headless": True}
