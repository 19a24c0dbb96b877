"""Two hub processes on one database, several people at once, a backup and its restore by the commands: all agree."""

import asyncio
import random
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crdt.contents import SectionContent
from crdt.sections import Section
from hub.demo.registering import NobodyComes
from hub.live.plans import CarePlans
from hub.record.verifying import Replay
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from hub.store.verifying import reading
from tests.conftest import StartHub
from tests.harness.databases import Databases
from tests.harness.hubs import Hub
from web.commands.cli import commands

pytestmark = pytest.mark.slow

PEOPLE = ("Dr. Elena Ruiz", "Grace Kim, RN", "Dr. Michael Lee")
STEPS = 8
AGREED_SECONDS_MAX = 60.0


@pytest.fixture
def empty(databases: Databases) -> Iterator[str]:
    with databases.empty() as url:
        yield url


def a_history(hubs: list[Hub], person: str, chance: random.Random, started: threading.Barrier) -> None:
    """Make, change, retire and bring back goals, each time through a process of one's own choosing."""
    mine: list[str] = []
    plan, pages = hubs[0].plan("Mary"), [hub.pages(person) for hub in hubs]
    started.wait()
    for number in range(STEPS):
        page = chance.choice(pages)
        page.timeout = 60.0
        at = f"/plans/{plan}/entries/goals/{chance.choice(mine)}" if mine else ""
        act = chance.choice(("make", "edit", "edit", "retire", "restore")) if mine else "make"
        if act == "make":
            form = {"description": f"{person} {number} \u00e9\U0001f600", "voice": hubs[0].person("Mary Whitfield")}
            made = page.post(f"/plans/{plan}/sections/goals/entries", data=form)
            mine += re.findall("#entry-(.+)$", made.headers.get("location", ""))
        elif act == "edit":
            form_page = page.get(f"{at}/edit").text
            was = dict(re.findall(r'name="(was\.[^"]+)" value="([^"]*)"', form_page))
            sent = {name.removeprefix("was."): value for name, value in was.items()} | was
            page.post(f"{at}/edit", data={**sent, "due": f"2026-12-{number + 1:02}"})
        else:
            page.post(f"{at}/entry.{act}", data={"reason": f"step {number}"})
    assert mine, "somebody made something"
    for each in pages:
        each.close()


def plain(content: SectionContent) -> dict[str, dict[str, Any]]:
    return {entry: dict(each.values) for entry, each in content.entries.items()}


async def replayed(url: str, plan: str) -> dict[str, dict[str, Any]]:
    replay = Replay(plan, {})
    async with reading(url) as verification:
        async for rows in verification.rows(plan):
            for row in rows:
                assert replay.take(row) is None
    return plain(replay.content()[Section.GOALS])


async def served(url: str, plan: str) -> dict[str, dict[str, Any]]:
    engine = await open_engine(url)
    journal = PostgresJournal(engine)
    try:
        content = (await CarePlans(journal, NobodyComes()).content(plan)).sections[Section.GOALS]
        assert isinstance(content, SectionContent)
        return plain(content)
    finally:
        await journal.close()
        await engine.dispose()


def shown(hub: Hub, plan: str) -> list[str]:
    """Return the goals as this process serves them, without what depends on the instant of asking."""
    with hub.pages(PEOPLE[0]) as pages:
        pages.timeout = 60.0
        page = pages.get(f"/plans/{plan}/sections/goals").text
    return [*re.findall(r'id="entry-([^"]+)"', page), *re.findall(r'data-field="[^"]+"|<output[^>]*>[^<]*', page)]


def shown_by_both(hubs: list[Hub], plan: str) -> list[str]:
    """Return what both processes serve, once the later one has heard of everything: a lost note costs a poll."""
    deadline = time.monotonic() + AGREED_SECONDS_MAX
    while (first := shown(hubs[0], plan)) != (second := shown(hubs[1], plan)):
        assert time.monotonic() < deadline, (first, second)
    return first


def test_two_processes_replay_and_a_restored_backup_agree(
    a_hub: StartHub, demo_database: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    hubs = [a_hub(database_url=demo_database) for _ in range(2)]
    plan, started = hubs[0].plan("Mary"), threading.Barrier(len(PEOPLE))
    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        work = [
            pool.submit(a_history, hubs, person, random.Random(seed + number), started)
            for number, person in enumerate(PEOPLE)
        ]
    for each in work:
        each.result()

    monkeypatch.setenv("DATABASE_URL", demo_database)
    made = CliRunner().invoke(commands, ["backup", str(tmp_path / "b1"), "--data", str(tmp_path)])
    monkeypatch.setenv("DATABASE_URL", empty)
    back = CliRunner().invoke(commands, ["restore", str(tmp_path / "b1"), "--data", str(tmp_path)])

    assert (made.exit_code, back.exit_code) == (0, 0), (made.output, back.output)
    live = asyncio.run(served(demo_database, plan))
    assert len(live) > len(PEOPLE)
    assert set(re.findall(r"[0-9a-f-]{36}", " ".join(shown_by_both(hubs, plan)))) >= {
        entry for entry, values in live.items() if values.get("status") != "retired"
    }
    for url in (demo_database, empty):
        assert asyncio.run(replayed(url, plan)) == live
    assert asyncio.run(served(empty, plan)) == live
