"""Two hub processes on one PostgreSQL, people at either: a huddle goes on, and whatever two do at once is done once."""

import asyncio
import json
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import httpx2
import pytest
from websockets.sync.client import ClientConnection, connect

from hub.ids import HUB
from hub.record.journal import Row
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from hub.workflows.tasks import MACHINE
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

GRACE, ELENA, TOM, LEE = "Grace Kim, RN", "Dr. Elena Ruiz", "Tom Becker, PharmD", "Dr. Michael Lee"
HEARD_SECONDS_MAX = 60
ROUNDS = 8
TOLD = 409

Answers = list[httpx2.Response]


@dataclass
class Apart:
    """Two hubs on one database, and people with their sessions at either."""

    database: str
    hubs: tuple[Hub, Hub]
    held: ExitStack

    def at(self, where: int, person: str) -> httpx2.Client:
        """A person's pages at one of the two."""
        return self.held.enter_context(self.hubs[where].pages(person))

    def person(self, name: str) -> str:
        return self.hubs[0].person(name)

    @property
    def plan(self) -> str:
        return self.hubs[0].plan("Mary")

    def room(self, where: int, person: str, huddle: str) -> ClientConnection:
        """A person's live socket of a huddle."""
        live = self.hubs[where].live(person)
        there = replace(live, url=f"{live.url.split('/plans/')[0]}{huddle}/live")
        opened: ClientConnection = self.held.enter_context(connect(**there.arguments, ping_interval=None))
        return opened

    def rows(self, plan: str) -> list[Row]:
        """The journal of a plan, as it stands in the database."""

        async def read() -> list[Row]:
            engine = await open_engine(self.database)
            journal = PostgresJournal(engine)
            try:
                return await journal.since(plan, 0)
            finally:
                await journal.close()
                await engine.dispose()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, read()).result()


@pytest.fixture(scope="module")
def _apart(tmp_path_factory: pytest.TempPathFactory, databases: Any) -> Iterator[tuple[str, tuple[Hub, Hub]]]:
    with databases.demo() as url:
        one, other = (Hub(tmp_path_factory.mktemp("apart"), database_url=url) for _ in range(2))
        hubs = one, other
        try:
            for hub in hubs:
                hub.start()
            yield url, hubs
        finally:
            for hub in hubs:
                hub.end()


@pytest.fixture
def apart(_apart: tuple[str, tuple[Hub, Hub]]) -> Iterator[Apart]:
    with ExitStack() as held:
        yield Apart(*_apart, held)


def at_once(*wishes: Callable[[], httpx2.Response]) -> Answers:
    """Send all of it at the same instant."""
    gate = Barrier(len(wishes))

    def send(wish: Callable[[], httpx2.Response]) -> httpx2.Response:
        gate.wait(30)
        return wish()

    with ThreadPoolExecutor(len(wishes)) as threads:
        return list(threads.map(send, wishes))


def one_won(answers: Answers, told: str) -> int:
    """Return who won; all others were told what is true now."""
    won = [at for at, answer in enumerate(answers) if answer.status_code == 303]
    assert len(won) == 1, [answer.status_code for answer in answers]
    for at, answer in enumerate(answers):
        assert at in won or (answer.status_code == TOLD and told in answer.text), answer.text
    return won[0]


def notices(socket: ClientConnection, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Hear until a notice of the huddle says so."""
    while True:
        message = socket.recv(timeout=HEARD_SECONDS_MAX)
        assert isinstance(message, bytes)
        if message == b"\x09":
            socket.send(b"\x0a")
        said = re.search(rb"\{.*\}", message)
        if said is not None and until(notice := json.loads(said[0])):
            return notice  # type: ignore[no-any-return]


def a_huddle(client: httpx2.Client, plans: list[str], title: str) -> str:
    made = client.post("/huddles", data={"title": title, "plan": plans})
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


def does(client: httpx2.Client, huddle: str, move: str, **fields: str) -> httpx2.Response:
    return client.post(f"{huddle}/{move}", data=fields)


def stage(client: httpx2.Client, huddle: str, name: str) -> str:
    """What a page of the huddle shows now, by an attribute of its stage."""
    found = re.search(rf'data-{name}="([^"]*)"', client.get(f"{huddle}/stage").text)
    assert found is not None
    return found[1]


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def a_task(client: httpx2.Client, plan: str, line: str) -> str:
    made = client.post(f"/plans/{plan}/tasks/line", data={"line": line, "about": ""})
    assert made.status_code == 303, made.text
    return str(made.headers["location"]).partition("#entry-")[2]


def acts(client: httpx2.Client, plan: str, entry: str, command: str, **typed: str) -> httpx2.Response:
    section = {"task": "tasks", "referral": "referrals"}[command.partition(".")[0]]
    return client.post(f"/plans/{plan}/entries/{section}/{entry}/{command}", data=typed)


def test_a_huddle_goes_on_over_two_processes_when_its_driver_drops_and_one_comes_late(apart: Apart) -> None:
    grace, elena, tom = apart.at(0, GRACE), apart.at(1, ELENA), apart.at(1, TOM)
    plans = [apart.hubs[0].plan(name) for name in ("Mary", "Harold", "Rosa")]
    huddle, other = a_huddle(grace, plans, "Morning"), a_huddle(elena, plans, "Another")
    assert does(elena, huddle, "join").status_code == 303
    drivers = apart.room(0, GRACE, huddle)
    follows, elsewhere = apart.room(1, ELENA, huddle), apart.room(1, ELENA, other)
    both = sorted((apart.person(GRACE), apart.person(ELENA)))
    notices(follows, lambda said: sorted(said["here"]) == both)
    notices(drivers, lambda said: sorted(said["here"]) == both)

    assert does(grace, huddle, "start").status_code == 303
    notices(follows, lambda said: said["version"] == int(stage(elena, huddle, "version")))
    assert does(grace, huddle, "next", seen=plans[0]).status_code == 303
    notices(follows, lambda said: stage(elena, huddle, "shown") == plans[1])
    refused = does(elena, huddle, "take", seen=apart.person(GRACE))
    assert "The driver is here" in refused.text
    drivers.close()
    notices(follows, lambda said: said["here"] == [apart.person(ELENA)])
    assert does(elena, huddle, "take", seen=apart.person(GRACE)).status_code == 303
    assert does(elena, huddle, "park", seen=plans[1]).status_code == 303

    assert stage(apart.at(0, TOM), huddle, "shown") == plans[2]
    assert does(tom, huddle, "join").status_code == 303
    assert does(elena, other, "start").status_code == 303
    moved = notices(elsewhere, lambda said: said["version"] > 0)
    assert moved["here"] == [apart.person(ELENA)]
    assert (stage(tom, other, "shown"), stage(grace, huddle, "shown")) == (plans[0], plans[2])


def test_whatever_two_do_at_once_in_a_huddle_is_done_once(apart: Apart) -> None:
    grace, elena, tom = ([apart.at(where, name) for where in (0, 1)] for name in (GRACE, ELENA, TOM))
    plans = [apart.hubs[0].plan(name) for name in ("Mary", "Harold", "Rosa")]
    huddle = a_huddle(grace[0], plans, "At once")
    for client in (elena[1], tom[0]):
        assert does(client, huddle, "join").status_code == 303
    one_won(at_once(*(partial(does, each, huddle, "start") for each in (*grace, elena[1]))), "running")
    assert stage(tom[0], huddle, "shown") == plans[0]
    driver = grace if stage(grace[0], huddle, "drives") == "yes" else elena
    one_won(at_once(*(partial(does, each, huddle, "next", seen=plans[0]) for each in driver)), "moved on")
    assert stage(tom[1], huddle, "shown") == plans[1]
    away = apart.person(GRACE if driver is grace else ELENA)
    takers = (elena if driver is grace else grace)[0], tom[1]
    driver = [takers[one_won(
        at_once(*(partial(does, each, huddle, "take", seen=away) for each in takers)), "taken over"
    )]]  # fmt: skip
    one_won(at_once(*(partial(does, driver[0], huddle, "end", seen=plans[1]) for _ in range(2))), "ended")

    page = elena[0].get(huddle).text
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert seen is not None
    one_won(at_once(*(partial(does, each, huddle, "sign", seen=seen[1]) for each in elena)), "signed this")
    both = at_once(*(partial(does, each, huddle, "sign", seen=seen[1]) for each in (grace[0], tom[1])))
    assert [answer.status_code for answer in both] == [303, 303]
    events = [row for row in apart.rows(HUB) if (row.words or {}).get("huddle") == huddle.rpartition("/")[2]]
    done = [row.event for row in events if row.outcome == "success"]
    assert [done.count(f"huddle.{name}") for name in ("start", "next", "take", "end", "sign_off")] == [1, 1, 1, 1, 3]
    assert len([row for row in events if row.outcome == "refused"]) >= 5


def test_a_task_and_a_loop_are_accepted_decided_and_closed_once(apart: Apart) -> None:
    plan = apart.plan
    elena, lee, tom = ([apart.at(where, name) for where in (0, 1)] for name in (ELENA, LEE, TOM))
    task = a_task(elena[0], plan, "Weigh her apart @becker 3d")
    one_won(at_once(*(partial(acts, each, plan, task, "task.accept") for each in tom)), "accepted now")
    asked = {"kind": "specialist", "to": "Cardiology apart", "question": "Both?", "urgency": "urgent", "do": "send"}
    more = {"expected_by": in_days(5), "recipient": apart.person(LEE), "patient_card": "We ask."}
    sent = elena[1].post(f"/plans/{plan}/referrals/new", data=asked | more)
    entry = str(sent.headers["location"]).rpartition("/")[2]

    yes, no = partial(acts, lee[0], plan, entry), partial(acts, lee[1], plan, entry)
    if one_won(at_once(partial(yes, "referral.accept"), partial(no, "referral.reject", reason="Full.")), " now"):
        assert acts(elena[0], plan, entry, "referral.send").status_code == 303
        assert yes("referral.accept").status_code == 303
    assert no("referral.report", answer="Yes.").status_code == 303
    one_won(at_once(*(partial(acts, each, plan, entry, "referral.close") for each in elena)), "closed now")


def test_many_commands_at_two_processes_leave_a_history_in_which_every_step_was_legal(apart: Apart, seed: int) -> None:
    chance, plan = random.Random(seed), apart.plan
    people = {name: [apart.at(where, name) for where in (0, 1)] for name in (ELENA, TOM, GRACE)}
    task = a_task(people[ELENA][0], plan, "Count them apart @becker 3d")
    wishes: list[tuple[str, dict[str, str]]] = [
        ("accept", {}), ("reject", {"reason": "No time."}), ("start", {}), ("complete", {"outcome": "Done."}),
        ("reassign", {"owner": apart.person(GRACE)}), ("reassign", {"owner": apart.person(TOM)}),
    ]  # fmt: skip
    sent = refused = 0
    for _ in range(ROUNDS):
        some = [(chance.choice(people[chance.choice(list(people))]), *chance.choice(wishes)) for _ in range(4)]
        answers = at_once(*(partial(acts, c, plan, task, f"task.{n}", **t) for c, n, t in some))
        sent += len(answers)
        refused += sum(answer.status_code != 303 for answer in answers)
        assert {answer.status_code for answer in answers} <= {303, 403, TOLD, 422}

    rows = [row for row in apart.rows(plan) if row.event.startswith("task.") and row.entry in ("", task)]
    steps = [row for row in rows if row.outcome == "success"]
    state = "requested"
    for row in steps:
        move = MACHINE.moves[row.event.removeprefix("task.")]
        assert state in move.sources, f"{row.event} from {state}"
        state = _state_after(row) or state
        assert state == move.target or (row.event, state) == ("task.reassign", "accepted")
    assert len(steps) == sent - refused
    pages = [people[ELENA][where].get(f"/plans/{plan}/entries/tasks/{task}").text for where in (0, 1)]
    badges = [re.findall(r'class="badge"[^>]*>([^<]+)<', page) for page in pages]
    assert badges[0] == badges[1]
    seqs = [row.seq for row in apart.rows(plan)]
    assert seqs == list(range(1, len(seqs) + 1))


def _state_after(row: Row) -> str:
    told: Any = row.words or {}
    fields = told.get("fields", [{"field": row.field, **told}])
    return next((str(each["after"]) for each in fields if each["field"] == "state"), "")
