"""Which client programs suit a server, and what an operator reads where none does."""

from pathlib import Path

import pytest

from hub.process.postgres_clients import ClientProgramsError, client_programs, newest_programs, programs_that_read

FOUND = {18: Path("bundled"), 15: Path("fifteen")}


@pytest.mark.parametrize(("server", "chosen"), [(14, "fifteen"), (15, "fifteen"), (16, "bundled"), (18, "bundled")])
def test_a_server_is_copied_by_programs_of_its_version_or_the_next_newer(server: int, chosen: str) -> None:
    assert programs_that_read(server, FOUND) == Path(chosen)


def test_a_server_newer_than_all_programs_is_told_with_the_package_to_install() -> None:
    with pytest.raises(ClientProgramsError, match=r"newest here are of 18.*postgresql-client-19"):
        programs_that_read(19, FOUND)
    with pytest.raises(ClientProgramsError, match=r"there are none here.*postgresql-client-16"):
        programs_that_read(16, {})
    with pytest.raises(ClientProgramsError, match="Install PostgreSQL's client programs"):
        newest_programs({})


def test_a_file_is_read_by_the_newest_programs() -> None:
    assert newest_programs(FOUND) == Path("bundled")


def test_the_bundled_programs_are_found_without_any_installed() -> None:
    assert 18 in client_programs()
