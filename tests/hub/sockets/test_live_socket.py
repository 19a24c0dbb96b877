"""The live socket on a real port: who may come in, what ends it, and that it never holds up others."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from auth.roles import Participant, Role
from crdt.frames import FRAME_BYTES_MAX, Frame, FrameKind, decode, encode
from crdt.sections import Section
from hub.live.lines import CloseCode
from hub.sockets import budgets, live_socket
from hub.sockets.live_socket import LIVE, LiveSocket
from tests.hub.builders import PLAN, LiveHub, a_hub, a_person, an_id

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS
ORIGIN = "http://hub.test"
WAIT_SECONDS = 5.0


@dataclass
class Served:
    hub: LiveHub
    server: uvicorn.Server
    port: int

    def member(self, role: Role = Role.CARE_MANAGER) -> Participant:
        person = a_person(role)
        self.hub.gatekeeper.members[person.person_id] = person
        return person

    def open(self, person: Participant | None, *, plan: str = PLAN, origin: str | None = ORIGIN) -> connect:
        headers = {} if person is None else {"Cookie": person.person_id}
        url = f"ws://127.0.0.1:{self.port}/plans/{plan}/live"
        return connect(url, origin=origin, additional_headers=headers, proxy=None)  # type: ignore[arg-type]


async def page(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    hub = await a_hub()
    hub.plans._clock.seconds = asyncio.get_running_loop().time  # type: ignore[method-assign]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await page(scope, receive, send)
            return
        await receive()
        await hub.plans.start()
        scope["state"][LIVE] = hub.plans
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await hub.plans.drain()
        await send({"type": "lifespan.shutdown.complete"})

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, ws=LiveSocket, log_config=None, lifespan="on", timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield Served(hub, server, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await serving
        listener.close()


async def hear(live: ClientConnection, kind: FrameKind, document: str = GOALS) -> Frame:
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            message = await live.recv()
            assert isinstance(message, bytes)
            frame = decode(message)
            if (frame.kind, frame.document) == (kind, document):
                return frame


async def closed(live: ClientConnection) -> int:
    async with asyncio.timeout(WAIT_SECONDS):
        with pytest.raises(ConnectionClosed) as ended:
            await _drained(live)
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code


async def _drained(live: ClientConnection) -> None:
    while True:
        await live.recv()


async def join(live: ClientConnection) -> None:
    await live.send(encode(Frame(GOALS, FrameKind.TOKEN)))
    await live.send(encode(Frame(GOALS, FrameKind.SYNC_STEP_1, b"\x00")))
    await hear(live, FrameKind.SYNC_STEP_2)


async def test_a_member_joins_and_syncs_on_the_port_of_the_pages() -> None:
    async with served() as hub, hub.open(hub.member()) as live:
        await live.send(encode(Frame(GOALS, FrameKind.TOKEN)))
        await live.send(encode(Frame(GOALS, FrameKind.SYNC_STEP_1, b"\x00")))

        scope = await hear(live, FrameKind.AUTHENTICATED)
        content = await hear(live, FrameKind.SYNC_STEP_2)
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: hub.test\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()

    assert scope.payload == b"read-write"
    assert b"Walk to the shop" in content.payload
    assert b"page" in answer


@pytest.mark.parametrize("origin", [None, "http://elsewhere.test", "http://hub.test.elsewhere.test", "null"])
async def test_another_origin_or_none_is_turned_away(origin: str | None) -> None:
    async with served() as hub, hub.open(hub.member(), origin=origin) as live:
        assert await closed(live) == CloseCode.ACCESS_ENDED


async def test_without_a_session_one_is_asked_to_sign_in() -> None:
    async with served() as hub, hub.open(None) as live:
        assert await closed(live) == CloseCode.SIGN_IN


async def test_a_plan_one_may_not_see_and_one_that_is_not_are_turned_away_alike() -> None:
    async with served() as hub, hub.open(hub.member(), plan=an_id()) as live:
        assert await closed(live) == CloseCode.NO_PLAN


async def test_a_path_that_is_no_plan_is_not_upgraded() -> None:
    async with served() as hub:
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{hub.port}/elsewhere", proxy=None)


async def test_the_store_being_away_at_the_upgrade_says_come_back() -> None:
    async with served() as hub:
        hub.hub.gatekeeper.away = True
        async with hub.open(hub.member()) as live:
            assert await closed(live) == CloseCode.STORAGE_AWAY


async def test_bad_bytes_close_their_sender_alone() -> None:
    async with served() as hub, hub.open(hub.member()) as bad, hub.open(hub.member()) as good:
        await join(good)

        await bad.send(b"\xff\xff")

        assert await closed(bad) == CloseCode.BAD_FRAME
        await join(good)


async def test_text_is_no_language_of_this_socket() -> None:
    async with served() as hub, hub.open(hub.member()) as live:
        await live.send("hello")

        assert await closed(live) == CloseCode.BAD_FRAME


async def test_a_frame_over_the_bound_ends_the_socket() -> None:
    async with served() as hub, hub.open(hub.member()) as live:
        await live.send(b"x" * (FRAME_BYTES_MAX + 1))

        assert await closed(live) == 1009


async def test_a_fragmented_message_is_one_message() -> None:
    async with served() as hub, hub.open(hub.member()) as live:
        token = encode(Frame(GOALS, FrameKind.TOKEN))

        await live.send([token[:3], token[3:]])

        assert (await hear(live, FrameKind.AUTHENTICATED)).payload == b"read-write"


async def test_pings_are_answered() -> None:
    async with served() as hub, hub.open(hub.member()) as live:
        await live.send(b"\x09")

        assert await live.recv() == b"\x0a"


async def test_a_flood_of_messages_ends_its_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MESSAGES_BURST_MAX", 50.0)
    monkeypatch.setattr(budgets, "MESSAGES_PER_SECOND_MAX", 1.0)
    async with served() as hub, hub.open(hub.member()) as live:
        for _ in range(60):
            await live.send(b"\x0a")

        assert await closed(live) == CloseCode.BUSY


async def test_a_new_socket_is_no_new_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MESSAGES_BURST_MAX", 50.0)
    monkeypatch.setattr(budgets, "MESSAGES_PER_SECOND_MAX", 0.0)
    async with served() as hub:
        person = hub.member()
        async with hub.open(person) as first:
            for _ in range(49):
                await first.send(b"\x09")
            answers = [await first.recv() for _ in range(49)]
        async with hub.open(person) as second, hub.open(hub.member()) as other:
            await second.send(b"\x0a")
            await second.send(b"\x0a")

            assert await closed(second) == CloseCode.BUSY
            await join(other)
    assert answers == [b"\x0a"] * 49


async def test_a_peer_that_never_reads_is_ended_and_holds_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "STALL_SECONDS_MAX", 0.1)
    async with served() as hub:
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.port, limit=1024)
        person = hub.member()
        writer.write(
            f"GET /plans/{PLAN}/live HTTP/1.1\r\nHost: hub.test\r\nOrigin: {ORIGIN}\r\nCookie: {person.person_id}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        while not hub.hub.room().connections:
            await asyncio.sleep(0)
        [connection] = hub.hub.room().connections
        for _ in range(64):
            connection.line.write(b"\x82\x7f" + (1 << 18).to_bytes(8, "big") + bytes(1 << 18))

        async with asyncio.timeout(WAIT_SECONDS):
            while hub.hub.room().connections:
                await asyncio.sleep(0)
        writer.close()

    assert hub.hub.plans._sockets == {}


async def test_a_revoked_member_is_out() -> None:
    async with served() as hub:
        person = hub.member()
        async with hub.open(person) as live:
            await join(live)
            del hub.hub.gatekeeper.members[person.person_id]

            hub.hub.plans.access_changed(PLAN)

            assert await closed(live) == CloseCode.ACCESS_ENDED


async def test_a_stop_closes_with_restart() -> None:
    async with served() as hub, hub.open(hub.member()) as live:
        await join(live)

        hub.server.should_exit = True

        assert await closed(live) == CloseCode.RESTART


async def test_a_hundred_sockets_come_and_go_and_leave_nothing_behind() -> None:
    async with served() as hub:
        for _ in range(10):
            opened = [await hub.open(hub.member()) for _ in range(10)]
            await asyncio.gather(*(join(live) for live in opened))
            await asyncio.gather(*(live.close() for live in opened))
        async with asyncio.timeout(WAIT_SECONDS):
            while hub.hub.room().connections:
                await asyncio.sleep(0)

        assert hub.hub.plans._sockets == {}
        assert not any(section.readers for section in hub.hub.room().sections.values())
