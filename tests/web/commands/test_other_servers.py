"""A backup of our own PostgreSQL comes back on the operator's: older and newer, by a login that is no superuser."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.harness.databases import Databases, executed
from tests.harness.servers import server_of
from tests.web.commands.test_backups import called, nothing_set, rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_set")]
__all__ = ["nothing_set"]


@pytest.fixture(scope="module")
def backup(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the demo on the bundled server, by the command."""
    folder = tmp_path_factory.mktemp("backup")
    with databases.demo() as url, pytest.MonkeyPatch.context() as patch:
        made = called(url, patch, "backup", folder / "copy", "--data", folder)
    assert made.exit_code == 0, made.output
    return folder / "copy"


def asked(url: str, query: str) -> object:
    async def answer() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(answer())


def as_login(url: str, login: str, database: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{login}@", path=f"/{database}").geturl()


@pytest.mark.parametrize("version", [15, 16, 18])
def test_a_backup_comes_back_on_a_server_of_another_version_and_a_drill_tries_just_that(
    version: int, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server_of(version) as superuser:
        executed(superuser, "create role clinic_owner login")
        executed(superuser, "create database clinic owner clinic_owner")
        owner = as_login(superuser, "clinic_owner", "clinic")
        words = (backup, "--data", backup.parent)

        no_roles = called(owner, monkeypatch, "restore", *words)
        for line in no_roles.stderr.rpartition("again: ")[2].split("; "):
            executed(superuser, line)
        no_database = called(owner, monkeypatch, "restore", "--drill", *words)
        executed(superuser, no_database.stderr.rpartition("administrator: ")[2])
        drill = called(owner, monkeypatch, "restore", "--drill", *words)
        tables = asked(owner, "select count(*) from pg_tables where schemaname = 'public'")
        back = called(owner, monkeypatch, "restore", *words)
        true = called(owner, monkeypatch, "verify", "--data", tmp_path)
        left = asked(superuser, "select count(*) from pg_database where datname like 'careplan%'")
        granted = asked(owner, "select has_table_privilege('careplan_app', 'journal', 'insert')")
        kept = asked(owner, "select has_table_privilege('careplan_app', 'journal', 'update')")

        assert (no_roles.exit_code, no_database.exit_code) == (2, 2), (no_roles.output, no_database.output)
        assert "clinic_owner may not make roles" in no_roles.stderr
        assert "clinic_owner may not make the database that a drill" in no_database.stderr
        for each in (drill, back):
            assert each.exit_code == 0, each.output
            assert f"Restored into PostgreSQL {version}." in each.output
        assert (tables, left) == (0, 0), "a drill leaves nothing"
        assert true.exit_code == 0, true.output
        assert [outcome for outcome, _ in rows(owner, "backup.restore")] == ["success"]
        assert (granted, kept) == (True, False), "the grants came back as they were"
        assert called(owner, monkeypatch, "migrate").exit_code == 0
