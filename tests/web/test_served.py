"""The application on the real store and the real live plans: what a page says is in the journal, and stays."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub.demo.registering import seed_hub
from hub.demo.seeding import Seeded
from hub.store.engine import create_engine
from tests.harness.databases import Databases
from web.app import create_app
from web.settings import Mode, Settings

ORIGIN = "http://127.0.0.1:8000"
pytestmark = pytest.mark.slow


@dataclass
class Served:
    """A hub with Mary's story, and its application."""

    client: TestClient
    seeded: Seeded

    @property
    def plan(self) -> str:
        return f"/plans/{self.seeded.plans['mary'].plan_id}"

    def become(self, key: str) -> None:
        self.client.cookies.clear()
        answer = self.client.post("/sign-in/demo", data={"person": self.seeded.people[key].person_id})
        assert answer.status_code == 303


async def _seeded(url: str) -> Seeded:
    engine = create_engine(url)
    try:
        seeded = await seed_hub(engine, only=("mary",))
    finally:
        await engine.dispose()
    assert seeded is not None, "the database was empty"
    return seeded


@pytest.fixture
def served(databases: Databases, tmp_path: Path) -> Iterator[Served]:
    settings = Settings(mode=Mode.DEMO, origin=ORIGIN, data_dir=tmp_path, checkpoints_dir=tmp_path)
    with databases.clone() as url:
        seeded = asyncio.run(_seeded(url))
        app = create_app(replace(settings, database_url=url))
        with TestClient(
            app, base_url=ORIGIN, headers={"origin": ORIGIN}, client=("127.0.0.1", 50_000), follow_redirects=False
        ) as client:
            yield Served(client, seeded)


def test_mary_from_the_panel_to_a_change_and_its_history(served: Served) -> None:
    served.become("ruiz")
    assert "WHITFIELD, Mary" in served.client.get("/panel").text
    assert "Known allergies" in served.client.get(served.plan).text

    entry = served.seeded.entries["mary"]["lisinopril"]
    at = f"{served.plan}/entries/medications/{entry}"
    form = served.client.get(at + "/edit").text
    was = dict(re.findall(r'name="(was\.[^"]+)" value="([^"]*)"', form))
    sent = {name.removeprefix("was."): value for name, value in was.items()} | was
    changed = served.client.post(at + "/edit", data={**sent, "dose": "20 mg"})

    assert changed.status_code == 303
    history = served.client.get(at + "/history").text
    assert "20\u00a0mg" in history
    assert "Dr. Elena Ruiz" in history


def test_an_entry_is_made_moved_retired_and_restored(served: Served) -> None:
    served.become("ruiz")
    form = {"name": "Gout", "kind": "problem", "clinical_status": "active"}
    form["owner"] = served.seeded.people["ruiz"].person_id
    made = served.client.post(f"{served.plan}/sections/conditions/entries", data=form)
    entry = made.headers["location"].rpartition("#entry-")[2]
    at = f"{served.plan}/entries/conditions/{entry}"

    moved = served.client.post(at + "/entry.move", data={"direction": "up"})
    retired = served.client.post(at + "/entry.retire", data={"reason": "A mistake"})
    restored = served.client.post(at + "/entry.restore")

    assert [each.status_code for each in (made, moved, retired, restored)] == [303] * 4
    assert "Gout" in served.client.get(served.plan).text


def test_what_is_seen_is_no_news_any_more(served: Served) -> None:
    served.become("ruiz")
    panel = served.client.get("/panel").text
    seq = re.search(r'name="seq" value="(\d+)"', panel)
    assert seq is not None

    served.client.post(served.plan + "/seen", data={"seq": seq[1]})

    assert "Nothing new" in served.client.get("/panel").text


def test_the_daughter_sees_her_part_and_nothing_of_the_teams(served: Served) -> None:
    served.become("emily")

    sent = served.client.get(served.plan)
    page = served.client.get(sent.headers["location"]).text

    assert sent.headers["location"].endswith("/family")
    assert "aspirin" in page
    assert "staff_notes" not in page
    assert served.client.get(served.plan + "/sections/staff_notes").status_code == 404


def test_signing_out_ends_the_session_for_its_token(served: Served) -> None:
    served.become("ruiz")
    token = served.client.cookies["careplan"]

    served.client.post("/sign-out")
    served.client.cookies.set("careplan", token)

    assert served.client.get("/panel").status_code == 303


def test_a_ready_hub_says_so(served: Served) -> None:
    assert served.client.get("/healthz").text == "alive"
    assert served.client.get("/readyz").text == "ready"
