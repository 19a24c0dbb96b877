"""Two ``serve`` processes on one PostgreSQL behind a balancer without sticky sessions, people of one plan at both.

CAREPLAN_KILLS says how often each fault happens.
"""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.ids import new_id
from tests.bench.edits import FIELD, SECTION, Past, a_ground, entry_id
from tests.bench.seeding import Bed, Member, Seeder
from tests.faults.balancers import Balancer
from tests.faults.measuring import counted
from tests.faults.typists import Ledger, Typist, typing_through, until
from tests.harness.databases import Databases
from tests.harness.hubs import Hub, Live

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
TIMES = int(os.environ.get("CAREPLAN_KILLS", "1"))
TYPISTS = 6
DELAY_SECONDS_MAX = 3.0
"""An edit is saved, and on every page, after that at most, whichever process is being renewed."""
TEXT = (SECTION.value, entry_id(0), FIELD)


class House:
    """The balancer, the hubs behind it, and a plan with its people."""

    def __init__(self, url: str, balancer: Balancer, folder: Path) -> None:
        told = {"CAREPLAN_ORIGIN": balancer.url, "CAREPLAN_SECRET_KEY": "of both hubs, so that each knows the other's"}
        self.hubs = [
            Hub(folder / name, database_url=url, command=("serve",), environment=told) for name in ("one", "two")
        ]
        self.balancer = balancer
        self.people: list[Member] = []
        self.plan = new_id()

    async def furnish(self, url: str) -> None:
        """Make the people and the plan."""
        seeder = Seeder(url)
        self.people = await seeder.people(TYPISTS)
        ground = a_ground(1)
        await seeder.plans([Bed(self.plan, self.people, Past((ground.state,), ground.state))])

    def start(self) -> None:
        """Have both hubs serve."""
        for hub in self.hubs:
            hub.errors_expected = True
            hub.start()
        self.balancer.ports = [hub.port for hub in self.hubs]

    def lives(self) -> list[Live]:
        """Return how each of the people comes in: by the balancer."""
        to = f"ws://127.0.0.1:{self.balancer.port}/plans/{self.plan}/live"
        return [Live(to, self.balancer.url, each.cookie) for each in self.people]

    async def kill_one(self, leave: Callable[[], None]) -> None:
        """End a process the hard way; it is started again only after its people have come back elsewhere."""
        leave()
        self.hubs[0].kill()
        await until(lambda: counted(self.hubs[1])["careplan_sockets"] == TYPISTS // 2, "everyone is at the other")
        await asyncio.to_thread(self.hubs[0].start)

    async def restart_each(self, _: Callable[[], None]) -> None:
        """Stop and start each in turn."""
        for hub in self.hubs:
            await asyncio.to_thread(hub.restart)


@pytest.fixture(scope="module")
def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with contextlib.ExitStack() as ends:
        url = ends.enter_context(databases.clone())
        house = House(url, ends.enter_context(Balancer()), tmp_path_factory.mktemp("house"))
        asyncio.run(house.furnish(url))
        for hub in house.hubs:
            ends.callback(hub.end)
        house.start()
        yield house


@pytest.mark.parametrize("what", ["kill_one", "restart_each"])
async def test_people_of_one_plan_at_two_hubs_lose_nothing(
    house: House, what: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    tally: Counter[str] = Counter()
    ledger = Ledger()
    backs: list[float] = []
    people: list[Typist] = []

    for at in range(TIMES):
        backs += await typing_through(
            house.lives(), TEXT, [getattr(house, what)], seed=seed + at, ledger=ledger, tally=tally, watch=people.extend
        )

    latest, slowest = max(ledger.delays), max(ledger.saving)
    record_property(
        "told",
        f"{TIMES} times, {dict(tally)}, none lost or doubled, {sum(each.sittings for each in people)} connections, "
        f"back in {max(backs):.1f} s at most, slowest to be saved {slowest:.2f} s, to be seen {latest:.2f} s",
    )
    assert len(house.balancer.turned) == 2, "both have served"
    if what == "restart_each":
        assert max(latest, slowest) < DELAY_SECONDS_MAX
