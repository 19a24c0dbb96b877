"""A hub process seen from outside: its memory, and what it counts of itself."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.typists import a_while, until
from tests.harness.hubs import Hub

LOOK_SECONDS = 0.25
OF_THE_LEVEL = frozenset({"careplan_rooms", "careplan_sockets", "careplan_outbox_bytes", "careplan_sockets_paused"})


def company() -> float:
    """Return how many processes share a core here, at least 1: what a limit in seconds has to be multiplied by."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@dataclass(slots=True)
class Memory:
    """What a process took that it shares with no other, in bytes."""

    before: int
    most: int

    @property
    def grown(self) -> int:
        """By how much it grew at most."""
        return self.most - self.before


@asynccontextmanager
async def memory_of(hub: Hub) -> AsyncIterator[Memory]:
    """Watch the hub's memory while the block runs."""
    process = psutil.Process(hub.process)
    now = process.memory_full_info().uss
    seen = Memory(now, now)

    async def watch() -> None:
        while True:
            seen.most = max(seen.most, process.memory_full_info().uss)
            await a_while(LOOK_SECONDS)

    watching = asyncio.ensure_future(watch())
    try:
        yield seen
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        seen.most = max(seen.most, process.memory_full_info().uss)


def counted(hub: Hub) -> dict[str, float]:
    """Return what ``/metrics`` says, by name and labels as Prometheus writes them."""
    with httpx2.Client(base_url=hub.base_url, trust_env=False, timeout=20.0) as client:
        told = client.get("/metrics").text
    return {
        sample.name + "".join(f'{{{name}="{value}"}}' for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }


async def until_counted(hub: Hub, name: str, value: float) -> None:
    """Wait until ``/metrics`` says so of a number."""
    said: dict[str, float] = {}

    def holds() -> bool:
        return said.get(name) == value

    async def ask() -> None:
        while not holds():
            said.update(await asyncio.to_thread(counted, hub))
            await a_while(LOOK_SECONDS)

    asking = asyncio.ensure_future(ask())
    try:
        await until(holds, f"{name} = {value}")
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
