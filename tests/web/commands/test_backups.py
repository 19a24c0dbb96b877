"""Backups, restores and drills by the commands an operator types, each with its row in the journal."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest
from typer.testing import CliRunner, Result

from hub.ids import HUB
from hub.record.journal import Act, Action
from hub.store.recording import record
from tests.harness.databases import Databases
from web.commands.cli import commands

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CAREPLAN_ORIGIN", "CAREPLAN_DATA", "CAREPLAN_CHECKPOINTS", "CAREPLAN_SIGNING_KEY", "OIDC_ISSUER"):
        monkeypatch.delenv(name, raising=False)


def called(url: str, monkeypatch: pytest.MonkeyPatch, *words: object) -> Result:
    monkeypatch.setenv("DATABASE_URL", url)
    return CliRunner().invoke(commands, [str(word) for word in words])


def rows(url: str, event: str) -> list[tuple[str, dict[str, object]]]:
    """Return outcome and words of the rows of an event in the hub's own journal."""

    async def asked() -> list[tuple[str, dict[str, object]]]:
        connection = await asyncpg.connect(url)
        try:
            query = "select outcome, told::text from journal where plan = $1 and action = 'admin' and event = $2"
            return [(outcome, msgspec.json.decode(told)) for outcome, told in await connection.fetch(query, HUB, event)]
        finally:
            await connection.close()

    return asyncio.run(asked())


def statement(url: str, sql: str) -> None:
    async def done() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    asyncio.run(done())


def two_more_rows(url: str) -> None:
    act = Act(plan=HUB, actor="", action=Action.SIGN_IN, event="test")
    asyncio.run(record(url, [act, act]))


def alter_an_entry(url: str) -> None:
    """Have the table of entries say what no journal says."""

    async def altered() -> None:
        connection = await asyncpg.connect(url)
        try:
            one = "(select plan, key from entry where fields ? 'name' order by plan, key limit 1)"
            await connection.execute(
                f'update entry set fields = fields || \'{{"name": "not this"}}\' where (plan, key) = {one}'
            )
        finally:
            await connection.close()

    asyncio.run(altered())


def test_verify_compares_the_table_of_entries_with_the_journals_and_rebuild_mends_it(
    demo_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter_an_entry(demo_database)

    wrong = called(demo_database, monkeypatch, "verify", "--data", tmp_path)
    again = called(demo_database, monkeypatch, "verify", "--data", tmp_path)
    unasked = called(demo_database, monkeypatch, "verify", "--no-replay", "--data", tmp_path)
    mended = called(demo_database, monkeypatch, "rebuild", "--data", tmp_path)
    true = called(demo_database, monkeypatch, "verify", "--data", tmp_path)

    codes = [each.exit_code for each in (wrong, again, unasked, mended, true)]
    assert codes == [3, 3, 0, 3, 0], (wrong.output, true.output)
    assert "1 entries of the table of entries stand otherwise" in wrong.output
    assert "careplan-hub rebuild" in wrong.output


@pytest.fixture
def empty(databases: Databases) -> Iterator[str]:
    with databases.empty() as url:
        yield url


def test_a_backup_and_its_restore_are_rows_and_the_restored_record_is_true(
    demo_database: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b1"

    made = called(demo_database, monkeypatch, "backup", file, "--data", tmp_path)
    two_more_rows(demo_database)
    back = called(empty, monkeypatch, "restore", file, "--data", tmp_path)
    true = called(empty, monkeypatch, "verify", "--data", tmp_path)

    assert (made.exit_code, back.exit_code, true.exit_code) == (0, 0, 0), (made.output, back.output, true.output)
    for url in (demo_database, empty):
        ((outcome, words),) = rows(url, "backup.make")
        assert (outcome, words["file"]) == ("success", "b1")
        assert words["login"]
    ((outcome, words),) = rows(empty, "backup.restore")
    assert (outcome, words["file"]) == ("success", "b1")
    assert str(words["taken"]).endswith("Z")
    assert rows(demo_database, "backup.restore") == []
    assert called(empty, monkeypatch, "restore", file, "--data", tmp_path).exit_code == 2, "it is not empty any more"
    assert len(rows(empty, "backup.restore")) == 1


def test_a_drill_measures_what_would_be_lost_and_is_a_row_of_the_hub_that_serves(
    demo_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b1"
    assert called(demo_database, monkeypatch, "backup", file, "--data", tmp_path).exit_code == 0
    two_more_rows(demo_database)

    drill = called(demo_database, monkeypatch, "restore", file, "--drill", "--data", tmp_path)

    assert drill.exit_code == 0, drill.output
    assert "lost since: 2 rows of 1 journals" in drill.output
    ((outcome, words),) = rows(demo_database, "backup.drill")
    assert (outcome, words["file"]) == ("success", "b1")


def test_a_login_that_can_not_write_its_row_makes_no_backup(
    demo_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = f"reader_{urlsplit(demo_database).path[1:]}"
    statement(demo_database, f"create role {login} login in role careplan_backup")
    parts = urlsplit(demo_database)
    reader = parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}").geturl()
    try:
        made = called(reader, monkeypatch, "backup", tmp_path / "b1", "--data", tmp_path)
    finally:
        statement(demo_database, f"drop role {login}")

    assert made.exit_code == 2
    assert "may not write the journal" in made.stderr
    assert not (tmp_path / "b1").exists()
    assert rows(demo_database, "backup.make") == []
