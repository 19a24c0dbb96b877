"""Whoever stalls, floods or lies is put out, and costs the hub little memory and nobody an edit.

CAREPLAN_BOUNDS=long makes it longer and larger, and holds the others' latency to ``OTHERS_SECONDS_MAX``.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import pytest

from hub.live.plans import SOCKETS_PER_PERSON_AND_PLAN_MAX
from tests.faults.measuring import company, counted, memory_of, until_counted
from tests.faults.offenders import CUT, OPEN, Result, Task
from tests.faults.typists import Ledger, a_while, p99, typing_through
from tests.harness.databases import Databases
from tests.harness.hubs import ROOT, Hub

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
LONG = os.environ.get("CAREPLAN_BOUNDS") == "long"
GROWN_BYTES_MAX = 100_000_000
OTHERS_SECONDS_MAX = 0.25
QUIET_SECONDS = 5.0 if LONG else 0.5
PEOPLE = ("Dr. Elena Ruiz", "Tom Becker, PharmD")
OFFENDERS = ("Dr. Michael Lee", "Grace Kim, RN", "Ana Torres, LCSW", "Mary Whitfield", "Dr. Leah Stein")
TYPISTS = 6
TEXT = ("medications", "", "instructions")
"""Those of the first medicine: the offenders are in the same plan and, where they can, in the same section."""

BUSY, BAD, TOO_LARGE = "4503", "4400", "1009"


@dataclass(frozen=True)
class Offence:
    """What is done, how much of it, and how it has to end."""

    kind: str
    ends: frozenset[str]
    """Each socket ends in one of these ways; in any, where there is none."""
    sockets: int = 3
    seconds: float = 8
    long_sockets: int = 3
    long_rounds: int = 1
    """The long form repeats it so often."""
    stay: int = 0


OFFENCES = (
    # The short form goes before the fifteen seconds are over after which a reader is out.
    Offence(
        "stalled", frozenset({CUT, BUSY} if LONG else {OPEN}), sockets=8, seconds=40 if LONG else 5, long_sockets=50
    ),
    Offence("crowded", frozenset({BUSY}), sockets=60, long_sockets=300, stay=SOCKETS_PER_PERSON_AND_PLAN_MAX),
    Offence("messages", frozenset({BUSY, CUT}), long_rounds=5),
    Offence("pings unread", frozenset({BUSY, CUT}), long_rounds=5),
    Offence("empty parts", frozenset({BUSY, BAD, CUT}), long_rounds=5),
    Offence("questions", frozenset({BUSY, CUT, OPEN}), long_rounds=5),  # Where it is not read, TCP slows it down.
    Offence("presence", frozenset({BUSY, CUT}), long_rounds=5),
    Offence("large", frozenset({TOO_LARGE, BAD, CUT}), long_rounds=3),
    Offence("hostile", frozenset(), seconds=3, long_rounds=10),
)


@pytest.fixture(scope="module")
def hub(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with databases.demo() as url:
        hub = Hub(tmp_path_factory.mktemp("bounds"), database_url=url)
        try:
            hub.start()
            yield hub
        finally:
            hub.end()


@pytest.mark.parametrize("offence", OFFENCES, ids=lambda each: each.kind)
async def test_an_offender_is_put_out_and_the_others_go_on(
    hub: Hub, offence: Offence, seed: int, record_property: Callable[[str, object], None]
) -> None:
    plan = hub.plan("Mary")
    lives = [hub.live(PEOPLE[at % 2], plan) for at in range(TYPISTS)]
    who = OFFENDERS if offence.kind == "stalled" else OFFENDERS[:1]
    bad = [asdict(hub.live(each, plan)) for each in who]
    ledger = Ledger()
    quiet: list[float] = []
    busy: list[float] = []
    results: list[Result] = []

    async def offend(_: Callable[[], None]) -> None:
        ledger.take()
        await a_while(QUIET_SECONDS)
        quiet.extend(ledger.take())
        sockets = offence.long_sockets if LONG else offence.sockets
        seconds = 30.0 if LONG and offence.kind == "hostile" else offence.seconds
        megabytes = 100 if LONG else 20
        results.append(
            await offending(Task(offence.kind, bad, sockets, seconds, seed + len(results), megabytes, offence.stay))
        )
        busy.extend(ledger.take())

    async with memory_of(hub) as memory:
        for at in range(offence.long_rounds if LONG else 1):
            await typing_through(lives, TEXT, [offend], seed=seed + at, ledger=ledger)

    ends: Counter[str] = sum((Counter(each.ends) for each in results), Counter())
    sent = sum(each.megabytes_sent for each in results)
    record_property(
        "told",
        f"{dict(ends)}, {sent:.0f} MB sent, memory +{memory.grown / 1e6:.0f} MB, "
        f"others' p99 {p99(quiet) * 1e3:.0f} ms before, {p99(busy) * 1e3:.0f} ms meanwhile, "
        f"{company():.0f} processes a core",
    )
    if offence.stay:
        assert ends.pop(OPEN) == offence.stay, "those who are let in are left in peace"
    assert not offence.ends or set(ends) <= offence.ends
    assert memory.grown < GROWN_BYTES_MAX
    if LONG:
        assert p99(busy) < OTHERS_SECONDS_MAX
    await until_counted(hub, "careplan_sockets", 0)
    assert counted(hub)["careplan_outbox_bytes"] == 0


async def offending(task: Task) -> Result:
    """Run an offender to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.offenders",
        json.dumps(asdict(task)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, "an offender has no faults of its own"
    return Result(**json.loads(said))
