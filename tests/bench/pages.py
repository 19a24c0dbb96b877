"""What pages cost a reader and the hub: a plan of a thousand entries and as many readings, opened in Chromium.

First paint and live are counted from the click, bytes as they come over the line; how long the hub's loop was held is
told by ``tests.bench.watched``. The hub has one core, the browser the other.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from auth.roles import Participant
from hub.ids import new_id
from hub.store.plans import Plan
from tests.bench.long_plans import a_long_plan
from tests.bench.scenarios import Outcome
from tests.bench.seeding import ROLE, Member
from tests.bench.servers import LOAD_CORE, HubServer, on_core
from tests.harness.browsers import FLAGS, chromium

NAME: Final = "pages"
OPENS: Final = 9
LIVE_MS_MAX: Final = 120_000

PAINTED: Final = """() => {
    const paint = performance.getEntriesByType("paint").find((each) => each.name === "first-contentful-paint")
    return {paint: paint?.startTime ?? 0, live: performance.now(), nodes: document.querySelectorAll("*").length}
}"""


class WatchedServer(HubServer):
    """The hub, whose loop is watched."""

    @property
    def lateness(self) -> Path:
        """Where it is told how late the loop came round."""
        return self.scratch / "loop"

    def long_plan(self) -> tuple[str, Member]:
        """Make the long plan; return its id and one of its people."""
        member, plan = self._people[0], Plan(plan_id=new_id(), family="Long", given="Ada", born=date(1950, 1, 1))
        part = Participant(member.person, plan.plan_id, "Bench 0", ROLE)
        asyncio.run(a_long_plan(self._postgres.url, plan, [part]))
        return plan.plan_id, member

    def held(self, since: float) -> float:
        """Return for how many milliseconds at most the loop was held since that instant of ``time.monotonic``."""
        told = [line.split() for line in self.lateness.read_text().splitlines()] if self.lateness.exists() else []
        return max((float(late) for when, late in told if float(when) >= since), default=0.0)

    def _command(self) -> Sequence[str]:
        return [sys.executable, "-m", "tests.bench.watched", str(self.lateness), *super()._command()[3:]]


def pages(scratch: Path, opens: int = OPENS) -> list[Outcome]:
    """Open the long plan so many times, the first time as nobody has since the hub's start."""
    server = WatchedServer(scratch)
    server.start()
    try:
        plan, member = server.long_plan()
        address = f"http://127.0.0.1:{server.port}/plans/{plan}"
        with on_core(LOAD_CORE), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(chromium()), args=list(FLAGS))
            first, *others = [opened(browser, server, address, member) for _ in range(opens)]
            browser.close()
    finally:
        server.stop()
    again = replace(others[0], more={name: median(each.more[name] for each in others) for name in others[0].more})
    again.more["loop_held_most_ms"] = max(each.more["loop_held_ms"] for each in others)
    return [first, replace(again, scenario="a plan of 1,000 entries and readings, again")]


def opened(browser: Browser, server: WatchedServer, address: str, member: Member) -> Outcome:
    """Open a page in a browser without anything of it, until it is live."""
    name, token = member.cookie.split("=", 1)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": name, "value": token, "url": address.rpartition("/plans/")[0]}])
    page = context.new_page()
    told: list[float] = []
    line = context.new_cdp_session(page)
    line.on("Network.loadingFinished", lambda event: told.append(event["encodedDataLength"]))
    line.on("Network.webSocketFrameReceived", lambda event: told.append(len(event["response"]["payloadData"]) * 0.75))
    line.send("Network.enable")
    began, used = time.monotonic(), server.used().cpu_seconds
    page.goto(address, wait_until="commit")
    page.locator('#state-line[data-state="live"]').wait_for(timeout=LIVE_MS_MAX)
    seen = page.evaluate(PAINTED)
    context.close()
    outcome = Outcome(server.name, "a plan of 1,000 entries and readings, opened first")
    outcome.more = {
        "first_paint_ms": seen["paint"], "live_ms": seen["live"], "kb_over_the_line": sum(told) / 1e3,
        "nodes": float(seen["nodes"]), "loop_held_ms": server.held(began),
        "hub_cpu_ms": (server.used().cpu_seconds - used) * 1e3,
    }  # fmt: skip
    return outcome
