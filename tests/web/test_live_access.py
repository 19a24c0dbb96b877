"""A change of access reaches sockets at another process of the hub at once: on order and occurrence; times are told."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from crdt.frames import Frame, FrameKind, decode, encode
from hub.live.lines import CloseCode
from tests.harness.databases import Databases
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow
WAIT_SECONDS = 10.0
ROUNDS = 12
MARY, LEE, KIM, EMILY = "Mary Whitfield", "Dr. Michael Lee", "Grace Kim, RN", "Emily Hart"


@dataclass
class Watcher:
    """A socket that joined some sections, and all it ever heard."""

    socket: ClientConnection
    heard: list[bytes] = field(default_factory=list)
    code: int = 0

    def join(self, *documents: str) -> None:
        for document in ("plan", *documents):
            self.socket.send(encode(Frame(document, FrameKind.TOKEN)))
            self.until(lambda frame, at=document: frame.document == at and frame.kind is FrameKind.AUTHENTICATED)  # type: ignore[misc]
        for document in documents:
            self.socket.send(encode(Frame(document, FrameKind.SYNC_STEP_1, b"\x00")))
            self.until(lambda frame, at=document: frame.document == at and frame.kind is FrameKind.SYNC_STEP_2)  # type: ignore[misc]

    def until(self, wanted: Callable[[Frame], bool]) -> Frame:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            message = self.socket.recv(timeout=max(0.0, deadline - time.monotonic()))
            assert isinstance(message, bytes)
            self.heard.append(message)
            if message == b"\x09":
                self.socket.send(b"\x0a")
            elif wanted(frame := decode(message)):
                return frame

    def notice(self, kind: str) -> dict[str, object]:
        def is_it(frame: Frame) -> bool:
            return frame.kind is FrameKind.STATELESS and json.loads(frame.payload)["kind"] == kind

        told: dict[str, object] = json.loads(self.until(is_it).payload)
        return told

    def closed(self) -> int:
        with pytest.raises(ConnectionClosed) as ended:
            self.until(lambda frame: False)
        assert ended.value.rcvd is not None
        return ended.value.rcvd.code


@pytest.fixture(scope="module")
def two(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Hub]]:
    """Two processes on one database; each test leaves others' access as it found it, or takes away what none needs."""
    with databases.demo() as url, ExitStack() as ends:
        hubs = [Hub(tmp_path_factory.mktemp(f"process-{number}"), database_url=url) for number in range(2)]
        for hub in hubs:
            ends.callback(hub.end)
            hub.start()
        yield hubs[0], hubs[1]


@contextmanager
def watching(hub: Hub, name: str, *documents: str) -> Iterator[Watcher]:
    with ExitStack() as stack:
        socket = stack.enter_context(connect(**hub.live(name, hub.plan("Mary")).arguments))
        watcher = Watcher(socket)
        watcher.join(*documents)
        yield watcher


def sharing(hub: Hub, named: str, what: str) -> str:
    return f"/plans/{hub.plan('Mary')}/sharing/{hub.person(named)}/{what}"


def test_a_section_hidden_at_one_process_is_gone_at_the_other(
    two: tuple[Hub, Hub], record_property: Callable[[str, object], None]
) -> None:
    here, there = two
    seconds = []
    with here.pages(MARY) as mary, watching(there, LEE, "goals", "conditions") as lee:
        for _ in range(ROUNDS):
            began = time.monotonic()
            answer = mary.post(
                sharing(here, LEE, "consent"), data={"section": "goals", "access": "none", "how": "page"}
            )
            assert answer.status_code == 303
            closed = lee.until(lambda frame: frame.document == "goals" and frame.kind is FrameKind.CLOSE)
            seconds.append(time.monotonic() - began)
            assert closed.document == "goals"
            assert lee.notice("access")["sections"] == ["goals"]

            lee.socket.send(encode(Frame("goals", FrameKind.TOKEN)))
            lee.until(lambda frame: frame.document == "goals" and frame.kind is FrameKind.PERMISSION_DENIED)
            mary.post(sharing(here, LEE, "consent"), data={"section": "goals", "access": "", "how": "page"})
            assert lee.notice("access")["sections"] == ["goals"]
            lee.join("goals")
    record_property("seconds_to_hide", _told(seconds))


def test_a_person_removed_at_one_process_is_out_at_the_other_and_stays_out(
    two: tuple[Hub, Hub], record_property: Callable[[str, object], None]
) -> None:
    here, there = two
    with here.pages(MARY) as mary, watching(there, EMILY) as emily, watching(there, LEE, "goals") as lee:
        began = time.monotonic()
        assert mary.post(sharing(here, EMILY, "remove")).status_code == 303

        assert "has ended" in str(emily.notice("ended")["reason"])
        assert emily.closed() == CloseCode.ACCESS_ENDED
        record_property("seconds_to_remove", f"{time.monotonic() - began:.3f}")
        with connect(**there.live(EMILY, there.plan("Mary")).arguments) as again:
            assert Watcher(again).closed() == CloseCode.NO_PLAN
        lee.socket.send(encode(Frame("goals", FrameKind.SYNC_STEP_1, b"\x00")))
        lee.until(lambda frame: frame.kind is FrameKind.SYNC_STEP_2)


def test_signing_out_at_one_process_closes_the_socket_at_the_other(
    two: tuple[Hub, Hub], record_property: Callable[[str, object], None]
) -> None:
    here, there = two
    seconds = []
    for _ in range(ROUNDS):
        live = there.live(KIM, there.plan("Mary"))
        with connect(**live.arguments) as socket, here.pages() as pages:
            watcher = Watcher(socket)
            watcher.join("goals")
            began = time.monotonic()
            assert pages.post("/sign-out", headers={"Cookie": live.cookie}).status_code == 303
            assert watcher.closed() == CloseCode.SIGN_IN
            seconds.append(time.monotonic() - began)
    record_property("seconds_to_sign_out", _told(seconds))


def test_what_is_written_after_a_section_is_hidden_never_reaches_the_person(two: tuple[Hub, Hub]) -> None:
    here, there = two
    secret = "Kept from the cardiologist: zebra-4711"
    with here.pages(MARY) as mary, here.pages(KIM) as kim, watching(there, LEE, "goals", "conditions") as lee:
        mary.post(sharing(here, LEE, "consent"), data={"section": "goals", "access": "none", "how": "page"})
        goal = {"description": secret, "voice": here.person(KIM)}
        made = kim.post(f"/plans/{here.plan('Mary')}/sections/goals/entries", data=goal)
        assert made.status_code == 303
        problem = {"name": "Marker-done", "kind": "problem", "clinical_status": "active", "owner": here.person(KIM)}
        with here.pages("Dr. Elena Ruiz") as ruiz:
            assert ruiz.post(f"/plans/{here.plan('Mary')}/sections/conditions/entries", data=problem).status_code == 303
        lee.until(lambda frame: frame.document == "conditions" and b"Marker-done" in frame.payload)

        assert not any(b"zebra-4711" in each for each in lee.heard)
        with there.pages(LEE) as pages:
            assert "zebra-4711" not in pages.get(f"/plans/{there.plan('Mary')}").text
        with there.pages(KIM) as pages:
            assert "zebra-4711" in pages.get(f"/plans/{there.plan('Mary')}").text


def _told(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"median {ordered[len(ordered) // 2]:.3f}, worst {ordered[-1]:.3f} of {len(ordered)}"
