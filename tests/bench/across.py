"""The hub in several processes on one PostgreSQL: each editor at the next of them, or everyone of a plan at one.

There is nothing to stand it beside, so it is measured alone. All its processes share the servers' core, as one does in
the other scenarios: the CPU of an edit tells what more cores would bring, and a machine of two can't show otherwise.
"""

import contextlib
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

from tests.bench.edits import Past, a_ground
from tests.bench.generator import Generator
from tests.bench.scenarios import (
    CLIENT_MIN,
    Outcome,
    Stage,
    Typing,
    percentiles,
    play,
    stage_of,
)
from tests.bench.servers import LOAD_CORE, HubServer, Server, Used, on_core

SECRET: Final = "shared by every process of the bench"
WARM_UP_SECONDS: Final = 1.0
NAME: Final = "across"


class BesideServer(Server):
    """One more process on another's database."""

    name = "care plan hub"

    def __init__(self, scratch: Path, first: "HubsServer") -> None:
        super().__init__(scratch)
        self._first = first

    def _command(self) -> Sequence[str]:
        return [sys.executable, "-m", "web", "serve", "--port", str(self.port), "--data", str(self.scratch / "hub")]

    def _environment(self) -> Mapping[str, str]:
        return self._first.environment()


class HubsServer(HubServer):
    """So many ``careplan-hub serve`` processes on one PostgreSQL."""

    def __init__(self, scratch: Path, processes: int) -> None:
        super().__init__(scratch)
        self.others = [BesideServer(scratch / f"beside{at}", self) for at in range(processes - 1)]

    @property
    def ports(self) -> list[int]:
        """Where each process listens."""
        return [self.port, *(each.port for each in self.others)]

    def environment(self) -> Mapping[str, str]:
        """Return what every process is told."""
        return {**super()._environment(), "CAREPLAN_SECRET_KEY": SECRET}

    def start(self) -> None:
        super().start()
        for each in self.others:
            each.start()

    def stop(self) -> None:
        for each in self.others:
            each.stop()
        super().stop()

    def used(self) -> Used:
        mine = super().used()
        for each in self.others:
            process = psutil.Process(each.process)
            times, memory = process.cpu_times(), process.memory_full_info().uss
            mine = Used(mine.cpu_seconds + times.user + times.system, mine.postgres_seconds, mine.memory_bytes + memory)
        return mine

    def _environment(self) -> Mapping[str, str]:
        return self.environment()


def across(scratch: Path, *, processes: Sequence[int], what: Typing) -> Iterator[Outcome]:
    """Have editors type in the same plans at one process, at two, at more; yield what each did."""
    for count in processes:
        server = HubsServer(scratch / f"{NAME}{count}", count)
        with contextlib.ExitStack() as ends:
            ends.callback(server.stop)
            server.start()
            yield _measured(server, what, count, by_plan=False)
            if count > 1:
                yield _measured(server, what, count, by_plan=True)


def _measured(server: HubsServer, what: Typing, count: int, *, by_plan: bool) -> Outcome:
    """Let them type, everyone of a plan at one process or each at the next."""
    ground = a_ground(what.editors, what.entries)
    names = server.documents([Past((ground.state,), ground.state)] * what.documents, what.editors)
    outcome = Outcome(server.name, f"{NAME} {count}{' by plan' if by_plan else ''}")
    with on_core(LOAD_CORE):
        generator = Generator(server.wire, server.port)
        stage = stage_of(server, what, ground, names)
        for client in stage.clients:
            client.port = server.ports[(client.editor // what.editors if by_plan else client.editor) % count]
        generator.join(stage.clients)
        play(outcome, server, stage, generator, names)
    same, other = _apart(stage, generator)
    outcome.more["same_p50"], outcome.more["same_p99"] = percentiles(same, 0.5, 0.99)
    if other:
        outcome.more["across_p50"], outcome.more["across_p99"] = percentiles(other, 0.5, 0.99)
    return outcome


def _apart(stage: Stage, generator: Generator) -> tuple["array[float]", "array[float]"]:
    """Return the latencies to readers at the writer's own process, and to those at another."""
    same, other = array("d"), array("d")
    characters, clients = stage.what.characters, stage.clients
    for reader in clients:
        seen: set[int] = set()
        for when, key in zip(reader.times, reader.keys, strict=True):
            for client_id, begin, end in generator.contents[key]:
                editor = client_id - CLIENT_MIN
                if not 0 <= editor < len(clients) or editor == reader.editor:
                    continue
                kind = same if clients[editor].port == reader.port else other
                for at in range(begin // characters, end // characters):
                    edit = editor * stage.per_editor + at
                    if edit not in seen:
                        seen.add(edit)
                        kind.append(when - stage.sent[edit])
    return same, other
