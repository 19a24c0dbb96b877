"""The servers beside each other: started on one core, measured from outside, ended."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

import psutil

import hatch_build
from hub.ids import new_id
from hub.process.postgres import EmbeddedPostgres
from hub.store.engine import create_engine
from hub.store.migrating import migrate
from tests.bench.edits import SECTION, Past
from tests.bench.seeding import PEOPLE, Bed, Member, Seeder
from tests.bench.wires import HocuspocusWire, PycrdtWire, Seat, Wire

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
LOG_SHOWN: Final = 2_000
SERVER_CORE: Final = 0
LOAD_CORE: Final = 1
POSTGRES_SETTINGS: Final = {"max_connections": "100", "shared_buffers": "256MB", "max_wal_size": "4GB"}


@dataclass(frozen=True, slots=True)
class Used:
    """What a server has taken of its machine so far."""

    cpu_seconds: float
    postgres_seconds: float
    memory_bytes: int


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Run what is inside, and the processes it starts, on this core alone."""
    if core is None or not hasattr(os, "sched_setaffinity") or core not in os.sched_getaffinity(0):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """One server process. The scenarios ask it for documents and seats, and know nothing else of it."""

    name = ""
    wire: Wire

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[str] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.port = _free_port()
        self._log = (self.scratch / "log").open("a")
        with on_core(SERVER_CORE):
            self._process = subprocess.Popen(
                self._command(), cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log, text=True, env=self._environment()
            )
        assert self._process.stdout is not None, "its output is a pipe"
        if not any("ready" in line for line in self._process.stdout):
            said = (self.scratch / "log").read_text()[-LOG_SHOWN:]
            raise RuntimeError(f"{self.name} did not start: {said}")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            assert self._process.stdout is not None, "its output is a pipe"
            self._process.stdout.close()
            self._process = None
        if self._log is not None:
            self._log.close()

    @property
    def process(self) -> int:
        """Its process id."""
        assert self._process is not None, "it was started"
        return self._process.pid

    def used(self) -> Used:
        """Return what it has used until now."""
        process = psutil.Process(self.process)
        times = process.cpu_times()
        memory = process.memory_full_info().uss
        return Used(times.user + times.system, self._postgres_seconds(), memory)

    def documents(self, pasts: Sequence[Past], people: int) -> list[str]:
        """Make documents with these pasts, each for so many people; return their names."""
        raise NotImplementedError

    def seat(self, document: str, person: int) -> Seat:
        """Return how that person of a document sits down at it."""
        raise NotImplementedError

    def _command(self) -> Sequence[str]:
        raise NotImplementedError

    def _environment(self) -> Mapping[str, str]:
        return os.environ

    def _postgres_seconds(self) -> float:
        return 0.0


class HubServer(Server):
    """The hub as ``careplan-hub serve`` starts it, on a PostgreSQL as durable as any."""

    name = "care plan hub"
    wire = HocuspocusWire()

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self._postgres = EmbeddedPostgres(scratch / "data", settings=POSTGRES_SETTINGS)
        self._people: list[Member] = []
        self._places: dict[str, list[Member]] = {}

    def start(self) -> None:
        self.scratch.mkdir(parents=True, exist_ok=True)
        with on_core(SERVER_CORE):  # The hub waits while it commits, so the two share a core well.
            self._postgres.start()
        asyncio.run(_migrated(self._postgres.url))
        self._people = asyncio.run(Seeder(self._postgres.url).people())
        super().start()

    def stop(self) -> None:
        super().stop()
        self._postgres.stop()

    def documents(self, pasts: Sequence[Past], people: int) -> list[str]:
        beds = []
        for at, past in enumerate(pasts):
            members = [self._people[(at * people + each) % PEOPLE] for each in range(min(people, PEOPLE))]
            beds.append(Bed(new_id(), members, past))
            self._places[beds[-1].plan] = members
        asyncio.run(Seeder(self._postgres.url).plans(beds))
        return [bed.plan for bed in beds]

    def seat(self, document: str, person: int) -> Seat:
        members = self._places[document]
        return Seat(f"/plans/{document}/live", SECTION, members[person % len(members)].cookie)

    def _command(self) -> Sequence[str]:
        return [sys.executable, "-m", "web", "serve", "--port", str(self.port), "--data", str(self.scratch / "hub")]

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAREPLAN_", "OIDC_"))}
        return kept | {"DATABASE_URL": self._postgres.url, "PYTHONUNBUFFERED": "1"}

    def _postgres_seconds(self) -> float:
        return postgres_seconds(self._postgres)


class Rival(Server):
    """A server in memory, whose documents begin with the state in a file."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self._pasts: dict[int, str] = {}
        self._number = 0

    @property
    def _states(self) -> Path:
        return self.scratch / "states"

    def documents(self, pasts: Sequence[Past], people: int) -> list[str]:
        self._states.mkdir(exist_ok=True)
        names = []
        for past in pasts:
            if id(past) not in self._pasts:
                self._pasts[id(past)] = f"past{len(self._pasts)}"
                (self._states / self._pasts[id(past)]).write_bytes(past.state)
            self._number += 1
            names.append(f"{self._pasts[id(past)]}.{self._number}")
        return names


class HocuspocusServer(Rival):
    """Hocuspocus of the pinned version, in memory."""

    name = "Hocuspocus"
    wire = HocuspocusWire()

    def seat(self, document: str, person: int) -> Seat:
        return Seat("/", document)

    def _command(self) -> Sequence[str]:
        script = HERE / "rivals" / "hocuspocus.js"
        return [hatch_build.node(), str(script), str(packages()), str(self.port), str(self._states)]


class CommittingServer(HocuspocusServer):
    """Hocuspocus that commits each update to a PostgreSQL of the same settings before it relays it, batched."""

    name = "Hocuspocus that commits"

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self._postgres = EmbeddedPostgres(scratch / "data", settings=POSTGRES_SETTINGS)

    def start(self) -> None:
        self.scratch.mkdir(parents=True, exist_ok=True)
        with on_core(SERVER_CORE):
            self._postgres.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        self._postgres.stop()

    def _command(self) -> Sequence[str]:
        return [*super()._command(), self._postgres.url]

    def _postgres_seconds(self) -> float:
        return postgres_seconds(self._postgres)


class PycrdtServer(Rival):
    """pycrdt-websocket of the lock, in memory."""

    name = "pycrdt-websocket"
    wire = PycrdtWire()

    def seat(self, document: str, person: int) -> Seat:
        return Seat(f"/{document}", document)

    def _command(self) -> Sequence[str]:
        return [sys.executable, str(HERE / "rivals" / "pycrdt_server.py"), str(self.port), str(self._states)]


SERVERS: Final = (HubServer, HocuspocusServer, CommittingServer, PycrdtServer)


def postgres_seconds(server: EmbeddedPostgres) -> float:
    """Return the time of the processor that a PostgreSQL has taken, with that of its processes that have ended."""
    pid = int((server.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    postmaster = psutil.Process(pid)
    total = 0.0
    for process in [postmaster, *postmaster.children()]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
            if process is postmaster:
                total += times.children_user + times.children_system
    return total


def packages() -> Path:
    """Return the folder with the npm packages of the bench; fetch them first, whole or not at all."""
    lock = sha256((HERE / "rivals" / "package-lock.json").read_bytes()).hexdigest()[:12]
    place = Path(sys.prefix) / f"bench-{lock}"
    if not (place / "node_modules").exists():
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            fetched = Path(scratch) / "bench"
            fetched.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / "rivals" / name, fetched)
            hatch_build.npm(fetched, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            fetched.rename(place)
    return place


async def _migrated(url: str) -> None:
    engine = create_engine(url, connections_max=1)
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
