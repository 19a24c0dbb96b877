"""Connects that fail, in every way that a network and a stranger know, leave a running hub as it was.

CAREPLAN_LEAKS says how many; 10,000 is the long form. Loads that fail are in ``tests/hub/test_leaks.py``.
"""

import asyncio
import contextlib
import os
import random
import socket
import struct
from collections.abc import Callable
from urllib.parse import urlsplit

import psutil
import pytest

from crdt.frames import Frame, FrameKind, encode
from hub.ids import new_id
from tests.bench.generator import framed
from tests.faults.measuring import counted, memory_of, until_counted
from tests.harness.hubs import Hub, Live

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
FAILURES = int(os.environ.get("CAREPLAN_LEAKS", "500"))
AT_ONCE = 10
ANSWER_SECONDS_MAX = 20.0
GROWN_BYTES_MAX = 30_000_000
DESCRIPTORS_MAX = 12
"""Connections to the database come and go."""

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a close is a reset."""


async def test_connects_that_fail_leave_nothing_behind(
    running_hub: Hub, seed: int, record_property: Callable[[str, object], None]
) -> None:
    live = running_hub.live("Dr. Elena Ruiz", running_hub.plan("Mary"))
    process = psutil.Process(running_hub.process)
    some_failures(live, random.Random(seed), AT_ONCE)  # What is made once is there.
    await until_counted(running_hub, "careplan_sockets", 0)
    before, descriptors = counted(running_hub), process.num_fds()

    async with memory_of(running_hub) as memory:
        await asyncio.gather(
            *(
                asyncio.to_thread(some_failures, live, random.Random(seed + at), FAILURES // AT_ONCE)
                for at in range(AT_ONCE)
            )
        )
        await until_counted(running_hub, "careplan_sockets", 0)
    after = counted(running_hub)

    record_property(
        "told",
        f"{FAILURES} connects: memory +{memory.grown / 1e6:.0f} MB, tasks {before['careplan_tasks']:.0f} -> "
        f"{after['careplan_tasks']:.0f}, descriptors {descriptors} -> {process.num_fds()}",
    )
    assert after["careplan_tasks"] <= before["careplan_tasks"] + AT_ONCE
    assert after["careplan_rooms"] <= 1, "the plan that was joined; it goes when nobody has needed it for a minute"
    assert after["careplan_outbox_bytes"] == 0
    assert process.num_fds() <= descriptors + DESCRIPTORS_MAX
    assert memory.grown < GROWN_BYTES_MAX


def some_failures(live: Live, chance: random.Random, count: int) -> None:
    """Connect so often, one after the other, and fail each time in another way."""
    for _ in range(count):
        kind = chance.choice(["silent", "half", "no one", "elsewhere", "stranger", "upgraded", "joined", "nonsense"])
        with contextlib.suppress(OSError):
            fail(live, chance, kind)


def fail(live: Live, chance: random.Random, kind: str) -> None:
    """Connect and go again."""
    to = urlsplit(live.url)
    assert to.hostname is not None, "the hub's own address"
    path = f"/plans/{new_id()}/live" if kind == "stranger" else to.path
    cookie = "" if kind == "no one" else live.cookie
    origin = "http://elsewhere.test" if kind == "elsewhere" else live.origin
    lines = [
        f"GET {path} HTTP/1.1", f"Host: {to.netloc}", f"Origin: {origin}", f"Cookie: {cookie}", "Connection: Upgrade",
        "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", "",
    ]  # fmt: skip
    request = "\r\n".join(lines).encode()
    with socket.create_connection((to.hostname, to.port or 80), ANSWER_SECONDS_MAX) as peer:
        if chance.random() < 0.5:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if kind == "silent":
            return
        if kind == "half":
            peer.sendall(request[: chance.randrange(1, len(request) - 4)])
            return
        peer.sendall(request)
        if chance.random() < 0.3:
            return  # Gone before it was known who comes.
        peer.recv(1 << 16)
        if kind in ("joined", "nonsense"):
            peer.sendall(framed(encode(Frame("medications", FrameKind.TOKEN))))
            peer.sendall(framed(encode(Frame("medications", FrameKind.SYNC_STEP_1, b"\0"))))
        if kind == "nonsense":
            peer.sendall(framed(chance.randbytes(30)))
        if kind == "joined" and chance.random() < 0.5:
            peer.recv(1 << 16)
