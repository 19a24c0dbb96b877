"""A hub process from start to end: ready when it says so, gone when asked, and as it was after a kill."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.conftest import StartHub
from tests.harness.hubs import ROOT, Hub

pytestmark = pytest.mark.slow


def test_a_hub_that_says_it_is_ready_answers(shared_hub: Hub) -> None:
    with shared_hub.pages() as visitor:
        answers = {path: visitor.get(path).status_code for path in ("/healthz", "/readyz", "/sign-in")}

    assert answers == {"/healthz": 200, "/readyz": 200, "/sign-in": 200}


def test_the_demo_describes_itself_for_scripts(shared_hub: Hub) -> None:
    words = [sys.executable, "-m", "web", "demo", "--data", str(shared_hub.data_dir), "--describe"]

    told = json.loads(subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout)

    assert told == shared_hub.description
    assert len(told["people"]) >= 8
    assert len(told["plans"]) >= 6
    assert len(told["sections"]) == 15


def test_one_can_sign_in_in_every_role_of_the_description(shared_hub: Hub) -> None:
    for role in {person["role"] for person in shared_hub.description["people"]}:
        with shared_hub.pages(role) as browser:
            landed = browser.get("/panel")
            if landed.status_code == 303:  # Those at home land on a page of their own.
                assert landed.headers["location"].startswith("/plans/"), role
                landed = browser.get(landed.headers["location"])
            assert landed.status_code == 200, role


def test_asked_to_end_it_closes_sockets_to_come_back_and_is_gone(running_hub: Hub) -> None:
    person, plan = a_member(running_hub)
    with connect(**running_hub.live(person, plan).arguments) as live:
        seconds = running_hub.stop()
        read_to_its_end(live)

    assert live.protocol.close_code == 1012
    assert seconds < 5


def test_the_embedded_database_outlives_a_kill_of_its_hub(a_hub: StartHub) -> None:
    hub = a_hub()
    before = {key: hub.description[key] for key in ("people", "plans")}

    hub.kill()
    hub.start()

    assert {key: hub.description[key] for key in before} == before


def test_two_hubs_share_one_database(a_hub: StartHub, demo_database: str) -> None:
    first, second = a_hub(database_url=demo_database), a_hub(database_url=demo_database)

    assert first.port != second.port
    assert first.description["plans"][0]["id"] == second.description["plans"][0]["id"]


def test_a_data_folder_belongs_to_one_hub(a_hub: StartHub) -> None:
    hub = a_hub()
    words = [sys.executable, "-m", "web", "demo", "--port", "0", "--data", str(hub.data_dir)]

    second = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert second.returncode == 2
    assert "in use" in second.stderr


def test_no_traceback_reaches_a_person_who_mistypes(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "web", "demo", "--port", "many", "--data", str(tmp_path)]

    answer = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def read_to_its_end(live: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        for _ in live:
            pass


def a_member(hub: Hub) -> tuple[str, str]:
    plan = hub.description["plans"][0]
    return plan["members"][0]["person"], plan["id"]
