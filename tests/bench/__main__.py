"""``python -m tests.bench``: the hub beside Hocuspocus and pycrdt-websocket, in one run on one machine."""

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from tests.bench.across import NAME as ACROSS
from tests.bench.across import across
from tests.bench.added import TURNS, in_turns, starts
from tests.bench.floors import floors
from tests.bench.pages import NAME as PAGES
from tests.bench.pages import OPENS, pages
from tests.bench.reports import machine, plotted, table
from tests.bench.scenarios import Outcome, Typing, cold_open, idle, saturation, typing
from tests.bench.servers import SERVERS, Server

TURNS_NAME: Final = "turns"

Scenario: TypeAlias = Typing | Callable[[Server], Outcome]

RATES: Final = tuple(4_000 * 1.25**step for step in range(16))

FULL: Final[dict[str, Scenario]] = {
    "huddle": Typing("huddle", 1, 10, 5, 12),
    "crowd": Typing("crowd", 1, 200, 2, 10),
    "many": Typing("many", 300, 4, 0.5, 12),
    "saturation": partial(saturation, editors=20, rates=RATES, seconds=2.0),
    "cold open": partial(cold_open, edits=10_000, opens=9, storm=500),
    "idle": partial(idle, documents=1_000),
}
QUICK: Final[dict[str, Scenario]] = {
    "huddle": Typing("huddle", 1, 10, 5, 2),
    "crowd": Typing("crowd", 1, 50, 2, 2),
    "many": Typing("many", 20, 4, 0.5, 4),
    "saturation": partial(saturation, editors=10, rates=(1_000, 3_000), seconds=1.0),
    "cold open": partial(cold_open, edits=1_000, opens=3, storm=50),
    "idle": partial(idle, documents=50),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 1 where anything was lost or the hub's documents are not as typed."""
    asked = _parser().parse_args(words)
    scenarios = QUICK if asked.quick else FULL
    chosen = {name: each for name, each in scenarios.items() if not asked.only or name in asked.only}
    servers = [each for each in SERVERS if not asked.servers or each.__name__ in asked.servers]
    outcomes = run(chosen, servers)
    if SERVERS[0] in servers and (not asked.only or ACROSS in asked.only):
        outcomes += run_across(quick=asked.quick)
    if SERVERS[0] in servers and (not asked.only or TURNS_NAME in asked.only):
        outcomes += run_turns(quick=asked.quick)
    if SERVERS[0] in servers and (not asked.only or PAGES in asked.only):
        with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as scratch:
            outcomes += pages(Path(scratch), 3 if asked.quick else OPENS)
    words_of_it = table(outcomes)
    sys.stdout.write(words_of_it + "\n")
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        told = {"machine": machine(), "quick": asked.quick, "outcomes": [asdict(each) for each in outcomes]}
        (asked.out / "bench.json").write_text(json.dumps(told, indent=1) + "\n")
        (asked.out / "bench.md").write_text(words_of_it + "\n")
        (asked.out / "bench.svg").write_text(plotted(outcomes))
    hub = [each for each in outcomes if each.server == SERVERS[0].name]
    return int(any(each.missing or not each.equal for each in hub))


def run(scenarios: dict[str, Scenario], servers: Sequence[type[Server]]) -> list[Outcome]:
    """Run every scenario against every server in turn, so that each meets the machine in the same mood."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as scratch:
        for name, scenario in scenarios.items():
            for kind in servers:
                server = kind(Path(scratch) / f"{name.replace(' ', '-')}-{kind.__name__}")
                with contextlib.ExitStack() as stack:
                    stack.callback(server.stop)
                    server.start()
                    outcomes.append(typing(server, scenario) if isinstance(scenario, Typing) else scenario(server))
                sys.stderr.write(f"{outcomes[-1]}\n")
            if isinstance(scenario, Typing):
                outcomes += floors(Path(scratch) / f"{name}-alone", scenario)
    return outcomes


def run_across(*, quick: bool) -> list[Outcome]:
    """Run the hub alone in one, two and four processes."""
    what = Typing(ACROSS, 4, 8, 2, 2) if quick else Typing(ACROSS, 10, 8, 2, 8)
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as scratch:
        outcomes = []
        for each in across(Path(scratch), processes=(1, 2) if quick else (1, 2, 4), what=what):
            sys.stderr.write(f"{each}\n")
            outcomes.append(each)
    return outcomes


def run_turns(*, quick: bool) -> list[Outcome]:
    """Run what the hub adds to durability, and what it adds to a start: medians of turns with the bare thing."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as scratch:
        turns = 3 if quick else TURNS
        for name in ("huddle", "many"):
            what = (QUICK if quick else FULL)[name]
            assert isinstance(what, Typing), name
            outcomes += in_turns(Path(scratch) / name, what, turns)
        outcomes += starts(Path(scratch) / "start", turns)
    for each in outcomes:
        sys.stderr.write(f"{each}\n")
    return outcomes


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="careplan-hub bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers: does it work, not how fast is it")
    parser.add_argument(
        "--only", action="append", choices=[*FULL, ACROSS, TURNS_NAME, PAGES], help="one scenario; may be given again"
    )
    parser.add_argument("--servers", action="append", choices=[each.__name__ for each in SERVERS], help="likewise")
    parser.add_argument("--out", type=Path, help="a folder for bench.json, bench.md and bench.svg")
    return parser


if __name__ == "__main__":
    sys.exit(main())
