"""A certified OpenID provider in a process of its own (npm ``oidc-provider``), for a hub on a port told beforehand."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import hatch_build
from tests.harness.browsers import node

PINNED = Path(__file__).resolve().parent / "provider"
CLIENT, SECRET = "careplan", "a secret of the client in the tests"
END_SECONDS_MAX = 10


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Provider:
    """One provider; ``environment`` is what its hub is started with."""

    def __init__(self, hub_port: int) -> None:
        self.port, self.hub = free_port(), f"http://127.0.0.1:{hub_port}"
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.environment = {"OIDC_ISSUER": self.issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET}

    def __enter__(self) -> Self:
        place = installed(Path(sys.prefix) / "oidc-provider")
        told = {"port": self.port, "hub": self.hub, "client": CLIENT, "secret": SECRET}
        self._process = subprocess.Popen(
            [node(), "provider.js", json.dumps(told)],
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None, "its output is a pipe"
        assert any(line == "ready\n" for line in self._process.stdout), "the provider listens"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(END_SECONDS_MAX)
        if self._process.stdout is not None:
            self._process.stdout.close()


def installed(place: Path) -> Path:
    """Return the folder of the provider with its packages, as locked; fetched first, whole or not at all."""
    lock, there = (PINNED / "package-lock.json").read_bytes(), place / "package-lock.json"
    if not there.exists() or there.read_bytes() != lock:
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            fresh = Path(scratch) / "provider"
            shutil.copytree(PINNED, fresh)
            hatch_build.npm(fresh, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            shutil.rmtree(place, ignore_errors=True)
            fresh.rename(place)
    shutil.copy(PINNED / "provider.js", place / "provider.js")
    return place
