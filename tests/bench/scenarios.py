"""What is measured: how many write what and how fast, and what must have arrived where."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pycrdt import Doc, Map

from tests.bench.edits import FIELD, Ground, Past, a_ground, a_past, an_edit, lines_of, typed
from tests.bench.generator import Client, Due, Generator, framed
from tests.bench.servers import LOAD_CORE, Server, on_core

CLIENT_MIN: Final = 1_000
SATURATED_SECONDS: Final = 0.1
"""A rate is sustained while p99 stays under this and nothing is missing."""

PASSED_OVER_MAX: Final = 3
"""So many rates in a row that are not sustained end the search."""

DOCUMENTS_COMPARED_MAX: Final = 12
WARM_UP_SECONDS: Final = 1.0
WARM_UP_DOCUMENTS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Typing:
    """So many editors in each of so many documents, each typing at a rate."""

    name: str
    documents: int
    editors: int
    per_second: float
    seconds: float
    characters: int = 4
    entries: int = 1


@dataclass(slots=True)
class Outcome:
    """What one scenario did to one server. Times in milliseconds."""

    server: str
    scenario: str
    sockets: int = 0
    edits: int = 0
    deliveries: int = 0
    missing: int = 0
    equal: bool = True
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    worst: float = 0.0
    saved_p50: float = 0.0
    saved_p99: float = 0.0
    cpu_per_1000_deliveries: float = 0.0
    cpu_per_edit: float = 0.0
    postgres_per_edit: float = 0.0
    memory_mb: float = 0.0
    late_p99: float = 0.0
    """The generator's own lateness: a number near the latencies would make them its, not the server's."""
    more: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Stage:
    """A typing scenario set up: clients by document, their edits, what was sent when."""

    what: Typing
    ground: Ground
    by_document: list[list[Client]]
    per_editor: int
    sent: "array[float]"

    @property
    def clients(self) -> list[Client]:
        """Everyone."""
        return [client for clients in self.by_document for client in clients]


def typing(server: Server, what: Typing) -> Outcome:
    """Run a typing scenario against a server that has warmed up on documents of its own."""
    _typing(server, replace(what, seconds=WARM_UP_SECONDS, documents=min(what.documents, WARM_UP_DOCUMENTS_MAX)))
    return _typing(server, what)


def _typing(server: Server, what: Typing) -> Outcome:
    ground = a_ground(what.editors, what.entries)
    documents = server.documents([Past((ground.state,), ground.state)] * what.documents, what.editors)
    outcome = Outcome(server.name, what.name)
    with on_core(LOAD_CORE):
        generator = Generator(server.wire, server.port)
        stage = stage_of(server, what, ground, documents)
        for clients in stage.by_document:  # One first: pycrdt-websocket hangs when two meet a room that is starting.
            generator.join(clients[:1])
        generator.join([client for clients in stage.by_document for client in clients[1:]])
        play(outcome, server, stage, generator, documents)
    return outcome


def play(outcome: Outcome, server: Server, stage: Stage, generator: Generator, documents: Sequence[str]) -> None:
    """Have everyone who has joined type, and measure what came of it; the generator is closed behind it."""
    outcome.faults += sorted({each.ended or "not synced" for each in stage.clients if not each.synced})[:5]
    generator.keep = stage.by_document[0][-1]
    dues = _dues(server, generator, stage)
    generator.drain()
    before = server.used()
    generator.run(dues, stage.sent)
    after = server.used()
    measure(outcome, stage, generator)
    _compare(outcome, server, stage, generator, documents)
    outcome.faults += sorted({each.ended for each in stage.clients if each.ended})[:5]
    generator.close()
    cpu = (after.cpu_seconds - before.cpu_seconds) * 1e3
    outcome.cpu_per_1000_deliveries = cpu * 1e3 / max(1, outcome.deliveries)
    outcome.cpu_per_edit = cpu / max(1, outcome.edits)
    outcome.postgres_per_edit = (after.postgres_seconds - before.postgres_seconds) * 1e3 / max(1, outcome.edits)
    outcome.memory_mb = after.memory_bytes / 1e6


def stage_of(server: Server, what: Typing, ground: Ground, documents: Sequence[str]) -> Stage:
    by_document = [
        [Client(server.seat(document, each), number * what.editors + each) for each in range(what.editors)]
        for number, document in enumerate(documents)
    ]
    per_editor = max(1, int(what.per_second * what.seconds))
    return Stage(
        what, ground, by_document, per_editor, array("d", bytes(8 * per_editor * what.documents * what.editors))
    )


def _dues(server: Server, generator: Generator, stage: Stage) -> list[Due]:
    """Make every edit, and tell the generator what the message looks like that carries it alone."""
    what, dues = stage.what, []
    editors = what.documents * what.editors
    for client in stage.clients:
        begin = stage.ground.lines[client.editor % what.editors][2]
        client_id = CLIENT_MIN + client.editor
        first = (client.editor * 0.6180339887 % 1.0) if editors > 1 else 0.0  # Spread evenly, and the same each run.
        for at in range(stage.per_editor):
            update = an_edit(client_id, at, begin, what.characters)
            message = server.wire.update(client.seat, update)
            generator.know(message, [(client_id, at * what.characters, (at + 1) * what.characters)])
            edit = client.editor * stage.per_editor + at
            dues.append(Due((at + first) / what.per_second, client, edit, framed(message)))
    return sorted(dues, key=lambda due: due.seconds)


def measure(outcome: Outcome, stage: Stage, generator: Generator) -> None:
    per = stage.per_editor
    latencies, saved = array("d"), array("d")
    for clients in stage.by_document:
        first = clients[0].editor * per
        wanted = len(clients) * per
        for reader in clients:
            seen = bytearray(wanted)
            own = reader.editor * per - first
            seen[own : own + per] = b"\x01" * per
            _follow(reader, generator, stage, first, seen, latencies)
            outcome.missing += seen.count(0)
            outcome.deliveries += wanted - per - seen.count(0)
            for at, when in enumerate(reader.acknowledged[-per:]):
                saved.append(when - stage.sent[reader.editor * per + at])
    outcome.sockets, outcome.edits = len(stage.clients), len(stage.sent)
    outcome.p50, outcome.p95, outcome.p99, outcome.worst = percentiles(latencies, 0.5, 0.95, 0.99, 1.0)
    outcome.saved_p50, outcome.saved_p99 = percentiles(saved, 0.5, 0.99)
    (outcome.late_p99,) = percentiles(generator.late_seconds, 0.99)


def _follow(
    reader: Client, generator: Generator, stage: Stage, first: int, seen: bytearray, latencies: "array[float]"
) -> None:
    """Tick off in ``seen`` what a reader was sent, and note how long each edit took to reach it."""
    characters, per, sent = stage.what.characters, stage.per_editor, stage.sent
    for when, key in zip(reader.times, reader.keys, strict=True):
        for client_id, begin, end in generator.contents[key]:
            offset = (client_id - CLIENT_MIN) * per
            if not first <= offset < first + len(seen):
                continue  # The ground, which Hocuspocus also tells as an update.
            for edit in range(offset + begin // characters, offset + end // characters):
                if not seen[edit - first]:
                    seen[edit - first] = 1
                    latencies.append(when - sent[edit])


def _compare(outcome: Outcome, server: Server, stage: Stage, generator: Generator, documents: Sequence[str]) -> None:
    """Compare the words of whoever comes now, and of a page that was there all the time, with what was typed."""
    words = "".join(typed(at, stage.what.characters) for at in range(stage.per_editor))
    expected = [words] * stage.what.editors
    fresh = [Client(server.seat(document, 0), -1) for document in documents[:DOCUMENTS_COMPARED_MAX]]
    kept, generator.keep = generator.keep, None
    generator.join(fresh)
    outcome.equal = all(each.synced and lines_of(each.state, stage.ground) == expected for each in fresh)
    if kept is None or not kept.synced:
        return
    doc: Doc[Any] = Doc()
    doc.apply_update(kept.state)
    begin = stage.ground.lines[kept.editor % stage.what.editors][2]
    for at in range(stage.per_editor):
        doc.apply_update(an_edit(CLIENT_MIN + kept.editor, at, begin, stage.what.characters))
    for message in generator.kept:
        doc.apply_update(server.wire.read(message)[1])
    outcome.equal = outcome.equal and lines_of(doc.get_update(), stage.ground) == expected


def saturation(server: Server, *, editors: int, rates: Sequence[float], seconds: float) -> Outcome:
    """Raise the rate until p99 stays above ``SATURATED_SECONDS``; return the outcome of the highest rate that held.

    A rate that does not hold is passed over: Hocuspocus holds some high ones and not every lower one.
    """
    held = Outcome(server.name, "saturation")
    _typing(server, Typing("saturation", 1, editors, rates[0] / editors / 4, WARM_UP_SECONDS, 2, editors))
    passed: list[str] = []
    for rate in rates:
        what = Typing("saturation", 1, editors, rate / editors, seconds, characters=2, entries=editors)
        outcome = _typing(server, what)
        outcome.more = {"edits_per_second": outcome.edits / seconds}
        if outcome.missing or outcome.faults or not outcome.equal or outcome.p99 > SATURATED_SECONDS * 1e3:
            told = [f"at {rate:.0f}/s: p99 {outcome.p99:.0f} ms, missing {outcome.missing}", *outcome.faults]
            passed.append("; ".join(told))
            if len(passed) >= PASSED_OVER_MAX:
                break
        else:
            held, passed = outcome, []
    held.faults += passed
    return held


def idle(server: Server, *, documents: int) -> Outcome:
    """Open so many documents with a small past, one socket each, then as many sockets again."""
    past = a_past(100, entries=4, clients=4)
    names = server.documents([past] * documents, 2)
    outcome = Outcome(server.name, "idle", sockets=2 * documents)
    with on_core(LOAD_CORE):
        generator = Generator(server.wire, server.port)
        memory = []
        for round_ in range(3):
            if round_:
                generator.join([Client(server.seat(name, round_), -1) for name in names])
            generator.drain(None)
            memory.append(server.used().memory_bytes)
        clients = list(generator.clients)
        outcome.missing = 2 * documents - sum(bool(each.synced) and not each.ended for each in clients)
        outcome.equal = all(contents(each.state) == contents(past.state) for each in clients[:: max(1, documents // 5)])
        generator.close()
    socket = (memory[2] - memory[1]) / documents / 1e3
    outcome.memory_mb = memory[2] / 1e6
    outcome.more = {"kb_per_socket": socket, "kb_per_document": (memory[1] - memory[0]) / documents / 1e3 - socket}
    return outcome


def cold_open(server: Server, *, edits: int, opens: int, storm: int) -> Outcome:
    """Open documents of so many edits that nobody has open, one by one; then many sockets one, at once."""
    past = a_past(edits)
    names = server.documents([past] * (opens + 1), storm)
    outcome = Outcome(server.name, "cold open", sockets=storm)
    expected = contents(past.state)
    with on_core(LOAD_CORE):
        generator = Generator(server.wire, server.port)
        singles = [Client(server.seat(name, 0), -1) for name in names[:-1]]
        for client in singles:
            generator.join([client])
            generator.drain()
        crowd = [Client(server.seat(names[-1], each), -1) for each in range(storm)]
        generator.join(crowd, at_once=storm)
        everyone = singles + crowd
        outcome.missing = sum(not each.synced for each in everyone)
        outcome.equal = all(contents(each.state) == expected for each in everyone[:: max(1, storm // 4)] if each.synced)
        outcome.faults = sorted({each.ended for each in everyone if each.ended})[:5]
        generator.close()
    took = array("d", [each.synced - each.begun for each in singles if each.synced])
    asked = array("d", [each.synced - each.asked for each in singles if each.synced])
    outcome.p50, outcome.p95, outcome.p99 = percentiles(took, 0.5, 0.95, 0.99)
    all_synced = max((each.synced for each in crowd), default=0.0) - min(each.begun for each in crowd)
    outcome.more = {"storm_ms": all_synced * 1e3, "asked_p50": percentiles(asked, 0.5)[0]}
    return outcome


def contents(state: bytes) -> dict[str, tuple[str, str]]:
    """Return the words and one value of every entry in a document with that state."""
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    entries = doc.get("entries", type=Map)
    return {key: (str(entries[key][FIELD]), str(entries[key].get("priority"))) for key in entries}


def percentiles(seconds: "array[float]", *shares: float) -> list[float]:
    """Return these quantiles in milliseconds, 0 where nothing was measured."""
    ordered = sorted(seconds)
    if not ordered:
        return [0.0] * len(shares)
    return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3 for share in shares]
