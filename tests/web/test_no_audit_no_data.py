"""Where the journal takes no row, a hub serves no data and accepts no edit: on pages and on the wire."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from crdt.frames import Frame, FrameKind, decode, encode
from crdt.sections import Section
from tests.harness.hubs import Hub

REFUSAL = "create or replace function full_() returns trigger language plpgsql as $$ begin {} end $$"
FAILURES = {
    "full": "raise disk_full;",
    "broken": "raise exception 'broken';",
}


def executed(url: str, statement: str) -> None:
    async def done() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(done())


@contextmanager
def failing_inserts(url: str, how: str) -> Iterator[None]:
    executed(url, REFUSAL.format(how))
    executed(url, "create trigger full_ before insert on journal for each statement execute function full_()")
    try:
        yield
    finally:
        executed(url, "drop trigger full_ on journal")


@pytest.mark.parametrize("how", FAILURES)
def test_no_row_no_data_and_no_edit(running_hub: Hub, demo_database: str, how: str) -> None:
    running_hub.errors_expected = True
    plan = running_hub.plan("Mary")
    live = running_hub.live("Dr. Michael Lee", plan)
    with running_hub.pages("Dr. Elena Ruiz") as pages:
        pages.timeout = 20.0  # A page waits five seconds for its row before it gives up.
        pages.headers["connection"] = "close"  # An answer of 500 closes it anyway.
        with failing_inserts(demo_database, FAILURES[how]):
            panel, page = pages.get("/panel"), pages.get(f"/plans/{plan}")
            form = {"description": "Walk", "voice": running_hub.person("Mary Whitfield")}
            made = pages.post(f"/plans/{plan}/sections/goals/entries", data=form)
            heard = frames_heard(live.arguments)
        after = pages.get(f"/plans/{plan}")

    assert [answer.status_code >= 500 for answer in (panel, page, made)] == [True] * 3
    assert all("Whitfield" not in answer.text for answer in (panel, page, made))
    assert [frame for frame in heard if frame.document in set(Section)] == []
    assert after.status_code == 200


def frames_heard(arguments: Any) -> list[Frame]:
    """Return what a socket that asks for a section hears before it is closed or hears nothing more."""
    heard: list[Frame] = []
    try:
        with connect(**arguments) as socket:
            socket.send(encode(Frame(Section.GOALS, FrameKind.SYNC_STEP_1, b"\0")))
            while True:
                message = socket.recv(timeout=2)
                assert isinstance(message, bytes)
                heard.append(decode(message))
    except (ConnectionClosed, TimeoutError):
        return heard
