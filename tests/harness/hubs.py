"""A real hub in a process of its own, on a free loopback port: it can be killed, stopped and started on the same data.

``hub.cookie(person)`` signs a person in, ``hub.pages(person)`` is an HTTP client with that session, and
``hub.live(person, plan)`` are the arguments of a websockets client. People are named by id, name or role.
"""

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx2

from tests.harness.forks import Fork, Spawn

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60.0
"""A test gives up on a hub that was asked to end."""
ANSWER_SECONDS_MAX = 60.0
"""A test gives up on a page: a busy machine says nothing about a hub."""
LOG_LINES_SHOWN = 40


class HubFailedError(AssertionError):
    """The hub didn't start, didn't end, or logged an error; carries the end of its log."""


@dataclass(frozen=True, slots=True)
class Live:
    """What a websockets client needs to join a plan as a person: ``connect(**live.arguments)``."""

    url: str
    origin: str
    cookie: str

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for ``websockets.sync.client.connect`` and ``websockets.asyncio.client.connect``."""
        return {
            "uri": self.url,
            "origin": self.origin,
            "additional_headers": {"Cookie": self.cookie},
            "compression": None,
            "proxy": None,
        }


class Hub:
    """One hub process; ``start`` returns when it answers, ``end`` never leaves anything behind."""

    def __init__(
        self,
        data_dir: Path,
        *,
        database_url: str = "",
        port: int = 0,
        command: Sequence[str] = ("demo",),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.database_url = database_url
        """Empty for a hub on its own embedded server."""
        self.port = port
        self.description: dict[str, Any] = {}
        self.errors_expected = False
        """Set by a test that makes the hub log errors; otherwise ``end`` fails on any."""
        self.slowest_start = 0.0
        """Seconds: what the time a fault takes is held against, for a busy machine makes both longer."""
        self._command = command
        told = {"CAREPLAN_LOG_LEVEL": "warning"} | ({"DATABASE_URL": database_url} if database_url else {})
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAREPLAN_", "DATABASE_"))}
        self._environment = kept | {"PYTHONUNBUFFERED": "1"} | told | dict(environment or {})
        self._process: Fork | Spawn | None = None

    @property
    def log(self) -> Path:
        """What the process wrote to standard error, over all its starts."""
        return self.data_dir / "hub.log"

    @property
    def words(self) -> Sequence[str]:
        """The words of its command."""
        return self._command

    @property
    def process(self) -> int:
        """The process id of the running hub."""
        assert self._process is not None, "the hub was started"
        return self._process.pid

    @property
    def base_url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return str(self.description["base_url"])

    def start(self) -> float:
        """Start on the port of the last start; return the seconds until it was ready."""
        assert self._process is None, "one process at a time"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        words = [*self._command, "--port", str(self.port), "--data", str(self.data_dir)]
        begun = Spawn if "LD_PRELOAD" in self._environment else Fork
        self._process = begun(words, ROOT, self._environment, self.log)
        if not self._until_ready(self._process.stdout):
            raise self._failure(f"exit code {self._gone()} before it was ready")
        self.description = json.loads((self.data_dir / "hub.json").read_text())
        self.port = int(self.description["port"])
        taken = time.monotonic() - began
        self.slowest_start = max(self.slowest_start, taken)
        return taken

    def kill(self) -> None:
        """End it the hard way, as a power cut would."""
        assert self._process is not None, "the hub was started"
        self._process.send_signal(signal.SIGKILL)
        self._gone()

    def stop(self) -> float:
        """Ask it to end as a service manager does; return the seconds it took.

        Raises:
            HubFailedError: it took longer than ``STOP_SECONDS_MAX``, or didn't end with exit code 0.
        """
        assert self._process is not None, "the hub was started"
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        if self._process.wait(STOP_SECONDS_MAX) is None:
            self.kill()
            raise self._failure(f"still there {STOP_SECONDS_MAX} s after SIGTERM")
        if code := self._gone():
            raise self._failure(f"exit code {code} after SIGTERM")
        return time.monotonic() - began

    def restart(self) -> float:
        """Stop it in order and start it again on the same port and data; return the seconds of the start."""
        self.stop()
        return self.start()

    def end(self) -> None:
        """Make sure that it is gone, however the test went.

        Raises:
            HubFailedError: it logged errors that the test didn't expect.
        """
        if self._process is not None:
            try:
                self.stop()
            finally:
                if self._process is not None:
                    self.kill()
        if not self.errors_expected and self.log.exists() and "[error " in self.log.read_text():
            raise self._failure("it logged errors")

    def person(self, named: str) -> str:
        """Return the id of a person given by id, name or role; the first of a role."""
        for person in self.description["people"]:
            if named in (person["id"], person["name"], person["role"]):
                return str(person["id"])
        raise LookupError(f"no person {named} in the demo")

    def plan(self, patient: str = "") -> str:
        """Return the id of the plan of a patient by name, or of the first plan."""
        for plan in self.description["plans"]:
            if patient in plan["patient"]:
                return str(plan["id"])
        raise LookupError(f"no plan of {patient} in the demo")

    def cookie(self, person: str) -> str:
        """Sign a person in; return the session as the value of a Cookie header."""
        told = self.description["sign_in"]
        with httpx2.Client(trust_env=False, timeout=ANSWER_SECONDS_MAX) as client:
            answer = client.request(
                told["method"],
                told["url"],
                data={told["field"]: self.person(person)},
                headers={"Origin": self.base_url},
            )
        assert answer.status_code in (200, 303), f"sign-in answered {answer.status_code}"
        return f"{told['cookie']}={answer.cookies[told['cookie']]}"

    def pages(self, person: str = "") -> httpx2.Client:
        """Return an HTTP client signed in as a person, or not at all; close it, or use it in ``with``."""
        headers = {"Origin": self.base_url} | ({"Cookie": self.cookie(person)} if person else {})
        return httpx2.Client(base_url=self.base_url, headers=headers, trust_env=False, timeout=ANSWER_SECONDS_MAX)

    def live(self, person: str, plan: str = "") -> Live:
        """Return how to join a plan's socket as a person."""
        plan_id = plan or self.plan()
        urls = {told["id"]: told["live_url"] for told in self.description["plans"]}
        return Live(url=urls[plan_id], origin=self.base_url, cookie=self.cookie(person))

    def _until_ready(self, output: IO[str]) -> bool:
        """Whether the process said that it is ready; its output ends with it, so this ends too."""
        return any("is ready" in line for line in output)

    def _gone(self) -> int:
        assert self._process is not None, "the hub was started"
        self._process.stdout.close()
        code = self._process.wait(READY_SECONDS_MAX)
        self._process = None
        assert code is not None, "it has ended"
        return code

    def _failure(self, what: str) -> HubFailedError:
        lines = self.log.read_text().splitlines()[-LOG_LINES_SHOWN:]
        return HubFailedError("\n".join([f"hub on {self.data_dir}: {what}", *lines]))
