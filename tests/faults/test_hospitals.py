"""A hospital's message outlives the process that answered for it: kill -9 right after the acknowledgement."""

import asyncio
import socket
from pathlib import Path

import pytest

from hub.adt.frames import CLOSE, framed
from hub.hospitals.receiving import Receiving
from hub.ids import new_id
from hub.store.engine import create_engine
from tests.conftest import StartHub
from tests.faults.typists import a_while
from tests.hub.adt.messages import MARY, a_message

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


def sent(address: str, message: bytes) -> bytes:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(framed(message))
        told = b""
        while CLOSE not in told:
            told += connection.recv(4_096)
    return told


async def test_what_was_acknowledged_before_a_kill_is_applied_after_it_and_once(
    a_hub: StartHub, demo_database: str, tmp_path: Path
) -> None:
    hub = await asyncio.to_thread(a_hub, database_url=demo_database, command=("demo", "--adt", "127.0.0.1:0"))
    messages = [
        a_message("A01", person=MARY.replace("004471920", "X1"), visit=str(number), control=str(number))
        for number in range(8)
    ]
    answers = [await asyncio.to_thread(sent, hub.description["adt"], each) for each in messages]
    hub.kill()
    assert all(b"MSA|AA|" in each for each in answers)

    await asyncio.to_thread(hub.start)
    again = await asyncio.to_thread(sent, hub.description["adt"], messages[0])
    engine = create_engine(demo_database, connections_max=1)
    kept = Receiving(engine, lambda: pytest.fail("no clock is asked"), new_id).messages
    try:
        async with asyncio.timeout(60):
            while (await kept.in_state("received", 10)) or len(await kept.in_state("applied", 20)) < len(messages):
                await a_while(0.05)
        applied = await kept.in_state("applied", 20)
    finally:
        await engine.dispose()
    hub.stop()

    assert b"MSA|AA|0" in again
    assert sorted(each.control for each in applied) == [str(number) for number in range(8)]
