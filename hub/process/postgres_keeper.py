"""Runs as its own small process between the hub and its embedded Postgres: the server ends when the hub ends, however.

It reads its standard input, which only the hub holds open: at its end, an orderly stop follows. Should the keeper be
killed, Linux stops the server (``PR_SET_PDEATHSIG``; set by the keeper's only thread, after the change of user, which
would clear it). A server that dies alone is started again. Standard library only: it starts in a few milliseconds.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Final, TypedDict

RESTARTS_MAX: Final = 20
"""Starts without a minute of life in between, after which the keeper gives up."""

RESTART_PAUSE_SECONDS: Final = 0.25
"""Between two starts, for the backends of a killed server to leave its shared memory."""

STOP_SECONDS_MAX: Final = 20.0
"""An orderly stop that takes longer becomes an immediate one; nothing committed is lost by either."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_KEEPCAPS: Final = 8
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAPABILITY_VERSION_3: Final = 0x20080522


class KeeperOrder(TypedDict):
    """What to run and as whom; comes as JSON in the first argument."""

    command: list[str]
    keep: bool
    """Keep it running until standard input ends; otherwise run it once and exit as it did."""
    uid: int | None
    gid: int | None
    capability: int | None
    """A capability to keep through the change of user, so that folders above the data can be passed."""


def main() -> int:
    """Carry out the order and return the exit status."""
    order: KeeperOrder = json.loads(sys.argv[1])
    if not order["keep"]:
        _drop(order)
        os.execv(order["command"][0], order["command"])  # noqa: S606 - the order comes from the hub
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Only the end of the hub ends the server.
    restarts = 0
    while restarts <= RESTARTS_MAX:
        started = time.monotonic()
        server = subprocess.Popen(
            order["command"],
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: _become_server(order),  # noqa: PLW1509 - one thread only
        )
        print(server.pid, flush=True)  # noqa: T201 - the hub reads it
        if _hub_ended_before(server):
            return _stop(server)
        restarts = restarts + 1 if time.monotonic() - started < 60 else 0
        if select.select([0], [], [], RESTART_PAUSE_SECONDS)[0]:
            return 0
    return 1


def _hub_ended_before(server: "subprocess.Popen[bytes]") -> bool:
    """Wait for whichever ends first; True if it was the hub."""
    ended = os.pidfd_open(server.pid) if hasattr(os, "pidfd_open") else None
    watched = [0] if ended is None else [0, ended]
    while True:
        readable = select.select(watched, [], [], 1.0 if ended is None else None)[0]
        if 0 in readable:
            return True
        if server.poll() is not None:
            if ended is not None:
                os.close(ended)
            return False


def _stop(server: "subprocess.Popen[bytes]") -> int:
    server.send_signal(signal.SIGINT)
    try:
        return server.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        return server.wait()


def _become_server(order: KeeperOrder) -> None:
    """In the child, before the server: another session, user and a death bound to the keeper's."""
    keeper = os.getppid()
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _drop(order)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)  # The keeper died before the call.


def _drop(order: KeeperOrder) -> None:
    """Become the order's user; Postgres does not run as root."""
    uid, gid, capability = order["uid"], order["gid"], order["capability"]
    if uid is None or gid is None:
        return
    os.umask(0o077)
    os.chdir("/")
    libc = ctypes.CDLL(None, use_errno=True)
    if capability is not None:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is not None:
        _keep_only(libc, capability)


def _keep_only(libc: ctypes.CDLL, capability: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    low = 1 << capability
    sets = (ctypes.c_uint32 * 6)(low, low, low, 0, 0, 0)
    if libc.capset(header, sets) or libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0):
        raise OSError(ctypes.get_errno(), "the capability to pass closed folders could not be kept")


if __name__ == "__main__":
    sys.exit(main())
