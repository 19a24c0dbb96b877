"""A peer in a process of its own: ``peer.js`` beside this file, asked line by line."""

import json
import subprocess
from types import TracebackType
from typing import Any, Self

from tests.harness import browsers
from tests.harness.hubs import Hub, Live

SCRIPT = browsers.ROOT / "tests" / "peers" / "peer.js"
END_SECONDS_MAX = 10


class PeerFaultError(AssertionError):
    """What was waited for did not come true in the peer, or it could not do what it was asked."""


class Peer:
    """One person's client. ``peer("open", section="goals")`` returns what ``ACTS`` in the script answers."""

    def __init__(self, live: Live) -> None:
        told = {"url": live.url, "origin": live.origin, "cookie": live.cookie}
        self._process = subprocess.Popen(
            [browsers.node(), str(SCRIPT), json.dumps(told)],
            cwd=browsers.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._asked = 0

    def __call__(self, act: str, **told: object) -> Any:
        """Have one act done, and return its answer.

        Raises:
            PeerFaultError: it failed, or what it waits for did not come true in time.
        """
        assert self._process.stdin is not None, "its input is a pipe"
        assert self._process.stdout is not None, "its output is a pipe"
        self._asked += 1
        self._process.stdin.write(json.dumps({"id": self._asked, "do": act, **told}) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            said = json.loads(line)
            if said["id"] == self._asked:
                if "fault" in said:
                    raise PeerFaultError(f"{act} {told}: {said['fault']}")
                return said["answer"]
        raise PeerFaultError(f"{act}: the peer ended with exit code {self._process.wait(END_SECONDS_MAX)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None, "its input is a pipe"
        self._process.stdin.close()
        self._process.wait(END_SECONDS_MAX)
        if self._process.stdout is not None:
            self._process.stdout.close()


def a_peer(hub: Hub, person: str, plan: str) -> Peer:
    """Return a peer of that person in that plan; close it, or use it in ``with``."""
    return Peer(hub.live(person, plan))
