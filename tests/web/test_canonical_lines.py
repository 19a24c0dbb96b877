"""One line in the log for each request, socket and command, by ids alone: none is missing, none comes twice."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from crdt.frames import Frame, FrameKind, decode, encode
from hub.ids import new_id
from tests.bench.edits import SECTION, Past, a_ground, entry_id
from tests.bench.seeding import Bed, Member, Seeder
from tests.harness.hubs import Hub, Live

pytestmark = pytest.mark.slow
WORDS = "chest pain since Tuesday"
COOKIE_NAME = "careplan="


@dataclass(frozen=True)
class House:
    hub: Hub
    person: Member
    plan: str

    def pages(self) -> httpx2.Client:
        headers = {"Origin": self.hub.base_url, "Cookie": self.person.cookie}
        return httpx2.Client(base_url=self.hub.base_url, headers=headers, trust_env=False)

    def open(self, plan: str = "") -> ClientConnection:
        url = f"ws{self.hub.base_url.removeprefix('http')}/plans/{plan or self.plan}/live"
        opened: ClientConnection = connect(**Live(url, self.hub.base_url, self.person.cookie).arguments)
        return opened

    def lines(self, event: str) -> list[dict[str, object]]:
        told = [json.loads(line) for line in self.hub.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in told if line["event"] == event]


@pytest.fixture
def house(database: str, tmp_path: Path) -> Iterator[House]:
    hub = Hub(tmp_path / "hub", database_url=database, command=("serve",), environment={"CAREPLAN_LOG_LEVEL": "info"})
    plan = new_id()
    ground = a_ground(1)
    seeder = Seeder(database)
    [person] = asyncio.run(seeder.people(1))
    asyncio.run(seeder.plans([Bed(plan, [person], Past((ground.state,), ground.state))]))
    try:
        hub.start()
        yield House(hub, person, plan)
    finally:
        hub.end()


def test_every_request_socket_and_command_is_one_line_without_anyones_words(house: House) -> None:
    with house.pages() as pages:
        asked = [
            pages.get("/panel"),
            pages.get(f"/plans/{house.plan}"),
            pages.get(f"/plans/{new_id()}?q={WORDS}"),
            pages.get(f"/{WORDS}"),
            pages.post(f"/plans/{house.plan}/entries/goals/{entry_id(0)}/entry.retire", data={"reason": WORDS}),
        ]
    with house.open() as live:
        live.send(encode(Frame(SECTION, FrameKind.TOKEN)))
        live.send(encode(Frame(SECTION, FrameKind.SYNC_STEP_1, b"\0")))
        while decode(_bytes(live.recv())).kind is not FrameKind.SYNC_STEP_2:
            pass
    with house.open(plan=new_id()) as away, pytest.raises(ConnectionClosed):
        away.recv()
    with pytest.raises(InvalidStatus):
        connect(f"ws{house.hub.base_url.removeprefix('http')}/elsewhere/live", proxy=None)
    house.hub.stop()

    requests = house.lines("request")
    assert [line["status"] for line in requests] == [answer.status_code for answer in asked]
    assert len({line["request"] for line in requests}) == len(asked)
    assert all({"method", "route", "status", "milliseconds", "person", "session"} <= set(line) for line in requests)
    [command] = house.lines("command")
    assert (command["plan"], command["person"]) == (house.plan, house.person.person)
    assert {"command", "outcome", "milliseconds"} <= set(command)
    [ended] = house.lines("socket ended")
    assert (ended["plan"], ended["person"], ended["messages"]) == (house.plan, house.person.person, 2)
    assert [line["code"] for line in house.lines("socket turned away")] == [4404, 404]
    log = house.hub.log.read_text()
    for secret in (WORDS, WORDS.split()[0], "Bench", house.person.cookie.removeprefix(COOKIE_NAME), "Tuesday"):
        assert secret not in log


def _bytes(message: str | bytes) -> bytes:
    assert isinstance(message, bytes), "the hub speaks bytes"
    return message
