"""The command line refuses in words a person can act on, and never with a traceback."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import structlog
from typer.testing import CliRunner, Result

from tests.harness.databases import executed
from web.commands.cli import commands
from web.commands.preparing import DEMO_ADDRESS


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "CAREPLAN_ORIGIN", "CAREPLAN_DATA", "OIDC_ISSUER", "SMTP_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def called(*words: object) -> Result:
    return CliRunner().invoke(commands, [str(word) for word in words])


def test_describing_a_demo_that_does_not_run_says_how_to_start_it(tmp_path: Path) -> None:
    answer = called("demo", "--data", tmp_path, "--describe")

    assert answer.exit_code == 2
    assert "careplan-hub demo --data" in answer.stderr


def test_serving_beyond_this_machine_without_settings_names_each(tmp_path: Path) -> None:
    answer = called("serve", "--host", "0.0.0.0", "--data", tmp_path)  # noqa: S104 - the case that is refused

    assert answer.exit_code == 2
    for name in ("CAREPLAN_ORIGIN", "OIDC_ISSUER", "DATABASE_URL", "CAREPLAN_SECRET_KEY"):
        assert f"Set {name}" in answer.stderr


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path, taken_port: int) -> None:
    answer = called("demo", "--data", tmp_path / "data", "--port", taken_port)

    assert answer.exit_code == 2
    assert f"Port {taken_port} is in use" in answer.stderr
    assert not (tmp_path / "data").exists()


def test_a_database_url_of_another_kind_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://hub:hunter2@db.example/careplan")

    answer = called("migrate", "--data", tmp_path)

    assert answer.exit_code == 2
    assert "Set DATABASE_URL" in answer.stderr
    assert "hunter2" not in answer.output


def test_an_older_database_is_refused_with_the_command_that_mends_it(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database)

    answer = called("serve", "--port", 0, "--data", tmp_path)

    assert answer.exit_code == 2
    assert "careplan-hub migrate" in answer.stderr


def test_migrating_twice_is_harmless(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database)

    codes = [called("migrate", "--data", tmp_path).exit_code for _ in range(2)]

    assert codes == [0, 0]


def test_the_demo_is_refused_where_real_people_are(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    asyncio.run(a_real_person(database))

    answer = called("demo", "--port", 0, "--data", tmp_path)

    assert answer.exit_code == 2
    assert "real people" in answer.stderr


def test_a_clock_that_nobody_has_is_no_demo_s(tmp_path: Path) -> None:
    answer = called("demo", "--time-zone", "Mars/Olympus", "--port", 0, "--data", tmp_path)

    assert answer.exit_code == 2
    assert "Mars/Olympus is no time zone" in answer.stderr


def test_one_address_of_the_demo_does_not_make_a_hub_in_service_the_demo(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    executed(database, f"insert into person (id, name, role, email) values ('p0', 'X', 'family', 'x{DEMO_ADDRESS}')")
    executed(
        database,
        "insert into person (id, name, role, email, may_administer)"
        " values ('p1', 'Y', 'care_manager', 'y@clinic.example', true)",
    )

    answer = called("demo", "--port", 0, "--data", tmp_path)

    assert answer.exit_code == 2
    assert "real people" in answer.stderr


async def a_real_person(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("insert into person (id, name, role) values ('p1', 'Someone', 'primary_care')")
    finally:
        await connection.close()
